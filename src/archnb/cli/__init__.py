"""The same rooms from a shell, for scripts and CI; every command has ``--json``."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from archnb import __version__
from archnb.cli import agents, conversing, designing, permissions
from archnb.cli.commands import Commands, Parser
from archnb.errors import ArchnbError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command. Exit codes: 0 fine, 1 it does not hold, 2 could not do it.

    What does not hold: findings at or above the level, a refused schema, a looser decision.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow console shows ? instead of failing
    try:
        given = _parser().parse_args(arguments)
        code = given.act(given)
    except ArchnbError as error:
        print(f"archnb: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  hint: {error.hint}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        print("archnb: interrupted", file=sys.stderr)
        code = 2
    except BrokenPipeError:
        code = 0
    raise SystemExit(code)


def _parser() -> Parser:
    parser = Parser(
        prog="archnb", description="An architecture assistant that lives in a notebook."
    )
    parser.add_argument("--version", action="version", version=f"archnb {__version__}")
    commands = Commands.of(parser)
    conversing.add(commands)
    designing.add(commands)
    agents.add(commands)
    permissions.add(commands)
    return parser
