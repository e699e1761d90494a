"""Takes secrets out of text: values that are known, and keys by their names or shapes."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from archnb.credentials import names, shapes
from archnb.credentials.names import CLOSE, OPEN

_EDGE = 6  # characters of a known secret that were left at the edge of a text that was cut
_HELD = 20_000  # characters that are held back at most
_CONTEXT = 2_000  # characters before them: a key is told by the words in front of it

Span = tuple[int, int, str]
"""Where a secret begins and ends, and what it is called."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """``known`` values, each with its name. What is removed leaves its name in guillemets.

    Besides, whatever looks like a key by its shape, or is given under a telling name, is one.
    """

    known: Mapping[str, str] = field(default_factory=dict)
    _forms: tuple[tuple[str, str], ...] = field(init=False)  # as text has them, longest first

    def __post_init__(self) -> None:
        spelled = {form: name for value, name in self.known.items() for form in forms(value)}
        ordered = sorted(spelled.items(), key=lambda pair: -len(pair[0]))
        object.__setattr__(self, "_forms", tuple(ordered))

    def __or__(self, more: Mapping[str, str]) -> Secrets:
        """These and ``more``."""
        return self if more.keys() <= self.known.keys() else Secrets({**more, **self.known})

    def removed(self, text: str) -> str:
        """``text`` without secrets; the same object where it has none.

        >>> clean = Secrets({"k-2f7d91c0aa": "PAY"}).removed("k-2f7d91c0aa, ghp_" + "a1" * 18)
        >>> clean.replace(OPEN, "[").replace(CLOSE, "]")
        '[PAY], [token]'
        """
        found = self.spans(text)
        return _without(text, found, 0, len(text)) if found else text

    def removed_at_cut(self, text: str, *, head: bool, tail: bool) -> str:
        """:meth:`removed`, and what a cut at its ``head`` or ``tail`` left of a known secret."""
        text = self.removed(text)
        for form, name in self._forms:
            mark = f"{OPEN}{name[:60]}{CLOSE}"
            if tail and (length := shapes.ends_with_part_of(text, form)) >= _EDGE:
                text = text[:-length] + mark
            if head and (length := _begins_with_part_of(text, form)) >= _EDGE:
                text = mark + text[length:]
        return text

    def spans(self, text: str) -> list[Span]:
        """Where secrets stand in ``text``, in order, none within or across another."""
        found = [*shapes.found(text), *names.assigned(text)]
        for form, name in self._forms:
            place = text.find(form)
            while place >= 0:
                found.append((place, place + len(form), name))
                place = text.find(form, place + len(form))
        merged: list[Span] = []
        for start, end, name in sorted(found, key=lambda span: (span[0], -span[1])):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
            else:
                merged.append((start, end, name))
        return merged

    def finished(self, text: str) -> int:
        """How much of ``text`` can be shown while more of it comes: no secret begins before it."""
        place = min(shapes.begun(text), names.begun(text))
        for form, _ in self._forms:
            place = min(place, len(text) - shapes.ends_with_part_of(text, form))
        return place if len(text) - place <= _HELD else len(text)


@dataclass(slots=True)
class Growing:
    """A text that comes in pieces: :meth:`add` gives what can be shown of it by now.

    Held back is only what may be the beginning of a secret, until more is known or at its end.
    """

    secrets: Secrets
    _text: str = ""  # what is held back, and before it what it is judged by
    _shown: int = 0

    def add(self, piece: str) -> str:
        """What can be shown after ``piece``, without secrets."""
        self._text += piece
        return self._until(self.secrets.finished(self._text))

    def end(self) -> str:
        """The rest."""
        rest = self._until(len(self._text))
        self._text, self._shown = "", 0
        return rest

    def _until(self, end: int) -> str:
        found = self.secrets.spans(self._text)
        end = min((start for start, stop, _ in found if start < end < stop), default=end)
        if end <= self._shown:
            return ""
        text = _without(self._text, found, self._shown, end)
        past = max(0, end - _CONTEXT)
        self._text, self._shown = self._text[past:], end - past
        return text


def _without(text: str, found: Sequence[Span], begin: int, end: int) -> str:
    """``text`` from ``begin`` to ``end`` without the spans."""
    parts, place = [], begin
    for start, stop, name in found:
        if stop > begin and start < end:
            parts += [text[place : max(start, place)], f"{OPEN}{name[:60]}{CLOSE}"]
            place = stop
    return "".join([*parts, text[place:end]])


def forms(value: str) -> Iterator[str]:
    """``value`` as texts spell it: plain, in JSON, an address, a page, base64, hexadecimal."""
    raw = value.encode("utf-8", "surrogatepass")
    page = html.escape(value)
    spelled = {value, json.dumps(value)[1:-1], quote(value, safe=""), raw.hex(), page}
    spelled.add(page.replace("-", "&#45;"))  # as graphviz writes SVG
    for before in range(3):  # wherever it stands in what was encoded
        coded = base64.b64encode(b"\0" * before + raw).rstrip(b"=").decode()
        inner = coded[-(-before * 8 // 6) : len(coded) - ((before + len(raw)) % 3 != 0)]
        if len(inner) >= 2 * _EDGE:
            spelled |= {inner, inner.replace("+", "-").replace("/", "_")}
    yield from sorted(spelled)


def _begins_with_part_of(text: str, known: str) -> int:
    """How many characters of the end of ``known``, but not all, ``text`` begins with."""
    return shapes.ends_with_part_of(text[: len(known)][::-1], known[::-1])
