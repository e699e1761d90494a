"""Finds known values in text: in one pass, however many they are."""

from __future__ import annotations

import base64
import html
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

EDGE = 6  # characters of a known value that were left at the edge of a text that was cut
_HEAD = 4  # characters by which the beginning of a value is told at first sight


@dataclass(frozen=True, slots=True)
class Beginnings:
    """The beginnings of ``texts``, for what ends with one of them."""

    texts: tuple[str, ...]  # in order
    longest: int
    heads: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Beginnings:
        ordered = tuple(sorted(texts))
        heads = frozenset(text[:length] for text in ordered for length in range(1, _HEAD + 1))
        return cls(ordered, max(map(len, ordered), default=0), heads)

    def ending(self, text: str, start: int = 0) -> tuple[int, str]:
        """Where at the end of ``text`` one has begun and is not complete, and which.

        >>> Beginnings.of(["k-2f7d91c0aa"]).ending("say k-2f")
        (4, 'k-2f7d91c0aa')
        """
        for place in range(max(start, len(text) - self.longest + 1), len(text)):
            if text[place : place + _HEAD] in self.heads:
                begun = text[place:]
                at = bisect_left(self.texts, begun)
                at += at < len(self.texts) and self.texts[at] == begun  # that one is complete
                if at < len(self.texts) and self.texts[at].startswith(begun):
                    return place, self.texts[at]
        return len(text), ""


@dataclass(frozen=True, slots=True)
class Known:
    """Values with their names, as texts spell them.

    A text is looked at in steps: wherever a value stands, one of the steps falls into its first
    characters, and a few of them tell which values it can be.
    """

    names: Mapping[str, str]  # by form
    begun: Beginnings
    ended: Beginnings  # of the forms read backwards
    _step: int = 1
    _width: int = 1
    _at: Mapping[str, list[tuple[int, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Known:
        names = {form: name for value, name in values.items() if value for form in forms(value)}
        shortest = min(map(len, names), default=1)
        width = (shortest + 1) // 2
        step = shortest - width + 1
        at: dict[str, list[tuple[int, str]]] = {}
        for form in names:
            for offset in range(step):
                at.setdefault(form[offset : offset + width], []).append((offset, form))
        backwards = Beginnings.of(form[::-1] for form in names)
        return cls(names, Beginnings.of(names), backwards, step, width, at)

    def spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where values stand in ``text``: start, end, name; of several at one place each."""
        if not self.names:
            return
        width, at = self._width, self._at
        for place in range(0, len(text) - width + 1, self._step):
            if (told := text[place : place + width]) in at:
                for offset, form in at[told]:
                    if text.startswith(form, start := place - offset) and start >= 0:
                        yield start, start + len(form), self.names[form]

    def at_tail(self, text: str) -> tuple[int, str]:
        """How many characters at the end of ``text`` a cut left of a value, and its name."""
        place, form = self.begun.ending(text)
        return _left(len(text) - place, self.names.get(form, ""))

    def at_head(self, text: str) -> tuple[int, str]:
        """How many characters at the beginning of ``text`` a cut left of a value, and its name."""
        backwards = text[: self.ended.longest][::-1]
        place, form = self.ended.ending(backwards)
        return _left(len(backwards) - place, self.names.get(form[::-1], ""))


def forms(value: str) -> Iterator[str]:
    """``value`` as texts spell it: plain, in JSON, an address, a page, base64, hexadecimal."""
    raw = value.encode("utf-8", "surrogatepass")
    page = html.escape(value)
    spelled = {value, json.dumps(value)[1:-1], quote(raw, safe=""), raw.hex(), page}
    spelled.add(page.replace("-", "&#45;"))  # as graphviz writes SVG
    for before in range(3):  # wherever it stands in what was encoded
        coded = base64.b64encode(b"\0" * before + raw).rstrip(b"=").decode()
        inner = coded[-(-before * 8 // 6) : len(coded) - ((before + len(raw)) % 3 != 0)]
        if len(inner) >= 2 * EDGE:
            spelled |= {inner, inner.replace("+", "-").replace("/", "_")}
    yield from sorted(spelled)


def _left(length: int, name: str) -> tuple[int, str]:
    return (length, name) if length >= EDGE else (0, "")
