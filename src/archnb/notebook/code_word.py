"""Tell a person this kernel's code word, in a place that is not saved."""

from __future__ import annotations

import asyncio
from typing import Any

from IPython.display import display, update_display

from archnb.notebook.cell import code_word_of
from archnb.notebook.clicks import in_kernel, surface
from archnb.session.code_word import PURPOSE
from archnb.session.questions import code_word_html

SHOWN = 30.0  # seconds
_AFTERWARDS = "The code word stood here for a while; %architect shows it again."


def tell(shell: Any) -> None:
    """Show the word for a while, in a widget; where a page would save what is said, not at all."""
    word = code_word_of(shell)
    match surface():
        case "buttons":
            _show(word)
        case "prompt" if not in_kernel():
            print(f"code word: {word}. {PURPOSE}")  # noqa: T201  (a terminal keeps nothing)


def _show(word: str) -> None:
    import ipywidgets

    line = ipywidgets.HTML(code_word_html(word))
    view = {"version_major": 2, "version_minor": 0, "model_id": line.model_id}
    mime = "application/vnd.jupyter.widget-view+json"
    shown = display({mime: view, "text/plain": _AFTERWARDS}, raw=True, display_id=True)

    def forget() -> None:
        update_display({"text/plain": _AFTERWARDS}, raw=True, display_id=shown.display_id)
        for part in (line.style, line.layout, line):
            part.close()

    asyncio.get_event_loop().call_later(SHOWN, forget)
