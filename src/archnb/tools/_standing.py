"""Files by which a command could change what later runs: how they were, and which changed."""

# ruff: noqa: PTH110, PTH112, PTH113, PTH114, PTH123
# os.path never raises here: a folder may be closed.
from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

MAX_FILES = 200  # of one folder that are looked at
MAX_FOLDERS = 2_000  # of one kind that are looked into
MAX_BYTES = 1_000_000  # of a file that are read; a larger one is known by its size
MAX_NAMED = 20  # that are named before the others are counted

# What a repository's own folder holds by which git runs, filters or is led elsewhere.
_GIT = ("config", "config.worktree", "commondir", "info/attributes")
_AGENTS = ("agents", ".archnb/agents", ".opencode/agent", ".opencode/agents")

Standing = Mapping[str, str]
"""The digest of each file, or what stands in its place, by its name."""


def standing(root: Path) -> Standing:
    """How that is now which decides what later runs, in ``root`` and its sub-folders."""
    real = root.resolve()
    found = {path.relative_to(root).as_posix(): _digest(path, real) for path in _files(root)}
    return {name: digest for name, digest in found.items() if digest}


def changed(before: Standing, root: Path) -> tuple[str, ...]:
    """What was made, changed or deleted since ``before``; a repository as a whole by its name."""
    after = standing(root)
    different = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    names = sorted(
        (
            name
            for name in different
            if not any(parent.as_posix() in different for parent in Path(name).parents)
        ),
        key=lambda name: (name not in before, name),  # what is new cannot hide what was there
    )
    more = (f"{len(names) - MAX_NAMED} more",) if len(names) > MAX_NAMED else ()
    return (*(_said(name, before, after) for name in names[:MAX_NAMED]), *more)


def _said(name: str, before: Standing, after: Standing) -> str:
    new = name not in before and after[name] == _REPOSITORY
    shown = "".join(letter if letter.isprintable() else "?" for letter in name[:200])
    return f"{shown} (a new repository)" if new else shown


def _files(root: Path) -> Iterator[Path]:
    yield root / ".gitattributes"
    for name in _AGENTS:
        for folder in _folders(root / name):
            yield from (path for path in _entries(folder) if path.suffix == ".md")
    for place in (root, *(path for path in _entries(root, MAX_FOLDERS) if os.path.isdir(path))):
        yield place / ".git"
        if os.path.isdir(place / ".git"):
            yield from _git_folder(place / ".git")
        elif _is_git_folder(place):
            yield from () if place == root else (place,)
            yield from _git_folder(place)


def _git_folder(folder: Path) -> Iterator[Path]:
    """What decides in a repository's own folder, and in those of its submodules and worktrees."""
    yield from (folder / name for name in _GIT)
    for inner in ("hooks", "info", "modules", "worktrees"):
        if os.path.islink(folder / inner):
            yield folder / inner
    # git runs no sample
    yield from (path for path in _entries(folder / "hooks") if path.suffix != ".sample")
    for other in _entries(folder / "worktrees"):
        yield from (other / "config.worktree", other / "commondir")
    for module in _folders(folder / "modules"):
        if os.path.isfile(module / "HEAD"):
            yield from (module / name for name in _GIT)
            yield from (path for path in _entries(module / "hooks") if path.suffix != ".sample")


def _is_git_folder(place: Path) -> bool:
    """Whether git takes ``place`` itself for a repository, as it does a bare one."""
    return os.path.exists(place / "HEAD") and os.path.isdir(place / "objects")


def _entries(folder: Path, limit: int = MAX_FILES) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(folder) as listing:  # none, or closed
        return [Path(entry.path) for entry in islice(listing, limit)]
    return []


def _folders(folder: Path) -> Iterator[Path]:
    """``folder`` and those below it; links are not followed."""
    return (Path(place) for place, _, _ in islice(os.walk(folder), MAX_FOLDERS))


_REPOSITORY = "a folder"


def _digest(path: Path, root: Path) -> str:
    """What stands at ``path``; nothing outside ``root`` is read, and nothing that could block."""
    try:
        link = f"link to {path.readlink()} " if path.is_symlink() else ""
        real = path.resolve()
        if not real.is_relative_to(root):
            return f"{link}elsewhere"
        if real.is_dir():
            return f"{link}{_REPOSITORY}"
        # another program could make a pipe or a link of it meanwhile
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(real, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return f"{link}no plain file"
            content = file.read(MAX_BYTES)
    except FileNotFoundError:
        return f"{link}to nothing" if link else ""
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        return f"unreadable ({getattr(error, 'errno', None)})"
    return f"{link}{found.st_size} {hashlib.sha256(content).hexdigest()}"
