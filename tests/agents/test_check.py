"""`archnb agents check`: what is told of a file, and the tightened copy."""

from datetime import date
from pathlib import Path

import pytest

from archnb.agents import parse
from archnb.agents.explain import explain
from archnb.errors import AgentError
from archnb.permission.rules import evaluate

SEED = Path(__file__).parents[3] / "shared" / "seed" / "backend-architect.md"
TOOLS = tuple("bash edit glob grep list patch read task todoread todowrite webfetch write".split())
TODAY = date(2026, 11, 22)


@pytest.fixture
def check(tmp_path):
    def run(front, body="Body\n", agents=()):
        path = tmp_path / "a.md"
        path.write_bytes(f"---\n{front}---\n{body}".encode())
        return explain(path, tools=TOOLS, agents=agents, today=TODAY, shown="a.md")

    return run


# front matter, and the notes as (line, about, words in it)
NOTES = [
    ("description: fine\nmode: subagent\npermission: {bash: {ls: allow}}\n", []),
    ("model: github-copilot/claude-sonnet-4.5\n", [(2, "model-ends", "2026-11-30 (in 8 days); claude-sonnet-5-5")]),
    ("model: claude-opus-4-1\n", [(2, "model-ends", "ended on 2026-08-05; claude-opus-5-5")]),
    ("temperature: 0.1\ntop_p: 0.9\n", [(2, "not-sent", "temperature"), (3, "not-sent", "top_p")]),
    ("model: ollama/qwen3\ntemperature: 0\n", [(3, "not-sent", "kept and not sent")]),
    ("version: 1\n", [(2, "unknown-key", "version is kept and not sent")]),
    ("options: {a: 1}\n", [(2, "unknown-key", "options")]),
    ("tools: {read: true}\n", [(2, "opens-env", "`read: true` would open .env")]),
    ("permission: {read: allow}\n", [(2, "opens-env", 'read "*"')]),
    ("permission: {read: {'*': allow, '*.env': ask}}\n", []),
    ("tools: {webfetch: true, glob: true}\n", [(2, "tools-map", "`webfetch: true` in tools")]),
    ("permission: {write: ask, patch: deny}\n",
     [(2, "no-such-tool", "no tool patch."), (2, "acts-on-edit", "write rules"), (2, "acts-on-edit", "patch rules")]),
    ("permission: {list: ask, todoread: ask}\n", [(2, "no-such-tool", "OpenCode 1.18 has no tool list or todoread.")]),
    ("permission:\n  edit: ask\n  teleport: ask\n", [(4, "no-such-tool", "archnb has no tool teleport.")]),
    ("permission: {external_directory: ask, doom_loop: ask, 'ba*': ask}\n", []),
    ("permission: {bash: {'git log*': allow}}\n", [(2, "no-word-boundary", "git logevil for git log*")]),
    ("permission: {bash: {'git log *': allow, 'ls': allow, '*.py *': allow}}\n", []),
    ("permission: {bash: {'npm *': allow}}\n", [(2, "third-party-code", "npm * runs")]),
    ("permission: {bash: {'pip install x': allow}}\n", [(2, "third-party-code", "pip install x")]),
    ("permission: {bash: {'npm ls *': allow, 'npm *': ask}}\n", [(2, "never-decides", "npm ls *")]),
    ("permission: {bash: allow}\n", [(2, "any-command", "runs any command")]),
    ("permission: {webfetch: allow}\n", [(2, "names-no-host", "here it asks")]),
    ("permission: {webfetch: {'https://example.org/*': allow}}\n", []),
    ("permission:\n  bash:\n    rm: deny\n    '*': ask\n", [(4, "never-decides", "(line 5)")]),
    ("permissions:\n  - {action: shell, resource: '*', effect: ask}\n", []),
    ("tools: Read, Bash, Teleport\n", [(2, "no-such-tool", "archnb has no tool Teleport.")]),
    ("permissionMode: acceptEdits\nhooks: {a: b}\n",
     [(2, "permission-mode", "loosens nothing"), (3, "not-run", "hooks")]),
]  # fmt: skip


@pytest.mark.parametrize(("front", "told"), NOTES)
def test_notes(check, front, told):
    found = check(front).notes
    assert [(note.line, note.about) for note in found] == [(line, about) for line, about, _ in told]
    for note, (_, _, words) in zip(found, told, strict=True):
        assert words in note.text
        assert note.text.endswith(".")


