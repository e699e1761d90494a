"""`archnb permission check` and `cases`: what they print and how they exit."""

import json

import pytest

from archnb.cli import main
from archnb.permission.report import decision_json, decision_text
from archnb.permission.requests import Decision, PartDecision
from archnb.permission.rules import Rule

AGENT = """---
tools:
  read: true
permission:
  bash:
    "*": ask
    git status*: allow
    git push*: deny
  edit:
    "docs/*": allow
---
You plan.
"""


@pytest.fixture
def archnb(capsys, monkeypatch, tmp_path):
    """Run a command in a workspace with the agent above in force; gives (exit code, stdout)."""
    for folder in ("home", "ws/agents"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "planner.md").write_text(AGENT)
    (tmp_path / "ws/agents/helper.md").write_text("---\npermission: deny\n---\nYou help.\n")
    monkeypatch.chdir(tmp_path / "ws")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def run(*words):
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return stopped.value.code, out + err

    return run


CHECKS = [  # words, decision, rules_decision, pattern of the rule
    (["git status"], "allow", "allow", "git status*"),
    (["git status > x"], "ask", "allow", None),
    (["git push"], "deny", "deny", "git push*"),
    (["git -C . push"], "deny", "ask", "git push*"),
    (["--tool", "write", "docs/a.md"], "allow", "allow", "docs/*"),
    (["--tool", "Edit", "a.md"], "ask", "allow", None),
    (["--tool", "edit", "docs/Makefile"], "ask", "allow", None),
    (["--tool", "read", ".env"], "ask", "allow", "*.env"),
    (["--tool", "read", "/etc/passwd"], "deny", "ask", None),
    (["--tool", "grep", "x"], "allow", "allow", None),
]


@pytest.mark.parametrize(("words", "decision", "alone", "pattern"), CHECKS)
def test_check_says_what_would_happen(archnb, words, decision, alone, pattern):
    code, out = archnb("permission", "check", "--agent", "../planner.md", "--json", *words)
    said = json.loads(out)
    assert (code, said["decision"], said["rules_decision"]) == (0, decision, alone)
    keys = {"decision", "rules_decision", "rule", "reasons", "parts"}
    assert set(said) == keys | ({"access"} if "--tool" not in words else set())
    assert set(said["rule"]) == {"permission", "pattern", "action", "source"}
    assert pattern in (None, said["rule"]["pattern"])
    assert said["reasons"] or decision == alone


def test_the_parts_of_a_line_are_told_apart(archnb):
    line = "git status && git push"
    code, out = archnb("permission", "check", line, "--agent", "../planner.md", "--json")
    parts = json.loads(out)["parts"]
    decided = {part["text"]: part["decision"] for part in parts if part["text"] != line}
    assert decided == {"git status": "allow", "git push": "deny"}
    code, out = archnb("permission", "check", line, "--agent", "../planner.md")
    assert code == 0
    assert out.splitlines()[1].startswith("deny")
    assert "git status" in out
    assert "planner.md:8" in out


def test_the_agent_can_be_named_and_needs_no_naming(archnb):
    assert json.loads(archnb("permission", "check", "ls", "--agent", "helper", "--json")[1])[
        "decision"
    ] == "deny"  # fmt: skip
    code, out = archnb("permission", "check", "ls")
    assert (code, out.splitlines()[0].split()[0]) == (0, "backend-architect")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["check", "x", "--tool", "dance"], "no tool 'dance'"),
        (["check", "x", "--agent", "nobody"], "nobody"),
        (["check", "x", "--agent", "nobody.md"], "nobody.md"),
        (["check"], "required"),
        (["cases", "nothing.json"], "nothing.json cannot be read"),
        ([], "required"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(archnb, words, says):
    code, out = archnb("permission", *words)
    assert (code, says in out) == (2, True), out


@pytest.mark.parametrize(("expected", "code"), [("ask", 0), ("allow", 1)])
def test_cases_exits_by_what_differs(archnb, tmp_path, expected, code):
    case = {"id": "x", "group": "g", "ruleset": "r", "tool": "bash", "command": "ls"}
    path = tmp_path / "cases.json"
    rules = {"r": {"permission": {"bash": "ask"}}}
    path.write_text(json.dumps({"rulesets": rules, "cases": [{**case, "expected": expected}]}))
    said = archnb("permission", "cases", path, "--json")
    assert said[0] == code
    assert json.loads(said[1]) == {
        "cases": [{"id": "x", "decision": "ask", "rules_decision": "ask", "reasons": []}],
        "not_applicable": [],
    }
    assert archnb("permission", "cases", path)[0] == code


def test_hidden_characters_of_a_decision_are_shown():
    rule = Rule("bash", "x\u202e", "ask", "a\nb")
    decision = Decision("ask", rule, ("one\x1b[0m",), (PartDecision("a\u200b", "ask", rule),) * 2)
    said = decision_text(decision)
    assert {"<U+202E>", "<U+001B>", "<U+200B>"} <= set(said.replace("<", " <").replace(
        ">", "> ").split())  # fmt: skip
    assert len(said.splitlines()) == 5
    assert json.loads(json.dumps(decision_json(decision)))["parts"][0]["text"] == "a\u200b"
