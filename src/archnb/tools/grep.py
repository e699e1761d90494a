"""Find lines in the files of the workspace."""

from __future__ import annotations

import re
from fnmatch import fnmatch

from archnb.permission.gate import Request
from archnb.tools._tree import files
from archnb.tools.base import Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

LIMIT = 100
MAX_FILE = 2_000_000
MAX_LINE = 2_000  # characters searched of a line: a bound on what a slow pattern can cost


def _request(given: Input, workspace: Workspace) -> Request:
    workspace.resolve(given.get("path") or ".")
    return Request("grep", (given["pattern"],), f"search {given['pattern']}", given["pattern"])


async def _run(given: Input, workspace: Workspace, request: Request) -> Output:  # noqa: ARG001
    try:
        pattern = re.compile(given["pattern"])
    except re.error as error:
        raise ToolError(f"{given['pattern']!r} is no regular expression: {error}.") from error
    target = workspace.resolve(given.get("path") or ".")
    found: list[str] = []
    for path in [target] if target.is_file() else files(target):
        name = workspace.name(path)
        # A search must not open what reading would ask for.
        if (
            not fnmatch(path.name, given.get("include", "*"))
            or workspace.secret(name)
            or path.stat().st_size > MAX_FILE
        ):
            continue
        content = path.read_bytes()
        if b"\0" in content[:1024]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if pattern.search(line[:MAX_LINE]):
                found.append(f"{name}:{number}: {line.strip()[:300]}")
                if len(found) >= LIMIT:
                    return Output("\n".join([*found, f"(stopped at {LIMIT} matches)"]))
    return Output("\n".join(found) or "No matches")


TOOL = Tool(
    name="grep",
    description=(
        "Search file contents with a regular expression; at most 100 lines, with file and line "
        "number."
    ),
    input_schema=schema(
        ("pattern",),
        pattern=string("Regular expression"),
        path=string("Folder or file to search in"),
        include=string("Only files whose name matches, such as *.sql"),
    ),
    request=_request,
    run=_run,
)
