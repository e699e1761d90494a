"""``permission check`` and ``permission cases``: what the gate decides, and how it compares."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from archnb.cli.commands import Commands, print_json
from archnb.errors import CellError, WorkspaceError
from archnb.html import visible

if TYPE_CHECKING:
    from archnb.agents import Agent
    from archnb.permission.requests import Decision, Request
    from archnb.session.session import Session
    from archnb.workspace import Workspace

# Tools that say themselves, from this one argument, what a call would want.
_ARGUMENT = {"bash": "command", "webfetch": "url"}
_PATTERN_TOOLS = frozenset({"glob", "grep", "task", "todoread", "todowrite"})


def add(commands: Commands) -> None:
    """Add the commands of this room."""
    group = commands.group("permission", "What may happen unasked, and why.")
    check = group.add("check", _check, "Say what would happen to one call.")
    check.add_argument(
        "what", metavar="COMMAND_OR_PATH", help="a command, path, address or pattern"
    )
    check.add_argument("--tool", default="bash", help="the tool that is called (default: bash)")
    check.add_argument("--agent", default="", metavar="FILE_OR_NAME", help="default: the one here")

    cases = group.add(
        "cases",
        _cases,
        "Hold a file of observed decisions against archnb's; exit 1 on a looser one.",
    )
    cases.add_argument("file")


def _check(given: argparse.Namespace) -> int:
    from archnb.permission.report import decision_json, decision_text
    from archnb.session.session import Session

    session = Session()
    agent = _agent(session, given.agent)
    decision, request = _decision(session, agent, given.tool.lower(), given.what)
    if given.json:
        print_json(decision_json(decision, request))
    else:
        print(visible(f"{agent.name} ({agent.path}), {given.tool}: {given.what}"))
        print(decision_text(decision, request))
    return 0


def _agent(session: Session, named: str) -> Agent:
    from archnb import agents

    path = Path(named)
    if named and (path.is_file() or path.suffix == ".md"):
        return agents.load(path, path.stem)
    return session.agent(named)


def _decision(session: Session, agent: Agent, tool: str, what: str) -> tuple[Decision, Request]:
    from archnb.permission.rules import Rule

    gate, grants = session.gate(agent), session.granted(agent)
    try:
        request = _request(tool, what, session.workspace)
        return gate.settle(request, grants=grants), request
    except WorkspaceError as error:  # a path outside: the tool refuses it, whatever the rules say
        refused = _refused(tool, what, session.workspace)
        rule = Rule(refused.permission, refused.patterns[0], "deny", "the tool itself")
        alone = gate.settle(refused)
        return replace(alone, action="deny", rule=rule, reasons=(error.message,)), refused


def _request(tool: str, what: str, workspace: Workspace) -> Request:
    """What a call of ``tool`` with this one argument would want."""
    from archnb.permission.requests import Request
    from archnb.permission.rules import ALIASES
    from archnb.tools.base import ToolError, all_tools

    permission = ALIASES.get(tool, tool)
    known = {each.name: each for each in all_tools()}
    if permission in _ARGUMENT and permission in known:
        try:
            return known[permission].request({_ARGUMENT[permission]: what}, workspace)
        except ToolError as error:
            raise CellError(f"{tool}: {error}") from error
    if permission in _PATTERN_TOOLS:
        return Request(permission, (what,), f"{tool} {what}", what)
    if tool not in known and permission not in known:
        names = ", ".join(sorted(known))
        raise CellError(f"There is no tool {tool!r}.", hint=f"Tools: {names}.")
    name = workspace.name(workspace.resolve(what))
    warning = workspace.warning(name) if permission == "edit" else workspace.secret(name)
    return Request(permission, (name,), f"{tool} {name}", name, warning=warning)


def _refused(tool: str, path: str, workspace: Workspace) -> Request:
    """What OpenCode would ask for a path outside the workspace."""
    import posixpath

    from archnb.permission.opencode import outside_folder
    from archnb.permission.requests import Request
    from archnb.permission.rules import ALIASES

    root = workspace.root.as_posix()
    name = posixpath.relpath(posixpath.join(root, path), root)
    folder = outside_folder(path, root=root)
    outside = (folder,) if folder else ()
    return Request(ALIASES.get(tool, tool), (name,), f"{tool} {name}", name, outside=outside)


def _cases(given: argparse.Namespace) -> int:
    from archnb.agents import rules_of
    from archnb.permission import cases

    report = cases.run(cases.load(Path(given.file)), rules_of)
    if given.json:
        print_json(report.as_json())
    else:
        print(report.text())
    return 0 if report.passed else 1
