"""Run one bash line: its own process tree, no standard input, limits of time and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archnb.execution.environment import clean_environment
from archnb.execution.output import Printed
from archnb.execution.sandbox import Room, Sandbox, current, supervises

if TYPE_CHECKING:
    from archnb.permission.requests import Access

POLL = 0.02  # seconds between looks at a running process
PROGRESS = 0.25  # seconds between two reports of progress
GRACE = 1.0  # seconds between asking a process to end and ending it
SUPERVISED = 60.0  # seconds that a supervisor has to end thousands of processes on a busy machine
MARK = "ARCHNB_RUN"
"""The variable by which a process that left the session is still known as ours."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. ``code`` is its exit code (negative: the signal that ended it)."""

    code: int
    seconds: float
    timed_out: bool = False


async def run(
    command: str,
    folder: Path,
    *,
    timeout: float,  # noqa: ASYNC109
    root: Path | None = None,
    access: Access = "workspace",
    sandbox: Sandbox | None = None,
    printed: Printed | None = None,
    progress: Callable[[str], None] | None = None,
) -> Outcome:
    """Run ``command`` with bash in ``folder``; its whole process tree ends with it.

    So it does after ``timeout`` seconds and on cancellation, when ``printed`` has what came until
    then. ``progress`` gets the latest lines now and then. ``sandbox`` (default: the current one)
    binds it to ``root``, the workspace (default: ``folder``), unless ``access`` is full. What
    outlives this: on Linux nothing, elsewhere whatever leaves the process group.
    """
    printed = printed or Printed()
    folder, place = await asyncio.to_thread(_resolved, folder, root)
    chosen = sandbox if sandbox is not None else await asyncio.to_thread(current)
    rung = await asyncio.to_thread(chosen.within, place)
    started = time.monotonic()
    marker = f"{os.environ.get(MARK, '')}/{secrets.token_hex(8)}"  # runs within runs keep both
    with _scratch(rung, access) as scratch:
        room = Room(place, scratch, access == "network") if scratch else None
        argv = await asyncio.to_thread(rung.argv, command, folder, room, place)
        offline = room is not None and not room.network
        environment = clean_environment(scratch=scratch, offline=offline) | {MARK: marker}
        code, timed_out = await _run(argv, folder, environment, timeout, printed, progress)
    return Outcome(code, time.monotonic() - started, timed_out)


def _resolved(folder: Path, root: Path | None) -> tuple[Path, Path]:
    """Both as they are mounted: absolute, and without links that no mount follows."""
    return folder.resolve(), (root or folder).resolve()


@contextlib.contextmanager
def _scratch(sandbox: Sandbox, access: Access) -> Iterator[Path | None]:
    """A folder that only one bound command has; it goes with the command."""
    if access == "full" or not sandbox.limits():
        yield None
        return
    place = Path(tempfile.mkdtemp(prefix="archnb-run-")).resolve()
    try:
        yield place
    finally:
        _remove(place)


def _remove(place: Path) -> None:
    """Remove a folder, also where its owner may not look into what it holds."""
    shutil.rmtree(place, ignore_errors=True)
    for folder, names, _ in os.walk(place):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(stat.S_IRWXU)  # before the walk goes there
    shutil.rmtree(place, ignore_errors=True)


async def _run(
    argv: list[str],
    folder: Path,
    environment: dict[str, str],
    timeout: float,  # noqa: ASYNC109
    printed: Printed,
    progress: Callable[[str], None] | None,
) -> tuple[int, bool]:
    """The exit code of ``argv``, and whether its time ran out."""
    process = _started(argv, folder, environment)
    stop = threading.Event()
    reader = threading.Thread(target=_read, args=(process, printed, stop), daemon=True)
    reader.start()
    timed_out = False
    try:
        async with asyncio.timeout(timeout):
            await _ended(process, printed, progress)
    except TimeoutError:
        timed_out = True
    finally:
        # Also after a clean end: what the command left in the background goes with it.
        await asyncio.shield(_end(process, environment[MARK], reader, stop))
    code = process.returncode if process.returncode is not None else -signal.SIGTERM
    return code, timed_out


def _started(argv: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        cwd=folder,
        env=environment,
        # To a supervisor this is the line that says we still want the command.
        stdin=subprocess.PIPE if supervises() else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
    )


