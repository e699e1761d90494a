"""What the architect's own tools share: a design read from named files, from text, or from both."""

from __future__ import annotations

from archnb.design.elements import Design, Problem, Source
from archnb.design.reading import Reading, files_below, read_texts
from archnb.errors import WorkspaceError
from archnb.permission.requests import Request
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


def design_request(permission: str, given: Input, workspace: Workspace) -> Request:
    """Looking at files is asked like reading them: every path is a pattern."""
    given_names = [workspace.name(workspace.resolve(path)) for path in given.get("files", ())]
    names = tuple(_names(given, workspace))
    what = ", ".join(given_names) or "the text"
    return Request(permission, names or ("text",), f"{permission} {what}", what)


def _names(given: Input, workspace: Workspace) -> list[str]:
    """The files of a call by name; a folder stands for the files below it."""
    names: list[str] = []
    for path in given.get("files", ()):
        resolved = workspace.resolve(path)
        below = files_below(resolved) if resolved.is_dir() else [resolved]
        names += [workspace.name(file.resolve()) for file in below]
    return list(dict.fromkeys(names))


def read_design(given: Input, workspace: Workspace) -> Reading:
    """The design of a call's files and text, together with the texts."""
    paths = given.get("files", ())
    if not paths and not given.get("text"):
        raise ToolError("Give files or text.")
    folders = any(workspace.resolve(path).is_dir() for path in paths)
    texts: dict[str, str] = {}
    skipped: list[Problem] = []
    for name in _names(given, workspace):
        try:
            texts[name] = workspace.read_text(name).removeprefix("\ufeff")
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


def problems_text(reading: Reading) -> str:
    """What could not be read, a line each."""
    return "".join(
        f"\nnot read: {problem.source}: {problem.message}" for problem in reading.design.problems
    )
