"""A live kernel without a browser: cells are executed and clicks are sent as comm messages."""

import contextlib
import os
import queue
import tempfile
import time
from dataclasses import dataclass, field

import pytest
from jupyter_client.manager import KernelManager

WIDGET = "application/vnd.jupyter.widget-view+json"
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

    @property
    def text(self):
        return "\n".join(str(self.bundles[key].get("text/plain", "")) for key in self.order)

    def mimes(self):
        return {mime for bundle in self.bundles.values() for mime in bundle}


class Kernel:
    """``page``: whether a front end is there that answers a card's call for a sign of life."""

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
        reason="",
        stdin=None,
        page=True,
        interrupt_at_card=False,
        interrupt_when=None,
    ):
        """Execute cells one after another without waiting between them, as Run All does.

        ``click`` are button descriptions, one for each card in turn; ``stdin`` the answers typed
        (None: no standard input, as nbclient has it).
        ``interrupt_when``: a file whose appearance is the moment for an interrupt.
        """
        out = Outputs()
        clicks, answers = list(click), list(stdin or [])
        allow = stdin is not None or page
        pending = {
            self.client.execute(cell, allow_stdin=allow, stop_on_error=True): index
            for index, cell in enumerate(cells)
        }
        models, clicked = {}, None
        deadline = time.monotonic() + PATIENCE
        while pending:
            assert time.monotonic() < deadline, f"cells {pending} did not end:\n{out.text}"
            with contextlib.suppress(queue.Empty):
                message = self.client.get_stdin_msg(timeout=0)
                out.prompts.append(message["content"]["prompt"])
                self.client.input(answers.pop(0))
            if interrupt_when is not None and interrupt_when.exists() and not out.interrupted_at:
                time.sleep(0.2)
                out.interrupted_at = time.monotonic()
                self.manager.interrupt_kernel()
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                continue
            content, kind = message["content"], message["msg_type"]
            if kind == "comm_open":
                models[content["comm_id"]] = content["data"]["state"]
            elif kind == "comm_msg" and page and content["data"].get("state", {}).get("playing"):
                self._send(
                    content["comm_id"],
                    {"method": "update", "state": {"value": 1}, "buffer_paths": []},
                )
            elif kind in ("display_data", "update_display_data", "execute_result", "stream"):
                self._keep(out, message)
                if clicked is not None:
                    out.click_seconds.append(time.monotonic() - clicked)
                    clicked = None
                if WIDGET in content.get("data", {}) and page:
                    out.cards += 1
                    if interrupt_at_card:
                        time.sleep(0.5)
                        out.interrupted_at = time.monotonic()
                        self.manager.interrupt_kernel()
                    elif clicks:
                        wanted = clicks.pop(0)
                        if "reason" in wanted:
                            area = next(
                                i
                                for i, s in models.items()
                                if s.get("_model_name") == "TextareaModel"
                            )
                            self._send(
                                area,
                                {
                                    "method": "update",
                                    "state": {"value": reason},
                                    "buffer_paths": [],
                                },
                            )
                        button = [i for i, s in models.items() if s.get("description") == wanted][
                            -1
                        ]
                        clicked = time.monotonic()
                        self._send(button, {"method": "custom", "content": {"event": "click"}})
            elif kind == "error":
                out.error = "\n".join(content["traceback"]) or content["ename"]
            elif kind == "status" and content["execution_state"] == "idle":
                pending.pop(message["parent_header"].get("msg_id"), None)
        return out

    def _send(self, comm_id, data):
        self.client.shell_channel.send(
            self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        )

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
