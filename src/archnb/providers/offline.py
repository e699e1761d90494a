"""The offline architect: answers by rules, with the same calls, cards and events as any model."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from archnb.conversation import Message, Text, ToolCall, ToolResult, ToolSpec, Usage
from archnb.providers._architect import Wish, answer
from archnb.providers.base import Piece, ProviderKind, Settings, Turn


@dataclass(frozen=True, slots=True)
class Offline:
    """Needs no key, opens no connection, costs nothing; the same words give the same answer.

    The answer to a prompt is a generator that yields words and wishes for tools. It is run again
    from its start for each turn, fed with the results so far, and what lies behind them is the new
    turn: no state lives here, everything is in the conversation.
    """

    label: str = "offline: rules only"

    async def stream(
        self,
        system: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        settings: Settings,
    ) -> AsyncIterator[Piece]:
        """The next turn of the answer to the newest prompt."""
        del system, tools, settings
        start = max(
            index
            for index, message in enumerate(messages)
            if message.role == "user" and message.text
        )
        results = [
            block
            for message in messages[start + 1 :]
            for block in message.blocks
            if isinstance(block, ToolResult)
        ]
        earlier = [
            message.text for message in messages[:start] if message.role == "user" and message.text
        ]
        for piece in turn(messages[start].text, earlier, results):
            yield piece


def turn(prompt: str, earlier: Sequence[str], results: Sequence[ToolResult]) -> list[Piece]:
    """The pieces of the turn that follows ``results``."""
    script = answer(prompt, earlier)
    pieces: list[Piece] = []
    given: ToolResult | None = None
    used = 0
    try:
        step = next(script)
        while True:
            if isinstance(step, Wish):
                if used == len(results):
                    pieces += [
                        ToolCall(_call_id(prompt, len(earlier), used), step.tool, step.input),
                        Turn(Usage(), "tool_use"),
                    ]
                    return pieces
                given, used = results[used], used + 1
                pieces.clear()  # said in an earlier turn
            else:
                pieces.append(Text(step))
                given = None
            step = script.send(given)
    except StopIteration:
        return [*pieces, Turn(Usage(), "end_turn")]


def _call_id(prompt: str, cell: int, number: int) -> str:
    """Unique in a conversation, and the same when the same conversation is played again."""
    return "call_" + hashlib.sha256(f"{cell}\0{number}\0{prompt}".encode()).hexdigest()[:20]


OFFLINE = ProviderKind("offline", lambda model: model == "offline", lambda _: Offline())
