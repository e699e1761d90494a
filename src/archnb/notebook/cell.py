"""Run one ``%%architect`` cell: session, approver and screen brought together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from IPython.core.getipython import get_ipython

from archnb.errors import ArchnbError, CellError, Interrupted
from archnb.events import Event, RunEnded
from archnb.notebook.approval import CardApprover
from archnb.notebook.clicks import heartbeat
from archnb.notebook.lines import cell_arguments
from archnb.notebook.magics import CODE_WORD, LAST, SESSION
from archnb.notebook.screen import Screen
from archnb.notebook.values import as_text
from archnb.permission.policy import PolicyApprover, policy_from
from archnb.permission.requests import Approver
from archnb.session.code_word import new_code_word
from archnb.session.prompt import insert_variables
from archnb.session.session import Session
from archnb.session.transcript import Result


async def run(options: str, text: str) -> Result:
    """Answer the cell's ``text``; the value is what the next cell can use."""
    shell: Any = get_ipython()
    given = cell_arguments(options)
    if not text.strip():
        raise CellError(
            "This %%architect cell says nothing.", hint="Write below the first line what is wanted."
        )
    if given.output and not given.output.isidentifier():
        raise CellError(f"-o {given.output}: that is no variable name.")
    session = session_of(shell)
    prompt = insert_variables(
        text, lambda name: as_text(shell.user_ns[name]) if name in shell.user_ns else None
    )
    screen = Screen()
    result = await _watch(
        screen,
        session.run(
            prompt,
            _approver(session, screen),
            agent=given.agent,
            model=given.model,
            plan=given.plan,
            new=given.new,
        ),
    )
    if given.output:
        shell.user_ns[given.output] = result
    if result.ended == "interrupted":
        raise Interrupted
    if result.ended == "failed":
        raise ArchnbError(result.message)
    return result


async def undo(count: str) -> None:
    """Put back the last change (or the last ``count``) once the person has seen what comes back."""
    if count and not count.isdigit():
        raise CellError(f"%architect undo {count}: that is no number.", hint="%architect undo 2")
    session = session_of(get_ipython())
    screen = Screen()
    await _watch(screen, session.undo(int(count or 1), _approver(session, screen)))


def _approver(session: Session, screen: Screen) -> Approver:
    policy = policy_from(session.environment)
    if policy:
        return PolicyApprover(policy)
    return CardApprover(screen.slot, code_word_of(get_ipython()), session.redaction.value)


async def _watch(screen: Screen, stream: AsyncIterator[Event]) -> Result:
    """Show what happens until its end; gives what it adds up to."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    clock = asyncio.ensure_future(screen.keep_time())
    try:
        with heartbeat():
            async for event in stream:
                screen.show(event)
    finally:
        clock.cancel()
        if not screen.result.ended:  # an undo, or a bug: the page must not go on saying "working"
            screen.show(RunEnded("failed"))
        setattr(get_ipython(), LAST, screen.result.timed(loop.time() - started))
    return screen.result.timed(loop.time() - started)


def code_word_of(shell: Any) -> str:
    """The word that this kernel's questions bear; it ends with the kernel."""
    if not hasattr(shell, CODE_WORD):
        setattr(shell, CODE_WORD, new_code_word())
    return str(getattr(shell, CODE_WORD))


def session_of(shell: Any) -> Session:
    """The notebook's one conversation; it stays with the shell when the extension is reloaded."""
    if getattr(shell, SESSION, None) is None:
        setattr(shell, SESSION, Session())
    return cast("Session", getattr(shell, SESSION))  # no isinstance: its module may be reloaded