async def _ended(
    process: subprocess.Popen[bytes], printed: Printed, progress: Callable[[str], None] | None
) -> None:
    told, due = 0, time.monotonic() + PROGRESS
    while process.poll() is None:
        await asyncio.sleep(POLL)
        if progress and printed.total > told and time.monotonic() >= due:
            told, due = printed.total, time.monotonic() + PROGRESS
            progress(printed.latest())


def _read(process: subprocess.Popen[bytes], printed: Printed, stop: threading.Event) -> None:
    """Take what is printed until nobody holds the pipe any more, or until ``stop``."""
    assert process.stdout is not None  # noqa: S101
    pipe = process.stdout.fileno()
    ready: Callable[[], object] = lambda: True  # noqa: E731  (Windows: the read itself waits)
    if sys.platform != "win32":
        poll = select.poll()
        poll.register(pipe, select.POLLIN | select.POLLHUP)
        ready = lambda: poll.poll(100)  # noqa: E731
    while not stop.is_set():
        if ready():
            chunk = os.read(pipe, 65_536)
            if not chunk:
                break
            printed.add(chunk)


async def _end(
    process: subprocess.Popen[bytes],
    marker: str,
    reader: threading.Thread,
    stop: threading.Event,
) -> None:
    """End the process tree, read what is left in the pipe, and close it."""
    if process.stdin is not None:
        process.stdin.close()
        await _until(_Supervisor(process).gone, SUPERVISED)
    elif process.poll() is None:
        await asyncio.to_thread(_signal, process, marker, signal.SIGTERM)
        await _until(lambda: process.poll() is not None)
    # A supervisor ends all by itself, unless the command stopped or killed it.
    kill = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
    ended = process.stdin and process.returncode is not None and process.returncode >= 0
    for _ in range(0 if ended else 10):
        # Again while it finds any: a process may start another while the list is read.
        if not await asyncio.to_thread(_signal, process, marker, kill):
            break
        await asyncio.sleep(POLL)
    await _until(lambda: process.poll() is not None)
    await _until(lambda: not reader.is_alive())
    stop.set()  # somebody who is not ours still holds the pipe
    await _until(lambda: not reader.is_alive())
    if process.stdout is not None and not reader.is_alive():
        process.stdout.close()


@dataclass(slots=True)
class _Supervisor:
    """A supervisor that is waited for, and woken where a command has stopped it."""

    process: subprocess.Popen[bytes]
    stopped: int = 0

    def gone(self) -> bool:
        """Whether it has ended, or is stopped again and again for longer than ``GRACE``."""
        if self.process.poll() is not None:
            return True
        with contextlib.suppress(OSError, IndexError):
            state = Path(f"/proc/{self.process.pid}/stat").read_bytes().rpartition(b")")[2].split()
            if state[0] in (b"T", b"t"):
                self.stopped += 1
                self.process.send_signal(signal.SIGCONT)
        return self.stopped * POLL > GRACE


async def _until(done: Callable[[], bool], seconds: float = GRACE) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(POLL)


def _signal(process: subprocess.Popen[bytes], marker: str, number: signal.Signals) -> bool:
    """Send ``number`` to the whole tree; gives whether there was anybody to send it to."""
    if sys.platform == "win32":
        if process.poll() is None:
            process.send_signal(number)
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
    strays = _tree(process.pid, marker.encode())
    for stray in strays:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(stray, number)
    return bool(strays)


def _tree(session: int, marker: bytes) -> list[int]:
    """The living processes of ``session``, its children's children and those that carry the mark.

    As Linux's /proc tells.
    """
    found: set[int] = set()
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            pid, fields = int(entry.name), (entry / "stat").read_bytes().rpartition(b")")[2].split()
            children.setdefault(int(fields[1]), []).append(pid)
            if fields[0] in (b"Z", b"X"):
                dead.add(pid)
            elif int(fields[3]) == session or marker in (entry / "environ").read_bytes():
                found.add(pid)
    waiting = [*found]
    while waiting:
        born = [pid for pid in children.get(waiting.pop(), ()) if pid not in found]
        found.update(born)
        waiting += born
    return sorted(found - dead)
