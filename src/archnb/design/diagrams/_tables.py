"""What a drawn table shows: its columns with their marks, and the relations between the tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archnb.design.elements import Check, Column, DataType, Design, Entity, Relation

MOST_ROWS = 12
_INDEXES_BY_ITSELF = ("mysql", "mariadb")  # InnoDB makes an index for each foreign key
_STORED = ("table", "partition", "foreign table")  # others do not say what may be null
_NOT_NULL = re.compile(r'[\s(]*"?(\w+)"?\s+is\s+not\s+null[\s)]*', re.IGNORECASE)
_SHORT_TYPES = (
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
    ("time with time zone", "timetz"),
    ("time without time zone", "time"),
    ("double precision", "double"),
    ("character varying", "varchar"),
    ("character", "char"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One column: ``key`` is PK, FK, both or nothing; ``marks`` are short words on the right.

    ``nullable`` None: nobody says. ``values`` are those of an enum, or of a CHECK that lists them.
    """

    name: str
    type: str = ""
    key: str = ""
    nullable: bool | None = None
    marks: tuple[str, ...] = ()
    unindexed: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table as drawn, how many partitions stand behind it, and what holds for several columns.

    ``missing``: others refer to it, but nothing that was read defines it.
    """

    entity: Entity
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    partitions: int = 0
    missing: bool = False

    def shown(self) -> list[int]:
        """The places of the rows that are drawn: keys and indexed columns go before the others."""
        if len(self.rows) <= MOST_ROWS:
            return list(range(len(self.rows)))
        return sorted(sorted(range(len(self.rows)), key=self._weight)[: MOST_ROWS - 1])

    def _weight(self, place: int) -> tuple[int, int]:
        row = self.rows[place]
        rank = 0 if "PK" in row.key else 1 if row.key else 2 if row.marks else 3
        return rank, place


@dataclass(frozen=True, slots=True)
class Schema:
    """All that the diagram shows; a relation gives its two tables by their place."""

    tables: tuple[Table, ...]
    relations: tuple[tuple[int, int, Relation], ...]


def schema(design: Design) -> Schema:
    """The tables of a design, partitions folded into the table they belong to."""
    by_name: dict[str, Entity] = {}
    for entity in design.entities:
        by_name.setdefault(entity.qualified, entity)
    owners = [_owner(entity, by_name) for entity in design.entities]
    whole = list(dict.fromkeys(owners))
    folded = Counter(owners)
    relations, ghosts = _connect(design.relations, whole, _places(design.entities, owners, whole))
    outgoing: dict[int, list[Relation]] = {}
    for origin, _, relation in relations:
        outgoing.setdefault(origin, []).append(relation)
    types = {kind.name.lower(): kind for kind in design.types if kind.values}
    tables = [
        Table(
            entity,
            _rows(entity, outgoing.get(place, []), types),
            _notes(entity),
            folded[entity] - 1,
        )
        for place, entity in enumerate(whole)
    ]
    tables += [Table(Entity(name), missing=True) for name in ghosts]
    return Schema(tuple(tables), tuple(relations))


def unindexed(entity: Entity, relation: Relation) -> bool:
    """Whether a foreign key leads no index, so that a delete on the other side scans this table."""
    if not entity.dialect or entity.dialect in _INDEXES_BY_ITSELF or not relation.columns:
        return False
    wanted, many = set(relation.columns), len(relation.columns)
    whole = []
    for index in entity.indexes:
        partial = _NOT_NULL.fullmatch(index.where)
        if not index.where or (partial and partial[1] in wanted):
            whole.append(index.columns)
    leads = (entity.key, *whole)
    return not any(set(columns[:many]) == wanted for columns in leads)


def short_check(check: Check, column: str) -> tuple[str, tuple[str, ...]]:
    """A CHECK of one column in a few letters (``>= 0``), and the values it lists if it does.

    >>> short_check(Check("((price >= (0)::numeric))"), "price")
    ('>= 0', ())
    >>> short_check(Check("state IN ('new', 'paid')"), "state")
    ('', ('new', 'paid'))
    """
    text = re.sub(r'::"?[\w. ]+"?(\(\d+(,\d+)?\))?(\[\])?', "", check.expression[:600])
    text = re.sub(r"^\s*check\b", "", text, flags=re.IGNORECASE)
    bare = " ".join(re.sub(r'[()"`]', " ", text).split())
    name = re.escape(column)
    listed = re.fullmatch(rf"{name} (?:IN|= ANY ARRAY)\b ?\[?(.*?)\]?", bare, flags=re.IGNORECASE)
    if listed:
        values = re.findall(r"'([^']*)'", listed[1])
        if values:
            return "", tuple(values)
    compared = re.fullmatch(rf"{name} ?(>=|<=|<>|!=|>|<|=) ?(-?[\d.]+|'[^']*')", bare)
    if compared and len(compared[2]) <= 10:
        return f"{compared[1]} {compared[2]}", ()
    between = re.fullmatch(rf"{name} BETWEEN (-?[\d.]+) AND (-?[\d.]+)", bare, flags=re.IGNORECASE)
    if between:
        return f"{between[1]} to {between[2]}", ()
    both = re.fullmatch(rf"{name} ?>= ?(-?[\d.]+) AND {name} ?<= ?(-?[\d.]+)", bare, re.IGNORECASE)
    return (f"{both[1]} to {both[2]}" if both else "check"), ()


def short_type(name: str) -> str:
    """An engine's type name as people write it."""
    for long, short in _SHORT_TYPES:
        if name.lower().startswith(long):
            return short + name[len(long) :]
    return "enum" if name.lower().startswith("enum(") else name


