"""A live kernel without a browser: cells are executed and clicks are sent as comm messages."""

import contextlib
import html
import os
import queue
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from jupyter_client.manager import KernelManager

WIDGET = "application/vnd.jupyter.widget-view+json"
CLICK = {"method": "custom", "content": {"event": "click"}}
PATIENCE = 60.0  # seconds for a whole cell on a busy machine; never waited for in a run that passes


@dataclass
class Outputs:
    """What a notebook would hold after the cells: displays in order, each in its last form."""

    order: list = field(default_factory=list)  # display ids, or unique keys
    bundles: dict = field(default_factory=dict)
    error: str = ""
    prompts: list = field(default_factory=list)
    cards: int = 0
    interrupted_at: float = 0.0
    click_seconds: list = field(default_factory=list)
    parents: list = field(default_factory=list)
    page: object = None

    @property
    def text(self):
        return "\n".join(str(self.bundles[key].get("text/plain", "")) for key in self.order)

    def mimes(self):
        return {mime for bundle in self.bundles.values() for mime in bundle}


@dataclass(frozen=True)
class Fill:
    """Type ``text`` into the field of this label."""

    label: str
    text: str


@dataclass(frozen=True)
class See:
    """Wait until the card shows ``text`` (in its HTML)."""

    text: str


@dataclass(frozen=True)
class Lacks:
    """There is no such button."""

    words: str


@dataclass(frozen=True)
class Wait:
    """Let the page live on for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Front:
    """The hidden tab comes to the front."""


@dataclass(frozen=True)
class Press:
    """A click that no person could make: on a button that may be disabled, ``times`` over."""

    words: str
    times: int = 1


@dataclass(frozen=True)
class Do:
    """Something that happens outside the page meanwhile."""

    act: Callable[[], object]


@dataclass(frozen=True)
class At:
    """``step`` on the card of this number instead of the next one."""

    card: int
    step: object


class Page:
    """The front end's side of the widgets: their states, and what a person does with them.

    ``shown`` False: its tab is hidden, so there are models but no views.
    """

    def __init__(self, send, *, shown=True):
        self._send = send
        self._shown = shown
        self._states = {}
        self._cards = []  # the models of the boxes, in the order in which they were shown
        self.pressed = 0.0
        self._waiting_since = 0.0
        self._unconfirmed = {}  # comm: the message whose end it waits for
        self._held = {}  # comm: what it holds back until then
        self._ticks = 0
        self.clicked = []  # the models of the buttons that were clicked
        self.values = []  # every value that a widget was given

    def opened(self, comm_id, state):
        self._states[comm_id] = state
        self.values.append(str(state.get("value", "")))

    def updated(self, comm_id, state):
        self._states.setdefault(comm_id, {}).update(state)
        self.values.append(str(state.get("value", "")))
        if state.get("playing") and self._shown:
            self._ticks += 1
            self._update(comm_id, value=self._ticks)
        if state.get("msg_id"):
            heard = {"output_type": "stream", "name": "stdout", "text": ""}
            self._update(comm_id, outputs=[heard])

    def shows(self, model_id):
        self._cards.append(model_id)

    def act(self, card, step):
        """Do ``step`` on the card of this number; False where that is not possible yet."""
        if card >= len(self._cards):
            return False
        below = list(self._below(self._cards[card]))
        match step:
            case Do(act):
                act()
            case Lacks(words):
                assert words not in [state.get("description") for _, state in below]
            case Wait(seconds):
                self._waiting_since = self._waiting_since or time.monotonic()
                if time.monotonic() < self._waiting_since + seconds:
                    return False
                self._waiting_since = 0.0
            case Front():
                self._shown = True
            case Press(label, times):
                return self._on(below, label, lambda it: self._press(it, times), forced=True)
            case See(text):
                return any(text in _words(str(state.get("value"))) for _, state in below)
            case Fill(label, text):
                return self._on(below, label, lambda comm_id: self._update(comm_id, value=text))
            case str(words):
                return self._on(below, words, self._press)
        return True

    def _on(self, below, label, act, *, forced=False):
        found = [comm_id for comm_id, state in below if state.get("description") == label]
        if len(found) != 1 or (self._states[found[0]].get("disabled") and not forced):
            return False
        act(found[0])
        return True

    def _press(self, comm_id, times=1):
        self.pressed = time.monotonic()
        self.clicked.append(comm_id)
        for _ in range(times):
            self._send(comm_id, CLICK)

    def _update(self, comm_id, **state):
        if comm_id in self._unconfirmed:
            self._held[comm_id] = state
            return
        data = {"method": "update", "state": state, "buffer_paths": []}
        self._unconfirmed[comm_id] = self._send(comm_id, data)

    def confirmed(self, msg_id):
        """The kernel has handled a message: what was held back for it is sent."""
        for comm_id in [known for known, sent in self._unconfirmed.items() if sent == msg_id]:
            del self._unconfirmed[comm_id]
            if comm_id in self._held:
                self._update(comm_id, **self._held.pop(comm_id))

    def _below(self, model_id):
        """A widget and what is visible in it, as a person would find it."""
        state = self._states[model_id]
        layout = self._states.get(state.get("layout", "").removeprefix("IPY_MODEL_"), {})
        if layout.get("display") == "none":
            return
        yield model_id, state
        for child in state.get("children", ()):
            yield from self._below(child.removeprefix("IPY_MODEL_"))


def _words(page):
    """What a reader sees of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


