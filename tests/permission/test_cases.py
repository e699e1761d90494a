"""The runner of case files on small files of our own, and on the observed decisions where present."""

import json
from pathlib import Path

import pytest

from archnb.agents import rules_of
from archnb.errors import CellError
from archnb.permission.cases import load, run

SHARED = Path(__file__).parents[3] / "shared" / "cases"

RULESETS = {
    "make": {"permission": {"bash": {"*": "ask", "git status*": "allow", "rm *": "deny"}}},
    "open": {"permission": {"edit": {"*": "allow", "gen/*": "deny"}, "todowrite": "ask"}},
    "listed": {"tools": {"read": True}},
    "build": {"builtin_agent": "build"},
    "plan": {"builtin_agent": "plan"},
}


def decided(tool, expected, ruleset="open", **args):
    return {"id": "x", "group": "g", "ruleset": ruleset, "tool": tool, "args": args,
            "expected": expected}  # fmt: skip


def line(command, expected, ruleset="make"):
    return {"id": "x", "group": "g", "ruleset": ruleset, "tool": "bash", "command": command,
            "expected": expected}  # fmt: skip


def value(**given):
    return {"id": "x", "group": "g", **given}


def only(*cases, rulesets=None):
    given = {"rulesets": RULESETS if rulesets is None else rulesets, "cases": list(cases)}
    return run(given, rules_of)


APPLIED = [  # a case whose rules_decision is what it expects, and archnb's decision
    (line("git status -s", "allow"), "allow"),
    (line("ls", "ask"), "ask"),
    (line("git status; rm x", "deny"), "deny"),
    (line("cd ..", "ask"), "ask"),
    (line("git status > /opt/x", "allow"), "ask"),
    (line("X=1", "allow"), "ask"),
    (decided("Bash", "allow", "make", command="git status"), "allow"),
    (decided("bash", "ask", "make", command="git status", workdir="/opt"), "ask"),
    (decided("write", "allow", filePath="/ws/a.txt", content=""), "allow"),
    (decided("edit", "deny", filePath="gen/a.txt"), "deny"),
    (decided("edit", "ask", filePath="../opt/a.txt"), "deny"),
    (decided("apply_patch", "deny", patchText="*** Begin Patch\n*** Update File: a\n@@\n-a\n+b\n"
             "*** Delete File: gen/a\n*** End Patch"), "deny"),
    (decided("read", "allow", filePath="/ws"), "allow"),
    (decided("read", "ask", filePath="/opt/x"), "deny"),
    (decided("read", "allow", "listed", filePath=".env"), "ask"),
    (decided("read", "ask", "build", filePath=".env"), "ask"),
    (decided("glob", "allow", pattern="*"), "allow"),
    (decided("grep", "ask", pattern="x", path="/opt"), "deny"),
    (decided("webfetch", "allow", url="https://example.org"), "ask"),
    (decided("task", "allow", subagent_type="other"), "allow"),
    (decided("todowrite", "ask", todos=[]), "ask"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "decision"), APPLIED, ids=lambda item: str(item)[:70])
def test_a_decision(case, decision):
    report = only(case)
    (result,) = report.results
    assert report.passed
    assert result.equal
    assert result.decision == decision
    assert bool(result.reasons) or not result.stricter


VALUES = [
    (value(string="a b", pattern="a *", expected_match=True), True),
    (value(tokens=["git", "push", "x"], expected_always="git push *"), "git push *"),
    (value(rules=[{"permission": "edit", "pattern": "*", "action": "deny"}],
           expected_hidden=["edit", "write", "apply_patch"]), ["apply_patch", "edit", "write"]),
    (value(input={"tools": {"write": False}}, expected_options={},
           expected_rules=[{"permission": "edit", "pattern": "*", "action": "deny"}]),
     [{"permission": "edit", "pattern": "*", "action": "deny"}]),
    (value(permission={"bash": {"~/x": "ask"}},
           expected_rules=[{"permission": "bash", "pattern": "/home/u/x", "action": "ask"}]),
     [{"permission": "bash", "pattern": "/home/u/x", "action": "ask"}]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "found"), VALUES, ids=lambda item: str(item)[:70])
