"""The calls of one answer: settled by the gate, all their cards at once, then run in order.

The gate stands here and nowhere else: no tool is run except by :meth:`Calls.settle`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from archnb import events
from archnb.conversation import ToolCall, ToolResult
from archnb.errors import ArchnbError
from archnb.loop.cards import Cards
from archnb.loop.delegating import Run, delegated
from archnb.loop.repeats import Repeats
from archnb.loop.wiring import Wiring
from archnb.loop.words import CHANGED, INTERRUPTED, refusal, told, unread
from archnb.permission.grants import bound
from archnb.permission.requests import Changes, Decision, Reply, Request, Shell
from archnb.tools.base import Context, Output, Tool, ToolError

Events = AsyncGenerator[events.Event, None]

# What a call can be wrong in: impossible paths and commands surface as OSError and ValueError.
MISTAKES = (ToolError, ArchnbError, OSError, ValueError)
# Names by which a model may know a tool, besides another case.
_OTHER_NAMES = {"apply_patch": "patch", "shell": "bash"}


@dataclass(frozen=True, slots=True)
class _Settled:
    """A call that is understood: what it wants, and what the gate says."""

    call: ToolCall
    tool: Tool
    request: Request
    decision: Decision
    edited: bool = False  # a person changed the request before approving it


class Calls:
    """Settles and runs the calls of one answer.

    ``results`` has an entry for each that ended; ``begun`` holds the ids of those that were run.
    """

    def __init__(self, wiring: Wiring, repeats: Repeats, run: Run) -> None:
        self.results: dict[str, ToolResult] = {}
        self.begun: set[str] = set()
        self._wiring = wiring
        self._repeats = repeats
        self._run = run
        self._outbox: deque[events.Event] = deque()
        self._stirred = asyncio.Event()
        self._cards = Cards(wiring, self._show)
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
                settled = early.get(call.id)
                if settled is None:
                    understood = self._understood(call)
                    if isinstance(understood, str):
                        shown = replace(call, id=self._wiring.shown_id(call.id))
                        yield events.ToolCalled(shown, call.name, by=self._by)
                        yield self._returned(call, "failed", Output(understood, failed=True))
                        continue
                    settled = self._settled(call, *understood)
                    for event in self._introduced(settled):
                        yield event
                async with aclosing(self._finish(settled)) as finishing:
                    async for event in finishing:
                        yield event
        except asyncio.CancelledError:
            for unanswered in self._cards.interrupted():
                yield unanswered
            cut = await self._cut_short()
            while self._outbox:  # a subagent's last words, and files it changed
                yield self._outbox.popleft()
            if cut:
                yield cut
            raise
        finally:
            await self._stop()

    @property
    def _by(self) -> str:
        return self._wiring.agent.name if self._wiring.caller else ""

    def _early(self, call: ToolCall, acting: set[str]) -> _Settled | None:
        """The call as understood before any is run; None where that must wait for its turn."""
        understood = self._understood(call)
        if isinstance(understood, str) or _acts_on(understood[1]) & acting:
            return None
        return self._settled(call, *understood)

    def _understood(self, call: ToolCall) -> tuple[Tool, Request] | str:
        """The tool and what the call wants; a sentence where that cannot be understood."""
        name = call.name.lower()
        name = _OTHER_NAMES.get(name, name)
        tool = next((tool for tool in self._wiring.offered if tool.name == name), None)
        if tool is None:
            names = ", ".join(tool.name for tool in self._wiring.offered)
            return f"There is no tool {call.name!r}. Available tools: {names}."
        try:
            return tool, self._request(tool, call)
        except MISTAKES as error:
            return str(error)

    def _settled(self, call: ToolCall, tool: Tool, request: Request) -> _Settled:
        """The call counted, with what the gate says."""
        return self._weighed(call, tool, request, self._repeats.made(request.unasked()))

    def _weighed(self, call: ToolCall, tool: Tool, request: Request, repeats: int = 0) -> _Settled:
        """The call with what the gate says; more than a rule gives takes a person's word."""
        decision = self._decide(request, repeats)
        if decision.action == "allow" and not decision.granted:
            request = request.unasked()
        return _Settled(call, tool, request, decision)

    def _request(self, tool: Tool, call: ToolCall, **changed: str) -> Request:
        """What the call wants; no answer tells what stands in a file that may not be read."""
        given = {**call.input, **changed}
        tool.check(given)
        workspace = self._wiring.workspace
        for path in tool.opens(given):
            there = workspace.resolve(path)
            if tool.permission == "edit":  # reading it first would not help
                workspace.check_writable(path)
            if there.exists() and not self._wiring.readable(workspace.name(there)):
                raise ToolError(unread(path))
        return tool.request(given, workspace)

    def _decide(self, request: Request, repeats: int = 0) -> Decision:
        return self._wiring.gate.settle(request, grants=self._wiring.grants, repeats=repeats)

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
        shown_id = self._wiring.shown_id(settled.call.id)
        return [self._cards.ask(shown_id, settled.request, settled.decision, notice)]

    async def _finish(self, settled: _Settled) -> Events:
        """Wait for the decision over one call, and run it or say why not."""
        reply: Reply | None = None
        asked_again = True
        while settled.decision.action == "ask" and asked_again:
            card = self._cards.of(self._wiring.shown_id(settled.call.id))
            async for event in self._until(card.reply):
                yield event
            await asyncio.sleep(0)  # an interrupt that came while input() held the loop lands here
            reply = card.reply.result()
            if not reply.approved:
                break
            if reply.grant:
                self._cards.grant(bound(reply.grant, card.ask.request))
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
                reply = None
        if why_not := refusal(settled.decision, reply):
            yield self._returned(settled.call, "refused", Output(why_not, failed=True))
            return
        async with aclosing(self._do(settled, reply)) as doing:
            async for event in doing:
                yield event

    def _confirmed(self, settled: _Settled, reply: Reply) -> tuple[_Settled, str]:
        """What an approval stands for now, and why it must be asked again (empty: it need not)."""
        fresh = self._request(settled.tool, settled.call)
        if fresh.digest != settled.request.digest:
            decision = self._decide(fresh)
            if decision.action == "allow":  # what was approved is not what would be done
                decision = replace(decision, action="ask")
            return replace(settled, request=fresh, decision=decision), CHANGED
        if reply.edited is None or reply.edited == settled.request.editable:
            return settled, ""
        edited = settled.request.edited(reply.edited)
        if isinstance(edited.preview, Shell):  # another command names other folders
            fresh = self._request(settled.tool, settled.call, command=edited.preview.command)
            edited = fresh.within(settled.request)
        decision = self._decide(edited)
        if decision.action == "deny":
            return settled, f"Your text is denied by a rule ({decision.rule}). Nothing was done."
        return replace(settled, request=edited, edited=True), ""

    async def _do(self, settled: _Settled, reply: Reply | None) -> Events:
        call, shown_id = settled.call, self._wiring.shown_id(settled.call.id)
        if reply is None and self._acted:  # what it wants may have changed since it was settled
            try:
                request = self._request(settled.tool, call)
            except MISTAKES as error:
                yield self._returned(call, "failed", Output(str(error), failed=True))
                return
            settled = self._weighed(call, settled.tool, request)
            if settled.decision.action != "allow":
                for event in self._asked(settled, CHANGED):
                    yield event
                async with aclosing(self._finish(settled)) as finishing:
                    async for event in finishing:
                        yield event
                return
        self.begun.add(call.id)
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
        self._repeats.answered(settled.request.unasked(), output)
        if settled.request.permission == "read" and not output.failed:
            self._wiring.read_files.update(settled.request.patterns)
        if settled.edited:
            output = replace(output, text=f"{output.text}\n\n{told(settled.request)}")
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
        wiring, shown_id = self._wiring, self._wiring.shown_id(call.id)

        async def delegate(agent: str, prompt: str) -> str:
            assert wiring.subagent is not None  # noqa: S101
            child = replace(wiring.subagent(agent), caller=shown_id)
            return await delegated(child, prompt, self._run, self._show)

        return Context(
            wiring.workspace,
            wiring.todos,
            lambda text: self._show(events.ToolProgress(shown_id, text)),
            wiring.readable,
            wiring.outputs,
            delegate if wiring.subagent else None,
        )

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
        tasks = list(self._cards.replies)
        if self._work is not None:
            tasks.append(self._work[1])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _acts_on(request: Request) -> set[str]:
    """What the call may change, by name; empty for a call that only looks."""
    match request.preview:
        case Changes(diffs):
            return {diff.path for diff in diffs}
        case Shell():
            return {"a command"}
        case _:
            return {"a subagent"} if request.permission == "task" else set()
