"""``agents``: which can be named here, and what one of them may do."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from archnb.cli.commands import Commands, print_json
from archnb.errors import CellError


def add(commands: Commands) -> None:
    """Add the commands of this room."""
    agents = commands.add("agents", _agents, "List the agents that can be named, or check a file.")
    agents.add_argument("check", nargs="?", choices=("check",))
    agents.add_argument("file", nargs="?")
    agents.add_argument(
        "--tightened",
        default="",
        metavar="OUT",
        help="with check: write a copy whose rules run no third-party code unasked",
    )


def _agents(given: argparse.Namespace) -> int:
    if given.check:
        return _check(given)
    from archnb import agents

    rows = agents.listing(Path.cwd())
    if given.json:
        print_json([asdict(row) for row in rows])
    else:
        for row in rows:
            print(f"{row.name:<24} {row.origin:<10} {row.problem or row.path}")
    return 0


def _check(given: argparse.Namespace) -> int:
    from archnb import agents
    from archnb.agents.explain import explain
    from archnb.tools.base import all_tools

    if not given.file:
        raise CellError("archnb agents check needs a file.")
    known = {row.name for row in agents.listing(Path.cwd())}
    tools = [tool.name for tool in all_tools()]
    today = datetime.now(UTC).date()
    found = explain(Path(given.file), tools=tools, agents=known, today=today)
    if given.json:
        print_json(found.as_json())
    else:
        print(found.text())
    if given.tightened:
        written = found.write_tightened(Path(given.tightened))
        print(written, file=sys.stderr if given.json else sys.stdout)
    return 0
