"""Agent files: what they mean, and that nothing in them vanishes silently."""

import json
from pathlib import Path

import pytest

from archnb.agents import load, options_of, parse, rules_of, steps_of
from archnb.agents.front_matter import MAX_FRONT
from archnb.agents.reading import MAX_BYTES
from archnb.errors import AgentError

SHARED = Path(__file__).parents[3] / "shared"
SEED = SHARED / "seed" / "backend-architect.md"
CASES = SHARED / "cases" / "opencode_permissions.json"


def rules(values, home="/home/u"):
    """Rules as short lines; `+` marks what the older tools map lists."""
    return [
        f"{rule.permission} {rule.pattern} {rule.action}{'+' * rule.listed}"
        for rule in rules_of(values, home)
    ]


MEANT = [
    # V1
    ({}, []),
    ({"permission": None}, []),
    ({"permission": "ask"}, ["* * ask"]),
    ({"permission": {"bash": "ask"}}, ["bash * ask"]),
    ({"permission": {"bash": {}}}, []),
    ({"permission": {"bash": {"git log*": "allow", "*": "ask"}, "edit": "deny"}},
     ["bash git log* allow", "bash * ask", "edit * deny"]),
    # the older tools map: keys first, permission replaces them where they stand
    ({"tools": {"bash": True, "read": False}}, ["bash * allow+", "read * deny"]),
    ({"tools": {"edit": True, "write": False}}, ["edit * deny"]),
    ({"tools": {"write": False, "patch": True}}, ["edit * allow+"]),
    ({"tools": {"bash": False, "read": True}, "permission": {"edit": "ask", "bash": {"ls": "allow"}}},
     ["bash ls allow", "read * allow+", "edit * ask"]),
    ({"tools": {"*": False, "bash": True}, "permission": "ask"}, ["* * ask", "bash * allow+"]),
    ({"tools": {"bash": True}, "permission": "ask"}, ["bash * allow+", "* * ask"]),
    # patterns with a home
    ({"permission": {"edit": {"~/a/*": "deny", "$HOME/b": "ask", "~": "ask", "~x": "ask"}}},
     ["edit /home/u/a/* deny", "edit /home/u/b ask", "edit /home/u ask", "edit ~x ask"]),
    # V2: no match asks, deny is absolute
    ({"permissions": []}, ["* * ask"]),
    ({"permissions": [
        {"action": "shell", "resource": "rm *", "effect": "deny"},
        {"action": "shell", "resource": "*", "effect": "allow"},
        {"action": "edit", "resource": "~/x", "effect": "ask"},
    ]}, ["* * ask", "bash * allow", "edit /home/u/x ask", "bash rm * deny"]),
    # Claude Code
    ({"tools": "Read, Grep"},
     ["* * deny", "read * allow", "read *.env ask", "read *.env.* ask", "read *.env.example allow", "grep * allow"]),
    ({"tools": ["Write", "WebFetch"]}, ["* * deny", "edit * ask", "webfetch * ask"]),
    ({"tools": []}, ["* * deny"]),
    ({"tools": ""}, ["* * deny"]),
    ({"tools": "*"}, []),
    ({"model": "sonnet"}, []),
    ({"tools": "Bash(git diff:*), Bash(npm test), Bash"},
     ["* * deny", "bash * ask", "bash git diff * allow", "bash npm test allow"]),
    ({"tools": "Bash(*)"}, ["* * deny", "bash * ask"]),
    ({"tools": "Agent(db-tuner, tester)"}, ["* * deny", "task db-tuner allow", "task tester allow"]),
    ({"tools": "Edit(docs/**), WebFetch(domain:example.org)"},
     ["* * deny", "edit docs/** ask", "webfetch https://example.org/* ask"]),
    ({"tools": "Read(src/**)"}, ["* * deny", "read src/** allow", "read *.env ask", "read *.env.* ask"]),
    ({"disallowedTools": "Write, Bash(rm:*)"}, ["edit * deny", "bash rm* deny"]),
    ({"tools": "Bash, mcp__hub__*", "disallowedTools": ["Bash"]},
     ["* * deny", "bash * ask", "mcp__hub__* * ask", "bash * deny"]),
    ({"permissionMode": "bypassPermissions"}, []),
    ({"permissionMode": "plan"}, ["edit * deny", "bash * deny"]),
]  # fmt: skip


