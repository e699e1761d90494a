"""The mixed text of a cell cut into pieces of one format each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archnb.design.formats._documents import begins_document, documents, kind_of
from archnb.design.formats._sql_lines import begins_sql, sql_end
from archnb.design.formats.prose import unified
from archnb.design.formats.prose.clauses import statements
from archnb.design.formats.sketch.lines import is_arrow_line, is_vertical, sketch_end

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text: ``kind`` is the name of a format, or ``other`` for all that is none.

    ``text`` begins on ``line`` (from 1) of the whole and keeps its own lines and columns, so that
    ``line`` plus a line number within it, less one, is the line of the whole.
    """

    kind: str
    text: str
    line: int


_FENCE = re.compile(r"\s*(?P<mark>`{3,}|~{3,})\s*(?P<language>[\w+.-]*)[^`]*$")
_LANGUAGES = {
    **dict.fromkeys(("sql", "ddl", "postgres", "postgresql", "psql", "mysql", "sqlite"), "ddl"),
    **dict.fromkeys(("yaml", "yml", "json"), "data"),
    **dict.fromkeys(("", "text", "txt", "plain", "plaintext", "md", "markdown", "ascii"), "mixed"),
    **dict.fromkeys(("sketch", "arch"), "sketch"),
}
_ORDER = re.compile(
    r"\s*(?:please )?(?:(?:draw|show|sketch|visuali[sz]e)(?: (?:this|me))?:?"
    r"|(?:[a-z]+ ){0,4}[a-z]+:)\s+(?=\S)",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"(?:\A|\n)\s*(?:[-*•+]|\d{1,3}[.)])\s*\Z")


def passages(text: str) -> list[Passage]:
    r"""Cut what a person typed into fenced code, SQL, YAML or JSON documents, sketches, sentences.

    Nothing but blank space and the marks of fences is left out. Sentences that say something of a
    design are ``prose``; commands, questions and talk are ``other``.

    >>> found = passages("Draw this:\nWeb -> Orders\nOrders calls Payments.")
    >>> [(passage.kind, passage.line) for passage in found]
    [('other', 1), ('sketch', 2), ('prose', 3)]
    """
    lines = unified(text).split("\n")
    return list(_cut(lines, 0, len(lines), fences=True))


def _cut(lines: list[str], start: int, end: int, *, fences: bool) -> Iterator[Passage]:
    loose = at = start
    no_document_before = start
    while at < end:
        found: list[Passage] = []
        after = at
        if fences and _FENCE.match(lines[at]):
            found, after = _fenced(lines, at, end)
        elif begins_sql(lines, at, end):
            first = _with_comments(lines, loose, at, ("--", "\\"))
            found, after = _sql(lines, first, at, end)
        elif at >= no_document_before and begins_document(lines, at):
            known = documents(lines, at, end)
            no_document_before = known[-1].last
            if any(document.kind for document in known):
                known[0] = replace(known[0], first=_with_comments(lines, loose, at, ("#",)))
                found = [_passage(d.kind or "other", lines, d.first, d.last) for d in known]
                after = no_document_before
        else:
            found, after = _sketched(lines, at, end)
        if found or after > at:
            yield from _sentences(lines, loose, min(at, found[0].line - 1) if found else at)
            yield from found
            loose = at = after  # perhaps the same line, of which the rest is still to be read
        else:
            at += 1
    yield from _sentences(lines, loose, end)


def _with_comments(lines: list[str], loose: int, at: int, marks: tuple[str, ...]) -> int:
    """The line where the comments begin that stand above line ``at``."""
    first = at
    while first > loose and (not lines[first - 1].strip() or lines[first - 1].startswith(marks)):
        first -= 1
    while not lines[first].strip():
        first += 1
    return first


def _passage(kind: str, lines: list[str], first: int, last: int) -> Passage:
    return Passage(kind, "\n".join(lines[first:last]), first + 1)


def _fenced(lines: list[str], at: int, end: int) -> tuple[list[Passage], int]:
    opening = _FENCE.match(lines[at])
    mark = opening["mark"] if opening else "```"
    language = opening["language"].lower() if opening else ""
    first = last = at + 1
    while last < end and not re.fullmatch(rf"\s*{mark[0]}{{{len(mark)},}}\s*", lines[last]):
        last += 1
    after = min(last + 1, end)
    content = lines[first:last]
    if not any(line.strip() for line in content):
        return [], after
    kind = _LANGUAGES.get(language, "other")
    if kind == "data":
        known = [document for document in documents(content, 0, len(content)) if document.kind]
        kind = known[0].kind if len(known) == 1 else kind_of("\n".join(content)) or "other"
        if len({document.kind for document in known}) > 1:
            return [
                _passage(document.kind, lines, first + document.first, first + document.last)
                for document in known
            ], after
    if kind == "mixed":
        drawn = sum(is_arrow_line(line) or is_vertical(line) for line in content)
        if 3 * drawn < sum(bool(line.strip()) for line in content) or not any(
            map(is_arrow_line, content)
        ):
            return list(_cut(lines, first, last, fences=False)), after
        kind = "sketch"
    return [_passage(kind, lines, first, last)], after


def _sql(lines: list[str], first: int, at: int, end: int) -> tuple[list[Passage], int]:
    """A run of statements and the comments above it; what else its last line holds is left."""
    last, column = sql_end(lines, at, end)
    if not column:
        while last > at + 1 and not lines[last - 1].strip():
            last -= 1
        return [_passage("ddl", lines, first, last)], last
    text = "\n".join([*lines[first:last], lines[last][:column]])
    lines[last] = " " * column + lines[last][column:]
    return [Passage("ddl", text, first + 1)], last


def _sketched(lines: list[str], at: int, end: int) -> tuple[list[Passage], int]:
    """A sketch, and before it the command on its first line: ``Draw: Web → Orders``."""
    order = _ORDER.match(lines[at])
    if order and is_arrow_line(lines[at][order.end() :]):
        command = Passage("other", order[0].strip(), at + 1)
        lines[at] = " " * order.end() + lines[at][order.end() :]
        after = sketch_end(lines, at, end)
        return [command, _passage("sketch", lines, at, after)], after
    after = sketch_end(lines, at, end)
    return ([_passage("sketch", lines, at, after)] if after > at else []), after


def _sentences(lines: list[str], start: int, end: int) -> Iterator[Passage]:
    """Prose where a sentence is understood, other for the rest; neighbours of a kind are one."""
    text = "\n".join(lines[start:end])
    pieces: list[tuple[str, int, int]] = []
    for sentence, said in statements(text, ""):
        _gap(text, pieces, sentence.start)
        pieces.append(("prose" if said else "other", sentence.start, sentence.end))
    _gap(text, pieces, len(text))
    merged: list[tuple[str, int, int]] = []
    for kind, low, high in pieces:
        if merged and merged[-1][0] == kind:
            merged[-1] = (kind, merged[-1][1], high)
        else:
            merged.append((kind, low, high))
    line, seen = start + 1, 0
    for kind, low, high in merged:
        line, seen = line + text.count("\n", seen, low), low
        yield Passage(kind, text[low:high], line)


def _gap(text: str, pieces: list[tuple[str, int, int]], until: int) -> None:
    """What no sentence covers, such as a heading, is other; the marks of a list are nothing."""
    low = pieces[-1][2] if pieces else 0
    gap = _LIST_MARK.sub("", text[low:until])
    if re.search(r"\w", gap):
        low += len(gap) - len(gap.lstrip())
        pieces.append(("other", low, low + len(gap.strip())))
