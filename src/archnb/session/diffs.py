"""A proposed change of a file as the lines that a person reads: what goes, comes and stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from archnb.html import text_html, visible
from archnb.permission.requests import Changes, Diff

CONTEXT = 3  # unchanged lines around a change; longer runs are only counted
MAX_LINES = 4000  # lines of one diff on a page; what is beyond is counted and said
_LONG_LINE = 400  # characters of a line within which single words are compared
_MANY_LINES = 3000  # lines beyond which the comparison may leave out frequent ones

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line: ``sign`` is a blank, ``-``, ``+``, ``@`` (a gap) or ``!`` (our remark).

    ``marked`` are the spans of ``text`` that differ from the line it stands against; ``ending`` is
    what is shown for its end where that is not an ordinary line feed.
    """

    sign: str
    text: str
    marked: tuple[Span, ...] = ()
    ending: str = ""

    @property
    def plain(self) -> str:
        """The line as text; what hides in it, or at the end of an added line, is spelled out."""
        if self.sign == "!":
            return f"\\ {visible(self.text)}"
        if self.sign == "@":
            return visible(self.text)
        body, tail = self._split
        return f"{self.sign}{visible(body)}{_spelled(tail)}{self.ending}"

    @property
    def html(self) -> str:
        """The same as HTML, with what differs from the other line emphasised."""
        if self.sign in "!@":
            return text_html(self.plain)
        body, tail = self._split
        colour = _EMPHASIS.get(self.sign, "")
        pieces = [f'<span style="padding-right:0.7ch">{text_html(self.sign)}</span>']
        at = 0
        for start, end in self.marked:
            stop = min(end, len(body))
            if start < stop:
                pieces += [text_html(body[at:start]), _span(colour, text_html(body[start:stop]))]
                at = stop
        pieces.append(text_html(body[at:]))
        pieces.append(_span(colour, _spelled(tail)) if tail else "")
        return "".join(pieces) + text_html(self.ending)

    @property
    def _split(self) -> tuple[str, str]:
        """The line, and the white space at its end if that was added."""
        body = self.text.rstrip(" \t") if self.sign == "+" else self.text
        return body, self.text[len(body) :]


# Colours one can look through: the page's own ink stays readable on a light page and on a dark one.
_INK = {
    "+": "background:rgba(46,160,67,.18)",
    "-": "background:rgba(248,81,73,.18)",
    "@": "color:var(--jp-ui-font-color2,#5f6b76)",
    "!": "color:var(--jp-ui-font-color2,#5f6b76);font-style:italic",
}
_EMPHASIS = {"+": "background:rgba(46,160,67,.42)", "-": "background:rgba(248,81,73,.42)"}


def diff_lines(diff: Diff, limit: int | None = MAX_LINES) -> list[DiffLine]:
    r"""The lines of a change, at most ``limit``, unchanged runs left out and counted.

    >>> [line.plain for line in diff_lines(Diff("a", "one\ntwo\n", "one\n2\n"))]
    ['@@ -1,2 +1,2 @@', ' one', '-two', '+2']
    """
    lines = _all_lines(diff)
    if limit is not None and len(lines) > limit:
        rest = len(lines) - limit
        lines[limit:] = [DiffLine("!", f"{rest:,} more lines of this change are not shown")]
    return lines


def _all_lines(diff: Diff) -> list[DiffLine]:
    before, after = split_lines(diff.before or ""), split_lines(diff.after or "")
    ordinary = {_ending(line) for line in (*before, *after)} - {""}
    show_ending = ordinary not in ({"\n"}, {"\r\n"})
    start, stop = _common(before, after)
    matcher = SequenceMatcher(
        None,
        before[start : len(before) - stop],
        after[start : len(after) - stop],
        autojunk=len(before) + len(after) > _MANY_LINES,
    )
    lines: list[DiffLine] = []
    behind = 0
    for group in matcher.get_grouped_opcodes(CONTEXT):
        first, last = group[0], group[-1]
        old, new = (first[1] + start, last[2] + start), (first[3] + start, last[4] + start)
        lines.append(DiffLine("@", _gap(old, new, old[0] - behind)))
        behind = old[1]
        for tag, i1, i2, j1, j2 in group:
            gone = before[start + i1 : start + i2]
            come = after[start + j1 : start + j2]
            pairs = _marks(gone, come) if tag == "replace" else {}
            if tag == "equal":
                lines += _shown(" ", gone, show_ending=show_ending)
            else:
                lines += _shown("-", gone, pairs, 0, show_ending=show_ending)
                lines += _shown("+", come, pairs, 1, show_ending=show_ending)
    return lines


def diff_html(diff: Diff, limit: int | None = MAX_LINES) -> str:
    """The lines of a change as rows of colour and sign; neighbours of one kind share a row."""
    rows: list[tuple[str, list[str]]] = []
    for line in diff_lines(diff, limit):
        if rows and rows[-1][0] == line.sign:
            rows[-1][1].append(line.html)
        else:
            rows.append((line.sign, [line.html]))
    return "".join(
        f'<span style="display:block;{_INK.get(sign, "")}">' + "\n".join(lines) + "</span>"
        for sign, lines in rows
    )


