"""The tables a replayed script leaves behind, as a design."""

from __future__ import annotations

from typing import Literal, cast

from archnb.design.elements import Design, Entity, Index, Relation
from archnb.design.formats.ddl.catalog import Catalog
from archnb.design.formats.ddl.tables import Reference, Table, qualified

_Kind = Literal["table", "view", "materialized view", "partition", "foreign table", "concept"]


def design(catalog: Catalog) -> Design:
    """What stands after the last statement: entities and relations in order of definition."""
    tables = list(catalog.tables.values())
    if catalog.dialect == "mysql":
        for table in tables:
            _index_references(table)
    return Design(
        entities=tuple(_entity(table, catalog.dialect) for table in tables),
        relations=tuple(
            _relation(catalog, table, reference)
            for table in tables
            for reference in table.references
        ),
        types=tuple(one for one in catalog.types.values() if one.values or one.base),
        problems=tuple(catalog.problems),
    )


def _entity(table: Table, dialect: str) -> Entity:
    return Entity(
        name=table.name,
        columns=tuple(table.columns.values()),
        key=table.key,
        indexes=tuple(table.indexes),
        checks=tuple(table.checks),
        schema=table.schema,
        kind=cast("_Kind", table.kind),
        parent=table.parents[0].qualified if table.parents else "",
        temporary=table.temporary,
        comment=table.comment,
        dialect=dialect,
        source=table.source,
        end=table.end,
        partitioning=table.partitioning,
    )


def _relation(catalog: Catalog, table: Table, reference: Reference) -> Relation:
    target = reference.target
    if isinstance(target, tuple):
        target = catalog.find(*target) or target
    columns = {catalog.fold(name) for name in reference.columns}
    unique = [
        table.key,
        *(index.columns for index in table.indexes if index.unique and not index.where),
    ]
    found = [catalog.column(table, name) for name in reference.columns]
    return Relation(
        entity=table.qualified,
        references=target.qualified
        if isinstance(target, Table)
        else qualified(catalog.address(*target)),
        columns=reference.columns,
        referenced_columns=reference.target_columns
        or (target.key if isinstance(target, Table) else ()),
        name=reference.name,
        on_delete=reference.on_delete,
        many=not any(
            {catalog.fold(name) for name in names} == columns for names in unique if names
        ),
        optional=any(column is None or column.nullable for column in found),
        source=reference.source,
    )


def _index_references(table: Table) -> None:
    """InnoDB makes an index for a foreign key that has none of its own."""
    for reference in table.references:
        leading = [table.key, *(index.columns for index in table.indexes)]
        if not any(columns[: len(reference.columns)] == reference.columns for columns in leading):
            name = reference.name or reference.columns[0]
            table.indexes.append(Index(reference.columns, name, source=reference.source))
