"""Changes of files below one folder: all of them or none, and no link is followed on the way."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from archnb import leftovers

# Where the system can open relative to a folder, a link swapped in meanwhile cannot redirect us.
RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_NOCTTY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _FLAGS
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _FLAGS  # a pipe must not hold the kernel up
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS
LOCK_TIME = 10.0  # seconds to wait for another archnb that writes into the same folder


@dataclass(frozen=True, slots=True)
class FileChange:
    """A change of one file, planned or made: its bytes before and after (None: there is no file).

    ``path`` is relative to the folder, with forward slashes and no link in it. ``mode`` has the
    permission bits of the file that was there, or those a new file gets (None: as usual).
    """

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None


class Unexpected(Exception):  # noqa: N818  (the state of a file, not an error in itself)
    """``path`` is not what the change expects there; nothing was changed."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Failed(Exception):  # noqa: N818
    """The system refused a step at ``path``. What was done is undone but for the files ``left``."""

    def __init__(self, path: str, why: str, left: tuple[str, ...]) -> None:
        super().__init__(path, why, left)
        self.path, self.why, self.left = path, why, left


@dataclass(frozen=True, slots=True)
class _Standing:
    """A file as it was opened: its bytes, and what a replacement must keep."""

    content: bytes
    info: os.stat_result
    attributes: Mapping[str, bytes]


@dataclass(slots=True)
class _Step:
    """One change on its way: ``temporary`` has the new content, or the old one put aside."""

    change: FileChange
    standing: _Standing | None
    temporary: str
    made: list[str] = field(default_factory=list)  # folders created for it
    placed: int = 0  # the inode of the new content
    begun: bool = False  # an interrupt can come between the replacement and any note of it


def read(root: Path, path: str, limit: int | None = None) -> bytes | None:
    """The bytes of ``path``; None where nothing is.

    OSError for a link, a folder, a pipe, and for more than ``limit`` bytes.
    """
    try:
        with _within(root, path) as (name, folder):
            standing = _open(name, folder, limit)
    except FileNotFoundError:
        return None
    return standing.content


def head(root: Path, path: str, limit: int) -> tuple[bytes, int]:
    """The first ``limit`` bytes of ``path`` and how many there are; OSError as :func:`read` has."""
    with _within(root, path) as (name, folder), _opened(name, folder) as stream:
        return stream.read(limit), os.fstat(stream.fileno()).st_size


def sweep(root: Path, path: str) -> int:
    """Remove from the folder ``path`` what killed writers left there; how many files that were."""
    count = 0
    with contextlib.suppress(OSError), _within(root, f"{path}/any") as (beside, folder):
        place = os.path.dirname(beside) if folder is None else folder  # noqa: PTH120
        for entry in filter(leftovers.is_one, os.listdir(place)):  # noqa: PTH208
            name = _beside(beside, entry)
            with contextlib.suppress(OSError):
                if leftovers.abandoned(entry, os.stat(name, dir_fd=folder, follow_symlinks=False)):
                    os.unlink(name, dir_fd=folder)
                    count += 1
    return count


