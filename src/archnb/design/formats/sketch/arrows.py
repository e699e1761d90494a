"""One line of an arrow sketch, cut into boxes and arrows with the columns they stand in."""

# ruff: noqa: RUF001  (people type dashes of every length)

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

Way = Literal["right", "left", "both"]
Turn = Literal["down", "up", "both", ""]
LONGEST_LINE = 1000  # a longer line is no sketch; it bounds the work a hostile one can cause


@dataclass(frozen=True, slots=True)
class Box:
    """A name in a sketch; ``note`` stood in parentheses behind it; columns ``start`` to ``end``."""

    name: str
    note: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A horizontal arrow that begins in column ``start``."""

    start: int
    way: Way
    dashed: bool = False
    label: str = ""
    tree: bool = False


_Mark = tuple[int, int, Arrow]


@dataclass(frozen=True, slots=True)
class Chain:
    """``stops[i] arrows[i] stops[i + 1]``; an empty end: the arrow starts or ends open."""

    stops: tuple[tuple[Box, ...], ...]
    arrows: tuple[Arrow, ...] = ()


@dataclass(frozen=True, slots=True)
class Shaft:
    """A vertical arrow, or a piece of one (then ``turn`` is empty), in ``column``."""

    column: int
    turn: Turn
    label: str = ""


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HIDDEN = re.compile(r'"[^"]*"|`[^`]*`|\([^()]*\)|\[[^\[\]]*\]')
_COMMENT = re.compile(r"^\s*(?:#|//|%%).*|\s(?:#\s|//).*")
_BULLET = re.compile(r"^(\s*)(?:[-*•]|\d{1,3}[.)])(\s+)(?=\S)")
_TREE = re.compile(r"^[\s│┃|]*(?P<branch>[├└╰┣┗╠╚][─━═-]*[>→►▶]?|[|+`\\]-+>?)(?=\s*[^\s|+─-])")
_ARROW = re.compile(
    r"""(?P<both><(?:-\.+-|[-─]+|=+|~+|\.+)>|[↔⟷⇔⟺⇄⇆⇌])
      | (?P<named>(?P<back><?)(?:(?<![-─—–])[-─—–]+|(?<!=)=+|(?<!~)~+|(?<!\.)\.\.|-\.)
          (?P<open>[\[(|])(?P<inner>[^\])|]*)[\])|][-=~─—–.]*(?P<fore>>{0,2}|→))
      | (?P<bare>(?<!\S)(?:--+|==+|──+|—)[ ]?(?P<text>[^\s=<>→─—-][^=<>→─—-]*?)[ ]?
          (?:[-=─—]+>{1,2}|[─—-]*→))
      | (?P<left><(?:-\.+-|[-─]+|={2,}|~+|\.{2,})|(?<!\S)<<(?!\S)|[←⟵⇐⟸◄◀⇠⇜⬅][─━═-]*)
      | (?P<right>-\.+->|(?:(?<![-─—–])[-─—–]+|(?<!=)=+|(?<!~)~+|(?<!\.)\.{2,})>(?!>)
          |(?<!\S)(?:-+|=*)>>(?!\S)
          |(?<![─━═-])[─━═-]*[→⟶⇒➔➜➝➞⟹►▶▸⇢⇝⤳➡↦⟿])""",
    re.VERBOSE,
)
_DASHED = re.compile(r"~|\.|[⇢⇠⇝⇜⤳⟿]")
_SHAFTS = re.compile(r"^[\s|│┃↓↑↕⇓⇑▼▲⬇⬆vV^:¦]+(?P<label>[(\[][^()\[\]]*[)\]])?$")
_SHAFT_SIGNS = re.compile(r"^[\s|│┃↓↑↕⇓⇑▼▲⬇⬆]*[|│┃↓↑↕⇓⇑▼▲⬇⬆](?P<label>[^|│┃↓↑↕⇓⇑▼▲⬇⬆]*)$")
_TURNS: dict[str, Turn] = {
    **dict.fromkeys("↓⇓▼⬇vV", "down"),
    **dict.fromkeys("↑⇑▲⬆^", "up"),
    "↕": "both",
}
_LABEL = re.compile(r"\s*(?:\[(?P<a>[^\]]*)\]|\|(?P<b>[^|]*)\||\((?P<c>[^)]*)\))(?=\s*[^\s,])")
_NOTE = re.compile(r"^(?P<name>.*?\S)\s*(?:\((?P<a>[^()]*)\)|\[(?P<b>[^\[\]]*)\])$")
_WRAPS = {"[": "]", "(": ")", "{": "}", '"': '"', "`": "`", "'": "'", "*": "*"}


def chains(line: str) -> tuple[Chain, ...]:
    """The chains of one line: several where ``;`` or a wide gap parts them, none in a comment."""
    found: list[Chain] = []
    text = _clean(line)
    shadow = _COMMENT.sub(lambda match: " " * len(match[0]), _shadow(text))
    columns = _columns(text)
    start = 0
    for part in shadow.split(";"):
        found += _chains(text, shadow, start, start + len(part), columns)
        start += len(part) + 1
    return tuple(found)


def shafts(line: str) -> tuple[Shaft, ...]:
    """The vertical arrows of a line that holds nothing else, save a label behind them."""
    text = _clean(line)
    if not text.strip() or len(text) > LONGEST_LINE:
        return ()
    signs = _SHAFTS.match(text) or _SHAFT_SIGNS.match(text)
    if not signs or _ARROW.search(text) or _TREE.match(text):
        return ()
    label = (signs["label"] or "").strip().strip("[]()").strip()
    if label:
        text = text[: signs.start("label")]
    columns = _columns(text)
    return tuple(
        Shaft(columns[index], _TURNS.get(char, ""), label)
        for index, char in enumerate(text)
        if not char.isspace()
    )


def _clean(line: str) -> str:
    """Tabs as spaces, control characters gone, a list's bullet blanked."""
    text = _CONTROL.sub(" ", line.expandtabs(4)).rstrip()
    return _BULLET.sub(lambda match: " " * len(match[0]), text)