@pytest.mark.parametrize(("values", "meant"), MEANT, ids=lambda value: json.dumps(value)[:60])
def test_what_front_matter_means(values, meant):
    assert rules(values) == meant


def test_rules_keep_their_order_and_name_their_line():
    agent = parse(
        '---\npermission:\n  bash:\n    "*": ask\n    "git log*": allow\n  edit: deny\n---\nYou design.\n',
        "a",
        shown="a.md",
    )
    assert [str(rule) for rule in agent.rules] == [
        'bash "*": ask, a.md:4', 'bash "git log*": allow, a.md:5', 'edit "*": deny, a.md:6',
    ]  # fmt: skip
    assert agent.prompt == "You design."


FIELDS = [
    ("", {"prompt": "Body", "mode": "all", "model": "", "format": "opencode v1", "options": {}}),
    ("name: other\nmode: subagent\nhidden: true\n", {"name": "other", "mode": "subagent", "hidden": True}),
    ("temperature: 0.1\ntop_p: 1\nsteps: 3\nmaxSteps: 9\n", {"temperature": 0.1, "top_p": 1.0, "steps": 3}),
    ("maxSteps: 9\nvariant: high\ncolor: '#aabbcc'\n", {"steps": 9, "variant": "high", "color": "#aabbcc"}),
    ("version: '1'\nfoo: {a: 1}\noptions:\n  b: 2\non: x\n", {"options": {"b": 2, "version": "1", "foo": {"a": 1}, "on": "x"}}),
    ("prompt: from above\n", {"prompt": "Body"}),
    ("description: Use it for: APIs, e.g. x: y\n", {"description": "Use it for: APIs, e.g. x: y"}),
    ('description: says "a: b"\nmode: all\n', {"description": 'says "a: b"'}),
    ("description: >\n  two\n  lines\n", {"description": "two lines"}),
    ("model: openrouter/anthropic/claude-sonnet-4.5\n", {"model": "openrouter/anthropic/claude-sonnet-4.5"}),
    ("tools: Read\nmodel: opus\nmaxTurns: 4\n", {"model": "opus", "format": "claude code", "steps": 4}),
    ("tools: Read\nmodel: inherit\nhooks: {a: b}\n", {"model": "", "options": {"hooks": {"a": "b"}}}),
    ("permissions: []\n", {"format": "opencode v2"}),
    ("disable: TRUE\n", {"disable": True}),
]  # fmt: skip


@pytest.mark.parametrize(("front", "fields"), FIELDS)
def test_fields(front, fields):
    agent = parse(f"---\n{front}---\n\nBody\n", "a")
    assert {key: getattr(agent, key) for key in fields} == fields


def test_the_prompt_key_stands_in_for_an_empty_body():
    assert parse("---\nprompt: from above\n---\n", "a").prompt == "from above"


def test_no_front_matter_is_an_agent_with_that_prompt():
    for text in ("Just words.", "\nJust words.\n", "Just words.\n---\nmore\n---\n", "----\nx"):
        agent = parse(text, "a")
        assert (agent.prompt, agent.rules) == (text.strip(), ())


def test_windows_files_and_rules_in_the_body_are_read():
    text = "\ufeff---  \r\npermission:\r\n  bash: deny\r\n--- \r\nOne\r\n---\r\nTwo\r\n"
    agent = parse(text, "a")
    assert [(rule.permission, rule.action) for rule in agent.rules] == [("bash", "deny")]
    assert agent.prompt == "One\n---\nTwo"


