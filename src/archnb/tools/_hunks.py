"""The hunks of a patch: where each fits in a text, and the text afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from archnb.tools._matching import Lines, body, nearest, split_lines
from archnb.tools.base import ToolError

SHOWN = 12  # lines of a hunk that an error repeats


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines to keep (" "), to take away ("-") and to add ("+"), each without its ending.

    ``line`` is where the old lines stand by the patch's own count, from 1; ``anchors`` are lines
    that stand above them, from the outermost; ``at_end`` says that they end the file; ``bare``
    that the new text has no final line feed (None: as it was).
    """

    lines: tuple[tuple[str, str], ...]
    line: int | None = None
    anchors: tuple[str, ...] = ()
    at_end: bool = False
    bare: bool | None = None

    @property
    def old(self) -> list[str]:
        """The lines that must stand there."""
        return [text for sign, text in self.lines if sign != "+"]


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What a patch does to one file; ``target`` is where it moves to."""

    action: Literal["add", "update", "delete"]
    path: str
    hunks: tuple[Hunk, ...] = ()
    target: str = ""


def wrong(at: int, what: str) -> ToolError:
    """The error of a patch's line with the index ``at``."""
    return ToolError(f"Line {at + 1} of the patch: {what} Nothing was changed.")


def patched(name: str, text: str, hunks: Sequence[Hunk]) -> str:
    r"""``text`` with ``hunks`` applied in order; :class:`ToolError` where one does not fit.

    Each fits exactly at its line, or exactly at the one place where it can be, or likewise with
    trailing white space passed over. Kept lines stay as the text has them, added lines end as
    their neighbours do.

    >>> patched("f", "a\r\nb\r\n", [Hunk(((" ", "a"), ("-", "b"), ("+", "c")))])
    'a\r\nc\r\n'
    """
    lines = split_lines(text)
    usual = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    bodies = [body(line) for line in lines]
    views = (Lines(bodies), Lines([line.rstrip() for line in bodies]))
    result: list[str] = []
    done = 0  # lines of the text that are dealt with
    for number, hunk in enumerate(hunks, start=1):
        place = _place(views, hunk, done, f"Hunk {number} of {name}")
        result += lines[done:place]
        ending = usual
        done = place
        for sign, words in hunk.lines:
            if sign != "+":
                ending = lines[done][len(bodies[done]) :] or ending
                result += [lines[done]] if sign == " " else []
                done += 1
            else:
                result.append(words + ending)
    bare = text[-1:] not in ("", "\n")
    if hunks and done == len(lines) and hunks[-1].bare is not None:
        bare = hunks[-1].bare
    result += lines[done:]
    ended = [line if line.endswith("\n") else line + usual for line in result]
    return "".join([*ended[:-1], body(ended[-1]) if bare else ended[-1]]) if ended else ""


def _place(views: tuple[Lines, Lines], hunk: Hunk, start: int, title: str) -> int:
    """The index of the line where ``hunk`` begins, at ``start`` or later.

    ``views`` are the lines as they are, and without their trailing white space.
    """
    bodies = views[0].lines
    for depth, anchor in enumerate(hunk.anchors):
        start = _anchored(bodies, anchor, start, title, only=depth == 0)
    old = hunk.old
    if not old:
        place = start + 1 if hunk.anchors else len(bodies) if hunk.line is None else hunk.line
        place = len(bodies) if hunk.at_end else place
        if not start <= place <= len(bodies):
            raise ToolError(f"{title} adds lines after line {place}, which it cannot. {_AGAIN}")
        return place
    for view, wanted in zip(views, (old, [line.rstrip() for line in old]), strict=True):
        hint = (hunk.line or 0) - 1
        at_hint = view.lines[hint : hint + len(old)] == wanted if hint >= start else False
        if at_hint and _fits(hint, hunk, bodies):
            return hint
        found = view.places(wanted, start)
        places = list(islice((at for at in found if _fits(at, hunk, bodies)), 10))
        if len(places) == 1 or (places and hunk.anchors):
            return places[0]
        if places:
            where = ", ".join(str(at + 1) for at in places)
            raise ToolError(
                f"{title} fits at several places (lines {where}). Give more lines around the "
                "change, or an @@ line that stands above it. Nothing was changed."
            )
    raise ToolError(_misfit(bodies[start:], hunk, start, title))


def _fits(at: int, hunk: Hunk, bodies: Sequence[str]) -> bool:
    return not hunk.at_end or at + len(hunk.old) == len(bodies)


def _anchored(bodies: Sequence[str], anchor: str, start: int, title: str, *, only: bool) -> int:
    """The index of the ``only`` line, or the first, that ``anchor`` names whole or by its start."""
    wanted = anchor.strip()
    for alike in (str.__eq__, str.startswith):
        places = [
            at for at, line in enumerate(bodies[start:], start) if alike(line.strip(), wanted)
        ]
        if len(places) == 1 or (places and not only):
            return places[0]
        if places:
            where = ", ".join(str(at + 1) for at in places[:10])
            raise ToolError(
                f"{title}: the line {anchor!r} stands at several places (lines {where}). "
                "Name the line above it in a further @@ line. Nothing was changed."
            )
    raise ToolError(f"{title}: there is no line {anchor!r} to be found from. {_AGAIN}")


def _misfit(bodies: Sequence[str], hunk: Hunk, start: int, title: str) -> str:
    old = hunk.old
    expected = "\n".join(old[:SHOWN]) + ("\n…" if len(old) > SHOWN else "")
    where = " at the end of the file" if hunk.at_end else f" after line {start}" if start else ""
    # Blank lines in front keep the line numbers that are said those of the file.
    hint = nearest([*[""] * start, *bodies], old)
    return f"{title} does not fit: expected{where}\n{expected}\n{hint} {_AGAIN}".replace(
        "\n ", "\n"
    )


_AGAIN = (
    "Nothing was changed. Read the file again and make the patch from the lines that stand there."
)
