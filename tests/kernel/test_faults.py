"""Faults in a live kernel: interrupts, floods, pages that go, forks, reloads, a missing home.

The numbers are those of the fault list of issue 4.
"""

import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from ..wire.rules import check  # noqa: TID252  (no package)
from .conftest import CLICK, Do, Front, Wait
from .scripts import bash, script, write

LOAD = "%load_ext archnb"
GO = "%%architect\ngo on"
LEFT = "import ipywidgets; print('LEFT', len(ipywidgets.widgets.widget._instances))"
JSON = "application/json"
RETURNS = 2.0  # seconds in which an interrupted cell is over
BUSY = 3  # how much slower a machine may be that does eight other things

SLOW = """
import asyncio, pathlib
from archnb.conversation import Text
from archnb.notebook.cell import session_of

class Slow:
    label = "slow"
    async def stream(self, system, messages, tools, settings):
        yield Text("Once upon a time")
        pathlib.Path("begun").touch()
        await asyncio.sleep(300)

session_of(get_ipython()).provider = Slow()
"""
# What the model was sent last, as the Messages API has it.
BODY = """
import json
from archnb.conversation import Text, ToolCall, ToolResult

def block(given):
    match given:
        case Text(text):
            return {"type": "text", "text": text}
        case ToolCall():
            return {"type": "tool_use", "id": given.id, "name": given.name, "input": given.input}
        case ToolResult():
            return {"type": "tool_result", "tool_use_id": given.call_id, "content": given.text,
                    "is_error": given.is_error}

_, messages, _ = model.requests[-1][:3]
print("BODY", json.dumps({
    "model": "claude-sonnet-5-5", "max_tokens": 9,
    "messages": [{"role": m.role, "content": [block(b) for b in m.blocks]} for m in messages]}))
"""
# A grandchild in a session of its own, deaf to SIGTERM, that shows that it lives.
BEATING = (
    "trap '' TERM; setsid bash -c 'trap \"\" TERM; "
    "while :; do echo x >> beats; sleep 0.05; done' & sleep 0.3; touch begun; sleep 300"
)


def poke(kernel, times):
    """Interrupt so many times within a tenth of a second."""
    for _ in range(times):
        os.kill(kernel.manager.provisioner.pid, signal.SIGINT)
        time.sleep(0.1 / times)


def poke_when(kernel, file, times):
    """Interrupt, from another thread, once ``file`` is there; gives when, in a list."""
    poked = []

    def wait():
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        poked.append(time.monotonic())
        poke(kernel, times)

    threading.Thread(target=wait, daemon=True).start()
    return poked


def still(file):
    """Whether nobody writes to ``file`` any more."""
    before = file.read_bytes()
    time.sleep(0.5)
    return file.read_bytes() == before


def valid_afterwards(kernel):
    """The next cell runs, and the server takes what it sends."""
    after = kernel.run(script(["all is well"]), GO, BODY)
    assert after.error == ""
    assert "all is well" in after.text
    sent = after.text.partition("BODY ")[2].strip().encode()
    headers = {"x-api-key": "any", "anthropic-version": "2023-06-01", "content-type": JSON}
    return check(headers, sent)


@pytest.mark.parametrize("times", [1, 5])
def test_f11_f12_interrupts_in_a_stream(kernel, folder, times):
    kernel.run(LOAD, SLOW)
    poked = poke_when(kernel, folder / "begun", times)
    out = kernel.run(GO)
    assert time.monotonic() - poked[0] < RETURNS * BUSY
    assert "KeyboardInterrupt" in out.error
    assert "Once upon a time" in out.text
    assert "Once upon a time" in json.dumps(valid_afterwards(kernel))


@pytest.mark.parametrize("times", [1, 2])
def test_f11_f12_interrupts_at_a_card(kernel, folder, times):
    calls = [write("a.txt", "a"), write("b.txt", "b")]
    poked = []

    def act():
        poked.append(time.monotonic())
        poke(kernel, times)

    out = kernel.run(LOAD, script(calls, ["done"]), GO, click=[(Do(act),)])
    assert time.monotonic() - poked[0] < RETURNS * BUSY
    assert "KeyboardInterrupt" in out.error
    assert out.text.count("not decided: interrupted") == 2
    assert not list(folder.glob("?.txt"))
    for old in out.page._cards:  # the cards are dead: nothing that is sent to them does anything
        for known, _ in out.page._below(old):
            kernel._send(known, CLICK)
    body = valid_afterwards(kernel)
    assert not list(folder.glob("?.txt"))
    assert "before this was run" in json.dumps(body)
    assert "LEFT 0" in kernel.run(LEFT).text


