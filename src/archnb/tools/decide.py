"""Record an architecture decision as a numbered Markdown file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from archnb.design.formats import adr
from archnb.permission.requests import Changes, Diff, Request
from archnb.tools._files import apply
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

# Where decisions lie in other projects; the first is where they go if they lie nowhere yet.
_FOLDERS = ("docs/decisions", "docs/adr", "doc/adr", "adr")
_NUMBERED = re.compile(r"(\d{3,6})-.*\.(?:md|markdown)", re.IGNORECASE)


def decision_request(given: Input, workspace: Workspace, *, today: date) -> Request:
    """Ask to create the file of a decision; its number follows those that are there."""
    options = tuple(
        adr.Choice(each["name"], tuple(each.get("good", ())), tuple(each.get("bad", ())))
        for each in given["options"]
    )
    record = adr.Record(
        title=given["title"],
        status=given.get("status", "proposed"),
        day=today,
        context=given["context"],
        options=options,
        chosen=given["chosen"],
        because=given["because"],
        drivers=tuple(given.get("drivers", ())),
        good=tuple(given.get("good", ())),
        bad=tuple(given.get("bad", ())),
        confirmation=given.get("confirmation", ""),
        makers=tuple(given.get("makers", ())),
    )
    _check(record)
    folder, number, width = _next(workspace)
    path = f"{folder}/{adr.file_name(number, record.title, width=width)}"
    name = workspace.name(workspace.resolve(path))
    return Request(
        "edit", (name,), f"record decision {name}",
        Changes((Diff(name, None, adr.write(record), "utf-8"),)),
        always=(name,), warning=workspace.warning(name),
    )  # fmt: skip


def _check(record: adr.Record) -> None:
    names = [option.name for option in record.options]
    for what, text in (("title", record.title), ("context", record.context)):
        if not text.strip():
            raise ToolError(f"{what} is empty. Say it in a sentence.")
    if len(set(names)) < len(names):
        raise ToolError("Two options have the same name. Give each its own.")
    if record.chosen not in names:
        raise ToolError(
            f"chosen must be the name of one of the options ({', '.join(names)}), "
            f"not {record.chosen!r}."
        )


def _next(workspace: Workspace) -> tuple[str, int, int]:
    """The folder of the decisions, the next number, and its number of digits."""
    folders = {name: _numbers(workspace.resolve(name)) for name in _FOLDERS}
    there = [name for name in _FOLDERS if workspace.resolve(name).is_dir()]
    used = [name for name in there if folders[name]]
    folder = (used or there or [_FOLDERS[0]])[0]
    numbers = folders[folder]
    return folder, max(map(int, numbers), default=0) + 1, max(map(len, numbers), default=4)


def _numbers(folder: Path) -> list[str]:
    """The numbers that files in the folder begin with, as written."""
    if not folder.is_dir():
        return []
    matches = (_NUMBERED.fullmatch(entry.name) for entry in folder.iterdir())
    return [match[1] for match in matches if match]


def _request(given: Input, workspace: Workspace) -> Request:
    return decision_request(given, workspace, today=date.today())  # noqa: DTZ011 - the person's day


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    return apply(context.workspace, request, "Recorded")


def _lines(description: str) -> Mapping[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": description}


TOOL = Tool(
    name="decide",
    description=(
        "Record an architecture decision (MADR): context, the options with what speaks for and "
        "against each, the one chosen and why, its consequences, and how it will be confirmed. "
        "Creates the next numbered file in the project's folder of decisions (docs/decisions "
        "unless there is another)."
    ),
    input_schema=schema(
        ("title", "context", "options", "chosen", "because"),
        title=string("The problem and its solution in a few words, one line"),
        context=string("The situation and the question, two or three sentences"),
        drivers=_lines("Forces and concerns that matter for the choice"),
        options={
            "type": "array",
            "minItems": 1,
            "description": "What was considered",
            "items": schema(
                ("name",),
                name=string("The option, one line"),
                good=_lines("Arguments for it, each completing: Good, because ..."),
                bad=_lines("Arguments against it, each completing: Bad, because ..."),
            ),
        },
        chosen=string("The name of the chosen option, as in options"),
        because=string("Completes: Chosen option, because ..."),
        good=_lines("Good consequences of the decision, each completing: Good, because ..."),
        bad=_lines("Bad consequences of the decision, each completing: Bad, because ..."),
        confirmation=string("How it will be seen that the decision is followed"),
        status={"type": "string", "enum": list(adr.STATUSES), "description": "Default: proposed"},
        makers=_lines("Who decided, where the person has said so"),
    ),
    request=_request,
    run=_run,
    permission="edit",
)
