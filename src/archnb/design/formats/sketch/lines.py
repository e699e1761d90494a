"""Which lines of a mixed text are lines of an arrow sketch."""

from __future__ import annotations

import re

from archnb.design.formats.sketch.arrows import LONGEST_LINE, Chain, chains, shafts

_COMMENT = re.compile(r"\s*(?:#\s|//)")
_POINTS = re.compile(  # a quick look: most lines hold nothing that could be an arrow
    r"[<>|+`\\\u2190-\u21ff\u2500-\u25ff\u2794-\u27ff\u2900-\u297f\u2b00-\u2bff]"
)
_SENTENCE = re.compile(r"[!?,:]$|[.!?;]\s|[{}=<>;]|\(\)|'[^']*'|::")


_REQUEST = re.compile(
    r"\s*(?:please|can|could|let|we|i|run|write|fix|add|move|rename|change|replace|remove|turn)\s+"
    r"[a-z]",
    re.IGNORECASE,
)


def is_arrow_line(line: str) -> bool:
    """Whether a line is surely part of a sketch: an arrow beside short names, and no request."""
    if not _POINTS.search(line) or line.rstrip().endswith((":", "{")) or _REQUEST.match(line):
        return False
    parts = _parts(line)
    return any(chain.arrows for chain in parts) and _named(parts)


def is_box_line(line: str) -> bool:
    """Whether a line could be names alone; only its neighbours can tell that it is."""
    parts = _parts(line)
    alone = bool(parts) and not any(chain.arrows for chain in parts)
    return alone and _named(parts) and not line.rstrip().endswith((".", "!", "?", ":"))


def is_vertical(line: str) -> bool:
    """Whether a line holds vertical arrows only."""
    return bool(shafts(line))


def sketch_end(lines: list[str], start: int, end: int) -> int:
    """The line after the sketch that begins at ``start``; ``start`` itself where none does.

    A name alone belongs to it between arrows: under ``↓``, or above one, or where a line was open.
    """
    last = at = start
    under_arrow = False
    listed = -1
    while at < end:
        line = lines[at]
        if not line.strip() or _COMMENT.match(line):
            if last == start:
                break
            at += 1
            continue
        vertical = is_vertical(line)
        if vertical and last == start:
            break
        if vertical or is_arrow_line(line):
            under_arrow, listed = vertical or _open(line), -1
        else:
            indent = len(line) - len(line.lstrip())
            expected = under_arrow or 0 < indent == listed
            if not (expected or (at + 1 < end and _hangs(lines[at + 1]))) or not is_box_line(line):
                break
            # under an open arrow there may be a list, which its indent holds together
            listed = indent if (under_arrow or listed == indent) else -1
            under_arrow = False
        at += 1
        last = at
    return last


def _hangs(line: str) -> bool:
    """Whether a line goes on from the one above it."""
    if is_vertical(line):
        return True
    if not is_arrow_line(line):
        return False
    first = _parts(line)[0]
    return bool(first.arrows) and not first.stops[0]


def _open(line: str) -> bool:
    parts = _parts(line)
    return bool(parts and parts[-1].arrows and not parts[-1].stops[-1])


def _parts(line: str) -> tuple[Chain, ...]:
    return chains(line) if len(line) <= LONGEST_LINE else ()


def _named(parts: tuple[Chain, ...]) -> bool:
    names = [box.name for chain in parts for stop in chain.stops for box in stop]
    return bool(names) and all(
        len(name) <= 60 and len(name.split()) <= 6 and not _SENTENCE.search(name) for name in names
    )