class Kernel:
    """A kernel of its own in ``folder``, with nothing of the person who runs the tests."""

    def __init__(self, folder, environment=None):
        clean = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("ANTHROPIC_", "ARCHNB_", "JPY_"))
        }
        clean |= {
            "HOME": str(folder),
            "IPYTHONDIR": str(folder / ".ipython"),
            **(environment or {}),
        }
        self.manager = KernelManager(
            kernel_name="python3", transport="ipc", ip=f"{tempfile.mkdtemp()}/kernel"
        )
        self.manager.start_kernel(cwd=str(folder), env=clean)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(
        self,
        *cells,
        click=(),
        stdin=None,
        page=True,
        interrupt_at_card=False,
        interrupt_when=None,
        watch=lambda page: None,
    ):
        """Execute cells one after another without waiting between them, as Run All does.

        ``click``: for each card in turn a button's words, or several steps (words, :class:`Fill`,
        :class:`See`, :class:`Do`, :class:`At`), each as soon as it is possible.
        ``stdin``: the answers typed (None: no standard input, as nbclient has it).
        ``page``: whether a front end is there; ``"hidden"``: one that shows nothing just now.
        ``watch`` is given the page before anything happens.
        ``interrupt_when``: a file whose appearance is the moment for an interrupt.
        """
        out = Outputs()
        answers = list(stdin or [])
        allow = stdin is not None or bool(page)
        there = out.page = Page(self._send, shown=page != "hidden")
        watch(there)
        steps = [
            (step.card, step.step) if isinstance(step, At) else (card, step)
            for card, item in enumerate(click)
            for step in (item if isinstance(item, tuple) else (item,))
        ]
        pending = {
            self.client.execute(cell, allow_stdin=allow, stop_on_error=True): index
            for index, cell in enumerate(cells)
        }
        deadline = time.monotonic() + PATIENCE
        while pending:
            assert time.monotonic() < deadline, f"{pending} did not end; {steps}:\n{out.text}"
            with contextlib.suppress(queue.Empty):
                message = self.client.get_stdin_msg(timeout=0)
                out.prompts.append(message["content"]["prompt"])
                self.client.input(answers.pop(0))
            if interrupt_when is not None and interrupt_when.exists() and not out.interrupted_at:
                time.sleep(0.2)
                self._interrupt(out)
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                while steps and there.act(*steps[0]):
                    steps.pop(0)
                continue
            if not message["parent_header"]:  # the kernel's own log: a sign for a card that is gone
                continue
            content, kind = message["content"], message["msg_type"]
            if kind == "comm_open":
                there.opened(content["comm_id"], content["data"]["state"])
            elif kind == "comm_msg" and page:
                there.updated(content["comm_id"], content["data"].get("state", {}))
            elif kind in ("display_data", "update_display_data", "execute_result", "stream"):
                self._keep(out, message)
                if there.pressed:
                    out.click_seconds.append(time.monotonic() - there.pressed)
                    there.pressed = 0.0
                if WIDGET in content.get("data", {}) and page:
                    out.cards += 1
                    there.shows(content["data"][WIDGET]["model_id"])
                    if interrupt_at_card:
                        time.sleep(0.5)
                        self._interrupt(out)
            elif kind == "error":
                out.error = "\n".join(content["traceback"]) or content["ename"]
            elif kind == "status" and content["execution_state"] == "idle":
                pending.pop(message["parent_header"].get("msg_id"), None)
                there.confirmed(message["parent_header"].get("msg_id"))
        assert not steps, f"nothing to do this to: {steps}\n{out.text}"
        return out

    def click(self, comm_id):
        """A click on a button of a card that may be long gone."""
        self._send(comm_id, CLICK)

    def restart(self):
        """The kernel starts afresh; the page, with its cards, stays."""
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=60)

    def _interrupt(self, out):
        out.interrupted_at = time.monotonic()
        self.manager.interrupt_kernel()

    def _send(self, comm_id, data):
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    @staticmethod
    def _keep(out, message):
        content = message["content"]
        data = content.get("data") or {"text/plain": content.get("text", "")}
        key = content.get("transient", {}).get("display_id") or f"#{len(out.order)}"
        if key not in out.bundles:
            assert message["msg_type"] != "update_display_data", (
                "an update of something never shown"
            )
            out.order.append(key)
            out.parents.append(message["parent_header"]["msg_id"])
        out.bundles[key] = data


@pytest.fixture
def folder(tmp_path):
    """A workspace with a small schema that lacks an index."""
    (tmp_path / "schema.sql").write_text(
        "CREATE TABLE customers (\n  id bigint PRIMARY KEY,\n  email text NOT NULL UNIQUE\n);\n\n"
        "CREATE TABLE orders (\n  id bigint PRIMARY KEY,\n"
        "  customer_id bigint NOT NULL REFERENCES customers (id),\n  placed_at timestamptz NOT NULL\n);\n"
    )
    return tmp_path


@pytest.fixture
def kernel(folder):
    started = Kernel(folder)
    yield started
    started.close()


@pytest.fixture
def start(folder):
    """Kernels with an environment of their own."""
    started = []

    def begin(**environment):
        started.append(Kernel(folder, environment))
        return started[-1]

    yield begin
    for each in started:
        each.close()
