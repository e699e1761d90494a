"""The card of one question: its review, its buttons, and what opens behind them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from archnb.html import text_html
from archnb.notebook.panels import Panel, always_panel, edit_panel, reason_panel
from archnb.notebook.widgets import STYLE, Widgets, show
from archnb.permission.requests import Ask, Reply
from archnb.session.previews import too_long
from archnb.session.questions import editable_text, question_body_html, question_head_html

ARMING = 0.5  # seconds a question must have been in sight before it can be approved


class Card:
    """The widgets of one question; ``answer`` is done once, for exactly what is shown.

    ``seen``: a page has shown it. ``editing``: an edit was begun, so nobody may approve the
    original text from elsewhere. ``ready``: it can be approved, since a person had the time to
    see all of it. ``changed()`` is called when one of these changed.
    """

    def __init__(self, ask: Ask, changed: Callable[[], None], code_word: str) -> None:
        self.ask = ask
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.seen = False
        self.signed = 0.0  # when a page last gave a sign, on the monotonic clock
        self.elsewhere = False  # on a page that was loaded anew: it is told nothing but by widgets
        self.editing = False
        self._changed = changed
        self._armed = self._offer_armed = False
        self._arming: asyncio.TimerHandle | None = None
        self._timers: list[asyncio.TimerHandle] = []
        length = too_long(ask.request.preview)
        self._whole = not length
        self._offer: tuple[Card, ...] = ()
        self._widgets = Widgets()
        self._sign = self._widgets.sign(self._heard)
        self._typed: Callable[[], Reply | None] | None = None
        self._place = self._widgets.html()
        self._queue = self._widgets.row(self._place)
        self._queue.add_class("archnb-queue")
        show(self._queue, False)
        self._review = self._widgets.html(question_body_html(ask, whole=self._whole), tabbable=True)
        self._rest = self._widgets.row(*self._show_all(length))
        show(self._rest, not self._whole)
        self._body = self._widgets.column(self._review, self._rest)
        self._panels: dict[str, Panel] = {}
        self._openers: dict[str, Any] = {}
        self._guarded: list[Any] = []
        self._actions = self._widgets.row(*self._buttons())
        self.box = self._widgets.column(
            self._widgets.html(STYLE + question_head_html(ask, code_word)),
            self._body,
            self._actions,
            *(panel.box for panel in self._panels.values()),
            self._queue,
            self._sign,
        )
        self.box.add_class("archnb-card")

    @property
    def open(self) -> bool:
        return not self.answer.done()

    @property
    def ready(self) -> bool:
        return self._armed and self._whole

    def settle(self, reply: Reply) -> None:
        """Answer the question, unless it is answered, or approved before it is ``ready``."""
        self._sighted()
        if self.open and (self.ready or not reply.approved):
            self.answer.set_result(reply)
            self._changed()

    def invite(self) -> None:
        """No page has given a sign; one that never does gives it by a first press of Approve."""
        if not self.seen and self._guarded[0].disabled:
            self._guarded[0].disabled = False

    def call_for_sign(self) -> None:
        """Ask the page to show that it shows this; a view made later hears only a later call."""
        self._sign.playing = False
        self._sign.playing = True

    def settle_typed(self, reply: Callable[[], Reply | None]) -> None:
        """Answer by what was typed, once the page has sent all of it.

        A page holds keys back while the kernel has not confirmed those before; a click overtakes
        them. A sign that is asked for after the click comes after the keys.
        """
        self._typed = reply
        self.call_for_sign()

    def stand(self, place: int, count: int, offer: Sequence[Card]) -> None:
        """Say where this stands among the waiting ones; ``offer`` can be approved by one click."""
        show(self._queue, count > 1)
        said = f"{place} of {count} waiting" if count > 1 else ""
        if said != self._place.value:
            self._place.value = said
        mine = tuple(offer) if self in offer else ()
        if mine == self._offer:
            return
        self._offer = mine
        self._offer_armed = False
        old = self._queue.children[1:]
        # A new button for each set of cards: a click on its way means the cards that were named.
        self._queue.children = (self._place, *self._approve_all(mine))
        if old:
            self._widgets.close(*old)

    def close(self) -> None:
        self._stop()
        self._widgets.close()

    def _stop(self) -> None:
        self._sign.playing = False  # else the page goes on ticking into a closed channel
        for timer in self._timers:
            timer.cancel()
        for panel in self._panels.values():
            panel.close()

    def leave(self, words: str) -> None:
        """Close all but the box, which goes on saying ``words``."""
        self._stop()
        said = self._widgets.html(STYLE + text_html(words))
        self.box.children = (said,)
        self._widgets.close_but(self.box, said)

    def _buttons(self) -> list[Any]:
        make, request = self._widgets.button, self.ask.request
        settle = self.settle
        approve = make(
            "Approve",
            f"Approve: {request.title}",
            lambda: settle(Reply("once")),
            "success",
            disabled=True,
        )
        self._guarded.append(approve)
        buttons = [approve]
        if (text := editable_text(request)) is not None:
            buttons.append(self._opener("Approve edited…", "Change the text, then approve it"))
            panel = edit_panel(self._widgets, request, text, self.settle_typed, self._back)
            self._panels["Approve edited…"] = panel
            self._guarded.append(panel.approve)
        buttons.append(
            make("Deny", f"Deny: {request.title}", lambda: settle(Reply("reject")), "danger")
        )
        buttons.append(
            self._opener("Deny with reason…", "Say why; the agent reads it and carries on")
        )
        self._panels["Deny with reason…"] = reason_panel(
            self._widgets, self.settle_typed, self._back
        )
        if request.always:
            opener = self._opener("Always…", "Let what matches a pattern pass from now on")
            opener.disabled = True
            self._guarded.append(opener)
            buttons.append(opener)
            self._panels["Always…"] = always_panel(
                self._widgets, self.ask, self.settle_typed, self._back
            )
        return buttons

    def _opener(self, words: str, tip: str) -> Any:
        button = self._widgets.button(words, tip, lambda: self._open(words))
        self._openers[words] = button
        return button

    def _open(self, words: str) -> None:
        """Put a panel in the place of the buttons."""
        if self._openers[words].disabled:
            return
        panel = self._panels[words]
        if panel.reviews:
            self._unfold()  # what it shows instead is whole
        show(self._actions, False)
        show(self._body, not panel.reviews)
        show(panel.box, True)
        panel.begin()
        if panel.reviews and not self.editing:
            self.editing = True
            self._changed()

    def _back(self) -> None:
        """The buttons again, with the focus where it came from."""
        self._typed = None
        for words, panel in self._panels.items():
            if panel.box.layout.display is None:
                show(panel.box, False)
                show(self._body, True)
                show(self._actions, True)
                self._openers[words].focus()

    def _approve_all(self, offer: Sequence[Card]) -> list[Any]:
        if len(offer) < 2:
            return []
        count = len(offer)

        def approve() -> None:
            for card in offer if self._offer_armed else ():
                card.settle(Reply("once", by=f"you, {count} at once"))

        tip = f"Approve the {count} waiting requests as they are shown"
        button = self._widgets.button(f"Approve all ({count})", tip, approve, disabled=True)

        def arm() -> None:
            if self._offer == tuple(offer):
                self._offer_armed = True
                button.disabled = False

        self._later(arm)
        return [button]

    def _show_all(self, length: str) -> list[Any]:
        """What stands below a review of which a part is out of sight."""
        tip = "Show the whole text; it can be approved then"
        words = text_html(f"{length}. It can be approved once all of it was shown.")
        return [self._widgets.button("Show all", tip, self._unfold), self._widgets.html(words)]

    def _unfold(self) -> None:
        """The whole review, in sight for a while before the buttons work."""
        if self._whole:
            return
        self._whole = self.seen = True
        self._review.value = question_body_html(self.ask, whole=True)
        self._review.focus()
        show(self._rest, False)
        self._arm()

    def _sighted(self) -> None:
        """It is in sight, from now on if it was not before."""
        if not self.seen:
            self.seen = True
            self._arm()

    def _arm(self) -> None:
        """Let it be approved in a while."""
        self._armed = False
        self._guard()

        def armed() -> None:
            self._armed = True
            self._guard()

        if self._arming:
            self._arming.cancel()
        self._arming = self._later(armed)

    def _later(self, act: Callable[[], None]) -> asyncio.TimerHandle:
        timer = asyncio.get_running_loop().call_later(ARMING, act)
        self._timers.append(timer)
        return timer

    def _guard(self) -> None:
        for button in self._guarded:
            button.disabled = not self.ready
        self._changed()

    def _heard(self) -> None:
        """The page ticked."""
        self.signed = time.monotonic()
        self._sign.playing = False
        self._sighted()
        typed, self._typed = self._typed, None
        if typed is not None and (reply := typed()) is not None:
            self.settle(reply)
