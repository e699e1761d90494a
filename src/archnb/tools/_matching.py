"""Where a passage stands in a text: word for word, or in a few ways that mean the same place.

A tolerant way counts only where exactly one place fits, spans as many lines as were quoted, and
leaves every line that the replacement does not change as the file has it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, islice

SHOWN = 10  # places that are counted before the answer is "several"
MOST = 1000  # places or lines that are looked at more closely than at a glance


@dataclass(frozen=True, slots=True)
class Replaced:
    """``text`` is the whole text afterwards; ``found`` what stood in the place that was replaced.

    ``tolerance`` says in words what was passed over to find it; empty where nothing was.
    """

    text: str
    found: str
    tolerance: str = ""


@dataclass(frozen=True, slots=True)
class Several:
    """The passage stands at more than one place: the lines where they begin, from 1."""

    lines: tuple[int, ...]


Span = tuple[int, int]


def replace(text: str, old: str, new: str, *, every: bool = False) -> Replaced | Several | None:
    r"""``text`` with the one passage ``old`` (or ``every`` one of them) replaced by ``new``.

    None: it stands nowhere. Line feeds in ``new`` become the line endings of the place.

    >>> replace("a\r\nb\r\nc", "a\nb", "a\nB").text
    'a\r\nB\r\nc'
    >>> replace("if x:\n\treturn 1\n", "return  1", "return 2") is None
    True
    >>> replace("class A:\n    def f():\n        pass\n", "def f():\n    pass", "def f():\n    go()").text
    'class A:\n    def f():\n        go()\n'
    """  # noqa: E501
    within_pair = old.startswith("\n") and "\r\n" in text  # must not part a CR from its LF
    if not within_pair and (spans := _spans(text, old, every=every)):
        verbatim = "\r" in old + new
        return _put(text, spans, old, new, every=every, verbatim=verbatim)
    if "\r" in text + old and (spans := _folded_spans(text, old, str, every=every)):
        return _put(text, spans, old, new, every=every, tolerance="line endings")
    if not old.strip():
        return None
    if spans := _line_spans(text, old, str.rstrip):
        return _put(text, spans, old, new, tolerance="trailing white space")
    if shifted := _shifted(text, old, new):
        return shifted
    if spans := _folded_spans(text, old, _plain, every=False):
        return _put(text, spans, old, new, tolerance="the shape of quotes, dashes or spaces")
    if "\n" not in old + new and _unescaped(old) != old:
        literal, new = _unescaped(old), _unescaped(new)
        if literal.strip() and (spans := _folded_spans(text, literal, str, every=False)):
            return _put(text, spans, literal, new, tolerance=r"escapes such as \n")
    return None


def _put(
    text: str, spans: Sequence[Span], old: str, new: str, *,
    every: bool = False, verbatim: bool = False, tolerance: str = "",
) -> Replaced | Several:  # fmt: skip
    """The replacement at ``spans``, unless there are several and one was meant."""
    if len(spans) > 1 and not every:
        return Several(tuple(text.count("\n", 0, start) + 1 for start, _ in spans))
    pieces: list[str] = []
    end = 0
    for start, stop in spans:
        pieces.append(text[end:start])
        if verbatim:
            pieces.append(new)
        elif not tolerance:
            pieces.append(new.replace("\n", "\n" if "\n" in old else ending_at(text, stop)))
        else:
            pieces.append(_merged(text[start:stop], old, new, ending_at(text, stop)))
        end = stop
    pieces.append(text[end:])
    first, last = spans[0]
    return Replaced("".join(pieces), text[first:last], tolerance)


def _spans(text: str, old: str, *, every: bool) -> list[Span]:
    """Where ``old`` stands: one after another for ``every``, otherwise also overlapping ones."""

    def places() -> Iterator[Span]:
        at = text.find(old)
        while at >= 0:
            yield at, at + len(old)
            at = text.find(old, at + (len(old) if every else 1))

    return list(places() if every else islice(places(), SHOWN)) if old else []


def _folded_spans(text: str, old: str, fold: Callable[[str], str], *, every: bool) -> list[Span]:
    """Where ``old`` stands when CR LF counts as LF and characters are alike by ``fold``."""
    # In the folded text, each line feed that was CR LF; a place behind n of them moves by n.
    pairs = [found.start() - n for n, found in enumerate(re.finditer("\r\n", text))]
    spans = _spans(fold(_line_feeds(text)), fold(_line_feeds(old)), every=every)
    return [(at + bisect_left(pairs, at), to + bisect_left(pairs, to)) for at, to in spans]


def _line_spans(text: str, old: str, fold: Callable[[str], str], most: int = SHOWN) -> list[Span]:
    """Where the lines of ``old`` stand as whole lines that are alike by ``fold``.

    A line feed that closes ``old`` belongs to the span where the text has one.
    """
    lines = split_lines(text)
    bodies = Lines([fold(body(line)) for line in lines])
    wanted = [fold(body(line)) for line in split_lines(old)]
    starts = list(accumulate(map(len, lines), initial=0))
    spans: list[Span] = []
    for at in islice(bodies.places(wanted), most):
        last = at + len(wanted) - 1
        closing = old.endswith("\n")
        stop = starts[last + 1] if closing else starts[last] + len(body(lines[last]))
        spans.append((starts[at], stop))
    return spans


class Lines:
    """Lines without their endings, searched for passages of whole lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        self._text = "\n".join(["", *self.lines, ""])
        self._starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    def places(self, wanted: Sequence[str], start: int = 0) -> Iterator[int]:
        """The indexes from ``start`` on at which ``wanted`` stands."""
        if not self.lines or not wanted:
            return
        passage = "\n".join(["", *wanted, ""])
        at = self._text.find(passage, self._starts[start])
        while at >= 0:
            yield bisect_right(self._starts, at) - 1
            at = self._text.find(passage, at + 1)


