"""The phrases that sentences about a design are made of: nouns, how many of them, lists, types."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from archnb.design.elements import Column, Source
from archnb.design.inflection import snake, vocabulary, words

MODAL = r"(?:(?P<modal>may|might|can|could|must|shall|should|will|(?:has|have|needs?) to) )?"
ADVERBS = (
    r"(?:(?P<adverb>also|always|usually|typically|normally|optionally|directly|only|either|then"
    r"|synchronously|asynchronously) )*"
)
DETERMINER = re.compile(
    r"(?P<det>an?|each|every|any|one|all|the|many|several|some|most|our|its|their) ", re.IGNORECASE
)
_NOUN = re.compile(r"[^\W_][\w'./&+-]*(?: [\w'./&+-]+){0,3}")
_NOT_IN_NOUN = vocabulary(
    "a an the each every many several some any all exactly least most more zero to that which who"
    " whom whose this these those with without for from in on at by over via as is are was were be"
    " been being has have had do does did not no never must may might can could should would will"
    " shall please if when while because and or but than then so it its their his her we you i they"
    " them our your my there here own only also just let lets make sure ensure both either what how"
    " why where one two three into between about per"
)
_VERBS = (
    r"(?:publish|emit|subscrib|consum|belong|contain|call|invok|depend|listen|persist|stor|send|us"
    r"|plac|refer|produc|talk|writ|read)(?:s|es)"
)
_COMMANDS = (
    r"(?:add|create|draw|show|explain|verify|compare|remove|rename|move|give|tell|list|split|merge"
    r"|generate|build|keep|put|change|replace|drop|delete)"
)
_NO_NOUN = re.compile(rf"\A{_COMMANDS} |(?:\A|.* ){_VERBS} ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """How many of a thing; ``definite``: a number was stated, not just an article."""

    many: bool = False
    optional: bool = False
    required: bool = False
    definite: bool = True


_AT_MOST_ONE = (
    r"zero or one|0 or 1|no or one|0\.\.1|at most one|up to one|no more than one"
    r"|(?:an )?optional|optionally (?:an?|one)|maybe (?:an?|one)"
)
_ANY_NUMBER = (
    r"(?:zero|0|none) or (?:more|many)|any number of|0\.\.(?:\*|n)|many|several|multiple"
    r"|various|numerous|lots of|an? (?:lot|number|list|set|collection|series|group) of"
    r"|up to \w+|more than one|a few|some|two|three|four|five|six|seven|eight|nine|ten"
    r"|dozens of|hundreds of|thousands of|[2-9]|[1-9]\d+"
)
_QUANTITIES: tuple[tuple[re.Pattern[str], Quantity], ...] = tuple(
    (re.compile(rf"(?:{pattern})(?: |\Z)", re.IGNORECASE), quantity)
    for pattern, quantity in (
        (_AT_MOST_ONE, Quantity(optional=True)),
        (
            r"(?:one|1) or (?:more|many)|at least (?:one|1)|1\.\.(?:\*|n)",
            Quantity(many=True, required=True),
        ),
        (_ANY_NUMBER, Quantity(many=True)),
        (r"(?:exactly|only|just|precisely) (?:one|1)|one and only one|a single|one|1", Quantity()),
        (r"an?|the|its|their|his|her|some", Quantity(definite=False)),
    )
)
_ADJECTIVE = re.compile(
    r"(?:different|distinct|other|possible|related|associated|corresponding|specific) ",
    re.IGNORECASE,
)
_TYPES = vocabulary(
    "text string varchar char uuid int integer bigint smallint serial bigserial number numeric"
    " decimal float double real money boolean bool date time timestamp timestamptz datetime json"
    " jsonb bytea blob binary interval enum array inet email url"
)
_BARE_TYPES = (
    r"text|uuid|u?int|integer|bigint|smallint|serial|bigserial|varchar|char|string|numeric|decimal"
    r"|float|boolean|bool|timestamp|timestamptz|datetime|jsonb?|bytea|blob"
)
_BARE = re.compile(
    rf"(?P<name>[^:()]+) (?P<type>(?:{_BARE_TYPES})(?: ?\([\d, ]+\))?(?:\[\])?)"
    r"(?P<more>(?:,? \(?(?:unique|not null|primary key|pk|required|mandatory|optional|nullable)"
    r"\)?)*)",
    re.IGNORECASE,
)
_COLON = re.compile(r"(?P<name>[^:()]+?) ?: ?(?P<type>.+)")
_NOTED = re.compile(r"(?P<name>[^:()]+?) ?\((?P<type>.+)\)(?P<more>[\w ]*)")
_CONSTRAINTS: tuple[tuple[str, str], ...] = (
    ("key", r"\b(?:primary key|pk)\b"),
    ("unique", r"\bunique\b"),
    ("required", r"\b(?:not null|required|mandatory|non-null)\b"),
    ("optional", r"\b(?:optional|nullable|null)\b"),
)


def quantified(text: str) -> tuple[Quantity | None, str]:
    """The quantity that ``text`` begins with, and what it counts."""
    for pattern, quantity in _QUANTITIES:
        if match := pattern.match(text):
            rest = text[match.end() :]
            if not quantity.many and (again := _QUANTITIES[0][0].match(rest)):
                return Quantity(optional=True), rest[again.end() :]
            return quantity, _ADJECTIVE.sub("", rest, count=1) if quantity.many else rest
    return None, text


def noun(text: str) -> str | None:
    """``text`` if it is a bare noun of at most four words, with no verb or sentence in it."""
    named = text.strip().strip("\"'`*_")
    if not _NOUN.fullmatch(named) or _NO_NOUN.match(named) or not re.search(r"[^\W\d_]", named):
        return None
    if any(word.lower() in _NOT_IN_NOUN for word in named.split()) or named.startswith("of "):
        return None
    return named


def attribute(text: str) -> str | None:
    """``text`` if it can name an attribute: a noun, or ``created at`` and its like."""
    stem = re.sub(r"(?<=ed|en|nt|ht) (?:at|on|by)$", "", text)
    return text if noun(stem) else None


def determined(text: str) -> tuple[str, str]:
    """The determiner (lower case, may be empty) and what follows it."""
    match = DETERMINER.match(text)
    return (match["det"].lower(), text[match.end() :]) if match else ("", text)


def listed(text: str) -> list[str]:
    """The items of a list such as ``a, b (c, d) and e``; brackets keep their commas."""
    flat = _blotted(text)
    items, start = [], 0
    for match in re.finditer(r",\s*(?:(?:and|or)\s+)?|\s+(?:and|as well as|plus|&)\s+", flat):
        items.append(text[start : match.start()].strip())
        start = match.end()
    return [item for item in (*items, text[start:].strip()) if item]


def _blotted(text: str) -> str:
    depth, out = 0, []
    for char in text:
        depth += (char == "(") - (char == ")" and depth > 0)
        out.append("." if depth else char)
    return "".join(out)


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute as a sentence gives it; ``values`` where its type is an enumeration.

    ``stated``: a type, a constraint or an article says that it is an attribute.
    """

    column: Column
    key: bool = False
    unique: bool = False
    values: tuple[str, ...] = ()
    stated: bool = True