def test_a_value_has_the_shape_that_its_group_observes(case, found):
    report = only(case)
    assert report.passed
    assert report.as_json() == {
        "cases": [{"id": "x", "decision": found, "rules_decision": found, "reasons": []}],
        "not_applicable": [],
    }


NOT_APPLICABLE = [
    (value(sequence=["first", "then"], expected="allow"), "sequence"),
    (line("ls", "error"), "failed before"),
    (line("ls", "tool_unavailable"), "not offered"),
    (line("ls", "the turn stops"), "no decision"),
    (line("ls", "ask", "plan"), "'plan'"),
    (line("ls", "ask", "missing"), "'missing'"),
    (decided("dance", "ask"), "form"),
    (decided("read", "ask", filePath=3), "form"),
    ({"id": "x", "group": "g"}, "no decision"),
    ("text", "no object"),
]


@pytest.mark.parametrize(("case", "why"), NOT_APPLICABLE, ids=lambda item: str(item)[:70])
def test_what_holds_no_decision_is_listed_with_why(case, why):
    report = only(case)
    assert (report.results, report.passed) == ((), True)
    assert why in report.not_applicable[0].why
    assert "Not applicable (1)" in report.text()


def test_what_differs_or_is_looser_is_no_pass():
    different = only(line("ls", "allow"))
    looser = only(line("git status", "ask"))
    assert (different.passed, looser.passed) == (False, False)
    assert "x        ask, expected allow: bash: ls" in different.text()
    assert "x        LOOSER, allow, expected ask: bash: git status" in looser.text()


def gate_case(command, accept, group="benign"):
    return {"id": "c", "command": command, "rules": "p", "accept": accept, "class": group,
            "expected": "".join(accept[:1])}  # fmt: skip


GATE = [
    (gate_case("git status", ["allow"]), True, True),
    (gate_case("ls", ["ask"]), True, True),
    (gate_case("ls", ["allow"]), False, True),  # a prompt too many is a difference, and safe
    (gate_case("git status; rm x", ["ask", "deny"], "attack"), True, True),
    (gate_case("git status", ["ask", "deny"], "attack"), False, False),
    (gate_case("ls", ["deny"], "deny"), False, False),
]


@pytest.mark.parametrize(("case", "equal", "passed"), GATE, ids=lambda item: str(item)[:70])
def test_the_other_format_has_accepted_decisions(case, equal, passed):
    profiles = {"p": {"*": "ask", "git status*": "allow", "rm *": "deny"}}
    report = run({"profiles": profiles, "cases": [case]}, rules_of)
    assert (report.results[0].equal, report.passed) == (equal, passed)
    assert report.results[0].group == case["class"]


@pytest.mark.parametrize("case", [{}, gate_case("ls", []), gate_case("ls", ["maybe"])])
def test_a_case_of_no_known_form_is_not_applied(case):
    report = run({"profiles": {"p": {}}, "cases": [case]}, rules_of)
    assert (report.results, len(report.not_applicable)) == ((), 1)


@pytest.mark.parametrize("text", ["{", "[]", '{"cases": []}', '{"cases": {}, "rulesets": {}}'])
def test_a_file_that_is_none_is_one_sentence(tmp_path, text):
    path = tmp_path / "cases.json"
    path.write_text(text)
    with pytest.raises(CellError):
        load(path)
    with pytest.raises(CellError, match="cannot be read"):
        load(tmp_path / "missing.json")


def test_hidden_characters_of_a_case_are_shown():
    assert "ls <U+202E>x" in only(line("ls \u202ex", "allow")).text()


def shared(name):
    if not SHARED.exists():
        pytest.skip("../shared/cases is not here")
    return run(load(SHARED / name), rules_of)


def test_the_observed_decisions_of_opencode_are_equal_and_none_is_looser():
    report = shared("opencode_permissions.json")
    assert [case for case in report.results if not case.equal] == []
    assert [case for case in report.results if case.looser] == []
    assert [case for case in report.results if case.stricter and not case.reasons] == []
    assert len(report.results) > 15 * len(report.not_applicable)


def test_no_attack_of_the_shared_set_passes():
    report = shared("bash_gate.json")
    assert [case for case in report.results if case.looser] == []
    assert report.not_applicable == ()
    assert [case.says for case in report.results if case.group != "benign" and not case.equal] == []
    assert json.dumps(report.as_json())
