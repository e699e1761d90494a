"""What a call wants to do, as text and as HTML: diffs, commands, and why they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from archnb.html import FIXED, SCROLLED, text_html
from archnb.permission.requests import Changes, Decision, Diff, Preview, Shell
from archnb.session.diffs import (
    MAX_LINES,
    diff_counts,
    diff_html,
    diff_lines,
    remarks,
    spell_trailing,
)

GREY = "color:var(--jp-ui-font-color2,#5f6b76)"
SHOWN = 22  # lines that fit into a box before it scrolls
SHOWN_CHARACTERS = 1500
_WIDTH = 100  # characters of a line that fit beside each other on a small page
_LINES = FIXED
# A long word must break: a card that grows wider than the page hides what is approved.
_CELL = "text-align:left;vertical-align:top;padding:1px 14px 1px 0;overflow-wrap:anywhere"
_BEYOND = "border-left:3px solid #b7791f;padding-left:6px;margin:3px 0;font-weight:600"


def why_lines(decision: Decision) -> list[str]:
    """The rule that decided, and archnb's own reasons beside it."""
    lines = [f"rule: {decision.rule}"]
    lines += [f"because: {reason}" for reason in decision.reasons]
    return lines


def preview_text(preview: Preview, limit: int | None = MAX_LINES) -> str:
    """What was asked, as plain text; of each diff at most ``limit`` lines."""
    match preview:
        case Changes(diffs):
            lines = [line for diff in diffs for line in _diff_text(diff, len(diffs) > 1, limit)]
            return "\n".join(lines)
        case Shell(command, folder, timeout, sandbox):
            return f"$ {spell_trailing(command)}\n({_limits(folder, timeout, sandbox)})"
        case str():
            return preview
        case _:
            assert_never(preview)


def preview_html(preview: Preview, *, whole: bool = False) -> str:
    """What was asked, as HTML built by us; a diff by colours and by signs.

    It scrolls in a box where it is long; ``whole``: all of it stands there.
    """
    box = "" if whole else SCROLLED
    limit = None if whole else MAX_LINES
    match preview:
        case Changes(diffs):
            files = "".join(_diff_html(diff, len(diffs) > 1, limit) for diff in diffs)
            lines = 0 if whole else sum(len(diff_lines(diff)) for diff in diffs)
            return f'<div style="{box}">{files}</div>{_long(lines)}'
        case Shell(command, folder, timeout, sandbox):
            where = _limits(folder, timeout, sandbox)
            line = text_html(spell_trailing(command))
            long = "" if whole else _long(command.count("\n") + 1)
            said = _aside(where) if preview.access == "workspace" else _beyond(where)
            return f'<pre style="{FIXED};{box};margin:4px 0">$ {line}</pre>{long}{said}'
        case str():
            long = "" if whole else _long(preview.count("\n") + 1)
            return f'<pre style="{FIXED};{box}">{text_html(preview)}</pre>{long}'
        case _:
            assert_never(preview)


def too_long(preview: Preview) -> str:
    """How long it is, in words, where a reader would not see all of it at once; else empty.

    >>> too_long("x " * 2000), too_long("short")
    ('1 line, 4,000 characters', '')
    """
    text = preview.command if isinstance(preview, Shell) else preview_text(preview, None)
    lines = text.split("\n")
    rows = sum(1 + len(line) // _WIDTH for line in lines)
    if rows <= SHOWN and len(text) <= SHOWN_CHARACTERS:
        return ""
    return f"{len(lines):,} line{'s' * (len(lines) != 1)}, {len(text):,} characters"


def _long(lines: int) -> str:
    """What stands under a box that may hold more lines than it shows."""
    return _aside("Scroll the box above to see all of it.") if lines > SHOWN else ""


def parts_text(decision: Decision) -> list[str]:
    """The parts of a request with the verdict over each; nothing where there is only one."""
    return [f"{part}: {verdict} ({why})" for part, verdict, why in _part_rows(decision)]


def parts_html(decision: Decision) -> str:
    """The parts of a request as a small table: part, verdict, why."""
    return table_html(("part", "verdict", "why"), _part_rows(decision))


def table_html(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of text, the first column in a fixed font; empty without rows."""
    if not rows:
        return ""
    head = "".join(f'<th style="{_CELL};font-weight:600">{text_html(word)}</th>' for word in heads)
    body = "".join(
        f'<tr><td style="{_CELL};{_LINES}">{text_html(first)}</td>'
        + "".join(f'<td style="{_CELL}">{text_html(word)}</td>' for word in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        '<table style="border-collapse:collapse;margin:4px 0;font-size:95%">'
        f'<thead style="{GREY}"><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _part_rows(decision: Decision) -> list[tuple[str, str, str]]:
    if len(decision.parts) < 2:  # the one part is the request itself
        return []
    verdicts = {"allow": "allowed", "ask": "asks", "deny": "denied"}
    return [
        (
            spell_trailing(part.text),
            verdicts[part.action],
            "; ".join(part.reasons) or f"rule: {part.rule}",
        )
        for part in decision.parts
    ]


def _limits(folder: str, timeout: float, sandbox: str) -> str:
    where = "the workspace" if folder == "." else folder
    return f"in {where}, at most {timeout:.0f} s, {sandbox}"


def _beyond(text: str) -> str:
    """What must not be passed over: more access than a rule gives."""
    return f'<div style="{_BEYOND}">{text_html(text)}</div>'


def _aside(text: str) -> str:
    return f'<div style="font-size:92%;{GREY}">{text_html(text)}</div>'


def _heading(diff: Diff) -> str:
    """One of several files: what happens to it, and by how much."""
    verb = "create" if diff.before is None else "delete" if diff.after is None else "edit"
    return f"{verb} {diff.path} ({diff_counts(Changes((diff,)))})"


def _diff_text(diff: Diff, named: bool, limit: int | None) -> list[str]:
    lines = [f"@ {_heading(diff)}".replace("\n", "<U+000A>")] if named else []
    lines += [f"\\ {remark}" for remark in remarks(diff)]
    return [*lines, *(line.plain for line in diff_lines(diff, limit))]


def _diff_html(diff: Diff, named: bool, limit: int | None) -> str:
    heading = f"<strong>{text_html(_heading(diff))}</strong>" if named else ""
    said = " · ".join(remarks(diff))
    said = _aside(said) if said else ""
    pre = f'<pre style="{_LINES};line-height:1.4;margin:3px 0 8px">{diff_html(diff, limit)}</pre>'
    return f"{heading}{said}{pre}"
