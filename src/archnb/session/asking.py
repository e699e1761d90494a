"""Ask a person before archnb itself does something: the same events, the same card."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable

from archnb import events
from archnb.conversation import ToolCall
from archnb.errors import ArchnbError
from archnb.permission.requests import Approver, Ask, Decision, Reply, Request
from archnb.permission.rules import Rule
from archnb.tools.base import Output


async def ask_first(
    name: str, request: Request, why: str, approver: Approver, act: Callable[[Request], Output]
) -> AsyncGenerator[events.Event, None]:
    """Put ``request`` before a person; ``act`` is called with it once they approve.

    ``name`` says what asks ("undo", "trust"), ``why`` why it does. The events are those of a call.
    """
    call = ToolCall(f"{name}-{secrets.token_hex(4)}", name)
    rule = Rule(name, "*", "ask", why)
    decision = Decision("ask", rule, rules_action="ask")
    yield events.ToolCalled(call, request.title, request, decision)
    ask = Ask(secrets.token_hex(16), call.id, "archnb", request, decision)
    yield events.PermissionAsked(ask)
    since = time.monotonic()
    try:
        reply = await approver(ask)
    except asyncio.CancelledError:
        interrupted = Reply("reject", by="interrupted")
        yield events.PermissionReplied(ask, interrupted, time.monotonic() - since)
        yield events.RunEnded("interrupted")
        return
    yield events.PermissionReplied(ask, reply, time.monotonic() - since)
    if not reply.approved:
        yield events.ToolReturned(call.id, "refused", reply.feedback)
        return
    approved = request if reply.edited is None else request.edited(reply.edited)
    yield events.ToolStarted(call.id)
    try:
        output = act(approved)
    except ArchnbError as error:
        yield events.ToolReturned(call.id, "failed", str(error))
        return
    for change in output.changes:
        yield events.FileChanged(call.id, change)
    yield events.ToolReturned(call.id, "done", output.text)
