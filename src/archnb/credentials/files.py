"""Finds the files that are there to hold secrets, and learns what they hold."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archnb.credentials.names import of_file

MAX_ENTRIES = 50_000  # files and folders that are looked at below one
_MAX_FILE = 1_000_000  # bytes
_PASSED_OVER = frozenset({"node_modules", "site-packages", "dist-packages"})  # no person's keys
_SETTLED = 2_000_000_000  # nanoseconds: the coarsest clock of a file system (FAT)


@dataclass(frozen=True, slots=True)
class _Folder:
    changed: int  # nanoseconds
    entries: int
    folders: tuple[str, ...]
    files: tuple[str, ...]  # those that hold secrets


@dataclass(slots=True)
class Files:
    """``keeps`` tells by a file's name (with slashes) whether it holds secrets.

    What has not changed since is neither listed nor read again: of 20,000 files in 1,000 folders
    the first look takes a third of a second, the next one some milliseconds.
    """

    keeps: Callable[[str], object]
    _folders: dict[str, _Folder] = field(default_factory=dict)
    _read: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def below(self, top: Path, most: int = MAX_ENTRIES) -> dict[str, str]:
        """What is new in the files at and below ``top``, each value with its name.

        The nearest folders first, until ``most`` entries were seen. Links to folders are not
        followed; those to files are.
        """
        found: dict[str, str] = {}
        waiting, seen = deque([os.fspath(top)]), 0
        while waiting and seen < most:
            folder = self._listed(waiting.popleft(), len(os.fspath(top)))
            seen += folder.entries
            waiting.extend(folder.folders)
            for path in folder.files:
                found |= self.at(Path(path))
        return found

    def at(self, path: Path) -> dict[str, str]:
        """What is new in one file, if it holds secrets and is not huge."""
        try:
            if not (self.keeps(path.as_posix()) and path.is_file()):
                return {}
            told = path.stat()
            state = (told.st_mtime_ns, told.st_ctime_ns, told.st_size)
            if self._read.get(str(path)) == state or told.st_size > _MAX_FILE:
                return {}
            found = of_file(path.name, path.read_text("utf-8", "replace"))
        except (OSError, ValueError):
            return {}
        if time.time_ns() - max(state[:2]) > _SETTLED:
            self._read[str(path)] = state
        return found

    def _listed(self, path: str, top: int) -> _Folder:
        try:
            changed = Path(path).stat().st_mtime_ns
            known = self._folders.get(path)
            if known and known.changed == changed:
                return known
            folders, files, entries = [], [], 0
            with os.scandir(path) as listing:
                for entry in listing:
                    entries += 1
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _PASSED_OVER:
                            folders.append(entry.path)
                    elif self.keeps(entry.path[top:].replace(os.sep, "/")):
                        files.append(entry.path)
        except OSError:
            return _Folder(0, 0, (), ())
        folder = _Folder(changed, entries, tuple(folders), tuple(files))
        if time.time_ns() - changed > _SETTLED:  # later in the same tick would not be seen
            self._folders[path] = folder
        return folder
