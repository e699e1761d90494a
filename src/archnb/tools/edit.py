"""Replace one passage of a file."""

from __future__ import annotations

from archnb.permission.requests import Changes, Request
from archnb.tools._files import apply, change_request, current, without_mark
from archnb.tools._folders import with_folders
from archnb.tools._matching import SHOWN, Replaced, Several, body, nearest, replace, split_lines
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

QUOTED = 2_000  # characters of the file that an answer repeats


def _request(given: Input, workspace: Workspace) -> Request:
    workspace.check_writable(given["filePath"])
    name, before, encoding = current(given["filePath"], workspace)
    old, new = given["oldString"], given["newString"]
    if before is None:
        if old:
            raise ToolError(
                f"{name} does not exist. Look with glob for the right path, "
                "or create it: use write, or an empty oldString."
            )
        return with_folders(change_request(name, None, new, encoding, workspace), workspace)
    if old == new:
        raise ToolError(
            "No changes to apply: oldString and newString are identical. "
            "Say in newString what shall stand there."
        )
    if not old:
        raise ToolError(
            f"oldString cannot be empty: {name} exists already. Quote the passage to replace, "
            "or use write to replace the whole file."
        )
    mark, text = without_mark(before)
    match replace(text, old, new, every=given.get("replaceAll", False)):
        case Replaced(after):
            return change_request(name, before, mark + after, encoding, workspace)
        case Several(lines):
            more = " or more" if len(lines) == SHOWN else ""
            raise ToolError(
                f"oldString stands {len(lines)}{more} times in {name} "
                f"(lines {', '.join(map(str, lines))}). Quote more around it, or set replaceAll."
            )
        case None:
            hint = nearest(*([body(line) for line in split_lines(each)] for each in (text, old)))
            why = f"It must match exactly, white space and line endings too. {hint}".rstrip()
            raise ToolError(
                f"Could not find oldString in {name}. {why} Read the file again and quote it."
            )


async def _run(given: Input, context: Context, request: Request) -> Output:
    said = apply(context.workspace, request, "Edited")
    return Output(said.text + _remark(given, request), changes=said.changes)


def _remark(given: Input, request: Request) -> str:
    """What the file really said, where oldString was not word for word what stands there."""
    if not isinstance(request.preview, Changes) or not (before := request.preview.diffs[0].before):
        return ""
    every = given.get("replaceAll", False)
    text = without_mark(before)[1]
    done = replace(text, given["oldString"], given["newString"], every=every)
    if not isinstance(done, Replaced) or done.tolerance in ("", "line endings"):
        return ""
    return (
        f"\noldString was not there word for word; one place was the same but for "
        f"{done.tolerance}. The file said:\n{done.found[:QUOTED]}"
    )


TOOL = Tool(
    name="edit",
    description=(
        "Replace an exact passage of a file (oldString, found once) by newString; an empty "
        "oldString creates a file that does not exist. The person sees the diff and decides, so "
        "keep each edit small and self-contained."
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
    permission="edit",
    opens=lambda given: (given["filePath"],),
)
