"""Plain text cut into sentences that know where they stood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_SENTENCE = 400  # a longer one is not understood; it bounds the work a hostile one can cause

_BULLET = re.compile(r"\s*(?:[-*•+]|\d{1,3}[.)])\s+")
_END = re.compile(r"(?<=[.!?;])[\"')\]]*\s+")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|approx|incl|no|cf)\.\Z", re.IGNORECASE)
_CARRIES_ON = re.compile(
    r"(?:[,:(]|\b(?:and|or|of|to|from|with|by|over|via|in|on|for|the|an?|each|every|many|one|has"
    r"|have|is|are))\Z",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(r"(?:and|or|but|with|over|via|to|from|by|in|on|for|of|which|when)\b|[(,]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` on one line, without its bullet and full stop; it stood at ``start:end``, ``line``.

    ``closed``: it ended in a full stop, so that the next line cannot carry it on.
    """

    text: str
    line: int
    start: int
    end: int
    closed: bool = True

    @property
    def question(self) -> bool:
        return self.text.endswith("?")

    def __add__(self, later: Sentence) -> Sentence:
        text = f"{self.text} {later.text}"
        return Sentence(text, self.line, self.start, later.end, later.closed)


def sentences(text: str) -> Iterator[Sentence]:
    r"""Every sentence of ``text`` (lines end in ``\n``); headings and fences are passed over.

    A line goes on with the sentence above it where that one is plainly unfinished or this one
    begins in the middle; a list below ``...:`` belongs to the sentence that announces it.
    """
    pending: Sentence | None = None
    listing = False
    offset = 0
    for number, line in enumerate(text.split("\n"), 1):
        start, offset = offset, offset + len(line) + 1
        bullet = _BULLET.match(line)
        if not line.strip() or line.lstrip().startswith(("#", "```", "~~~")):
            if pending and not (listing and not line.strip()):
                yield pending
                pending, listing = None, False
            continue
        for part in _parts(line, number, start, bullet.end() if bullet else 0):
            if pending and _joins(pending, part, bullet=bool(bullet), listing=listing):
                listing = listing or (bool(bullet) and pending.text.endswith(":"))
                comma = listing and not pending.text.endswith((":", ","))
                pending = Sentence(
                    f"{pending.text}{',' * comma} {part.text}",
                    pending.line,
                    pending.start,
                    part.end,
                    part.closed and not listing,
                )
            else:
                if pending:
                    yield pending
                pending, listing = part, False
            if pending.closed:
                yield pending
                pending, listing = None, False
    if pending:
        yield pending


def _joins(before: Sentence, part: Sentence, *, bullet: bool, listing: bool) -> bool:
    if bullet:
        return listing or before.text.endswith(":")
    if listing or len(before.text) > LONGEST_SENTENCE:
        return False
    return bool(_CARRIES_ON.search(before.text)) or bool(_LEADS_ON.match(part.text))


def _parts(line: str, number: int, offset: int, begin: int) -> Iterator[Sentence]:
    """The sentences and the unfinished rest of one line."""
    start = begin
    cuts = [match.span() for match in _END.finditer(line, begin)]
    for low, high in [*cuts, (len(line), len(line))]:
        said = line[start:low].strip()
        if _ABBREVIATION.search(said) and low < len(line):
            continue
        if re.search(r"\w", said):
            first = start + len(line[start:low]) - len(line[start:low].lstrip())
            closed = said.endswith((".", "!", "?", ";"))
            text = " ".join(said.rstrip(".!; ").split())
            yield Sentence(text, number, offset + first, offset + low, closed)
        start = high
