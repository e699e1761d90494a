"""Takes secrets out of text: values that are known, and keys by their names or shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from archnb.credentials import names, shapes
from archnb.credentials.known import Known
from archnb.credentials.names import CLOSE, OPEN

_HELD = 20_000  # characters that are held back at most
_PATIENCE = 4_400  # characters that may wait for a sign; then they are looked at again
_CONTEXT = 24, 100  # characters before them, to a space: a key is told by the words in front of it

Span = tuple[int, int, str]
"""Where a secret begins and ends, and what it is called."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """``known`` values, each with its name. What is removed leaves its name in guillemets.

    Besides, whatever looks like a key by its shape, or is given under a telling name, is one.
    """

    known: Mapping[str, str] = field(default_factory=dict)
    _known: Known = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", Known.of(self.known))

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
        length, name = self._known.at_tail(text) if tail else (0, "")
        text = text[: len(text) - length] + (_mark(name) if length else "")
        length, name = self._known.at_head(text) if head else (0, "")
        return (_mark(name) if length else "") + text[length:]

    def spans(self, text: str) -> list[Span]:
        """Where secrets stand in ``text``, in order, none within or across another."""
        found = [*shapes.found(text), *names.assigned(text), *self._known.spans(text)]
        merged: list[Span] = []
        for start, end, name in sorted(found, key=lambda span: (span[0], -span[1])):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
            else:
                merged.append((start, end, name))
        return merged

    def finished(self, text: str, shown: int = 0) -> tuple[int, re.Pattern[str] | None]:
        """How much of ``text`` can be shown while more of it comes: no secret begins before it.

        And the sign without which what comes cannot change that; None where anything can.
        ``shown`` is how much has been shown.
        """
        known = self._known.begun.ending(text, shown)[0], None
        first = min(
            (known, shapes.begun(text), names.begun(text)), key=lambda at: (at[0], at[1] is None)
        )
        return first if len(text) - first[0] <= _HELD else (len(text), None)


@dataclass(slots=True)
class Growing:
    """A text that comes in pieces: :meth:`add` gives what can be shown of it by now.

    Held back is only what may be the beginning of a secret, until more is known or at its end.
    What has been shown is not looked at again, but for a few words before what is held back.
    """

    secrets: Secrets
    _text: str = ""  # what is held back, and before it what it is judged by
    _shown: int = 0
    _sign: re.Pattern[str] | None = None  # nothing can be shown before it comes
    _patience: int = _PATIENCE

    def add(self, piece: str) -> str:
        """What can be shown after ``piece``, without secrets."""
        self._text += piece
        held = len(self._text) - self._shown
        if self._sign and held < self._patience and not self._sign.search(piece):
            return ""
        end, self._sign = self.secrets.finished(self._text, self._shown)
        self._patience = max(_PATIENCE, 2 * (len(self._text) - end))
        return self._until(end)

    def end(self) -> str:
        """The rest."""
        rest = self._until(len(self._text))
        self._text, self._shown, self._sign = "", 0, None
        return rest

    def _until(self, end: int) -> str:
        if end <= self._shown:
            return ""
        found = self.secrets.spans(self._text)
        end = min((start for start, stop, _ in found if start < end < stop), default=end)
        if end <= self._shown:
            return ""
        text = _without(self._text, found, self._shown, end)
        least, most = (max(0, end - length) for length in _CONTEXT)
        # From a space on, so that the name before a value is whole.
        past = max(most, *(self._text.rfind(space, most, least) for space in " \n"))
        self._text, self._shown = self._text[past:], end - past
        return text


def _mark(name: str) -> str:
    return f"{OPEN}{name[:60]}{CLOSE}"


def _without(text: str, found: Sequence[Span], begin: int, end: int) -> str:
    """``text`` from ``begin`` to ``end`` without the spans."""
    parts, place = [], begin
    for start, stop, name in found:
        if stop > begin and start < end:
            parts += [text[place : max(start, place)], _mark(name)]
            place = stop
    return "".join([*parts, text[place:end]])
