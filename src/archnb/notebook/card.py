"""The card of one question: its review, its buttons, and what opens behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from archnb.notebook.panels import Panel, always_panel, edit_panel, reason_panel
from archnb.notebook.widgets import STYLE, Widgets, show
from archnb.permission.requests import Ask, Reply
from archnb.session.questions import editable_text, question_body_html, question_head_html


class Card:
    """The widgets of one question; ``answer`` is done once, for exactly what is shown.

    ``seen``: a page has shown it. ``editing``: an edit was begun, so nobody may approve the
    original text from elsewhere. ``changed()`` is called when one of these changed.
    """

    def __init__(self, ask: Ask, changed: Callable[[], None]) -> None:
        self.ask = ask
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.seen = False
        self.editing = False
        self._changed = changed
        self._offer: tuple[Card, ...] = ()
        self._widgets = Widgets()
        self._sign = self._widgets.sign(self._heard)
        self._typed: Callable[[], Reply | None] | None = None
        self._place = self._widgets.html()
        self._queue = self._widgets.row(self._place)
        self._queue.add_class("archnb-queue")
        show(self._queue, False)
        review = self._widgets.html(question_body_html(ask), tabbable=True)
        self._body = self._widgets.column(review)
        self._panels: dict[str, Panel] = {}
        self._openers: dict[str, Any] = {}
        self._actions = self._widgets.row(*self._buttons())
        self.box = self._widgets.column(
            self._widgets.html(STYLE + question_head_html(ask)),
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

    def settle(self, reply: Reply) -> None:
        """Answer the question, unless it is answered."""
        self.seen = True
        if self.open:
            self.answer.set_result(reply)
            self._changed()

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
        old = self._queue.children[1:]
        # A new button for each set of cards: a click on its way means the cards that were named.
        self._queue.children = (self._place, *self._approve_all(mine))
        if old:
            self._widgets.close(*old)

    def close(self) -> None:
        self._sign.playing = False  # else the page goes on ticking into a closed channel
        for panel in self._panels.values():
            panel.close()
        self._widgets.close()

    def _buttons(self) -> list[Any]:
        make, request = self._widgets.button, self.ask.request
        settle = self.settle
        buttons = [
            make("Approve", f"Approve: {request.title}", lambda: settle(Reply("once")), "success")
        ]
        if (text := editable_text(request)) is not None:
            buttons.append(self._opener("Approve edited…", "Change the text, then approve it"))
            self._panels["Approve edited…"] = edit_panel(
                self._widgets, request, text, self.settle_typed, self._back
            )
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
            buttons.append(self._opener("Always…", "Let what matches a pattern pass from now on"))
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
        panel = self._panels[words]
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
            for card in offer:
                card.settle(Reply("once", by=f"you, {count} at once"))

        tip = f"Approve the {count} waiting requests as they are shown"
        return [self._widgets.button(f"Approve all ({count})", tip, approve)]

    def _heard(self) -> None:
        """The page ticked."""
        self._sign.playing = False
        if not self.seen:
            self.seen = True
            self._changed()
        typed, self._typed = self._typed, None
        if typed is not None and (reply := typed()) is not None:
            self.settle(reply)
