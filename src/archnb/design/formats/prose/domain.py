"""Entities and their relations, gathered from sentences one by one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archnb.design.elements import Column, DataType, Design, Entity, Index, Relation
from archnb.design.formats.prose.facts import Describes, Enumerates, Pairs, Relates
from archnb.design.inflection import concept, is_plural, snake

if TYPE_CHECKING:
    from archnb.design.elements import Source
    from archnb.design.formats.prose.phrases import Field

_GENERIC = frozenset(
    {"has", "contains", "includes", "holds", "owns", "belongs to", "is part of", "consists of"}
)

_PARTICIPLES = {
    "written": "write", "sold": "sell", "bought": "buy", "made": "make", "sent": "send",
    "held": "hold", "taken": "take", "given": "give", "kept": "keep", "built": "build",
    "paid": "pay", "led": "lead", "taught": "teach", "drawn": "draw", "chosen": "choose",
    "driven": "drive", "shown": "show", "run": "run", "read": "read",
}  # fmt: skip


@dataclass(slots=True)
class _Thing:
    name: str
    source: Source
    comment: str = ""
    columns: dict[str, Column] = field(default_factory=dict)
    key: dict[str, None] = field(default_factory=dict)
    unique: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Tie:
    """A relation as far as sentences have told it; None: not said yet."""

    child: str
    parent: str
    label: str
    many: bool | None
    optional: bool | None
    required: bool | None
    source: Source

    def alike(self, label: str) -> bool:
        """Whether ``label`` may speak of the same relation, from this end or from the other."""
        same = {self.label, label} & _GENERIC or _stem(self.label) == _stem(label)
        return bool(same)

    def merge(self, other: _Tie) -> None:
        if self.label in _GENERIC and other.label not in _GENERIC:
            self.label = other.label
        self.many = other.many if self.many is None else self.many
        self.optional = other.optional if self.optional is None else self.optional
        self.required = other.required if self.required is None else self.required


class Domain:
    """The things of a domain. Sentences about the two ends of one relation become one relation."""

    def __init__(self) -> None:
        self.things: dict[str, _Thing] = {}
        self.subjects: set[str] = set()
        self.ties: dict[frozenset[str], list[_Tie]] = {}
        self.pairs: dict[frozenset[str], tuple[str, str, str, Source]] = {}
        self.loose: list[tuple[str, str, str, Source]] = []
        self.types: dict[str, DataType] = {}

    def add(self, fact: Relates | Pairs | Describes | Enumerates, source: Source) -> None:
        match fact:
            case Relates():
                self.relate(fact, source)
            case Pairs(left, right, label):
                self.pair(self.thing(left, source), self.thing(right, source), label, source)
            case Describes(entity, fields, label):
                name = self.thing(entity, source)
                self.subjects.add(name)
                for told in fields:
                    self.column(name, told, source)
                    if not told.stated:
                        self.loose.append((name, told.column.name, label, source))
            case Enumerates():
                self.enumerate(fact, source)

    def thing(self, noun: str, source: Source) -> str:
        name = concept(noun)
        self.things.setdefault(name, _Thing(name, source))
        return name

    def column(self, name: str, told: Field, source: Source) -> None:
        thing, column = self.things[name], told.column
        if told.values:
            type_name = f"{name}_{column.name}"
            self.types.setdefault(type_name, DataType(type_name, told.values, source=source))
            column = replace(column, type=type_name)
        known = thing.columns.get(column.name)
        if known:
            nullable = known.nullable and column.nullable
            column = replace(known, type=known.type or column.type, nullable=nullable)
        thing.columns[column.name] = replace(column, nullable=column.nullable and not told.key)
        if told.key:
            thing.key[column.name] = None
        if told.unique:
            thing.unique[column.name] = None

    def enumerate(self, fact: Enumerates, source: Source) -> None:
        name = "_".join(filter(None, (concept(fact.entity), snake(fact.attribute))))
        self.types[name] = DataType(name, fact.values, source=source)
        if fact.entity:
            owner = self.things[self.thing(fact.entity, source)]
            column = Column(snake(fact.attribute), source=source)
            known = owner.columns.get(column.name, column)
            owner.columns[column.name] = replace(known, type=name)

    def relate(self, fact: Relates, source: Source) -> None:
        # The order of first mention is that of the sentence: the parent of "has many" comes first.
        ends = (fact.child, fact.parent) if fact.many is None else (fact.parent, fact.child)
        for noun in ends:
            self.thing(noun, source)
        tie = _Tie(
            concept(fact.child),
            concept(fact.parent),
            fact.label,
            fact.many,
            fact.optional,
            fact.required,
            source,
        )
        between = self.ties.setdefault(frozenset((tie.child, tie.parent)), [])
        for known in between:
            if not known.alike(tie.label):
                continue
            if (known.child, known.parent) == (tie.child, tie.parent):
                known.merge(tie)
                return
            if (known.child, known.parent) == (tie.parent, tie.child) and tie.child != tie.parent:
                if known.many and tie.many:
                    between.remove(known)
                    self.pair(known.parent, known.child, known.label, known.source)
                    return
                if known.many is None and tie.many is None:
                    self._one_to_one(known, tie)
                    return
        between.append(tie)

    def _one_to_one(self, known: _Tie, tie: _Tie) -> None:
        """Each has one of the other: who belongs refers, else the one that was named second."""
        child, parent = (known, tie) if known.label.startswith(("belongs", "is ")) else (tie, known)
        known.child, known.parent = child.child, child.parent
        known.many, known.optional = False, child.optional
        known.required = not parent.optional
        known.label = parent.label

    def pair(self, left: str, right: str, label: str, source: Source) -> None:
        self.pairs.setdefault(frozenset((left, right)), (left, right, label, source))

    def design(self) -> Design:
        """Everything gathered; what two many-sided things share becomes an entity between them."""
        self._settle()
        relations = [_relation(tie) for ties in self.ties.values() for tie in ties]
        for left, right, label, source in self.pairs.values():
            name = f"{left}_{right}"
            said = "" if label in _GENERIC else label
            self.things.setdefault(name, _Thing(name, source, f"joins {left} and {right}"))
            ends = dict.fromkeys((left, right))
            relations += [Relation(name, end, label=said, source=source) for end in ends]
        return Design(
            entities=tuple(_entity(thing) for thing in self.things.values()),
            relations=tuple(relations),
            types=tuple(self.types.values()),
        )

    def _settle(self) -> None:
        """A bare word in a list of attributes is a relation where it names another entity."""
        for owner, attribute, label, source in self.loose:
            other = concept(attribute)
            if other not in self.things or other == owner:
                continue
            self.things[owner].columns.pop(attribute, None)
            if is_plural(attribute):
                self.relate(Relates(other, owner, label, many=True), source)
            else:
                self.relate(Relates(owner, other, label), source)


def _relation(tie: _Tie) -> Relation:
    return Relation(
        tie.child,
        tie.parent,
        many=tie.many is not False,
        optional=bool(tie.optional),
        required_child=bool(tie.required),
        label=tie.label,
        source=tie.source,
    )


def _entity(thing: _Thing) -> Entity:
    return Entity(
        thing.name,
        columns=tuple(thing.columns.values()),
        key=tuple(thing.key),
        indexes=tuple(Index((name,), unique=True) for name in thing.unique),
        kind="concept",
        comment=thing.comment,
        source=thing.source,
    )


def _stem(label: str) -> str:
    """``places`` and ``is placed by`` have one stem."""
    words = label.removeprefix("is ").split()
    stem = _PARTICIPLES.get(words[0], words[0]) if words else ""
    for ending in ("ing", "ed", "es", "en", "s", "e"):
        if stem.endswith(ending) and len(stem) > len(ending) + 2:
            return stem.removesuffix(ending).removesuffix("e")
    return stem
