"""Runs a throw-away PostgreSQL for as long as its standard input is open; a program of its own.

``python _guard.py BIN [EXTENSION...]`` prints one line of JSON: ``{"folder": ...}`` once the
socket ``.s.PGSQL.5432`` in that folder answers, or ``{"error": ...}``. Whoever started it may be
killed at any moment: the pipe then ends, and server and folder go with it. It knows nothing of
archnb, so that it starts fast and can give up the rights of root before it does anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

MOST_DISK = 1_000_000_000  # bytes that a proof may fill
MOST_MEMORY = 4_000_000_000  # bytes of address space of one process
LONGEST_SOCKET = 90  # characters of its folder: the address of a socket is short
GRACE = 8.0  # seconds for the server to end its own processes

# Nobody but the role that owns the proof can log in, and only to it: not the superuser.
OWNER = "archnb_superuser"
ACCESS = "local proof postgres trust\n"
# A role with the name that dumps expect, and no right over the machine: no file, no program.
FIRST = """\
CREATE ROLE postgres LOGIN CREATEDB CREATEROLE
ALTER ROLE postgres SET createrole_self_grant = 'set, inherit'
CREATE DATABASE proof OWNER postgres
"""
INITDB = """
    --no-sync --no-instructions --auth=reject --encoding=UTF8 --locale-provider=builtin
    --builtin-locale=C.UTF-8 --locale=C --wal-segsize=1
""".split()
SETTINGS = """
    listen_addresses= unix_socket_permissions=0700 fsync=off full_page_writes=off autovacuum=off
    synchronous_commit=off shared_buffers=16MB max_connections=8 max_locks_per_transaction=2048
    max_wal_size=64MB jit=off log_min_messages=panic timezone=UTC
    max_worker_processes=0 max_logical_replication_workers=0
""".split()


class Ended(Exception):  # noqa: N818 - an end is no error
    """Nobody waits any more, or the server cannot run; the reason, if somebody should hear it."""


def main(programs: Path, extensions: list[str]) -> None:
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = None
    try:
        _become_ordinary()
        folder = _folder()
        _serve(programs, folder, extensions)
    except (Ended, OSError) as reason:
        _say(error=str(reason))
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _end(*_: object) -> None:
    raise Ended


def _become_ordinary() -> None:
    """PostgreSQL refuses root, and so do we: as root this goes on as ``nobody``."""
    if sys.platform.startswith("linux"):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.geteuid() == 0:
        import pwd

        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise Ended("PostgreSQL does not run as root, and there is no user nobody") from None
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        os.environ.pop("TMPDIR", None)  # root's own
    os.umask(0o077)


def _folder() -> Path:
    """A new folder, private to this user."""
    usual = tempfile.gettempdir()
    short = "/tmp" if len(usual) > LONGEST_SOCKET - 20 else usual  # noqa: S108 - mkdtemp's is private
    return Path(tempfile.mkdtemp(prefix="archnb-proof-", dir=short))


def _serve(programs: Path, folder: Path, extensions: list[str]) -> None:
    data = folder / "data"
    environment = {"LC_ALL": "C", "TZ": "UTC", "HOME": str(folder), "PATH": str(programs)}
    options = [option for each in SETTINGS for option in ("-c", each)]
    options += ["-c", f"unix_socket_directories={folder}"]
    server = [str(programs / "postgres"), "-D", str(data), *options]

    def start(command: list[str], text: str = "") -> subprocess.Popen[bytes]:
        given = folder / "input"
        given.write_text(text)
        with given.open("rb") as stdin, (folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=stdin, stdout=log, stderr=log, cwd=folder, env=environment,
                start_new_session=True,
            )  # fmt: skip

    def finish(command: list[str], text: str = "") -> None:
        with _ending(start(command, text)) as process:
            while process.poll() is None:
                _pause(0.02)
            if process.returncode:
                raise Ended(f"{Path(command[0]).name} failed: {_last_line(folder / 'log')}")

    finish([str(programs / "initdb"), "-D", str(data), "-U", OWNER, *INITDB])
    alone = [server[0], "--single", *server[1:]]
    finish([*alone, "postgres"], FIRST)
    if extensions:
        finish([*alone, "proof"], "".join(f"CREATE EXTENSION {n} CASCADE\n" for n in extensions))
    (data / "pg_hba.conf").write_text(ACCESS)
    with _ending(start(server), signal.SIGQUIT) as process:
        pid_file = data / "postmaster.pid"
        while "ready" not in (pid_file.read_text() if pid_file.exists() else ""):
            if process.poll() is not None:
                raise Ended(f"postgres failed: {_last_line(folder / 'log')}")
            _pause(0.01)
        _say(folder=str(folder))
        while process.poll() is None:
            _pause(0.5)
            if _size(folder) > MOST_DISK:
                raise Ended(f"it filled more than {MOST_DISK // 1_000_000:,} MB of disk")


@contextlib.contextmanager
def _ending(
    process: subprocess.Popen[bytes], number: int = signal.SIGKILL
) -> Iterator[subprocess.Popen[bytes]]:
    """End the process however this is left: asked first where ``number`` is not SIGKILL."""
    try:
        yield process
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if process.poll() is None:
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        signal.signal(signal.SIGTERM, _end)


def _pause(seconds: float) -> None:
    """Wait, unless the pipe ends."""
    if select.select([0], [], [], seconds)[0] and not os.read(0, 1024):
        raise Ended


def _size(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(root) / name).stat().st_size
    return total


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it says nothing")


def _say(**words: str) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(words).encode() + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
