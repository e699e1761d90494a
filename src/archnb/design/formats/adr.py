"""Architecture decisions as Markdown Any Decision Records (MADR 4): written, one to a file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from archnb.html import visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

STATUSES = ("proposed", "accepted", "rejected", "deprecated")
_LONGEST_NAME = 60  # characters of a title in a file's name
_LONGEST_TITLE = 200
# What would give the document another shape than its template.
_SHAPES = frozenset({"heading_open", "html_block", "html_inline", "hr"})
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#+~|!=&-])")
_OPENED = re.compile(r"<[?!/A-Za-z]")  # the end of a tag may come with the words behind it
_NUMBERED = re.compile(r"^(\d+)([.)])", re.MULTILINE)
_END = "the end of what was written"


@dataclass(frozen=True, slots=True)
class Choice:
    """One considered option, with what speaks for and against it."""

    name: str
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A decision with its reasons; ``chosen`` is the name of one of ``options``.

    ``context`` and ``confirmation`` are Markdown paragraphs, the rest single lines.
    """

    title: str
    status: str
    day: date
    context: str
    options: tuple[Choice, ...]
    chosen: str
    because: str
    drivers: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    confirmation: str = ""
    makers: tuple[str, ...] = ()


def write(record: Record) -> str:
    """The record as MADR 4 (adr.github.io/madr) has it, empty sections left out.

    Texts cannot change the shape of the document: what would be a heading, raw HTML, a rule or a
    fence without an end stands there as plain text.

    >>> from datetime import date
    >>> choices = (Choice("PostgreSQL", good=("known to the team",)), Choice("MongoDB"))
    >>> print(write(Record("Store orders", "accepted", date(2026, 1, 2), "Where do orders live?",
    ...     choices, "PostgreSQL", "it has transactions")))  # doctest: +ELLIPSIS
    ---
    status: accepted
    date: 2026-01-02
    ---
    <BLANKLINE>
    # Store orders
    ...
    Chosen option: "PostgreSQL", because it has transactions.
    ...
    """
    makers = json.dumps([_plain(each) for each in record.makers], ensure_ascii=False)
    consequences = _arguments(record.good, record.bad)
    sections = [
        "---",
        f"status: {record.status}",
        f"date: {record.day.isoformat()}",
        *([f"decision-makers: {makers}"] if record.makers else []),
        "---",
        "",
        f"# {line(_plain(record.title)[:_LONGEST_TITLE])}",
        *_section("## Context and Problem Statement", paragraphs(record.context)),
        *_section("## Decision Drivers", "\n".join(f"* {line(each)}" for each in record.drivers)),
        *_section(
            "## Considered Options", "\n".join(f"* {line(each.name)}" for each in record.options)
        ),
        *_section("## Decision Outcome", _outcome(record)),
        *_section("### Consequences", consequences),
        *_section("### Confirmation", paragraphs(record.confirmation)),
    ]
    argued = [each for each in record.options if each.good or each.bad]
    if argued:
        sections += ["", "## Pros and Cons of the Options"]
    for each in argued:
        sections += _section(f"### {line(each.name)}", _arguments(each.good, each.bad))
    return "\n".join(sections) + "\n"


def file_name(number: int, title: str, *, width: int = 4) -> str:
    """Such as ``0007-store-orders-in-postgresql.md``; letters of any script stay.

    >>> file_name(7, "Store orders in PostgreSQL!")
    '0007-store-orders-in-postgresql.md'
    """
    import unicodedata

    words = re.split(r"[\W_]+", unicodedata.normalize("NFKC", title).casefold())
    name = "-".join(filter(None, words))
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME + 1].rpartition("-")[0] or name[:_LONGEST_NAME]
    return f"{number:0{width}}-{name or 'decision'}.md"


def line(text: str) -> str:
    """``text`` as one line of Markdown that is a paragraph and nothing else."""
    flat = _plain(text)
    tokens = _markdown().parse(flat)
    kinds = [token.type for token in tokens]
    inside = {child.type for token in tokens for child in token.children or ()}
    plain = kinds == ["paragraph_open", "inline", "paragraph_close"] and not inside & _SHAPES
    item = _markdown().parse(f"* {flat}")
    listed = len(item) > 3 and item[3].type == "inline" and item[3].content == flat
    if plain and listed and not _OPENED.search(flat):
        return flat
    return _escaped(flat)


def paragraphs(text: str) -> str:
    """``text`` as Markdown that keeps the shape of what stands around it; else as plain text."""
    shown = visible(text.replace("\r", "\n")).replace("\t", "    ").strip()
    tokens = _markdown().parse(f"{shown}\n\n{_END}")
    inside = {child.type for token in tokens for child in token.children or ()}
    last = tokens[-2] if len(tokens) > 1 else None
    ends = last is not None and last.content == _END and last.level == 1
    if ends and not ({token.type for token in tokens} | inside) & _SHAPES:
        return shown
    return "\n".join(_escaped(each.strip()) for each in shown.split("\n"))


def _outcome(record: Record) -> str:
    because = line(record.because)
    end = "" if because.endswith((".", "!", "?")) else "."
    return f'Chosen option: "{line(record.chosen)}", because {because}{end}'


def _arguments(good: Sequence[str], bad: Sequence[str]) -> str:
    lines = [f"* Good, because {line(each)}" for each in good]
    return "\n".join([*lines, *(f"* Bad, because {line(each)}" for each in bad)])


def _section(heading: str, body: str) -> list[str]:
    return ["", heading, "", body] if body else []


def _plain(text: str) -> str:
    return " ".join(visible(" ".join(text.split())).split())


def _escaped(text: str) -> str:
    return _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", text))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")
