"""CREATE as MySQL, SQLite, SQL Server and PostgreSQL write it, carried out on a catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archnb.design.elements import Column, DataType, Index, Source
from archnb.design.formats.ddl.catalog import Catalog, origin
from archnb.design.formats.ddl.clauses import Clauses, index_column
from archnb.design.formats.ddl.replay import Unreadable
from archnb.design.formats.ddl.statements import Statement
from archnb.design.formats.ddl.tables import Table
from archnb.design.formats.ddl.tokens import Cursor

KINDS = ("table", "view", "index", "schema", "database", "type", "domain")
BETWEEN = frozenset(
    """
    or replace alter temp temporary global local unlogged unique clustered nonclustered materialized
    foreign recursive fulltext spatial columnstore external force noforce editionable
    """.split()
)


_BEGINNINGS = frozenset(("create", "alter", "insert"))  # a ; was forgotten


class Creation:
    """Carries out one CREATE; ``source`` says where a character of the statement stands."""

    def __init__(
        self, catalog: Catalog, statement: Statement, source: Callable[[int], Source]
    ) -> None:
        self._catalog, self._statement, self._source = catalog, statement, source

    def create(self, cursor: Cursor, schema: str = "") -> None:
        """From behind the word CREATE on; ``schema`` is that of the CREATE SCHEMA around it."""
        start, before = cursor.offset, set()
        while cursor and cursor.token.word not in KINDS:
            word = cursor.next().word
            before.add(word)
            if word not in BETWEEN and not before & {"algorithm", "definer", "sql"}:
                raise Unreadable(f'syntax error at or near "{word}"', start)
        kind = cursor.next().word
        exists = cursor.take("if", "not", "exists") or cursor.take("concurrently")
        match kind:
            case "table":
                self._table(cursor, before, schema, exists=exists)
            case "view":
                self._view(cursor, before, schema, exists=exists)
            case "index":
                self._index(cursor, before, schema, exists=exists)
            case "type" | "domain":
                self._type(cursor, kind)
            case "schema" if self._catalog.dialect == "postgres":
                name = "" if cursor.at("authorization") else cursor.name()
                for element in cursor.elements():
                    if element.take("create"):
                        self.create(element, name)
            case _:
                return

    def _new(self, cursor: Cursor, kind: str, schema: str = "") -> Table:
        offset = cursor.offset
        named, name = cursor.qualified()
        source = Source(self._catalog.file, self._statement.line)
        address = self._catalog.address(named or schema, name)
        table = Table(*address, kind, source=source, end=self._statement.end)
        if schema:  # inside CREATE SCHEMA
            table.source = self._source(offset)
            table.end = self._source(cursor.last).line
        return table

    def _table(self, cursor: Cursor, before: set[str], schema: str, *, exists: bool) -> None:
        catalog = self._catalog
        table = self._new(cursor, "foreign table" if "foreign" in before else "table", schema)
        table.temporary = bool(before & {"temp", "temporary"}) or table.name.startswith("#")
        if exists and catalog.find(*table.address):
            return
        clauses, constraints = Clauses(catalog, self._source), []
        parent = None
        if cursor.take("partition", "of"):
            parent = catalog.known(*cursor.qualified(), table.source)
        elif cursor.take("like"):
            self._like(table, cursor, clauses)
        elements = cursor.group().parts() if cursor.at("(") else []
        if cursor.take("as") or cursor.at("select"):
            self._derive(table, elements, cursor)
            catalog.create(table)
            return
        cursor.forbid(_BEGINNINGS)
        for element in elements:
            if self._catalog.dialect in ("postgres", "mysql") and element.take("like"):
                self._like(table, element, clauses)
            elif not element.at("period", "for") and (found := clauses.table_constraint(element)):
                constraints.append(found)
            else:
                column, own = clauses.column(table, element)
                if catalog.column(table, column.name):
                    raise Unreadable(f'column "{column.name}" is stated twice')
                catalog.set_column(table, column)
                constraints += own
        if not catalog.create(table):
            return
        if parent:
            table.partitioning = cursor.rest().lower()
            catalog.inherit(table, parent, partition=True)
        self._options(table, cursor)
        clauses.constrain(table, constraints)

    def _options(self, table: Table, cursor: Cursor) -> None:
        """What may follow the columns: heirs, partitions, a comment; storage is gone past."""
        while cursor:
            if cursor.take("inherits"):
                for part in cursor.group().parts():
                    if found := self._catalog.known(*part.qualified(), table.source):
                        self._catalog.inherit(table, found, partition=False)
            elif cursor.take("partition", "by"):
                table.partitioning = f"by {cursor.next().text.lower()}"
                if cursor.at("("):
                    table.partitioning += f" ({cursor.group().rest()})"
            elif cursor.take("comment"):
                cursor.take("=")
                table.comment = cursor.next().text
            else:
                cursor.next()

    def _like(self, table: Table, cursor: Cursor, clauses: Clauses) -> None:
        """Copies columns; the rest where INCLUDING says so, and always in MySQL."""
        pattern = self._catalog.known(*cursor.qualified(), clauses.source(cursor.offset))
        if pattern is None:
            return
        words = cursor.words()
        whole = self._catalog.dialect == "mysql" or words[:2] == ("including", "all")
        for column in pattern.columns.values():
            kept = (
                column
                if whole or "defaults" in words
                else replace(column, default="", generated=False)
            )
            self._catalog.set_column(table, kept)
        if whole or "constraints" in words:
            table.checks += pattern.checks
        if whole or "indexes" in words:
            self._catalog.add_key(table, pattern.key, "", table.source) if pattern.key else None
            for index in pattern.indexes:
                name = index.name if self._catalog.dialect == "mysql" else ""
                label = origin(index)
                self._catalog.add_index(table, replace(index, name=name), label)

    def _derive(self, table: Table, stated: list[Cursor], query: Cursor) -> None:
        names = [part.name() for part in stated] or _outputs(query.rest(), self._catalog.dialect)
        for name in names:
            self._catalog.set_column(table, Column(name, source=table.source))

    def _view(self, cursor: Cursor, before: set[str], schema: str, *, exists: bool) -> None:
        kind = "materialized view" if "materialized" in before else "view"
        table = self._new(cursor, kind, schema)
        known = self._catalog.find(*table.address)
        if known and (exists or "replace" not in before):
            if not exists:
                self._catalog.create(table)
            return
        if known:
            self._catalog.drop(known)
        self._catalog.create(table)
        stated = cursor.group().parts() if cursor.at("(") else []
        while cursor and not cursor.take("as"):
            cursor.next()
        self._derive(table, stated, cursor)

    def _index(self, cursor: Cursor, before: set[str], schema: str, *, exists: bool) -> None:
        catalog = self._catalog
        cursor.take("if", "not", "exists")
        name = "" if cursor.at("on") else cursor.qualified()[1]
        method = cursor.name().lower() if cursor.take("using") else "btree"
        if not cursor.take("on"):
            raise cursor.fault()
        only = cursor.take("only")
        source = self._source(cursor.offset)
        place, named = cursor.qualified()
        table = catalog.known(place or schema, named, source)
        if table is None or (exists and any(own.name == name for own in table.indexes)):
            return
        if cursor.take("using"):
            method = cursor.name().lower()
        columns = tuple(index_column(part) for part in cursor.group().parts())
        while cursor and not cursor.at("where"):
            if cursor.take("using"):
                method = cursor.name().lower()
            else:
                cursor.next()
        where = cursor.rest() if cursor.take("where") else ""
        found = Index(columns, name, "unique" in before, where, method, self._source(0))
        catalog.add_index(table, found, only=only)

    def _type(self, cursor: Cursor, kind: str) -> None:
        address = self._catalog.address(*cursor.qualified())
        made = DataType(address[1], schema=address[0], source=self._source(0))
        clauses = Clauses(self._catalog, self._source)
        if cursor.take("as", "enum"):
            made = replace(
                made, values=tuple(part.next().text for part in cursor.group().parts() if part)
            )
        elif kind == "domain" or cursor.take("from"):
            cursor.take("as")
            made = replace(made, base=clauses.type(cursor))
        elif cursor.take("as") and cursor.at("("):
            carrier = Table(*address)
            for part in cursor.group().parts():
                self._catalog.set_column(carrier, clauses.column(carrier, part)[0])
            self._catalog.rows[address] = carrier.columns
        self._catalog.types[address] = made


def _outputs(query: str, dialect: str) -> list[str]:
    """The names of a query's result columns, as far as it states them."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(query, dialect=dialect)
    except (SqlglotError, ValueError, RecursionError):
        return []
    return [name for name in getattr(parsed, "named_selects", []) if name not in ("", "*")]
