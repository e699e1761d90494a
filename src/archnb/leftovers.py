"""What a killed writer leaves beside a file: its name, and whether the writer still lives."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import stat
import time
from pathlib import Path

_NAME = re.compile(r"\.archnb-([0-9a-f]{8})-([0-9]{1,10})-([0-9]{0,20})-[0-9a-f]{16}\.tmp")
_FORGOTTEN = 86_400.0  # seconds after which a writer is gone that cannot be asked after


def is_one(file: str) -> bool:
    """Whether a file of this name is one that an archnb laid beside another to replace it."""
    return bool(_NAME.fullmatch(file))


def name() -> str:
    """A name that nobody guesses, and that says who laid the file down."""
    return f".archnb-{_here()}-{os.getpid()}-{_born(os.getpid()) or ''}-{secrets.token_hex(8)}.tmp"


def abandoned(file: str, info: os.stat_result) -> bool:
    """Whether a temporary file is ours and whoever wrote it is no more."""
    found = _NAME.fullmatch(file)
    if found is None or not stat.S_ISREG(info.st_mode):
        return False
    if hasattr(os, "geteuid") and info.st_uid != os.geteuid() != 0:
        return False
    born = _born(int(found[2])) if found[1] == _here() and found[3] else None
    if born is None:
        return time.time() - info.st_mtime > _FORGOTTEN
    return born != found[3]


def _here() -> str:
    """Where process numbers mean the same: the machine, and on Linux the namespace."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]


def _born(process: int) -> str | None:
    """When a process began, in ticks since the machine did; empty: there is none; None: unknown."""
    try:
        status = Path(f"/proc/{process}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return "" if Path("/proc/self/stat").exists() else None
    except OSError:
        return None
    return status.rpartition(b")")[2].split()[19].decode()