def _shadow(text: str) -> str:
    """``text`` with all that stands in quotes and brackets blotted out: no arrow is seen there."""
    return _HIDDEN.sub(lambda match: match[0][0] + "\0" * (len(match[0]) - 2) + match[0][-1], text)


def _columns(text: str) -> list[int]:
    """The column on screen of each character: wide ones take two, combining ones none."""
    if text.isascii():
        return list(range(len(text) + 1))
    columns = [0]
    for char in text:
        wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        columns.append(columns[-1] + (0 if unicodedata.combining(char) else wide))
    return columns


def _chains(text: str, shadow: str, start: int, end: int, columns: list[int]) -> list[Chain]:
    marks = _merged(_marks(text, shadow, start, end), text, start)
    gap = re.compile(r"\s{3,}" if marks else r"\s{2,}")
    found: list[Chain] = []
    stops: list[tuple[Box, ...]] = []
    arrows: list[Arrow] = []
    edges = [(start, start), *((low, high) for low, high, _ in marks), (end, end)]
    for number, ((_, after), (high, _)) in enumerate(pairwise(edges)):
        low = after
        if number:
            arrow = marks[number - 1][2]
            bracket = _LABEL.match(text, low, high)
            if bracket and not arrow.label:
                arrow = replace(arrow, label=next(filter(None, bracket.groups()), "").strip())
                low = bracket.end()
            arrows.append(replace(arrow, start=columns[arrow.start]))
        last = number == len(marks)
        pieces = _pieces(shadow, low, high, gap)
        for index, (left, right) in enumerate(pieces):
            if index:
                found.append(Chain(tuple(stops), tuple(arrows)))
                stops, arrows = [], []
            end_of_name = right
            if last and arrows:
                end_of_name, said = _said(text, shadow, left, right)
                label = ": ".join(filter(None, (arrows[-1].label, said)))
                arrows[-1] = replace(arrows[-1], label=label)
            stops.append(_boxes(text, shadow, left, end_of_name, columns))
    found.append(Chain(tuple(stops), tuple(arrows)))
    return [chain for chain in found if any(chain.stops) or chain.arrows]


