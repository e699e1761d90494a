"""Ink and paper: the palette, and the only way that a name becomes part of a picture."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from archnb.design.elements import Finding, Severity, Source

FONT = "Arial"  # one name with known metrics: a list of names falls back to the metrics of Times
INK = "#1f2933"
SOFT = "#52606d"
MUTED = "#66727f"
LINE = "#8896a4"
HAIR = "#cfd6dd"
WASH = "#f8fafb"
PAPER = "#ffffff"
WARN = "#a84a00"


@dataclass(frozen=True, slots=True)
class Accent:
    """A colour for what belongs together: ``dark`` carries white text, ``tint`` carries ink."""

    dark: str
    tint: str


ACCENTS = (
    Accent("#2f6f8f", "#eaf3f7"),
    Accent("#6b4c9a", "#f3eef9"),
    Accent("#86681b", "#faf5e6"),
    Accent("#3a7350", "#ebf5ef"),
    Accent("#96503f", "#faefec"),
    Accent("#8a3f6d", "#f9edf4"),
    Accent("#3f5aa0", "#edf1fa"),
    Accent("#4f5d6b", "#eef1f4"),
)
BLUE, PURPLE, OCHRE, *_ = ACCENTS

_SEVERITIES: dict[Severity, tuple[str, str]] = {
    "error": ("#b42318", "#fdecea"),
    "warning": (WARN, "#fff1e0"),
    "info": ("#3f5aa0", "#edf1fa"),
}
_NEUTRAL = (SOFT, "#eef1f4")
_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACE = 0.278  # a space in em: what graphviz-pure gives to each byte that it has no metrics for


def clean(text: str) -> str:
    """``text`` on one line, without control, format, surrogate or non-characters.

    What would reorder the letters around it is spelled out: two names must not look the same.
    """
    kept = (
        character
        for character in _BIDI.sub(lambda one: f"<U+{ord(one[0]):04X}>", " ".join(text.split()))
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs")
        and ord(character) & 0xFFFE != 0xFFFE
    )
    return "".join(kept).strip()


def clip(text: str, limit: int) -> str:
    """``text`` cleaned, and at most ``limit`` characters long; longer, it ends with an ellipsis."""
    line = clean(text[: limit * 20])
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def written(text: str, limit: int = 60) -> str:
    """``text`` as it may stand in an HTML-like label: clipped, escaped and never empty.

    The layout of graphviz-pure knows no width outside ASCII: no-break spaces at the end make room.
    """
    line = clip(text, limit)
    lacking = sum(_breadth(letter) - _given(letter) for letter in line if letter > "\x7f")
    room = math.ceil(max(0.0, lacking) / (2 * _SPACE) - 0.05)
    escaped = html.escape(line).replace("\\", "\\\\")  # else \\N becomes the node's name
    return escaped + "&#160;" * room or "&#160;"


def font(marked: str, *, size: float = 0, color: str = "", bold: bool = False) -> str:
    """Markup that is already safe, in a font."""
    inner = f"<b>{marked}</b>" if bold else marked
    attributes = f' point-size="{size:g}"' if size else ""
    attributes += f' color="{color}"' if color else ""
    return f"<font{attributes}>{inner}</font>" if attributes else inner


def badges(findings: Sequence[Finding], notes: Sequence[str] = (), align: str = "center") -> str:
    """Notes and the codes of ``findings`` (the worst first) as chips: a table, or nothing."""
    worst: dict[str, Severity] = {}
    for finding in sorted(findings, key=lambda finding: _RANK[finding.severity]):
        worst.setdefault(clip(finding.code, 10), finding.severity)
    chips = [(clip(note, 24), *_NEUTRAL) for note in notes]
    chips += [(code, *_SEVERITIES[severity]) for code, severity in list(worst.items())[:3]]
    chips += [(f"+{len(worst) - 3}", *_NEUTRAL)] if len(worst) > 3 else []
    if not chips:
        return ""
    # sizes of their own: else chips are stretched to whatever room there is
    widths = [round(len(text) * 4.3 + 10) for text, _, _ in chips]
    cells = "".join(
        f'<td width="{width}" height="12" fixedsize="true" color="{dark}" bgcolor="{tint}" '
        f'style="rounded">{font(written(text), size=7, color=dark)}</td>'
        for (text, dark, tint), width in zip(chips, widths, strict=True)
    )
    return (
        '<table border="0" cellborder="1" cellspacing="3" cellpadding="0" '
        f'align="{align}" fixedsize="true" width="{sum(widths) + 3 * len(widths) + 3}" height="18">'
        f"<tr>{cells}</tr></table>"
    )


def on_line(labels: Sequence[str]) -> str:
    """The label of a line, on paper of its own: a line that comes near does not cross the words."""
    several = [written(label, 26) for label in labels]
    several[3:] = [f"+{len(several) - 3} more"] if len(several) > 3 else []
    return (
        '<<table border="0" cellborder="0" cellspacing="2" cellpadding="0"><tr>'
        f'<td bgcolor="{PAPER}">{"<br/>".join(several)}</td></tr></table>>'
    )


def about(name: str, source: Source, end: int, finding: Finding) -> bool:
    """Whether a finding speaks of the element: by its name, or by its place in a file."""
    if re.match(re.escape(name) + r"(?![\w$-])", finding.where):
        return True
    last = max(end, source.line)
    return finding.source.file == source.file and 0 < source.line <= finding.source.line <= last


def caption(title: str, counts: str, notes: Sequence[str] = (), legend: Sequence[str] = ()) -> str:
    """The head of a picture: title, one line of counts, what was left out, and a legend."""
    lines = [font(written(title, 80), size=13, color=INK, bold=True)]
    lines += [font(written(line, 140), size=9, color=MUTED) for line in (counts, *notes) if line]
    lines += ["&#160;&#160;&#160;&#160;".join(legend)] if legend else []
    rows = "".join(f'<tr><td align="left">{line}</td></tr>' for line in lines)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{rows}</table>>'


def sample(mark: str, color: str, meaning: str) -> str:
    """An entry of a legend: how something looks, and what it means."""
    shown = font(f"{written(mark)}&#160;", size=8.5, color=color)
    return shown + font(written(meaning), size=8.5, color=MUTED)


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 table``, ``2 tables``."""
    return f"{count} {noun if count == 1 else many or noun + 's'}"


def _given(letter: str) -> float:
    return len(letter.encode()) * _SPACE


def _breadth(letter: str) -> float:
    """The width of a letter beyond ASCII in em, rather too wide than too narrow."""
    category = unicodedata.category(letter)
    if category in ("Mn", "Me"):
        return 0.0
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return 1.4 if category == "So" else 1.05
    if letter <= "\xff":
        return 0.74 if category == "Lu" else 2 * _SPACE
    if category[0] in "SP":
        return 1.0
    return 0.8 if category == "Lu" else 0.64
