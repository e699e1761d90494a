"""What a person accepted: kept outside the workspace, for exact bytes, and taken back."""

import asyncio
import json
import os
import subprocess
import sys

import pytest

from archnb import events
from archnb.conversation import Text, ToolCall
from archnb.permission.requests import Grant, Reply
from archnb.providers.scripted import Scripted
from archnb.session.session import Session
from archnb.session.trust import Accepted, Trust
from archnb.workspace import Workspace

A, B = "a" * 64, "b" * 64
GRANT = Grant("bash", "make test", "agent", "mine", access="network")


@pytest.fixture
def ws(tmp_path):
    (tmp_path / "ws").mkdir()
    return tmp_path / "ws"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "home" / ".config" / "archnb"


def test_accepted_is_that_content_in_that_workspace(ws, folder, tmp_path):
    trust = Trust.load(folder)
    assert not trust.accepts(ws, A)
    trust.accept(ws, "mine", "agents/mine.md", A)
    trust.accept(ws, "mine", "agents/mine.md", A)
    for store in (trust, Trust.load(folder)):
        assert store.accepts(ws, A)
        assert store.accepts(ws / ".." / "ws", A)
        assert not store.accepts(ws, B)
        assert not store.accepts(ws, "")
        assert not store.accepts(tmp_path, A)
        assert store.entries() == (Accepted(str(ws.resolve()), "mine", "agents/mine.md", A),)
    Trust.load(folder).forget(ws, A)
    assert not trust.accepts(ws, A), "taken back elsewhere is gone here"
    assert trust.notice == ""


def test_grants_belong_to_one_agent_file(ws, folder):
    trust = Trust.load(folder)
    trust.grant(ws, A, GRANT)
    other = Grant("edit", "docs/*", "agent", "mine")
    Trust.load(folder).grant(ws, A, other)
    assert trust.grants(ws, A) == [GRANT, other]
    assert trust.grants(ws, B) == []
    assert not trust.accepts(ws, A)
    trust.revoke(ws, A, GRANT)
    trust.forget(ws, A)
    assert Trust.load(folder).grants(ws, A) == [other]


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_only_its_owner_can_look_into_it(ws, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    Trust.load(folder).accept(ws, "mine", "x", A)
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()}
    assert modes == {"trust.json": "0o600", "trust.lock": "0o600"}


BROKEN = [
    "", "{", "[]", "null", "\ud800", '{"version": 2}', '{"version": 1, "accepted": 3}',
    '{"version": 1, "accepted": [{"root": 1}], "granted": []}',
    '{"version": 1, "accepted": [], "granted": [{"root": "/"}]}', "[" * 100_000,
    json.dumps({"version": 1, "accepted": [], "granted": [
        dict.fromkeys("root digest permission pattern agent folder warning access".split(), "all")
    ]}),
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=lambda text: text[:30])
def test_a_broken_file_is_set_aside(ws, folder, content):
    folder.mkdir(parents=True)
    file = folder / "trust.json"
    file.write_bytes(content.encode("utf-8", "surrogatepass"))
    trust = Trust.load(folder)
    assert not trust.accepts(ws, A)
    assert "it is set aside as trust.broken-1.json" in trust.notice
    assert (folder / "trust.broken-1.json").stat().st_size == len(
        content.encode("utf-8", "surrogatepass")
    )
    trust.accept(ws, "mine", "x", A)
    assert Trust.load(folder).accepts(ws, A)


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_a_file_that_others_can_write_is_not_believed(ws, folder):
    Trust.load(folder).accept(ws, "mine", "x", A)
    (folder / "trust.json").chmod(0o666)
    trust = Trust.load(folder)
    assert not trust.accepts(ws, A)
    assert "others can write it" in trust.notice


def test_a_file_inside_the_workspace_is_never_believed_nor_written(ws):
    folder = ws / ".config" / "archnb"
    Trust.load(folder).accept(ws.parent / "elsewhere", "mine", "x", B)
    file = folder / "trust.json"
    planted = json.loads(file.read_text())
    planted["accepted"][0] |= {"root": str(ws.resolve()), "digest": A}
    file.write_text(json.dumps(planted))
    before = file.read_bytes()
    trust = Trust.load(folder)
    assert not trust.accepts(ws, A)
    trust.accept(ws, "mine", "x", B)
    assert trust.accepts(ws, B)
    assert "lies in this workspace" in trust.notice
    assert file.read_bytes() == before
    trust.forget(ws, B)
    assert not trust.accepts(ws, B)