BROKEN = [
    ("permission:\n  *: deny\n", ":3:", "Quote a pattern"),
    ("permission:\n  *.md: deny\n", ":3:", "Quote a pattern"),
    ("permission: maybe\n", ":2:", "'maybe' is no action"),
    ("permission:\n  bash: on\n", ":3:", "permission.bash: 'on' is no action"),
    ("permission:\n  bash: true\n", ":3:", "'true' is no action"),
    ("permission:\n  bash: Allow\n", ":3:", "'Allow' is no action"),
    ("permission:\n  bash:\n    ls: yes\n", ":4:", "'yes' is no action"),
    ("permission:\n  bash:\n    ls: [allow]\n", ":4:", "is no action"),
    ("permission:\n  bash:\n", ":3:", "a map of patterns"),
    ("permission:\n  - bash\n", ":2:", "a word or a map"),
    ("permission: bash: deny\n", ":2:", "is no action"),
    ("permission:\n  bash: {'*': ask, '*': allow}\n", ":3:", "stands twice (first on line 3)"),
    ("name: a\nname: b\n", ":3:", "stands twice (first on line 2)"),
    ("a: &x 1\nb: *x\n", ":2:", "anchors and aliases"),
    ("b: *x\n", ":2:", "anchors and aliases"),
    ("a: !!str 1\n", ":2:", "tags"),
    ("a: !!python/object/apply:os.system ['true']\n", ":2:", "tags"),
    ("<<: {permission: allow}\n", ":2:", "merge keys"),
    ("a: " + "[" * 20_000 + "\n", ":2:", "nested"),
    ("a:\n" + "".join(f"{' ' * depth}b:\n" for depth in range(1, 40)), ":12:", "nested"),
    ("a: " + "x" * MAX_FRONT + "\n", ":2:", "longer than"),
    ("a: \x07\n", ":2:", "a character that YAML does not allow"),
    ("? [a]\n: b\n", ":2:", "a key must be a word"),
    ("just words\n", ":2:", "key: value"),
    ("- a\n", ":2:", "key: value"),
    ("tools:\n  bash: maybe\n", ":3:", "tools.bash must be true or false"),
    ("tools: 3\n", ":2:", "tools must be a map"),
    ("tools: [Read, 'a b c']\n", ":2:", "is no tool"),
    ("tools: Read\npermission:\n  bash: ask\n", ":3:", "permission (OpenCode)"),
    ("permissionMode: sudo\n", ":2:", "permissionMode must be one of"),
    ("permissions: ask\n", ":2:", "must be a list"),
    ("permissions:\n  - {action: edit, effect: ask}\n", ":3:", "action, resource and effect"),
    ("permissions:\n  - {action: edit, resource: a, effect: maybe}\n", ":3:", "is no action"),
    ("permission: ask\npermissions: []\n", ":3:", "in one file"),
    ("name: [a]\n", ":2:", "name must be text"),
    ("name: 12\n", ":2:", 'Quote it: name: "…"'),
    ('name: "a\\u202eb"\n', ":2:", "visible characters"),
    ("mode: both\n", ":2:", "mode 'both' is none"),
    ("model: evil/../../x\n", ":2:", "unknown model"),
    ("model: /etc/passwd\n", ":2:", "unknown model"),
    ("temperature: .inf\n", ":2:", "temperature must be a number"),
    ("temperature: 0777\n", ":2:", "temperature must be a number"),
    ("temperature: '0.1'\n", ":2:", "temperature must be a number"),
    ("temperature: 1e999\n", ":2:", "temperature must be a number"),
    ("temperature: true\n", ":2:", "temperature must be a number"),
    ("top_p: -1\n", ":2:", "top_p must be a number"),
    ("steps: 0\n", ":2:", "steps must be a whole number"),
    ("maxSteps: 1.5\n", ":2:", "maxSteps must be a whole number"),
    ("hidden: yes\n", ":2:", "hidden must be true or false"),
    ("disable: 1\n", ":2:", "disable must be true or false"),
    ("options: [a]\n", ":2:", "options must be a map"),
]  # fmt: skip