def _shifted(text: str, old: str, new: str) -> Replaced | Several | None:
    """The replacement where the whole passage is indented otherwise; ``new`` is shifted alike."""
    found: list[tuple[Span, str, str]] = []
    theirs = _indentation(old)
    spans = _line_spans(text, old, str.strip, MOST)
    for start, stop in spans if len(spans) < MOST else ():
        own = _indentation(_line_feeds(text[start:stop]))
        moved = _reindented(old, theirs, own)
        replacement = _reindented(new, theirs, own)
        alike = moved is not None and [body(line).rstrip() for line in split_lines(moved)] == [
            body(line).rstrip() for line in split_lines(text[start:stop])
        ]
        if alike and moved is not None and replacement is not None:
            found.append(((start, stop), moved, replacement))
    if not found:
        return None
    (_, moved, replacement) = found[0]
    return _put(text, [span for span, _, _ in found], moved, replacement, tolerance="indentation")


def _indentation(text: str) -> str:
    """The white space that every line begins with, blank ones aside."""
    heads = [re.match(r"[ \t]*", line) for line in split_lines(text) if line.strip()]
    indents = [head.group() for head in heads if head]
    first, last = min(indents, default=""), max(indents, default="")
    return first[: _same(first, last)]


def _reindented(text: str, was: str, becomes: str) -> str | None:
    """Every line of ``text`` moved from one indentation to the other; None where one cannot be."""
    lines: list[str] = []
    for line in split_lines(_line_feeds(text)):
        if not line.strip():
            lines.append(line)
        elif line.startswith(was):
            lines.append(becomes + line[len(was) :])
        elif becomes.endswith(was):
            lines.append(becomes[: len(becomes) - len(was)] + line)
        else:
            return None
    return "".join(lines)


