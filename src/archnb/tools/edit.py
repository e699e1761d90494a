"""Replace one exact passage of a file."""

from __future__ import annotations

from archnb.permission.gate import Request
from archnb.tools._files import apply, change_request, current
from archnb.tools.base import Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace


def _request(given: Input, workspace: Workspace) -> Request:
    name, before, encoding = current(given["filePath"], workspace)
    old, new = given["oldString"], given["newString"]
    if before is None:
        raise ToolError(f"{name} does not exist. Use the write tool to create it.")
    if old == new:
        raise ToolError("No changes to apply: oldString and newString are identical.")
    if not old:
        raise ToolError(
            "oldString cannot be empty for an existing file. Quote the passage to replace."
        )
    if "\r\n" in before and old not in before:
        old, new = (
            old.replace("\r\n", "\n").replace("\n", "\r\n"),
            new.replace("\r\n", "\n").replace("\n", "\r\n"),
        )
    count = before.count(old)
    if count == 0:
        raise ToolError(
            f"Could not find oldString in {name}. It must match exactly, white space and line "
            "endings too: read the file again and quote it."
        )
    if count > 1 and not given.get("replaceAll", False):
        raise ToolError(
            f"oldString stands {count} times in {name}. Quote more around it, or set replaceAll."
        )
    return change_request(name, before, before.replace(old, new), encoding, workspace)


async def _run(given: Input, workspace: Workspace, request: Request) -> Output:  # noqa: ARG001
    return apply(workspace, request, "Edited")


TOOL = Tool(
    name="edit",
    description=(
        "Replace an exact passage of a file (oldString, found once) by newString. The person sees "
        "the diff and decides, so keep each edit small and self-contained."
    ),
    input_schema=schema(
        ("filePath", "oldString", "newString"),
        filePath=string("Path below the workspace"),
        oldString=string("The passage as it stands, white space included"),
        newString=string("What stands there afterwards"),
        replaceAll={"type": "boolean", "description": "Replace every occurrence (default false)"},
    ),
    request=_request,
    run=_run,
)
