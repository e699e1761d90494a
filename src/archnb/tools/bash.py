"""Run one bash line in the workspace."""

from __future__ import annotations

from archnb.execution import process, sandbox
from archnb.permission.gate import Request, Shell
from archnb.tools.base import Input, Output, Tool, clipped, schema, string
from archnb.workspace import Workspace

TIMEOUT = 120_000  # milliseconds, as OpenCode has it
MAX_TIMEOUT = 600_000


def _request(given: Input, workspace: Workspace) -> Request:
    folder = workspace.resolve(given.get("workdir") or ".")
    command = given["command"]
    shell = Shell(command, workspace.name(folder), _timeout(given), sandbox.LABEL)
    return Request("bash", (command,), f"run {command}", shell, always=(command,))


async def _run(given: Input, workspace: Workspace, request: Request) -> Output:
    outcome = await process.run(
        request.patterns[0], workspace.resolve(given.get("workdir") or "."), timeout=_timeout(given)
    )
    ending = f"exit code {outcome.code}, {outcome.seconds:.1f} s"
    if outcome.timed_out:
        ending = f"ended after the time limit of {_timeout(given):.0f} s"
    return Output(
        clipped(f"{outcome.output.rstrip()}\n({ending})".lstrip()), failed=outcome.timed_out
    )


def _timeout(given: Input) -> float:
    return float(min(given.get("timeout", TIMEOUT), MAX_TIMEOUT)) / 1000


TOOL = Tool(
    name="bash",
    description=(
        "Run one bash command in the workspace: a fresh shell each time, no standard input, a "
        "clean environment without keys. Output (stdout and stderr) and exit code come back. The "
        "person may be asked first; plain single commands pass more easily than chains, "
        "redirections or variables."
    ),
    input_schema=schema(
        ("command",),
        command=string("The command line"),
        timeout={"type": "integer", "minimum": 1, "description": "Milliseconds, at most 600000"},
        workdir=string("Folder below the workspace"),
        description=string("What it is for, in five to ten words"),
    ),
    request=_request,
    run=_run,
)
