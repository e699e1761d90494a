"""Wildcards and order, as OpenCode has them; the observed decisions beside the project where present."""

import pytest

from archnb.errors import CellError
from archnb.permission.policy import parse_policy
from archnb.permission.rules import Rule, evaluate, expand_home, matches

WILDCARDS = [
    ("*", "anything\nat all", True),
    ("git status*", "git statusx", True),
    ("git status *", "git status", True),
    ("git status *", "git status -s", True),
    ("git status *", "git statusx", False),
    ("src/**/*.ts", "src/b.ts", False),
    ("src/**/*.ts", "src/a/b.ts", True),
    ("a?c", "abc", True),
    ("a?c", "ac", False),
    ("[ab]", "a", False),
    ("[ab]", "[ab]", True),
    ("{a,b}", "a", False),
    ("x.y", "xzy", False),
    ("Git*", "git", False),
    ("dir\\file", "dir/file", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), WILDCARDS)
def test_wildcard(pattern, text, expected):
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("~/x", "/home/u/x"),
        ("$HOME/x", "/home/u/x"),
        ("~", "/home/u"),
        ("~other/x", "~other/x"),
        ("a/~/x", "a/~/x"),
    ],
)
def test_home_is_expanded_in_patterns(written, meant):
    assert expand_home(written, "/home/u") == meant


def test_the_last_match_wins_and_none_asks():
    rules = [
        Rule("bash", "git *", "allow"),
        Rule("ba*", "*", "deny"),
        Rule("bash", "git log", "ask"),
    ]
    assert evaluate("bash", "git log", rules).action == "ask"
    assert evaluate("bash", "git status", rules).action == "deny"
    assert evaluate("edit", "x", rules).action == "ask"


@pytest.mark.parametrize("entry", ["edit", ":x", "edit:", ""])
def test_a_policy_entry_without_its_parts_is_one_sentence(entry):
    with pytest.raises(CellError, match="PERMISSION:PATTERN"):
        parse_policy([entry])
