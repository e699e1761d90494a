"""Whole runs in which people are asked: several cards at once, edits, "always", repeats, subagents."""

import asyncio
from dataclasses import replace

import pytest

from archnb import events, loop
from archnb.agents import Agent
from archnb.conversation import Text, ToolCall
from archnb.permission.gate import Gate
from archnb.permission.requests import Grant, Reply
from archnb.permission.rules import Rule
from archnb.providers.base import Settings
from archnb.providers.scripted import Scripted
from archnb.session.transcript import fold_all
from archnb.tools.base import all_tools
from archnb.workspace import Workspace


def call(name, call_id="c1", **given):
    return ToolCall(call_id, name, given)


def wired(turns, folder, approver, rules=(), **more):
    provider = turns if isinstance(turns, Scripted) else Scripted(turns)
    return loop.Wiring(
        Agent("architect", rules=tuple(rules)), provider, all_tools(), Gate(tuple(rules), agent="architect"),
        Workspace.at(folder), Settings("scripted"), approver, **more,
    )  # fmt: skip


def play(wiring, history=None):
    seen = []
    history = [] if history is None else history

    async def main():
        async for event in loop.run(wiring, history, "do it"):
            seen.append(event)

    asyncio.run(main())
    return seen, history


def kinds(seen):
    return [type(event).__name__ for event in seen]


def returned(seen):
    return {event.call_id: event for event in seen if isinstance(event, events.ToolReturned)}


def write(call_id, path, content="x\n"):
    return call("write", call_id, filePath=path, content=content)


