"""Draw a design for the person, inline."""

from __future__ import annotations

import re

from archnb.permission.requests import Request
from archnb.tools._designs import INPUT, design_request, problems_text, read_design
from archnb.tools.base import Context, Input, Output, Tool, ToolError, clipped, schema, string
from archnb.workspace import Workspace

# Comments, then "strict digraph name {": each step possessive, so that no text makes it slow.
_DOT = re.compile(
    r"(?>\s|//[^\n]*\n|#[^\n]*\n|/\*(?>.*?\*/))*+(?:strict\s+)?(?:di)?graph\b"
    r'\s*+(?:"[^"]*"|[\w.]+)?\s*+\{',
    re.IGNORECASE | re.DOTALL,
)


def _request(given: Input, workspace: Workspace) -> Request:
    named = [path for path in given.get("files", ()) if path.lower().endswith((".dot", ".gv"))]
    if named or _DOT.match(given.get("text", "")):
        raise ToolError(
            "DOT itself is not drawn: it can name files, addresses and programs. Give what it "
            "shows as tables, as a compose file, or as a sketch, one line each: a -> b: label."
        )
    return design_request("draw", given, workspace)


async def _run(given: Input, context: Context, request: Request) -> Output:
    from archnb.design.diagrams import draw
    from archnb.design.lint import lint

    reading = read_design(given, context.workspace, request)
    findings = lint(reading.design, texts=reading.texts)
    drawings = draw(
        reading.design, given.get("kind", "auto"), title=given.get("title", ""), findings=findings
    )
    unread = problems_text(reading, request)
    if not drawings:
        raise ToolError(f"There is nothing to draw in it ({reading.design.summary}).{unread}")
    text = f"Drawn: {reading.design.summary}.{unread}\n\n"
    return Output(
        clipped(text + "\n\n".join(drawing.text for drawing in drawings)),
        shown=tuple(drawings),
        design=reading.design,
    )


TOOL = Tool(
    name="draw",
    description=(
        "Draw an entity-relationship diagram (kind erd) or a service diagram (kind services) from "
        "SQL, OpenAPI, compose, Kubernetes files, arrow sketches or plain sentences, and show it "
        "to the person. The answer lists every element and relation that was drawn."
    ),
    input_schema=schema(
        (),
        **INPUT,
        kind={
            "type": "string",
            "enum": ["auto", "erd", "services"],
            "description": "Default: whatever applies",
        },
        title=string("Caption of the picture"),
    ),
    request=_request,
    run=_run,
)
