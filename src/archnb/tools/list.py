"""Show the workspace as a tree."""

from __future__ import annotations

import asyncio
import os
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from archnb.permission.requests import Request
from archnb.tools._tree import FOLDED, files, shown
from archnb.tools._wildcards import matcher
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

LIMIT = 200


def _request(given: Input, workspace: Workspace) -> Request:
    folder = workspace.resolve(given.get("path") or ".")
    name = workspace.name(folder)
    if not folder.is_dir():
        raise ToolError(f"{name} is not a folder. Use read for a file, or name a folder.")
    for pattern in given.get("ignore", ()):
        matcher(pattern)
    return Request("list", (name,), f"list {name}", f"list {name}")


async def _run(given: Input, context: Context, request: Request) -> Output:
    workspace = context.workspace
    folder = workspace.resolve(request.patterns[0])
    names = await files(workspace, folder)
    start = 0 if folder == workspace.root else len(request.patterns[0]) + 1
    ignored = [matcher(pattern) for pattern in given.get("ignore", ())]

    def drawn() -> str:
        tree = _Tree(os.fspath(folder))
        for name in names:
            if not any(matches(name[start:]) for matches in ignored):
                tree.add(name[start:])
        return "\n".join(tree.lines())

    return Output(await asyncio.to_thread(drawn) or "(no files)")


@dataclass(slots=True)
class _Tree:
    """Folders (``""`` is the top, others end with a slash), what is in them, how many files."""

    top: str
    below: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    count: Counter[str] = field(default_factory=Counter)

    def add(self, name: str) -> None:
        self.below[name[: name.rfind("/") + 1]].add(name)
        place = name
        while place:
            parent = place[: place.rstrip("/").rfind("/") + 1]
            self.count[parent] += 1
            if parent:
                self.below[parent[: parent.rstrip("/").rfind("/") + 1]].add(parent)
            place = parent

    def lines(self) -> Iterator[str]:
        """Level by level as far as ``LIMIT`` goes; a folder left closed says how much it has."""
        opened: set[str] = set()
        room, waiting = LIMIT, deque([""])
        while waiting:
            folder = waiting.popleft()
            self._fold(folder)
            if not folder or len(self.below[folder]) <= room:
                opened.add(folder)
                room -= len(self.below[folder])
                waiting += [entry for entry in sorted(self.below[folder]) if entry in self.below]
        return self._drawn("", opened)

    def _drawn(self, folder: str, opened: set[str]) -> Iterator[str]:
        entries = sorted(self.below[folder])
        for entry in entries[:LIMIT]:
            line = "  " * folder.count("/") + shown(entry[len(folder) :])
            if entry in opened or not entry.endswith("/"):
                yield line
            elif entry in self.below:
                yield f"{line} ({self.count[entry]:,} files: list it)"
            else:
                yield f"{line} (not shown)"
            if entry in opened:
                yield from self._drawn(entry, opened)
        if len(entries) > LIMIT:
            yield f"({len(entries) - LIMIT:,} more entries: use glob)"

    def _fold(self, folder: str) -> None:
        """Name the folders that are passed over, one line each."""
        try:
            with os.scandir(os.path.join(self.top, folder)) as entries:  # noqa: PTH118
                found = [
                    f"{folder}{entry.name}/"
                    for entry in entries
                    if entry.name in FOLDED and entry.is_dir(follow_symlinks=False)
                ]
        except OSError:  # it vanished meanwhile
            return
        self.below[folder].update(name for name in found if name not in self.below)


TOOL = Tool(
    name="list",
    description=(
        f"Show the files below a folder as a tree, at most {LIMIT} entries: large folders say how "
        "many files they have. Files that git ignores are left out."
    ),
    input_schema=schema(
        path=string("Folder below the workspace (default: all of it)"),
        ignore={
            "type": "array",
            "items": {"type": "string"},
            "maxItems": 50,
            "description": "Name patterns to leave out, such as *.lock or docs/**",
        },
    ),
    request=_request,
    run=_run,
)
