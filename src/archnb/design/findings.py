"""The findings of a review as one value: a table that shows itself as text, HTML or data frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from archnb.design.elements import Finding, Problem
from archnb.html import text_html, visible

if TYPE_CHECKING:
    import pandas as pd

_MARKS = {"error": "✗ error", "warning": "! warning", "info": "· info"}
_COLOURS = {"error": "#b42318", "warning": "#8a5a00", "info": "#52606d"}


@dataclass(frozen=True, slots=True)
class Findings(Sequence[Finding]):
    """What the rules say, worst first in the words, in file order in the table.

    ``checked`` says what was looked at, so that an empty table still means something, and
    ``problems`` what could not be read, so that it does not mean too much.
    """

    items: tuple[Finding, ...] = ()
    checked: str = ""
    problems: tuple[Problem, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    @property
    def summary(self) -> str:
        """Such as ``7 findings: 2 errors, 5 warnings``."""
        checked = f" in {self.checked}" if self.checked else ""
        if not self.items:
            return f"no findings{checked}"
        counts = Counter[str](finding.severity for finding in self.items)
        order = (("error", "error"), ("warning", "warning"), ("info", "note"))
        words = [
            f"{counts[key]} {noun}{'s' * (counts[key] != 1)}" for key, noun in order if counts[key]
        ]
        return (
            f"{len(self.items)} finding{'s' * (len(self.items) != 1)}{checked}: {', '.join(words)}"
        )

    def to_frame(self) -> pd.DataFrame:
        """A row a finding, with the fields of :func:`row`. Needs pandas."""
        import pandas as pd

        return pd.DataFrame([row(finding) for finding in self.items])

    def text(self) -> str:
        """The findings as plain text: a line for what is wrong, one for what to do."""
        lines = [self.summary]
        for finding in self.items:
            mark = f"{_MARKS[finding.severity]:<9}"
            place = f"{finding.source}  " if finding.source.file else ""
            lines.append(f"{mark} {finding.code}  {place}{finding.where}: {finding.message}")
            if finding.advice:
                lines.append(
                    f"{'':<9} → {finding.advice}{' [fix available]' if finding.fix else ''}"
                )
        lines += [f"not read: {problem.source}: {problem.message}" for problem in self.problems]
        return "\n".join(visible(" ".join(line.split("\n"))) for line in lines)

    def html(self) -> str:
        """The findings as a table; everything in it is escaped."""
        unread = "".join(
            f"<div>not read: <code>{text_html(str(problem.source))}</code>:"
            f" {text_html(problem.message)}</div>"
            for problem in self.problems
        )
        if not self.items:
            return f"<p>{'' if unread else '✓ '}{text_html(self.summary)}</p>{unread}"
        head = "".join(
            f'<th style="text-align:left">{name}</th>'
            for name in ("", "Rule", "Where", "Finding and advice")
        )
        return (
            f"<p><strong>{text_html(self.summary)}</strong></p>"
            f'<table style="max-width:100%"><thead><tr>{head}</tr></thead><tbody>'
            + "".join(_row_html(finding) for finding in self.items)
            + f"</tbody></table>{unread}"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


def row(finding: Finding) -> dict[str, object]:
    """A finding as JSON, as ``archnb lint --json`` prints it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": finding.source.file,
        "line": finding.source.line,
        "where": finding.where,
        "message": finding.message,
        "advice": finding.advice,
        "fixable": finding.fix is not None,
    }


def _row_html(finding: Finding) -> str:
    colour = _COLOURS[finding.severity]
    cell = "text-align:left;vertical-align:top"
    place = f"<br><small>{text_html(str(finding.source))}</small>" if finding.source.file else ""
    fix = " <em>(fix available)</em>" if finding.fix else ""
    advice = f"<br><small>→ {text_html(finding.advice)}{fix}</small>" if finding.advice else ""
    # The pill is opaque so that its words read the same on light and dark pages.
    pill = (
        f'<span style="background:{colour};color:#fff;border-radius:3px;padding:1px 6px;'
        'white-space:nowrap">'
        f"{finding.severity}</span>"
    )
    return (
        f'<tr><td style="{cell}">{pill}</td>'
        f'<td style="{cell}"><code>{text_html(finding.code)}</code></td>'
        f'<td style="{cell}"><code>{text_html(finding.where)}</code>{place}</td>'
        f'<td style="{cell}">{text_html(finding.message)}{advice}</td></tr>'
    )
