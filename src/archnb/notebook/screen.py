"""The live view of a run in a notebook; what it leaves is the record, readable with no kernel."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any, assert_never

from IPython.display import display, update_display

from archnb import events
from archnb.conversation import Todo
from archnb.html import render_markdown, text_html, visible
from archnb.session.todos import todos_html, todos_text
from archnb.session.transcript import RECORD, UNFINISHED, Result, fold

RATE = 0.125  # seconds between updates of the growing text: 8 Hz (the page's own limit is about 10)
PROGRESS = 0.25  # seconds between updates of what a running call gives
BLOCK = 1500  # characters after which a closed paragraph is frozen and a new block begins
_GREY = "color:var(--jp-ui-font-color2,#5f6b76);font-size:90%"


class Screen:
    """Folds events into displays: a header, the answer in blocks, a slot per tool call, diagrams.

    A slot is shown once and then updated in place, so the order on the page is the order of events.
    """

    def __init__(self) -> None:
        self.result = Result()
        self._started = time.monotonic()
        self._count = 0
        self._prefix = f"archnb-{id(self):x}-{time.time_ns():x}"
        self._slots: dict[str, str] = {}
        self._tail = ""
        self._tail_slot = ""
        self._tail_shown = 0.0
        self._unsettled: list[str] = []  # the slots of the answer that is being given
        self._retry: _Retry | None = None
        self._header = ""
        self._header_shown = ""
        self._todos = ""
        self._progressed = 0.0

    def show(self, event: events.Event) -> None:
        """Bring the page up to date with one more event."""
        self.result = fold(self.result, event)
        if not isinstance(event, events.TextDelta):
            self._freeze()
        self._end_countdown()
        match event:
            case events.RunStarted():
                self._header = self._new({})
                self.tick()
            case events.TextDelta(text):
                self._grow(text)
            case events.PermissionReplied(ask):
                self._refresh(ask.call_id)
            case events.ToolStarted(call_id):
                self._refresh(call_id)
            case events.ToolProgress(call_id):
                if time.monotonic() - self._progressed > PROGRESS:
                    self._progressed = time.monotonic()
                    self._refresh(call_id)
            case events.TodosChanged(_, todos):
                self._show_todos(todos)
            case events.ToolReturned(call_id, _, _, shown):
                self._refresh(call_id)
                for item in shown:
                    display(item)
            case events.Retrying(reason, delay):
                self._void()
                due = time.monotonic() + delay
                self._retry = _Retry(self._new(_quiet(_waiting(reason, delay))), reason, due)
            case events.TurnEnded():
                self._unsettled.clear()
            case events.RunEnded(reason, message):
                if message and reason != "failed":  # a failed cell says it as its error
                    self._new(_quiet(message))
                for call in self.result.calls:
                    if call.output.endswith(UNFINISHED):
                        self._refresh(call.id)
                self.tick(done=True)
            case (
                events.ThinkingDelta() | events.ToolCalled() | events.PermissionAsked()
                | events.FileChanged()
            ):  # fmt: skip
                pass
            case _:
                assert_never(event)

    def tick(self, *, done: bool = False) -> None:
        """Keep the header's clock; cheap, called by a timer."""
        if not self._header:
            return
        elapsed = time.monotonic() - self._started
        waiting = sum(call.state == "asked" for call in self.result.calls)
        state = "" if done else f" · {elapsed:.0f} s" if elapsed >= 1 else " · working"
        if waiting and not done:  # saved as it stands where a notebook is copied or closed now
            card = "a card that ends" if waiting == 1 else "cards that end"
            plural = "s" * (waiting != 1)
            state += f" · {waiting} decision{plural} waiting, on {card} with this cell"
        line = f"{self.result.agent} · {self.result.label}{state}"
        if line != self._header_shown:
            self._header_shown = line
            self._update(self._header, _quiet(line))
        if self._tail and time.monotonic() - self._tail_shown > RATE:
            self._show_tail(final=False)
        if self._retry and (left := self._retry.due - time.monotonic()) > 0:
            self._update(self._retry.slot, _quiet(_waiting(self._retry.reason, left)))

    async def keep_time(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            self.tick()

    def slot(self, call_id: str, bundle: dict[str, Any]) -> None:
        """Show ``bundle`` where that call's record stands (or will stand)."""
        if call_id in self._slots:
            self._update(self._slots[call_id], bundle, metadata={RECORD: True})
        else:
            self._slots[call_id] = self._new(bundle, metadata={RECORD: True})

    def _refresh(self, call_id: str) -> None:
        record = next(call for call in self.result.calls if call.id == call_id)
        self.slot(call_id, {"text/html": record.html(), "text/plain": record.text()})

    def _show_todos(self, todos: tuple[Todo, ...]) -> None:
        """The to-do list, one for the whole cell, updated in place."""
        bundle = {"text/html": todos_html(todos), "text/plain": todos_text(todos)}
        if self._todos:
            self._update(self._todos, bundle)
        else:
            self._todos = self._new(bundle)

    def _grow(self, text: str) -> None:
        self._tail += text
        if time.monotonic() - self._tail_shown <= RATE:
            return  # looking for its paragraphs at each word would cost more than showing it
        if len(self._tail) > BLOCK and (cut := _closed(self._tail)):
            rest = self._tail[cut:]
            self._tail = self._tail[:cut]
            self._freeze()
            self._tail = rest
        self._show_tail(final=False)

    def _freeze(self) -> None:
        """The growing block gets its final form, plain text included."""
        if self._tail.strip():
            self._show_tail(final=True)
            self._unsettled.append(self._tail_slot)
        self._tail, self._tail_slot = "", ""

    def _void(self) -> None:
        """Take back what was shown of an answer that is asked for anew."""
        for slot in self._unsettled:
            self._update(slot, _quiet("(this answer broke off)"))
        self._unsettled.clear()

    def _end_countdown(self) -> None:
        if self._retry:
            self._update(self._retry.slot, _quiet(f"{self._retry.reason}; tried again"))
            self._retry = None

    def _show_tail(self, *, final: bool) -> None:
        if not self._tail.strip():
            return
        # While it grows the plain copy stays empty: every update crosses the wire twice otherwise.
        bundle = {
            "text/html": render_markdown(self._tail),
            "text/plain": visible(self._tail.strip()) if final else "",
        }
        self._tail_shown = time.monotonic()
        if self._tail_slot:
            self._update(self._tail_slot, bundle)
        else:
            self._tail_slot = self._new(bundle)

    def _new(self, bundle: dict[str, Any], metadata: dict[str, Any] | None = None) -> str:
        self._count += 1
        name = f"{self._prefix}-{self._count}"
        display(bundle or _quiet("…"), raw=True, display_id=name, metadata=metadata or {})
        return name

    def _update(
        self, name: str, bundle: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        update_display(bundle, raw=True, display_id=name, metadata=metadata or {})


def show_again(result: Result) -> None:
    """Display what a run left: its calls, its diagrams and findings, its words."""
    for call in result.calls:
        bundle = {"text/html": call.html(), "text/plain": call.text()}
        display(bundle, raw=True, metadata={RECORD: True})
    for drawing in result.drawings:
        display(drawing)
    if result.findings:
        display(result.findings)
    if result.text.strip():
        said = {
            "text/html": render_markdown(result.text),
            "text/plain": visible(result.text.strip()),
        }
        display(said, raw=True)


@dataclass(frozen=True, slots=True)
class _Retry:
    """A new try that is waited for: where that stands, and when (on the monotonic clock)."""

    slot: str
    reason: str
    due: float


def _waiting(reason: str, seconds: float) -> str:
    return f"{reason}; trying again in {seconds:.0f} s"


def _quiet(text: str) -> dict[str, Any]:
    return {
        "text/html": f'<div style="{_GREY}">{text_html(text)}</div>',
        "text/plain": visible(text),
    }


def _closed(text: str) -> int:
    r"""Where the last paragraph that is closed ends; 0 where a code fence is open around it.

    >>> _closed("one\n\ntwo")
    5
    >>> _closed("```\none\n\ntwo")
    0
    """
    closed, fenced = 0, False
    for match in re.finditer(r"^ {0,3}(?:```|~~~)|\n\s*\n", text, re.MULTILINE):
        if match[0].strip():
            fenced = not fenced
        elif not fenced:
            closed = match.end()
    return closed
