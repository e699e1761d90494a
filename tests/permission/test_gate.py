"""The gate's decisions, a case a line; the larger set of attacks beside the project is read where present."""

import json
from pathlib import Path

import pytest

from archnb.permission.gate import Gate
from archnb.permission.policy import parse_policy
from archnb.permission.requests import Diff, Request
from archnb.permission.rules import Rule

RULES = tuple(
    Rule("bash", pattern, action)
    for pattern, action in (
        ("*", "ask"), ("git status*", "allow"), ("git log*", "allow"), ("git diff*", "allow"),
        ("npm*", "allow"), ("pip*", "allow"), ("git push*", "deny"),
    )
)  # fmt: skip
CASES = json.loads((Path(__file__).parent / "gate_cases.json").read_text())
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "bash_gate.json"


def settle(command, rules=RULES):
    return Gate(rules).settle(Request("bash", (command,), "run", command))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["command"][:40])
def test_command(case):
    decision = settle(case["command"])
    assert decision.action == case["decision"], decision
    if case.get("because"):
        assert any(case["because"] in reason for reason in decision.reasons), decision.reasons


def test_of_the_shared_set_no_attack_passes_and_hardly_anything_benign_asks():
    if not SHARED.exists():
        pytest.skip("../shared/cases is not here")
    given = json.loads(SHARED.read_text())
    passed, undenied, prompted, benign = [], [], [], 0
    for case in given["cases"]:
        rules = tuple(Rule("bash", *item) for item in given["profiles"][case["rules"]].items())
        action = settle(case["command"], rules).action
        if case["class"] == "attack" and case["expected"] != "allow" and action == "allow":
            passed.append(case["command"])
        if case["expected"] == "deny" and action != "deny":
            undenied.append(case["command"])
        if case["class"] == "benign":
            benign += 1
            prompted += [case["command"]] if action != "allow" else []
    assert passed == []
    assert undenied == []
    assert len(prompted) <= benign / 100, prompted


def edit(path, rules=(), **gate):
    return Gate(tuple(rules), **gate).settle(Request("edit", (path,), "edit", Diff(path, "a", "b")))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], "ask"),
        ([Rule("edit", "*", "allow")], "allow"),
        ([Rule("edit", "*", "allow"), Rule("write", "*", "ask")], "ask"),
        ([Rule("write", "*", "deny")], "deny"),
        ([Rule("edit", "db/*", "allow"), Rule("edit", "db/prod*", "deny")], "allow"),
        ([Rule("*", "*", "deny")], "deny"),
    ],
)
def test_edit_and_write_share_rules_and_the_strictest_counts(rules, expected):
    assert edit("db/schema.sql", rules).action == expected


def test_read_only_denies_whatever_could_change_something_even_if_a_rule_allows_it():
    allow = [Rule("*", "*", "allow")]
    assert edit("x", allow, read_only=True).action == "deny"
    assert (
        Gate(tuple(allow), read_only=True).settle(Request("bash", ("ls",), "", "")).action == "deny"
    )
    assert (
        Gate(tuple(allow), read_only=True).settle(Request("read", ("x",), "", "")).action == "allow"
    )


def test_reading_a_file_of_secrets_asks_by_default():
    for name, expected in (
        (".env", "ask"),
        ("a/.env.local", "ask"),
        (".env.example", "allow"),
        ("a.sql", "allow"),
    ):
        assert Gate().settle(Request("read", (name,), "", "")).action == expected


def test_a_warning_turns_allow_into_ask_and_is_a_reason():
    request = Request(
        "edit", (".git/hooks/x",), "edit", Diff(".git/hooks/x", None, "b"), warning=".git decides"
    )
    decision = Gate((Rule("edit", "*", "allow"),)).settle(request)
    assert (decision.action, decision.reasons) == ("ask", (".git decides",))


def test_a_tool_denied_whole_is_not_offered():
    assert not Gate((Rule("bash", "*", "deny"),)).offers("bash")
    assert Gate((Rule("bash", "*", "deny"), Rule("bash", "ls", "ask"))).offers("bash")
    assert Gate().offers("bash")


def test_rules_for_shell_speak_of_bash():
    rules = (Rule("*", "*", "allow"), Rule("shell", "*", "deny"))
    assert settle("ls", rules).action == "deny"


def test_drawing_and_reviewing_obey_read_rules():
    gate = Gate((Rule("read", "secrets/*", "deny"),))
    for permission in ("read", "draw", "lint"):
        assert gate.settle(Request(permission, ("secrets/x.sql",), "", "")).action == "deny"


POLICY = [
    ("bash:grep *", "grep -n x file", True),
    ("bash:grep *", "grep x file | grep y", True),
    ("bash:grep *", "grep x file; touch pwned", False),
    ("bash:grep *", "grep x $(touch pwned)", False),
    ("bash:grep *", "grep x > file", False),
    ("bash:grep *", "grep x && rm -rf y", False),
    ("bash:npm test > log", "npm test > log", True),
    ("edit:*", "grep x", False),
]


@pytest.mark.parametrize(("entry", "command", "covered"), POLICY)
def test_a_policy_covers_a_command_part_by_part(entry, command, covered):
    (approval,) = parse_policy([entry])
    assert approval.covers(Request("bash", (command,), "run", command)) is covered
