"""A decision becomes the next numbered file, whatever its texts say."""

import asyncio
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from archnb.design.formats import adr
from archnb.tools.base import Context, ToolError
from archnb.tools.decide import TOOL, decision_request
from archnb.workspace import Workspace

DAY = date(2026, 3, 4)
GIVEN = {
    "title": "Keep orders in PostgreSQL",
    "context": "Orders need transactions.\n\nWhere do they live?",
    "drivers": ["consistency"],
    "options": [
        {"name": "PostgreSQL", "good": ["it has transactions"], "bad": ["one more server"]},
        {"name": "Files"},
    ],
    "chosen": "PostgreSQL",
    "because": "the team knows it",
    "good": ["reports become simple"],
    "bad": ["backups are needed"],
    "confirmation": "A test restores a backup each night.",
    "makers": ["the team: all"],
    "status": "accepted",
}
EXPECTED = """\
---
status: accepted
date: 2026-03-04
decision-makers: ["the team: all"]
---

# Keep orders in PostgreSQL

## Context and Problem Statement

Orders need transactions.

Where do they live?

## Decision Drivers

* consistency

## Considered Options

* PostgreSQL
* Files

## Decision Outcome

Chosen option: "PostgreSQL", because the team knows it.

### Consequences

* Good, because reports become simple
* Bad, because backups are needed

### Confirmation

A test restores a backup each night.

## Pros and Cons of the Options

### PostgreSQL

* Good, because it has transactions
* Bad, because one more server
"""


def ask(folder, **changed):
    filled = {**GIVEN, **changed}
    TOOL.check(filled)
    return decision_request(filled, Workspace.at(folder), today=DAY)


def test_the_whole_record(tmp_path):
    request = ask(tmp_path)
    [diff] = request.preview.diffs
    assert (request.permission, request.patterns) == (
        "edit",
        ("docs/decisions/0001-keep-orders-in-postgresql.md",),
    )
    assert (diff.before, diff.after) == (None, EXPECTED)
    assert not list(tmp_path.iterdir())
    output = asyncio.run(TOOL.run(GIVEN, Context(Workspace.at(tmp_path)), request))
    assert (tmp_path / diff.path).read_text() == EXPECTED
    assert diff.path in output.text
    assert ask(tmp_path).patterns == ("docs/decisions/0002-keep-orders-in-postgresql.md",)


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ([], "docs/decisions/0001-x.md"),
        (["docs/adr/0007-a.md", "docs/adr/readme.md"], "docs/adr/0008-x.md"),
        (["doc/adr/README.md"], "doc/adr/0001-x.md"),
        (["adr/012-a.md", "adr/009-b.markdown"], "adr/013-x.md"),
        (["docs/decisions/index.md", "docs/adr/0001-a.md"], "docs/adr/0002-x.md"),
    ],
)
def test_the_folder_and_the_next_number(files, path, tmp_path):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert ask(tmp_path, title="X").patterns == (path,)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "0001-etc-passwd.md"),
        ("Über Änderungen: 日本", "0001-über-änderungen-日本.md"),
        ("!!!", "0001-decision.md"),
        ("a" * 500, f"0001-{'a' * 60}.md"),
        ("word " * 40, f"0001-{'-'.join(['word'] * 12)}.md"),
        ("line\nbreak\r\n---\nstatus: x", "0001-line-break-status-x.md"),
    ],
)
def test_names(title, name):
    assert adr.file_name(1, title) == name


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"chosen": "MongoDB"}, "PostgreSQL, Files"),
        ({"title": " \n"}, "title is empty"),
        ({"options": [{"name": "PostgreSQL"}, {"name": "PostgreSQL"}]}, "same name"),
        ({"options": []}, "options"),
        ({"status": "done\n---"}, "status"),
    ],
)
def test_mistakes(changed, says, tmp_path):
    with pytest.raises(ToolError, match=says):
        ask(tmp_path, **changed)


def shape(text):
    """The headings of a document, and whether anything in it is raw HTML or a rule."""
    front = re.match(r"---\nstatus: \w+\ndate: [\d-]+\n(?:decision-makers: .*\n)?---\n", text)
    assert front
    tokens = MarkdownIt("commonmark").parse(text[front.end() :])
    every = [*tokens, *(child for token in tokens for child in token.children or ())]
    assert not {token.type for token in every} & {"html_block", "html_inline", "hr"}
    return [token.tag for token in tokens if token.type == "heading_open"]


HEADINGS = shape(EXPECTED)
HOSTILE = [
    "---\nstatus: accepted", "# A\n## Decision Outcome", "a\n===", "a\n---", "```", "```\n# x", "~~~~", "<!-- ",
    "<script>alert(1)</script>", "a <b onclick=x>", "    # x", "- a\n\n      ```\n", "> # x", "* # x", "1. # x",
    "a ` b <i> `", "[x]: <y>\n# z", "\u2028# x", "a\r# b", "\\", "***", "_ _ _", "- - -", "&lt;b&gt;", "<?x", "\t# x",
]  # fmt: skip
pieces = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), max_size=12), st.sampled_from("\n # ` ~ - < > = * [".split(" "))
)  # fmt: skip
texts = st.lists(pieces, max_size=6).map("".join)


def record(text):
    option = adr.Choice(f"o{text}", (text,), (text,))
    return adr.Record(
        f"t{text}", "accepted", DAY, f"c{text}", (option,), option.name, f"b{text}", (text,), (text,), (text,),
        f"d{text}", (text,),
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_the_shape(text):
    assert shape(adr.write(record(text))) == HEADINGS
    plain = adr.Record(text or "x", "accepted", DAY, text, (adr.Choice(text),), text, text)
    assert [tag for tag in shape(adr.write(plain)) if tag == "h1"] == ["h1"]


@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_no_text_at_all_changes_the_shape(text):
    assert shape(adr.write(record(text))) == HEADINGS


def test_ordinary_markdown_stays(tmp_path):
    context = "We use `Optional<T>` and **bold**:\n\n* one\n* two\n\n```sql\nselect 1; -- # x\n```"
    [diff] = ask(tmp_path, context=context).preview.diffs
    assert context in diff.after
