"""Create a file, or replace it whole."""

from __future__ import annotations

from archnb.permission.gate import Request
from archnb.tools._files import apply, change_request, current
from archnb.tools.base import Input, Output, Tool, schema, string
from archnb.workspace import Workspace


def _request(given: Input, workspace: Workspace) -> Request:
    name, before, encoding = current(given["filePath"], workspace)
    return change_request(name, before, given["content"], encoding, workspace)


async def _run(given: Input, workspace: Workspace, request: Request) -> Output:  # noqa: ARG001
    return apply(workspace, request, "Wrote")


TOOL = Tool(
    name="write",
    description=(
        "Create a file with this content, or replace the whole of it. "
        "Prefer edit for a part of a file."
    ),
    input_schema=schema(
        ("filePath", "content"),
        filePath=string("Path below the workspace"),
        content=string("The whole new content"),
    ),
    request=_request,
    run=_run,
)
