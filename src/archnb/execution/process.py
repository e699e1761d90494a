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
    """Run ``command`` with bash in ``folder``; ends its whole process group on timeout or cancel."""
    bash = shutil.which("bash")
    if bash is None:
        raise ArchnbError(
            "bash was not found on this machine.", hint="Commands need bash on the PATH."
        )
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        bash, "--noprofile", "--norc", "-c", command,
        cwd=folder, env=clean_environment(),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
    )  # fmt: skip
    kept = _Kept()
    timed_out = False
    try:
        async with asyncio.timeout(timeout):
            reading = asyncio.create_task(_read(process, kept))
            await process.wait()
            # A child left in the background may hold the pipe open: what it says later is not ours.
            await asyncio.wait({reading}, timeout=0.3)
            reading.cancel()
    except TimeoutError:
        timed_out = True
    finally:
        # Also after a clean end: what the command left in the background goes with it.
        await asyncio.shield(_end(process))
    return Outcome(
        process.returncode or 0, kept.text(), time.monotonic() - started, timed_out, kept.dropped
    )


async def _read(process: asyncio.subprocess.Process, kept: _Kept) -> None:
    assert process.stdout is not None  # noqa: S101
    while chunk := await process.stdout.read(65_536):
        kept.add(chunk)


async def _end(process: asyncio.subprocess.Process) -> None:
    kill = getattr(signal, "SIGKILL", signal.SIGTERM)
    for number, patience in (
        (signal.SIGTERM if process.returncode is None else kill, GRACE),
        (kill, GRACE),
    ):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)
        if process.returncode is not None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await process.wait()


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
