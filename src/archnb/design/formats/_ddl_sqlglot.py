"""MySQL, SQLite and SQL Server (and PostgreSQL where its parser is missing), through sqlglot's lexers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from archnb.design.elements import Column, DataType, Index, Source
from archnb.design.formats._ddl_alter import alter
from archnb.design.formats._ddl_catalog import Catalog
from archnb.design.formats._ddl_clauses import Clauses, index_column
from archnb.design.formats._ddl_replay import Unreadable
from archnb.design.formats._ddl_statements import Statement
from archnb.design.formats._ddl_tables import Table
from archnb.design.formats._ddl_tokens import Cursor, tokens

_KINDS = ("table", "view", "index", "schema", "database", "type", "domain")
_BETWEEN = frozenset(
    """
    or replace alter temp temporary global local unlogged unique clustered nonclustered materialized
    foreign recursive fulltext spatial columnstore external force noforce editionable
    """.split()
)
_PATH = re.compile(r"search_path'?\s*(?:=|to|,)\s*(.+)", re.IGNORECASE | re.DOTALL)
_SCHEMA = re.compile(r"set\s+(?:session\s+|local\s+)?schema\s+'([^']*)'", re.IGNORECASE)


class SqlglotWalker:
    """Carries out the statements of one dialect."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._statement = Statement("", 0, 0, 0, 0)

    def apply(self, statement: Statement) -> None:
        self._statement = statement
        text = statement.text
        fold = self._catalog.dialect == "postgres"
        if re.match(r"rename\b", text, re.IGNORECASE):
            text = f"alter {text[6:]}"  # RENAME TABLE: the lexer would take the rest for one string
        with _quiet():
            cursor = Cursor(text, tokens(text, self._catalog.dialect), fold=fold)
            self._carry_out(cursor)

    def _source(self, offset: int) -> Source:
        return Source(
            self._catalog.file, self._statement.line + self._statement.text.count("\n", 0, offset)
        )

    def _carry_out(self, cursor: Cursor, schema: str = "") -> None:
        verb = cursor.next().word
        if verb == "create":
            self._create(cursor, schema)
        elif verb == "alter":
            self._alter(cursor)
        elif verb == "drop":
            self._drop(cursor)
        elif verb == "comment":
            self._comment(cursor)
        elif verb == "use":
            self._use(cursor.name())
        elif verb in ("set", "select", "with", "reset"):
            self._set(cursor)
        else:
            message = f'syntax error at or near "{self._statement.text.split(maxsplit=1)[0][:40]}"'
            raise Unreadable(message)

    # CREATE

    def _create(self, cursor: Cursor, schema: str) -> None:
        start, before = cursor.offset, set()
        while cursor and cursor.token.word not in _KINDS:
            word = cursor.next().word
            before.add(word)
            if word not in _BETWEEN and not before & {"algorithm", "definer", "sql"}:
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
                    self._carry_out(element, name)
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
        if not catalog.create(table):
            return
        elements = cursor.group().parts() if cursor.at("(") else []
        if cursor.take("as") or cursor.at("select"):
            self._derive(table, elements, cursor)
            return
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
        whole = self._catalog.dialect == "mysql" or ("including", "all") == words[:2]
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
                label = "key" if index.unique else "idx"
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

    # the rest

    def _alter(self, cursor: Cursor) -> None:
        catalog = self._catalog
        cursor.take("foreign")
        cursor.take("materialized")
        kind = cursor.next().word
        quiet = cursor.take("if", "exists")
        only = cursor.take("only")
        source = self._source(cursor.offset)
        if kind in ("index", "type", "domain", "schema", "view") or not cursor:
            schema, name = cursor.qualified()
            if cursor.take("rename", "to"):
                self._rename(kind, schema, name, cursor.name())
        elif kind == "table":
            first = cursor.qualified()
            if cursor.take("to"):  # RENAME TABLE a TO b, c TO d
                self._rename("table", *first, cursor.name())
                return
            cursor.take("*")
            alter(
                catalog,
                Clauses(catalog, self._source),
                first,
                cursor,
                source,
                quiet=quiet,
                only=only,
            )

    def _rename(self, kind: str, schema: str, name: str, new: str) -> None:
        catalog = self._catalog
        if kind == "schema":
            for table in [one for one in catalog.tables.values() if one.schema == name]:
                catalog.move(table, schema=new)
        elif kind == "index":
            if holder := catalog.holder(schema, name):
                catalog.rename_constraint(holder, name, new)
        elif (table := catalog.find(schema, name)) and kind in ("table", "view"):
            catalog.move(table, name=new)
        elif address := catalog.find_type(schema, name):
            catalog.types[address[0], new] = replace(catalog.types.pop(address), name=new)

    def _drop(self, cursor: Cursor) -> None:
        catalog = self._catalog
        while cursor.among(_BETWEEN):
            cursor.next()
        kind = cursor.next().word
        cursor.take("concurrently")
        cursor.take("if", "exists")
        for part in cursor.parts():
            schema, name = part.qualified()
            if kind in ("table", "view"):
                if table := catalog.find(schema, name):
                    catalog.drop(table)
            elif kind == "index":
                holder = (
                    catalog.find(*part.qualified())
                    if part.take("on")
                    else catalog.holder(schema, name)
                )
                if holder:
                    catalog.drop_constraint(holder, name)
            elif kind == "schema":
                catalog.drop_schema(name)
            elif kind in ("type", "domain"):
                catalog.types.pop(catalog.find_type(schema, name) or ("", ""), None)

    def _comment(self, cursor: Cursor) -> None:
        if not cursor.take("on"):
            raise cursor.fault()
        while cursor.among(_BETWEEN):
            cursor.next()
        kind = cursor.next().word
        if kind not in ("table", "view", "column"):
            return
        parts = [cursor.name()]
        while cursor.take("."):
            parts.append(cursor.name())
        text = cursor.next().text if cursor.take("is") and not cursor.at("null") else ""
        column = parts.pop() if kind == "column" else ""
        table = self._catalog.find(parts[-2] if len(parts) > 1 else "", parts[-1] if parts else "")
        found = self._catalog.column(table, column) if table and column else None
        if table and found:
            self._catalog.set_column(table, replace(found, comment=text))
        elif table and not column:
            table.comment = text

    def _use(self, name: str) -> None:
        """The first database that is used is the default one; another one later is a schema."""
        if self._catalog.dialect != "mysql":
            return
        self._catalog.default = self._catalog.default or name
        self._catalog.path = (self._catalog.schema(name),)

    def _set(self, cursor: Cursor) -> None:
        text = self._statement.text
        match = _PATH.search(text) or _SCHEMA.search(text)
        if match and self._catalog.dialect == "postgres":
            listed = match[1].split("false")[0].split("true")[0]
            names = [part.strip(" '\"\n\t;)") for part in listed.split(",")]
            places = [name for name in names if name and not name.startswith(("$", "pg_"))]
            self._catalog.path = tuple(self._catalog.schema(name) for name in places) or ("",)


def _outputs(query: str, dialect: str) -> list[str]:
    """The names of a query's result columns, as far as it states them."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(query, dialect=dialect)
    except (SqlglotError, ValueError, RecursionError):
        return []
    return [name for name in getattr(parsed, "named_selects", []) if name not in ("", "*")]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps sqlglot's log from the notebook: what matters is told as a problem."""
    logger = logging.getLogger("sqlglot")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