def _merged(own: str, old: str, new: str, ending: str) -> str:
    """``own`` (the file's words for ``old``) changed as ``new`` changes ``old``.

    Lines that are alike in ``old`` and ``new`` stay as the file has them.
    """
    owns, olds, news = (
        split_lines(own),
        split_lines(_line_feeds(old)),
        split_lines(_line_feeds(new)),
    )
    lines: list[str] = []
    for tag, i, i_end, j, j_end in _steps(olds, news):
        if tag == "equal":
            lines += owns[i:i_end]
            continue
        paired = i_end - i == j_end - j
        for offset, line in enumerate(news[j:j_end]):
            beside = owns[min(i + offset, len(owns) - 1)] if owns else ""
            words = (
                _merged_line(body(beside), body(olds[i + offset]), body(line))
                if paired
                else body(line)
            )
            lines.append(
                words + ((beside[len(body(beside)) :] or ending) if line[-1:] == "\n" else "")
            )
    for at, line in enumerate(lines[:-1]):
        if body(line) == line:
            lines[at] = line + ending
    if lines and old.endswith("\n") and new.endswith("\n") and not own.endswith("\n"):
        lines[-1] = body(lines[-1])  # the file has no final line feed and gets none
    return "".join(lines)


def _steps(olds: Sequence[str], news: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """What turns one list of lines into the other; very long ones are compared at both ends."""
    if max(len(olds), len(news)) <= MOST:
        return SequenceMatcher(None, olds, news).get_opcodes()
    head = _same(olds, news)
    tail = min(_same(olds[::-1], news[::-1]), len(olds) - head, len(news) - head)
    i, j = len(olds) - tail, len(news) - tail
    return [
        ("equal", 0, head, 0, head),
        ("replace", head, i, head, j),
        ("equal", i, len(olds), j, len(news)),
    ]


def _merged_line(own: str, old: str, new: str) -> str:
    """What ``new`` leaves of ``old`` at both ends stays as the file has it, sign by sign."""
    if len(own) != len(old):
        return new
    head = _same(old, new)
    tail = min(_same(old[::-1], new[::-1]), len(old) - head, len(new) - head)
    return own[:head] + new[head : len(new) - tail] + own[len(own) - tail :]


def ending_at(text: str, place: int) -> str:
    """The line ending in force at ``place``: that of its line, else of the line before."""
    at = text.find("\n", max(place - 1, 0))
    if at < 0:
        at = text.rfind("\n", 0, place)
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def split_lines(text: str) -> list[str]:
    """Lines with their endings; only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def body(line: str) -> str:
    """A line without its ending."""
    return line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n")


_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008", " "),
        **dict.fromkeys("\u2009\u200a\u202f\u205f\u3000", " "),
    }
)


def _plain(text: str) -> str:
    """Typographic quotes, dashes and spaces as those of a keyboard, one for one."""
    return text.translate(_ALIKE)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def _unescaped(text: str) -> str:
    return re.sub(r"\\([ntr\"'\\])", lambda m: _ESCAPES.get(m[1], m[1]), text)


def nearest(lines: Sequence[str], wanted: Sequence[str]) -> str:
    """Where ``lines`` come closest to ``wanted`` and what differs there, as a sentence, or nothing.

    Looked for from the first line of ``wanted`` that has words in it.
    """
    first = next((at for at, line in enumerate(wanted) if line.strip()), None)
    if first is None:
        return ""
    wanted = wanted[first:]
    expected = [line.strip() for line in wanted]
    best, where = 0, -1
    starts = (at for at, line in enumerate(lines) if line.strip() == expected[0])
    for start in islice(starts, 50):
        run = _same(expected, [line.strip() for line in lines[start : start + len(expected)]])
        if run > best:
            best, where = run, start
    if best == len(expected):  # all the same but for white space
        best = _same(wanted, lines[where : where + best])
    if where < 0 or best == len(expected):
        return ""
    at = where + best
    stands = f"says {lines[at]!r}" if at < len(lines) else "is past the end of the file"
    return f"Line {at + 1} {stands}, where {wanted[best]!r} was expected."


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many characters or lines are the same from the first on."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
