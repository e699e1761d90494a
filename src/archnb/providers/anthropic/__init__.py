"""Claude, or a server that speaks its Messages API; the SDK is imported at the first request.

The events are read as they come (``messages.create(stream=True)``) and not through the SDK's
helper: that one takes a tool's cut-off input for an empty one, and ends without a word where the
stream does. :mod:`.answer` reads them, :mod:`.request` builds what is sent, :mod:`.failures` says
what went wrong, :mod:`.retry` when it is tried again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from archnb.conversation import Message, ToolSpec, Usage
from archnb.errors import ModelError
from archnb.models import is_claude
from archnb.providers import access
from archnb.providers.anthropic.answer import Answer, plain
from archnb.providers.anthropic.clients import connect, label, wire_id
from archnb.providers.anthropic.failures import NO_KEY, diagnose, place, unequipped
from archnb.providers.anthropic.limits import (
    LOCAL,
    UNKNOWN,
    Limits,
    estimated_tokens,
    known_limits,
    limits_from,
    price,
    usage_of,
)
from archnb.providers.anthropic.request import Given, Marks, Request, readable, request
from archnb.providers.anthropic.retry import Clock, Failure, Patience
from archnb.providers.base import Piece, Provider, ProviderKind, Settings, Turn, Waiting

_PAUSES = 10  # how often a model may pause within one answer
_COMPLETE = frozenset({"end_turn", "tool_use", "stop_sequence"})


@dataclass(slots=True)
class Anthropic:
    """One model, and what it said in this run: see :class:`~.request.Given`.

    A provider belongs to one run, or one live conversation; what it holds is lost with it, on
    purpose.
    """

    model: str
    patience: Patience = field(default_factory=Patience)
    clock: Clock = field(default_factory=Clock)
    _given: Given = field(default_factory=Given, repr=False)
    _limits: Limits | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        return label(self.model)

    async def stream(
        self,
        system: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        settings: Settings,
    ) -> AsyncGenerator[Piece, None]:
        """Stream one answer, trying again where that may help (:class:`Waiting` before each wait).

        An answer that began and was not finished ends in ``Turn(usage, "cut", why)``; where none
        began, :class:`~archnb.errors.ModelError` says why.
        """
        async with self._connected() as client:
            asked = self._request(system, messages, tools)
            manner = self._manner(await self.limits(client), settings)
            usage, blocks, faithful = Usage(), list[dict[str, Any]](), True
            for _ in range(_PAUSES):
                heard = _Heard()
                body = {**asked.body, **manner}
                if blocks:  # the model paused: what it said goes back as it is, and it goes on
                    said = {"role": "assistant", "content": blocks}
                    body["messages"] = [*body["messages"], said]
                async with contextlib.aclosing(self._listen(client, body, heard)) as pieces:
                    async for piece in pieces:
                        yield piece
                answer, failure = heard.answer, heard.failure
                if failure and not (answer.begun or blocks):
                    raise ModelError(failure.said, hint=failure.hint)
                usage += usage_of(self._price, answer.usage)
                if failure:
                    yield Turn(usage, "cut", f"{failure.said} {failure.hint}".strip())
                    return
                blocks = [*blocks, *answer.blocks]
                faithful = faithful and answer.faithful
                if answer.stop_reason != "pause_turn":
                    break
            if faithful and answer.stop_reason in _COMPLETE:
                self._given.keep(asked.digest, blocks)
            for call in answer.calls:
                yield call
            yield Turn(usage, answer.stop_reason, answer.detail)

    async def _listen(
        self, client: Any, body: dict[str, Any], heard: _Heard
    ) -> AsyncGenerator[Piece, None]:
        """Make one request until it is answered or given up; the end of it is left in ``heard``."""
        tries, since = 0, self.clock.now()
        while True:
            heard.answer, heard.failure = answer, _ = Answer(), None
            try:
                async with await client.messages.create(**body, stream=True) as events:
                    async for event in events:
                        if piece := answer.hear(plain(event)):
                            yield piece
                answer.finish()
                return
            except Exception as error:  # noqa: BLE001  (what is no failure of the wire is raised again)
                heard.failure = failure = diagnose(error, place(client.base_url))
            since = self.clock.now() if not tries else since
            tries += 1
            if answer.shown and not failure.voids:
                return
            elapsed = self.clock.now() - since
            pause = self.patience.pause(failure, tries, elapsed, self.clock.chance())
            if pause is None:
                return
            yield Waiting(failure.said, pause)
            await self.clock.sleep(pause)

    async def count_tokens(
        self, system: str, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> int:
        """How many tokens that would be to read: the server's count, or an estimate without it."""
        body = self._request(system, messages, tools).body
        asked = {name: value for name, value in body.items() if name != "cache_control"}
        try:
            async with self._connected() as client:
                counted = await client.messages.count_tokens(**asked, timeout=10)
                return int(counted.input_tokens)
        except Exception:  # noqa: BLE001  (many servers have no such endpoint)
            return estimated_tokens(readable(asked))

    async def limits(self, client: Any) -> Limits:
        """What the model takes: from the table, or the Models API once, or a careful guess."""
        if not is_claude(self.model):
            return LOCAL
        name = wire_id(self.model)
        known = known_limits(name.removeprefix("anthropic."))
        if known or self._limits or access.platform(self.model, os.environ):
            return known or self._limits or UNKNOWN
        try:
            self._limits = limits_from(await client.models.retrieve(name, timeout=10))
        except Exception:  # noqa: BLE001  (asked in passing: the request itself says what is wrong)
            self._limits = UNKNOWN
        return self._limits

    def _request(
        self, system: str, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> Request:
        marks: Marks = "automatic"
        if not is_claude(self.model):
            marks = "none"
        elif access.platform(self.model, os.environ):
            marks = "explicit"
        name = wire_id(self.model)
        return request(name, system, messages, tools, self._given, marks=marks)

    def _manner(self, limits: Limits, settings: Settings) -> dict[str, Any]:
        """How to answer, which no cache depends on but for thinking, and that never changes."""
        manner: dict[str, Any] = {
            "max_tokens": min(settings.max_tokens or limits.output, limits.output)
        }
        if limits.adaptive:
            # Else newer models say nothing between tool calls: their words there are thinking.
            manner["thinking"] = {"type": "adaptive", "display": "summarized"}
        return manner

    @property
    def _price(self) -> Any:
        """At Anthropic; a cloud's own prices are not known."""
        return None if access.platform(self.model, os.environ) else price(wire_id(self.model))

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Any, None]:
        failure: Failure | None = None
        try:
            client = connect(self.model)
        except Exception as error:  # noqa: BLE001  (the SDK raises what it likes)
            failure = unequipped(error)
        if failure:  # outside of the handler: what the SDK raised holds keys
            raise ModelError(failure.said, hint=failure.hint)
        async with client:
            yield client


@dataclass(slots=True)
class _Heard:
    """How a request ended."""

    answer: Answer = field(default_factory=Answer)
    failure: Failure | None = None


def _make(model: str) -> Provider:
    if not access.reachable(os.environ, model):
        raise ModelError(NO_KEY.said, hint=NO_KEY.hint)
    return Anthropic(model)


ANTHROPIC = ProviderKind("anthropic", lambda model: model != "offline", _make)
