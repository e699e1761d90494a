"""What the tools that change a file share: the request with its diff, the write that fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archnb.errors import WorkspaceError
from archnb.permission.requests import Changes, Diff, Request
from archnb.tools.base import Output, ToolError
from archnb.workspace import FileChange, Workspace, decode, encode


def current(path: str, workspace: Workspace) -> tuple[str, str | None, str]:
    """The path as the workspace names it, the text that stands there (None: no file), its codec."""
    resolved = workspace.resolve(path)
    name = workspace.name(resolved)
    if resolved.is_dir() or path.endswith(("/", "\\")):
        raise ToolError(f"{name} is a folder, not a file. Name a file.")
    if not resolved.exists():
        return name, None, "utf-8"
    text, encoding = decode(workspace.read_bytes(name), name)
    return name, text, encoding


def without_mark(text: str) -> tuple[str, str]:
    """A byte order mark that is part of the text (UTF-16), and the text behind it."""
    return ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)


def change_request(
    name: str, before: str | None, after: str, encoding: str, workspace: Workspace
) -> Request:
    """Ask to turn ``before`` into ``after``; rules see the path, the person the diff."""
    diff = Diff(name, before, after, encoding)
    return changes_request((diff,), _deed(diff), workspace)


def changes_request(diffs: Sequence[Diff], title: str, workspace: Workspace) -> Request:
    """Ask for all of ``diffs`` at once; rules see every path, the person every diff."""
    if all(diff.before == diff.after for diff in diffs):
        raise ToolError("No changes to apply: the file already says that.")
    for diff in diffs:
        _bytes(diff, diff.after)
    names = tuple(dict.fromkeys(diff.path for diff in diffs))
    warnings = dict.fromkeys(filter(None, map(workspace.warning, names)))
    # A name with a wildcard in it would stand for other files as well.
    always = tuple(name for name in names if not set("*?") & set(name))
    return Request(
        "edit", names, title, Changes(tuple(diffs)), always=always, warning="; ".join(warnings)
    )


def _deed(diff: Diff) -> str:
    verb = "create" if diff.before is None else "delete" if diff.after is None else "edit"
    return f"{verb} {diff.path}"


def apply(
    workspace: Workspace, request: Request, said: str, modes: Mapping[str, int | None] | None = None
) -> Output:
    """Make exactly the changes of ``request``, all or none, if the files are what was shown.

    ``modes`` are permission bits for files that are created.
    """
    changes = request.preview
    if not isinstance(changes, Changes):
        raise TypeError(changes)
    try:
        done = workspace.apply([_change(diff, modes or {}) for diff in changes.diffs])
    except WorkspaceError as error:
        raise ToolError(str(error)) from error
    return Output(f"{said} {', '.join(diff.path for diff in changes.diffs)}", changes=done)


def _change(diff: Diff, modes: Mapping[str, int | None]) -> FileChange:
    before, after = _bytes(diff, diff.before), _bytes(diff, diff.after)
    return FileChange(diff.path, before, after, modes.get(diff.path))


def _bytes(diff: Diff, text: str | None) -> bytes | None:
    try:
        return None if text is None else encode(text, diff.encoding, diff.path)
    except WorkspaceError as error:
        raise ToolError(str(error)) from error
