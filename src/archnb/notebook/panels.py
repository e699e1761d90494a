"""What opens behind a card's buttons: the text to edit, the reason, the pattern to remember."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from archnb.html import text_html
from archnb.notebook.widgets import Widgets
from archnb.permission.requests import SCOPES, Ask, Grant, Reply, Request, Scope
from archnb.session.questions import edited_html, first_pattern, reach

TYPING = 0.25  # seconds after the last key before the review follows (a diff costs, a key is cheap)
MAX_REASON = 4000  # characters that go to the model

Settle = Callable[[Callable[[], Reply | None]], None]
"""Takes what gives the reply (None: not yet) from the fields, to be called when they are whole."""


@dataclass(frozen=True, slots=True)
class Panel:
    """``begin`` fills it and puts the focus there; ``reviews``: it shows a review of its own.

    ``approve`` is the button that approves what stands in it, where that does not follow from what
    is typed.
    """

    box: Any
    begin: Callable[[], None]
    close: Callable[[], None] = lambda: None
    reviews: bool = False
    approve: Any = None


def reason_panel(widgets: Widgets, settle: Settle, back: Callable[[], None]) -> Panel:
    """Why it is denied, for the model."""
    area = widgets.text("Why not, or what instead? The agent reads this.")
    send = widgets.button(
        "Deny and send reason",
        "Deny this, and tell the agent why",
        lambda: settle(lambda: Reply("reject", feedback=area.value.strip()[:MAX_REASON])),
        "danger",
    )
    box = widgets.column(area, widgets.row(send, _back(widgets, back)), hidden=True)
    return Panel(box, area.focus)


def edit_panel(
    widgets: Widgets, request: Request, text: str, settle: Settle, back: Callable[[], None]
) -> Panel:
    """The text itself, and below it what it would do, following the keys."""
    rows = max(2, min(18, text.count("\n") + 2))
    follow = _Later(TYPING, lambda: setattr(review, "value", edited_html(request, area.value)))
    area = widgets.text("The text that is approved", rows=rows, code=True, typed=follow.soon)
    review = widgets.html(tabbable=True)

    def reply() -> Reply:
        same = area.value.replace("\r\n", "\n") == text
        return Reply("once", edited=None if same else area.value)

    def begin() -> None:
        if not review.value:
            area.value = text  # only now: a large file crosses the wire only if it is edited
            follow.now()
        area.focus()

    button = widgets.button(
        "Approve this text",
        "Approve the text as it stands in the field",
        lambda: settle(reply),
        "success",
        disabled=True,
    )
    buttons = widgets.row(button, _back(widgets, back))
    box = widgets.column(area, review, buttons, hidden=True)
    return Panel(box, begin, follow.cancel, reviews=True, approve=button)


def always_panel(widgets: Widgets, ask: Ask, settle: Settle, back: Callable[[], None]) -> Panel:
    """The pattern that passes from now on, how far it reaches, and for how long."""
    request = ask.request
    start = first_pattern(request)

    def chosen() -> str:
        value = str(pattern.value)
        return value if value in request.always else value.strip()

    def reply(scope: Scope) -> Reply | None:
        if not reach(chosen(), request)[0]:
            return None
        return Reply("always", grant=Grant(request.permission, chosen(), scope, ask.agent))

    def say() -> None:
        covered, said = reach(chosen(), request)
        for button in buttons:
            button.disabled = not covered
        style = "" if covered else "background:#fdeceb;color:#5f1412;padding:2px 8px"
        words.value = f'<div style="{style}">{"" if covered else "✗ "}{text_html(said)}</div>'

    def begin() -> None:
        if not words.value:
            pattern.value = start
            say()
        pattern.focus()

    label, rows = f"Pattern for {request.permission}", min(4, start.count("\n") + 1)
    pattern = widgets.text(label, rows=rows, code=True, typed=say)
    words = widgets.html()
    # A button for each scope: arrow keys belong to the notebook, also inside an output.
    buttons = [
        widgets.button(
            f"Approve for {named}",
            f"Approve this, and let what the pattern covers pass for {named}",
            partial(settle, partial(reply, scope)),
            "success" if scope == "cell" else "",
        )
        for scope, named in SCOPES.items()
    ]
    others = [
        widgets.button(each, f"Use the pattern {each}", partial(setattr, pattern, "value", each))
        for each in request.always
        if len(request.always) > 1 and "\n" not in each
    ]
    choices = [widgets.row(*others)] if others else []
    decide = widgets.row(*buttons, _back(widgets, back))
    return Panel(widgets.column(pattern, *choices, words, decide, hidden=True), begin)


def _back(widgets: Widgets, back: Callable[[], None]) -> Any:
    return widgets.button("Back", "Back to the buttons; nothing is decided", back)


class _Later:
    """Does something once after things have been quiet for ``delay`` seconds."""

    def __init__(self, delay: float, act: Callable[[], None]) -> None:
        self._delay = delay
        self._act = act
        self._timer: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        self.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._delay, self._act)

    def now(self) -> None:
        self.cancel()
        self._act()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
