"""The words behind a magic: options and file names, with one sentence for what is wrong."""

from __future__ import annotations

import argparse
import shlex
from typing import NoReturn

from archnb.errors import CellError


class _Arguments(argparse.ArgumentParser):
    """A parser whose complaint is one sentence instead of an exit."""

    def error(self, message: str) -> NoReturn:
        raise CellError(f"{self.prog}: {message}.", hint="%architect help lists the options.")


def cell_arguments(line: str) -> argparse.Namespace:
    """The options of ``%%architect``: agent, model, plan, new, output."""
    parser = _Arguments(prog="%%architect", add_help=False, allow_abbrev=False)
    parser.add_argument("--agent", default="")
    parser.add_argument("--model", default="")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--new", action="store_true")
    parser.add_argument("-o", "--output", default="", metavar="VAR")
    return parser.parse_args(split(line, "%%architect"))


def design_arguments(line: str) -> argparse.Namespace:
    """The words of ``%%design``: name, format."""
    parser = _Arguments(prog="%%design", add_help=False, allow_abbrev=False)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--format", default=None)
    return parser.parse_args(split(line, "%%design"))


def file_arguments(line: str, magic: str) -> list[str]:
    """The files named behind a magic, an ``@`` before them dropped."""
    names = [name.removeprefix("@") for name in split(line, magic)]
    if not names:
        raise CellError(
            f"{magic} needs a file or folder.", hint=f"For example: {magic} db/schema.sql"
        )
    return names


def split(line: str, magic: str) -> list[str]:
    """The words of a line as a shell would split them."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise CellError(f"{magic}: {str(error).lower()} in {line!r}.") from error
