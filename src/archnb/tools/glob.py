"""Find files of the workspace by name."""

from __future__ import annotations

from archnb.permission.gate import Request
from archnb.tools._tree import files
from archnb.tools.base import Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

LIMIT = 100


def _request(given: Input, workspace: Workspace) -> Request:
    workspace.resolve(given.get("path") or ".")
    return Request("glob", (given["pattern"],), f"find {given['pattern']}", given["pattern"])


async def _run(given: Input, workspace: Workspace, request: Request) -> Output:  # noqa: ARG001
    folder = workspace.resolve(given.get("path") or ".")
    try:
        found = [path for path in files(folder) if path.relative_to(folder).match(given["pattern"])]
    except ValueError as error:
        raise ToolError(f"{given['pattern']!r} is no pattern: {error}.") from error
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    names = [workspace.name(path) for path in found[:LIMIT]]
    more = [f"(the first {LIMIT} of {len(found)})"] if len(found) > LIMIT else []
    return Output("\n".join([*names, *more]) or "No files found")


TOOL = Tool(
    name="glob",
    description="Find files by pattern (*.sql, **/compose*.yaml); newest first, at most 100.",
    input_schema=schema(
        ("pattern",), pattern=string("Name pattern"), path=string("Folder to search in")
    ),
    request=_request,
    run=_run,
)