@pytest.mark.parametrize("times", [1, 2, 5])
def test_f11_f12_interrupts_in_a_command_end_its_tree(kernel, folder, times):
    kernel.run(LOAD, script(["first ", bash(BEATING)], ["done"]))
    poked = poke_when(kernel, folder / "begun", times)
    out = kernel.run(GO, click=["Approve"])
    seconds = time.monotonic() - poked[0]
    assert still(folder / "beats")
    assert seconds < RETURNS * BUSY
    assert "KeyboardInterrupt" in out.error
    assert "Interrupted by the person; the outcome is unknown" in json.dumps(
        valid_afterwards(kernel)
    )


@pytest.mark.parametrize("times", [1, 5])
def test_f11_f12_interrupts_in_a_write(kernel, folder, times):
    content = "0123456789abcde\n" * 60_000
    out = kernel.run(
        LOAD,
        script([write("big.txt", content)], ["done"]),
        GO,
        click=[("Show all", "Approve", Do(lambda: poke(kernel, times)))],
    )
    there = folder / "big.txt"
    assert not there.exists() or there.read_text() == content
    assert [path.name for path in folder.glob("*big*")] in ([], ["big.txt"])
    if "KeyboardInterrupt" in out.error and "✓ write" in out.text:
        assert there.exists()
    valid_afterwards(kernel)


