"""What real engines said of a schema: a value that shows itself as text, HTML or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from archnb.design.elements import Problem
from archnb.html import text_html, visible

_MARKS = {True: "✓", False: "✗", None: "?"}
_COLOURS = {True: "#1a7f37", False: "#b42318", None: "#52606d"}
_MOST_SHOWN = 100  # problems; after a first mistake the others mostly follow from it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one engine said; ``ok`` is True (it accepts what it was given), False or None (unknown).

    ``problems`` are in the engine's own words, each at our file and line. ``reason`` says why
    nothing is known where ``ok`` is None; ``checked`` what was done; ``notes`` what was not done,
    or only with a stand-in, so that a ✓ never means more than it should.
    """

    engine: str
    version: str = ""
    ok: bool | None = None
    problems: tuple[Problem, ...] = ()
    checked: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line with its mark.

        >>> Verdict("SQLite", "3.46.0", ok=True, checked="2 statements accepted: 1 table").summary
        '✓ SQLite 3.46.0 accepts it (2 statements accepted: 1 table)'
        """
        name = f"{_MARKS[self.ok]} {f'{self.engine} {self.version}'.strip()}"
        checked = f" ({self.checked})" if self.checked else ""
        if self.ok is None:
            return f"{name}: not proved: {self.reason}{checked}"
        if self.ok:
            return f"{name} accepts it{checked}"
        count = len(self.problems)
        return f"{name} refuses it: {count} problem{'s' * (count != 1)}{checked}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The summary, the problems and the notes, a line each."""
        shown = self.problems[:_MOST_SHOWN]
        left = len(self.problems) - len(shown)
        raw = [
            self.summary,
            *(f"  {problem.source}: {problem.message}" for problem in shown),
            *([f"  … and {left} more"] if left else []),
            *(f"  note: {note}" for note in self.notes[:_MOST_SHOWN]),
        ]
        # A name with a line break in it must not forge a line.
        return tuple(visible("  " * line.startswith("  ") + " ".join(line.split())) for line in raw)


@dataclass(frozen=True, slots=True)
class Verdicts(Sequence[Verdict]):
    """The verdicts on one schema, one for each engine that was asked."""

    items: tuple[Verdict, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Verdict: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Verdict, ...]: ...
    def __getitem__(self, index: int | slice) -> Verdict | tuple[Verdict, ...]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.items)

    @property
    def ok(self) -> bool | None:
        """True where every engine accepts, False where one refuses, else None."""
        answers = {verdict.ok for verdict in self.items}
        return False if False in answers else True if answers == {True} else None

    def text(self) -> str:
        """The verdicts as plain text: a line with a mark, then the problems and notes."""
        return "\n".join(line for verdict in self.items for line in verdict.lines)

    def html(self) -> str:
        """The verdicts as a mark, a table of problems and the notes; everything is escaped."""
        return "".join(map(_html, self.items))

    def rows(self) -> list[dict[str, object]]:
        """The verdicts as JSON, as ``archnb verify --json`` prints them."""
        return [
            {
                "engine": verdict.engine,
                "version": verdict.version,
                "ok": verdict.ok,
                "checked": verdict.checked,
                "reason": verdict.reason,
                "problems": [
                    {"file": each.source.file, "line": each.source.line, "message": each.message}
                    for each in verdict.problems
                ],
                "notes": list(verdict.notes),
            }
            for verdict in self.items
        ]

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


def _html(verdict: Verdict) -> str:
    # The pill is opaque so that its words read the same on light and dark pages.
    words = {True: "✓ proved", False: "✗ refuted", None: "? not proved"}[verdict.ok]
    pill = (
        f'<span style="background:{_COLOURS[verdict.ok]};color:#fff;border-radius:3px;'
        f'padding:1px 6px;white-space:nowrap">{words}</span>'
    )
    cell = "text-align:left;vertical-align:top"
    rows = "".join(
        f'<tr><td style="{cell}"><code>{text_html(str(problem.source))}</code></td>'
        f'<td style="{cell}">{text_html(problem.message)}</td></tr>'
        for problem in verdict.problems[:_MOST_SHOWN]
    )
    left = len(verdict.problems) - _MOST_SHOWN
    table = (
        f'<table style="max-width:100%"><thead><tr><th style="{cell}">Where</th>'
        f'<th style="{cell}">In the engine\'s words</th></tr></thead><tbody>{rows}</tbody></table>'
        if rows
        else ""
    )
    more = f"<div>… and {left} more</div>" if left > 0 else ""
    notes = "".join(f"<li>{text_html(note)}</li>" for note in verdict.notes[:_MOST_SHOWN])
    return (
        f"<p>{pill} {text_html(verdict.summary[2:])}</p>{table}{more}"
        f"{f'<ul>{notes}</ul>' if notes else ''}"
    )
