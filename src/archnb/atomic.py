"""Changes of files below one folder: all of them or none, and no link is followed on the way."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from archnb import leftovers
from archnb.opening import (
    NEW,
    Found,
    beside_of,
    fingerprint,
    found_at,
    locked,
    opened,
    signature,
    within,
)


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


@dataclass(slots=True)
class _Step:
    """One change on its way: ``temporary`` has the new content, or the old one put aside."""

    change: FileChange
    standing: Found | None
    temporary: str
    made: list[str] = field(default_factory=list)  # folders created for it
    placed: int = 0  # the inode of the new content
    begun: bool = False  # an interrupt can come between the replacement and any note of it


def read(root: Path, path: str, limit: int | None = None) -> bytes | None:
    """The bytes of ``path``; None where nothing is.

    OSError for a link, a folder, a pipe, and for more than ``limit`` bytes.
    """
    try:
        with within(root, path) as (name, folder):
            standing = found_at(name, folder, limit)
    except FileNotFoundError:
        return None
    return standing.content


def head(root: Path, path: str, limit: int) -> tuple[bytes, int]:
    """The first ``limit`` bytes of ``path`` and how many there are; OSError as :func:`read` has."""
    with within(root, path) as (name, folder), opened(name, folder) as stream:
        return stream.read(limit), os.fstat(stream.fileno()).st_size


def sweep(root: Path, path: str) -> int:
    """Remove from the folder ``path`` what killed writers left there; how many files that were."""
    count = 0
    with contextlib.suppress(OSError), within(root, f"{path}/any") as (beside, folder):
        place = os.path.dirname(beside) if folder is None else folder  # noqa: PTH120
        for entry in filter(leftovers.is_one, os.listdir(place)):  # noqa: PTH208
            name = beside_of(beside, entry)
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
    with within(root, change.path, made if change.after is not None else None) as (name, folder):
        try:
            step.standing = found_at(name, folder, len(change.before or b""))
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
            beside = beside_of(name, step.temporary)
            step.placed = _write(beside, folder, change.after, step.standing, change.mode)


def _write(
    name: str, folder: int | None, content: bytes, like: Found | None, mode: int | None
) -> int:
    """A new file ``name``, flushed to the disk, with owner, mode and attributes of ``like``.

    Gives its inode.
    """
    private = like is not None or mode is not None
    descriptor = os.open(name, NEW, 0o600 if private else 0o666, dir_fd=folder)
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


def _keep_owner(descriptor: int, like: Found) -> None:
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
    with within(root, step.change.path) as (name, folder), locked(folder):
        temporary = beside_of(name, step.temporary)
        if fingerprint(name, folder) != (signature(step.standing.info) if step.standing else ()):
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
            with contextlib.suppress(OSError), within(root, folder) as (name, above):
                os.rmdir(name, dir_fd=above)
    return tuple(left)


def _restore(root: Path, step: _Step) -> None:
    """Undo a step that was begun: what is laid beside the file tells how far it came."""
    with within(root, step.change.path) as (name, folder), locked(folder):
        temporary = beside_of(name, step.temporary)
        beside = bool(fingerprint(temporary, folder))
        if step.change.after is not None and not beside:
            stands = fingerprint(name, folder)
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
            case _, Found() as standing:
                _write(temporary, folder, standing.content, standing, None)
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _made(root: Path, step: _Step) -> FileChange:
    """The change as it was made, with its mode."""
    change = step.change
    mode = stat.S_IMODE(step.standing.info.st_mode) if step.standing else change.mode
    if mode is None:
        with contextlib.suppress(OSError), within(root, change.path) as (name, folder):
            mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return FileChange(change.path, change.before, change.after, mode)


def _unlink(root: Path, path: str, temporary: str) -> None:
    with within(root, path) as (name, folder):
        os.unlink(beside_of(name, temporary), dir_fd=folder)
