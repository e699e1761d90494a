"""Find lines in the files of the workspace."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from archnb.execution.output import clean
from archnb.permission.requests import Request
from archnb.tools._tree import files, ripgrep, shown
from archnb.tools._wildcards import matcher
from archnb.tools.base import Context, Input, Output, Tool, ToolError, clipped, schema, string
from archnb.workspace import Workspace

LIMIT = 100
MAX_FILE = 5_000_000  # bytes; larger files are data, not designs
LINE_WIDTH = 300  # bytes of a line that are shown
# Bytes of file names in one command line: Windows takes 32,767 characters, macOS a million bytes.
ROOM = 24_000 if sys.platform == "win32" else 500_000


def _request(given: Input, workspace: Workspace) -> Request:
    pattern = given["pattern"]
    if not pattern or "\0" in pattern:
        raise ToolError("The pattern is empty or holds a NUL. Give a regular expression.")
    target = workspace.resolve(given.get("path") or ".")
    if not target.exists():
        raise ToolError(f"{given['path']} does not exist. Look with list or glob first.")
    said = f"search {pattern}"
    if target != workspace.root:
        said += f" in {workspace.name(target)}"
    if include := given.get("include"):
        matcher(include)
        said += f" ({include})"
    return Request("grep", (pattern,), " ".join(said.split())[:300], said)


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    workspace = context.workspace
    target = workspace.resolve(given.get("path") or ".")
    await _check(given["pattern"], workspace)
    search = _Search(given["pattern"], workspace, context.readable)
    if target.is_dir():
        names = await files(workspace, target)
        start = 0 if target == workspace.root else len(workspace.name(target)) + 1
        include = matcher(given.get("include") or "**")
        await search.among([name for name in names if include(name[start:])])
    else:
        await search.among([workspace.name(target)])
    return Output(clipped(search.answer()))


@dataclass(slots=True)
class _Search:
    """One search, from the file that changed last to the oldest, until there is enough."""

    pattern: str
    workspace: Workspace
    readable: Callable[[str], bool]
    found: list[tuple[str, str]] = field(default_factory=list)  # file, line
    unread: int = 0
    large: int = 0
    binary: int = 0

    async def among(self, names: Sequence[str]) -> None:
        for batch in _batches(await asyncio.to_thread(self._newest, names)):
            # Only what may be read unasked is opened.
            allowed = await asyncio.to_thread(lambda: [*filter(self.readable, batch)])  # noqa: B023
            self.unread += len(batch) - len(allowed)
            if not allowed:
                continue
            output = await self._ripgrep(["--files-with-matches", "--null"], allowed)
            hits = {_name(name) for name in output.split(b"\0")[:-1]}
            holding = [name for name in allowed if name in hits]
            for start in range(0, len(holding), LIMIT):
                await self._lines(holding[start : start + LIMIT])
                if len(self.found) > LIMIT:
                    return

    def _newest(self, names: Sequence[str]) -> list[str]:
        """Plain files of a size to search, the last changed first; told without opening them."""
        root = os.fspath(self.workspace.root)
        times: dict[str, int] = {}
        for name in names:
            try:
                status = os.lstat(f"{root}/{name}")
            except OSError:  # it vanished meanwhile
                continue
            if status.st_size > MAX_FILE:
                self.large += 1
            elif stat.S_ISREG(status.st_mode):
                times[name] = status.st_mtime_ns
        return sorted(times, key=lambda name: (-times[name], name))

    async def _lines(self, names: Sequence[str]) -> None:
        """Add the matching lines of each file; of a binary one none, and it is counted."""
        flags = [
            "--line-number", "--null", "--no-heading", "--with-filename",
            f"--max-count={LIMIT + 1}", f"--max-columns={LINE_WIDTH}", "--max-columns-preview",
        ]  # fmt: skip
        lines: dict[str, list[str]] = {}
        binary: set[str] = set()
        for row in (await self._ripgrep(flags, names)).split(b"\n"):
            path, is_match, rest = row.partition(b"\0")
            if is_match:
                number, _, text = rest.partition(b":")
                said = f"  Line {int(number)}: {clean(_decoded(text)).rstrip()}"
                lines.setdefault(_name(path), []).append(said)
            elif b": binary file matches (" in row:
                binary.add(_name(row[: row.rindex(b": binary file matches (")]))
        self.binary += len(binary)
        self.found += [
            (name, line) for name in names if name not in binary for line in lines.get(name, ())
        ]

    async def _ripgrep(self, flags: Sequence[str], names: Sequence[str]) -> bytes:
        paths = [f"./{name}" for name in names]
        # Without memory maps: a file that shrinks while it is read would end the search.
        done = await ripgrep(
            [*flags, "--crlf", "--no-mmap", f"--regexp={self.pattern}", "--", *paths],
            self.workspace.root,
        )
        return done.stdout

    def answer(self) -> str:
        count, more = min(len(self.found), LIMIT), len(self.found) > LIMIT
        if not count:
            return "\n".join(["No matches found", *self._remarks()])
        answer = [f"Found {count} match{'es' * (count != 1)}{' (more matches available)' * more}"]
        last = ""
        for name, line in self.found[:LIMIT]:
            if name != last:
                answer += ["", f"{shown(name)}:"]
                last = name
            answer.append(line)
        if more:
            answer.append(
                f"\n(Results are truncated: showing first {LIMIT} results, files that changed last "
                "first. Use a narrower pattern, path or include.)"
            )
        return "\n".join([*answer, *self._remarks()])

    def _remarks(self) -> Iterator[str]:
        if self.unread:
            yield (
                f"({_files(self.unread)} left out: reading must be asked first. Use read where "
                "you need one.)"
            )
        if self.large:
            yield f"({_files(self.large)} over {MAX_FILE // 1_000_000} MB not searched.)"
        if self.binary:
            yield f"({_files(self.binary)} with a match not shown: binary.)"


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


async def _check(pattern: str, workspace: Workspace) -> None:
    """Raise :class:`ToolError` where ripgrep cannot read the expression."""
    done = await ripgrep(["--quiet", f"--regexp={pattern}", "-"], workspace.root)
    if done.returncode == 2:
        said = done.stderr.decode("utf-8", "replace").removeprefix("rg: ").split("\n\n")[0].strip()
        raise ToolError(
            f"{pattern!r} is no regular expression: {said}\nGive a regular expression that matches "
            "within one line. Look-around and backreferences are not known; "
            r"\( \{ \[ stand for the characters themselves."
        )


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _name(path: bytes) -> str:
    return os.fsdecode(path).replace(os.sep, "/").removeprefix("./")


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    """``names`` in lists that fit into one command line; the first ones short, to answer soon."""
    batch: list[str] = []
    most, size = 500, 0
    for name in names:
        length = len(os.fsencode(name)) + 16
        if batch and (size + length > ROOM or len(batch) >= most):
            yield batch
            batch, size, most = [], 0, most * 2
        batch.append(name)
        size += length
    if batch:
        yield batch


TOOL = Tool(
    name="grep",
    description=(
        "Search the contents of files with a regular expression (ripgrep's, line by line). At most "
        f"{LIMIT} matches, by file, newest first. Files that git ignores, binary files and files "
        "that would have to be asked for are left out."
    ),
    input_schema=schema(
        ("pattern",),
        pattern=string("Regular expression"),
        path=string("Folder or file below the workspace to search in (default: all of it)"),
        include=string("Only files whose name matches, such as *.sql or *.{yaml,yml}"),
    ),
    request=_request,
    run=_run,
)