@pytest.mark.parametrize(("front", "place", "says"), BROKEN, ids=lambda value: repr(value)[:50])
def test_a_broken_file_is_an_error_with_its_place(front, place, says):
    with pytest.raises(AgentError) as caught:
        parse(f"---\n{front}---\nBody\n", "a", shown="agents/a.md")
    assert f"agents/a.md{place}" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("---\nname: a\n", "a.md:1: the front matter is not closed"),
        ("\n---\npermission: deny\n---\n", "a.md:2: front matter begins"),
        (" ---\npermission: deny\n---\n", "a.md:1: front matter begins"),
        ("---yaml\npermission: deny\n---\n", "a.md:1: front matter begins"),
    ],
)
def test_rules_that_would_become_prompt_are_an_error(text, says):
    with pytest.raises(AgentError, match=says):
        parse(text, "a", shown="a.md")


def test_files_that_are_none(tmp_path):
    big, latin, folder = tmp_path / "big.md", tmp_path / "latin.md", tmp_path / "folder.md"
    big.write_bytes(b"x" * (MAX_BYTES + 1))
    latin.write_bytes(b"ok\n\xe9\n")
    folder.mkdir()
    for path, says in (
        (big, "larger than"),
        (latin, "latin.md:2: this is not UTF-8 text"),
        (folder, "is no file"),
        (tmp_path / "none.md", "cannot be read: No such file"),
        (Path("a\0b.md"), "cannot be read"),
    ):
        with pytest.raises(AgentError, match=says):
            load(path, "a")


def test_the_digest_is_of_the_files_bytes(tmp_path):
    from hashlib import sha256

    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbfHello\r\n")
    assert load(path, "a").digest == sha256(path.read_bytes()).hexdigest()


def test_the_users_own_file_loads_unchanged():
    if not SEED.exists():
        pytest.skip("../shared/seed is not here")
    agent = load(SEED, "backend-architect")
    bash = [(rule.pattern, rule.action) for rule in agent.rules if rule.permission == "bash"]
    assert bash == [
        ("*", "ask"), ("git status*", "allow"), ("git log*", "allow"), ("git diff*", "allow"), ("npm*", "allow"), ("pip*", "allow"),
    ]  # fmt: skip
    assert (agent.model, agent.mode) == ("github-copilot/claude-sonnet-4.5", "subagent")
    assert (agent.temperature, agent.options) == (0.1, {"version": "1.0.0"})
    assert agent.prompt.startswith("You are a senior backend system architect")


def test_rules_steps_and_options_are_opencodes():
    if not CASES.exists():
        pytest.skip("../shared/cases is not here")
    seen = 0
    for case in json.loads(CASES.read_text(encoding="utf-8"))["cases"]:
        if case["group"] not in ("tools-to-permission", "home-expansion"):
            continue
        given = case.get("input") or {"permission": case["permission"]}
        found = [
            {"permission": rule.permission, "pattern": rule.pattern, "action": rule.action}
            for rule in rules_of(given, "/home/u")
        ]
        assert found == case["expected_rules"], case["id"]
        if "input" in case:
            assert steps_of(given) == case["expected_steps"], case["id"]
            assert options_of(given) == case["expected_options"], case["id"]
        seen += 1
    assert seen


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("permisson:\n  bash: deny", "permisson is no key"),
        ("tool:\n  bash: false", "tool is no key"),
        ("permission:\n  bsh: deny", "no tool is called bsh"),
        ("permission:\n  eidt:\n    '*': deny", "no tool is called eidt"),
    ],
)
def test_a_misspelt_deny_is_an_error(front, words):
    with pytest.raises(AgentError, match=words):
        parse(f"---\n{front}\n---\nBody.", "a")


@pytest.mark.parametrize(
    "front",
    ["permission:\n  my_plugin_tool: deny", "permission:\n  'edi*': deny", "permissionMode: plan"],
)
def test_what_is_no_misspelling_is_read(front):
    assert parse(f"---\n{front}\n---\nBody.", "a").prompt == "Body."
