"""Tries to break out of a rung, and says what held."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from archnb import programs
from archnb.errors import ArchnbError
from archnb.execution.environment import clean_environment
from archnb.execution.sandbox.confinement import Room, bubblewrap

if TYPE_CHECKING:
    from archnb.execution.sandbox import Sandbox

TIME = 5.0  # seconds; a rung that needs more is none

WRITES = "writes limited to the workspace"
NETWORK = "network off"
HOME = "home hidden"
_CORE = frozenset({WRITES, NETWORK})

# Each line reports what it could do, and changes nothing. bash alone, but for chmod.
_ATTEMPTS = """
echo x > inside && echo inside
echo x > "$OUT/written" && echo "writes limited to the workspace"
line=; read -r line < "$OUT/secret" && echo "home hidden"
(exec 3<> "/dev/tcp/127.0.0.1/$PORT") && echo "network off"
chmod 600 "$OUT/secret" && echo "modes outside the workspace kept"
kill -0 "$KERNEL" && echo "other programs get no signals"
line=; read -r -d '' line < "/proc/$KERNEL/environ"
[ -n "$line" ] && echo "other programs' variables hidden"
echo x >> .git/config && echo "git's hooks and configuration kept"
(: >> /proc/sys/kernel/core_pattern) && echo "the machine's settings kept"
echo end
"""


def prove(sandbox: Sandbox) -> tuple[str, ...]:
    """What ``sandbox`` holds against attempts that succeed without it; empty: not to be used."""
    if sandbox.rung == "bwrap" and not bubblewrap():
        return ()
    try:
        with tempfile.TemporaryDirectory(prefix="archnb-test-", ignore_cleanup_errors=True) as name:
            return _tried(sandbox, Path(name).resolve())
    except (OSError, ArchnbError):  # no temporary folder, no port, no process, no bash
        return ()


def _tried(sandbox: Sandbox, place: Path) -> tuple[str, ...]:
    import socket

    outside, scratch, root = (place / name for name in ("outside", "scratch", "root"))
    for folder in (outside, scratch, root, root / ".git"):
        folder.mkdir(mode=0o700)
    (outside / "secret").write_text("secret\n", encoding="utf-8")
    (root / ".git" / "config").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        values = {"OUT": outside, "PORT": server.getsockname()[1], "KERNEL": os.getpid()}
        environment = clean_environment() | {key: str(value) for key, value in values.items()}
        room = Room(root, scratch, network=False)

        def attempt(argv: list[str]) -> list[str]:
            return _said(argv, root, environment)

        bound = attempt(sandbox.argv(_ATTEMPTS, root, room))
        written = (outside / "written").exists()
        # Whatever fails here too proves nothing.
        free = attempt(
            [programs.find("bash", root) or "bash", "--noprofile", "--norc", "-c", _ATTEMPTS]
        )
    if "inside" not in bound or bound[-1] != "end" or written or free[-1:] != ["end"]:
        return ()
    held = tuple(word for word in free if word not in ("inside", "end") and word not in bound)
    return held if set(held) >= _CORE else ()


def _said(argv: list[str], folder: Path, environment: dict[str, str]) -> list[str]:
    """The lines that a command prints within ``TIME``."""
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        printed = _read(process)
        assert process.stdin is not None  # noqa: S101
        process.stdin.close()  # by which the supervisor ends what is left
        try:
            process.wait(TIME)
        except subprocess.TimeoutExpired:
            process.kill()
    return printed.decode("utf-8", "replace").splitlines() or [""]


def _read(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None  # noqa: S101
    pipe = process.stdout.fileno()
    poll = select.poll()
    poll.register(pipe, select.POLLIN | select.POLLHUP)
    deadline, printed = time.monotonic() + TIME, b""
    while (left := deadline - time.monotonic()) > 0 and poll.poll(left * 1000):
        chunk = os.read(pipe, 65_536)
        if not chunk:
            break
        printed += chunk
    return printed
