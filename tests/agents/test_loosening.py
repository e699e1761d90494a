"""What a workspace's file loosens, against what the person's own settings say."""

from dataclasses import replace

import pytest

from archnb.agents import loosenings, parse, rules_of

# the workspace's front matter, the person's (None: no agent of that name), the rules that are told
TABLE = [
    ({}, {}, []),
    ({"permission": {"bash": "deny"}}, {}, []),
    ({"permission": {"bash": "ask", "read": "allow"}}, {}, ["read *.env", "read *.env.*"]),
    ({"permission": {"bash": {"git log*": "allow"}}}, {}, ["bash git log*"]),
    ({"permission": {"bash": {"git log*": "allow"}}}, {"permission": {"bash": {"git *": "allow"}}}, []),
    ({"permission": "allow"}, {}, ["* *", "read *.env", "read *.env.*"]),
    ({"permission": {"edit": "ask"}}, {"permission": {"edit": "deny"}}, ["edit *"]),
    ({"permission": {"write": "allow"}}, {"permission": {"edit": "ask"}}, ["write *"]),
    ({"permission": {"edit": "allow"}}, {"permission": {"edit": "allow", "write": "deny"}}, ["edit *"]),
    ({}, {"permission": {"edit": {"secret/*": "deny"}}}, ["edit secret/*"]),
    ({"permission": {"edit": {"secret/*": "deny"}}}, {"permission": {"edit": {"secret/*": "deny"}}}, []),
    ({"permission": {"edit": "deny"}}, {"permission": {"edit": {"secret/*": "deny"}}}, []),
    ({"permission": {"bash": {"git p*": "allow"}}}, {"permission": {"bash": {"git*": "allow", "git push*": "ask"}}}, ["bash git push*"]),
    ({"tools": {"bash": True, "read": True}}, {}, []),
    ({"tools": {"bash": True}}, {"tools": {"bash": False}}, ["bash *"]),
    ({"permissions": [{"action": "shell", "resource": "ls", "effect": "allow"}]}, {}, ["bash ls"]),
]  # fmt: skip


@pytest.mark.parametrize(("theirs", "own", "told"), TABLE)
def test_what_is_told(theirs, own, told):
    agent = parse("words", "a", "workspace")
    agent = replace(agent, rules=rules_of(theirs), bounds=rules_of(own))
    found = [f"{each.rule.permission} {each.rule.pattern}" for each in loosenings(agent)]
    assert found == told


def test_only_a_workspaces_file_is_held_against_anything():
    agent = replace(parse("words", "a"), rules=rules_of({"permission": "allow"}))
    assert loosenings(agent) == ()


def test_the_words_say_both_sides():
    own = parse("---\npermission:\n  edit: deny\n---\n", "a", shown="~/a.md").rules
    theirs = parse("---\npermission:\n  bash: {ls: allow}\n---\n", "a", "workspace", "ws/a.md")
    assert [each.words for each in loosenings(replace(theirs, bounds=own))] == [
        'bash "ls": allow, ws/a.md:3; without this file: ask',
        'edit "*": deny, ~/a.md:3 holds no longer; this file: * "*": ask, archnb default',
    ]
