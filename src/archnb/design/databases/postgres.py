"""PostgreSQL, from the wheel of ``archnb[postgres]``: a server of our own, dropped afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing

from archnb.design.databases import _extensions
from archnb.design.databases._server import NotStarted, missing, server
from archnb.design.databases._wire import Connection, Lost, Refusal
from archnb.design.databases.base import Database, Limit, Step, Stopped, account, steps
from archnb.design.elements import Problem
from archnb.design.verdicts import Verdict

_TITLE = "PostgreSQL"
_DATABASE = re.compile(r"(?:create|alter|drop|comment\s+on)\s+database\b", re.IGNORECASE)
# The text was decoded before it came here.
_ENCODING = re.compile(r"set\s+(?:session\s+|local\s+)?client_encoding\b", re.IGNORECASE)
_ROWS = re.compile(r"(?:insert|update|delete|merge)\b", re.IGNORECASE)
_LOADS = re.compile(r"^\s*\\?copy\b[^;]*?\bfrom\b", re.IGNORECASE | re.MULTILINE)
_NO_ROLE = re.compile(r'role "(.+)" does not exist', re.DOTALL)
_NO_SCHEMA_RIGHT = re.compile(r"permission denied for schema (.+)", re.DOTALL)
_OWNER = re.compile(r"\bowner\s+to\b", re.IGNORECASE)
# Refused because the proof's role has no right over the machine, not because it is wrong.
_NEEDS_SUPERUSER = re.compile(
    r"superuser|permission denied (?:to|for language|for function (?:pg|lo)_)"
    r"|must be owner of (?:extension|language)|access to library"
)
_UNDEFINED = frozenset({"42704", "42883", "42P01", "3F000"})  # type, function, table, schema
_NOT_BUILT = re.compile(r"(\w+) is not supported (?:in|by) this build")
_MOST_ROLES = 20  # stand-ins made for one statement
_TRANSACTION = ("SAVEPOINT", "RELEASE", "ROLLBACK")
_SAVEPOINT = "archnb_step"
_COUNT = """
    select (select pg_catalog.count(*) from pg_catalog.pg_class c
            where relkind in ('r', 'p') and {own}),
           (select pg_catalog.count(*) from pg_catalog.pg_constraint c
            where contype = 'f' and conparentid = 0 and {own})
