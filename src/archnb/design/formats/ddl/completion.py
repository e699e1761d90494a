"""What words leave open, decided: concepts become tables with keys, types and foreign keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from archnb.design.elements import Column, Design, Entity, Index, Relation
from archnb.design.formats.ddl.names import derived
from archnb.design.formats.ddl.types import known, respelled
from archnb.design.inflection import concept, is_plural, snake

_MONEY = "numeric(12,2)"
_MOMENT = "timestamp with time zone"
_SAID = {  # what people write for a type
    "money": _MONEY, "currency": _MONEY, "amount": _MONEY, "price": _MONEY, "decimal": _MONEY,
    "string": "text", "str": "text", "email": "text", "url": "text", "phone": "text",
    "enum": "text",
    "number": "numeric", "float": "double precision", "double": "double precision",
    "long": "bigint",
    "int": "integer", "count": "integer", "quantity": "integer", "bool": "boolean",
    "flag": "boolean",
    "datetime": _MOMENT, "timestamp": _MOMENT, "time": _MOMENT, "instant": _MOMENT,
    "json": "jsonb", "object": "jsonb", "binary": "bytea", "file": "bytea", "guid": "uuid",
}  # fmt: skip
_BY_NAME = (
    (r".*_(?:at|timestamp)|timestamp|created|updated|deleted", _MOMENT),
    (r".*_(?:on|date|day)|date|birthday|deadline", "date"),
    (r"(?:is|has|can|was)_.*|active|enabled|archived", "boolean"),
    (r"(?:.*_)?(?:price|total|amount|cost|fee|balance|subtotal|tax|salary|discount)", _MONEY),
    (r"(?:.*_)?(?:quantity|qty|count|age|rank|position|stock|year|version|seats)", "integer"),
)
_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women"}
_INTEGERS = ("", "integer", "bigint", "smallint")


def complete(design: Design) -> Design:
    """``design`` with every concept as a PostgreSQL table, and columns for every relation.

    A concept is named in the plural, gets a key (``id``, or those of both sides where it only joins
    two others), and types from what is said or, failing that, from its columns' names. A relation
    in words becomes a foreign key column with an index; two that say *many* of each other become a
    join table.
    What a schema has stated is left as it is, and a design that needs nothing comes back unchanged.
    """
    open_ends = any(not relation.columns for relation in design.relations)
    if not open_ends and not any(entity.kind == "concept" for entity in design.entities):
        return design
    relations, joins = _joined(design.relations)
    entities = [*design.entities, *(entity for entity in joins if not design.entity(entity.name))]
    names = _names(entities)
    relations = [
        replace(
            relation,
            entity=names.get(relation.entity, relation.entity),
            references=names.get(relation.references, relation.references),
        )
        for relation in relations
    ]
    completion = _Completion(design, relations)
    for entity in entities:
        completion.add(entity, names.get(entity.qualified, ""))
    return replace(design, relations=completion.refer(), entities=tuple(completion.tables.values()))


class _Completion:
    """The tables while they are completed; ``_joins`` are those that only refer to two others."""

    def __init__(self, design: Design, relations: list[Relation]) -> None:
        self.tables: dict[str, Entity] = {}
        self._types = {kind.name for kind in design.types}
        self._relations = relations
        self._joins: set[str] = set()
        self._used: set[tuple[str, str]] = set()

    def add(self, entity: Entity, name: str) -> None:
        """Take a table as it is, or make one of a concept, unless one of that name is there."""
        if entity.kind != "concept":
            self.tables[entity.qualified] = entity
            return
        ends = [one for one in self._relations if one.entity == name and not one.columns]
        columns = tuple(replace(one, type=_type(one, self._types)) for one in entity.columns)
        key = entity.key or ("id",)
        if not entity.columns and len(ends) == 2 and all(one.many for one in ends):
            self._joins.add(name)
            key = ()
        elif key == ("id",):
            first = next(
                (one for one in columns if one.name == "id"), Column("id", source=entity.source)
            )
            columns = (_identity(first), *(one for one in columns if one.name != "id"))
        made = replace(
            entity,
            name=name,
            columns=tuple(
                replace(one, nullable=one.nullable and one.name not in key) for one in columns
            ),
            key=key,
            indexes=(),
            kind="table",
            dialect="postgres",
        )
        for index in entity.indexes:
            made = _indexed(made, index.columns, unique=index.unique)
        self.tables.setdefault(name, made)

    def refer(self) -> tuple[Relation, ...]:
        """Every relation with its columns; joins get their keys before they are referred to."""
        order = sorted(
            range(len(self._relations)),
            key=lambda at: self._relations[at].references in self._joins,
        )
        done = {at: self._refer(self._relations[at]) for at in order}
        return tuple(done[at] for at in range(len(self._relations)))

    def _refer(self, relation: Relation) -> Relation:
        child, parent = self.tables.get(relation.entity), self.tables.get(relation.references)
        if (
            relation.columns
            or child is None
            or parent is None
            or not parent.key
            or "view" in child.kind
        ):
            return relation
        optional = relation.optional or child is parent  # the topmost refers to none
        columns: list[str] = []
        listed = {column.name: column for column in child.columns}
        for key in parent.key:
            name = self._column(relation, parent, key)
            stated, referred = listed.get(name), parent.column(key)
            kind = referred.type if referred else "bigint"
            column = stated or Column(name, nullable=optional, source=relation.source)
            listed[name] = replace(column, type=kind, nullable=column.nullable and optional)
            columns.append(name)
        child = replace(child, columns=tuple(listed.values()))
        if relation.entity in self._joins:
            child = replace(child, key=(*child.key, *columns))
        if not relation.many or child.key[: len(columns)] != tuple(columns):
            child = _indexed(child, tuple(columns), unique=not relation.many)
        self.tables[relation.entity] = child
        name = derived(child.name, columns, "fkey", ())
        return replace(
            relation,
            columns=tuple(columns),
            referenced_columns=parent.key,
            name=name,
            optional=optional,
        )

    def _column(self, relation: Relation, parent: Entity, key: str) -> str:
        """``customer_id``; ``parent_id`` within one table; with the verb where that is taken."""
        base = concept(parent.name) or parent.name
        if relation.entity == relation.references:
            base = "parent"
        name = key if key.startswith(f"{base}_") else f"{base}_{key}"
        if (relation.entity, name) in self._used and relation.label:
            name = f"{snake(relation.label)}_{name}"
        while (relation.entity, name) in self._used:
            name = f"other_{name}"
        self._used.add((relation.entity, name))
        return name


def _indexed(table: Entity, columns: tuple[str, ...], *, unique: bool) -> Entity:
    """The table with an index on these columns, under the name PostgreSQL would give it."""
    name = derived(
        table.name, columns, "key" if unique else "idx", {one.name for one in table.indexes}
    )
    return replace(table, indexes=(*table.indexes, Index(columns, name, unique=unique)))


def _joined(relations: Iterable[Relation]) -> tuple[list[Relation], list[Entity]]:
    """Relations; two that each say *many* of the other side meet in a table between."""
    said = {(one.entity, one.references) for one in relations if one.many and not one.columns}
    found: list[Relation] = []
    joins: dict[str, Entity] = {}
    for one in relations:
        pair = (one.entity, one.references)
        if one.columns or not one.many or pair[0] == pair[1] or pair[::-1] not in said:
            found.append(one)
            continue
        left, right = sorted(pair)
        name = f"{concept(left)}_{concept(right)}"
        if name not in joins:
            joins[name] = Entity(name, kind="concept", source=one.source)
            found += [
                Relation(name, end, label=one.label, source=one.source) for end in (left, right)
            ]
    return found, list(joins.values())


def _names(entities: Iterable[Entity]) -> dict[str, str]:
    """From concept to table: the one that is there already, or its name in the plural."""
    listed = list(entities)
    stated = {concept(one.name): one.qualified for one in listed if one.kind != "concept"}
    names: dict[str, str] = {}
    for one in listed:
        if one.kind == "concept":
            names[one.qualified] = stated.get(concept(one.name)) or _plural(
                snake(one.name) or one.name
            )
    return names


def _identity(column: Column) -> Column:
    if column.type == "uuid":
        return replace(column, nullable=False, default=column.default or "gen_random_uuid()")
    if column.type in _INTEGERS:
        return replace(column, type="bigint", nullable=False, generated=True)
    return replace(column, nullable=False)


def _type(column: Column, own: set[str]) -> str:
    """The type said, if the engine or the design knows it; else the one its name suggests."""
    said = column.type.strip()
    if said in own:
        return said
    by_word = _SAID.get(said.lower())
    if by_word:
        return by_word
    if said and known(respelled(said)):
        return respelled(said)
    if column.name == "id":
        return "" if not said else "text"
    if column.name.endswith("_id"):
        return "bigint"
    return next((kind for pattern, kind in _BY_NAME if re.fullmatch(pattern, column.name)), "text")


def _plural(name: str) -> str:
    """``order_item`` gives ``order_items``."""
    before, _, last = name.rpartition("_")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif not is_plural(last):
        if re.search(r"[^aeiou]y\Z", last):
            last = f"{last[:-1]}ies"
        else:
            last += "es" if re.search(r"(?:s|x|z|ch|sh)\Z", last) else "s"
    return f"{before}_{last}" if before else last
