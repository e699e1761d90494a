"""A written file has the given content, and what the old one had otherwise."""

import asyncio
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archnb.errors import WorkspaceError
from archnb.permission.requests import Changes, Diff
from archnb.tools import write
from archnb.tools.base import Context, ToolError
from archnb.workspace import Workspace


def apply(workspace, path, content):
    given_input = {"filePath": path, "content": content}
    request = write.TOOL.request(given_input, workspace)
    return request, asyncio.run(write.TOOL.run(given_input, Context(workspace), request))


def test_write_creates_folders_and_shows_a_new_file(tmp_path):
    request, output = apply(Workspace.at(tmp_path), "a/b/c.md", "hello\n")
    assert (tmp_path / "a/b/c.md").read_text() == "hello\n"
    assert request.preview == Changes((Diff("a/b/c.md", None, "hello\n"),))
    assert request.title == "create a/b/c.md (creates 2 folders)"
    assert output.changes[0].before is None


# name, file before, content, file after
KEPT = [
    ("line feeds", b"a\nb\n", "c\n", b"c\n"),
    ("crlf throughout", b"a\r\nb\r\n", "c\nd\n", b"c\r\nd\r\n"),
    ("mixed", b"a\r\nb\n", "c\nd\n", b"c\nd\n"),
    ("crlf, given so", b"a\r\n", "c\r\nd\n", b"c\r\nd\n"),
    ("bom", b"\xef\xbb\xbfa", "b", b"\xef\xbb\xbfb"),
    ("bom, given so", b"\xef\xbb\xbfa", "\ufeffb", b"\xef\xbb\xbfb"),
    ("no bom, given one", b"a", "\ufeffb", b"\xef\xbb\xbfb"),
    ("utf-16", "\ufeffa\r\n".encode("utf-16-be"), "é\n", "\ufeffé\r\n".encode("utf-16-be")),
    ("latin-1", "é".encode("latin-1"), "è", "è".encode("latin-1")),
    ("cp1252", "“é”".encode("cp1252"), "€", "€".encode("cp1252")),
    ("no final line feed", b"a", "b\n", b"b\n"),
]


@pytest.mark.parametrize(("name", "before", "content", "after"), KEPT, ids=[k[0] for k in KEPT])
def test_encoding_and_line_endings_are_kept(name, before, content, after, tmp_path):
    (tmp_path / "f").write_bytes(before)
    (tmp_path / "f").chmod(0o750)
    request, output = apply(Workspace.at(tmp_path), "f", content)
    assert (tmp_path / "f").read_bytes() == after == output.changes[0].after
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o750
    (diff,) = request.preview.diffs
    assert diff.after.encode(diff.encoding) == after


REFUSED = [
    ("f", "same\n", "already says that"),
    ("folder", "x", "is a folder"),
    ("new/", "x", "is a folder"),
    ("f", "\ud800", "cannot hold"),
    ("latin", "日", "latin-1 text and cannot hold"),
    ("../out", "x", "outside"),
    ("link/out", "x", "outside"),
    ("binary", "x", "binary"),
]


@pytest.mark.parametrize(("path", "content", "says"), REFUSED)
def test_what_cannot_be_written_says_why(path, content, says, tmp_path):
    root = tmp_path / "ws"
    root.mkdir()
    (root / "f").write_text("same\n")
    (root / "latin").write_bytes(b"\xe9")
    (root / "binary").write_bytes(b"\0")
    (root / "folder").mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises((ToolError, WorkspaceError), match=says):
        apply(Workspace.at(root), path, content)
    assert not (tmp_path / "out").exists()


def test_a_text_that_a_person_changed_and_the_encoding_cannot_hold(tmp_path):
    (tmp_path / "f").write_bytes(b"\xe9")
    workspace = Workspace.at(tmp_path)
    given_input = {"filePath": "f", "content": "e"}
    request = write.TOOL.request(given_input, workspace).edited("日")
    with pytest.raises(ToolError, match="cannot hold '日'"):
        asyncio.run(write.TOOL.run(given_input, Context(workspace), request))
    assert (tmp_path / "f").read_bytes() == b"\xe9"


def test_a_link_below_the_root_is_written_through(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    request, _ = apply(Workspace.at(tmp_path), "link/a", "x")
    assert request.patterns == ("real/a",)
    assert (tmp_path / "real/a").read_text() == "x"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.text(max_size=40))
def test_what_is_shown_is_what_stands_there(tmp_path_factory, before, content):
    folder = tmp_path_factory.mktemp("write")
    (folder / "f").write_bytes(before)
    try:
        request, _ = apply(Workspace.at(folder), "f", content)
    except (ToolError, WorkspaceError):
        assert (folder / "f").read_bytes() == before
        return
    (diff,) = request.preview.diffs
    assert diff.before.encode(diff.encoding) == before
    assert diff.after.encode(diff.encoding) == (folder / "f").read_bytes()
