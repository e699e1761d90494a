"""A question to a person, as text and HTML: what, who asks, why, how far an "always" goes."""

from __future__ import annotations

from archnb.html import SCROLLED, text_html, visible
from archnb.permission.commands import parse
from archnb.permission.grants import covers
from archnb.permission.requests import Ask, Changes, Request, Shell
from archnb.session.code_word import PURPOSE
from archnb.session.diffs import diff_counts
from archnb.session.previews import (
    GREY,
    parts_html,
    parts_text,
    preview_html,
    preview_text,
    table_html,
    why_lines,
)

MAX_EDIT = 200_000  # characters of a text that a person is offered to edit in place


def headline(request: Request) -> str:
    """What is wanted: ``edit db/schema.sql (+12 −3)``, ``run a command``."""  # noqa: RUF002
    match request.preview:
        case Changes():
            return f"{request.title} ({diff_counts(request.preview)})"
        case Shell():
            return "run a command"
        case _:
            return request.title


def question_text(ask: Ask, code_word: str = "") -> str:
    """The whole question as plain text."""
    lines = [f"Approve? {headline(ask.request)} · asked by {ask.agent}"]
    lines += [f"code word: {code_word}"] if code_word else []
    lines += [f"NOTE: {ask.notice}"] if ask.notice else []
    parts = [f"part: {part}" for part in parts_text(ask.decision)]
    # Marked line by line: what is asked about cannot pass for what archnb says of it.
    review = [f"| {line}" for line in visible(preview_text(ask.request.preview)).split("\n")]
    below = [*map(_one_line, why_lines(ask.decision)), *review, *map(_one_line, parts)]
    return "\n".join([*map(_one_line, lines), *(f"  {line}" for line in below)])


def _one_line(text: str) -> str:
    """``text`` in which no name or reason can start a line of its own."""
    return visible(text).replace("\n", "<U+000A>")


def question_head_html(ask: Ask, code_word: str = "") -> str:
    """The question without the review: notice, what, who asks, why, and that it is a real one."""
    notice = (
        '<div style="background:#fff1cf;color:#4a3200;padding:6px 10px;margin:0 0 6px;'
        f'border-left:4px solid #b7791f"><strong>Note:</strong> {text_html(ask.notice)}</div>'
        if ask.notice
        else ""
    )
    rule, *reasons = why_lines(ask.decision)
    why = "".join(f"<div>{text_html(reason)}</div>" for reason in reasons)
    return (
        f"{notice}<div><strong>Approve? {text_html(headline(ask.request))}</strong>"
        f" <span>· asked by {text_html(ask.agent)}</span>{code_word_html(code_word)}</div>"
        f'<div style="font-size:92%;{GREY}">{text_html(rule)}</div>{why}'
    )


def code_word_html(code_word: str) -> str:
    """The code word as live cards have it; for what is never saved."""
    if not code_word:
        return ""
    style = f"float:right;font-size:92%;margin-left:1em;cursor:help;{GREY}"
    words = f"code word: <strong>{text_html(code_word)}</strong>"
    return f'<span style="{style}" title="{PURPOSE}">{words}</span>'


def question_body_html(ask: Ask, *, whole: bool = False) -> str:
    """The review: the exact bytes, and the parts with their verdicts."""
    parts = f'<div style="{"" if whole else SCROLLED}">{parts_html(ask.decision)}</div>'
    return preview_html(ask.request.preview, whole=whole) + parts


def edited_html(request: Request, text: str) -> str:
    """The review of ``text`` put in place of what was asked; the rules have yet to speak."""
    edited = request.edited(text)
    below = ""
    if isinstance(edited.preview, Shell):
        command = parse(edited.preview.command)
        rows = [(part.text, "; ".join(part.reasons) or "a plain command") for part in command.parts]
        said = [*(f"because: {reason}" for reason in command.reasons), "Deny rules hold here, too."]
        notes = "".join(f"<div>{text_html(line)}</div>" for line in said)
        below = table_html(("part", "remark"), rows)
        below += f'<div style="font-size:92%;{GREY}">{notes}</div>'
    return preview_html(edited.preview, whole=True) + below


def editable_text(request: Request) -> str | None:
    """What a person may change, with line feeds only; None where a text field could not hold it."""
    text = request.editable
    if text is None or len(text) > MAX_EDIT or any("\ud800" <= char <= "\udfff" for char in text):
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def first_pattern(request: Request) -> str:
    """The pattern that "always" starts from: the narrowest one offered that covers the request."""
    offered = request.always
    return next((each for each in offered if covers(each, request)), offered[0] if offered else "")


def reach(pattern: str, request: Request) -> tuple[bool, str]:
    """Whether an "always" for ``pattern`` covers this very request, and in words what it lets pass.

    >>> shell = Shell("git log -3", ".", 120.0, "not sandboxed")
    >>> reach("git diff *", Request("bash", ("git log -3",), "", shell))[0]
    False
    """
    if not covers(pattern, request):
        return False, (
            "This pattern does not cover what is asked now, so it cannot be remembered here."
            if pattern.strip()
            else "Write a pattern: the exact text, or one in which * stands for any text."
        )
    thing = {"bash": "command", "edit": "change of a file", "webfetch": "address"}.get(
        request.permission, f"{request.permission} call"
    )
    wild = [mark for mark in "*?" if mark in pattern]
    if not wild or (request.patterns == (pattern,) and request.permission == "bash"):
        words = {
            "bash": "Exactly this command, character by character.",
            "edit": "Every change of exactly this file, whatever the change says.",
            "webfetch": "Exactly this address.",
        }
        return True, words.get(request.permission, f"Every {thing} for exactly this.")
    if not pattern.strip("*/ "):
        return True, f"EVERY {thing}, whatever it is. A narrower pattern is safer."
    what = {"*": "* stands for any text, also none, also with /", "?": "? for any one character"}
    said = f"Every {thing} that matches; {' and '.join(what[mark] for mark in wild)}."
    if request.permission == "bash":
        said += " Each part of a line must match; what is known to do more than it says still asks."
    return True, said
