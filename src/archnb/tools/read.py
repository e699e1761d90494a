"""Read a file or folder of the workspace, lines numbered."""

from __future__ import annotations

from archnb.permission.gate import Request
from archnb.tools.base import OUTPUT_LIMIT, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

LINES = 2000
LINE_WIDTH = 2000


def _request(given: Input, workspace: Workspace) -> Request:
    path = workspace.resolve(given["filePath"])
    name = workspace.name(path)
    warning = workspace.secret(name) if path.is_file() else ""
    return Request("read", (name,), f"read {name}", f"read {name}", warning=warning)


async def _run(given: Input, workspace: Workspace, request: Request) -> Output:
    name = request.patterns[0]
    if workspace.resolve(name).is_dir():
        entries = sorted(workspace.resolve(name).iterdir(), key=lambda entry: entry.name)
        return Output(
            "\n".join(entry.name + "/" * entry.is_dir() for entry in entries[:LINES])
            or "(empty folder)"
        )
    lines = workspace.read_text(name).removeprefix("\ufeff").splitlines()
    start = int(given.get("offset", 1))
    count = int(given.get("limit", LINES))
    if lines and start > len(lines):
        raise ToolError(f"Offset {start} is out of range for {name} ({len(lines)} lines).")
    chosen = lines[start - 1 : start - 1 + count]
    numbered = [f"{number}: {line[:LINE_WIDTH]}" for number, line in enumerate(chosen, start)]
    while numbered and sum(map(len, numbered)) > OUTPUT_LIMIT:
        numbered.pop()
    last = start + len(numbered) - 1
    rest = f"(Showing lines {start}-{last} of {len(lines)}. Use offset={last + 1} to continue.)"
    tail = f"(End of file - total {len(lines)} lines)" if last >= len(lines) else rest
    return Output("\n".join([*numbered, tail]))


TOOL = Tool(
    name="read",
    description=(
        "Read a text file of the workspace (numbered lines) or list a folder. "
        "Page with offset and limit."
    ),
    input_schema=schema(
        ("filePath",),
        filePath=string("Path below the workspace"),
        offset={"type": "integer", "minimum": 1, "description": "First line, from 1"},
        limit={"type": "integer", "minimum": 1, "maximum": LINES, "description": "Number of lines"},
    ),
    request=_request,
    run=_run,
)
