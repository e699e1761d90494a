"""A provider whose answers are data: each turn is a list of pieces. For tests and demonstration."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archnb.conversation import Message, Text, Thinking, ToolCall, ToolSpec, Usage
from archnb.errors import ArchnbError, ModelError
from archnb.providers.base import Piece, Settings, Turn, Waiting

# Words are a text, a name with an input is a call, an error is raised where it stands.
Scene = Text | Thinking | ToolCall | Turn | Waiting | ArchnbError | str | tuple[str, Any]
ScriptedTurn = Sequence[Scene]


@dataclass(slots=True)
class Scripted:
    """Plays ``turns`` in order, and keeps what it was asked in ``requests``.

    A turn without a :class:`Turn` at its end gets the natural one (``tool_use`` after calls). Calls
    that are given as a name and an input get ids of their own, the same each time.
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
        turn = self.turns[position] if position < len(self.turns) else ["The script is over."]
        called, piece = False, None
        for number, scene in enumerate(turn):
            if isinstance(scene, ArchnbError):
                raise scene
            piece = _piece(scene, f"call-{position}-{number}")
            called = called or isinstance(piece, ToolCall)
            yield piece
        if not isinstance(piece, Turn):
            yield Turn(Usage(), "tool_use" if called else "end_turn")


def read_script(text: str) -> Scripted:
    """A script from JSON: a list of turns, each a list of words and of ``{"tool": …, "input": …}``.

    Raises ``ModelError`` where it is none.

    >>> read_script('[["Look: ", {"tool": "list", "input": {}}], ["Done."]]').turns[0]
    ['Look: ', ('list', {})]
    """
    try:
        turns = json.loads(text)
        if not isinstance(turns, list):
            raise TypeError(text)
        return Scripted([[_scene(scene) for scene in turn] for turn in turns])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(
            "This is no script of a model's answers.",
            hint='A list of turns: [["words", {"tool": "read", "input": {"filePath": "a.sql"}}]]',
        ) from error


def _scene(given: object) -> Scene:
    match given:
        case str():
            return given
        case {"tool": str(name), **rest} if isinstance(rest.get("input", {}), Mapping):
            return (name, rest.get("input", {}))
        case _:
            raise ValueError(given)


def _piece(
    scene: Text | Thinking | ToolCall | Turn | Waiting | str | tuple[str, Any], call_id: str
) -> Piece:
    match scene:
        case str():
            return Text(scene)
        case (name, given):
            return ToolCall(call_id, name, given)
        case _:
            return scene
