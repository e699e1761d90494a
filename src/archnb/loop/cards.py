"""The questions of one answer that wait for a person, several at once, and what answers them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from archnb import events
from archnb.loop.wiring import Wiring
from archnb.permission.requests import Ask, Decision, Grant, Reply, Request


@dataclass(frozen=True, slots=True)
class Card:
    """A question, and the task that gives its answer."""

    ask: Ask
    reply: asyncio.Task[Reply]
    since: float

    @property
    def unanswered(self) -> bool:
        """Whether nobody decided: it still waits, or the person interrupted at its prompt."""
        return self.reply.cancelled() or not self.reply.done()

    def replied(self, reply: Reply) -> events.PermissionReplied:
        return events.PermissionReplied(self.ask, reply, time.monotonic() - self.since)


class Cards:
    """The cards of one answer, one for each call; answers go to ``show`` as they come."""

    def __init__(self, wiring: Wiring, show: Callable[[events.Event], None]) -> None:
        self._wiring = wiring
        self._show = show
        self._open: dict[str, Card] = {}

    @property
    def replies(self) -> Iterator[asyncio.Task[Reply]]:
        """The tasks of all cards."""
        return (card.reply for card in self._open.values())

    def of(self, call_id: str) -> Card:
        """The card of that call."""
        return self._open[call_id]

    def ask(
        self, call_id: str, request: Request, decision: Decision, notice: str
    ) -> events.PermissionAsked:
        """Open the card of a call, in place of an earlier one."""
        agent = self._wiring.agent.name
        asked = Ask(secrets.token_hex(16), call_id, agent, request, decision, notice)
        card = Card(asked, asyncio.ensure_future(self._wiring.approver(asked)), time.monotonic())

        def answered(task: asyncio.Task[Reply]) -> None:
            if not task.cancelled() and task.exception() is None:
                self._show(card.replied(task.result()))

        card.reply.add_done_callback(answered)
        self._open[call_id] = card
        return events.PermissionAsked(asked)

    def grant(self, grant: Grant) -> None:
        """Remember an "always", and answer the waiting cards that ask for want of it.

        A card that is open although rules or older grants allow its request asks for another
        reason (repeats, a change meanwhile), or shows more than a rule gives: it stays.
        """
        wiring = self._wiring
        before = tuple(wiring.grants)
        wiring.grants.append(grant)
        for call_id, card in list(self._open.items()):
            if card.reply.done():
                continue
            request = card.ask.request
            if wiring.gate.settle(request, grants=before).action != "ask":
                continue
            if wiring.gate.settle(request, grants=wiring.grants).action != "allow":
                continue
            card.reply.cancel()
            covered = Reply("once", by=f'your "always" for {grant.pattern}')
            self._show(card.replied(covered))
            self._open[call_id] = replace(card, reply=asyncio.ensure_future(_given(covered)))

    def interrupted(self) -> Iterator[events.PermissionReplied]:
        """What is said of every card that nobody answered."""
        for card in self._open.values():
            if card.unanswered:
                yield card.replied(Reply("reject", by="interrupted"))


async def _given(reply: Reply) -> Reply:
    return reply
