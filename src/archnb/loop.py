"""Ask the model, gate each call, feed the results back; what happens is yielded as events.

The gate stands here and nowhere else: no tool is run except by :func:`_settle_and_run`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from archnb import events
from archnb.agents import Agent
from archnb.conversation import Block, Message, Text, Thinking, ToolCall, ToolResult, ToolSpec
from archnb.errors import ArchnbError
from archnb.permission.gate import Approver, Ask, Decision, Gate, Reply, Request
from archnb.providers.base import Provider, Settings, Turn, Waiting
from archnb.tools.base import Output, Tool, ToolError
from archnb.workspace import Workspace

MAX_STEPS = 50  # answers of the model within one run
# What a call can be wrong in: impossible paths and commands surface as OSError and ValueError.
MISTAKES = (ToolError, ArchnbError, OSError, ValueError)
INTERRUPTED = "Interrupted by the person; the outcome is unknown where it had begun."


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a run needs besides the conversation; wired together by the session."""

    agent: Agent
    provider: Provider
    tools: Sequence[Tool]
    gate: Gate
    workspace: Workspace
    settings: Settings
    approver: Approver

    @property
    def offered(self) -> tuple[Tool, ...]:
        """The tools that the model is told of."""
        return tuple(tool for tool in self.tools if self.gate.offers(tool.name))


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
    for _ in range(MAX_STEPS):
        ended = False
        # Closed at once when this is closed early, so that the history is whole again.
        async with contextlib.aclosing(_step(wiring, history, specs)) as step:
            async for event in step:
                yield event
                ended = isinstance(event, events.RunEnded)
        if ended:
            return
    _close(history)
    yield events.RunEnded("steps", f"Stopped after {MAX_STEPS} answers; say `go on` to continue.")


async def _step(
    wiring: Wiring, history: list[Message], specs: Sequence[ToolSpec]
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
    if turn is None or turn.stop_reason not in ("tool_use", "end_turn", "stop_sequence"):
        _keep_words(history, answer)
        yield events.RunEnded("failed", _unfinished(turn))
        return
    yield events.TurnEnded(turn.usage, turn.stop_reason)
    message = Message("assistant", tuple(answer))
    if turn.stop_reason != "tool_use" or not message.calls:
        _keep_words(history, answer)
        yield events.RunEnded("done")
        return
    history.append(message)
    results: dict[str, ToolResult] = {}
    interrupted = False
    try:
        for call in message.calls:
            async for event in _settle_and_run(wiring, call, results):
                yield event
    except asyncio.CancelledError:
        interrupted = True
    finally:
        # Every call is answered in the next message, also when the generator is closed early.
        missing = _answer_calls(history, message.calls, results)
    if interrupted:
        for call in missing:
            yield events.ToolReturned(call.id, "failed", INTERRUPTED)
        _close(history)
        yield events.RunEnded("interrupted")


async def _settle_and_run(
    wiring: Wiring, call: ToolCall, results: dict[str, ToolResult]
) -> AsyncIterator[events.Event]:
    """One call: what it wants, whether it may, and what it gave."""
    tool = next((tool for tool in wiring.offered if tool.name == call.name), None)
    try:
        if tool is None:
            names = ", ".join(tool.name for tool in wiring.offered)
            raise ToolError(f"There is no tool {call.name!r}. Available tools: {names}.")
        tool.check(call.input)
        request = tool.request(call.input, wiring.workspace)
    except MISTAKES as error:
        yield events.ToolCalled(call, call.name)
        results[call.id] = ToolResult(call.id, str(error), is_error=True)
        yield events.ToolReturned(call.id, "failed", str(error))
        return
    decision = wiring.gate.settle(request)
    yield events.ToolCalled(call, request.title, request, decision)
    reply: Reply | None = None
    if decision.action == "ask":
        ask = Ask(secrets.token_hex(16), call.id, wiring.agent.name, request, decision)
        yield events.PermissionAsked(ask)
        started = time.monotonic()
        try:
            reply = await wiring.approver(ask)
            await asyncio.sleep(0)  # an interrupt that came while input() held the loop lands here
        except asyncio.CancelledError:
            yield events.PermissionReplied(
                ask, Reply("reject", by="interrupted"), time.monotonic() - started
            )
            raise
        yield events.PermissionReplied(ask, reply, time.monotonic() - started)
    if refusal := _refusal(decision, reply):
        results[call.id] = ToolResult(call.id, refusal, is_error=True)
        yield events.ToolReturned(call.id, "refused", refusal)
        return
    yield events.ToolStarted(call.id)
    started = time.monotonic()
    output = await _run_tool(tool, call, wiring.workspace, request)
    results[call.id] = ToolResult(call.id, output.text, is_error=output.failed)
    for change in output.changes:
        yield events.FileChanged(call.id, change)
    state: Literal["done", "failed"] = "failed" if output.failed else "done"
    seconds = time.monotonic() - started
    yield events.ToolReturned(call.id, state, output.text, output.shown, seconds, output.design)


async def _run_tool(tool: Tool, call: ToolCall, workspace: Workspace, request: Request) -> Output:
    try:
        return await tool.run(call.input, workspace, request)
    except MISTAKES as error:
        return Output(str(error), failed=True)


def _refusal(decision: Decision, reply: Reply | None) -> str:
    """What the model is told when a call may not be run; empty when it may."""
    if decision.action == "deny":
        return (
            f"A rule denies this call ({decision.rule}). "
            "Do not try it another way; say what you would have done."
        )
    if reply is None or reply.approved:
        return ""
    if reply.feedback:
        return f"The person denied this call with the following feedback: {reply.feedback}"
    return "The person denied this call. Do not repeat it; go on without it or ask what they want."


def _answer_calls(
    history: list[Message], calls: Sequence[ToolCall], results: dict[str, ToolResult]
) -> list[ToolCall]:
    """Append the message that answers ``calls``; gives those that have no result of their own."""
    missing = [call for call in calls if call.id not in results]
    results |= {call.id: ToolResult(call.id, INTERRUPTED, is_error=True) for call in missing}
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
            return "The answer reached its length limit; tool calls in it were not run."
        case "refusal":
            return "The model refused to answer this."
        case "model_context_window_exceeded":
            return "The conversation is too long for the model; start afresh with --new."
        case _:
            return "The answer broke off before its end; what arrived is kept."
