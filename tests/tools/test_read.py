"""read gives numbered lines within its limits, folders, notebooks, and pictures as pictures."""

import asyncio
import json

import pytest

from archnb.errors import WorkspaceError
from archnb.tools import read
from archnb.tools.base import Context, ToolError
from archnb.workspace import Workspace


def call(root, name, content=None, **given):
    if content is not None:
        (root / name).write_bytes(content)
    given = {"filePath": name, **given}
    workspace = Workspace.at(root)
    read.TOOL.check(given)
    request = read.TOOL.request(given, workspace)
    return asyncio.run(read.TOOL.run(given, Context(workspace), request))


TEN = b"".join(b"line %d\n" % number for number in range(1, 11))


@pytest.mark.parametrize(
    ("content", "given", "expected"),
    [
        (b"a\nb\n", {}, "1: a\n2: b\n(End of file - total 2 lines)"),
        (b"a\r\nb\rc", {}, "1: a\n2: b\n3: c\n(End of file - total 3 lines)"),
        (b"a\x0cb\xe2\x80\xa8c\n", {}, "1: a\x0cb\u2028c\n(End of file - total 1 lines)"),
        (b"\xef\xbb\xbfa", {}, "1: a\n(End of file - total 1 lines)"),
        ("naïve".encode("latin-1"), {}, "1: naïve\n(End of file - total 1 lines)"),
        (b"", {}, "(End of file - total 0 lines)"),
        (b"\n\n", {}, "1: \n2: \n(End of file - total 2 lines)"),
        (
            TEN,
            {"offset": 4, "limit": 2},
            "4: line 4\n5: line 5\n(Showing lines 4-5 of 10. Use offset=6 to continue.)",
        ),
        (TEN, {"offset": 10}, "10: line 10\n(End of file - total 10 lines)"),
        (TEN, {"offset": 9, "limit": 99_999}, "9: line 9\n10: line 10\n(End of file - total 10"),
    ],
)
def test_text(tmp_path, content, given, expected):
    assert call(tmp_path, "f.txt", content, **given).text.startswith(expected)


def test_long_lines_and_long_files_say_so(tmp_path):
    text = call(tmp_path, "wide.txt", b"x" * 5000).text
    assert "x... (line truncated to 2000 chars)" in text
    text = call(tmp_path, "big.txt", ("é" * 99 + "\n").encode() * 1500).text
    assert len(text.encode()) < 51_500
    assert "(Output capped at 50 KB. Showing lines 1-" in text
    text = call(tmp_path, "many.txt", b"\n" * 5000).text
    assert text.endswith("(Showing lines 1-2000 of 5000. Use offset=2001 to continue.)")


def test_pages_meet(tmp_path):
    content = b"".join(b"%d" % number + b"y" * 300 + b"\n" for number in range(700))
    lines, offset = [], 1
    while True:
        text = call(tmp_path, "f.txt", content, offset=offset).text
        *page, tail = text.split("\n")
        lines += [line.partition(": ")[2] for line in page]
        if tail.startswith("(End of file"):
            break
        offset = int(tail.split("offset=")[1].split(" ")[0])
    assert "\n".join(lines).encode() + b"\n" == content


def test_an_offset_behind_the_end_is_said(tmp_path):
    with pytest.raises(ToolError, match=r"Offset 11 is out of range for f.txt \(10 lines\)"):
        call(tmp_path, "f.txt", TEN, offset=11)


def test_a_folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("")
    assert call(tmp_path, ".").text == "a.txt\nsub/\n(2 entries)"
    assert call(tmp_path, ".", limit=1).text.startswith("a.txt\n(Showing entries 1-1 of 2.")
    assert call(tmp_path, "sub").text == "(empty folder)"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        ("wrong-name.txt", b"\xff\xd8\xff\xe0\0", "image/jpeg"),
        ("a.gif", b"GIF89a\0", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("a.pdf", b"%PDF-1.7\n\0", "application/pdf"),
    ],
)
def test_pictures(tmp_path, name, content, kind):
    output = call(tmp_path, name, content)
    assert [(image.data, image.media_type) for image in output.images] == [(content, kind)]
    assert output.text.startswith(f"{name}: ")


def test_a_picture_too_large_is_said(tmp_path):
    with pytest.raises(ToolError, match="at most 5,000,000 can be shown"):
        call(tmp_path, "a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 5_000_000)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.bin", b"\x7fELF\0\0", "binary"),
        ("schema.sq", None, "Did you mean schema.sql"),
        ("no/such", None, "does not exist"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path, name, content, said):
    (tmp_path / "schema.sql").write_text("")
    with pytest.raises(WorkspaceError, match=said):
        call(tmp_path, name, content)


NOTEBOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "markdown", "source": ["# Title\n", "words"]},
        {
            "cell_type": "code",
            "source": "print(1)",
            "outputs": [
                {"output_type": "stream", "text": ["\x1b[31m1\x1b[0m\n"] * 30},
                {
                    "output_type": "display_data",
                    "data": {"image/png": "AAAA", "text/plain": "<Figure>"},
                },
                {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []},
            ],
        },
        "no cell",
        {"cell_type": "code", "source": None, "outputs": 3},
    ],
}


def test_a_notebook_is_its_cells(tmp_path):
    text = call(tmp_path, "n.ipynb", json.dumps(NOTEBOOK).encode()).text
    assert text.startswith("(A notebook, shown as its cells")
    for expected in (
        "1: # %% cell 1, markdown\n2: # Title\n3: words",
        ": # %% cell 2, code\n",
        ": #   1\n",
        ": #   ... (10 more lines)",
        ": # output (also as image/png):",
        ": #   ValueError: no",
    ):
        assert expected in text
    assert "AAAA" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("content", [b"{", b"[]", b"[" * 100_000, b'{"cells": 3}', b"words"])
def test_what_only_calls_itself_a_notebook_is_read_as_text(tmp_path, content):
    assert call(tmp_path, "n.ipynb", content).text.startswith("1: ")


def test_keys_are_warned_of(tmp_path):
    (tmp_path / ".env").write_text("x")
    assert read.TOOL.request({"filePath": ".env"}, Workspace.at(tmp_path)).warning


@pytest.mark.parametrize("target", [".env", "db"])
def test_a_file_that_became_a_link_is_not_read(tmp_path, target):
    (tmp_path / ".env").write_text("KEY=x")
    (tmp_path / "db").mkdir()
    (tmp_path / "plain").write_text("x")
    workspace = Workspace.at(tmp_path)
    request = read.TOOL.request({"filePath": "plain"}, workspace)
    (tmp_path / "plain").unlink()
    (tmp_path / "plain").symlink_to(target)
    with pytest.raises(WorkspaceError, match="leads elsewhere since"):
        asyncio.run(read.TOOL.run({"filePath": "plain"}, Context(workspace), request))
