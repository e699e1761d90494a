"""Who is asked, and how: by a card in the page, by ``input()``, or nobody, and then it is said."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archnb.notebook.clicks import HEARTBEAT, Page, in_kernel, surface
from archnb.permission.requests import Ask, Reply
from archnb.session.transcript import CallRecord
from archnb.terminal.asking import InputApprover, deny_unattended

if TYPE_CHECKING:
    from archnb.notebook.card import Card

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
FIRST_SIGN = 0.3  # seconds after display when the page is asked for a sign of life
NEXT_SIGN = 1.0  # seconds between further calls: the card may be scrolled or switched to later
PATIENCE = 6.0  # seconds without any page after which a question is asked by input()
ANEW = 20.0  # seconds within which a page that came anew must show the card, or the cell is stopped
LINGER = 0.1  # seconds within which a record takes the place of a card that was called off

Show = Callable[[str, dict[str, Any]], None]


_AFTER_RELOAD = (
    "This question is settled. The page was loaded anew while the cell ran, so the rest of the "
    "cell is not shown here: %architect last, in a cell of its own, shows it."
)


class PageLost(asyncio.CancelledError):
    """The page that sent the cell is gone, and the one that came after it does not show the card.

    It ends the cell like an interrupt: nobody could answer, and the kernel would wait for ever.
    """


@dataclass(slots=True)
class CardApprover:
    """Asks by the best means there is: card, then ``input()``, then denies and says so.

    ``show(call_id, bundle)`` puts a display bundle where that call's record stands. Called for
    several calls at once, it shows as many cards, each of which bears ``code_word``. ``clean``
    takes secrets out of what the notebook keeps; the card shows exactly what would be done.
    """

    show: Show
    code_word: str
    clean: Callable[[Ask], Ask]
    _waiting: list[Card] = field(default_factory=list)
    _by_input: InputApprover = field(init=False)

    def __post_init__(self) -> None:
        # Where a kernel is, the page saves what input() says: the word would be in the notebook.
        self._by_input = InputApprover("" if in_kernel() else self.code_word)

    async def __call__(self, ask: Ask) -> Reply:
        match surface():
            case "unattended":
                return await deny_unattended(ask)
            case "buttons":
                reply = await self._by_card(ask)
                if reply is not None:
                    return reply
        return await self._by_input(ask)

    async def _by_card(self, ask: Ask) -> Reply | None:
        """The answer of a click; None where there is no page to show the card."""
        from archnb.notebook.card import Card

        card = Card(ask, self._recount, self.code_word)
        fallback = _fallback(self.clean(ask))
        view = {"version_major": 2, "version_minor": 0, "model_id": card.box.model_id}
        self.show(ask.call_id, {WIDGET_MIME: view, **fallback})
        self._waiting.append(card)
        self._recount()
        try:
            reply = await self._clicked(card)
            # Static again before the widgets go: a view of a closed widget shows an error.
            self.show(ask.call_id, fallback)
            return reply
        except asyncio.CancelledError:
            # Answered from elsewhere, or interrupted: the record takes the card's place by itself.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(LINGER)
            raise
        finally:
            self._waiting.remove(card)
            self._recount()
            if card.elsewhere:
                card.leave(_AFTER_RELOAD)
            else:
                card.close()

    async def _clicked(self, card: Card) -> Reply | None:
        """Wait for a click, as long as a page is there; it need not show the card just now."""
        page = Page()
        newer, came = "", 0.0
        started = called = time.monotonic() + FIRST_SIGN
        try:
            while card.open:
                await asyncio.wait({card.answer}, timeout=HEARTBEAT)
                now = time.monotonic()
                if page.newer != newer:  # reloaded? then the card may be on no page any more
                    newer, came = page.newer, now
                    page.close()
                    page = Page()
                lost = bool(newer) and not (card.signed > came or page.there)
                if (lost or not card.seen) and now >= called:
                    called = now + NEXT_SIGN
                    card.call_for_sign()
                    page.call()
                card.elsewhere = bool(newer) and not page.there
                if lost:  # nor would that page be told of an input()
                    if now > came + ANEW:
                        raise PageLost
                elif now > started + PATIENCE and not card.seen:
                    if not page.there:
                        return None
                    card.invite()
            return card.answer.result()
        finally:
            page.close()

    def _recount(self) -> None:
        """Tell every waiting card where it stands; the last one, below all others, offers all."""
        waiting = [card for card in self._waiting if card.open]
        offer = [card for card in waiting if card.ready and not card.editing]
        if len(offer) < 2 or not all(card.seen for card in waiting):
            offer = []
        for place, card in enumerate(waiting, start=1):
            card.stand(place, len(waiting), offer if offer[-1:] == [card] else [])


def _fallback(ask: Ask) -> dict[str, Any]:
    """What a reader without widgets sees of a question that waits."""
    waiting = CallRecord(
        ask.call_id,
        ask.request.title,
        state="asked",
        request=ask.request,
        decision=ask.decision,
        ask=ask,
    )
    return {"text/html": waiting.html(), "text/plain": waiting.text()}
