"""The way back from changes of files: as a request that shows what comes back, and as an effect."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace

from archnb import atomic
from archnb.errors import WorkspaceError
from archnb.permission.requests import Changes, Diff, Request
from archnb.workspace import FileChange, Workspace, decode, encode, listed


def plan(changes: Sequence[FileChange], workspace: Workspace) -> Request:
    """What undoing ``changes`` (oldest first) would do, one diff a file; nothing is changed yet.

    :class:`WorkspaceError` where a file is not what archnb left there, or nothing is to be done.
    """
    back = _back(changes)
    if not back:
        raise WorkspaceError("There is nothing to undo.")
    for change in back:
        if _present(workspace, change) != change.before:
            raise _changed(change.path)
    diffs = tuple(map(_diff, back))
    deeds = [f"{'delete' if diff.after is None else 'restore'} {diff.path}" for diff in diffs]
    names = tuple(diff.path for diff in diffs)
    warnings = dict.fromkeys(filter(None, map(workspace.warning, names)))
    title = f"undo: {listed(deeds)}"
    return Request("edit", names, title, Changes(diffs), warning="; ".join(warnings))


def restore(
    changes: Sequence[FileChange], approved: Request, workspace: Workspace
) -> tuple[FileChange, ...]:
    """Bring back the bytes from before ``changes``, all files or none; gives what was changed.

    ``approved`` is what :func:`plan` gave; where a person edited it, their text counts.
    :class:`WorkspaceError` where a file changed since it was shown.
    """
    if not isinstance(approved.preview, Changes):
        raise TypeError(approved.preview)
    pairs = zip(_back(changes), approved.preview.diffs, strict=True)
    return workspace.apply([_as_approved(change, diff) for change, diff in pairs])


def _as_approved(change: FileChange, diff: Diff) -> FileChange:
    if diff == _diff(change) or diff.after is None:
        return change
    return replace(change, after=encode(diff.after, diff.encoding, diff.path))


def _back(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """The changes that lead back, one a file, with the mode each file had."""
    return tuple(
        FileChange(name, last, first, mode)
        for name, (first, last, mode) in _ends(changes).items()
        if first != last
    )


def _ends(
    changes: Sequence[FileChange],
) -> dict[str, tuple[bytes | None, bytes | None, int | None]]:
    """For each file the bytes before its first change, those after its last, and its mode then."""
    ends: dict[str, tuple[bytes | None, bytes | None, int | None]] = {}
    for change in changes:
        first, last, mode = ends.get(change.path, (change.before, change.before, change.mode))
        if last != change.before:
            raise WorkspaceError(
                f"{change.path} was changed between two edits by archnb; undoing both would lose "
                "that.",
                hint="Undo fewer steps, or bring it back by hand.",
            )
        ends[change.path] = (first, change.after, mode)
    return ends


def _present(workspace: Workspace, change: FileChange) -> bytes | None:
    """What stands there now, as far as it can be what archnb left; None where nothing does."""
    if workspace.name(workspace.resolve(change.path)) != change.path:  # a link by now
        raise _changed(change.path)
    try:
        return atomic.read(workspace.root, change.path, len(change.before or b""))
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.EISDIR):
            raise _changed(change.path) from None
        raise WorkspaceError(f"{change.path} cannot be read: {error.strerror}.") from error


def _changed(path: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path} changed after archnb wrote it; undo would lose that.",
        hint="Undo fewer steps, or change it back by hand.",
    )


def _diff(change: FileChange) -> Diff:
    """The change as text, in an encoding that gives both contents back byte for byte."""
    contents = [content for content in (change.before, change.after) if content is not None]
    for content in contents:
        try:
            encoding = decode(content, change.path)[1]
            texts = [each.decode(encoding) for each in contents]
        except (WorkspaceError, UnicodeDecodeError):
            continue
        if [text.encode(encoding) for text in texts] == contents:
            break
    else:
        encoding = "latin-1"  # holds any bytes
    before, after = (
        None if content is None else content.decode(encoding)
        for content in (change.before, change.after)
    )
    return Diff(change.path, before, after, encoding)
