"""Run one bash line in the workspace."""

from __future__ import annotations

import re
from pathlib import Path

from archnb.execution import process, sandbox
from archnb.permission.gate import Request, Shell
from archnb.tools.base import Input, Output, Tool, ToolError, clipped, schema, string
from archnb.workspace import Workspace

# Sections and keys of .git/config by which git runs a program while it reads.
_RUNS_PROGRAMS = re.compile(
    r"\[\s*(?:filter|include)\w*|\b(?:external|textconv|command|fsmonitor|hookspath|sshcommand)\b",
    re.IGNORECASE,
)
TIMEOUT = 120_000  # milliseconds, as OpenCode has it
MAX_TIMEOUT = 600_000


def _request(given: Input, workspace: Workspace) -> Request:
    folder = workspace.resolve(given.get("workdir") or ".")
    command = given["command"]
    if not folder.is_dir():
        raise ToolError(f"{given['workdir']} is not a folder of the workspace.")
    shell = Shell(command, workspace.name(folder), _timeout(given), sandbox.LABEL)
    warning = _git_programs(folder) if re.search(r"\bgit\b", command) else ""
    title = f"run {' '.join(command.split())}"
    return Request("bash", (command,), title[:300], shell, always=(command,), warning=warning)


def _git_programs(folder: Path) -> str:
    """Why even reading with git may run a program here: the repository's own configuration.

    Settings in the environment stop hooks, the file system monitor and gpg; filters, text
    conversion and diff drivers have no such switch.
    """
    for place in (folder, *folder.parents):
        config = place / ".git" / "config"
        if (place / ".git").is_file():
            return "this repository's git configuration lies elsewhere (.git is a file)"
        if config.is_file():
            text = config.read_text("utf-8", "replace")
            found = _RUNS_PROGRAMS.search(text)
            return (
                f"this repository's git configuration runs programs ({found[0]})" if found else ""
            )
    return ""


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
