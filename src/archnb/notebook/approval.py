"""The card: a question in the page with a review in it, answered by one click."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archnb.html import text_html
from archnb.notebook.clicks import HEARTBEAT, surface
from archnb.permission.gate import Ask, Diff, Reply
from archnb.session.transcript import CallRecord, diff_counts, preview_html, why_lines
from archnb.terminal import ask_by_input

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
FIRST_SIGN = 0.3  # seconds after display when the page is asked for a sign of life
PATIENCE = 6.0  # seconds without one after which no page shows the card

Show = Callable[[str, dict[str, Any]], None]


@dataclass(slots=True)
class CardApprover:
    """Asks by the best means there is: card, then ``input()``, then denies and says so.

    ``show(call_id, bundle)`` puts a display bundle where that call's record stands.
    """

    show: Show

    async def __call__(self, ask: Ask) -> Reply:
        match surface():
            case "unattended":
                return Reply("reject", by="nobody: unattended, asks are denied")
            case "buttons":
                reply = await self._by_card(ask)
                if reply is not None:
                    return reply
        return ask_by_input(ask)

    async def _by_card(self, ask: Ask) -> Reply | None:
        """The answer of a click; None where no page ever showed the card."""
        card = _Card(ask)
        waiting = CallRecord(
            ask.call_id,
            ask.request.title,
            state="asked",
            request=ask.request,
            decision=ask.decision,
            ask=ask,
        )
        fallback = {"text/html": waiting.html(), "text/plain": waiting.text()}
        view = {"version_major": 2, "version_minor": 0, "model_id": card.box.model_id}
        self.show(ask.call_id, {WIDGET_MIME: view, **fallback})
        started = time.monotonic()
        try:
            while not card.answer.done():
                elapsed = time.monotonic() - started
                if elapsed > FIRST_SIGN:
                    card.call_for_sign()
                if elapsed > PATIENCE and not card.seen:
                    return None
                await asyncio.wait({card.answer}, timeout=HEARTBEAT)
            return card.answer.result()
        finally:
            # Static again before the widgets go: a view of a closed widget shows an error.
            self.show(ask.call_id, fallback)
            card.close()


class _Card:
    """The widgets of one question. Text from outside is only ever escaped text in them."""

    def __init__(self, ask: Ask) -> None:
        import ipywidgets as widgets

        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Reply] = loop.create_future()
        self.seen = False
        self._all: list[Any] = []
        made = self._made
        buttons = made(widgets.HBox(self._answers(ask), layout={"flex_flow": "row wrap"}))
        self._reason = made(
            widgets.Textarea(
                placeholder="What should be different? The agent reads this.",
                rows=2,
                layout={"width": "100%"},
            )
        )
        send = self._button(
            "Deny and send reason",
            "Deny and send this reason",
            lambda: self._settle(Reply("reject", feedback=self._reason.value.strip()[:4000])),
            style="danger",
        )
        self._why_box = made(widgets.VBox([self._reason, send], layout={"display": "none"}))
        # A hidden player that ticks only in a page: the sign that somebody can see the card.
        self._sign = made(
            widgets.Play(value=0, min=0, max=9, interval=50, layout={"display": "none"})
        )
        body = made(widgets.HTML(card_html(ask), layout={"width": "100%"}))
        self.box = made(
            widgets.VBox(
                [body, buttons, self._why_box, self._sign],
                layout={
                    "border": "2px solid #b7791f",
                    "padding": "8px 12px",
                    "margin": "6px 0",
                    "width": "auto",
                },
            )
        )
        self.box.add_class("archnb-card")
        self._sign.observe(self._mark_seen, "value")

    def _answers(self, ask: Ask) -> list[Any]:
        approved, denied = Reply("once"), Reply("reject")
        return [
            self._button(
                "Approve",
                f"Approve: {ask.request.permission}",
                lambda: self._settle(approved),
                style="success",
            ),
            self._button("Deny", "Deny this once", lambda: self._settle(denied), style="danger"),
            self._button(
                "Deny with reason…", "Say why; the agent reads it and carries on", self._open_reason
            ),
        ]

    def _button(self, words: str, tip: str, act: Callable[[], None], *, style: str = "") -> Any:
        import ipywidgets as widgets

        button = self._made(
            widgets.Button(
                description=words, button_style=style, tooltip=tip, layout={"width": "auto"}
            )
        )
        button.on_click(lambda _: act())
        return button

    def _made(self, widget: Any) -> Any:
        self._all.append(widget)
        return widget

    def call_for_sign(self) -> None:
        if not self.seen and not self._sign.playing:
            self._sign.playing = True

    def close(self) -> None:
        """Leave nothing behind: a widget's layout and style are models of their own."""
        self._sign.playing = False  # else the page goes on ticking into a closed channel
        for widget in self._all:
            for part in (getattr(widget, "style", None), getattr(widget, "layout", None), widget):
                with contextlib.suppress(Exception):  # a closed channel is what is wanted
                    if part is not None:
                        part.close()

    def _mark_seen(self, _: object) -> None:
        self.seen = True
        self._sign.playing = False

    def _open_reason(self) -> None:
        self._why_box.layout.display = "flex"
        self._reason.focus()

    def _settle(self, reply: Reply) -> None:
        self.seen = True
        if not self.answer.done():
            self.answer.set_result(reply)


def card_html(ask: Ask) -> str:
    """The review on the card: what, who asks, by which rule and why, and the exact bytes."""
    request = ask.request
    counts = f" ({diff_counts(request.preview)})" if isinstance(request.preview, Diff) else ""
    what = "run a command" if request.permission == "bash" else request.title
    parts = ""
    if request.permission == "bash" and ask.decision.parts:
        rows = "".join(
            f"<li><code>{text_html(part.text)}</code>: {part.action}</li>"
            for part in ask.decision.parts
        )
        parts = f"<ul style='margin:2px 0'>{rows}</ul>" if len(ask.decision.parts) > 1 else ""
    why = "".join(f"<div>{text_html(line)}</div>" for line in why_lines(ask.decision))
    return (
        f"<div style='line-height:1.45'><strong>Approve? {text_html(what)}{counts}</strong>"
        f" <span>· asked by {text_html(ask.agent)}</span>"
        f"<div style='font-size:90%;color:var(--jp-ui-font-color2,#5f6b76)'>{why}</div>{parts}"
        f"<div style='max-height:420px;overflow:auto'>{preview_html(request.preview)}</div></div>"
    )
