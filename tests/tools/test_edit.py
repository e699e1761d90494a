"""Edits change what was shown and nothing else, whatever the file's bytes are."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archnb.permission.gate import Diff
from archnb.tools import edit, write
from archnb.tools.base import ToolError
from archnb.workspace import Workspace

FILES = [
    ("crlf", b"one\r\ntwo\r\n", "one\ntwo", "1\n2", b"1\r\n2\r\n"),
    ("bom", b"\xef\xbb\xbfone", "one", "1", b"\xef\xbb\xbf1"),
    ("no final newline", b"a\nb", "b", "c", b"a\nc"),
    ("latin-1", "naïve one".encode("latin-1"), "one", "zwei", "naïve zwei".encode("latin-1")),
    ("unicode", "日本 one".encode(), "one", "два", "日本 два".encode()),
]


def apply(tool, workspace, **given_input):
    request = tool.TOOL.request(given_input, workspace)
    asyncio.run(tool.TOOL.run(given_input, workspace, request))
    return request


@pytest.mark.parametrize(
    ("name", "before", "old", "new", "after"), FILES, ids=[row[0] for row in FILES]
)
def test_bytes_outside_the_passage_stay(name, before, old, new, after, tmp_path):
    (tmp_path / "f").write_bytes(before)
    apply(edit, Workspace.at(tmp_path), filePath="f", oldString=old, newString=new)
    assert (tmp_path / "f").read_bytes() == after


REFUSED = [
    ({"oldString": "x", "newString": "y"}, "Could not find"),
    ({"oldString": "a", "newString": "b"}, "stands 2 times"),
    ({"oldString": "a", "newString": "a"}, "identical"),
    ({"oldString": "", "newString": "b"}, "cannot be empty"),
    ({"oldString": "end", "newString": "…"}, "cannot hold"),
]


@pytest.mark.parametrize(("given_input", "says"), REFUSED)
def test_an_edit_that_cannot_be_done_says_why(given_input, says, tmp_path):
    (tmp_path / "f").write_bytes("a é a end".encode("latin-1"))
    with pytest.raises(ToolError, match=says):
        edit.TOOL.request({"filePath": "f", **given_input}, Workspace.at(tmp_path))


def test_replace_all(tmp_path):
    (tmp_path / "f").write_text("a b a")
    apply(edit, Workspace.at(tmp_path), filePath="f", oldString="a", newString="c", replaceAll=True)
    assert (tmp_path / "f").read_text() == "c b c"


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(head=text, old=text.filter(bool), tail=text, new=text)
def test_an_edit_changes_only_its_passage(tmp_path_factory, head, old, tail, new):
    folder = tmp_path_factory.mktemp("edit")
    content = (head + old + tail).encode()
    (folder / "f").write_bytes(content)
    if content.decode().count(old) != 1 or old == new:
        return
    request = apply(edit, Workspace.at(folder), filePath="f", oldString=old, newString=new)
    assert (folder / "f").read_bytes() == (head + new + tail).encode()
    assert request.preview == Diff("f", head + old + tail, head + new + tail)


def test_write_creates_folders_and_shows_a_new_file(tmp_path):
    request = apply(write, Workspace.at(tmp_path), filePath="a/b/c.md", content="hello\n")
    assert (tmp_path / "a/b/c.md").read_text() == "hello\n"
    assert request.preview == Diff("a/b/c.md", None, "hello\n")
    assert request.title == "create a/b/c.md"
