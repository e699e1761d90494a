"""Another agent's run within a call: its own context, its calls shown among its caller's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from archnb import events
from archnb.conversation import Message
from archnb.loop.wiring import Wiring
from archnb.tools.base import ToolError

Run = Callable[[Wiring, list[Message], str], AsyncGenerator[events.Event, None]]


async def delegated(
    wiring: Wiring, prompt: str, run: Run, show: Callable[[events.Event], None]
) -> str:
    """The last words of another agent on ``prompt``; its events go to ``show``.

    Raises :class:`ToolError` where it did not come to an end.
    """
    history: list[Message] = []
    said, settled = "", 0
    async with aclosing(run(wiring, history, prompt)) as stream:
        async for event in stream:
            match event:
                case events.RunEnded("interrupted", _):
                    raise asyncio.CancelledError
                case events.RunEnded("done", _) | events.RunStarted() | events.ThinkingDelta():
                    pass
                case events.RunEnded(_, message):
                    raise ToolError(f"{wiring.agent.name} did not finish: {message}")
                case events.TextDelta(text):
                    said += text
                    show(events.ToolProgress(wiring.caller, said))
                case events.TurnEnded():
                    settled = len(said)
                    show(event)
                case events.Retrying():  # what came of this answer is void
                    said = said[:settled]
                    show(event)
                case _:
                    show(event)
    return history[-1].text
