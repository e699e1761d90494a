"""Where agents are found, which file a name means, and what is not an agent."""

import pytest

from archnb.agents import available, find, listing
from archnb.errors import AgentError


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write files below a home and a workspace: {"home/…": text, "ws/…": text}; give the latter."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "ws").mkdir()

    def write(**texts):
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "ws"

    return write


ORDER = [
    "home/.config/archnb/agents/mine.md",
    "home/.config/opencode/agents/mine.md",
    "ws/.opencode/agent/mine.md",
    "ws/.archnb/agents/mine.md",
    "ws/agents/mine.md",
    "ws/sub/.opencode/agents/mine.md",
    "ws/sub/deep/agents/mine.md",
]


def test_later_places_win(files):
    for count in range(1, len(ORDER) + 1):
        ws = files(**{ORDER[count - 1]: f"prompt {count}"})
        agent = find("mine", ws, ws / "sub" / "deep")
        assert agent.prompt == f"prompt {count}"
        assert agent.origin == ("user" if count < 3 else "workspace")
    assert find("mine", ws).prompt == "prompt 5"
    assert find("mine", ws, ws.parent).prompt == "prompt 5"


def test_a_name_is_the_path_or_the_front_matters(files):
    ws = files(
        **{
            "ws/agents/team/db.md": "x",
            "ws/agents/file.md": "---\nname: called\n---\ny",
            "ws/agents/broken.md": "---\nname: known\npermission: maybe\n---\n",
        }
    )
    assert find("team/db", ws).prompt == "x"
    assert find("called", ws).name == "called"
    assert find("called", ws).path == "agents/file.md"
    for missing in ("file", "db", "broken"):
        with pytest.raises(AgentError, match=f"There is no agent '{missing}'"):
            find(missing, ws)
    with pytest.raises(AgentError, match=r"broken\.md:3: .*no action"):
        find("known", ws)


def test_one_broken_file_does_not_take_the_others_along(files):
    ws = files(**{"ws/agents/bad.md": "---\n*: deny\n---\n", "ws/agents/good.md": "x"})
    assert find("good", ws).prompt == "x"
    rows = {row.name: row for row in listing(ws)}
    assert set(rows) == {"backend-architect", "bad", "good"}
    assert "agents/bad.md:2:" in rows["bad"].problem
    assert rows["good"].problem == ""
    assert ("good", "workspace", "agents/good.md") in available(ws)
    with pytest.raises(AgentError, match=r"bad\.md:2"):
        find("bad", ws)


TWICE = [
    ("ws/.opencode/agent/a.md", "ws/.opencode/agents/a.md", "a", True),
    ("home/.config/opencode/agent/a.md", "home/.config/opencode/agents/a.md", "a", True),
    ("ws/agents/a.md", "ws/agents/x.md", "a", True),
    ("ws/agents/a.md", "ws/.opencode/agent/a.md", "a", False),
    ("ws/agents/a.md", "ws/agents/below/a.md", "a", False),
]


@pytest.mark.parametrize(("one", "other", "name", "clash"), TWICE)
def test_a_name_twice_in_one_place_names_both_files(files, one, other, name, clash):
    text = "---\nname: a\n---\n" if other.endswith("x.md") else "words"
    ws = files(**{one: "words", other: text, "ws/agents/other.md": "fine"})
    assert find("other", ws).prompt == "fine"
    if not clash:
        assert find(name, ws).name == name
        return
    with pytest.raises(AgentError, match="there twice") as caught:
        find(name, ws)
    for path in (one, other):
        shown = path.removeprefix("ws/").replace("home/", "~/")
        assert shown in str(caught.value)


def test_ordinary_documents_are_no_agents(files):
    ws = files(
        **{
            "ws/agents/README.md": "# About",
            "ws/agents/AGENTS.md": "# About",
            "ws/agents/index.md": "---\ndescription: but this one is\n---\n",
            "ws/agents/node_modules/x/y.md": "x",
            "ws/agents/notes.txt": "x",
        }
    )
    assert [row.name for row in listing(ws)] == ["backend-architect", "index"]


def test_a_link_must_not_lead_out_of_its_place(files, tmp_path):
    ws = files(**{"home/secret.md": "a secret", "ws/agents/real.md": "x", "ws/docs/doc.md": "y"})
    (ws / "agents" / "inside.md").symlink_to("real.md")
    (ws / "agents" / "outside.md").symlink_to(tmp_path / "home" / "secret.md")
    (ws / "agents" / "docs").symlink_to(ws / "docs")
    (ws / "agents" / "loop").symlink_to(ws / "agents")
    (ws / ".opencode").symlink_to(tmp_path / "home")
    assert find("inside", ws).prompt == "x"
    for name in ("outside", "docs/doc"):
        with pytest.raises(AgentError, match="leads out of agents/"):
            find(name, ws)
    assert {row.name for row in listing(ws)} == {
        "backend-architect", "docs/doc", "inside", "outside", "real",
    }  # fmt: skip


def test_a_persons_own_links_are_followed(files, tmp_path):
    ws = files(**{"dotfiles/mine.md": "x", "home/.config/archnb/agents/a.md": "y"})
    (tmp_path / "home/.config/archnb/agents/linked").symlink_to(tmp_path / "dotfiles")
    assert find("linked/mine", ws).prompt == "x"


def test_what_is_switched_off_says_so(files):
    off = "---\ndisable: true\npermission: deny\n---\n"
    ws = files(**{"ws/agents/a.md": off, "home/.config/archnb/agents/b.md": off})
    for name in "ab":
        with pytest.raises(AgentError, match="switched off"):
            find(name, ws)
    files(**{"ws/agents/b.md": "a workspace does not switch it on again"})
    with pytest.raises(AgentError, match=r"switched off in ~/\.config/archnb/agents/b\.md"):
        find("b", ws)


def test_bounds_are_what_holds_without_the_workspace(files):
    ws = files(
        **{
            "home/.config/archnb/agents/mine.md": "---\npermission:\n  edit: deny\n---\n",
            "ws/agents/mine.md": "---\npermission:\n  edit: allow\n---\n",
            "ws/agents/new.md": "x",
            "ws/.archnb/agents/backend-architect.md": "x",
        }
    )
    agent = find("mine", ws)
    assert [rule.action for rule in agent.rules] == ["allow"]
    assert [str(rule) for rule in agent.bounds] == [
        'edit "*": deny, ~/.config/archnb/agents/mine.md:3'
    ]
    assert find("new", ws).bounds == ()
    assert find("backend-architect", ws).bounds[0].permission == "bash"
    assert find("mine", ws.parent / "elsewhere").bounds is None
    files(**{"home/.config/archnb/agents/mine.md": "---\npermission: maybe\n---\n"})
    with pytest.raises(AgentError, match="maybe"):
        find("mine", ws)


def test_the_sources_own_agents_are_the_bundled_ones():
    from archnb.agents import bundled_folder

    found = find("backend-architect", bundled_folder().parent)
    assert (found.origin, found.bounds) == ("bundled", None)
