"""SQLite, in memory, by Python's own module: always there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing

from archnb.design.databases.base import Database, Limit, Step, Stopped, account, counted, steps
from archnb.design.elements import Problem, Source
from archnb.design.verdicts import Verdict

_ATTACH, _DETACH, _PRAGMA, _CREATE_TABLE, _FUNCTION = 24, 25, 19, 2, 31  # SQLite's action codes
_CREATE_VIEW, _CREATE_VIRTUAL = 8, 29
_PRAGMAS = frozenset({"foreign_keys", "defer_foreign_keys", "recursive_triggers", "user_version"})
_OUTSIDE = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_INSTRUCTIONS = 10_000  # of SQLite's machine between two looks at the clock
_PAGES = 65_536  # of 4 kB: a script cannot fill more memory than 256 MB
_LENGTH = 50_000_000  # bytes of one value
_VIRTUAL = re.compile(r"\s*create\s+virtual\b", re.IGNORECASE)
_NEAR = re.compile(r'near "(.+)": syntax error', re.DOTALL)


class _Proof:
    """One connection, what it refused, and where its tables were created."""

    def __init__(self, limit: Limit) -> None:
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.accepted = 0
        self.places: dict[str, Source] = {}
        self._limit = limit
        self._step: Step | None = None
        self._ours = self._refused = False
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LENGTH)
        for setting in ("foreign_keys=ON", "temp_store=MEMORY", f"max_page_count={_PAGES}"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.set_progress_handler(lambda: int(limit.over), _INSTRUCTIONS)
        self._connection.set_authorizer(self._authorise)

    def close(self) -> None:
        self._connection.close()

    def _authorise(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        """Refuse whatever leaves the memory; pass over settings that are not the schema's."""
        if action in (_ATTACH, _DETACH) or (
            action == _FUNCTION and (second or "").lower() in _OUTSIDE
        ):
            self._refused = True
            return sqlite3.SQLITE_DENY
        if action == _PRAGMA and not self._ours and (first or "").lower() not in _PRAGMAS:
            return sqlite3.SQLITE_IGNORE
        if action in (_CREATE_TABLE, _CREATE_VIEW, _CREATE_VIRTUAL) and self._step and first:
            self.places[first.lower()] = self._step.source()
        return sqlite3.SQLITE_OK

    def take(self, step: Step) -> None:
        """Run a statement; what SQLite refuses is a problem at its line."""
        self._step, self._refused = step, False
        fault = self._run(step.sql)
        if fault is None:
            self.accepted += 1
        elif "authoriz" in fault and self._refused:
            self.notes.append(f"left out: {step.source()}: it leaves the memory ({fault})")
        else:
            self.problems.append(Problem(_place(step, fault), fault))

    def finish(self) -> None:
        """What SQLite says only once a table is used: it compiles a write to each, runs none."""
        self._ours = True
        last = self._step.source() if self._step else Source()
        if self._connection.in_transaction and (fault := self._run("COMMIT")):
            self.problems.append(Problem(last, fault))
            self._run("ROLLBACK")
        self._run("PRAGMA foreign_keys=ON")
        for name, kind, made in self._objects():
            place = self.places.get(name.lower(), last)
            quoted = '"' + name.replace('"', '""') + '"'
            uses = [f"SELECT * FROM {quoted}"]  # noqa: S608 - quoted, and compiled only
            if kind == "table" and not _VIRTUAL.match(made):
                uses += [f"INSERT INTO {quoted} DEFAULT VALUES", f"DELETE FROM {quoted}"]  # noqa: S608
            faults = dict.fromkeys(self._run(f"EXPLAIN {use}") for use in uses)
            self.problems += [
                Problem(place, f"{name}: {fault}") for fault in faults if fault is not None
            ]
        self._check_rows(last)

    def counts(self) -> tuple[int, int]:
        """Tables and foreign keys."""
        made = {name: sql for name, kind, sql in self._objects() if kind == "table"}
        virtual = tuple(f"{name}_" for name, sql in made.items() if _VIRTUAL.match(sql))
        tables = [name for name in made if not (virtual and name.startswith(virtual))]
        keys = 0
        for name in tables:
            rows = self._connection.execute("SELECT id FROM pragma_foreign_key_list(?)", (name,))
            keys += len({row[0] for row in rows})
        return len(tables), keys

    def _objects(self) -> list[tuple[str, str, str]]:
        return self._connection.execute(
            "SELECT name, type, sql FROM sqlite_schema"
            " WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).fetchall()

    def _check_rows(self, last: Source) -> None:
        try:
            rows = self._connection.execute("PRAGMA foreign_key_check").fetchmany(1000)
        except sqlite3.Error:  # a key that cannot work: said by the EXPLAIN of its table
            self._limit.check()
            return
        broken = dict.fromkeys((row[0], row[2]) for row in rows)
        for table, parent in broken:
            number = sum((row[0], row[2]) == (table, parent) for row in rows)
            message = (
                f"FOREIGN KEY constraint failed: {counted(number, 'row')} without its {parent}"
            )
            self.problems.append(
                Problem(self.places.get(table.lower(), last), f"{table}: {message}")
            )

    def _run(self, sql: str) -> str | None:
        """None, or SQLite's own words."""
        try:
            cursor = self._connection.execute(sql)
            while cursor.fetchmany(1000):
                self._limit.check()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            self._limit.check()
            return str(error)
        except UnicodeEncodeError:
            return "text with half of a surrogate pair"
        return None


def _place(step: Step, fault: str) -> Source:
    """The line of the token that SQLite names, where the statement has it only once."""
    near = _NEAR.search(fault)
    if near and step.sql.count(near[1]) == 1:
        return step.source(step.sql.index(near[1]))
    return step.source()


def _prove(texts: Mapping[str, str], limit: Limit) -> Verdict:
    version, reason = sqlite3.sqlite_version, ""
    tables = keys = 0
    with closing(_Proof(limit)) as proof:
        try:
            for step in steps(texts, "sqlite"):
                limit.check()
                proof.take(step)
            proof.finish()
            tables, keys = proof.counts()
        except Stopped as stopped:
            reason = str(stopped)
    problems, notes = tuple(proof.problems), tuple(proof.notes)
    if reason and problems:  # refused already, whatever would have come
        notes, reason = (*notes, f"not finished: {reason}"), ""
    if not reason and not problems and not proof.accepted:
        reason = "there is no statement in it"
    return Verdict(
        "SQLite",
        version,
        None if reason else not problems,
        problems,
        account(proof.accepted, len(proof.notes), tables, keys),
        reason,
        notes,
    )


DATABASE = Database("sqlite", "SQLite", "sqlite", str, _prove)