MENTIONS = [
    ("Ask @db-tuner about it.\n", ["db-tuner (4)"]),
    ("Mail ops@site-team.example or take @scope-a/pkg.\n", []),
    ("## Tests\n- **end-to-end** and `api-designer`\n", []),
    ("## Other agents\n\n- **db-tuner**, `api-checker`\n- call code-reviewer for end-to-end tests\n",
     ["db-tuner (6)", "api-checker (6)", "code-reviewer (7)"]),
    ("## Hand-offs\n### Later\n- qa-expert\n## Rest\n- web-developer\n", ["qa-expert (6)"]),
    ("## Agents\n```\n@db-tuner\n```\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "named"), MENTIONS)
def test_agents_that_the_text_names(check, body, named):
    found = [note for note in check("mode: all\n", body).notes if note.about == "no-such-agent"]
    assert len(found) == bool(named)
    for name in named:
        assert name in found[0].text
    known = [name.split()[0] for name in named]
    assert check("mode: all\n", body, agents=known).notes == ()


def test_verdicts_are_told_per_tool_in_archnbs_meaning(check):
    explanation = check(
        "tools: {webfetch: true}\npermission:\n  bash:\n    '*': ask\n    ls: allow\n    rm *: deny\n"
        "  edit: ask\n  write: ask\n  task: deny\n"
    )
    told = {
        (verdict.action, ", ".join(verdict.tools)): (", ".join(verdict.patterns), verdict.places)
        for verdict in explanation.verdicts
    }
    assert told == {
        ("allow", "bash"): ("ls", ("a.md:6",)),
        ("ask", "bash"): ("*", ("a.md:5",)),
        ("deny", "bash"): ("rm *", ("a.md:7",)),
        ("ask", "edit, write"): ("*", ("a.md:8", "a.md:9")),
        ("deny", "task"): ("*", ("a.md:10",)),
        ("ask", "webfetch"): ("*", ("default",)),
        ("allow", "glob, grep, list, todoread, todowrite"): ("*", ("default",)),
        ("allow", "read"): ("*, *.env.example", ("default",)),
        ("ask", "read"): ("*.env, *.env.*", ("default",)),
    }


def test_the_text_reads_well(check):
    text = check(
        "description: Looks at \x1b[31mthings.\nmodel: anthropic/claude-sonnet-5.5\n"
        "permission: {edit: {'*': deny, 'docs/*': ask}}\n".replace("\x1b", "\u200b")
    ).text()
    lines = text.splitlines()
    assert lines[0] == "a: all, opencode v1 format"
    assert "\u200b" not in text
    assert "  model   claude-sonnet-5-5, for anthropic/claude-sonnet-5.5" in lines
    assert [line.split() for line in lines if "edit" in line] == [
        ["edit", "docs/*", "line", "4"],
        ["edit", "anything", "else", "line", "4"],
    ]
    assert max(map(len, lines)) <= 100


def test_the_data_holds_everything(check):
    data = check("model: opus\nversion: 2\ntools: Read\n").as_json()
    assert (data["model"], data["model_used"]) == ("opus", "claude-opus-5-5")
    assert data["options"] == {"version": 2}
    assert data["rules"][0] == {
        "permission": "*", "pattern": "*", "action": "deny", "source": "a.md:4", "listed": False,
    }  # fmt: skip
    assert [warning["about"] for warning in data["warnings"]] == ["unknown-key"]


TIGHTENED = [
    ("  bash:\n    'git log*': allow  # look\n    ls: allow\n",
     "  bash:\n    'git log *': allow  # look\n    ls: allow\n"),
    ('  bash:\n    "npm*": "allow"  # tools\r\n    "x": ask\n',
     ('  bash:\n    "npm ls *": "allow"  # tools\r\n    "npm view *": "allow"\r\n'
      '    "npm outdated *": "allow"\r\n    "npm audit": "allow"\r\n    "x": ask\n')),
    ("  bash: {'pip *': allow, 'git log*': allow}\n",
     "  bash: {'pip list *': allow, 'pip show *': allow, 'pip freeze *': allow, 'pip check': allow, 'git log *': allow}\n"),
    ("  bash:\n    cargo*: allow\n    npm run x: allow\n",
     "  bash:\n    cargo*: ask\n    npm run x: ask\n"),
    ("  bash:\n    npm ls *: deny\n    npm*: allow\n",
     "  bash:\n    npm ls *: deny\n    npm view *: allow\n    npm outdated *: allow\n    npm audit: allow\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), TIGHTENED)
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_the_tightened_copy_differs_in_those_rules_alone(tmp_path, before, after, start):
    whole = start + "---\ndescription: a: b\npermission:\n{}  edit: ask\n---\r\nBody npm*: allow\n"
    path, out = tmp_path / "a.md", tmp_path / "out.md"
    path.write_bytes(whole.format(before).encode())
    explanation = explain(path, tools=TOOLS, agents=(), today=TODAY)
    assert "out.md is a tightened copy" in explanation.write_tightened(out)
    assert out.read_bytes() == whole.format(after).encode()
    again = explain(out, tools=TOOLS, agents=(), today=TODAY)
    assert not {"third-party-code", "no-word-boundary"} & {note.about for note in again.notes}
    with pytest.raises(AgentError, match="there is nothing to tighten"):
        again.write_tightened(tmp_path / "third.md")
    with pytest.raises(AgentError, match="is there already"):
        explanation.write_tightened(out)
    with pytest.raises(AgentError, match="cannot be written"):
        explanation.write_tightened(tmp_path / "none" / "x.md")


def test_the_users_own_file_is_told_with_every_warning(tmp_path):
    if not SEED.exists():
        pytest.skip("../shared/seed is not here")
    before = SEED.read_bytes()
    explanation = explain(SEED, tools=TOOLS, agents=("backend-architect",), today=TODAY)
    told = {note.about: note.text for note in explanation.notes}
    assert set(told) == {
        "model-ends", "not-sent", "acts-on-edit", "opens-env", "third-party-code", "no-such-tool",
        "no-such-agent", "unknown-key", "no-word-boundary", "tools-map",
    }  # fmt: skip
    assert "api-designer" in told["no-such-agent"]
    assert "list, patch or todoread" in told["no-such-tool"]
    explanation.write_tightened(tmp_path / "out.md")
    assert SEED.read_bytes() == before
    tight = parse((tmp_path / "out.md").read_text(encoding="utf-8"), "tight").rules
    said = {
        line: evaluate("bash", line, tight).action for line in ("npm i", "npmevil", "npm ls -a")
    }
    assert said == {"npm i": "ask", "npmevil": "ask", "npm ls -a": "allow"}
