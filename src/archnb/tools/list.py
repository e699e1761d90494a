"""Show the workspace as a tree."""

from __future__ import annotations

from archnb.permission.gate import Request
from archnb.tools._tree import files
from archnb.tools.base import Input, Output, Tool, schema, string
from archnb.workspace import Workspace

LIMIT = 200


def _request(given: Input, workspace: Workspace) -> Request:
    name = workspace.name(workspace.resolve(given.get("path") or "."))
    return Request("list", (name,), f"list {name}", name)


async def _run(given: Input, workspace: Workspace, request: Request) -> Output:  # noqa: ARG001
    folder = workspace.resolve(request.patterns[0])
    lines: list[str] = []
    seen: set[str] = set()
    for path in files(folder):
        if len(lines) >= LIMIT:
            lines.append(f"(the first {LIMIT} entries)")
            break
        parts = path.relative_to(folder).parts
        for depth in range(len(parts)):
            key = "/".join(parts[: depth + 1])
            if key not in seen:
                seen.add(key)
                lines.append("  " * depth + parts[depth] + "/" * (depth < len(parts) - 1))
    return Output("\n".join(lines) or "(empty folder)")


TOOL = Tool(
    name="list",
    description=(
        "Show the files of the workspace, or of a folder in it, as a tree (at most 200 entries)."
    ),
    input_schema=schema(path=string("Folder below the workspace")),
    request=_request,
    run=_run,
)
