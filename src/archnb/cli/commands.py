"""What every command of the shell shares: how it is added, how it fails, how it prints JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from archnb.errors import CellError

Act = Callable[[argparse.Namespace], int]
"""A command: what was given in, the exit code out."""


class Parser(argparse.ArgumentParser):
    """Says in one sentence what cannot be understood, and exits as every failure does."""

    def error(self, message: str) -> NoReturn:
        raise CellError(f"{self.prog}: {message}.", hint=f"{self.prog} --help")


@dataclass(frozen=True, slots=True)
class Commands:
    """Where commands are added: the program, or a group of commands such as ``permission``."""

    below: argparse._SubParsersAction[Parser]

    @classmethod
    def of(cls, parser: Parser) -> Commands:
        return cls(parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser))

    def add(self, name: str, act: Act, summary: str) -> Parser:
        """A command that does ``act``; its own arguments are added to what this gives."""
        added = self.below.add_parser(name, help=summary, description=summary)
        added.add_argument("--json", action="store_true", help="print JSON")
        added.set_defaults(act=act)
        return added

    def group(self, name: str, summary: str) -> Commands:
        """Commands behind a common word."""
        return self.of(self.below.add_parser(name, help=summary, description=summary))


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
