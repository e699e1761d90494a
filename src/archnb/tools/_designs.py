"""What the architect's own tools share: a design read from named files, from text, or from both."""

from __future__ import annotations

from archnb.design.reading import Reading, formats, read_texts
from archnb.permission.gate import Request
from archnb.tools._tree import files
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
    names = tuple(workspace.name(workspace.resolve(path)) for path in given.get("files", ()))
    what = ", ".join(names) or "the text"
    return Request(permission, names or ("text",), f"{permission} {what}", what)


def read_design(given: Input, workspace: Workspace) -> Reading:
    """The design of a call's files and text, together with the texts."""
    paths = given.get("files", ())
    if not paths and not given.get("text"):
        raise ToolError("Give files or text.")
    texts: dict[str, str] = {}
    suffixes = tuple({suffix for known in formats() for suffix in known.suffixes})
    folders = False
    for path in paths:
        resolved = workspace.resolve(path)
        if resolved.is_dir():
            folders = True
            below = [file for file in files(resolved) if file.name.endswith(suffixes)]
            texts |= {
                workspace.name(file): workspace.read_text(workspace.name(file)) for file in below
            }
        else:
            name = workspace.name(resolved)
            texts[name] = workspace.read_text(name)
    texts = {name: text.removeprefix("\ufeff") for name, text in texts.items()}
    reading = read_texts(texts, whole_folder=folders)
    if given.get("text"):
        typed = read_texts({"": given["text"]}, format=given.get("format"))
        reading = Reading(reading.design | typed.design, {**reading.texts, **typed.texts})
    return reading


def problems_text(reading: Reading) -> str:
    """What could not be read, a line each."""
    return "".join(
        f"\nnot read: {problem.source}: {problem.message}" for problem in reading.design.problems
    )
