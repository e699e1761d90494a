"""A design as a script that PostgreSQL runs, each thing after what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archnb.design.elements import Column, DataType, Design, Entity, Index, Relation
from archnb.design.formats.ddl.catalog import origin
from archnb.design.formats.ddl.completion import complete
from archnb.design.formats.ddl.names import derived, literal, quote
from archnb.design.formats.ddl.translate import column_type, default, expression

_ACTIONS = ("cascade", "restrict", "set null", "set default")
_SERIAL = {"integer": "serial", "bigint": "bigserial", "smallint": "smallserial"}
_PART = r"(?:\"[^\"']+\"|\w+)"
_SEQUENCE = re.compile(rf"nextval\('({_PART}(?:\.{_PART})?)'(?:::regclass)?\)", re.IGNORECASE)


def write(design: Design) -> str:
    """``design`` as PostgreSQL DDL; the same design always gives the same text.

    Concepts become tables first (see :func:`complete`). A view's query is not part of a design: it
    is named in a comment. A default or check that is no plain expression is left out.
    """
    whole = complete(design)
    script = _Script(whole)
    return "\n\n".join(script.statements()) + "\n" if script.tables or whole.types else ""


class _Script:
    """The statements of a design; ``made`` are the tables written so far."""

    def __init__(self, design: Design) -> None:
        self.tables = [one for one in design.entities if "view" not in one.kind]
        self._views = [one for one in design.entities if "view" in one.kind]
        self._types = design.types
        self._by_name = {table.qualified: table for table in self.tables}
        self._relations = [
            one for one in design.relations if one.columns and one.entity in self._by_name
        ]
        self._made: set[str] = set()

    def statements(self) -> Iterator[str]:
        places = [*(one.schema for one in self._types), *(one.schema for one in self.tables)]
        yield from (
            f"create schema if not exists {quote(name)};" for name in sorted({*places}) if name
        )
        yield from map(_type, sorted(self._types, key=lambda one: bool(one.base)))
        yield from (f"create sequence if not exists {name};" for name in self._sequences())
        ordered = self._ordered()
        later: list[Relation] = []
        for table in ordered:
            self._made.add(table.qualified)
            own = [one for one in self._relations if one.entity == table.qualified]
            later += [one for one in own if not self._ready(one)]
            yield self._table(table, [one for one in own if self._ready(one)])
        for table in ordered:
            separate = (index for index in self._own_indexes(table) if not _inline(index))
            yield from (_index(table, index) for index in separate)
        for one in later:
            yield f"alter table {_path(one.entity, self._by_name)}\n  add {self._reference(one)};"
        for table in ordered:
            yield from _comments(table)
        for view in self._views:
            shown = ", ".join(column.name for column in view.columns)
            yield _remark(
                f"{view.kind} {view.qualified} ({shown}): its query is not part of the design"
            )

    def _ready(self, one: Relation) -> bool:
        """Whether the table referred to is there, with what makes its columns unique."""
        target = self._by_name.get(one.references)
        if target is None or one.references not in self._made:
            return False
        inside = (target.key, *(index.columns for index in target.indexes if _inline(index)))
        return not one.referenced_columns or {*one.referenced_columns} in map(set, inside)

    def _ordered(self) -> list[Entity]:
        """Tables after those they refer to or belong to; a cycle is broken where it is met."""
        needs: dict[str, list[str]] = {table.qualified: [] for table in self.tables}
        for table in self.tables:
            if table.parent in needs:
                needs[table.qualified].append(table.parent)
        for one in self._relations:
            if one.references in needs:
                needs[one.entity].append(one.references)
        done: dict[str, None] = {}
        for start, own in needs.items():
            path, waiting = {start}, [(start, iter(own))]
            while waiting:
                name, rest = waiting[-1]
                following = next((one for one in rest if one not in done and one not in path), None)
                if following is None:
                    done.setdefault(name)
                    waiting.pop()
                else:
                    path.add(following)
                    waiting.append((following, iter(needs[following])))
        first = [name for name in done if not self._by_name[name].parent]
        heirs = [name for name in done if self._by_name[name].parent]
        return [self._by_name[name] for name in (*first, *self._generations(heirs))]

    def _generations(self, names: list[str]) -> list[str]:
        """Partitions and heirs, parents before children."""

        def depth(name: str) -> int:
            steps, seen = 0, {name}
            while (parent := self._by_name[name].parent) in self._by_name and parent not in seen:
                steps, name = steps + 1, parent
                seen.add(parent)
            return steps

        return sorted(names, key=depth)

    def _table(self, table: Entity, relations: Iterable[Relation]) -> str:
        parent = self._by_name.get(table.parent)
        partition = table.kind == "partition" and parent is not None and table.partitioning
        lines = []
        for column in table.columns:
            inherited = parent.column(column.name) if parent and partition else None
            if inherited is None or _differs(column, inherited):
                lines.append(_column(table, column, typed=inherited is None))
        if table.key and not (partition and parent and parent.key == table.key):
            lines.append(f"primary key ({_listed(table.key)})")
        lines += [_unique(index) for index in self._own_indexes(table) if _inline(index)]
        checks = {check.name for check in parent.checks} if parent else set()
        for check in table.checks:
            text = expression(check.expression, table.dialect)
            if text and check.name not in checks:
                lines.append(f"{_named(check.name)}check ({text})")
        lines += [self._reference(one) for one in relations]
        body = " (\n  " + ",\n  ".join(lines) + "\n)" if lines else ("" if partition else " ()")
        head = "create temporary table" if table.temporary else "create table"
        head = "create foreign table" if table.kind == "foreign table" else head
        name = _path(table.qualified, self._by_name)
        partitioning = table.partitioning if expression(table.partitioning) else ""
        if partition and partitioning:
            above = _path(table.parent, self._by_name)
            return f"{head} {name} partition of {above}{body}\n  {partitioning};"
        end = f" inherits ({_path(table.parent, self._by_name)})" if parent else ""
        end += f" partition {partitioning}" if partitioning.startswith("by ") else ""
        end += " server unknown" if table.kind == "foreign table" else ""
        return f"{head} {name}{body}{end};"

    def _reference(self, one: Relation) -> str:
        listed = f" ({_listed(one.referenced_columns)})" if one.referenced_columns else ""
        action = f" on delete {one.on_delete.lower()}" if one.on_delete.lower() in _ACTIONS else ""
        target = _path(one.references, self._by_name)
        named = f"{_named(one.name)}foreign key ({_listed(one.columns)})"
        return f"{named} references {target}{listed}{action}"

    def _own_indexes(self, table: Entity) -> list[Index]:
        """Those that a partition does not get from its parent anyway."""
        parent = self._by_name.get(table.parent)
        if table.kind != "partition" or parent is None:
            return list(table.indexes)
        above = {(one.columns, one.unique, one.where) for one in parent.indexes}
        return [one for one in table.indexes if (one.columns, one.unique, one.where) not in above]

    def _sequences(self) -> list[str]:
        """Sequences that defaults draw from and no ``serial`` makes."""
        drawn = (
            _SEQUENCE.fullmatch(column.default)
            for table in self.tables
            for column in table.columns
            if not _serial(table, column)
        )
        return sorted({match[1] for match in drawn if match})


def _type(kind: DataType) -> str:
    name = ".".join(quote(part) for part in (kind.schema, kind.name) if part)
    if kind.base:
        return f"create domain {name} as {column_type(Column('', kind.base), 'postgres')};"
    return f"create type {name} as enum ({', '.join(map(literal, kind.values))});"


def _column(table: Entity, column: Column, *, typed: bool) -> str:
    shown = column_type(column, table.dialect)
    serial = _serial(table, column)
    parts = [quote(column.name)]
    if typed:
        parts.append(serial or shown)
    value = "" if serial else default(column, table.dialect, shown)
    if not column.nullable and not (column.name in table.key and typed) and not serial:
        parts.append("not null")
    if column.generated and not column.default:
        parts.append("generated always as identity")
    elif column.generated and value:
        parts.append(f"generated always as ({value}) stored")
    elif value:
        parts.append(f"default {value}")
    return " ".join(parts)


def _serial(table: Entity, column: Column) -> str:
    """``serial`` or its kin where the default is just what that makes."""
    sequence = derived(table.name, [column.name], "seq", ())
    path = ".".join(quote(part) for part in (table.schema, sequence) if part)
    usual = column.default == f"nextval({literal(path)}::regclass)" and not column.nullable
    return _SERIAL.get(column.type, "") if usual else ""


def _differs(column: Column, inherited: Column) -> bool:
    return (column.default, column.nullable) != (inherited.default, inherited.nullable)


def _inline(index: Index) -> bool:
    """Whether it is a UNIQUE constraint rather than a unique index, as far as its name can tell."""
    plain = not index.where and index.method == "btree" and not any(map(_is_text, index.columns))
    return index.unique and plain and origin(index) == "key"


def _unique(index: Index) -> str:
    return f"{_named(index.name)}unique ({_listed(index.columns)})"


def _index(table: Entity, index: Index) -> str:
    columns = [
        expression(one, table.dialect) if _is_text(one) else quote(one) for one in index.columns
    ]
    where = expression(index.where, table.dialect)
    if not all(columns) or (index.where and not where):
        return _remark(
            f"index {index.name} on {table.qualified} is left out: it is no plain expression"
        )
    unique = "unique " if index.unique else ""
    name = f"{quote(index.name)} " if index.name else ""
    path = ".".join(quote(part) for part in (table.schema, table.name) if part)
    method = f" using {quote(index.method)}" if index.method not in ("btree", "") else ""
    end = f" where {where}" if where else ""
    return f"create {unique}index {name}on {path}{method} ({', '.join(columns)}){end};"


def _comments(table: Entity) -> Iterator[str]:
    path = ".".join(quote(part) for part in (table.schema, table.name) if part)
    if table.comment:
        yield f"comment on table {path} is {literal(table.comment)};"
    for column in table.columns:
        if column.comment:
            yield f"comment on column {path}.{quote(column.name)} is {literal(column.comment)};"


def _path(qualified: str, known: dict[str, Entity]) -> str:
    """A qualified name, quoted part by part, whatever dots a name itself has."""
    table = known.get(qualified)
    parts = (table.schema, table.name) if table else tuple(qualified.rsplit(".", 1))
    return ".".join(quote(part) for part in parts if part)


def _named(name: str) -> str:
    return f"constraint {quote(name)} " if name else ""


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(map(quote, columns))


def _is_text(column: str) -> bool:
    return column.startswith("(") and column.endswith(")")


def _remark(text: str) -> str:
    """A comment that stays on its line whatever the text holds."""
    return "-- " + re.sub(r"[\s\x00-\x1f\x7f]+", " ", text)
