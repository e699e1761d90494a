"""Files by which a command could change what later runs: how they were, and which changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

MAX_FILES = 200  # of one kind that are looked at
MAX_BYTES = 1_000_000  # of a file that are read; a larger one is known by its size

# Git's own, and where agent files lie in a workspace.
_PATTERNS = (
    ".git/config", ".git/hooks/*", ".git/info/attributes", ".gitattributes",
    "agents/**/*.md", ".archnb/agents/**/*.md", ".opencode/agent*/**/*.md",
)  # fmt: skip

Standing = Mapping[str, str]
"""The digest of each file by its name."""


def standing(root: Path) -> Standing:
    """How the files below ``root`` are now that decide what later runs."""
    return {path.relative_to(root).as_posix(): _digest(path) for path in _files(root)}


def changed(before: Standing, root: Path) -> tuple[str, ...]:
    """The names of those that were made, changed or deleted since ``before``."""
    after = standing(root)
    names = sorted({*before, *after})
    return tuple(name for name in names if before.get(name) != after.get(name))


def _files(root: Path) -> Iterator[Path]:
    for pattern in _PATTERNS:
        try:
            yield from islice((path for path in root.glob(pattern) if path.is_file()), MAX_FILES)
        except OSError:  # a folder that may not be listed
            continue


def _digest(path: Path) -> str:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
    except OSError as error:
        return f"unreadable ({error.errno})"
    return f"{size} {hashlib.sha256(content).hexdigest()}"
