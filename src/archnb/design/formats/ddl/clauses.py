"""The clauses of CREATE and ALTER TABLE as MySQL, SQLite, SQL Server and PostgreSQL share them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from archnb.design.elements import Check, Column, Index, Source
from archnb.design.formats.ddl.catalog import Catalog
from archnb.design.formats.ddl.names import derived, literal, quote
from archnb.design.formats.ddl.tables import Reference, Table, qualified
from archnb.design.formats.ddl.tokens import Cursor
from archnb.design.formats.ddl.types import respelled, serial

# Words that begin something else than a column's type or default.
_CLAUSES = frozenset(
    """
    after as auto_increment autoincrement character charset check collate column_format comment
    compression constraint default deferrable disable enable encode encrypted first foreign
    generated hidden identity increment index initially invisible key masked not null on persisted
    primary references rowguidcol sparse srid storage stored unique virtual visible with
    """.split()
)
_TYPE_TAIL = frozenset(
    """
    varying precision unsigned signed zerofill large object int integer char character byte binary
    year month day hour minute second to
    """.split()
)
_ARRAY = frozenset(("[", "]", "array"))
_OPTIONS = frozenset(
    "asc desc clustered nonclustered enforced valid inherit using tablespace".split()
)
_INDEXES = frozenset(("key", "index", "fulltext", "spatial"))
_ACTIONS = ("cascade", "restrict", "set null", "set default")
_ORDER = {"key": 0, "unique": 1, "index": 1, "check": 2, "reference": 3}


@dataclass(slots=True)
class Constraint:
    """A constraint as read; its effect comes once all columns are known."""

    kind: str
    columns: tuple[str, ...] = ()
    name: str = ""
    text: str = ""
    target: tuple[str, str] = ("", "")
    target_columns: tuple[str, ...] = ()
    on_delete: str = ""
    method: str = "btree"
    source: Source = field(default_factory=Source)


class Clauses:
    """Reads clauses of one statement and carries them out on ``catalog``."""

    def __init__(self, catalog: Catalog, source: Callable[[int], Source]) -> None:
        self.catalog, self.source = catalog, source

    # columns

    def column(self, table: Table, cursor: Cursor) -> tuple[Column, list[Constraint]]:
        """A column definition: its column, and the constraints that stand in it."""
        source, name = self.source(cursor.offset), cursor.name()
        postgres = self.catalog.dialect == "postgres"
        typed = bool(cursor) and (not cursor.among(_CLAUSES) or cursor.at("character"))
        shown = self.type(cursor) if typed else ""
        column = Column(name, shown, source=source)
        if postgres and (whole := serial(shown.lower())):
            sequence = derived(table.name, [name], "seq", ())
            shown_name = literal(
                qualified((quote(table.schema) if table.schema else "", quote(sequence)))
            )
            column = replace(
                column, type=whole, nullable=False, default=f"nextval({shown_name}::regclass)"
            )
        constraints: list[Constraint] = []
        while cursor:
            column = self._column_clause(column, cursor, constraints)
        return column, constraints

    def type(self, cursor: Cursor) -> str:
        """A type as written, in lower case; in PostgreSQL as it is spelled there."""
        schema, bare = cursor.qualified()
        parts = [bare.lower()]
        while cursor and (not cursor.among(_CLAUSES) or cursor.at("character", "varying")):
            if cursor.at("("):
                parts[-1] += f"({_bare(cursor.group().rest())})"
            elif cursor.token.kind == "number" or cursor.among(_ARRAY):
                parts[-1] += "" if parts[-1].endswith("[]") else "[]"
                cursor.next()
            elif cursor.take("without", "time", "zone"):
                parts += ["without", "time", "zone"]
            elif cursor.among(_TYPE_TAIL) or self.catalog.dialect == "sqlite":
                parts.append(cursor.name().lower())
            else:
                raise cursor.fault()
        if cursor.take("with", "time", "zone"):
            parts += ["with", "time", "zone"]
        return self._resolved(schema, bare, " ".join(parts))

    def _resolved(self, schema: str, bare: str, written: str) -> str:
        """User types get their schema, PostgreSQL's own its spelling."""
        if self.catalog.dialect != "postgres":
            place = self.catalog.schema(schema)
            return f"{place}.{written}" if place else written
        found = self.catalog.find_type(schema if schema != "pg_catalog" else "", bare)
        if found or schema not in ("", "pg_catalog"):
            address = found or self.catalog.address(schema, bare)
            shown = ".".join(quote(part) for part in address if part)
            return shown + written[len(bare) :]  # modifiers, array
        return written if serial(written) else respelled(written)

    def _column_clause(
        self, column: Column, cursor: Cursor, constraints: list[Constraint]
    ) -> Column:
        """One clause behind the type; what changes no design is gone past."""
        offset = cursor.offset
        name = self._constraint_name(cursor)
        if cursor.take("not", "null"):
            return replace(column, nullable=False)
        if cursor.take("null"):
            return column
        if cursor.take("default"):
            return replace(column, default=cursor.until(_CLAUSES))
        if cursor.take("auto_increment") or cursor.take("identity") or cursor.take("autoincrement"):
            cursor.skip_group()
            return replace(column, generated=True, nullable=False)
        if cursor.take("generated"):
            return self._generated(column, cursor)
        if cursor.take("as"):
            return replace(column, default=cursor.group().rest(), generated=True)
        if cursor.take("comment"):
            return replace(column, comment=cursor.next().text)
        if constraint := self._key_clause(column.name, name, cursor):
            constraint.source = self.source(offset)
            constraints.append(constraint)
            return replace(column, nullable=column.nullable and constraint.kind != "key")
        self._pass(cursor)
        return column

    def _generated(self, column: Column, cursor: Cursor) -> Column:
        while cursor and not cursor.take("as"):
            cursor.next()
        if cursor.take("identity"):
            cursor.skip_group()
            return replace(column, generated=True, nullable=False)
        return replace(column, default=cursor.group().rest(), generated=True)

    def _key_clause(self, column: str, name: str, cursor: Cursor) -> Constraint | None:
        if cursor.take("primary"):
            cursor.take("key")
            return Constraint("key", (column,), name)
        if cursor.take("unique"):
            cursor.take("key")
            return Constraint("unique", (column,), name)
        if cursor.take("key"):  # MySQL's short form of PRIMARY KEY
            return Constraint("key", (column,), name)
        if cursor.take("check"):
            return self._check(cursor, name)
        if cursor.at("references"):
            return self._reference((column,), name, cursor)
        return None

    def _pass(self, cursor: Cursor) -> None:
        """Go past a clause that changes nothing a design shows."""
        ahead = (("not",), ("no",), ("nulls",), ("on", "update"), ("on",), ("character", "set"))
        if any(cursor.take(*words) for words in (*ahead, ("with",))):
            cursor.until(_CLAUSES)
        elif cursor.among(_CLAUSES):
            cursor.next()
            if cursor and not cursor.among(_CLAUSES):
                cursor.until(_CLAUSES)
        elif cursor.among(_OPTIONS):
            cursor.next()
            if cursor and not cursor.among(_CLAUSES) and not cursor.at("("):
                cursor.next()
            cursor.skip_group()
        elif not cursor.skip_group():
            raise cursor.fault()

    # constraints

    def table_constraint(self, cursor: Cursor) -> Constraint | None:
        """A constraint or index among the elements of a table; None for a column."""
        offset = cursor.offset
        name = self._constraint_name(cursor)
        found: Constraint | None = None
        if cursor.take("primary", "key"):
            found = Constraint("key", self._listed(cursor), name)
        elif cursor.take("unique"):
            found = self._index(cursor, name, "unique")
        elif cursor.take("foreign", "key"):
            own = "" if cursor.at("(") else cursor.name()
            name = name or own
            found = self._reference(self._names(cursor.group()), name, cursor)
        elif cursor.at("check") and len(cursor.words()) > 1 and cursor.words()[1] == "(":
            cursor.take("check")
            found = self._check(cursor, name)
        elif cursor.take("exclude"):
            method = cursor.name() if cursor.take("using") else "btree"
            columns = tuple(index_column(part) for part in cursor.group().parts())
            found = Constraint("index", columns, name, method=method, text="excl")
        elif self._begins_index(cursor):
            method = (
                cursor.next().word if cursor.among(frozenset(("fulltext", "spatial"))) else "btree"
            )
            found = self._index(cursor, name, "index")
            found.method = method if method != "btree" else found.method
        elif name:
            raise cursor.fault()
        if found:
            found.source = self.source(offset)
        return found

    def _begins_index(self, cursor: Cursor) -> bool:
        """KEY and INDEX begin an element in MySQL and SQL Server; elsewhere they name columns."""
        if self.catalog.dialect not in ("mysql", "tsql"):
            return False
        return cursor.among(_INDEXES)

    def _constraint_name(self, cursor: Cursor) -> str:
        if not cursor.take("constraint"):
            return ""
        unnamed = (
            cursor.at("primary", "key")
            or cursor.at("foreign", "key")
            or cursor.at("check", "(")
            or cursor.at("unique", "(")
        )
        return "" if unnamed else cursor.name()

    def _index(self, cursor: Cursor, name: str, kind: str) -> Constraint:
        for word in ("key", "index", "clustered", "nonclustered"):
            cursor.take(word)
        cursor.take("nulls", "not", "distinct")
        method = "btree"
        if cursor.take("using", "index"):
            return Constraint("unique using index", (), name, cursor.name())
        if cursor.take("using"):
            method = cursor.name().lower()
        if cursor and not cursor.at("("):
            name = cursor.name()
            method = cursor.name().lower() if cursor.take("using") else method
        for word in ("clustered", "nonclustered"):
            cursor.take(word)
        return Constraint(kind, self._listed(cursor), name, method=method)

    def _listed(self, cursor: Cursor) -> tuple[str, ...]:
        while cursor and not cursor.at("("):  # PRIMARY KEY CLUSTERED (, PRIMARY KEY USING BTREE (
            if cursor.take("using", "index"):
                return "", cursor.name()
            cursor.next()
        return tuple(index_column(part) for part in cursor.group().parts())

    def _names(self, cursor: Cursor) -> tuple[str, ...]:
        return tuple(part.name() for part in cursor.parts())

    def _check(self, cursor: Cursor, name: str) -> Constraint:
        cursor.take("not", "for", "replication")
        inside = cursor.group()
        return Constraint("check", inside.names(), name, inside.rest())

    def _reference(self, columns: tuple[str, ...], name: str, cursor: Cursor) -> Constraint:
        if not cursor.take("references"):
            raise cursor.fault()
        target = cursor.qualified()
        listed = self._names(cursor.group()) if cursor.at("(") else ()
        found = Constraint("reference", columns, name, target=target, target_columns=listed)
        while cursor.at("on") or cursor.at("match"):
            if cursor.take("on", "delete"):
                action = cursor.next().word
                action += f" {cursor.next().word}" if action in ("set", "no") else ""
                found.on_delete = action if action in _ACTIONS else ""
            elif cursor.take("on", "update"):
                if cursor.next().word in ("set", "no"):
                    cursor.next()
            elif cursor.take("match"):
                cursor.next()
            else:
                break
        return found

    def constrain(self, table: Table, constraints: list[Constraint]) -> None:
        """Carry constraints out: keys first, then indexes and checks, references last."""
        for each in sorted(constraints, key=lambda one: _ORDER.get(one.kind, 1)):
            self._constrain(table, each)

    def _constrain(self, table: Table, one: Constraint) -> None:
        catalog = self.catalog
        match one.kind:
            case "key" if one.columns[:1] == ("",):
                catalog.promote(table, one.columns[1], one.name, one.source, primary=True)
            case "key":
                catalog.add_key(table, one.columns, one.name, one.source)
            case "unique using index":
                catalog.promote(table, one.text, one.name, one.source, primary=False)
            case "unique" | "index":
                index = Index(
                    one.columns, one.name, one.kind == "unique", "", one.method, one.source
                )
                catalog.add_index(table, index, "key" if index.unique else one.text or "idx")
            case "check":
                columns = [name for name in one.columns if catalog.column(table, name)]
                catalog.add_check(table, Check(one.text, tuple(columns), one.name, one.source))
            case _:
                reference = Reference(
                    one.columns, one.target, one.target_columns, one.name, one.on_delete, one.source
                )
                catalog.add_reference(table, reference)


def index_column(cursor: Cursor) -> str:
    """A column by its name (without a MySQL prefix length), an expression in parentheses."""
    if cursor.at("("):
        return f"({cursor.group().rest()})"
    if cursor.words()[1:2] in (("(",), (".",)) and not cursor.prefixed():
        return f"({cursor.until(_OPTIONS)})"
    return cursor.name()


def _bare(text: str) -> str:
    """What stands in a type's parentheses, without blanks unless it is quoted."""
    return text if "'" in text else ",".join(part.strip() for part in text.split(","))
