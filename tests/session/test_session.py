"""A session over a workspace: agent files it brings, what is allowed for how long, undo, subagents."""

import asyncio

import pytest

from archnb import events
from archnb.conversation import Text, ToolCall
from archnb.errors import AgentError, CellError, WorkspaceError
from archnb.permission.policy import PolicyApprover, parse_policy
from archnb.permission.requests import Grant, Reply
from archnb.providers.scripted import Scripted
from archnb.session.session import Session
from archnb.session.transcript import fold_all
from archnb.workspace import Workspace

LOOSE = """---
description: loose
permission:
  bash:
    "pwd": allow
  edit:
    "docs/*": allow
---
You write docs.
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def folder(tmp_path, home):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def agent_file(folder, text=LOOSE, name="writer"):
    path = folder / "agents" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class Person:
    """Answers each ask by the title's first word, and remembers what was asked."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    async def __call__(self, ask):
        self.asked.append(ask.request.title)
        return self.answers.get(ask.request.title.split(maxsplit=1)[0].rstrip(":"), Reply("reject"))


def session(folder, *turns, agent="writer"):
    return Session(Workspace.at(folder), agent, environment={}, provider=Scripted(turns))


def play(stream):
    async def main():
        return [event async for event in stream]

    return asyncio.run(main())


def write(call_id, path, content="x\n"):
    return ToolCall(call_id, "write", {"filePath": path, "content": content})


def states(seen):
    return {e.call_id: e.state for e in seen if isinstance(e, events.ToolReturned)}


YES = Reply("once")


def test_a_workspaces_agent_file_loosens_nothing_until_it_is_trusted(folder):
    agent_file(folder)
    person = Person(write=YES)
    one = session(folder, [write("c1", "docs/a.md")], [], [write("c2", "docs/b.md")], [])
    play(one.run("go", person))
    assert person.asked == ["trust agents/writer.md", "create docs/a.md (creates 1 folder)"]
    play(one.run("again", person))  # asked about the file once in a session
    assert person.asked[2:] == ["create docs/b.md (creates 1 folder)"]


def test_what_makes_it_ask_is_said(folder):
    agent_file(folder)
    seen = play(session(folder, [write("c1", "docs/a.md")], []).run("go", Person()))
    record = next(call for call in fold_all(seen).calls if call.id == "c1")
    assert "comes with this workspace and is not trusted yet" in record.text()


def test_the_person_sees_the_loosening_and_accepts_exactly_that_content(folder, home):
    path = agent_file(folder)
    person = Person(trust=YES)
    turns = [[write("c1", "docs/a.md")], []]
    seen = play(session(folder, *turns).run("go", person))
    shown = next(e.ask.request.preview for e in seen if isinstance(e, events.PermissionAsked))
    assert "docs/*" in shown
    assert (folder / "docs/a.md").exists()
    assert list(home.rglob("trust.json"))
    assert not list(folder.rglob("trust.json"))
    # Another session knows it; a changed file asks again.
    again = Person()
    play(session(folder, [write("c1", "docs/b.md")], []).run("go", again))
    assert again.asked == []
    path.write_text(LOOSE + "And more.\n")
    play(session(folder, [write("c1", "docs/c.md")], []).run("go", again))
    assert again.asked == ["trust agents/writer.md", "create docs/c.md"]


def test_a_workspaces_file_cannot_drop_the_persons_own_deny(folder, home):
    own = home / ".config/archnb/agents"
    own.mkdir(parents=True)
    (own / "writer.md").write_text(
        "---\npermission:\n  edit:\n    '*': ask\n    'docs/*': deny\n---\nMine."
    )
    agent_file(folder)
    person = Person(write=YES, create=YES)
    seen = play(session(folder, [write("c1", "docs/a.md")], []).run("go", person))
    assert states(seen)["c1"] == "refused"
    assert person.asked == ["trust agents/writer.md"]


def test_how_long_an_always_lasts(folder):
    agent_file(folder, "---\ndescription: plain\n---\nYou write.\n")
    for scope, asked_later, asked_elsewhere in (
        ("cell", True, True),
        ("session", False, True),
        ("agent", False, False),
    ):
        pattern = f"{scope}/*"
        allow = Person(create=Reply("always", grant=Grant("edit", pattern, scope, "writer")))
        one = session(folder, [write("1", f"{scope}/a")], [], [write("2", f"{scope}/b")], [])
        play(one.run("go", allow))
        later = Person()
        play(one.run("go on", later))
        assert bool(later.asked) is asked_later, scope
        elsewhere = Person()
        play(session(folder, [write("1", f"{scope}/c")], []).run("go", elsewhere))
        assert bool(elsewhere.asked) is asked_elsewhere, scope


