"""What the tools that change a file share: the request with its diff, the write that fits it."""

from __future__ import annotations

from archnb.errors import WorkspaceError
from archnb.permission.gate import Diff, Request
from archnb.tools.base import Output, ToolError
from archnb.workspace import Workspace, decode


def current(path: str, workspace: Workspace) -> tuple[str, str | None, str]:
    """The path as the workspace names it, the text that stands there (None: no file), its codec."""
    resolved = workspace.resolve(path)
    name = workspace.name(resolved)
    if resolved.is_dir():
        raise ToolError(f"{name} is a folder, not a file. Name a file.")
    if not resolved.exists():
        return name, None, "utf-8"
    text, encoding = decode(workspace.read_bytes(name), name)
    return name, text, encoding


def change_request(
    name: str, before: str | None, after: str, encoding: str, workspace: Workspace
) -> Request:
    """Ask to turn ``before`` into ``after``; rules see the path, the person the diff."""
    if before == after:
        raise ToolError("No changes to apply: the file already says that.")
    try:
        after.encode(encoding)
    except UnicodeEncodeError:
        raise ToolError(
            f"{name} is {encoding} text and cannot hold one of the new characters."
        ) from None
    verb = "create" if before is None else "edit"
    return Request(
        "edit", (name,), f"{verb} {name}", Diff(name, before, after, encoding),
        always=(name,), warning=workspace.warning(name),
    )  # fmt: skip


def apply(workspace: Workspace, request: Request, said: str) -> Output:
    """Write what was shown, if the file is still what was shown."""
    diff = request.preview
    if not isinstance(diff, Diff):
        raise TypeError(diff)
    expect = None if diff.before is None else diff.before.encode(diff.encoding)
    try:
        change = workspace.write(diff.path, diff.after.encode(diff.encoding), expect=expect)
    except WorkspaceError as error:
        raise ToolError(str(error)) from error
    return Output(f"{said} {diff.path}", changes=(change,))
