"""ALTER TABLE as MySQL, SQLite, SQL Server and PostgreSQL write it, carried out on a catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archnb.design.elements import Column, Source
from archnb.design.formats.ddl.catalog import Catalog
from archnb.design.formats.ddl.clauses import Clauses, Constraint
from archnb.design.formats.ddl.tables import Address, Table
from archnb.design.formats.ddl.tokens import Cursor

_CONSTRAINTS = frozenset("constraint primary unique foreign check exclude".split())
_INDEXES = frozenset("index key fulltext spatial".split())
_IGNORED = frozenset(
    """
    auto_increment algorithm character charset check clustered cluster collate comment convert
    default
    disable discard enable engine force import inherit lock no nocheck order owner partition
    reorganize replica reset row_format set switch validate with without
    """.split()
)


def alter(
    catalog: Catalog,
    clauses: Clauses,
    name: Address,
    cursor: Cursor,
    source: Source,
    *,
    quiet: bool,
    only: bool,
) -> None:
    """Carry out each action; those that no design shows (owners, engines) are gone past."""
    for option in ("check", "nocheck"):
        cursor.take("with", option)
    if cursor.among(_IGNORED) and not cursor.at("set", "schema"):
        return
    table = catalog.known(*name, source, quiet=quiet)
    if table is None:
        return
    action = _Action(catalog, clauses, table, source, only=only)
    for part in cursor.parts():
        action.apply(part)
    clauses.constrain(table, action.constraints)


class _Action:
    """The actions of one statement; ``constraints`` are carried out once all columns are there."""

    def __init__(
        self, catalog: Catalog, clauses: Clauses, table: Table, source: Source, *, only: bool
    ) -> None:
        self._catalog, self._clauses, self._table = catalog, clauses, table
        self._source, self._only = source, only
        self._verb = ""
        self.constraints: list[Constraint] = []

    def apply(self, cursor: Cursor) -> None:
        verb = cursor.token.word
        if verb in ("add", "drop", "alter", "modify", "change", "rename", "attach", "detach"):
            self._verb = cursor.next().word
        elif verb in _IGNORED and not cursor.at("set", "schema"):
            return
        elif cursor.take("set", "schema"):
            self._catalog.move(self._table, schema=cursor.name())
            return
        # SQL Server goes on with the verb before: ADD a int, b int
        match self._verb:
            case "add":
                self._add(cursor)
            case "drop":
                self._drop(cursor)
            case "alter":
                self._alter(cursor)
            case "modify" | "change":
                self._modify(cursor)
            case "rename":
                self._rename(cursor)
            case "attach" | "detach":
                self._partition(cursor)
            case _:
                raise cursor.fault()

    def _add(self, cursor: Cursor) -> None:
        catalog, table = self._catalog, self._table
        if cursor.at("partition"):
            return
        mysql = catalog.dialect == "mysql" and cursor.among(_INDEXES)
        if cursor.among(_CONSTRAINTS) or mysql:
            if catalog.dialect == "tsql" and self._default_for(cursor):
                return
            if constraint := self._clauses.table_constraint(cursor):
                self.constraints.append(constraint)
                return
        cursor.take("column")
        exists = cursor.take("if", "not", "exists")
        for part in cursor.group().parts() if cursor.at("(") else [cursor]:
            column, own = self._clauses.column(table, part)
            if not catalog.column(table, column.name):
                catalog.add_column(table, column)
                self.constraints += own
            elif not exists:
                message = f"{table.qualified} has a column {column.name} already"
                catalog.problem(column.source, message)

    def _default_for(self, cursor: Cursor) -> bool:
        """SQL Server: ADD CONSTRAINT name DEFAULT (value) FOR column."""
        words = cursor.words()
        if "default" not in words[:3] or "for" not in words:
            return False
        while not cursor.take("default"):
            cursor.next()
        default = cursor.until(frozenset(("for",)))
        cursor.take("for")
        self._set(cursor.name(), lambda column: replace(column, default=default))
        return True

    def _drop(self, cursor: Cursor) -> None:
        catalog, table = self._catalog, self._table
        if cursor.take("primary", "key"):
            table.key, table.key_name = (), ""
            return
        foreign = cursor.take("foreign", "key")
        if foreign or cursor.among(frozenset(("constraint", "index", "key", "check"))):
            if not foreign:
                cursor.next()
            missing_ok = cursor.take("if", "exists")
            name = cursor.name()
            found = catalog.drop_constraint(table, name, only=self._only)
            known = found or missing_ok or catalog.dialect != "postgres" or "not_null" in name
            if not known:
                catalog.problem(self._source, f"{table.qualified} has no constraint {name}")
            return
        cursor.take("column")
        missing_ok = cursor.take("if", "exists")
        name = cursor.name()
        if column := catalog.column(table, name):
            catalog.drop_column(table, column.name)
        elif not missing_ok:
            catalog.problem(self._source, f"{table.qualified} has no column {name}")

    def _alter(self, cursor: Cursor) -> None:
        if cursor.among(frozenset(("index", "constraint", "check"))):
            return
        cursor.take("column")
        name = cursor.name()
        if cursor.take("set", "not", "null"):
            self._set(name, lambda column: replace(column, nullable=False))
        elif cursor.take("drop", "not", "null"):
            self._set(name, lambda column: replace(column, nullable=True))
        elif cursor.take("set", "default"):
            value = cursor.rest()
            self._set(name, lambda column: replace(column, default=value))
        elif cursor.take("drop", "default"):
            self._set(name, lambda column: replace(column, default=""))
        elif cursor.take("type") or cursor.take("set", "data", "type"):
            shown = self._clauses.type(cursor)
            self._set(name, lambda column: replace(column, type=shown))
        elif cursor.take("add"):
            self._set(
                name, lambda column: replace(column, nullable=False, generated=True, default="")
            )
        elif cursor.take("drop"):
            self._set(name, lambda column: replace(column, generated=False, default=""))
        elif self._catalog.dialect == "tsql" and cursor:
            shown = self._clauses.type(cursor)
            nullable = not cursor.at("not", "null")
            self._set(name, lambda column: replace(column, type=shown, nullable=nullable))

    def _modify(self, cursor: Cursor) -> None:
        """MySQL: the whole definition again, under a new name with CHANGE."""
        catalog, table = self._catalog, self._table
        cursor.take("column")
        known = catalog.column(table, cursor.name()) if self._verb == "change" else None
        column, own = self._clauses.column(table, cursor)
        if known and known.name != column.name:
            catalog.rename_column(table, known.name, column.name)
        if before := catalog.column(table, column.name):
            kept = replace(column, source=before.source)
            if column.name in table.key:
                kept = replace(kept, nullable=False)
            catalog.set_column(table, kept)
            self.constraints += own
        else:
            catalog.problem(self._source, f"{table.qualified} has no column {column.name}")

    def _rename(self, cursor: Cursor) -> None:
        catalog, table = self._catalog, self._table
        if cursor.take("to") or cursor.take("as"):
            catalog.move(table, name=cursor.qualified()[1])
        elif cursor.take("constraint") or cursor.take("index") or cursor.take("key"):
            old = cursor.name()
            cursor.take("to")
            catalog.rename_constraint(table, old, cursor.name())
        else:
            cursor.take("column")
            old = cursor.name()
            if not cursor.take("to"):
                raise cursor.fault()
            if column := catalog.column(table, old):
                catalog.rename_column(table, column.name, cursor.name())
            else:
                catalog.problem(self._source, f"{table.qualified} has no column {old}")

    def _partition(self, cursor: Cursor) -> None:
        if not cursor.take("partition"):
            raise cursor.fault()
        child = self._catalog.known(*cursor.qualified(), self._source)
        if child and self._verb == "attach":
            child.partitioning = cursor.rest().lower()
            self._catalog.inherit(child, self._table, partition=True)
        elif child:
            self._catalog.detach(child, self._table)

    def _set(self, name: str, change: Callable[[Column], Column]) -> None:
        """Change a column here and in what inherits it."""
        if not self._catalog.column(self._table, name):
            self._catalog.problem(self._source, f"{self._table.qualified} has no column {name}")
        for one in self._catalog.family(self._table, only=self._only):
            found = self._catalog.column(one, name)
            if found:
                self._catalog.set_column(one, change(found))
