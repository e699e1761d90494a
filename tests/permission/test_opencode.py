"""What OpenCode would decide, by tables of our own; its observed decisions are in test_cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archnb.permission.opencode import (
    always_pattern,
    command_patterns,
    hidden,
    outside_folder,
    outside_folders,
    settle,
)
from archnb.permission.rules import OPENCODE_DEFAULTS, Rule

PATTERNS = [
    ("make test", ["make test"]),
    ("  make   test  ", ["make   test"]),
    ("make a; make a", ["make a"]),
    ("make a && (make b | tee out)", ["make a", "make b", "tee out"]),
    ("X=1 make > log 2>&1", ["X=1 make > log 2>&1"]),
    ("make $(date) `id`", ["make $(date) `id`", "date", "id"]),
    ("diff <(ls a) <(ls b)", ["diff <(ls a) <(ls b)", "ls a", "ls b"]),
    ("cat <<END\n$(id)\nEND", ["cat <<END\n$(id)\nEND", "id"]),
    ("f() { rm x; }; f", ["rm x", "f"]),
    ("if make; then ls; fi", ["make", "ls"]),
    ("cd a && pushd b && popd", []),
    ('"cd" a', ['"cd" a']),
    ("X=1", []),
    ("export X=$(id)", ["id"]),
    ("unset X; [ -f a ] && [[ b ]]", []),
    ("> file", []),
    ("# words", []),
    ("", []),
    ("(( 1 + 1 ))", ["(( 1 + 1 ))"]),
    ("(( n = 2 )) > log", ["(( n = 2 )) > log"]),
    ("(( n++ )); ls", ["ls"]),
]


@pytest.mark.parametrize(("line", "expected"), PATTERNS)
def test_rules_are_held_against_every_command_of_a_line(line, expected):
    assert list(command_patterns(line)) == expected


OUTSIDE = [
    ("cat a ./b src/../c /ws/d", []),
    ("cat /opt/x", ["/opt/*"]),
    ("cat '/opt/x' \"/opt/y\"", ["/opt/*"]),
    ("cat ../x", ["/*"]),
    ("cat ~/a/b ~", ["/home/u/a/*", "/home/*"]),
    ("cat ~other/b", []),
    ("cat /opt/*/x", ["/opt/*"]),
    ("cat /op?/x", ["/*"]),
    ("cat *", []),
    ("cat $HOME/x /opt/`id`", []),
    ("cat /opt/*$HOME", ["/opt/*"]),
    ("rm -rf /opt/x", ["/opt/*"]),
    ("chmod +x /opt/x", ["/opt/*"]),
    ("cp //opt//x .", ["/opt/*"]),
    ("cd /opt", ["/opt/*"]),
    ("cd /opt/", ["/opt/*"]),
    ("cd /opt && cat x", ["/opt/*"]),
    ("pushd /opt; mv a /srv/b", ["/opt/*", "/srv/*"]),
    ("echo $(cat /opt/x)", ["/opt/*"]),
    ("cat /wsx/y", ["/wsx/*"]),
    ("ls /opt", []),
    ("head /opt/x", []),
    ("echo x > /opt/y", []),
    ("sudo cat /opt/x", []),
]


@pytest.mark.parametrize(("line", "expected"), OUTSIDE)
def test_folders_outside_that_a_line_names(line, expected):
    found = outside_folders(line, folder="/ws", root="/ws", home="/home/u")
    assert list(found) == expected


def test_where_a_line_runs_and_what_is_a_folder_count():
    at = {"root": "/ws", "home": "/home/u"}
    assert outside_folders("cat ../x", folder="/ws/src", **at) == ()
    assert outside_folders("cat x", folder="/opt", **at) == ("/opt/*",)
    assert outside_folders("cp -r /opt .", folder="/ws", **at) == ("/*",)
    known = outside_folders("cp -r /opt .", folder="/ws", is_folder={"/opt"}.__contains__, **at)
    assert known == ("/opt/*",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b", ""), (".", ""), ("", ""), ("/ws/a", ""), ("a/../../ws/b", ""), ("~/x", ""),
        ("../x", "/*"), ("/opt/x/y", "/opt/x/*"), ("/ws/../opt/x", "/opt/*"), ("/wsx", "/*"),
    ],
)  # fmt: skip
def test_the_folder_outside_of_a_file(path, expected):
    assert outside_folder(path, root="/ws") == expected


ALWAYS = [
    ("ls", "ls *"),
    ("rm -rf x", "rm *"),
    ("whatever a b", "whatever *"),
    ("git", "git *"),
    ("git push origin", "git push *"),
    ("git -C x push", "git -C *"),
    ("git stash pop -q", "git stash pop *"),
    ("gh pr list --json", "gh pr list *"),
    ("docker compose", "docker compose *"),
    ("docker compose up -d", "docker compose up *"),
    ("python -c x", "python -c *"),
    ("yarn dlx a b", "yarn dlx a *"),
]


@pytest.mark.parametrize(("words", "expected"), ALWAYS)
def test_what_always_would_allow(words, expected):
    assert always_pattern(words.split()) == expected


RULES = (
    *OPENCODE_DEFAULTS,
    Rule("bash", "*", "ask"),
    Rule("bash", "make *", "allow"),
    Rule("bash", "rm *", "deny"),
    Rule("external_directory", "/opt/*", "allow"),
    Rule("external_directory", "/srv/*", "deny"),
    Rule("web*", "*", "deny"),
)

SETTLED = [
    ("bash", ["make a"], [], ("allow", "make *")),
    ("bash", ["make a", "ls"], [], ("ask", "*")),
    ("bash", ["ls", "rm x", "make a"], [], ("deny", "rm *")),
    ("bash", ["make a"], ["/opt/*"], ("allow", "make *")),
    ("bash", ["make a"], ["/etc/*"], ("ask", "*")),
    ("bash", ["make a"], ["/etc/*", "/srv/*"], ("deny", "/srv/*")),
    ("bash", [], ["/etc/*"], ("ask", "*")),
    ("bash", [], [], ("allow", "*")),
    ("read", [".env"], [], ("ask", "*.env")),
    ("read", ["a.env.example"], [], ("allow", "*.env.example")),
    ("edit", ["a"], [], ("allow", "*")),
    ("webfetch", ["https://example.org"], [], ("deny", "*")),
    ("doom_loop", ["read"], [], ("ask", "*")),
]


@pytest.mark.parametrize(("permission", "patterns", "outside", "expected"), SETTLED)
def test_any_deny_else_any_ask_else_allow(permission, patterns, outside, expected):
    rule = settle(permission, patterns, outside, RULES)
    assert (rule.action, rule.pattern) == expected


def test_a_tool_is_hidden_by_its_last_rule_alone():
    tools = ["bash", "edit", "write", "apply_patch", "read", "webfetch", "question"]
    assert hidden(RULES, tools) == {"webfetch", "question"}
    rules = (Rule("*", "*", "deny"), Rule("edit", "docs/*", "allow"), Rule("write", "*", "deny"))
    assert hidden(rules, tools) == {"bash", "read", "webfetch", "question"}
    assert hidden((), tools) == set()


@given(st.text(alphabet="ab /~.$(){}<>|;&`'\"\\\n#=*?[]!é💥\0", max_size=40))
def test_any_text_gives_patterns_and_folders(text):
    for pattern in command_patterns(text):
        assert pattern in text
    for folder in outside_folders(text, folder="/ws", root="/ws", home="/home/u"):
        assert folder.startswith("/")
        assert folder.endswith("/*")
        assert not folder.startswith(("/ws/", "//"))
