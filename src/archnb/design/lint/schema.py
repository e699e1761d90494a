"""Rules for tables: keys, indexes and the types of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archnb.design.elements import NOWHERE, Column, Design, Entity, Finding, Relation, Severity
from archnb.design.lint._indexes import add_index, address, statement
from archnb.design.lint._tables import (
    Type,
    base_type,
    counts,
    covers,
    few_keys,
    foreign_keys,
    is_lookup,
    tables,
)
from archnb.design.lint.rules import Collapse, Example, lint_rule

_PASSING = re.compile(r"(?:^|_)(template|staging|tmp|temp|imports?|pending|queue)(?:_|\Z)")
_MONEY = re.compile(
    r"(price|amount|cost|total|subtotal|balance|salary|fee|tax|payment|revenue|budget|freight"
    r"|discount)s?"
)
_NO_MONEY = re.compile(
    r"(percent|percentage|pct|rate|ratio|factor|count|hour|quantity|qty|score|weight|distance)s?"
)
_FLOATS = frozenset({"real", "double precision", "float"})


@lint_rule(
    "DB001",
    "warning",
    examples=(
        Example(
            "schema.sql",
            bad="""
            CREATE TABLE authors (id bigint PRIMARY KEY, name text, born date, died date, bio text);
            CREATE TABLE books (id bigint PRIMARY KEY, author_id bigint REFERENCES authors);
            """,
            good="""
            CREATE TABLE authors (id bigint PRIMARY KEY, name text, born date, died date, bio text);
            CREATE TABLE books (id bigint PRIMARY KEY, author_id bigint REFERENCES authors);
            CREATE INDEX books_author_id_idx ON books (author_id);
            """,
        ),
    ),
    collapse=Collapse(
        foreign_keys,
        "{hits} of {total} foreign keys have no index that starts with them",
        "Add the indexes: without them a delete in the referenced table, and a join from it, reads "
        "the whole referring table.",
    ),
    fix=add_index,
)
def fk_without_index(design: Design) -> Iterator[Finding]:
    """No index begins with the columns of a foreign key.

    PostgreSQL, SQLite, Oracle and SQL Server create no index for a foreign key. Each delete of a
    referenced row, and each join from that side, then reads the whole referring table, and locks
    are held meanwhile. An index counts when its first columns are the key's, in any order; a
    partial one only when it leaves out nothing but NULL.

    Mend: ``CREATE INDEX ... ON child (columns)``; ``CONCURRENTLY`` on a live database.

    Source: Supabase splinter 0001 unindexed_foreign_keys; pg-index-health
    FOREIGN_KEYS_WITHOUT_INDEX; Karwin, SQL Antipatterns, "Index Shotgun".

    Ignore: for a lookup list whose rows are never deleted (information only). MySQL is left out,
    for InnoDB makes the index itself, and so is a schema that hardly uses foreign keys (DB017).
    """
    if few_keys(design):
        return
    known = tables(design)
    seen: set[tuple[str, frozenset[str]]] = set()
    for relation in foreign_keys(design):
        child, parent = known[relation.entity], known.get(relation.references)
        key = (child.qualified, frozenset(relation.columns))
        if key in seen or child.dialect in {"mysql", "mariadb"}:
            continue
        seen.add(key)
        partial = _partial_only(child, relation.columns)
        if partial is None:
            continue
        lasting = relation.on_delete.upper() not in {"CASCADE", "SET NULL"}
        mild = partial or (lasting and parent and is_lookup(parent))
        lacks = f"only a partial index ({partial})" if partial else "no index that starts with it"
        live = " (CONCURRENTLY if live)" if child.dialect == "postgres" else ""
        yield Finding(
            "DB001",
            "info" if mild else "warning",
            address(relation),
            f"Foreign key {address(relation)} has {lacks}.",
            f"Deletes on {relation.references} and joins from it scan {relation.entity} today; "
            f"add{live}: {statement(design, child, relation.columns)}",
            relation.source,
        )


def _partial_only(child: Entity, columns: tuple[str, ...]) -> str | None:
    """None where the columns are indexed; else the predicate of an index of some rows, or ""."""
    if set(child.key[: len(columns)]) == set(columns):
        return None
    predicates = [index.where for index in child.indexes if covers(index, columns)]
    names = "|".join(map(re.escape, columns))
    harmless = re.compile(rf'[\s(]*"?(?:{names})"?\s+is\s+not\s+null[\s)]*', re.IGNORECASE)
    if any(not where or harmless.fullmatch(where) for where in predicates):
        return None
    return predicates[0] if predicates else ""


@lint_rule(
    "DB002",
    "warning",
    examples=(
        Example(
            "schema.sql",
            bad="CREATE TABLE readings (sensor text NOT NULL, at timestamptz, value numeric);",
            good="CREATE TABLE readings (sensor text, at timestamptz, PRIMARY KEY (sensor, at));",
        ),
    ),
    collapse=Collapse(
        lambda design: filter(counts, design.entities),
        "{hits} of {total} tables have no primary key",
        "Declare one for each.",
    ),
)
def no_primary_key(design: Design) -> Iterator[Finding]:
    """A table has no primary key.

    Rows cannot be told apart: duplicates creep in, one row cannot be changed or referred to, and
    logical replication refuses updates.

    Mend: declare the columns that identify a row, or add a generated key.

    Source: Supabase splinter 0004 no_primary_key; pg-index-health TABLES_WITHOUT_PRIMARY_KEY;
    Karwin, SQL Antipatterns, "ID Required".

    Ignore: for tables that rows only pass through. Temporary tables, partitions, inherited
    children, those of migration tools, and names like staging, import, pending or queue are left
    out. A unique index over columns that are NOT NULL makes it information: promote that index.
    """
    for entity in filter(counts, design.entities):
        if entity.key or not entity.columns or _PASSING.search(entity.name.lower()):
            continue
        required = {column.name for column in entity.columns if not column.nullable}
        candidate = next(
            (
                ", ".join(index.columns)
                for index in entity.indexes
                if index.unique and not index.where and required.issuperset(index.columns)
            ),
            "",
        )
        yield Finding(
            "DB002",
            "info" if candidate else "warning",
            entity.qualified,
            f"Table {entity.qualified} has no primary key.",
            f"Declare one: ({candidate}) is unique and not null already."
            if candidate
            else "Declare the columns that identify a row, or add a generated key.",
            entity.source,
        )


@lint_rule(
    "DB003",
    "warning",
    examples=(
        Example(
            "schema.sql",
            bad="""
            CREATE TABLE authors (id bigserial PRIMARY KEY);
            CREATE TABLE books (id bigserial PRIMARY KEY, author_id integer REFERENCES authors);
            """,
            good="""
            CREATE TABLE authors (id bigserial PRIMARY KEY);
            CREATE TABLE books (id bigserial PRIMARY KEY, author_id bigint REFERENCES authors);
            """,
        ),
    ),
    collapse=Collapse(
        foreign_keys,
        "{hits} of {total} foreign keys have another type than the column they refer to",
        "Give both sides the same type; the narrower side overflows first.",
    ),
)
def fk_type_mismatch(design: Design) -> Iterator[Finding]:
    """The column of a foreign key has another type than the column it refers to.

    A narrower child overflows one day, although the parent still has room: an error. Any other
    difference costs a conversion in each join, and on some engines the use of the index. Types are
    compared after domains and synonyms (``serial`` is ``integer``); a mere difference of length is
    information, unless the child is the shorter one.

    Mend: give both the same type. ``ALTER COLUMN ... TYPE`` rewrites the table: choose the hour.

    Source: pg-index-health FOREIGN_KEYS_WITH_UNMATCHED_COLUMN_TYPE.

    Ignore: where the parent's values provably stay in the child's range.
    """
    known = tables(design)
    for relation in foreign_keys(design):
        child, parent = known[relation.entity], known.get(relation.references)
        if parent is None:
            continue
        referenced = relation.referenced_columns or parent.key
        for own, other in zip(relation.columns, referenced, strict=False):
            left, right = child.column(own), parent.column(other)
            if not (left and right and left.type and right.type):
                continue
            severity = _mismatch(
                base_type(left.type, design, child.dialect),
                base_type(right.type, design, parent.dialect),
            )
            if severity:
                yield _mismatched(relation, severity, left, right)


def _mismatched(relation: Relation, severity: Severity, left: Column, right: Column) -> Finding:
    return Finding(
        "DB003",
        severity,
        f"{relation.entity}({left.name})",
        f"{relation.entity}.{left.name} is {left.type} but refers to "
        f"{relation.references}.{right.name}, which is {right.type}.",
        "Give both the same type; the narrower side overflows first.",
        left.source if left.source != NOWHERE else relation.source,
    )


def _mismatch(child: Type, parent: Type) -> Severity | None:
    """How grave the difference between the two is; None where there is none."""
    if child == parent:
        return None
    if child.name == parent.name:
        return "error" if 0 < child.length < parent.length else "info"
    if {child.name, parent.name} == {"varchar", "text"}:
        return "info"
    return "error" if 0 < child.width < parent.width else "warning"


@lint_rule(
    "DB004",
    "error",
    examples=(
        Example(
            "schema.sql",
            bad="CREATE TABLE invoices (id bigint PRIMARY KEY, total_amount double precision);",
            good="CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric(12,2), rate real);",
        ),
    ),
)
def money_float(design: Design) -> Iterator[Finding]:
    """A sum of money is kept as a binary floating-point number, or as the type ``money``.

    0.10 has no exact binary form: sums drift by cents, and equality fails. PostgreSQL's ``money``
    is exact but changes its meaning with the server's locale, and is a warning.

    Mend: ``numeric`` with a fixed scale, or integer minor units with a currency beside them.

    Source: Karwin, SQL Antipatterns, "Rounding Errors"; SQLCheck 2001; pg-index-health
    COLUMNS_WITH_MONEY_TYPE; PostgreSQL wiki, "Don't use money".

    Ignore: for statistics that nobody adds up. Rates, percentages, hours and quantities are left
    out already.
    """
    for entity in filter(counts, design.entities):
        for column in entity.columns:
            kind = base_type(column.type, design).name
            if kind != "money" and not (kind in _FLOATS and _is_money(column.name)):
                continue
            fault = "whose meaning follows the server's locale" if kind == "money" else "and rounds"
            yield Finding(
                "DB004",
                "warning" if kind == "money" else "error",
                f"{entity.qualified}.{column.name}",
                f"{entity.qualified}.{column.name} keeps money as {column.type}, {fault}.",
                "Use numeric with a fixed scale, or integer minor units plus a currency.",
                column.source if column.source != NOWHERE else entity.source,
            )


def _is_money(name: str) -> bool:
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split("_")
    return any(map(_MONEY.fullmatch, words)) and not any(map(_NO_MONEY.fullmatch, words))


@lint_rule(
    "DB017",
    "warning",
    examples=(
        Example(
            "schema.sql",
            bad="".join(f"CREATE TABLE t{n} (id int PRIMARY KEY, t_id int);\n" for n in range(10)),
            good="CREATE TABLE a (id int PRIMARY KEY);\n"
            + "".join(f"CREATE TABLE t{n} (id int PRIMARY KEY REFERENCES a);\n" for n in range(9)),
        ),
    ),
)
def schema_without_fks(design: Design) -> Iterator[Finding]:
    """Ten tables or more, and a foreign key for fewer than a fourth of them.

    Then no single missing key or index is worth a word: integrity is kept elsewhere, or nowhere.

    Mend: decide where integrity is enforced and write it down; otherwise declare the keys.

    Source: Karwin, SQL Antipatterns, "Keyless Entry"; SQLCheck 1005.

    Ignore: for warehouses loaded from a checked source, and tables spread over many servers.
    """
    found = few_keys(design)
    if found:
        first = next(filter(counts, design.entities))
        yield Finding(
            "DB017",
            "warning",
            first.source.file or "schema",
            f"{found[0]} tables declare {found[1]} foreign keys.",
            "Decide where integrity is enforced and write it down; otherwise declare the keys.",
            first.source,
        )
