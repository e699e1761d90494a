"""The same events as text."""

from __future__ import annotations

import sys
from typing import TextIO, assert_never

from archnb import events
from archnb.design.diagrams import Drawing
from archnb.design.findings import Findings
from archnb.design.verdicts import Verdicts
from archnb.html import visible
from archnb.session.todos import todos_text
from archnb.session.transcript import Result, fold


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
                        case Findings() | Verdicts():
                            self._line(item.text())
            case events.TodosChanged(_, todos):
                self._line(todos_text(todos))
            case events.Retrying(reason, delay):
                self._line(visible(f"{reason}; trying again in {delay:.0f} s"))
            case events.RunEnded(_, message):
                self._line(visible(message) if message else "")
            case (
                events.ThinkingDelta() | events.ToolCalled() | events.ToolProgress()
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
