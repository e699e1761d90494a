"""Exact edits of a file: a change anchored in enough of its lines to be found exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from archnb.design.elements import Edit


def change(file: str, text: str, start: int, end: int, new: str) -> Edit:
    """The edit that puts ``new`` in the place of ``text[start:end]``.

    ``old`` is the lines touched, with as many above as make it unique in ``text``.
    """
    first = text.rfind("\n", 0, start) + 1
    last = line_end(text, end)
    taken = 1
    while first and not _once(text, text[first:last]):
        # a few lines more each time, so that a file of equal lines costs little
        for _ in range(max(1, taken // 2)):
            taken += 1
            first = text.rfind("\n", 0, max(first - 1, 0)) + 1
    if not _once(text, text[first:last]):
        first, last = 0, len(text)
    return Edit(file, text[first:last], text[first:start] + new + text[end:last])


def joined(edits: Sequence[Edit], text: str) -> Edit | None:
    """One edit that does all of ``edits`` of one file; None where two of them meet."""
    changes = sorted(
        dict.fromkeys(_narrowed(edit, text) for edit in edits), key=lambda it: (it[0], it[1])
    )
    start, at, new = changes[0][0], changes[0][0], ""
    for begin, end, added in changes:
        if begin < at:
            return None
        new += text[at:begin] + added
        at = end
    return change(edits[0].file, text, start, at, new)


def line_end(text: str, at: int) -> int:
    """Where the line of ``at`` ends, before its line break of either kind."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if at < end and text[end - 1] == "\r" else end


def line_start(text: str, line: int) -> int:
    """Where line ``line`` (from 1) begins."""
    lines = text.split("\n", line - 1)
    return len(text) - len(lines[-1]) if len(lines) == line else len(text)


def newline(text: str) -> str:
    """The line break that ``text`` uses."""
    return "\r\n" if "\r\n" in text else "\n"


def _once(text: str, part: str) -> bool:
    at = text.find(part)
    return bool(part) and at >= 0 and text.find(part, at + 1) < 0


def _narrowed(edit: Edit, text: str) -> tuple[int, int, str]:
    """Start and end in ``text`` of what the edit really replaces, and by what."""
    at = text.index(edit.old)
    head = _common(edit.old, edit.new)
    old, new = edit.old[head:], edit.new[head:]
    tail = _common(old[::-1], new[::-1])
    return at + head, at + head + len(old) - tail, new[: len(new) - tail]


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
