"""Read a file or folder of the workspace: lines numbered, pictures as pictures."""

from __future__ import annotations

import re

from archnb.conversation import Image
from archnb.permission.requests import Request
from archnb.tools._notebook import as_text
from archnb.tools._tree import shown
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import MAX_READ, Workspace, decode

LINES = 2_000
LINE_WIDTH = 2_000  # characters
MAX_TEXT = 50 * 1024  # bytes of an answer
HEAD = 1_000_000  # bytes that are read of a file larger than :data:`MAX_READ`
MAX_PICTURE = 5_000_000  # bytes; the Messages API takes no larger image


def _request(given: Input, workspace: Workspace) -> Request:
    path = workspace.resolve(given["filePath"])
    name = workspace.name(path)
    warning = workspace.secret(name) if path.is_file() else ""
    return Request("read", (name,), f"read {name}", f"read {name}", warning=warning)


async def _run(given: Input, context: Context, request: Request) -> Output:
    workspace = context.workspace
    name = request.patterns[0]
    path = workspace.settled(name)
    offset, limit = int(given.get("offset", 1)), min(int(given.get("limit", LINES)), LINES)
    if path.is_dir():
        entries = sorted((entry.name, entry.is_dir()) for entry in path.iterdir())
        names = [shown(entry) + "/" * is_folder for entry, is_folder in entries]
        return Output(_page(names, offset, limit, name, "entries") if names else "(empty folder)")
    if path.is_file() and path.stat().st_size > MAX_READ:
        return Output(_beginning(workspace, name, offset, limit))
    content = workspace.read_bytes(name, settled=True)
    if kind := _kind(content):
        return _picture(name, content, kind)
    text = decode(content, name)[0].removeprefix("\ufeff")
    remark = ""
    if name.lower().endswith(".ipynb") and (cells := as_text(text)) is not None:
        text = cells
        remark = "(A notebook, shown as its cells: the line numbers are not those of the file.)\n"
    lines = re.split(r"\r\n|\r|\n", text)
    if not lines[-1]:
        lines.pop()
    return Output(remark + _page(lines, offset, limit, name, "lines"))


def _beginning(workspace: Workspace, name: str, offset: int, limit: int) -> str:
    """The asked lines of a file that is too large to be read whole, as far as its head has them."""
    head, size = workspace.read_head(name, HEAD)
    text = head.partition(b"\0")[0]
    text = text[: text.rfind(b"\n") + 1]  # neither half a line nor half a letter
    if not text:
        raise ToolError(
            f"{name} is a binary file, or one long line, of {size:,} bytes: it is not shown."
        )
    lines = decode(text, name)[0].removeprefix("\ufeff").splitlines()
    said = f"(Truncated: of {size:,} bytes only the beginning, {len(lines):,} lines, is shown.)\n"
    return said + _page(lines, offset, limit, name, "lines")


def _page(lines: list[str], offset: int, limit: int, name: str, unit: str) -> str:
    """The asked lines within the limits, and where to go on."""
    total = len(lines)
    if lines and offset > total:
        raise ToolError(
            f"Offset {offset} is out of range for {name} ({total} {unit}). Give one from 1 to "
            f"{total}."
        )
    page: list[str] = []
    room = MAX_TEXT
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], offset):
        if len(line) > LINE_WIDTH:
            line = f"{line[:LINE_WIDTH]}... (line truncated to {LINE_WIDTH} chars)"  # noqa: PLW2901
        said = f"{number}: {line}" if unit == "lines" else line
        room -= len(said.encode("utf-8", "replace")) + 1
        if room < 0:
            break
        page.append(said)
    last = offset + len(page) - 1
    if last >= total:
        tail = f"(End of file - total {total} lines)" if unit == "lines" else f"({total} entries)"
    else:
        capped = f"Output capped at {MAX_TEXT // 1024} KB. " if room < 0 else ""
        tail = (
            f"({capped}Showing {unit} {offset}-{last} of {total}. "
            f"Use offset={last + 1} to continue.)"
        )
    return "\n".join([*page, tail])


def _kind(content: bytes) -> str:
    """The media type of a picture or PDF by its first bytes; empty for anything else."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    kinds = {
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"GIF87a": "image/gif",
        b"GIF89a": "image/gif",
        b"%PDF-": "application/pdf",
    }
    return next((kind for magic, kind in kinds.items() if content.startswith(magic)), "")


def _picture(name: str, content: bytes, kind: str) -> Output:
    what = kind.partition("/")[2].upper()
    if len(content) > MAX_PICTURE:
        raise ToolError(
            f"{name} is a {what} of {len(content):,} bytes; at most {MAX_PICTURE:,} can be shown. "
            "Ask the person for a smaller one."
        )
    return Output(f"{name}: {what}, {len(content):,} bytes", images=(Image(content, kind),))


TOOL = Tool(
    name="read",
    description=(
        "Read a file of the workspace (text with numbered lines, a notebook as its cells, PNG, "
        "JPEG, GIF, WebP and PDF as pictures) or list a folder. At most 2000 lines and 50 KB at "
        "once: page with offset and limit."
    ),
    input_schema=schema(
        ("filePath",),
        filePath=string("Path below the workspace"),
        offset={"type": "integer", "minimum": 1, "description": "First line, from 1"},
        limit={"type": "integer", "minimum": 1, "description": "Number of lines (default 2000)"},
    ),
    request=_request,
    run=_run,
)
