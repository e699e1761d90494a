"""The same events as text, and the same questions by ``input()``."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import TextIO, assert_never

from archnb import events
from archnb.design.diagrams import Drawing
from archnb.design.findings import Findings
from archnb.html import visible
from archnb.permission.gate import Ask, Reply
from archnb.session.transcript import Result, fold, preview_text, why_lines


def ask_by_input(ask: Ask) -> Reply:
    """Ask on the terminal: y approves, n denies, any other words deny and are the reason."""
    print(visible(f"\nApprove? {ask.request.title} · asked by {ask.agent}"))
    for line in (*why_lines(ask.decision), *preview_text(ask.request.preview).split("\n")):
        print(visible(f"  {line}"))
    try:
        with _interruptible():
            said = input("approve? [y = yes, n = no, or say why not] ").strip()
    except KeyboardInterrupt:
        raise asyncio.CancelledError from None
    except (EOFError, NotImplementedError, RuntimeError):
        return Reply("reject", by="nobody: no input possible")
    if said.lower() in ("y", "yes"):
        return Reply("once")
    return Reply("reject", feedback="" if said.lower() in ("", "n", "no") else said)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a waiting ``input()``; an event loop's handler would only note it."""
    try:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def deny_unattended(ask: Ask) -> Reply:
    """The approver where nobody is there."""
    del ask
    return Reply("reject", by="nobody: unattended, asks are denied")


async def approve_by_input(ask: Ask) -> Reply:
    """The approver of a terminal."""
    return ask_by_input(ask)


class Printer:
    """Prints events as they come; ``result`` is what they add up to."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self.result = Result()

    def show(self, event: events.Event) -> None:
        """Print one event."""
        self.result = fold(self.result, event)
        match event:
            case events.RunStarted(agent, _, label, _):
                self._line(f"{agent} · {label}")
            case events.TextDelta(text):
                self._write(visible(text))
            case events.ToolReturned(call_id, _, _, shown):
                record = next(call for call in self.result.calls if call.id == call_id)
                self._line(record.text())
                for item in shown:
                    match item:
                        case Drawing():
                            self._line(visible(item.text))
                        case Findings():
                            self._line(item.text())
            case events.Retrying(reason, delay):
                self._line(visible(f"{reason}; trying again in {delay:.0f} s"))
            case events.RunEnded(_, message):
                self._line(visible(message) if message else "")
            case (
                events.ThinkingDelta() | events.ToolCalled()
                | events.PermissionAsked() | events.PermissionReplied()
                | events.ToolStarted() | events.FileChanged() | events.TurnEnded()
            ):  # fmt: skip
                pass
            case _:
                assert_never(event)

    def _line(self, text: str) -> None:
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