def test_three_calls_are_asked_at_once_and_run_in_order(tmp_path):
    """The last card is answered first; what runs, runs in the order of the calls."""
    waiting = {}

    async def answer(ask):
        waiting[ask.call_id] = asyncio.get_running_loop().create_future()
        if len(waiting) == 3:
            for number, name in enumerate(("c3", "c2", "c1")):
                asyncio.get_running_loop().call_later(
                    0.01 * number, waiting[name].set_result, Reply("once")
                )
        return await waiting[ask.call_id]

    turn = [write("c1", "a"), write("c2", "b"), write("c3", "c")]
    seen, history = play(wired([turn, []], tmp_path, answer))
    asked = [event.ask.call_id for event in seen if isinstance(event, events.PermissionAsked)]
    replied = [event.ask.call_id for event in seen if isinstance(event, events.PermissionReplied)]
    ran = [event.call_id for event in seen if isinstance(event, events.ToolStarted)]
    assert (asked, replied, ran) == (["c1", "c2", "c3"], ["c3", "c2", "c1"], ["c1", "c2", "c3"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
    assert [block.call_id for block in history[2].blocks] == ["c1", "c2", "c3"]


def test_a_second_edit_of_the_same_file_waits_for_the_first(tmp_path):
    (tmp_path / "a.txt").write_text("one two")
    shown = []

    async def answer(ask):
        shown.append(ask.request.preview.diffs[0].before)
        return Reply("once")

    turn = [
        call("edit", "c1", filePath="a.txt", oldString="one", newString="1"),
        call("edit", "c2", filePath="a.txt", oldString="two", newString="2"),
    ]
    play(wired([turn, []], tmp_path, answer))
    assert shown == ["one two", "1 two"]
    assert (tmp_path / "a.txt").read_text() == "1 2"


def test_a_file_made_by_an_earlier_call_can_be_edited_by_a_later_one(tmp_path):
    async def answer(ask):
        return Reply("once")

    turn = [
        write("c1", "new.txt", "old words"),
        call("edit", "c2", filePath="new.txt", oldString="old", newString="new"),
    ]
    seen, _ = play(wired([turn, []], tmp_path, answer))
    assert {event.state for event in returned(seen).values()} == {"done"}
    assert (tmp_path / "new.txt").read_text() == "new words"


def test_what_a_person_edited_is_written_and_told(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\r\n")

    async def answer(ask):
        return Reply("once", edited="ONE\ntwo\n")

    edit = call("edit", filePath="a.txt", oldString="one", newString="1")
    provider = Scripted([[edit], []])
    seen, _ = play(wired(provider, tmp_path, answer))
    assert (tmp_path / "a.txt").read_bytes() == b"ONE\r\ntwo\r\n"
    told = provider.requests[1][1][-1].blocks[0].text
    assert "The person changed your text" in told
    assert "+ONE" in told
    record = fold_all(seen).calls[0]
    assert "approved with changes" in record.text()
    assert "+ONE" in record.text()


def test_an_edited_command_is_run_and_told(tmp_path):
    async def answer(ask):
        return Reply("once", edited="echo mine")

    provider = Scripted([[call("bash", command="echo theirs; date")], []])
    play(wired(provider, tmp_path, answer))
    told = provider.requests[1][1][-1].blocks[0].text
    assert told.startswith("mine")
    assert "echo mine" in told.split("This was run:")[1]


def test_an_edited_command_that_a_rule_denies_is_asked_again(tmp_path):
    notices = []

    async def answer(ask):
        notices.append(ask.notice)
        return Reply("once", edited="rm -rf .") if not ask.notice else Reply("reject")

    rules = [Rule("bash", "*", "ask"), Rule("bash", "rm *", "deny")]
    (tmp_path / "keep").touch()
    seen, _ = play(wired([[call("bash", command="ls -la")], []], tmp_path, answer, rules))
    assert (tmp_path / "keep").exists()
    assert notices[0] == ""
    assert "denied by a rule" in notices[1]
    assert returned(seen)["c1"].state == "refused"


def test_a_file_that_changed_while_the_card_waited_is_shown_anew(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    shown = []

    async def answer(ask):
        shown.append((ask.notice, ask.request.preview.diffs[0].before))
        if len(shown) == 1:
            (tmp_path / "a.txt").write_text("one\ntwo\nthree\n")
        return Reply("once")

    edit = call("edit", filePath="a.txt", oldString="one", newString="1")
    play(wired([[edit], []], tmp_path, answer))
    assert shown[0] == ("", "one\ntwo\n")
    assert "changed while this waited" in shown[1][0]
    assert shown[1][1] == "one\ntwo\nthree\n"
    assert (tmp_path / "a.txt").read_text() == "1\ntwo\nthree\n"


def test_always_lets_a_matching_call_pass_and_asks_for_a_wider_one(tmp_path):
    asked = []

    async def answer(ask):
        asked.append(ask.request.patterns[0])
        grant = Grant("edit", "docs/*.md", "session", ask.agent)
        return Reply("always", grant=grant) if len(asked) == 1 else Reply("once")

    grants = []
    turns = [
        [write("c1", "docs/a.md")],
        [write("c2", "docs/b.md")],
        [write("c3", "src/a.md")],
        [],
    ]
    seen, _ = play(wired(turns, tmp_path, answer, grants=grants))
    assert asked == ["docs/a.md", "src/a.md"]
    assert [grant.pattern for grant in grants] == ["docs/*.md"]
    allowed = fold_all(seen).calls[1]
    assert "always, for this session" in allowed.text()


def test_always_answers_the_waiting_cards_it_covers_and_never_lifts_a_deny(tmp_path):
    asked = []

    async def answer(ask):
        asked.append(ask.call_id)
        if ask.call_id == "c1":
            await asyncio.sleep(0.01)
            return Reply("always", grant=Grant("edit", "*", "cell", ask.agent))
        return await asyncio.get_running_loop().create_future()  # never answered by hand

    rules = [Rule("edit", "secret/*", "deny")]
    turn = [write("c1", "a"), write("c2", "b"), write("c3", "secret/c")]
    seen, _ = play(wired([turn, []], tmp_path, answer, rules))
    assert asked == ["c1", "c2"]
    states = {call_id: event.state for call_id, event in returned(seen).items()}
    assert states == {"c1": "done", "c2": "done", "c3": "refused"}
    assert not (tmp_path / "secret").exists()
    by = [event.reply.by for event in seen if isinstance(event, events.PermissionReplied)]
    assert by == ["you", 'your "always" for *']


@pytest.mark.parametrize("same_answer", [True, False])
def test_the_same_call_for_the_third_time_asks(tmp_path, same_answer):
    asked = []

    async def answer(ask):
        asked.append(ask.decision.reasons)
        return Reply("reject")

    calls = [call("list", f"c{number}") for number in range(3)]
    turns = [calls, []] if same_answer else [[one] for one in calls] + [[]]
    seen, _ = play(wired(turns, tmp_path, answer))
    assert len(asked) == 1
    assert "3rd time" in asked[0][0]
    assert [event.state for event in returned(seen).values()] == ["done", "done", "refused"]


def test_a_failing_command_again_and_again_asks(tmp_path):
    """Its seconds differ each time: that is no progress."""
    asked = []

    async def answer(ask):
        asked.append(ask.decision.reasons)
        return Reply("reject")

    turns = [[call("bash", f"c{number}", command="ls nothing")] for number in range(3)]
    rules = [Rule("bash", "ls *", "allow")]
    play(wired([*turns, []], tmp_path, answer, rules))
    assert len(asked) == 1
    assert "3rd time" in asked[0][0]


def test_an_interrupt_says_what_had_not_begun(tmp_path):
    async def main():
        async def answer(ask):
            asyncio.get_running_loop().call_later(0.01, task.cancel)
            return await asyncio.get_running_loop().create_future()

        seen = []

        async def consume():
            async for event in loop.run(wired([[write("w", "f")], []], tmp_path, answer), [], "x"):
                seen.append(event)

        task = asyncio.ensure_future(consume())
        await task
        return seen

    seen = asyncio.run(main())
    assert "nothing was done" in returned(seen)["w"].text
    assert "not decided: interrupted" in fold_all(seen).calls[0].text()


def test_a_change_between_equal_calls_is_progress(tmp_path):
    async def answer(ask):
        assert ask.request.permission == "edit"
        return Reply("once")

    turns = []
    for number in range(4):
        turns += [[call("bash", f"b{number}", command="pwd")], [write(f"w{number}", f"f{number}")]]
    seen, _ = play(wired([*turns, []], tmp_path, answer, [Rule("bash", "pwd", "allow")]))
    assert {event.state for event in returned(seen).values()} == {"done"}


def test_a_request_that_an_earlier_call_changed_is_settled_anew(tmp_path):
    """A rule allows docs/*, but by its turn the folder is a link that leads elsewhere in it."""
    (tmp_path / "src").mkdir()

    async def answer(ask):
        assert ask.request.permission == "bash"
        return Reply("once")

    rules = [Rule("edit", "docs/*", "allow"), Rule("edit", "src/*", "deny")]
    turn = [call("bash", "c1", command="ln -s src docs"), write("c2", "docs/a")]
    seen, _ = play(wired([turn, []], tmp_path, answer, rules))
    assert returned(seen)["c2"].state == "refused"
    assert list((tmp_path / "src").iterdir()) == []


def subagent(parent, turns, rules):
    """A run of another agent within the parent's gate, as the session wires it."""

    def make(name):
        gate = Gate(tuple(rules), within=(parent.gate,), agent=name)
        return replace(
            parent, agent=Agent(name), provider=Scripted(turns), gate=gate, subagent=None
        )

    return replace(parent, subagent=make)


TASK = {"description": "look", "prompt": "look at it", "subagent_type": "helper"}


def test_a_subagent_answers_and_its_calls_are_shown(tmp_path):
    async def answer(ask):
        assert ask.agent == "helper"
        return Reply("once")

    provider = Scripted([[call("task", **TASK)], [Text("thanks")]])
    parent = wired(provider, tmp_path, answer)
    child = [[Text("I write."), write("c1", "from-child")], [Text("It is done.")]]
    seen, history = play(subagent(parent, child, [Rule("edit", "*", "allow")]))
    assert (tmp_path / "from-child").exists()
    assert "It is done." in history[2].blocks[0].text
    calls = fold_all(seen).calls
    assert [(record.id, record.by) for record in calls] == [("c1", ""), ("c1/c1", "helper")]
    assert kinds(seen)[-1] == "RunEnded"


@pytest.mark.parametrize(
    ("parent_rules", "child_rules", "state"),
    [
        ([Rule("edit", "*", "deny")], [Rule("edit", "*", "allow")], "failed"),
        ([Rule("edit", "*", "allow")], [Rule("edit", "*", "deny")], "failed"),
        ([Rule("edit", "*", "allow")], [Rule("edit", "*", "allow")], "done"),
    ],
)
def test_a_subagent_has_no_more_than_its_parent(tmp_path, parent_rules, child_rules, state):
    async def answer(ask):
        raise AssertionError(ask)

    parent = wired([[call("task", **TASK)], []], tmp_path, answer, parent_rules)
    seen, _ = play(subagent(parent, [[write("w", "f")], []], child_rules))
    assert (tmp_path / "f").exists() is (state == "done")
    assert returned(seen)["c1/w"].state == state


def test_a_subagent_cannot_hand_on(tmp_path):
    async def answer(ask):
        return Reply("once")

    parent = wired([[call("task", **TASK)], []], tmp_path, answer)
    seen, _ = play(subagent(parent, [[call("task", "again", **TASK)], []], []))
    assert returned(seen)["c1/again"].state == "failed"


def test_an_interrupt_in_a_subagent_ends_both_and_leaves_a_valid_history(tmp_path):
    history = []

    async def main():
        async def answer(ask):
            asyncio.get_running_loop().call_later(0.01, task.cancel)
            return await asyncio.get_running_loop().create_future()

        parent = wired([[call("task", **TASK)], []], tmp_path, answer)
        wiring = subagent(parent, [[write("w", "f")], []], [])
        seen = []

        async def consume():
            async for event in loop.run(wiring, history, "do it"):
                seen.append(event)

        task = asyncio.ensure_future(consume())
        await task
        return seen

    seen = asyncio.run(main())
    assert seen[-1] == events.RunEnded("interrupted")
    assert not (tmp_path / "f").exists()
    assert [message.role for message in history] == ["user", "assistant", "user", "assistant"]


def test_two_calls_of_one_id_are_two_calls(tmp_path):
    asked = []

    async def answer(ask):
        asked.append(ask.request.title)
        return Reply("once") if "one" in ask.request.title else Reply("reject")

    turn = [call("bash", command="echo one >> log"), call("bash", command="echo two >> log")]
    _, history = play(wired([turn, []], tmp_path, answer))
    assert len(asked) == 2
    assert (tmp_path / "log").read_text() == "one\n"
    ids = [block.id for block in history[1].blocks]
    assert len(set(ids)) == 2
    assert [block.call_id for block in history[2].blocks] == ids


def test_an_edited_command_is_measured_anew(tmp_path):
    """The folders that the person's own command names count, not those of the proposed one."""

    async def answer(ask):
        return Reply("reject") if ask.notice else Reply("once", edited="cat /etc/hostname")

    rules = [Rule("bash", "*", "ask"), Rule("external_directory", "*", "deny")]
    seen, _ = play(wired([[call("bash", command="cat x")], []], tmp_path, answer, rules))
    assert returned(seen)["c1"].state == "refused"


@pytest.mark.parametrize("reply", [Reply("once", edited="MINE\n"), Reply("once")])
def test_what_was_approved_is_never_swapped_for_something_else(tmp_path, reply):
    """The file changes while two cards wait, and a grant given meanwhile covers the fresh diff."""
    (tmp_path / "a.txt").write_text("one\n")
    asked = []

    async def answer(ask):
        asked.append((ask.request.patterns[0], bool(ask.notice)))
        if ask.request.patterns[0] == "b.txt":
            return Reply("always", grant=Grant("edit", "b*", "cell", ask.agent))
        if ask.notice:
            return Reply("reject")
        (tmp_path / "a.txt").write_text("one\nimportant\n")
        return reply

    grants = [Grant("edit", "zzz*", "cell", "architect")]
    turn = [call("edit", "c1", filePath="a.txt", oldString="one", newString="MODEL")]
    rules = [Rule("edit", "*", "ask")]
    wiring = wired([turn, []], tmp_path, answer, rules, grants=grants)

    async def meanwhile(ask):
        given = await answer(ask)
        grants.append(Grant("edit", "a*", "cell", "architect"))
        return given

    play(replace(wiring, approver=meanwhile))
    assert asked == [("a.txt", False), ("a.txt", True)]
    assert (tmp_path / "a.txt").read_text() == "one\nimportant\n"


def test_a_subagents_link_cannot_lead_a_later_read_to_a_secret(tmp_path):
    (tmp_path / ".env").write_text("KEY=hunter2\n")
    (tmp_path / "plain.txt").write_text("plain\n")
    asked = []

    async def answer(ask):
        asked.append(ask.request.title)
        return Reply("once") if ask.request.permission == "bash" else Reply("reject")

    turn = [call("task", "t", **TASK), call("read", "r", filePath="plain.txt")]
    parent = wired([turn, []], tmp_path, answer)
    child = [[call("bash", "b", command="ln -sf .env plain.txt")], [Text("done")]]
    seen, _ = play(subagent(parent, child, []))
    assert asked[1:] == ["read .env"]
    assert "hunter2" not in returned(seen)["r"].text


SECRET = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END\n"


@pytest.mark.parametrize(
    "probe",
    [
        call("edit", filePath="id_rsa", oldString="-----BEGIN OPENSSH PRIVATE KEY-----\nzz", newString="x"),
        call("edit", filePath="id_rsa", oldString="b3Bl", newString="x"),
        call("edit", filePath="id_rsa", oldString="nothing of it", newString="x"),
        call("write", filePath="id_rsa", content=SECRET),
        call("patch", patchText="*** Begin Patch\n*** Update File: id_rsa\n@@\n-b3Bl\n+x\n*** End Patch"),
        call("patch", patchText="--- a/id_rsa\n+++ b/id_rsa\n@@ -1 +1 @@\n-zz\n+x\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rules", [[], [Rule("read", "*", "deny"), Rule("edit", "*", "deny")]])
def test_no_answer_tells_what_stands_in_a_file_that_may_not_be_read(tmp_path, probe, rules):
    """A match, a near miss and a miss are answered by the same words, and nobody is asked."""
    (tmp_path / "id_rsa").write_text(SECRET)

    async def answer(ask):
        raise AssertionError(ask)

    rules = [*rules, Rule("edit", "never", "deny"), Rule("read", "never", "deny")]
    seen, _ = play(wired([[probe], []], tmp_path, answer, rules))
    assert returned(seen)["c1"].state == "failed"
    assert "id_rsa was not read in this conversation" in returned(seen)["c1"].text


def test_a_secret_that_was_read_can_be_edited(tmp_path):
    (tmp_path / ".env").write_text("A=1\n")

    async def answer(ask):
        return Reply("once")

    turns = [
        [call("read", "r", filePath=".env")],
        [call("edit", "e", filePath=".env", oldString="A=1", newString="A=2")],
        [],
    ]
    seen, _ = play(wired(turns, tmp_path, answer))
    assert {event.state for event in returned(seen).values()} == {"done"}
    assert (tmp_path / ".env").read_text() == "A=2\n"


def test_an_interrupted_subagents_last_events_are_kept(tmp_path):
    async def main():
        async def answer(ask):
            return Reply("once")

        parent = wired([[call("task", **TASK)], []], tmp_path, answer)
        child = [[write("w", "f"), call("bash", "b", command="echo begun; touch on; sleep 60")], []]
        seen = []

        async def consume():
            async for event in loop.run(subagent(parent, child, []), [], "do it"):
                seen.append(event)

        task = asyncio.ensure_future(consume())
        while not (tmp_path / "on").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        task.cancel()
        await task
        return seen

    seen = asyncio.run(main())
    assert seen[-1] == events.RunEnded("interrupted")
    ended = returned(seen)
    assert {"c1", "c1/b", "c1/w"} == set(ended)
    assert "begun" in ended["c1/b"].text
    assert any(isinstance(event, events.FileChanged) for event in seen)


def confined(ran, says=lambda _: "done"):
    """The bash tool as on a machine with a sandbox; it notes with which access it would run."""
    from archnb.execution.sandbox import Sandbox
    from archnb.tools.base import Output
    from archnb.tools.bash import TOOL, with_access

    def request(given, workspace):
        asked = given.get("access", "workspace")
        made = TOOL.request(given, workspace)
        return with_access(made, asked, Sandbox("landlock"), workspace.root)

    async def run(given, context, request):
        ran.append((request.preview.command, request.preview.access))
        return Output(says(len(ran)))

    return replace(TOOL, request=request, run=run)


NPM = Rule("bash", "npm*", "allow")
ONCE = Reply("once")
ACCESS = [  # what is called, the answers of the person, with which access it is run
    ([{"command": "npm install x"}], [], ["workspace"]),
    ([{"command": "npm test", "access": "network"}], [ONCE], ["network"]),
    ([{"command": "npm install x", "access": "full"}], [ONCE], ["full"]),
    ([{"command": "npm test", "access": "full"}], [Reply("reject")], []),
    ([{"command": "make x"}], [ONCE], ["workspace"]),
    ([{"command": "git fetch"}], [ONCE], ["network"]),
    # What a person makes of it has no more than the card named, and no more than it needs.
    ([{"command": "make x"}], [Reply("once", edited="curl https://a")], ["workspace"]),
    ([{"command": "git fetch"}], [Reply("once", edited="git log")], ["workspace"]),
    ([{"command": "git fetch"}], [Reply("once", edited="git pull")], ["network"]),
    ([{"command": "git fetch"}], [Reply("once", edited="sudo ls")], ["network"]),
    ([{"command": "make x", "access": "network"}], [Reply("once", edited="make y")], ["network"]),
]  # fmt: skip


@pytest.mark.parametrize(("calls", "replies", "accesses"), ACCESS)
def test_a_rule_gives_the_workspace_and_a_person_what_the_card_names(
    calls, replies, accesses, tmp_path
):
    ran, asked = [], []

    async def answer(ask):
        asked.append(ask)
        return replies[len(asked) - 1]

    turn = [call("bash", f"c{number}", **given) for number, given in enumerate(calls)]
    wiring = replace(wired([turn, []], tmp_path, answer, rules=[NPM]), tools=[confined(ran)])
    seen, _ = play(wiring)
    assert [access for _, access in ran] == accesses
    assert len(asked) == len(replies)
    if not replies:
        (called,) = [event for event in seen if isinstance(event, events.ToolCalled)]
        assert "network off" in called.request.preview.sandbox


def test_an_always_holds_for_the_access_that_its_card_named_and_for_less(tmp_path):
    ran, asked = [], []

    async def answer(ask):
        asked.append((ask.request.preview.command, ask.request.access))
        return Reply("always", grant=Grant("bash", "npm *", "session"))

    given = [
        {"command": "npm install x", "access": "network"},
        {"command": "npm install y", "access": "network"},
        {"command": "npm install z"},
        {"command": "npm test"},
        {"command": "npm test", "access": "full"},
    ]
    turns = [[call("bash", f"c{number}", **each)] for number, each in enumerate(given)]
    wiring = wired([*turns, []], tmp_path, answer, rules=[NPM])
    play(replace(wiring, tools=[confined(ran)]))
    assert asked == [("npm install x", "network"), ("npm test", "full")]
    assert [access for _, access in ran] == ["network", "network", "network", "workspace", "full"]
    assert [grant.access for grant in wiring.grants] == ["network", "full"]


@pytest.mark.parametrize(("says", "cards"), [("the same", 2), ("another {}", 0)])
def test_a_call_without_a_persons_word_is_counted_and_its_answers_are_compared(
    says, cards, tmp_path
):
    ran, asked = [], []

    async def answer(ask):
        asked.append(ask)
        return Reply("reject")

    turns = [[call("bash", f"c{number}", command="npm install x")] for number in range(4)]
    wiring = wired([*turns, []], tmp_path, answer, rules=[NPM])
    play(replace(wiring, tools=[confined(ran, says.format)]))
    assert (len(asked), len(ran)) == (cards, 4 - cards)


NOTE, DOCKER = Grant("edit", "note.txt", "cell"), Grant("bash", "docker *", "cell", folder=".")
KEPT_OPEN = [  # what was granted before, the "always" of the other card, what has run at the end
    ((), NOTE, 2),
    ((replace(DOCKER, access="full"),), NOTE, 2),
    ((), Grant("bash", "docker ps -a", "cell"), 2),
]


@pytest.mark.parametrize(("before", "given", "runs"), KEPT_OPEN)
def test_an_always_answers_no_card_that_asks_for_another_reason(before, given, runs, tmp_path):
    """The third equal call asks and shows `full`, although a rule or a grant allows it."""
    ran, asked = [], []

    async def answer(ask):
        asked.append((ask.request.permission, ask.request.access))
        await asyncio.sleep(0.01 if ask.request.permission == "edit" else 0.1)
        return Reply("always", grant=given) if ask.request.permission == "edit" else Reply("reject")

    turns = [[call("bash", f"c{number}", command="docker ps -a")] for number in range(3)]
    turns[2].insert(0, write("w", "note.txt"))
    rules = [Rule("bash", "docker*", "allow")]
    wiring = wired([*turns, []], tmp_path, answer, rules, grants=list(before))
    tools = [confined(ran) if tool.name == "bash" else tool for tool in wiring.tools]
    seen, _ = play(replace(wiring, tools=tools))
    assert asked == [("edit", "workspace"), ("bash", "full")]
    assert len(ran) == runs
    by = [event.reply.by for event in seen if isinstance(event, events.PermissionReplied)]
    assert by == ["you", "you"]


def test_an_always_answers_a_card_that_an_outer_gate_asks_about(tmp_path):
    async def answer(ask):
        if ask.call_id == "c1":
            await asyncio.sleep(0.01)
            return Reply("always", grant=Grant("edit", "*", "cell", ask.agent))
        return await asyncio.get_running_loop().create_future()

    rules = [Rule("edit", "*", "allow")]
    wiring = wired([[write("c1", "a"), write("c2", "b")], []], tmp_path, answer, rules)
    outer = Gate((Rule("edit", "*", "ask"),), agent="architect")
    seen, _ = play(replace(wiring, gate=replace(wiring.gate, within=(outer,))))
    assert {event.state for event in returned(seen).values()} == {"done"}