"""
# Not the engine's own, and not an extension's: the id of a user's object is never below 16384.
_OWN = """c.oid >= 16384 and not exists (select 1 from pg_catalog.pg_depend d
    where d.objid = c.oid and d.deptype = 'e')"""


class _Proof:
    """What was accepted and refused, and what could only be stood in for or left out."""

    def __init__(self, connection: Connection, texts: Mapping[str, str]) -> None:
        self.accepted = self.left_out = 0
        self.counts = ("0", "0")
        self.problems: list[Problem] = []
        self._connection = connection
        self._rows = not any(_LOADS.search(text) for text in texts.values())
        self._known = set(_extensions.preinstalled(texts.values()))
        self._undefined_only = True
        self._missing: list[str] = []
        self._roles: list[str] = []
        self._notes: dict[str, None] = {}
        self._last: Step | None = None

    def take(self, step: Step) -> None:
        """Run a statement; what the engine refuses is a problem at its line."""
        self._last = step
        if _ENCODING.match(step.sql):
            self.accepted += 1
        elif _DATABASE.match(step.sql):
            self.left_out += 1
            self._notes["left out: what creates or changes a database; there is only one"] = None
        elif not self._rows and _ROWS.match(step.sql):
            self.left_out += 1
        elif _extensions.about(step.sql) in self._known:
            self.accepted += 1
        else:
            refusal = self._attempt(step.sql)
            for _ in range(_MOST_ROLES):
                if refusal is None or not self._stood_in(refusal, step.sql):
                    break
                refusal = self._attempt(step.sql)
            if refusal is None:
                self.accepted += 1
            elif extension := _extensions.wanted(step.sql):
                self._extension(extension, refusal, step)
            else:
                self._refused(refusal, step)

    def finish(self) -> None:
        """Check what was deferred, and count what there is."""
        if self._connection.status == "T" and self._last:
            self._notes["the script ends inside a transaction: there is no COMMIT"] = None
            if refusal := self._connection.run("SET CONSTRAINTS ALL IMMEDIATE").refusal:
                self._refused(refusal, self._last)
            else:
                self._connection.run("COMMIT")
        if self._connection.status != "I":
            self._connection.run("ROLLBACK")
        row = self._connection.run(_COUNT.format(own=_OWN)).row
        self.counts = (row[0], row[1]) if len(row) == 2 else self.counts

    @property
    def notes(self) -> tuple[str, ...]:
        left = "rows are not checked: COPY loads rows that are not loaded here"
        absent = [f"not to be had in this engine: {name}" for name in dict.fromkeys(self._missing)]
        return (*absent, *self._notes, *([left] if not self._rows else []))

    @property
    def reason(self) -> str:
        """Why the problems decide nothing, or ""."""
        if not self.accepted and not self.problems:
            return "there is no statement in it that could be tried"
        if self.problems and self._missing and self._undefined_only:
            missing = ", ".join(dict.fromkeys(self._missing))
            return (
                f"{missing} is not to be had in this engine, which may explain all that it refuses"
            )
        return ""

    def _attempt(self, sql: str) -> Refusal | None:
        """Run it; within the script's own transaction a refused statement undoes only itself."""
        run = self._connection.run
        if self._connection.status == "E":
            run("ROLLBACK")
        inside = self._connection.status == "T"
        if inside:
            run(f"SAVEPOINT {_SAVEPOINT}")
        answer = run(sql)
        if inside and self._connection.status == "E":
            run(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        if inside and self._connection.status == "T" and not answer.tag.startswith(_TRANSACTION):
            run(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        return answer.refusal

    def _stood_in(self, refusal: Refusal, sql: str) -> bool:
        """Whether something was put in the place of what is missing, so that a retry may help."""
        schema = _NO_SCHEMA_RIGHT.fullmatch(refusal.message)
        if schema and self._roles and _OWNER.search(sql):  # who is stood in for may own things
            name, roles = _quoted(schema[1]), ", ".join(self._roles)
            return self._attempt(f"GRANT CREATE, USAGE ON SCHEMA {name} TO {roles}") is None
        match = _NO_ROLE.fullmatch(refusal.message)
        if match is None or refusal.code != "42704":
            return False
        role = _quoted(match[1])
        if self._attempt(f"CREATE ROLE {role}") is not None:
            return False
        self._roles.append(role)
        self._notes[f"stand-in: role {match[1]}, which nothing here creates"] = None
        return True

    def _extension(self, wanted: _extensions.Wanted, refusal: Refusal, step: Step) -> None:
        if wanted.name in self._known:  # there already, or commented on by now
            self.accepted += 1
        elif wanted.stand_in and self._attempt(wanted.stand_in) is None:
            self._known.add(wanted.name)
            self._notes[f"stand-in: extension {wanted.name} (its signatures, not its meaning)"] = (
                None
            )
        elif refusal.code in ("0A000", "58P01", "42501"):
            self.left_out += 1
            self._known.add(wanted.name)
            self._missing.append(f"extension {wanted.name}")
        else:
            self._refused(refusal, step)

    def _refused(self, refusal: Refusal, step: Step) -> None:
        if refusal.code == "42501" and _NEEDS_SUPERUSER.search(str(refusal)):
            self.left_out += 1
            self._notes[f"left out: {step.source()}: {refusal.message}"] = None
            return
        if lacking := _NOT_BUILT.match(refusal.message):
            self._missing.append(lacking[1])
        else:
            self._undefined_only &= refusal.code in _UNDEFINED
        self.problems.append(Problem(step.source(refusal.offset or 0), str(refusal)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _prove(texts: Mapping[str, str], limit: Limit) -> Verdict:
    version, reason = "", ""
    proof: _Proof | None = None
    try:
        with server(limit, _extensions.preinstalled(texts.values())) as running:
            try:
                opened = Connection(running.socket, "postgres", "proof", limit.check)
                with closing(opened) as connection:
                    version = connection.run("SHOW server_version").row[0]
                    proof = _Proof(connection, texts)
                    for step in steps(texts, "postgres"):
                        proof.take(step)
                    proof.finish()
            except Lost as lost:
                reason = f"the engine ended: {running.reason() or lost}"
    except (NotStarted, Stopped) as stopped:
        reason = str(stopped)
    if proof is None:
        return Verdict(_TITLE, version, None, reason=reason)
    notes = proof.notes
    if reason and proof.problems:  # refused already, whatever would have come
        notes, reason = (*notes, f"not finished: {reason}"), ""
    reason = reason or proof.reason
    tables, keys = map(int, proof.counts)
    return Verdict(
        _TITLE,
        version,
        None if reason else not proof.problems,
        tuple(proof.problems),
        account(proof.accepted, proof.left_out, tables, keys),
        reason,
        notes,
    )


DATABASE = Database("postgres", _TITLE, "postgres", missing, _prove)
