"""The files below a folder that a person would call theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SKIPPED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        ".venv",
        "venv",
        "__pycache__",
        ".mypy_cache",
        ".ipynb_checkpoints",
    }
)


def files(folder: Path) -> Iterator[Path]:
    """Every plain file below ``folder``, links not followed, tool folders passed over, by path."""
    for here, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if name not in SKIPPED)
        for name in sorted(names):
            path = Path(here) / name
            if path.is_file() and not path.is_symlink():
                yield path
