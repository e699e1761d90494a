"""Files below one folder, opened so that no link on the way is followed and no device touched."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

# Where the system can open relative to a folder, a link swapped in meanwhile cannot redirect us.
RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_NOCTTY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _FLAGS
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _FLAGS  # a pipe must not hold the kernel up
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS
LOCK_TIME = 10.0  # seconds to wait for another archnb that writes into the same folder


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was opened: its bytes, and what a replacement must keep."""

    content: bytes
    info: os.stat_result
    attributes: Mapping[str, bytes]


@contextlib.contextmanager
def within(
    root: Path, path: str, made: list[str] | None = None
) -> Iterator[tuple[str, int | None]]:
    """The name of ``path`` and the open folder it is relative to (None: the name is absolute).

    With ``made`` missing folders are created and added to it.
    """
    *folders, name = PurePosixPath(path).parts
    if not RELATIVE:
        for depth in range(len(folders)):
            place = root.joinpath(*folders[: depth + 1])
            if not place.is_dir() and made is not None:
                place.mkdir()
                made.append("/".join(folders[: depth + 1]))
        yield str(root.joinpath(*folders, name)), None
        return
    folder = os.open(root, _FOLDER)
    try:
        for depth, part in enumerate(folders):
            try:
                inner = os.open(part, _FOLDER, dir_fd=folder)
            except FileNotFoundError:
                if made is None:
                    raise
                os.mkdir(part, dir_fd=folder)
                made.append("/".join(folders[: depth + 1]))
                inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield name, folder
    finally:
        os.close(folder)


def beside_of(name: str, other: str) -> str:
    """``other`` in the folder of ``name``."""
    return os.path.join(os.path.dirname(name), other)  # noqa: PTH118, PTH120


@contextlib.contextmanager
def locked(folder: int | None) -> Iterator[None]:
    """Alone among the archnbs that write into ``folder``; where it cannot be locked, just so."""
    if folder is None:
        yield
        return
    import fcntl

    locked = False
    until = time.monotonic() + LOCK_TIME
    while not locked:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = True
        except BlockingIOError:
            if time.monotonic() > until:
                raise OSError(errno.EBUSY, "another program holds the folder locked") from None
            time.sleep(0.005)
        except OSError:  # a file system without locks
            break
    try:
        yield
    finally:
        if locked:
            fcntl.flock(folder, fcntl.LOCK_UN)


def found_at(name: str, folder: int | None, limit: int | None) -> Found:
    """The file ``name``; OSError unless it is a plain file of at most ``limit`` bytes."""
    with opened(name, folder) as stream:
        content = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(content) > limit:
            raise OSError(errno.EFBIG, "it is too large")
        descriptor = stream.fileno()
        return Found(content, os.fstat(descriptor), _attributes(descriptor))


def opened(name: str, folder: int | None) -> BinaryIO:
    """The file ``name``, open; OSError where it is none, and a device is not even touched."""
    _check_plain(os.stat(name, dir_fd=folder, follow_symlinks=False))
    stream = os.fdopen(os.open(name, _READ, dir_fd=folder), "rb")
    try:
        _check_plain(os.fstat(stream.fileno()))
    except OSError:
        stream.close()
        raise
    return stream


def _check_plain(info: os.stat_result) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if stat.S_ISLNK(info.st_mode):
        raise OSError(errno.ELOOP, "it is a link")
    if not stat.S_ISREG(info.st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file")


def _attributes(descriptor: int) -> dict[str, bytes]:
    if not hasattr(os, "listxattr"):
        return {}
    try:
        return {name: os.getxattr(descriptor, name) for name in os.listxattr(descriptor)}
    except OSError:
        return {}


def fingerprint(name: str, folder: int | None) -> tuple[int, ...]:
    try:
        return signature(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return ()


def signature(info: os.stat_result) -> tuple[int, ...]:
    """What differs when a file was written or replaced meanwhile."""
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_mode
