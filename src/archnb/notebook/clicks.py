"""How a person can be asked right now, and how a click reaches a cell that waits for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

from IPython.core.getipython import get_ipython

Surface = Literal["buttons", "prompt", "unattended"]

# A signal is noticed only when the event loop wakes: without this an idle wait hears an
# interrupt after many seconds (measured 13 s; with it 0.02 to 0.2 s).
HEARTBEAT = 0.2
# ipykernel routes comm messages to an awaiting cell from this version on.
_ROUTES_CLICKS = (7, 4)


def surface() -> Surface:
    """Buttons where a front end is, ``input()`` elsewhere, nobody where input is refused."""
    shell: Any = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        import sys

        return "prompt" if sys.stdin is not None and sys.stdin.isatty() else "unattended"
    if not kernel.get_parent().get("content", {}).get("allow_stdin"):
        return "unattended"
    from ipykernel._version import __version__

    return "buttons" if _release(__version__) >= _ROUTES_CLICKS else "prompt"


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


class Page:
    """Whether a page with widgets hears this cell, shown on the screen or not.

    The model behind a hidden output area takes up what the cell displays meanwhile, and says so.
    Where there is no such page, the empty text that it waits for is seen by nobody.
    """

    def __init__(self) -> None:
        import ipywidgets

        self.there = False
        self._area: Any = ipywidgets.Output()
        self._area.observe(self._heard, "outputs")

    def call(self) -> None:
        """Ask for a sign; it comes, if at all, while the cell waits."""
        shell: Any = get_ipython()
        kernel = shell.kernel
        if self.there:
            return
        self._area.msg_id = kernel.get_parent()["header"]["msg_id"]
        try:
            kernel.send_response(kernel.iopub_socket, "stream", {"name": "stdout", "text": ""})
        finally:
            self._area.msg_id = ""

    def close(self) -> None:
        """Leave nothing behind."""
        for part in (self._area.layout, self._area):
            part.close()

    def _heard(self, _: object) -> None:
        self.there = True


def confirming() -> Callable[[object], None]:
    """What to do when a widget changed in the page: tell the page that this was heard.

    A page holds back a widget's further changes until its last one is confirmed by a status, and
    ipykernel 7.4 sends none for messages that reach a cell while it awaits. To be called in the
    cell, and to be given to ``observe``.
    """
    shell: Any = get_ipython()
    kernel = shell.kernel
    cell = kernel.get_parent("shell")

    def confirm(_: object) -> None:
        if kernel.get_parent("shell")["header"]["msg_type"] != "comm_msg":
            return  # changed by us
        kernel.send_response(kernel.iopub_socket, "status", {"execution_state": "idle"})
        busy = {"execution_state": "busy"}  # the cell still runs
        kernel.session.send(kernel.iopub_socket, "status", busy, parent=cell)

    return confirm


@contextlib.contextmanager
def heartbeat() -> Iterator[None]:
    """Keep the event loop waking while something waits inside."""
    import asyncio

    async def beat() -> None:
        while True:  # noqa: ASYNC110  (waking is the purpose)
            await asyncio.sleep(HEARTBEAT)

    task = asyncio.ensure_future(beat())
    try:
        yield
    finally:
        task.cancel()
