"""What several schema rules ask: which tables count, what a type is underneath."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from archnb.design.elements import Design, Entity, Index, Relation

# Tables that a migration tool or an extension keeps for itself.
_TOOLS = re.compile(
    r"(schema_migrations|ar_internal_metadata|flyway_.*|alembic_version|databasechangelog.*|__diesel.*"
    r"|_?goose_db_version|spatial_ref_sys|part_config(_sub)?|template_(public|partman)_.*)\Z",
    re.IGNORECASE,
)
_LOOKUP = re.compile(
    r"(type|status|kind|language|country|countrie|currency|currencie|category|categorie|reason|format)"
    r"(s|es)?\Z",
    re.IGNORECASE,
)

# What a type's name stands for, where engines and standards have several for one.
_NAMES = {
    synonym.replace("-", " "): name
    for name, synonyms in {
        "integer": "int int4 serial serial4",
        "bigint": "int8 bigserial serial8",
        "smallint": "int2 smallserial serial2",
        "varchar": "character-varying nvarchar varchar2 nvarchar2",
        "char": "character bpchar nchar",
        "numeric": "decimal number",
        "double precision": "float8 double",
        "real": "float4",
        "boolean": "bool",
        "uuid": "uniqueidentifier",
        "timestamp": "timestamp-without-time-zone datetime",
        "timestamp with time zone": "timestamptz",
    }.items()
    for synonym in synonyms.split()
}
_INTEGERS = {"tinyint": 1, "smallint": 2, "mediumint": 3, "integer": 4, "bigint": 8}
_TYPE = re.compile(r"([^()]*)(?:\(([^()]*)\))?(.*)\Z", re.DOTALL)


class Type(NamedTuple):
    """A type underneath its spelling; ``size`` is what stood in parentheses."""

    name: str
    size: str

    @property
    def width(self) -> int:
        """Bytes of an integer type; 0 for any other."""
        return _INTEGERS.get(self.name.removesuffix(" unsigned"), 0)

    @property
    def length(self) -> int:
        """Characters that fit; 0 where no limit is given."""
        digits = re.match(r"\d+", self.size)
        return int(digits[0]) if digits and self.name in {"varchar", "char"} else 0


def tables(design: Design) -> dict[str, Entity]:
    """Every entity by its qualified name, and by its bare one where only one has it."""
    bare = Counter(entity.name for entity in design.entities)
    found = {entity.name: entity for entity in design.entities if bare[entity.name] == 1}
    return found | {entity.qualified: entity for entity in reversed(design.entities)}


def counts(entity: Entity) -> bool:
    """A lasting table of the user's own: no view, partition, child, temporary or tool table."""
    return (
        entity.kind == "table"
        and not entity.parent
        and not entity.temporary
        and not _TOOLS.match(entity.name)
    )


def foreign_keys(design: Design) -> list[Relation]:
    """The declared foreign keys of the tables that count."""
    known = tables(design)
    return [
        relation
        for relation in design.relations
        if relation.columns
        and not relation.inferred
        and (child := known.get(relation.entity))
        and counts(child)
    ]


def few_keys(design: Design) -> tuple[int, int] | None:
    """How many tables and keys, where ten tables or more have a key for fewer than a fourth."""
    count = sum(counts(entity) for entity in design.entities)
    keys = len(foreign_keys(design))
    return (count, keys) if count >= 10 and 4 * keys < count else None


def is_lookup(entity: Entity) -> bool:
    """A short list that others choose from, such as order statuses."""
    return bool(_LOOKUP.search(entity.name)) or 0 < len(entity.columns) <= 4


def covers(index: Index, columns: tuple[str, ...]) -> bool:
    """The index begins with ``columns``, in any order, whatever its predicate."""
    leading = set(index.columns[: len(columns)])
    return index.method in {"btree", "hash"} and leading == set(columns)


def base_type(spelling: str, design: Design, dialect: str = "") -> Type:
    """The type underneath: domains resolved, synonyms replaced by what they stand for."""
    bases = {kind.name.lower(): kind.base for kind in design.types if kind.base}
    for _ in range(10):  # a domain over a domain; ten is more than anybody nests
        bare = spelling.rpartition(".")[2].strip('" ').lower()
        if bare not in bases:
            break
        spelling = bases[bare]
    before, size, after = _TYPE.findall(spelling.lower().rpartition(".")[2])[0]
    name = " ".join(f"{before} {after}".split()).strip('"')
    name = _NAMES.get(name, name)
    if dialect == "sqlite":  # sizes and widths are ignored there; what counts is the affinity
        affinities = {"int": "integer", "char": "text", "clob": "text", "text": "text"}
        name = next((kind for part, kind in affinities.items() if part in name), name)
        return Type(name, "")
    head, _, rest = name.partition(" ")
    if _NAMES.get(head, head) in _INTEGERS:  # MySQL: the size of an int(11) is a display width
        return Type(f"{_NAMES.get(head, head)} {rest}".strip(), "")
    return Type(name, size.replace(" ", ""))
