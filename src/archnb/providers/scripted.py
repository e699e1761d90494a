"""A provider whose answers are data: each turn is a list of pieces. For tests and demonstration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from archnb.conversation import Message, Text, Thinking, ToolCall, ToolSpec, Usage
from archnb.providers.base import Piece, Settings, Turn

ScriptedTurn = Sequence[Text | Thinking | ToolCall | Turn]


@dataclass(slots=True)
class Scripted:
    """Plays ``turns`` in order, and keeps what it was asked in ``requests``.

    A turn without a :class:`Turn` at its end gets the natural one (``tool_use`` after calls).
    """

    turns: Sequence[ScriptedTurn]
    label: str = "scripted"
    requests: list[tuple[str, tuple[Message, ...], tuple[ToolSpec, ...]]] = field(
        default_factory=list
    )

    async def stream(
        self,
        system: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        settings: Settings,
    ) -> AsyncIterator[Piece]:
        """The next turn of the script; says so when the script is over."""
        del settings
        self.requests.append((system, tuple(messages), tuple(tools)))
        position = len(self.requests) - 1
        turn = self.turns[position] if position < len(self.turns) else [Text("The script is over.")]
        for piece in turn:
            yield piece
        if not (turn and isinstance(turn[-1], Turn)):
            called = any(isinstance(piece, ToolCall) for piece in turn)
            yield Turn(Usage(), "tool_use" if called else "end_turn")
