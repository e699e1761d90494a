"""Find files of the workspace by name."""

from __future__ import annotations

import asyncio
import os

from archnb.permission.requests import Request
from archnb.tools._tree import files, shown
from archnb.tools._wildcards import matcher
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

LIMIT = 100


def _request(given: Input, workspace: Workspace) -> Request:
    pattern = given["pattern"]
    matcher(pattern)
    folder = workspace.resolve(given.get("path") or ".")
    if not folder.is_dir():
        raise ToolError(f"{given['path']} is not a folder. Name a folder in path, or leave it out.")
    where = "" if folder == workspace.root else f" in {workspace.name(folder)}"
    return Request("glob", (pattern,), f"find {pattern}{where}", f"find {pattern}{where}")


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    workspace = context.workspace
    folder = workspace.resolve(given.get("path") or ".")
    names = await files(workspace, folder)
    start = 0 if folder == workspace.root else len(workspace.name(folder)) + 1
    found = await asyncio.to_thread(_newest, given["pattern"], names, start, workspace)
    if not found:
        return Output("No files found (files that git ignores are left out)")
    lines = [shown(name) for name in found[:LIMIT]]
    if len(found) > LIMIT:
        lines.append(
            f"(Results are truncated: showing first {LIMIT} results of {len(found):,}, newest "
            "first. Use a narrower pattern or path.)"
        )
    return Output("\n".join(lines))


def _newest(pattern: str, names: list[str], start: int, workspace: Workspace) -> list[str]:
    matches = matcher(pattern)
    root = os.fspath(workspace.root)
    times: dict[str, int] = {}
    for name in names:
        if matches(name[start:]):
            try:
                times[name] = os.lstat(f"{root}/{name}").st_mtime_ns
            except OSError:  # it vanished meanwhile
                continue
    return sorted(times, key=lambda name: (-times[name], name))


TOOL = Tool(
    name="glob",
    description=(
        "Find files by name: *.sql anywhere, src/**/*.{ts,tsx}, docs/[a-m]?.md. Newest first, at "
        "most 100. Files that git ignores and tool folders (node_modules, .venv) are left out."
    ),
    input_schema=schema(
        ("pattern",),
        pattern=string("Name pattern, relative to path"),
        path=string("Folder below the workspace to search in (default: all of it)"),
    ),
    request=_request,
    run=_run,
)