def peak(kernel):
    """The most memory that the kernel ever had, in MB."""
    status = Path(f"/proc/{kernel.manager.provisioner.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def limited(command, seconds):
    return ("bash", {"command": command, "timeout": int(seconds * 1000)})


UNRULY = {
    "ignores SIGTERM": limited("trap '' TERM; while :; do sleep 1; done", 1),
    "forks": limited("for i in $(seq 30); do (trap '' TERM; sleep 300) & done; wait", 1),
    "closes stdout and runs on": limited("exec >&- 2>&-; sleep 300", 1),
    "leaves and holds stdout": limited("setsid sleep 300 & disown; sleep 300", 1),
}
HARMLESS = {
    "reads stdin": limited("cat; echo over", 20),
    "asks a terminal": limited("read -r -s -p 'Password: ' x < /dev/tty; echo over", 20),
}


FLOODS = {
    "a gigabyte": limited("yes 0123456789 | head -c 1000000000", 100),
    "half of one in a single line": limited("head -c 500000000 /dev/zero | tr '\\0' x", 100),
    "for ever, and ignores SIGTERM": limited("trap '' TERM; yes", 1),
}
KEPT = (
    "import pathlib; kept = pathlib.Path(session_of(get_ipython())._outputs);"
    "print('KEPT', sorted(path.stat().st_size for path in kept.glob('*')))"
)


def run_all(kernel, calls):
    """One answer with these calls, approved one by one."""
    return kernel.run(
        LOAD, script([*calls.values()], ["done"]), GO, click=["Approve"] * len(calls)
    )  # fmt: skip


def test_f13_unruly_commands_end(kernel):
    out = run_all(kernel, UNRULY | HARMLESS)
    assert out.error == ""
    assert out.text.count("ended after the time limit of 1 s") == len(UNRULY)
    assert out.text.count("over\n") >= len(HARMLESS)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_f13_f29_floods_are_bounded(kernel):
    run_all(kernel, {"one": bash("echo one | cat"), "two": bash("echo two | cat")})
    before = peak(kernel)
    out = run_all(kernel, FLOODS)
    assert out.error == ""
    assert out.text.count("ended after the time limit of 1 s") == 1
    assert peak(kernel) - before < 200
    assert len(json.dumps(out.bundles)) < 1_000_000
    sizes = json.loads(kernel.run(KEPT).text.partition("KEPT ")[2])
    assert len(sizes) == len(FLOODS)
    assert 90_000_000 < sizes[-2] <= sizes[-1] <= 100_000_000


def gone(page):
    """The tab is closed: nothing comes from it any more."""
    page._send = lambda comm_id, data: "lost"


def another_page(kernel):
    """A page is loaded: it asks for the widgets there are."""
    content = {"comm_id": "another", "target_name": "jupyter.widget.control", "data": {}}
    message = kernel.client.session.msg("comm_open", content, metadata={"version": "1.0.0"})
    message["header"]["session"] = "another"
    kernel.client.shell_channel.send(message)


SHORT = "import archnb.notebook.approval as approval; approval.ANEW = 2; approval.PATIENCE = 3"


@pytest.mark.parametrize("seen", [True, False])
def test_f17_f18_a_reloaded_page_without_the_card_frees_the_kernel(kernel, folder, seen):
    """An unsaved notebook: JupyterLab draws no output of a cell that an earlier page had sent."""
    pages = []

    def reload():
        gone(pages[0])
        another_page(kernel)

    step = (Do(reload),) if not seen else (Do(lambda: None), "Always…", "Back", Do(reload))
    out = kernel.run(
        LOAD,
        SHORT,
        script(["words ", write("a.txt", "a")], ["asked anew ", write("a.txt", "a")], ["done"]),
        GO,
        click=[step],
        watch=pages.append,
    )
    assert out.prompts == []  # nobody would see it
    assert "KeyboardInterrupt" in out.error
    again = kernel.run("%architect last")
    assert "words" in again.text
    assert "not decided: interrupted" in again.text
    assert "asked anew" in kernel.run(GO, click=["Approve"]).text
    assert (folder / "a.txt").exists()
    valid_afterwards(kernel)


def test_f17_f18_a_reloaded_page_with_the_card_answers_it(kernel, folder):
    """A saved notebook: the card comes back, but nothing that the cell shows afterwards."""
    pages = []

    def reload():
        another_page(kernel)
        tell = pages[0].updated

        def updated(comm_id, state):
            tell(comm_id, {name: value for name, value in state.items() if name != "msg_id"})

        pages[0].updated = updated

    out = kernel.run(
        LOAD,
        SHORT,
        script([write("a.txt", "a")], ["done, all of it"]),
        GO,
        "%architect last",
        click=[(Do(reload), "Approve")],
        watch=pages.append,
    )
    assert out.error == ""
    assert (folder / "a.txt").exists()
    assert any("%architect last" in value for value in out.page.values)
    assert out.text.count("approved by you") == 2
    assert out.text.count("done, all of it") == 2


def test_f17_a_hidden_page_beside_a_new_one_keeps_its_card(kernel, folder):
    out = kernel.run(
        LOAD,
        SHORT,
        script([write("a.txt", "a")], ["done"]),
        GO,
        click=[(Do(lambda: another_page(kernel)), Wait(4), Front(), Wait(3), "Approve")],
        page="hidden",
    )
    assert out.error == ""
    assert (folder / "a.txt").exists()


def test_f18_f21_an_old_card_approves_nothing(kernel, folder):
    first = script([write("a.txt", "a")], [write("b.txt", "b")], ["done"])
    old = []

    def again():
        for comm_id in old[0].clicked:
            kernel._send(comm_id, CLICK)

    out = kernel.run(
        LOAD, first, GO, click=["Approve", (Do(again), "Deny")], watch=old.append
    )  # fmt: skip
    assert (folder / "a.txt").exists()
    assert not (folder / "b.txt").exists()
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    for comm_id in out.page._states:
        kernel._send(comm_id, CLICK)
    fresh = kernel.run(LOAD, script([write("c.txt", "c")], ["done"]), GO, click=["Deny"])
    assert fresh.error == ""
    assert "denied by you" in fresh.text
    assert not (folder / "c.txt").exists()


def test_f20_a_fork_of_the_kernel_is_told(kernel, folder):
    fork = """
import os, pathlib
session = session_of(get_ipython())
said = len(session.history)
child = os.fork()
if not child:
    try:
        session.run("hello", None).__anext__().send(None)
    except BaseException as error:
        pathlib.Path("child.txt").write_text(f"{type(error).__name__}: {error}")
    os._exit(0)
os.waitpid(child, 0)
print("SAME", len(session.history) == said, os.path.isdir(session._outputs))
"""
    out = kernel.run(LOAD, script(["one"], ["two"]), GO, fork, GO)
    assert out.error == ""
    assert "SAME True True" in out.text
    assert "CellError: This session belongs to the process" in (folder / "child.txt").read_text()
    assert "two" in out.text


def test_f22_reloading_leaves_one_session_and_one_set_of_hooks(kernel, folder):
    reload = """
import importlib, sys
before = session_of(get_ipython())
for name in ["archnb", "archnb.session.session", "archnb.notebook.clicks",
             "archnb.notebook.approval", "archnb.notebook.magics", "archnb.notebook.cell"]:
    importlib.reload(sys.modules[name])
get_ipython().run_line_magic("reload_ext", "archnb")
get_ipython().run_line_magic("reload_ext", "archnb")
"""
    count = """
from archnb.notebook.cell import session_of as now
ip = get_ipython()
hooks = [f for f in ip.input_transformers_cleanup if getattr(f, "__name__", "") == "transform"]
taken = ip.kernel.shell_handlers["comm_open"]
deep = 0
while hasattr(taken, "_inner"):
    taken, deep = taken._inner, deep + 1
print("HOOKS", len(hooks), deep, now(ip) is before)
"""
    autoreload = ("%load_ext autoreload", "%autoreload 2")
    calls = script([write("a.txt", "a")], ["done"], [write("b.txt", "b")], ["done"])
    out = kernel.run(
        LOAD, *autoreload, calls, GO, reload, GO, count, click=["Approve", "Approve"]
    )  # fmt: skip
    assert out.error == ""
    assert "HOOKS 1 1 True" in out.text
    assert sorted(path.name for path in folder.glob("?.txt")) == ["a.txt", "b.txt"]


def test_f26_without_ipywidgets_the_question_is_a_prompt(kernel, folder):
    out = kernel.run(
        "import sys; sys.modules['ipywidgets'] = None",
        LOAD,
        "%architect",
        script([write("a.txt", "a")], ["done"]),
        GO,
        stdin=["y"],
    )
    assert out.error == ""
    assert out.cards == 0
    assert len(out.prompts) == 1
    assert (folder / "a.txt").exists()


def test_f26_a_page_that_opens_widgets_and_says_nothing_gets_a_prompt(kernel, folder):
    out = kernel.run(
        LOAD,
        SHORT,
        script([write("a.txt", "a")], ["done"]),
        GO,
        stdin=["y"],
        watch=gone,
    )
    assert out.error == ""
    assert out.cards == 1
    assert len(out.prompts) == 1
    assert (folder / "a.txt").exists()


def test_f26_no_dot_program_is_needed(start, folder):
    (folder / "bin").mkdir()
    (folder / "bin" / "bash").symlink_to(shutil.which("bash"))
    out = start(PATH=str(folder / "bin")).run(LOAD, "%erd schema.sql")
    assert out.error == ""
    assert "image/svg+xml" in out.mimes()


@pytest.mark.parametrize("home", ["/dev/null/home", ""])
def test_f6_no_home_is_said_once_and_asks_remain(start, folder, home):
    kernel = start(HOME=home, IPYTHONDIR=str(folder / ".ipython"))
    calls = [write("a.txt", "a")], [write("b.txt", "b")], ["done"]
    always = ("Always…", "Approve for this agent file, on this machine")
    out = kernel.run(LOAD, script(*calls), GO, click=[always, "Approve"])
    assert out.error == ""
    assert sorted(path.name for path in folder.glob("?.txt")) == ["a.txt", "b.txt"]
    assert out.text.count("kept for this run only") == 1


def test_a_new_try_takes_back_what_was_shown(kernel):
    cell = (
        "from archnb.providers.base import Waiting\n"
        "session_of(get_ipython()).provider = Scripted([["
        "Text('Half a wro'), Waiting('The model is overloaded', 1.2), Text('Whole.')]])"
    )
    out = kernel.run(LOAD, script(["unused"]), cell, GO)
    assert out.error == ""
    shown = str([out.bundles[key] for key in out.order])
    assert "Half a wro" not in shown
    assert "this answer broke off" in shown
    assert "The model is overloaded; tried again" in shown
    assert "Whole." in shown
