"""Paths cannot leave the workspace, writes are whole or not at all."""

import os
import stat

import pytest

from archnb.errors import WorkspaceError
from archnb.workspace import Workspace, decode


@pytest.fixture
def ws(tmp_path):
    (tmp_path / "ws").mkdir()
    (tmp_path / "secret").write_text("s")
    return Workspace.at(tmp_path / "ws")


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "/etc/passwd",
        "a/../../secret",
        "~/x",
        "",
        "a\0b",
        "a\nb",
        "link/secret",
        "linkfile",
    ],
)
def test_a_path_outside_is_refused(ws, path):
    (ws.root / "link").symlink_to(ws.root.parent)
    (ws.root / "linkfile").symlink_to(ws.root.parent / "secret")
    with pytest.raises(WorkspaceError):
        ws.resolve(path)


@pytest.mark.parametrize(
    "path", [".", "a.sql", "./x/../a.sql", "docs/ADR 001 – Ümlaut.md", "...", "a..b"]
)
def test_a_path_inside_is_fine(ws, path):
    assert ws.resolve(path).is_relative_to(ws.root)


def test_a_write_keeps_the_mode_and_returns_the_before_image(ws):
    file = ws.root / "run.sh"
    file.write_bytes(b"one")
    file.chmod(0o755)
    change = ws.write("run.sh", b"two", expect=b"one")
    assert (change.before, change.after, file.read_bytes()) == (b"one", b"two", b"two")
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    assert [path.name for path in ws.root.iterdir()] == ["run.sh"]


def test_a_file_that_is_not_what_was_shown_is_left_alone(ws):
    (ws.root / "a").write_text("mine")
    for expect in (b"other", None):
        with pytest.raises(WorkspaceError, match="changed since"):
            ws.write("a", b"theirs", expect=expect)
    assert (ws.root / "a").read_text() == "mine"
    with pytest.raises(WorkspaceError, match="changed since"):
        ws.write("gone", b"x", expect=b"was here")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_says_so(ws):
    ws.root.chmod(0o555)
    with pytest.raises(WorkspaceError, match="cannot be written"):
        ws.write("a", b"x", expect=None)


def test_a_write_below_a_file_says_so_and_leaves_nothing(ws):
    (ws.root / "a").write_text("x")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        ws.write("a/b", b"x", expect=None)
    assert [path.name for path in ws.root.iterdir()] == ["a"]


def test_a_missing_file_suggests_its_neighbours(ws):
    (ws.root / "schema.sql").touch()
    with pytest.raises(WorkspaceError) as caught:
        ws.read_bytes("shema.sql")
    assert "Did you mean schema.sql?" in caught.value.hint


@pytest.mark.parametrize(
    "content", ["naïve".encode(), "naïve".encode("latin-1"), b"\xef\xbb\xbfbom", b"a\r\nb"]
)
def test_text_goes_back_to_the_same_bytes(content):
    text, encoding = decode(content, "x")
    assert text.encode(encoding) == content


SENSITIVE = [
    ".git/hooks/pre-commit",
    "a/.ENV",
    ".env.local",
    "conftest.py",
    "Makefile",
    "keys/id_rsa",
    "x.pem",
    ".github/workflows/ci.yml",
    "agents/../.ssh/config",
]


@pytest.mark.parametrize("path", SENSITIVE)
def test_places_that_decide_what_runs_later_have_a_warning(ws, path):
    assert ws.warning(path)


@pytest.mark.parametrize("path", ["db/schema.sql", "docs/keys.md", "environment.yaml", "git.md"])
def test_ordinary_files_have_none(ws, path):
    assert ws.warning(path) == ""
