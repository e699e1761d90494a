"""The calls of one answer: settled by the gate, all their cards at once, then run in order.

The gate stands here and nowhere else: no tool is run except by :meth:`Calls.settle`.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal

from archnb import events
from archnb.conversation import Message, ToolCall, ToolResult
from archnb.errors import ArchnbError
from archnb.loop.wiring import Wiring
from archnb.permission.requests import Ask, Changes, Decision, Reply, Request, Shell
from archnb.tools.base import Context, Output, Tool, ToolError

Events = AsyncGenerator[events.Event, None]
Run = Callable[[Wiring, list[Message], str], Events]

# What a call can be wrong in: impossible paths and commands surface as OSError and ValueError.
MISTAKES = (ToolError, ArchnbError, OSError, ValueError)
INTERRUPTED = "Interrupted by the person; the outcome is unknown where it had begun."
CHANGED = "Something changed while this waited, and nothing was done. This is how it is now."
# Names by which a model may know a tool, besides another case.
_OTHER_NAMES = {"apply_patch": "patch", "shell": "bash"}


@dataclass(slots=True)
class Repeats:
    """How often each call was made since anything changed: the same again is no progress."""

    _counts: dict[str, int] = field(default_factory=dict)
    _answers: dict[str, str] = field(default_factory=dict)

    def made(self, call: ToolCall) -> int:
        """Count ``call``; gives how often it was made before."""
        key = _key(call)
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] - 1

    def answered(self, call: ToolCall, output: Output) -> None:
        """A file that changed, or another answer to the same call, is progress."""
        key = _key(call)
        if output.changes:
            self._counts.clear()
        elif self._answers.get(key, output.text) != output.text:
            self._counts[key] = 1
        self._answers[key] = output.text


def _key(call: ToolCall) -> str:
    return f"{call.name} {json.dumps(dict(call.input), sort_keys=True, default=str)}"


@dataclass(frozen=True, slots=True)
class _Settled:
    """A call that is understood: what it wants, and what the gate says."""

    call: ToolCall
    tool: Tool
    request: Request
    decision: Decision
    edited: bool = False  # a person changed the request before approving it


@dataclass(frozen=True, slots=True)
class _Card:
    ask: Ask
    reply: asyncio.Task[Reply]
    since: float


class Calls:
    """Settles and runs the calls of one answer; ``results`` has an entry for each that ended."""

    def __init__(self, wiring: Wiring, repeats: Repeats, run: Run) -> None:
        self.results: dict[str, ToolResult] = {}
        self._wiring = wiring
        self._repeats = repeats
        self._run = run
        self._outbox: deque[events.Event] = deque()
        self._stirred = asyncio.Event()
        self._cards: dict[str, _Card] = {}
        self._work: tuple[ToolCall, asyncio.Task[Output]] | None = None
        self._acted = False

    async def settle(self, calls: Sequence[ToolCall]) -> Events:
        """Ask for all that must be asked, then run call by call.

        A call that touches what an earlier one may change is understood only when its turn comes.
        """
        early: dict[str, _Settled] = {}
        acting: set[str] = set()
        try:
            for call in calls:
                settled = self._early(call, acting)
                if settled is not None:
                    early[call.id] = settled
                    acting |= _acts_on(settled.request)
                    for event in self._introduced(settled):
                        yield event
            for call in calls:
                late = self._settled(call) if call.id not in early else None
                if isinstance(late, str):
                    yield events.ToolCalled(call, call.name, by=self._by)
                    yield self._returned(call, "failed", Output(late, failed=True))
                    continue
                if late is not None:
                    for event in self._introduced(late):
                        yield event
                async with aclosing(self._finish(late or early[call.id])) as finishing:
                    async for event in finishing:
                        yield event
        except asyncio.CancelledError:
            for card in [card for card in self._cards.values() if not card.reply.done()]:
                waited = time.monotonic() - card.since
                yield events.PermissionReplied(card.ask, Reply("reject", by="interrupted"), waited)
            if cut := await self._cut_short():
                yield cut
            raise
        finally:
            await self._stop()

    @property
    def _by(self) -> str:
        return self._wiring.agent.name if self._wiring.caller else ""

    def _early(self, call: ToolCall, acting: set[str]) -> _Settled | None:
        """The call as understood before any is run; None where that must wait for its turn."""
        tool = self._tool(call)
        if tool is None:
            return None
        try:
            tool.check(call.input)
            wanted = _acts_on(tool.request(call.input, self._wiring.workspace))
        except MISTAKES:
            return None
        if wanted & acting:
            return None
        settled = self._settled(call)
        return None if isinstance(settled, str) else settled

    def _settled(self, call: ToolCall, *, counting: bool = True) -> _Settled | str:
        """What the call wants and what the gate says; a sentence where it cannot be understood."""
        tool = self._tool(call)
        if tool is None:
            names = ", ".join(tool.name for tool in self._wiring.offered)
            return f"There is no tool {call.name!r}. Available tools: {names}."
        try:
            tool.check(call.input)
            request = tool.request(call.input, self._wiring.workspace)
        except MISTAKES as error:
            return str(error)
        decision = self._decide(request, self._repeats.made(call) if counting else 0)
        return _Settled(call, tool, request, decision)

    def _decide(self, request: Request, repeats: int = 0) -> Decision:
        return self._wiring.gate.settle(request, grants=self._wiring.grants, repeats=repeats)

    def _tool(self, call: ToolCall) -> Tool | None:
        name = call.name.lower()
        name = _OTHER_NAMES.get(name, name)
        return next((tool for tool in self._wiring.offered if tool.name == name), None)

    def _introduced(self, settled: _Settled) -> list[events.Event]:
        call = replace(settled.call, id=self._wiring.shown_id(settled.call.id))
        request, decision = settled.request, settled.decision
        shown: list[events.Event] = [
            events.ToolCalled(call, request.title, request, decision, self._by)
        ]
        return [*shown, *self._asked(settled)]

    def _asked(self, settled: _Settled, notice: str = "") -> list[events.Event]:
        """Open the card of a call that must be asked."""
        if settled.decision.action != "ask":
            return []
        agent = self._wiring.agent.name
        shown_id = self._wiring.shown_id(settled.call.id)
        ask = Ask(secrets.token_hex(16), shown_id, agent, settled.request, settled.decision, notice)
        since = time.monotonic()
        reply = asyncio.ensure_future(self._wiring.approver(ask))

        def answered(task: asyncio.Task[Reply]) -> None:
            if not task.cancelled() and task.exception() is None:
                self._show(events.PermissionReplied(ask, task.result(), time.monotonic() - since))
            self._stirred.set()

        reply.add_done_callback(answered)
        self._cards[settled.call.id] = _Card(ask, reply, since)
        return [events.PermissionAsked(ask)]

    async def _finish(self, settled: _Settled) -> Events:
        """Wait for the decision over one call, and run it or say why not."""
        reply: Reply | None = None
        asked_again = True
        while settled.decision.action == "ask" and asked_again:
            card = self._cards[settled.call.id]
            async for event in self._until(card.reply):
                yield event
            await asyncio.sleep(0)  # an interrupt that came while input() held the loop lands here
            reply = card.reply.result()
            if not reply.approved:
                break
            if reply.grant:
                self._grant(reply)
            try:
                settled, notice = self._confirmed(settled, reply)
            except MISTAKES as error:
                said = f"Something changed while this waited, and nothing was done: {error}"
                yield self._returned(settled.call, "failed", Output(said, failed=True))
                return
            asked_again = bool(notice)
            if asked_again:
                for event in self._asked(settled, notice):
                    yield event
        if refusal := _refusal(settled.decision, reply):
            yield self._returned(settled.call, "refused", Output(refusal, failed=True))
            return
        async with aclosing(self._do(settled, reply)) as doing:
            async for event in doing:
                yield event

    def _confirmed(self, settled: _Settled, reply: Reply) -> tuple[_Settled, str]:
        """What an approval stands for now, and why it must be asked again (empty: it need not)."""
        fresh = settled.tool.request(settled.call.input, self._wiring.workspace)
        if fresh.digest != settled.request.digest:
            changed = replace(settled, request=fresh, decision=self._decide(fresh))
            return changed, CHANGED if changed.decision.action == "ask" else ""
        if reply.edited is None or reply.edited == settled.request.editable:
            return settled, ""
        edited = settled.request.edited(reply.edited)
        decision = self._decide(edited)
        if decision.action == "deny":
            return settled, f"Your text is denied by a rule ({decision.rule}). Nothing was done."
        return replace(settled, request=edited, edited=True), ""

    def _grant(self, reply: Reply) -> None:
        """Remember an "always", and answer the waiting cards that it covers."""
        if reply.grant is None:
            return
        self._wiring.grants.append(reply.grant)
        for call_id, card in list(self._cards.items()):
            if card.reply.done() or self._decide(card.ask.request).action != "allow":
                continue
            card.reply.cancel()
            covered = Reply("once", by=f'your "always" for {reply.grant.pattern}')
            settled: asyncio.Task[Reply] = asyncio.ensure_future(_given(covered))
            waited = time.monotonic() - card.since
            self._show(events.PermissionReplied(card.ask, covered, waited))
            self._cards[call_id] = replace(card, reply=settled)

    async def _do(self, settled: _Settled, reply: Reply | None) -> Events:
        call, shown_id = settled.call, self._wiring.shown_id(settled.call.id)
        if reply is None and self._acted:  # what it wants may have changed since it was settled
            again = self._settled(call, counting=False)
            if isinstance(again, str):
                yield self._returned(call, "failed", Output(again, failed=True))
                return
            settled = again
            if settled.decision.action != "allow":
                for event in self._asked(settled, CHANGED):
                    yield event
                async with aclosing(self._finish(settled)) as finishing:
                    async for event in finishing:
                        yield event
                return
        yield events.ToolStarted(shown_id)
        started = time.monotonic()
        todos = tuple(self._wiring.todos)
        self._acted = self._acted or bool(_acts_on(settled.request))
        work = asyncio.ensure_future(self._worked(settled))
        self._work = (call, work)
        async for event in self._until(work):
            yield event
        output = work.result()
        self._work = None
        self._repeats.answered(call, output)
        if settled.edited:
            output = replace(output, text=f"{output.text}\n\n{_told(settled.request)}")
        for change in output.changes:
            yield events.FileChanged(shown_id, change)
        if tuple(self._wiring.todos) != todos:
            yield events.TodosChanged(shown_id, tuple(self._wiring.todos))
        state: Literal["done", "failed"] = "failed" if output.failed else "done"
        yield self._returned(call, state, output, time.monotonic() - started)

    async def _worked(self, settled: _Settled) -> Output:
        try:
            context = self._context(settled.call)
            return await settled.tool.run(settled.call.input, context, settled.request)
        except MISTAKES as error:
            return Output(str(error), failed=True)

    def _context(self, call: ToolCall) -> Context:
        wiring = self._wiring
        shown_id = wiring.shown_id(call.id)

        def readable(name: str) -> bool:
            wanted = Request("read", (name,), "", "", warning=wiring.workspace.secret(name))
            return self._decide(wanted).action == "allow"

        async def delegate(agent: str, prompt: str) -> str:
            assert wiring.subagent is not None  # noqa: S101
            return await self._delegated(replace(wiring.subagent(agent), caller=shown_id), prompt)

        return Context(
            wiring.workspace,
            wiring.todos,
            lambda text: self._show(events.ToolProgress(shown_id, text)),
            readable,
            wiring.outputs,
            delegate if wiring.subagent else None,
        )

    async def _delegated(self, wiring: Wiring, prompt: str) -> str:
        """Another agent's run: its calls are shown among ours, its last words are the answer."""
        history: list[Message] = []
        said = ""
        async with aclosing(self._run(wiring, history, prompt)) as stream:
            async for event in stream:
                match event:
                    case events.RunEnded("interrupted", _):
                        raise asyncio.CancelledError
                    case events.RunEnded("done", _) | events.RunStarted():
                        pass
                    case events.RunEnded(_, message):
                        raise ToolError(f"{wiring.agent.name} did not finish: {message}")
                    case events.TextDelta(text):
                        said += text
                        self._show(events.ToolProgress(wiring.caller, said))
                    case events.ThinkingDelta():
                        pass
                    case _:
                        self._show(event)
        return history[-1].text

    async def _until(self, task: asyncio.Task[Reply] | asyncio.Task[Output]) -> Events:
        """What happens meanwhile, until ``task`` is done."""
        task.add_done_callback(lambda _: self._stirred.set())
        while True:
            while self._outbox:
                yield self._outbox.popleft()
            if task.done():
                break
            self._stirred.clear()
            await self._stirred.wait()
        if task.cancelled():  # an approver gave up: the person interrupted at its prompt
            raise asyncio.CancelledError

    def _show(self, event: events.Event) -> None:
        self._outbox.append(event)
        self._stirred.set()

    def _returned(
        self,
        call: ToolCall,
        state: Literal["done", "failed", "refused"],
        output: Output,
        seconds: float = 0.0,
    ) -> events.Event:
        self.results[call.id] = ToolResult(
            call.id, output.text, is_error=output.failed, images=output.images
        )
        return events.ToolReturned(
            self._wiring.shown_id(call.id), state, output.text, output.shown, seconds, output.design
        )

    async def _cut_short(self) -> events.Event | None:
        """End the call that runs; what it gave so far is kept."""
        if self._work is None:
            return None
        call, work = self._work
        work.cancel()
        await asyncio.wait({work})
        if work.cancelled() or work.exception() is not None:
            return None
        output = work.result()
        return self._returned(
            call, "failed", replace(output, text=f"{output.text}\n{INTERRUPTED}", failed=True)
        )

    async def _stop(self) -> None:
        """End what is still under way; nothing outlives the answer."""
        tasks: list[asyncio.Task[Reply] | asyncio.Task[Output]]
        tasks = [card.reply for card in self._cards.values()]
        if self._work is not None:
            tasks.append(self._work[1])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _given(reply: Reply) -> Reply:
    return reply


def _acts_on(request: Request) -> set[str]:
    """What the call may change, by name; empty for a call that only looks."""
    match request.preview:
        case Changes(diffs):
            return {diff.path for diff in diffs}
        case Shell():
            return {"a command"}
        case _:
            return set()


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


def _told(request: Request) -> str:
    """What the model must know of a person's edit before the approval."""
    match request.preview:
        case Shell(command):
            return f"The person changed the command before approving it. This was run: {command}"
        case Changes((diff,)):
            written = _as_diff(diff.before or "", diff.after or "")
            return f"The person changed your text before approving it. What was written:\n{written}"
        case _:
            return ""


def _as_diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return "\n".join(list(lines)[2:])
