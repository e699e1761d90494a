"""The widgets of one card: made by plain names, heard in the cell's thread, closed all together.

ipykernel hands what a page says about a widget to the thread that last spoke of that widget. So
that a card stays in one thread and in order, nothing is ever said from inside such a message: it is
followed afterwards, in the cell's own context, and what is typed is not echoed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import ipywidgets
from traitlets import CInt, Unicode

from archnb.html import visible
from archnb.notebook.clicks import confirming

Act = Callable[[], None]

# What ipywidgets has no setting for. It stands inside the card and goes with it.
STYLE = """<style>
.archnb-card{border:1px solid var(--jp-border-color1,#c4ccd4);border-left:4px solid #b7791f;
 border-radius:4px;padding:8px 12px;margin:6px 0;overflow:hidden;max-width:100%}
.archnb-card .widget-html,.archnb-card .widget-html-content{height:auto;line-height:1.45;
 font-size:var(--jp-content-font-size1,14px);overflow:visible;min-width:0;overflow-wrap:anywhere}
.archnb-card .widget-html-content pre{line-height:1.4}
.archnb-card .jupyter-button{width:auto;padding:0 14px;margin:2px 6px 2px 0}
.archnb-card button:focus-visible,.archnb-card textarea:focus-visible,
.archnb-card [tabindex]:focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2);
 outline-offset:1px}
.archnb-card .widget-textarea{flex-direction:column;align-items:stretch;height:auto;width:auto;
 margin:4px 0}
.archnb-card .widget-textarea label{width:auto;text-align:left;height:auto;line-height:1.5}
.archnb-card .widget-textarea textarea{width:100%;box-sizing:border-box;flex:none;height:auto;
 resize:vertical}
.archnb-card .archnb-code textarea{font-family:var(--jp-code-font-family,monospace);
 font-size:var(--jp-code-font-size,13px);line-height:1.4;tab-size:4}
.archnb-card .archnb-queue{border-top:1px solid var(--jp-border-color2,#dde3e8);margin-top:6px;
 padding-top:6px}
.archnb-card .archnb-queue .widget-html{margin-right:12px}
.archnb-card .jupyter-widgets-disconnected::before{display:none}
.archnb-card.jupyter-widgets-disconnected::before{
 font:bold 14px var(--jp-ui-font-family,sans-serif);
 content:"This card is dead: its cell has ended or the kernel was restarted. Run the cell again."}
.archnb-card.jupyter-widgets-disconnected button{display:none}
</style>"""


class _Field(ipywidgets.Textarea):  # type: ignore[misc]
    value = Unicode("").tag(sync=True, echo_update=False)


class _Player(ipywidgets.Play):  # type: ignore[misc]
    value = CInt(0).tag(sync=True, echo_update=False)


class Widgets:
    """Makes the widgets of a card and knows them all; text goes in as a value or as our HTML."""

    def __init__(self) -> None:
        self._all: list[Any] = []
        self._wide = self._kept_layout(width="auto")
        self._confirm = confirming()
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()

    def button(
        self, words: str, tip: str, act: Act, style: str = "", *, disabled: bool = False
    ) -> Any:
        """A button; ``tip`` is its longer name. ``style``: success, danger or none."""
        button = self._kept(
            ipywidgets.Button(
                description=visible(words)[:100],
                button_style=style,
                disabled=disabled,
                tooltip=visible(tip),
                layout=self._wide,
                tabbable=True,
            )
        )
        button.on_click(self._later(act))
        return button

    def html(self, html: str = "", *, tabbable: bool | None = None) -> Any:
        """HTML that was built by us; ``tabbable`` where it scrolls."""
        return self._kept(ipywidgets.HTML(html, layout=self._wide, tabbable=tabbable))

    def text(
        self, label: str, *, rows: int = 2, code: bool = False, typed: Act | None = None
    ) -> Any:
        """A field for text of any length, its label above it; ``typed`` follows each change."""
        area = self._kept(
            _Field(
                description=label,
                rows=rows,
                layout=self._wide,
                tooltip=label,
                style={"description_width": "auto"},
            )
        )
        area.observe(self._confirm, "value")
        if typed:
            area.observe(self._later(typed), "value")
        if code:
            area.add_class("archnb-code")
        return area

    def sign(self, ticked: Act) -> Any:
        """A hidden player, which ticks only where a page shows it; each tick is a new value."""
        hidden = self._kept_layout(display="none")
        player = _Player(value=0, min=0, max=10**6, interval=50, layout=hidden)
        player.observe(self._confirm, "value")
        player.observe(self._later(ticked), "value")
        return self._kept(player)

    def row(self, *children: Any) -> Any:
        return self._kept(
            ipywidgets.HBox(
                children, layout=self._kept_layout(flex_flow="row wrap", align_items="center")
            )
        )

    def column(self, *children: Any, hidden: bool = False) -> Any:
        layout = self._kept_layout(display="none" if hidden else None)
        return self._kept(ipywidgets.VBox(children, layout=layout))

    def close(self, *only: Any) -> None:
        """Leave nothing behind: a widget's layout and style are models of their own."""
        for widget in only or tuple(self._all):
            parts = [getattr(widget, "style", None), widget]
            parts += [] if only else [getattr(widget, "layout", None)]
            for part in parts:
                with contextlib.suppress(Exception):  # a closed channel is what is wanted
                    if part is not None:
                        part.close()
            self._all.remove(widget)

    def close_but(self, *kept: Any) -> None:
        """Close all that these do not need."""
        needed = [*kept, *(widget.layout for widget in kept)]
        self.close(*(widget for widget in self._all if widget not in needed))

    def _later(self, act: Act) -> Callable[[object], None]:
        """``act`` in the cell's thread and context, whatever brings the news."""

        def later(_: object) -> None:
            self._loop.call_soon_threadsafe(act, context=self._context)

        return later

    def _kept(self, widget: Any) -> Any:
        self._all.append(widget)
        return widget

    def _kept_layout(self, **settings: Any) -> Any:
        return self._kept(ipywidgets.Layout(**settings))


def show(box: Any, shown: bool) -> None:
    """Show a row or column (only these have a layout of their own), or hide it, from Tab too."""
    box.layout.display = None if shown else "none"