def test_grants_are_listed_and_taken_back(folder):
    agent_file(folder, "---\ndescription: plain\n---\nYou write.\n")
    one = session(folder, [write("1", "a/1")], [], [write("2", "b/1")], [], [write("3", "a/2")], [])
    for scope, pattern in (("session", "a/*"), ("agent", "b/*")):
        grant = Grant("edit", pattern, scope, "writer")
        play(one.run("go", Person(create=Reply("always", grant=grant))))
    assert [grant.pattern for grant in one.granted()] == ["a/*", "b/*"]
    assert one.revoke(2).pattern == "b/*"
    assert one.revoke(1).pattern == "a/*"
    assert one.granted() == []
    with pytest.raises(CellError, match="no permission 1"):
        one.revoke(1)
    person = Person()
    play(one.run("go", person))
    assert person.asked == ["create a/2"]


def test_undo_shows_what_comes_back_and_restores_it(folder):
    (folder / "a.txt").write_bytes(b"one\r\n")
    agent_file(folder, "---\npermission:\n  edit: allow\n---\nYou write.\n")
    edit = ToolCall("1", "edit", {"filePath": "a.txt", "oldString": "one", "newString": "two"})
    one = session(folder, [edit, write("2", "new.txt")], [])
    play(one.run("go", Person(trust=YES)))
    assert (folder / "a.txt").read_bytes() == b"two\r\n"
    person = Person(undo=YES)
    play(one.undo(1, person))
    assert not (folder / "new.txt").exists()
    play(one.undo(1, person))
    assert (folder / "a.txt").read_bytes() == b"one\r\n"
    assert person.asked == ["undo: delete new.txt", "undo: restore a.txt"]
    with pytest.raises(CellError, match="nothing was changed"):
        play(one.undo(1, person))


def test_undo_denied_or_overtaken_changes_nothing(folder):
    agent_file(folder, "---\npermission:\n  edit: allow\n---\nYou write.\n")
    one = session(folder, [write("1", "a.txt", "theirs\n")], [])
    play(one.run("go", Person(trust=YES)))
    assert states(play(one.undo(1, Person()))) != {}
    assert (folder / "a.txt").read_text() == "theirs\n"
    (folder / "a.txt").write_text("mine\n")
    with pytest.raises(WorkspaceError, match="changed after archnb wrote it"):
        play(one.undo(1, Person(undo=YES)))
    assert (folder / "a.txt").read_text() == "mine\n"
    assert len(one.changed) == 1


def test_a_mentioned_agent_is_handed_its_part(folder):
    agent_file(folder, "---\ndescription: plain\n---\nYou write.\n")
    agent_file(folder, "---\ndescription: knows keys\n---\nYou know.\n", "keys")
    one = session(folder, [Text("ok")])
    play(one.run("Ask @keys about it.", Person()))
    _system, messages, tools = one.provider.requests[0]
    assert "(@keys is an agent: hand on its part with the task tool.)" in messages[0].text
    task = next(tool for tool in tools if tool.name == "task")
    assert "- keys: knows keys" in task.description


def test_a_subagent_runs_within_its_caller(folder):
    agent_file(folder, "---\npermission:\n  edit: deny\n---\nYou write.\n")
    agent_file(folder, "---\npermission:\n  edit: allow\n---\nYou know.\n", "keys")
    task = {"description": "d", "prompt": "p", "subagent_type": "keys"}
    one = session(folder, [ToolCall("t", "task", task)], [write("w", "f")], [Text("no")], [])
    seen = play(one.run("go", Person()))
    assert states(seen) == {"t/w": "failed", "t": "done"}
    assert "write" not in {tool.name for tool in one.provider.requests[1][2]}
    assert "task" not in {tool.name for tool in one.provider.requests[1][2]}
    assert not (folder / "f").exists()


def test_an_unknown_or_primary_agent_cannot_be_handed_work(folder):
    agent_file(folder, "---\ndescription: plain\n---\nYou write.\n")
    agent_file(folder, "---\nmode: primary\n---\nI lead.\n", "lead")
    for name, words in (("nobody", "no agent 'nobody'"), ("lead", "primary agent")):
        task = {"description": "d", "prompt": "p", "subagent_type": name}
        one = session(folder, [ToolCall("t", "task", task)], [])
        seen = play(one.run("go", Person()))
        (returned,) = [e for e in seen if isinstance(e, events.ToolReturned)]
        assert returned.state == "failed"
        assert words in returned.text
    with pytest.raises(AgentError):
        play(session(folder, [], agent="nobody").run("go", Person()))


def test_plan_asks_nothing_and_changes_nothing(folder):
    agent_file(folder)
    person = Person()
    seen = play(session(folder, [write("1", "docs/a")], []).run("go", person, plan=True))
    assert person.asked == []
    assert states(seen) == {"1": "refused"}