def apply(root: Path, changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """Make all ``changes``, or none; each as it was made, with the mode that the file had or has.

    Every file is checked and every new content is on the disk before the first one is changed.
    Raises :class:`Unexpected` or :class:`Failed`.
    """
    steps: list[_Step] = []
    path = ""
    try:
        for change in changes:
            path = change.path
            _stage(root, change, steps)
        for step in steps:
            path = step.change.path
            _commit(root, step)
    except OSError as error:
        left = _back(root, steps)
        raise Failed(path, error.strerror or str(error), left) from error
    except BaseException:
        _back(root, steps)
        raise
    for step in steps:
        if step.change.after is None:
            with contextlib.suppress(OSError):
                _unlink(root, step.change.path, step.temporary)
    for folder in dict.fromkeys(PurePosixPath(change.path).parent for change in changes):
        sweep(root, folder.as_posix())
    return tuple(_made(root, step) for step in steps)


def _stage(root: Path, change: FileChange, steps: list[_Step]) -> None:
    """Check the file and lay the new content beside it, flushed to the disk."""
    made: list[str] = []
    step = _Step(change, None, leftovers.name(), made)
    steps.append(step)
    with _within(root, change.path, made if change.after is not None else None) as (name, folder):
        try:
            step.standing = _open(name, folder, len(change.before or b""))
        except FileNotFoundError:
            step.standing = None
        except OSError as error:
            if error.errno in (errno.EFBIG, errno.ELOOP):  # longer than expected; a link
                raise Unexpected(change.path) from error
            raise
        if (step.standing and step.standing.content) != change.before:
            raise Unexpected(change.path)
        if step.standing and not step.standing.info.st_mode & 0o222:
            raise PermissionError(errno.EACCES, "the file is read-only")
        if change.after is not None:
            beside = _beside(name, step.temporary)
            step.placed = _write(beside, folder, change.after, step.standing, change.mode)


def _write(
    name: str, folder: int | None, content: bytes, like: _Standing | None, mode: int | None
) -> int:
    """A new file ``name``, flushed to the disk, with owner, mode and attributes of ``like``.

    Gives its inode.
    """
    private = like is not None or mode is not None
    descriptor = os.open(name, _NEW, 0o600 if private else 0o666, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        if hasattr(os, "fchmod"):
            if like is not None:
                _keep_owner(descriptor, like)
                mode = stat.S_IMODE(like.info.st_mode)
            if mode is not None:
                os.fchmod(descriptor, mode)
        os.fsync(descriptor)
        return os.fstat(descriptor).st_ino


def _keep_owner(descriptor: int, like: _Standing) -> None:
    """Owner, group and extended attributes, as far as we are allowed to set them."""
    info = os.fstat(descriptor)
    if (info.st_uid, info.st_gid) != (like.info.st_uid, like.info.st_gid):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, -1, like.info.st_gid)
        with contextlib.suppress(OSError):
            os.fchown(descriptor, like.info.st_uid, -1)
    for name, value in like.attributes.items():
        with contextlib.suppress(OSError):
            os.setxattr(descriptor, name, value)


def _commit(root: Path, step: _Step) -> None:
    """Put the new content in place, or a file that goes aside, if nobody touched it meanwhile."""
    with _within(root, step.change.path) as (name, folder), _locked(folder):
        temporary = _beside(name, step.temporary)
        if _fingerprint(name, folder) != (_signature(step.standing.info) if step.standing else ()):
            raise Unexpected(step.change.path)
        step.begun = True
        if step.change.after is not None:
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.rename(name, temporary, src_dir_fd=folder, dst_dir_fd=folder)
        if folder is not None:
            with contextlib.suppress(OSError):  # some file systems cannot flush a folder
                os.fsync(folder)


def _back(root: Path, steps: Sequence[_Step]) -> tuple[str, ...]:
    """Undo what was done of ``steps``, last first; the paths where that failed."""
    left: list[str] = []
    for step in reversed(steps):
        path = step.change.path
        try:
            if step.begun:
                _restore(root, step)
            else:
                _unlink(root, path, step.temporary)
        except FileNotFoundError:
            pass
        except OSError:
            left.append(path)
            if step.change.after is not None:
                with contextlib.suppress(OSError):
                    _unlink(root, path, step.temporary)
        for folder in reversed(step.made):
            with contextlib.suppress(OSError), _within(root, folder) as (name, above):
                os.rmdir(name, dir_fd=above)
    return tuple(left)


def _restore(root: Path, step: _Step) -> None:
    """Undo a step that was begun: what is laid beside the file tells how far it came."""
    with _within(root, step.change.path) as (name, folder), _locked(folder):
        temporary = _beside(name, step.temporary)
        beside = bool(_fingerprint(temporary, folder))
        if step.change.after is not None and not beside:
            stands = _fingerprint(name, folder)
            if not stands or stands[0] != step.placed:  # another one wrote it meanwhile
                raise OSError(errno.EBUSY, "it changed meanwhile")
        match step.change.after, step.standing:
            case None, _:
                if beside:
                    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            case _ if beside:
                os.unlink(temporary, dir_fd=folder)
            case _, None:
                os.unlink(name, dir_fd=folder)
            case _, _Standing() as standing:
                _write(temporary, folder, standing.content, standing, None)
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _made(root: Path, step: _Step) -> FileChange:
    """The change as it was made, with its mode."""
    change = step.change
    mode = stat.S_IMODE(step.standing.info.st_mode) if step.standing else change.mode
    if mode is None:
        with contextlib.suppress(OSError), _within(root, change.path) as (name, folder):
            mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return FileChange(change.path, change.before, change.after, mode)


def _unlink(root: Path, path: str, temporary: str) -> None:
    with _within(root, path) as (name, folder):
        os.unlink(_beside(name, temporary), dir_fd=folder)


@contextlib.contextmanager
def _within(
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


def _beside(name: str, other: str) -> str:
    """``other`` in the folder of ``name``."""
    return os.path.join(os.path.dirname(name), other)  # noqa: PTH118, PTH120


@contextlib.contextmanager
def _locked(folder: int | None) -> Iterator[None]:
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


def _open(name: str, folder: int | None, limit: int | None) -> _Standing:
    """The file ``name``; OSError unless it is a plain file of at most ``limit`` bytes."""
    with _opened(name, folder) as stream:
        content = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(content) > limit:
            raise OSError(errno.EFBIG, "it is too large")
        descriptor = stream.fileno()
        return _Standing(content, os.fstat(descriptor), _attributes(descriptor))


def _opened(name: str, folder: int | None) -> BinaryIO:
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


def _fingerprint(name: str, folder: int | None) -> tuple[int, ...]:
    try:
        return _signature(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return ()


def _signature(info: os.stat_result) -> tuple[int, ...]:
    """What differs when a file was written or replaced meanwhile."""
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_mode
