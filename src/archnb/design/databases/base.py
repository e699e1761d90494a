"""What an engine is to a proof: how it is asked, within which limits, statement by statement."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from archnb.design.elements import Source
from archnb.design.formats.ddl.statements import Script, Statement
from archnb.design.verdicts import Verdict

SECONDS = 60.0  # for one proof; the largest schema we know of takes five


class Stopped(Exception):  # noqa: N818 - said of a proof, and never leaves the room
    """The time is up, or nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a proof may take; ``stop`` ends it from another thread."""

    seconds: float = SECONDS
    stop: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        return self.stop.is_set() or time.monotonic() - self.began > self.seconds

    def check(self) -> None:
        """Raise :class:`Stopped` once the limit is reached."""
        if self.over:
            why = "stopped" if self.stop.is_set() else f"the time limit of {self.seconds:g} s is up"
            raise Stopped(why)


@dataclass(frozen=True, slots=True)
class Database:
    """An engine: ``name`` as ``--engine`` has it, ``dialect`` as the DDL reader has it.

    ``missing()`` says why it cannot run here ("" where it can). ``prove(texts, limit)`` applies
    the scripts (file name -> text, in this order) to a new, empty database and drops it.
    """

    name: str
    title: str
    dialect: str
    missing: Callable[[], str]
    prove: Callable[[Mapping[str, str], Limit], Verdict]


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a script, and where it stands."""

    file: str
    script: Script
    statement: Statement

    @property
    def sql(self) -> str:
        return self.statement.text

    def source(self, offset: int = 0) -> Source:
        """Where the character at ``offset`` of the statement stands."""
        inside = min(max(offset, 0), max(len(self.statement.text) - 1, 0))
        return Source(self.file, self.script.line(self.statement.start + inside))


def steps(texts: Mapping[str, str], dialect: str) -> Iterator[Step]:
    """The statements of all scripts in order; psql's commands and the rows of COPY left out.

    What changes rows is a statement too: the engine judges it.
    """
    for file, text in texts.items():
        script = Script(text, dialect, rows=True)
        for statement in script:
            if statement.text:
                yield Step(file, script, statement)


def account(accepted: int, left_out: int, tables: int, keys: int) -> str:
    """What was done, in a line.

    >>> account(3, 1, 2, 1)
    '3 statements accepted, 1 left out: 2 tables, 1 foreign key'
    """
    left = f", {left_out:,} left out" if left_out else ""
    made = f"{counted(tables, 'table')}, {counted(keys, 'foreign key')}"
    return f"{counted(accepted, 'statement')} accepted{left}: {made}"


def counted(number: int, noun: str) -> str:
    """Such as ``1 table`` or ``2 tables``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
