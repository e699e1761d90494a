"""How a person can be asked right now, and how a click reaches a cell that waits for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast

from IPython.core.getipython import get_ipython

Surface = Literal["buttons", "prompt", "unattended"]

# A signal is noticed only when the event loop wakes: without this an idle wait hears an
# interrupt after many seconds (measured 13 s; with it 0.02 to 0.2 s).
HEARTBEAT = 0.2
# ipykernel routes comm messages to an awaiting cell from this version on.
_ROUTES_CLICKS = (7, 4)


def surface() -> Surface:
    """Buttons where a front end is, ``input()`` elsewhere, nobody where input is refused."""
    if not in_kernel():
        import sys

        return "prompt" if sys.stdin is not None and sys.stdin.isatty() else "unattended"
    shell: Any = get_ipython()
    if not shell.kernel.get_parent().get("content", {}).get("allow_stdin"):
        return "unattended"
    from importlib.util import find_spec

    from ipykernel._version import __version__

    widgets = find_spec("ipywidgets") is not None
    return "buttons" if widgets and _release(__version__) >= _ROUTES_CLICKS else "prompt"


def in_kernel() -> bool:
    """Whether this shell is a kernel's, with a page somewhere, and not a terminal's."""
    return getattr(get_ipython(), "kernel", None) is not None


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


class Page:
    """Whether a page with widgets hears this cell, shown on the screen or not.

    The model behind a hidden output area takes up what the cell displays meanwhile, and says so.
    Where there is no such page, the empty text that it waits for is seen by nobody.
    """

    def __init__(self) -> None:
        import ipywidgets

        shell: Any = get_ipython()
        self._kernel = shell.kernel
        self._arrivals = _arrivals(self._kernel)
        self.there = False
        self._area: Any = ipywidgets.Output()
        self._area.observe(self._heard, "outputs")

    @property
    def newer(self) -> str:
        """The session of a page that came after this cell was sent; empty where none did."""
        sent = self._kernel.get_parent()["header"]
        came = self._arrivals.latest
        return str(came["session"]) if came and came["date"] > sent["date"] else ""

    def call(self) -> None:
        """Ask for a sign; it comes, if at all, while the cell waits."""
        kernel = self._kernel
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


class Arrivals:
    """Takes a kernel's ``comm_open`` messages, and keeps the header of the latest page's.

    A page asks for the widgets that there are once, when it is loaded. One that is reloaded is
    another page to the kernel: it is not told what a cell shows that the page before it sent.
    """

    def __init__(self, inner: Callable[..., Any]) -> None:
        self.latest: Mapping[str, Any] | None = None
        self._inner = inner

    def __call__(self, stream: object, ident: object, message: Mapping[str, Any]) -> Any:
        if message["content"].get("target_name") == "jupyter.widget.control":
            self.latest = message["header"]
        return self._inner(stream, ident, message)


def _arrivals(kernel: Any) -> Arrivals:
    """The one that listens in this kernel, put there once."""
    known = kernel.shell_handlers["comm_open"]
    if not hasattr(known, "latest"):  # no isinstance: this module may have been reloaded
        known = kernel.shell_handlers["comm_open"] = Arrivals(known)
    return cast("Arrivals", known)


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
