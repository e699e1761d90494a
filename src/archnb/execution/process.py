"""Run one bash line: own process group, no standard input, limits of time and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from archnb.errors import ArchnbError
from archnb.execution.environment import clean_environment

KEEP = 50_000  # bytes of output kept, half from the head and half from the tail
POLL = 0.02  # seconds between looks at a running process
GRACE = 2.0  # seconds between asking a process to end and ending it


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. ``code`` is its exit code (negative: the signal that ended it)."""

    code: int
    output: str
    seconds: float
    timed_out: bool = False
    dropped: int = 0  # bytes of output that were not kept


async def run(command: str, folder: Path, *, timeout: float) -> Outcome:  # noqa: ASYNC109
    """Run ``command`` with bash in ``folder``; timeout or cancel end its whole process group."""
    bash = shutil.which("bash")
    if bash is None:
        raise ArchnbError(
            "bash was not found on this machine.", hint="Commands need bash on the PATH."
        )
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        bash, "--noprofile", "--norc", "-c", command,
        cwd=folder, env=clean_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
    )  # fmt: skip
    kept = _Kept()
    reading = asyncio.ensure_future(_read(process, kept))
    timed_out = False
    try:
        async with asyncio.timeout(timeout):
            # Not process.wait(): until Python 3.13 that waits for the pipe too.
            while process.returncode is None:  # noqa: ASYNC110
                await asyncio.sleep(POLL)
    except TimeoutError:
        timed_out = True
    finally:
        # Also after a clean end: what the command left in the background goes with it.
        await asyncio.shield(_end(process, reading))
    return Outcome(
        process.returncode or 0, kept.text(), time.monotonic() - started, timed_out, kept.dropped
    )


async def _read(process: asyncio.subprocess.Process, kept: _Kept) -> None:
    assert process.stdout is not None  # noqa: S101
    while chunk := await process.stdout.read(65_536):
        kept.add(chunk)


async def _end(process: asyncio.subprocess.Process, reading: asyncio.Future[None]) -> None:
    """End the process group, read what is left in the pipe, and close it."""
    kill = getattr(signal, "SIGKILL", signal.SIGTERM)
    for number in (signal.SIGTERM if process.returncode is None else kill, kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)
        deadline = time.monotonic() + GRACE
        while process.returncode is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL)
        if number == kill:
            break
    await asyncio.wait({reading}, timeout=GRACE)
    if not reading.done():  # a child in a session of its own still holds the pipe: it is not ours
        reading.cancel()
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001


class _Kept:
    """The head and the tail of a stream, in bounded memory."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    def add(self, chunk: bytes) -> None:
        room = KEEP // 2 - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:] if room > 0 else chunk
        if (excess := len(self._tail) - KEEP // 2) > 0:
            del self._tail[:excess]
            self.dropped += excess

    def text(self) -> str:
        gap = f"\n… {self.dropped:,} bytes left out …\n".encode() if self.dropped else b""
        return (bytes(self._head) + gap + bytes(self._tail)).decode("utf-8", "replace")
