"""Ask the model, gate each call, feed the results back; what happens is yielded as events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from archnb import events
from archnb.conversation import Block, Message, Text, Thinking, ToolCall, ToolResult, ToolSpec
from archnb.errors import ArchnbError
from archnb.loop.calls import Calls
from archnb.loop.repeats import Repeats
from archnb.loop.wiring import MAX_STEPS, Wiring
from archnb.loop.words import INTERRUPTED, NOT_BEGUN
from archnb.providers.base import Turn, Waiting

__all__ = ["MAX_STEPS", "Wiring", "run"]


async def run(
    wiring: Wiring, history: list[Message], prompt: str
) -> AsyncGenerator[events.Event, None]:
    """Answer ``prompt``, appending to ``history``, which is valid for the next run in any case.

    An interrupt (cancellation) ends the run with ``RunEnded("interrupted")``, not an exception.
    """
    if history and history[-1].role == "user":  # a bug ended the run before
        _close(history)
    history.append(Message("user", (Text(prompt),)))
    specs = [ToolSpec(tool.name, tool.description, tool.input_schema) for tool in wiring.offered]
    yield events.RunStarted(wiring.agent.name, wiring.settings.model, wiring.provider.label, prompt)
    repeats = Repeats()
    for _ in range(wiring.max_steps):
        ended = False
        # Closed at once when this is closed early, so that the history is whole again.
        async with contextlib.aclosing(_step(wiring, history, specs, repeats)) as step:
            async for event in step:
                yield event
                ended = isinstance(event, events.RunEnded)
        if ended:
            return
    _close(history)
    yield events.RunEnded(
        "steps", f"Stopped after {wiring.max_steps} answers; say `go on` to continue."
    )


async def _step(
    wiring: Wiring, history: list[Message], specs: Sequence[ToolSpec], repeats: Repeats
) -> AsyncGenerator[events.Event, None]:
    """One answer of the model and the calls in it; ``RunEnded`` closes the last one."""
    answer: list[Block] = []
    turn: Turn | None = None
    try:
        async for piece in wiring.provider.stream(
            wiring.agent.prompt, tuple(history), specs, wiring.settings
        ):
            if isinstance(piece, Turn):
                turn = piece
            elif event := _heard(piece, answer):
                yield event
    except asyncio.CancelledError:
        _keep_words(history, answer)
        yield events.RunEnded("interrupted")
        return
    except ArchnbError as error:
        _keep_words(history, answer)
        yield events.RunEnded("failed", str(error))
        raise
    if turn is not None:
        yield events.TurnEnded(turn.usage, turn.stop_reason)
    if turn is None or turn.stop_reason not in ("tool_use", "end_turn", "stop_sequence"):
        _keep_words(history, answer)
        yield events.RunEnded("failed", _unfinished(turn))
        return
    message = Message("assistant", _told_apart(answer))
    if turn.stop_reason != "tool_use" or not message.calls:
        _keep_words(history, answer)
        yield events.RunEnded("done")
        return
    history.append(message)
    calls = Calls(wiring, repeats, run)
    interrupted = False
    try:
        async with contextlib.aclosing(calls.settle(message.calls)) as settling:
            async for event in settling:
                yield event
    except asyncio.CancelledError:
        interrupted = True
    finally:
        # Every call is answered in the next message, also when the generator is closed early.
        results = calls.results
        missing = _answer_calls(history, message.calls, results, calls.begun)
    if interrupted:
        for call in missing:
            said = results[call.id].text
            yield events.ToolReturned(wiring.shown_id(call.id), "failed", said)
        _close(history)
        yield events.RunEnded("interrupted")


def _told_apart(answer: Sequence[Block]) -> tuple[Block, ...]:
    """``answer`` with an id of its own for each call: an approval is for one call alone."""
    seen: set[str] = set()
    blocks: list[Block] = []
    for number, block in enumerate(answer):
        if isinstance(block, ToolCall):
            own = replace(block, id=f"{block.id}-{number}") if block.id in seen else block
            seen.add(own.id)
            blocks.append(own)
        else:
            blocks.append(block)
    return tuple(blocks)


def _answer_calls(
    history: list[Message],
    calls: Sequence[ToolCall],
    results: dict[str, ToolResult],
    begun: set[str],
) -> list[ToolCall]:
    """Append the message that answers ``calls``; gives those that have no result of their own."""
    missing = [call for call in calls if call.id not in results]
    for call in missing:
        said = INTERRUPTED if call.id in begun else NOT_BEGUN
        results[call.id] = ToolResult(call.id, said, is_error=True)
    history.append(Message("user", tuple(results[call.id] for call in calls)))
    return missing


def _heard(piece: Text | Thinking | ToolCall | Waiting, answer: list[Block]) -> events.Event | None:
    """Add ``piece`` to ``answer``, and give what a person sees of it."""
    if isinstance(piece, Waiting):
        answer.clear()
        return events.Retrying(piece.reason, piece.delay)
    _append(answer, piece)
    match piece:
        case Text(text):
            return events.TextDelta(text)
        case Thinking(text):
            return events.ThinkingDelta(text)
        case ToolCall():
            return None


def _append(answer: list[Block], piece: Text | Thinking | ToolCall) -> None:
    """Add a piece; words that follow words are one block."""
    last = answer[-1] if answer else None
    match last, piece:
        case Text(before), Text(more):
            answer[-1] = Text(before + more)
        case Thinking(before, _), Thinking(more, signature):
            answer[-1] = Thinking(before + more, signature)
        case _:
            answer.append(piece)


def _keep_words(history: list[Message], answer: list[Block]) -> None:
    """Of an answer without results only finished words can be sent again."""
    words = "".join(block.text for block in answer if isinstance(block, Text))
    history.append(Message("assistant", (Text(words if words.strip() else "(no answer)"),)))


def _close(history: list[Message]) -> None:
    """After tool results the next message must be the assistant's."""
    history.append(Message("assistant", (Text("(stopped)"),)))


def _unfinished(turn: Turn | None) -> str:
    match turn.stop_reason if turn else "":
        case "max_tokens":
            said = "The answer reached its length limit; tool calls in it were not run."
        case "refusal":
            said = "The model refused to answer this."
        case "model_context_window_exceeded":
            said = "The conversation is too long for the model; start afresh with --new."
        case _:
            said = "The answer broke off before its end; what arrived is kept."
    return f"{said} {turn.detail}" if turn and turn.detail else said