def test_an_acceptance_is_for_one_name_and_for_what_it_lifts(folder, home):
    """The same bytes under another name lift another agent's rules: that is asked anew."""
    own = home / ".config/archnb/agents"
    own.mkdir(parents=True)
    (own / "main.md").write_text("---\npermission:\n  bash:\n    'pwd': deny\n---\nMine.")
    agent_file(folder, LOOSE, "helper")
    play(session(folder, [], agent="helper").run("go", Person(trust=YES)))
    agent_file(folder, LOOSE, "main")
    person = Person()
    pwd = ToolCall("1", "bash", {"command": "pwd"})
    seen = play(session(folder, [pwd], [], agent="main").run("go", person))
    assert person.asked == ["trust agents/main.md"]
    assert states(seen)["1"] == "refused"


def test_a_persons_stricter_settings_end_an_acceptance(folder, home):
    agent_file(folder)
    play(session(folder, []).run("go", Person(trust=YES)))
    own = home / ".config/archnb/agents"
    own.mkdir(parents=True)
    (own / "writer.md").write_text("---\npermission:\n  edit: deny\n---\nMine.")
    person = Person()
    play(session(folder, [write("1", "docs/a")], []).run("go", person))
    assert person.asked == ["trust agents/writer.md"]


def test_an_interrupt_at_the_trust_card_is_no_answer(folder):
    agent_file(folder)
    asked = []

    async def interrupted(ask):
        asked.append(ask.request.title)
        raise asyncio.CancelledError

    one = session(folder, [write("1", "docs/a")], [])
    seen = play(one.run("go", interrupted))
    assert seen[-1] == events.RunEnded("interrupted")
    person = Person()
    play(one.run("go", person))
    assert person.asked[0] == "trust agents/writer.md"


def test_an_always_for_a_subagents_file_is_kept_for_that_file(folder, home):
    agent_file(folder, "---\ndescription: boss\n---\nYou lead.\n")
    keys = agent_file(folder, "---\ndescription: keys\n---\nYou know.\n", "keys")
    task = {"description": "d", "prompt": "p", "subagent_type": "keys"}
    turns = [ToolCall("t", "task", task)], [write("w", "f/1")], [Text("ok")], []
    always = Person(create=Reply("always", grant=Grant("edit", "f/*", "agent", "keys")))
    play(session(folder, *turns).run("go", always))
    assert always.asked == ["create f/1 (creates 1 folder)"]
    later = Person()
    again = [ToolCall("t", "task", task)], [write("w", "f/2")], [Text("ok")], []
    play(session(folder, *again).run("go", later))
    assert later.asked == []
    assert (folder / "f/2").exists()
    keys.write_text(keys.read_text() + "Changed.\n")
    play(session(folder, *again[:1], [write("w", "f/3")], [Text("ok")], []).run("go", later))
    assert later.asked == ["create f/3"]


def test_an_always_is_for_the_folder_and_the_warning_it_was_given_under(folder):
    agent_file(folder, "---\ndescription: plain\n---\nYou run.\n")
    (folder / "sub").mkdir()
    here = ToolCall("1", "bash", {"command": "touch x"})
    there = ToolCall("2", "bash", {"command": "touch x", "workdir": "sub"})
    always = Reply("always", grant=Grant("bash", "touch x", "session", "writer"))
    one = session(folder, [here], [], [there], [])
    play(one.run("go", Person(run=always)))
    person = Person()
    play(one.run("go", person))
    assert person.asked == ["run touch x"]
    assert not (folder / "sub/x").exists()


def test_steps_of_undo_do_not_merge_across_runs(folder):
    agent_file(folder, "---\npermission:\n  edit: allow\n---\nYou write.\n")
    one = session(folder, [write("1", "a")], [], [write("1", "b")], [])
    play(one.run("go", Person(trust=YES)))
    play(one.run("go", Person()))
    assert [[change.path for change in group] for group in one.changed] == [["a"], ["b"]]


def test_a_policy_never_trusts_a_file_and_leaves_nothing_behind(folder, home):
    agent_file(folder)
    approver = PolicyApprover(parse_policy(["trust:*", "edit:docs/*"]))
    seen = play(session(folder, [write("1", "docs/a")], []).run("go", approver))
    assert states(seen)["1"] == "done"
    assert not list(home.rglob("trust.json"))


def test_trust_is_listed_and_taken_back(folder):
    agent_file(folder)
    one = session(folder, [], [write("1", "docs/a")], [])
    play(one.run("go", Person(trust=YES)))
    (entry,) = one.trusted()
    assert entry.path == "agents/writer.md"
    one.distrust(entry)
    assert one.trusted() == []
    person = Person()
    play(one.run("go", person))
    assert person.asked == ["trust agents/writer.md", "create docs/a (creates 1 folder)"]


def test_the_model_is_told_who_denied(folder):
    agent_file(folder, "---\ndescription: plain\n---\nYou write.\n")
    for by, words in (("you", "The person denied"), ("nobody: unattended", "denied by nobody")):
        one = session(folder, [write("1", "a")], [])
        seen = play(one.run("go", Person(create=Reply("reject", by=by))))
        (returned,) = [e for e in seen if isinstance(e, events.ToolReturned)]
        assert words in returned.text
