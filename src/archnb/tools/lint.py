"""Review a design by rules and show the findings."""

from __future__ import annotations

import json

from archnb.design.elements import Finding
from archnb.design.findings import Findings
from archnb.permission.requests import Request
from archnb.tools._designs import INPUT, design_request, problems_text, read_design
from archnb.tools.base import Context, Input, Output, Tool, clipped, schema
from archnb.workspace import Workspace


def _request(given: Input, workspace: Workspace) -> Request:
    return design_request("lint", given, workspace)


async def _run(given: Input, context: Context, request: Request) -> Output:
    from archnb.design.lint import lint

    reading = read_design(given, context.workspace, request)
    found = lint(reading.design, texts=reading.texts, select=given.get("select"))
    findings = Findings(tuple(found), reading.design.summary, reading.design.problems)
    lines = [
        findings.summary + problems_text(reading, request),
        *(_line(finding) for finding in findings),
    ]
    return Output(clipped("\n".join(lines)), shown=(findings,), design=reading.design)


def _line(finding: Finding) -> str:
    line = f"{finding.code} {finding.severity} {finding.source} {finding.where}: {finding.message}"
    if finding.advice:
        line += f" → {finding.advice}"
    line = " ".join(line.split())  # a name with a line break in it must not forge a line
    if finding.fix is None:
        return line
    edit = {
        "filePath": finding.fix.file,
        "oldString": finding.fix.old,
        "newString": finding.fix.new,
    }
    return f"{line}\n  fix with edit: {json.dumps(edit, ensure_ascii=False)}"


TOOL = Tool(
    name="lint",
    description=(
        "Review schemas, APIs and deployments by archnb's rules (foreign keys without an index, "
        "lists without paging, open operations, shared databases, literal secrets, ...). Each "
        "finding has its rule code, file and line; a safe fix comes as the exact input of the edit "
        "tool. Run it again after every change."
    ),
    input_schema=schema(
        (),
        **INPUT,
        select={
            "type": "array",
            "items": {"type": "string"},
            "description": "Only these rule codes",
        },
    ),
    request=_request,
    run=_run,
)