def test_with_no_home_it_works_in_memory_and_says_so(ws, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    trust = Trust.load()
    assert "no home folder" in trust.notice
    trust.accept(ws, "mine", "x", A)
    trust.grant(ws, A, GRANT)
    assert trust.accepts(ws, A)
    assert trust.grants(ws, A) == [GRANT]
    trust.revoke(ws, A, GRANT)
    assert trust.grants(ws, A) == []


def test_where_nothing_can_be_written_it_holds_for_this_run(ws, tmp_path):
    (tmp_path / "file").write_text("no folder")
    trust = Trust.load(tmp_path / "file" / "archnb")
    trust.accept(ws, "mine", "x", A)
    assert trust.accepts(ws, A)
    assert "kept for this run only" in trust.notice


def test_the_home_folder_is_the_place(ws, tmp_path, monkeypatch):
    home = tmp_path / "me"
    monkeypatch.setenv("USERPROFILE" if os.name == "nt" else "HOME", str(home))
    Trust.load().accept(ws, "mine", "x", A)
    assert (home / ".config" / "archnb" / "trust.json").is_file()


MANY = """
import sys
from pathlib import Path
from archnb.permission.requests import Grant
from archnb.session.trust import Trust

trust = Trust.load(Path(sys.argv[1]))
for number in range(25):
    trust.grant(Path(sys.argv[2]), "a" * 64, Grant("bash", f"{sys.argv[3]}-{number}", "agent", "mine"))
assert trust.notice == "", trust.notice
"""


def test_kernels_at_the_same_instant_lose_no_entry(ws, folder):
    started = [
        subprocess.Popen([sys.executable, "-c", MANY, str(folder), str(ws), name])
        for name in ("one", "two", "three")
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    kept = {grant.pattern for grant in Trust.load(folder).grants(ws, A)}
    assert kept == {f"{name}-{number}" for name in ("one", "two", "three") for number in range(25)}


def test_what_another_set_right_meanwhile_is_not_set_aside(ws, folder):
    """Two kernels see the same broken file; the second must not throw out what the first wrote."""
    folder.mkdir(parents=True)
    file = folder / "trust.json"
    file.write_text("{")
    first, second = Trust.load(folder), Trust.load(folder)
    first.accept(ws, "mine", "x", A)
    second.accept(ws, "mine", "x", B)
    assert {entry.digest for entry in Trust.load(folder).entries()} == {A, B}
    assert [path.name for path in folder.glob("trust.broken-*")] == ["trust.broken-1.json"]


def test_a_lock_that_its_holder_died_with_is_free(ws, folder):
    dying = "import os, sys; from pathlib import Path; from archnb.session.trust import _alone\n"
    dying += "with _alone(Path(sys.argv[1])): os._exit(9)"
    file = folder / "trust.json"
    assert subprocess.run([sys.executable, "-c", dying, str(file)], check=False).returncode == 9
    trust = Trust.load(folder)
    trust.accept(ws, "mine", "x", A)
    assert trust.notice == ""
    assert Trust.load(folder).accepts(ws, A)


LOOSE = "---\ndescription: loose\npermission:\n  bash:\n    pwd: allow\n---\nYou look.\n"


@pytest.mark.parametrize("home", ["", "file"])
def test_a_session_without_a_place_to_keep_it_asks_and_says_so_once(home, tmp_path, monkeypatch):
    """F6: no home folder, or a file where the folder of settings should be."""
    (tmp_path / "file").write_text("no folder")
    for name in ("HOME", "USERPROFILE"):
        if home:
            monkeypatch.setenv(name, str(tmp_path / home))
        else:
            monkeypatch.delenv(name, raising=False)
    work = tmp_path / "work"
    (work / "agents").mkdir(parents=True)
    (work / "agents" / "looker.md").write_text(LOOSE)
    asked = []

    async def approve(ask):
        asked.append(ask.request.title)
        return Reply("once")

    turn = [[ToolCall("1", "bash", {"command": "rm -f x"})], [Text("done")]]
    session = Session(Workspace.at(work), "looker", environment={}, provider=Scripted(turn * 2))

    async def play():
        return [event async for event in session.run("go", approve)]

    ends = []
    for _ in range(2):
        (end,) = [event for event in asyncio.run(play()) if isinstance(event, events.RunEnded)]
        ends.append((end.reason, end.message))
    assert asked == ["trust agents/looker.md", "run rm -f x", "run rm -f x"]
    assert "kept for this run only" in ends[0][1]
    assert ends == [("done", ends[0][1]), ("done", "")]
