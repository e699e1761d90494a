"""The command line by which a rung starts a command."""

# ruff: noqa: PTH112, PTH113, PTH114, PTH118, PTH120, PTH110

from __future__ import annotations

import binascii
import marshal
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from archnb import programs
from archnb.execution.sandbox.places import DEVICES, Places, parts, repositories
from archnb.execution.supervisor import FILTER

_MODULES = ("", ".system", ".seccomp", ".landlock", ".descendants", ".attributes", ".main")
_BOOT = """import binascii, marshal, sys, zlib
for name, code in marshal.loads(zlib.decompress(binascii.a2b_base64(sys.argv.pop(1)))):
    module = sys.modules[name] = type(sys)(name)
    module.__package__, module.__path__ = "supervisor", []
    exec(code, module.__dict__)
    outer, _, inner = name.rpartition(".")
    outer and setattr(sys.modules[outer], inner, module)
sys.exit(module.main(sys.argv[1:]))"""
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
    return [interpreter(), "-I", "-S", "-c", _BOOT, _supervisor(), *options, "--", *command]


@cache
def interpreter() -> str:
    """The Python of supervisors: the one below any environment, as it was found at first; or "".

    An environment often lies in the workspace, where a command can put another program.
    """
    base = getattr(sys, "_base_executable", "") or sys.executable
    return os.path.realpath(base) if base else ""


@cache
def _supervisor() -> str:
    """The supervisor's code as it was read at first: its files may lie in the workspace, too."""
    codes = []
    for name in _MODULES:
        module = f"archnb.execution.supervisor{name}"
        loader = getattr(find_spec(module), "loader", None)
        codes.append((f"supervisor{name}", loader.get_code(module) if loader else None))
    return binascii.b2a_base64(zlib.compress(marshal.dumps(codes)), newline=False).decode("ascii")


def pythons(root: Path) -> tuple[Path, ...]:
    """Of this Python's folders, those that lie in ``root``: a command could change what runs."""
    # Not the real place alone: what is run is found by the name.
    named = (sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(interpreter())))
    places = (Path(place) for each in named for place in (each, os.path.realpath(each)))
    return tuple(dict.fromkeys(place for place in places if place.is_relative_to(root)))


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
    return programs.find("bwrap", *([root] if root else [])) or ""


def bwrap(command: list[str], room: Room, seen: Places, folder: Path) -> list[str]:
    """``command`` in namespaces of its own, where only what it may see is mounted."""
    words = [
        bubblewrap(room.root), "--unshare-all", *["--share-net"] * room.network,
        "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--seccomp", str(FILTER), "--proc", "/proc", "--dev", "/dev",
        "--remount-ro", "/proc",  # root's commands would change the machine's settings
        "--size", str(MAX_SHARED), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",  # noqa: S108
        "--bind", str(room.scratch), "/tmp",  # noqa: S108  (the command's own)
    ]  # fmt: skip
    # Beside a workspace below /tmp nothing may be written that would be gone with the command.
    filler = _filler(room.root, seen)
    words += [word for place in filler for word in ("--tmpfs", place)]
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
    for place, how in _mounts(room.root):
        words += [how, str(place), str(place)]
    words += [word for place in filler for word in ("--remount-ro", place)]
    words += ["--remount-ro", "/", "--chdir", str(folder), "--", *command]
    return supervised(words, ("rung=bwrap", f"network={'on' if room.network else 'off'}"))


def _filler(root: Path, seen: Places) -> tuple[str, ...]:
    """The folder of a workspace below /tmp, where it would be a place like any other there."""
    beside = root.parent
    private = len(beside.parts) > 2 and beside.is_relative_to("/tmp")  # noqa: S108
    covered = any(beside.is_relative_to(place) for place in seen.read)
    return (str(beside),) if private and not covered else ()


def _mounts(root: Path) -> list[tuple[Path, str]]:
    """What is mounted over the workspace itself, outer folders first: a mount hides what is in."""
    found: dict[Path, str] = {}
    for place, how in (*_guarded(root), *_kept(root)):
        found[place] = how if found.get(place) != "--ro-bind" else "--ro-bind"
    closed = [place for place, how in found.items() if how == "--ro-bind"]
    return [
        (place, how)
        for place, how in sorted(found.items(), key=lambda each: len(each[0].parts))
        if not any(place != other and place.is_relative_to(other) for other in closed)
    ]


def _guarded(root: Path) -> Iterator[tuple[Path, str]]:
    """What of the workspace's repositories cannot be changed, and how each is mounted."""
    # os.path says no of what lies in a closed folder, where pathlib would raise.
    try:
        with os.scandir(root) as entries:
            folders = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        folders = []
    for folder in (str(root), *folders):
        git = os.path.join(folder, ".git")
        if os.path.islink(git) or not os.path.isdir(git):
            if os.path.isfile(git) and not os.path.islink(git):
                yield Path(git), "--ro-bind"
            continue
        yield Path(git), "--bind"  # a mount cannot be moved away and put anew
        for name in _GUARDED:
            place = os.path.join(git, name)
            if os.path.exists(place) and not os.path.islink(place):
                yield Path(place), "--ro-bind"


def _kept(root: Path) -> Iterator[tuple[Path, str]]:
    """This Python where it lies in the workspace: no command changes what the kernel runs."""
    for place in pythons(root):
        if place.is_symlink() or place == root:
            continue
        for folder in reversed(place.parents):
            if folder != root and folder.is_relative_to(root):
                yield folder, "--bind"  # else it could be moved away, and another put there
        yield place, "--ro-bind"
