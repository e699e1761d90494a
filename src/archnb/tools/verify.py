"""Apply a schema to a real, throw-away database and say what that made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from archnb.permission.requests import Request
from archnb.tools._designs import files_request, left_out, settled_names
from archnb.tools.base import Context, Input, Output, Tool, clipped, schema, string
from archnb.workspace import Workspace

_NEXT = {
    True: "",
    False: (
        "\n\nMend the lines named above, then run verify again. What follows from the first problem"
        " may go with it."
    ),
    None: "\n\nThis proves nothing either way: say so, and do not call the schema verified.",
}


def _request(given: Input, workspace: Workspace) -> Request:
    from archnb.design.verify import schema_files

    def below(folder: Path) -> Iterator[Path]:
        for file in schema_files(folder):
            if file.is_symlink():  # a schema without one of its migrations proves nothing
                workspace.resolve(str(file))
            yield file

    return files_request("verify", given, workspace, below)


async def _run(given: Input, context: Context, request: Request) -> Output:
    from archnb.design.databases.base import Limit
    from archnb.design.verdicts import Verdicts
    from archnb.design.verify import verify_texts

    texts = {
        name: context.workspace.read_text(name, settled=True).removeprefix("\ufeff")
        for name in settled_names(given, request)
    }
    if given.get("text"):
        texts[""] = given["text"]
    limit = Limit()
    try:
        found = await asyncio.to_thread(
            verify_texts, texts, engine=given.get("engine", "auto"), limit=limit
        )
    except asyncio.CancelledError:
        limit.stop.set()  # the thread sees it within a tenth of a second and ends the engine
        raise
    verdicts = Verdicts(found)
    return Output(
        clipped(verdicts.text() + left_out(request) + _NEXT[verdicts.ok]), shown=(verdicts,)
    )


TOOL = Tool(
    name="verify",
    description=(
        "Prove a schema on a real database: apply SQL, or a folder of migrations in order, "
        "statement by statement to a throw-away SQLite or PostgreSQL, and get what the engine "
        "refuses in its own words with file and line. Run it before you call a schema valid, and "
        "again after every change."
    ),
    input_schema=schema(
        (),
        files={
            "type": "array",
            "items": {"type": "string"},
            "description": "SQL files or folders of migrations below the workspace, in order",
        },
        text=string("SQL instead of files, or to apply after them"),
        engine={
            "type": "string",
            "enum": ["auto", "sqlite", "postgres"],
            "description": "Default: by the dialect of the SQL",
        },
    ),
    request=_request,
    run=_run,
)
