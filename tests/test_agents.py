"""Agent files: what they mean, and that nothing in them vanishes silently."""

from pathlib import Path

import pytest

from archnb.agents import available, find, load, parse
from archnb.errors import AgentError

SEED = Path(__file__).parents[2] / "shared" / "seed" / "backend-architect.md"


def rules(text, origin="user"):
    return [(rule.permission, rule.pattern, rule.action) for rule in parse(text, "a", origin).rules]


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


def test_one_word_speaks_for_everything():
    assert rules("---\npermission: deny\n---\n") == [("*", "*", "deny")]


def test_the_older_tools_map_only_takes_away():
    assert rules("---\ntools:\n  read: true\n  bash: false\n---\n") == [("bash", "*", "deny")]


def test_a_file_from_the_workspace_cannot_loosen():
    text = "---\npermission:\n  edit: allow\n  bash: deny\n---\n"
    assert rules(text, "workspace") == [("edit", "*", "ask"), ("bash", "*", "deny")]


def test_no_front_matter_is_an_agent_with_that_prompt():
    agent = parse("Just words.", "a")
    assert (agent.prompt, agent.rules) == ("Just words.", ())


def test_unknown_keys_are_kept():
    assert parse("---\nversion: '1'\ncolor: red\non: x\n---\n", "a").extra == {
        "version": "1",
        "color": "red",
        "on": "x",
    }


BROKEN = [
    ("---\npermission:\n  *: deny\n---\n", ":3:", "not valid YAML"),
    ("---\npermission: maybe\n---\n", ":2:", "'maybe' is no action"),
    ("---\npermission:\n  bash: on\n---\n", ":3:", "'on' is no action"),
    ("---\npermission:\n  bash:\n    ls: yes\n---\n", ":4:", "'yes' is no action"),
    ("---\npermission:\n  - bash\n---\n", ":2:", "a word or a map"),
    ("---\nname: a\nname: b\n---\n", ":3:", "stands twice"),
    ("---\na: &x 1\nb: *x\n---\n", ":2:", "anchors and aliases"),
    ("---\nname: a\n", ":1:", "never closed"),
    ("---\njust words\n---\n", "", "key: value"),
    ("---\ntools:\n  bash: maybe\n---\n", ":3:", "true or false"),
    ("---\nname: [a]\n---\n", "", "must be text"),
]


@pytest.mark.parametrize(("text", "place", "says"), BROKEN)
def test_a_broken_file_is_an_error_with_its_place(text, place, says):
    with pytest.raises(AgentError) as caught:
        parse(text, "a", shown="agents/a.md")
    assert f"agents/a.md{place}" in str(caught.value)
    assert says in str(caught.value)


def test_the_users_own_file_loads_unchanged():
    if not SEED.exists():
        pytest.skip("../shared/seed is not here")
    agent = load(SEED, "backend-architect")
    bash = [(rule.pattern, rule.action) for rule in agent.rules if rule.permission == "bash"]
    assert bash == [
        ("*", "ask"), ("git status*", "allow"), ("git log*", "allow"), ("git diff*", "allow"), ("npm*", "allow"), ("pip*", "allow"),
    ]  # fmt: skip
    assert agent.model == "github-copilot/claude-sonnet-4.5"
    assert agent.prompt.startswith("You are a senior backend system architect")


def test_the_workspace_wins_over_the_user_and_the_bundle(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    ws = tmp_path / "ws"
    for folder, words in (
        (tmp_path / "home/.config/archnb/agents", "user"),
        (ws / ".opencode/agent", "old"),
        (ws / "agents", "workspace"),
    ):
        folder.mkdir(parents=True)
        (folder / "mine.md").write_text(words)
    assert find("mine", ws).prompt == "workspace"
    assert {name: origin for name, origin, _ in available(ws)} == {
        "backend-architect": "bundled",
        "mine": "workspace",
    }
    with pytest.raises(AgentError, match="no agent 'yours'"):
        find("yours", ws)
