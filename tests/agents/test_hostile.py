"""Hostile agent files from the shared collection: each becomes a file here, with its outcome."""

import json
from pathlib import Path

import pytest

from archnb.agents import parse
from archnb.agents.loosening import loosenings
from archnb.errors import AgentError
from archnb.permission.rules import DEFAULTS, evaluate

FILE = Path(__file__).parents[3] / "shared" / "cases" / "hostile_inputs.json"

# The collection describes each file in words; this is the front matter that the words mean, and
# what must come of it: "error", "ask" (bash asks) or "loads". None: its test is elsewhere.
MEANT = {
    "o143": ("description: x\npermission: {bash: {'*': ask}}", "ask"),
    "o145": ("permission:\n  bash: ask", "ask"),
    "o147": ("permission: {bash: on}", "error"),
    "o149": ("permission: {bash: {'git status*': allow}}", "ask"),
    "o150": ("description: x", "ask"),
    "o151": ("permission: null", "ask"),
    "o152": ("permission:\n  bash:\n    '*': ask\n    '*': allow", "error"),
    "o154": ("[" * 20_000, "error"),
    "o155": ("a: !!python/object/apply:os.system ['true']", "error"),
    "o156": ("a: &x {permission: allow}\n<<: *x", "error"),
    "o157": ("a: " + "x" * 5_000_000, "error"),
    "o158": None,
    "o159": ("description: x\r\nmode: all\r", "loads"),
    "o160": ("extra: 1", "loads"),
    "o161": ("model: evil/../../x", "error"),
    "o162": ("temperature: .inf", "error"),
    "o163": ("temperature: 0777", "error"),
    "o164": ("mode: primary", "loads"),
    "o165": None,
    "o168": ("permission: {bash: allow}", "loads"),
}


def cases():
    if not FILE.exists():
        return []
    found = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    return [case for case in found if case["kind"] == "agent_yaml"]


def test_the_collection_is_here():
    if not FILE.exists():
        pytest.skip("../shared/cases is not here")
    assert {case["id"] for case in cases()} <= set(MEANT)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_each_has_its_outcome(case):
    if MEANT.get(case["id"]) is None:
        return  # test_reading: not closed, and lines of dashes in the body
    front, outcome = MEANT[case["id"]]
    assert ("error" in case["required"]) <= (outcome == "error")
    text = f"---\n{front}\n---\nBody\n"
    if outcome == "error":
        with pytest.raises(AgentError):
            parse(text, "a")
        return
    agent = parse(text, "a", "workspace")
    if outcome == "ask":
        assert evaluate("bash", "make", (*DEFAULTS, *agent.rules)).action == "ask"
    assert loosenings(agent) == ()  # no bounds: it is not known whose it is