def _owner(entity: Entity, by_name: dict[str, Entity]) -> Entity:
    """The table that a partition (of a partition) belongs to; any other entity is its own."""
    seen = {entity.qualified}
    while entity.kind == "partition" and entity.parent in by_name and entity.parent not in seen:
        seen.add(entity.parent)
        entity = by_name[entity.parent]
    return entity


def _places(
    entities: Sequence[Entity], owners: Sequence[Entity], whole: Sequence[Entity]
) -> dict[str, int]:
    """Where a table stands, by qualified name, and by bare name where only one has it."""
    place = {entity: number for number, entity in enumerate(whole)}
    bare = Counter(entity.name for entity in entities)
    places: dict[str, int] = {}
    for entity, owner in zip(entities, owners, strict=True):
        places.setdefault(entity.qualified, place[owner])
    for entity, owner in zip(entities, owners, strict=True):
        if bare[entity.name] == 1:
            places.setdefault(entity.name, place[owner])
    return places


def _connect(
    relations: Iterable[Relation], whole: Sequence[Entity], places: dict[str, int]
) -> tuple[list[tuple[int, int, Relation]], list[str]]:
    """Relations between places, each once, and the names that nothing defines (placed last)."""
    ghosts: dict[str, int] = {}
    found: dict[tuple[object, ...], tuple[int, int, Relation]] = {}
    for relation in relations:
        ends = []
        for name in (relation.entity, relation.references):
            place = places.get(name, places.get(name.rpartition(".")[2]))
            ends.append(
                ghosts.setdefault(name, len(whole) + len(ghosts)) if place is None else place
            )
        key = (*ends, relation.columns, relation.referenced_columns, relation.label)
        found.setdefault(key, (ends[0], ends[1], relation))
    return list(found.values()), list(ghosts)


def _rows(
    entity: Entity, outgoing: Sequence[Relation], types: dict[str, DataType]
) -> tuple[Row, ...]:
    foreign = {name for relation in outgoing for name in relation.columns}
    bare = {
        name for relation in outgoing if unindexed(entity, relation) for name in relation.columns
    }
    return tuple(
        _row(entity, column, column.name in foreign, column.name in bare, types)
        for column in entity.columns
    )


def _row(
    entity: Entity, column: Column, foreign: bool, bare: bool, types: dict[str, DataType]
) -> Row:
    marks, values = [], _enum(column.type, types)
    alone = [index for index in entity.indexes if index.unique and index.columns == (column.name,)]
    if alone:
        marks.append("unique" if any(not index.where for index in alone) else "partly unique")
    elif bare:
        marks.append("no index")
    elif any(index.columns[:1] == (column.name,) for index in entity.indexes):
        marks.append("index")
    for check in entity.checks:
        if check.columns == (column.name,):
            short, listed = short_check(check, column.name)
            values = values or listed
            marks += [short] if short and short not in marks else []
    if column.generated:
        marks.append("generated")
    key = [name for name, holds in (("PK", column.name in entity.key), ("FK", foreign)) if holds]
    return Row(
        column.name,
        short_type(column.type),
        " ".join(key),
        column.nullable and column.name not in entity.key if entity.kind in _STORED else None,
        tuple(marks),
        bare,
        values,
    )


def _enum(name: str, types: dict[str, DataType]) -> tuple[str, ...]:
    """The values of an enum type, declared on its own or (MySQL) within the column's type."""
    if name.lower().startswith("enum("):
        return tuple(re.findall(r"'([^']*)'", name[:2000]))
    known = types.get(name.lower().removesuffix("[]").rpartition(".")[2].strip('"'))
    return known.values if known else ()


def _notes(entity: Entity) -> tuple[str, ...]:
    """What holds for several columns together: unique constraints and checks."""
    together = [
        f"unique ({', '.join(index.columns)})"
        for index in entity.indexes
        if index.unique and len(index.columns) > 1 and index.columns != entity.key
    ]
    together += [f"check {check.expression}" for check in entity.checks if len(check.columns) != 1]
    return tuple(dict.fromkeys(together))
