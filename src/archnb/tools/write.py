"""Create a file, or replace it whole."""

from __future__ import annotations

from archnb.permission.requests import Request
from archnb.tools._files import apply, change_request, current, without_mark
from archnb.tools._folders import with_folders
from archnb.tools.base import Context, Input, Output, Tool, schema, string
from archnb.workspace import Workspace


def _request(given: Input, workspace: Workspace) -> Request:
    workspace.check_writable(given["filePath"])
    name, before, encoding = current(given["filePath"], workspace)
    after = given["content"]
    if before is not None:
        after = _as_kept(before, after, encoding)
    return with_folders(change_request(name, before, after, encoding, workspace), workspace)


def _as_kept(before: str, content: str, encoding: str) -> str:
    """``content`` with the byte order mark and the line endings of the file it replaces."""
    mark, was = without_mark(before)
    if mark or encoding == "utf-8-sig":
        content = mark + without_mark(content)[1]
    windows = "\r\n" in was and "\r" not in was.replace("\r\n", "")
    if windows and "\n" not in was.replace("\r\n", "") and "\r" not in content:
        return content.replace("\n", "\r\n")
    return content


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    return apply(context.workspace, request, "Wrote")


TOOL = Tool(
    name="write",
    description=(
        "Create a file with this content, or replace the whole of it; missing folders are made, "
        "and a replaced file keeps its encoding and line endings. Prefer edit for a part of a file."
    ),
    input_schema=schema(
        ("filePath", "content"),
        filePath=string("Path below the workspace"),
        content=string("The whole new content"),
    ),
    request=_request,
    run=_run,
    permission="edit",
    opens=lambda given: (given["filePath"],),
)
