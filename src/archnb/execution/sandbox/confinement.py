"""The command line by which a rung starts a command."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archnb.execution.sandbox.places import DEVICES, Places, parts, repositories
from archnb.execution.supervisor import FILTER

_FOLDER = str(Path(__file__).resolve().parent.parent)
_BOOT = "import sys; sys.path.append(sys.argv[1]); from supervisor.main import main; "
_BOOT += "sys.exit(main(sys.argv[2:]))"
MAX_SHARED = 256 << 20  # bytes of shared memory, which no limit of a process counts
_GUARDED = ("hooks", "config", "config.worktree")  # of a repository: they decide what git runs


@dataclass(frozen=True, slots=True)
class Room:
    """Where a command runs: the workspace's ``root``, and a ``scratch`` folder of its own."""

    root: Path
    scratch: Path
    network: bool


def supervised(command: list[str], options: tuple[str, ...] = ()) -> list[str]:
    """``command`` under a supervisor that ends all of it; Linux only."""
    return [sys.executable, "-I", "-S", "-E", "-c", _BOOT, _FOLDER, *options, "--", *command]


def landlock(command: list[str], room: Room, seen: Places) -> list[str]:
    """``command`` bound by Landlock and a filter of system calls."""
    options = ["rung=landlock", f"network={'on' if room.network else 'off'}"]
    options += _readable(seen)
    options += [f"read={path}" for path in repositories(room.root)]
    options += [f"write={path}" for path in (room.root, room.scratch)]
    options += [f"device={path}" for path in DEVICES]
    return supervised(command, tuple(options))


@cache
def _readable(seen: Places) -> tuple[str, ...]:
    """What Landlock can only be told by naming all but what is hidden."""
    options: list[str] = []
    for place in seen.read:
        whole, listed = parts(place, seen.hidden)
        options += [f"read={path}" for path in whole]
        options += [f"list={path}" for path in listed]
    return tuple(options)


def bubblewrap(root: Path | None = None) -> str:
    """The program, found on PATH and not where a workspace ``root`` may have put it; or nothing."""
    found = shutil.which("bwrap") or ""
    place = Path(found)
    ours = (Path.cwd(), *([root] if root else []))
    if not place.is_absolute() or any(place.resolve().is_relative_to(each) for each in ours):
        return ""
    return found


def bwrap(command: list[str], room: Room, seen: Places, folder: Path) -> list[str]:
    """``command`` in namespaces of its own, where only what it may see is mounted."""
    words = [
        bubblewrap(room.root), "--unshare-all", *["--share-net"] * room.network,
        "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--seccomp", str(FILTER), "--proc", "/proc", "--dev", "/dev",
        "--size", str(MAX_SHARED), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",  # noqa: S108
        "--bind", str(room.scratch), "/tmp",  # noqa: S108  (the command's own)
    ]  # fmt: skip
    for place in (*seen.read, *repositories(room.root)):
        if place.is_symlink() and len(place.parts) == 2:  # /bin leads to usr/bin
            words += ["--symlink", str(place.readlink()), str(place)]
        elif place != Path("/proc"):
            words += ["--ro-bind-try", str(place), str(place)]
    for place in seen.hidden:
        mask = ["--tmpfs", str(place), "--remount-ro", str(place)]
        words += mask if place.is_dir() else ["--ro-bind", os.devnull, str(place)]
    words += ["--bind", str(room.scratch), str(room.scratch)]
    words += ["--bind", str(room.root), str(room.root)]
    for place, guarded in _guarded(room):
        words += [guarded, str(place), str(place)]
    words += ["--remount-ro", "/", "--chdir", str(folder), "--", *command]
    return supervised(words, ("rung=bwrap", f"network={'on' if room.network else 'off'}"))


def _guarded(room: Room) -> Iterator[tuple[Path, str]]:
    """What of the workspace's repositories cannot be changed, and how each is mounted."""
    try:
        below = [entry for entry in room.root.iterdir() if not entry.is_symlink()]
        folders = [room.root, *(entry for entry in below if entry.is_dir())]
    except OSError:
        folders = [room.root]
    for folder in folders:
        git = folder / ".git"
        if git.is_symlink() or not git.is_dir():
            if git.is_file() and not git.is_symlink():
                yield git, "--ro-bind"
            continue
        yield git, "--bind"  # a mount cannot be moved away and put anew
        for name in _GUARDED:
            if (git / name).exists() and not (git / name).is_symlink():
                yield git / name, "--ro-bind"
