"""MySQL, SQLite, SQL Server, and PostgreSQL without its parser, through sqlglot's lexers."""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from archnb.design.elements import Source
from archnb.design.formats.ddl.alter import alter
from archnb.design.formats.ddl.catalog import Catalog
from archnb.design.formats.ddl.clauses import Clauses
from archnb.design.formats.ddl.create import BETWEEN, Creation
from archnb.design.formats.ddl.replay import Unreadable
from archnb.design.formats.ddl.statements import Statement
from archnb.design.formats.ddl.tables import Address
from archnb.design.formats.ddl.tokens import Cursor, tokens

_PATH = re.compile(r"search_path'?\s*(?:=|to|,)\s*(.+)", re.IGNORECASE | re.DOTALL)
_SCHEMA = re.compile(r"set\s+(?:session\s+|local\s+)?schema\s+'([^']*)'", re.IGNORECASE)


class SqlglotWalker:
    """Carries out the statements of one dialect."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._statement = Statement("", 0, 0, 0, 0)
        self._breaks: list[int] = []

    def apply(self, statement: Statement) -> None:
        self._statement = statement
        self._breaks = [match.start() for match in re.finditer("\n", statement.text)]
        text = statement.text
        fold = self._catalog.dialect == "postgres"
        if re.match(r"rename\b", text, re.IGNORECASE):
            text = f"alter {text[6:]}"  # RENAME TABLE: the lexer would take the rest for one string
        with _quiet():
            cursor = Cursor(text, tokens(text, self._catalog.dialect), fold=fold)
            self._carry_out(cursor)

    def _source(self, offset: int) -> Source:
        return Source(self._catalog.file, self._statement.line + bisect_left(self._breaks, offset))

    def _carry_out(self, cursor: Cursor) -> None:
        verb = cursor.next().word
        if verb == "create":
            Creation(self._catalog, self._statement, self._source).create(cursor)
        elif verb == "alter":
            self._alter(cursor)
        elif verb == "drop":
            self._drop(cursor)
        elif verb == "comment":
            self._comment(cursor)
        elif verb == "use":
            self._use(cursor.name())
        elif verb in ("set", "select", "with", "reset"):
            self._set()
        else:
            message = f'syntax error at or near "{self._statement.text.split(maxsplit=1)[0][:40]}"'
            raise Unreadable(message)

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
            elif kind == "type" and (address := catalog.find_type(schema, name)):
                self._alter_enum(address, cursor)
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

    def _alter_enum(self, address: Address, cursor: Cursor) -> None:
        if cursor.take("rename", "value"):
            old = cursor.next().text
            cursor.take("to")
            self._catalog.rename_value(address, old, cursor.next().text)
        elif cursor.take("add", "value"):
            cursor.take("if", "not", "exists")
            value, after = cursor.next().text, cursor.at("after")
            neighbour = cursor.next().text if cursor.take("after") or cursor.take("before") else ""
            self._catalog.add_value(address, value, neighbour, after=after)

    def _rename(self, kind: str, schema: str, name: str, new: str) -> None:
        catalog = self._catalog
        if kind == "schema":
            catalog.rename_schema(name, new)
        elif kind == "index":
            if holder := catalog.holder(schema, name):
                catalog.rename_constraint(holder, name, new)
        elif (table := catalog.find(schema, name)) and kind in ("table", "view"):
            catalog.move(table, name=new)
        elif address := catalog.find_type(schema, name):
            catalog.rename_type(address, new)

    def _drop(self, cursor: Cursor) -> None:
        catalog = self._catalog
        while cursor.among(BETWEEN):
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
        while cursor.among(BETWEEN):
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

    def _set(self) -> None:
        text = self._statement.text
        match = _PATH.search(text) or _SCHEMA.search(text)
        if match and self._catalog.dialect == "postgres":
            listed = match[1].split("false")[0].split("true")[0]
            names = [part.strip(" '\"\n\t;)") for part in listed.split(",")]
            places = [name for name in names if name and not name.startswith(("$", "pg_"))]
            self._catalog.path = tuple(self._catalog.schema(name) for name in places) or ("",)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps sqlglot's log from the notebook: what matters is told as a problem."""
    logger = logging.getLogger("sqlglot")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
