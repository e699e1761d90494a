"""Run one bash line in the workspace."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from archnb.execution import git, process, sandbox
from archnb.execution.output import WHOLE, Printed
from archnb.permission import opencode
from archnb.permission.commands import MAX_LENGTH, SHELLS, WRAPPERS, parse
from archnb.permission.requests import Request, Shell, shell_title
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

# Programs that stay in the folder they are started in and start no other.
_STAYING = frozenset("cat cut diff echo grep head ls nl pwd sort tail tr true uniq wc".split())
TIMEOUT = 120_000  # milliseconds, as OpenCode has it
MAX_TIMEOUT = 600_000
MAX_MATCHES = 500  # entries of a pattern that are looked at


def _request(given: Input, workspace: Workspace) -> Request:
    folder = workspace.resolve(given.get("workdir") or ".")
    command = given["command"]
    if not command.strip() or "\0" in command:
        raise ToolError("The command is empty or holds a NUL. Give a bash command line.")
    if len(command) > MAX_LENGTH:
        raise ToolError(
            f"The command is longer than {MAX_LENGTH:,} characters; nobody can review that. "
            "Write a script with the write tool and run it."
        )
    if not folder.is_dir():
        raise ToolError(f"{given['workdir']} is not a folder of the workspace.")
    timeout = min(given.get("timeout", TIMEOUT), MAX_TIMEOUT) / 1000
    outside = opencode.outside_folders(
        command,
        folder=folder.as_posix(),
        root=workspace.root.as_posix(),
        home=os.path.expanduser("~"),  # noqa: PTH111  (HOME may be unset; this never raises)
        is_folder=os.path.isdir,
    )
    return Request(
        "bash", (command,), shell_title(command),
        Shell(command, workspace.name(folder), timeout, sandbox.LABEL),
        always=(command, *_wider(command)),
        outside=outside,
        warning=_git_danger(command, folder) or _led_astray(command, folder, workspace),
    )  # fmt: skip


def _led_astray(command: str, folder: Path, workspace: Workspace) -> str:
    """Why a word reaches more than it says: a link that leads outside, or to a file of keys."""
    for part in parse(command).parts:
        if part.argv[:1] == ("cd",) and len(part.argv) == 2:
            folder = folder / part.argv[1]
        for word in part.argv[1:]:
            for path in _meant(folder, word.partition("=")[2] or word):
                real = path.resolve()
                if not real.is_relative_to(workspace.root):
                    return f"{word} leads outside the workspace"
                name = workspace.name(real)
                if os.path.normpath(path) != str(real) and (secret := workspace.secret(name)):
                    return f"{word} leads to {name}, and {secret}"
    return ""


def _meant(folder: Path, word: str) -> list[Path]:
    """The entries that a word names; of a pattern the first few hundred."""
    try:
        if re.search(r"[*?\[]", word) and not word.startswith("/"):
            return list(islice(folder.glob(word), MAX_MATCHES))
        return [folder / word] if os.path.lexists(folder / word) else []
    except (OSError, ValueError, NotImplementedError):  # no name that a file could have
        return []


def _wider(command: str) -> tuple[str, ...]:
    """What else "always" can offer: the same kind of command, where it is one plain command.

    >>> _wider("git log -3"), _wider("git log && ls"), _wider("sudo ls")
    (('git log *',), (), ())
    """
    parsed = parse(command)
    if parsed.reasons or len(parsed.parts) != 1:
        return ()
    argv = parsed.parts[0].argv
    pattern = opencode.always_pattern(argv)
    if argv[0] in WRAPPERS | SHELLS or re.search(r"[*?]", pattern[:-1]) or pattern == command:
        return ()
    return (pattern,)


def _git_danger(command: str, folder: Path) -> str:
    """Why a command that names git may run what a repository names; empty for any other."""
    parts = parse(command).parts
    words = (command, *(word for part in parts for word in part.argv))
    if not any(re.search(r"\bgit\b", word, re.IGNORECASE) for word in words):
        return ""
    return git.danger(folder, below=not all(_stays(part.argv) for part in parts))


def _stays(argv: Sequence[str]) -> bool:
    """Whether a program works in the folder it is started in: no ``cd``, no ``git -C``."""
    if argv[:1] == ("git",):
        return len(argv) > 1 and not argv[1].startswith("-")
    return bool(argv) and argv[0] in _STAYING


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    shell = request.preview
    if not isinstance(shell, Shell):
        raise TypeError(shell)
    whole = f"bash-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}.txt"
    printed = Printed(context.outputs / whole if context.outputs else None)
    folder = context.workspace.resolve(shell.folder)
    failed = True
    try:
        outcome = await process.run(
            shell.command, folder,
            timeout=shell.timeout, printed=printed, progress=context.progress,
        )  # fmt: skip
    except asyncio.CancelledError:
        # The loop that cancelled it keeps what the command gave until then.
        ending = "interrupted; the command and what it started were ended"
    else:
        failed = outcome.timed_out
        ending = f"exit code {outcome.code}, {outcome.seconds:.1f} s"
        if outcome.timed_out:
            ending = (
                f"ended after the time limit of {shell.timeout:g} s; a larger timeout can be given"
            )
    lines = [printed.text().rstrip(), f"({ending})"]
    if saved := printed.saved():
        size = "" if printed.total <= WHOLE else f" (its first {WHOLE // 1_000_000} MB)"
        lines.append(
            f"Full output saved to: {saved}{size}. That file is for the person: to see more of it, "
            "run a narrower command, or pipe it through grep, head or tail."
        )
    return Output("\n".join(lines).lstrip("\n"), failed=failed)


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