def _marks(text: str, shadow: str, start: int, end: int) -> list[_Mark]:
    marks: list[_Mark] = []
    tree = _TREE.match(shadow, start, end) if not start else None
    if tree:
        low, start = tree.span("branch")
        marks.append((low, start, Arrow(low, "right", tree=True)))
    for match in _ARROW.finditer(shadow, start, end):
        way: Way = "right"
        label, sign = "", match[0]
        if match["both"]:
            way = "both"
        elif match["left"]:
            way = "left"
        elif match["named"]:
            if not match["back"] and not match["fore"]:
                continue
            way = (
                "both" if match["back"] and match["fore"] else "left" if match["back"] else "right"
            )
            label = text[match.start("inner") : match.end("inner")].strip()
            sign = (
                shadow[match.start() : match.start("open")]
                + shadow[match.end("inner") : match.end()]
            )
        elif match["bare"]:
            label = text[match.start("text") : match.end("text")].strip()
            sign = ""
        marks.append((*match.span(), Arrow(match.start(), way, bool(_DASHED.search(sign)), label)))
    return marks


def _pieces(shadow: str, low: int, high: int, gap: re.Pattern[str]) -> list[tuple[int, int]]:
    """The stretches of text between wide gaps; one empty stretch where there is no text."""
    segment = shadow[low:high]
    left = low + len(segment) - len(segment.lstrip())
    right = high - (len(segment) - len(segment.rstrip()))
    if left >= right:
        return [(low, low)]
    pieces = []
    for match in gap.finditer(shadow, left, right):
        pieces.append((left, match.start()))
        left = match.end()
    return [*pieces, (left, right)]


def _said(text: str, shadow: str, left: int, right: int) -> tuple[int, str]:
    """``B: places order``: where the name ends, and what is said of the arrow."""
    colon = re.compile(r"\s*:\s+(?=\S)").search(shadow, left + 1, right)
    return (colon.start(), text[colon.end() : right].strip()) if colon else (right, "")


def _boxes(text: str, shadow: str, left: int, right: int, columns: list[int]) -> tuple[Box, ...]:
    found = []
    parts = re.split(r"(,\s*(?:and\s+)?)", shadow[left:right])
    if len(parts) > 1:
        parts = [*parts[:-1], *re.split(r"(\s+and\s+)", parts[-1])]
    start = left
    for part in parts:
        box = _box(text, start, start + len(part), columns)
        start += len(part)
        if box:
            found.append(box)
    return tuple(found)


def _box(text: str, start: int, end: int, columns: list[int]) -> Box | None:
    raw = text[start:end]
    inner = raw.strip(" |│┃*")
    if not re.search(r"\w|^[\"`].", inner) or re.fullmatch(r",?\s*and\s*", raw):
        return None
    offset = start + raw.index(inner[0])
    name, note = _unwrapped(inner), ""
    if name == inner and (match := _NOTE.match(inner)):
        name, note = _unwrapped(match["name"]), (match["a"] or match["b"] or "").strip()
    name = " ".join(name.split())
    if name == inner:
        name = name.rstrip(".:")
    return Box(name, " ".join(note.split()), columns[offset], columns[offset + len(inner)])


def _unwrapped(name: str) -> str:
    """``name`` without the quotes, brackets or stars around the whole of it."""
    text = name.strip()
    while len(text) > 2 and _WRAPS.get(text[0]) == text[-1]:
        inner = text[1:-1]
        if text[0] in inner or text[-1] in inner or not inner.strip():
            break
        text = inner.strip()
    return text


def _merged(marks: list[_Mark], text: str, start: int) -> list[_Mark]:
    """``A → [HTTPS] → B`` as one labelled arrow, unless the line puts its boxes in brackets too."""
    boxed = bool(marks) and text[start : marks[0][0]].lstrip().startswith("[")
    merged: list[_Mark] = []
    for mark in marks:
        between = text[merged[-1][1] : mark[0]].strip() if merged else "first"
        label = re.fullmatch(r"\[([^\[\]]+)\]", between)
        if not between or (label and not boxed and text[mark[1] :].strip()):
            low, _, arrow = merged.pop()
            said = arrow.label or (label[1].strip() if label else mark[2].label)
            merged.append((low, mark[1], replace(arrow, label=said)))
        else:
            merged.append(mark)
    return merged