def diff_counts(changes: Changes) -> str:
    """Such as ``+12 −3``."""  # noqa: RUF002  (a minus sign is meant)
    signs = [line.sign for diff in changes.diffs for line in _all_lines(diff)]
    return f"+{signs.count('+')} −{signs.count('-')}"  # noqa: RUF001  (a minus sign is meant)


def remarks(diff: Diff) -> list[str]:
    r"""What a reader of the lines would not see: a new or deleted file, line endings, encoding.

    >>> remarks(Diff("a", "x\r\n", "x\n"))
    ['line endings change from CRLF to LF']
    """
    said = []
    count = len(split_lines(diff.after if diff.before is None else diff.before))
    size = f"{count} line{'s' * (count != 1)}" if count else "empty"
    if diff.before is None:
        said.append(f"new file, {size}")
    elif diff.after is None:
        said.append(f"the whole file is deleted, {size}")
    old, new = _endings(diff.before or ""), _endings(diff.after or "")
    if old and new and old != new:
        said.append(f"line endings change from {old} to {new}")
    elif (new or old) not in ("", "LF"):
        said.append(f"line endings {new or old}")
    if diff.encoding not in ("utf-8", "ascii"):
        said.append(f"encoding {diff.encoding}")
    return said


def split_lines(text: str | None) -> list[str]:
    """Lines as a file has them: only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text or "")


def spell_trailing(text: str) -> str:
    """``text`` with the white space at the end of each line spelled out."""
    return re.sub(r"[ \t]+$", lambda match: _spelled(match[0]), text, flags=re.MULTILINE)


def _spelled(space: str) -> str:
    return space.replace(" ", "·").replace("\t", "→")


def _ending(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""


def _endings(text: str) -> str:
    found = {_ending(line) for line in split_lines(text)} - {""}
    if len(found) > 1:
        return "mixed LF and CRLF"
    return {"\n": "LF", "\r\n": "CRLF"}.get("".join(found), "")


def _common(before: list[str], after: list[str]) -> Span:
    """How many lines at the start and the end need not be compared (context is left standing)."""
    most = min(len(before), len(after))
    start = next((i for i in range(most) if before[i] != after[i]), most)
    most -= start
    stop = next((i for i in range(most) if before[-1 - i] != after[-1 - i]), most)
    return max(0, start - CONTEXT), max(0, stop - CONTEXT)


def _gap(old: Span, new: Span, hidden: int) -> str:
    said = f"@@ -{_range(old)} +{_range(new)} @@"
    return f"{said} after {hidden} unchanged line{'s' * (hidden != 1)}" if hidden else said


def _range(span: Span) -> str:
    """A span of lines as unified diffs write it: an empty one names the line before."""
    start, length = span[0] + 1, span[1] - span[0]
    return f"{start}" if length == 1 else f"{start - (length == 0)},{length}"


def _shown(
    sign: str,
    lines: list[str],
    marks: dict[tuple[int, int], tuple[Span, ...]] | None = None,
    side: int = 0,
    *,
    show_ending: bool,
) -> Iterator[DiffLine]:
    for index, line in enumerate(lines):
        ending = _ending(line)
        text = line.removesuffix(ending) if ending else line
        carriage = "<CR>" if ending == "\r\n" and show_ending else ""
        yield DiffLine(sign, text, (marks or {}).get((side, index), ()), carriage)
        if not ending:
            yield DiffLine("!", "no newline at the end of the file")


def _marks(gone: list[str], come: list[str]) -> dict[tuple[int, int], tuple[Span, ...]]:
    """For each side (0: gone, 1: come) and line of a replaced block: what differs in it."""
    marks: dict[tuple[int, int], tuple[Span, ...]] = {}
    for index, (old, new) in enumerate(zip_longest(gone, come)):
        if old is None or new is None or max(len(old), len(new)) > _LONG_LINE:
            continue
        words = _words(old), _words(new)
        matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
        if matcher.ratio() < 0.4:  # two different lines: emphasis everywhere says nothing
            continue
        changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
        marks[0, index] = _spans(words[0], [(code[1], code[2]) for code in changed])
        marks[1, index] = _spans(words[1], [(code[3], code[4]) for code in changed])
    return marks


def _words(line: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", line.rstrip("\r\n"))


def _spans(words: list[str], changed: list[Span]) -> tuple[Span, ...]:
    """Spans of words as spans of characters."""
    places = [0]
    for word in words:
        places.append(places[-1] + len(word))
    return tuple((places[start], places[end]) for start, end in changed if start < end)


def _span(style: str, html: str) -> str:
    return f'<span style="{style}">{html}</span>' if style else html