def typed(text: str, line: int, file: str) -> Field | None:
    """Read ``total (money)``, ``email: text unique``, ``id uuid``: an attribute and its type."""
    match = _COLON.fullmatch(text) or _BARE.fullmatch(text) or _NOTED.fullmatch(text)
    if not match or not attribute(match["name"]):
        return None
    return _field(match["name"], " ".join(filter(None, match.groups()[1:])), Source(file, line))


def _field(name: str, spec: str, source: Source) -> Field:
    said = {}
    for constraint, pattern in _CONSTRAINTS:
        left = re.sub(pattern, "", spec, flags=re.IGNORECASE)
        said[constraint], spec = left != spec, left
    said["key"] = said["key"] or snake(name) == "id"
    kind = " ".join(re.sub(r"\( *\)", "", spec).strip(" ,").split())
    values = _values(kind)
    column = Column(
        snake(name),
        "" if values else kind,
        nullable=not (said["required"] or said["key"]),
        source=source,
    )
    return Field(column, said["key"], said["unique"], values)


def _values(spec: str) -> tuple[str, ...]:
    """The values of ``pending, paid or shipped``; nothing where ``spec`` is a type."""
    text = re.sub(r"^(?:one of|either|enum)\b:? ?", "", spec, flags=re.IGNORECASE)
    items = [
        item for item in re.split(r"\s*(?:,\s*(?:or|and)\b|[,|/]|\bor\b|\band\b)\s*", text) if item
    ]
    plain = all(re.fullmatch(r"[\w -]+", item) for item in items)
    if len(items) < 2 or not plain or items[0].split()[0].lower() in _TYPES:
        return ()
    return tuple(items)


def enumerated(text: str) -> tuple[str, ...]:
    """The values of a list of at least two plain words."""
    values = _values(text.strip().strip("()[]{}").replace('"', "").replace("'", ""))
    return values if all(len(value.split()) <= 3 for value in values) else ()


_ATTRIBUTE = vocabulary(
    "id identifier key name title label description summary text body content note notes status"
    " state type kind level priority code number sku email mail phone fax url uri slug password"
    " hash token secret username login date time timestamp datetime year month day birthday age"
    " deadline expiry duration price cost amount total subtotal tax fee balance salary rate ratio"
    " percentage percent currency quantity qty count size weight height width length depth color"
    " colour version rank score position latitude longitude zip postcode gender flag value unit"
    " format language locale reason details at on nickname barcode isbn"
)


def is_attribute(name: str) -> bool:
    """Whether a noun is one that stands for a value, not for a thing with an identity."""
    parts = words(name)
    return bool(parts) and parts[-1].lower() in _ATTRIBUTE


def plain_field(name: str, line: int, file: str, *, stated: bool, nullable: bool = True) -> Field:
    """An attribute of which nothing but the name is known; one called ``id`` is the key."""
    column = Column(snake(name), nullable=nullable, source=Source(file, line))
    if column.name == "id":
        return Field(replace(column, nullable=False), key=True, stated=True)
    return Field(column, stated=stated)
