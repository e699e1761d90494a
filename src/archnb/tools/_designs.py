"""What the architect's own tools share: a design read from named files, from text, or from both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from archnb.design.elements import Design, Problem, Source
from archnb.design.reading import Reading, files_below, read_texts
from archnb.errors import WorkspaceError
from archnb.permission.requests import Request
from archnb.tools._tree import shown
from archnb.tools.base import Input, ToolError, string
from archnb.workspace import Workspace

INPUT = {
    "files": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Files or folders below the workspace",
    },
    "text": string("A schema, specification, sketch or sentences, instead of or beside files"),
    "format": {
        "type": "string",
        "description": (
            "Format of text where it should not be recognised: ddl, openapi, compose, kubernetes, "
            "sketch, prose"
        ),
    },
}


def files_request(
    permission: str,
    given: Input,
    workspace: Workspace,
    below: Callable[[Path], Iterable[Path]],
) -> Request:
    """Looking at files is asked like reading them: every file is a pattern, in order.

    ``below(folder)`` are the files that a folder stands for. Those of them that may hold keys, and
    those that have no usable name, are left out; the preview says so, a line each.
    """
    if not given.get("files") and not given.get("text"):
        raise ToolError("Give files or text.")
    names: list[str] = []
    warnings: list[str] = []
    left_out: list[str] = []
    asked = [workspace.resolve(path) for path in given.get("files", ())]
    for path in asked:
        if not path.is_dir():
            names.append(workspace.name(path))
            warnings.append(workspace.secret(names[-1]))
            continue
        for file in below(path):
            name = workspace.name(file)
            try:
                name = workspace.name(workspace.resolve(name))
                why = workspace.secret(name)
            except WorkspaceError as error:
                why = shown(error.message)
            if why:
                left_out.append(f"not read: {shown(name)}: {why}")
            else:
                names.append(name)
    notes = "".join(f"\n{note}" for note in left_out)
    if asked and not names:
        raise ToolError(f"There is no file of a known format there that may be read.{notes}")
    what = ", ".join(map(workspace.name, asked)) or "the text"
    return Request(
        permission, tuple(dict.fromkeys(names)) or ("text",), f"{permission} {what}", what + notes,
        warning="; ".join(dict.fromkeys(filter(None, warnings))),
    )  # fmt: skip


def design_request(permission: str, given: Input, workspace: Workspace) -> Request:
    """The request of a tool that reads a design."""
    return files_request(permission, given, workspace, files_below)


def settled_names(given: Input, request: Request) -> tuple[str, ...]:
    """The files that ``request`` was settled for: these are read, and no others."""
    return request.patterns if given.get("files") else ()


def left_out(request: Request) -> str:
    """What :func:`files_request` left out, a line each."""
    return "".join(f"\n{line}" for line in str(request.preview).split("\n")[1:])


def read_design(given: Input, workspace: Workspace, request: Request) -> Reading:
    """The design of a call's files and text, together with the texts."""
    folders = any(workspace.resolve(path).is_dir() for path in given.get("files", ()))
    texts: dict[str, str] = {}
    skipped: list[Problem] = []
    for name in settled_names(given, request):
        try:
            texts[name] = workspace.read_text(name, settled=True).removeprefix("\ufeff")
        except WorkspaceError as error:
            if not folders:
                raise
            skipped.append(Problem(Source(name), error.message))
    reading = read_texts(texts, whole_folder=folders)
    reading = Reading(reading.design | Design(problems=tuple(skipped)), reading.texts)
    if given.get("text"):
        typed = read_texts({"": given["text"]}, format=given.get("format"))
        reading = Reading(reading.design | typed.design, {**reading.texts, **typed.texts})
    return reading


def problems_text(reading: Reading, request: Request) -> str:
    """What could not be read and what was left out, a line each."""
    problems = [
        shown(" ".join(f"{problem.source}: {problem.message}".split()))
        for problem in reading.design.problems
    ]
    return "".join(f"\nnot read: {problem}" for problem in problems) + left_out(request)
