"""Run one bash line in the workspace."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from archnb.execution import git, process, sandbox
from archnb.execution.output import WHOLE, Printed
from archnb.execution.sandbox import Sandbox
from archnb.permission import opencode
from archnb.permission.commands import MAX_LENGTH, SHELLS, WRAPPERS, parse
from archnb.permission.effects.network import needs
from archnb.permission.requests import ACCESSES, Access, Request, Shell, shell_title, widest
from archnb.tools._reach import astray
from archnb.tools._standing import changed, standing
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace

# Programs that stay in the folder they are started in and start no other.
_STAYING = frozenset("cat cut diff echo grep head ls nl pwd sort tail tr true uniq wc".split())
TIMEOUT = 120_000  # milliseconds, as OpenCode has it
MAX_TIMEOUT = 600_000
_DEMANDS: Mapping[Access, str] = {
    "workspace": "",
    "network": "it asks for the network",
    "full": "it asks to run outside the sandbox",
}
_BEYOND: Mapping[Access, str] = {
    "workspace": (
        "(it ran in the sandbox: no network, no writes outside the workspace, home hidden. If that "
        'stopped it, it can be asked for with access "network" or "full")'
    ),
    "network": (
        "(it ran in the sandbox: network on, no writes outside the workspace, home and its keys "
        'hidden. If that stopped it, it can be asked for with access "full")'
    ),
    "full": "",
}
_UNSEEN = (
    "(places outside the workspace are hidden in the sandbox: what seems missing there may exist. "
    'With access "full" it would be seen)'
)
_PARTLY = (
    "(this workspace is a part of a larger repository, and only the workspace is visible in the "
    "sandbox: files outside it look deleted and are not, and its index cannot be written. With "
    'access "full" all of it would be seen)'
)
# What a program prints when a limit of the sandbox stopped it, whatever its language.
_STOPPED = re.compile(
    r"(?i)permission denied|operation not permitted|read-only file system|not permitted"
    r"|network is unreachable|could(n't| not) (resolve|connect)|name resolution|unknown host"
    r"|device or resource busy|no route to host|connection (refused|error)|cannot connect"
    r"|failed to connect|dial tcp"
    r"|\b(EACCES|EPERM|EROFS|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ECONNREFUSED)\b"
)


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
    parsed = parse(command)
    warning = _git_danger(command, folder, workspace.root) or astray(parsed, folder, workspace)
    request = Request(
        "bash", (command,), shell_title(command),
        Shell(command, workspace.name(folder), timeout, ""),
        always=(command, *_wider(command)), outside=outside, warning=warning,
    )  # fmt: skip
    return with_access(request, given.get("access", "workspace"), sandbox.current(), workspace.root)


def with_access(request: Request, asked: Access, current: Sandbox, root: Path) -> Request:
    """The request as it runs in ``current``: as it was asked, or as its programs need it.

    Where nothing limits a command there is no more to ask for. ``root`` is the workspace's.
    """
    shell = request.preview
    if not isinstance(shell, Shell):
        raise TypeError(shell)
    alone = replace(shell, access="workspace", sandbox=_label(current, "workspace", root))
    if not current.limits():
        return replace(request, preview=alone)
    parts = parse(shell.command).parts
    access = widest(asked, needs(reading for part in parts for reading in part.readings))
    shown = replace(shell, access=access, sandbox=_label(current, access, root))
    by_rule = None if access == "workspace" else alone
    return replace(request, preview=shown, demand=_DEMANDS[asked], by_rule=by_rule)


def _label(current: Sandbox, access: Access, root: Path) -> str:
    """What binds a command, in words that say of the network, too."""
    if not current.limits():
        unbound = current.label(access, root)
        return unbound if current.fault else f"network on, {unbound}"
    if access == "full":
        return "not sandboxed: it can write anywhere and reach the network"
    return current.label(access, root)


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


def _git_danger(command: str, folder: Path, root: Path) -> str:
    """Why a command that names git may run what a repository names; empty for any other."""
    parts = parse(command).parts
    words = (command, *(word for part in parts for word in part.argv))
    if not any(re.search(r"\bgit\b", word, re.IGNORECASE) for word in words):
        return ""
    return git.danger(folder, below=not all(_stays(part.argv) for part in parts), root=root)


def _stays(argv: Sequence[str]) -> bool:
    """Whether a program works in the folder it is started in: no ``cd``, no ``git -C``."""
    if argv[:1] == ("git",):
        return len(argv) > 1 and not argv[1].startswith("-")
    return bool(argv) and argv[0] in _STAYING


def _notes(shell: Shell, code: int, printed: str, folder: Path, root: Path) -> list[str]:
    """What the sandbox may have to do with how a command went."""
    if shell.access == "full" or not sandbox.current().limits():
        return []
    parts = parse(shell.command).parts
    needed = needs(reading for part in parts for reading in part.readings)
    lacking = bool(code) and widest(needed, shell.access) != shell.access
    # The code of a pipe is its last program's, and git goes on when it cannot write its settings.
    told = code or len(parts) > 1 or "could not write config file" in printed
    notes = [_BEYOND[shell.access]] if lacking or (told and _STOPPED.search(printed)) else []
    if any(_outside(word, folder, root) for part in parts for word in part.argv[1:]):
        notes.append(_UNSEEN)
    if any(part.argv[:1] == ("git",) for part in parts) and _below_its_top(root):
        notes.append(_PARTLY)
    return notes


def _below_its_top(root: Path) -> bool:
    """Whether the workspace is a part of a repository that begins above it."""
    return not os.path.lexists(root / ".git") and any(
        os.path.lexists(folder / ".git") for folder in root.parents
    )


def _outside(word: str, folder: Path, root: Path) -> bool:
    """Whether a word names a place that the sandbox does not show: no system folder, not ours."""
    if word[:1] not in "~/." or word[:2] in ("./", "."):
        return False
    place = os.path.normpath(folder / os.path.expanduser(word))  # noqa: PTH111  (never raises)
    shown = (str(root), "/usr", "/bin", "/etc", "/lib", "/opt", "/dev", "/proc", "/sys", "/tmp")  # noqa: S108
    return not any(place == one or place.startswith(f"{one}/") for one in shown)


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    shell = request.preview
    if not isinstance(shell, Shell):
        raise TypeError(shell)
    whole = f"bash-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}.txt"
    printed = Printed(context.outputs / whole if context.outputs else None)
    root = context.workspace.root
    folder = context.workspace.resolve(shell.folder)
    before = standing(root)
    failed, code = True, 0
    try:
        outcome = await process.run(
            shell.command, folder, root=root, access=shell.access,
            timeout=shell.timeout, printed=printed, progress=context.progress,
        )  # fmt: skip
    except asyncio.CancelledError:
        # The loop that cancelled it keeps what the command gave until then.
        ending = "interrupted; the command and what it started were ended"
    else:
        failed, code = outcome.timed_out, outcome.code
        ending = f"exit code {outcome.code}, {outcome.seconds:.1f} s"
        if outcome.timed_out:
            ending = (
                f"ended after the time limit of {shell.timeout:g} s; a larger timeout can be given"
            )
    lines = [printed.text().rstrip(), f"({ending})"]
    if names := changed(before, root):
        lines.append(f"(this changed {', '.join(names)}: it decides what runs later)")
    lines += _notes(shell, code, lines[0], folder, root)
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
        "redirections or variables. It runs sandboxed where the machine can: writes stay in the "
        "workspace and the network is off, unless access asks for more and the person agrees."
    ),
    input_schema=schema(
        ("command",),
        command=string("The command line"),
        timeout={"type": "integer", "minimum": 1, "description": "Milliseconds, at most 600000"},
        access={
            "type": "string",
            "enum": list(ACCESSES),
            "description": (
                'Default "workspace". Installing, fetching, pushing and curl need "network"; '
                'docker, sudo, keys at home and writing outside the workspace need "full". '
                "The person is asked for both."
            ),
        },
        workdir=string("Folder below the workspace"),
        description=string("What it is for, in five to ten words"),
    ),
    request=_request,
    run=_run,
)
