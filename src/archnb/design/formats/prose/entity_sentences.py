"""Sentences about the things of a domain: A customer places many orders."""

from __future__ import annotations

import re
from dataclasses import replace

from archnb.design.formats.prose.facts import Describes, Enumerates, Fact, Pairs, Relates, Said
from archnb.design.formats.prose.phrases import (
    ADVERBS,
    MODAL,
    Field,
    Quantity,
    attribute,
    determined,
    enumerated,
    is_attribute,
    listed,
    noun,
    plain_field,
    quantified,
    typed,
)
from archnb.design.inflection import is_plural, third_person, vocabulary
from archnb.design.kinds import looks_running

_META = vocabulary(
    "service services system systems api apis endpoint endpoints schema design diagram"
    " architecture microservice microservices codebase database code build notebook"
)
_NO_RELATION = vocabulary(
    "is was does needs wants requires likes should seems takes becomes remains means costs says"
    " need want require like seem take become remain mean cost say are were do be"
)
_COMMANDS = vocabulary(
    "check review find fix test run write use list improve optimise optimize design split draw add"
    " create remove show explain verify compare update change move build plan document rename"
)
_HAS = re.compile(
    rf"(?P<s>.+?) {MODAL}{ADVERBS}(?P<verb>has|have|contains?|includes?|holds?|comprises?|owns?"
    r"|consists? of|(?:is|are) (?:made up|composed|made) of|(?:is|are) described by):? (?P<o>.+)",
    re.IGNORECASE,
)
_BELONGS = re.compile(
    rf"(?P<s>.+?) {MODAL}{ADVERBS}(?P<verb>belongs? to|(?:is|are|be) (?:(?:a )?part of|for)"
    r"|refers? to|references?|points? to) (?P<o>.+)",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"(?P<s>.+?) (?:(?P<modal>may|can|could|might|must|will|should) )?(?P<be>is|are|be|gets?)"
    rf" {ADVERBS}(?P<part>\w+(?:ed|en)|made|sold|sent|bought|kept|held|built|read|paid|led|taught"
    r"|sung|drawn|shown|grown|won|told|run|put|set|born) (?P<prep>by|to|in|on|from|for|with|at"
    r"|under|of|into|through) (?P<o>.+)",
    re.IGNORECASE,
)
_ACTIVE = tuple(  # one pattern for each length of the subject, as any word may be the verb
    re.compile(
        rf"(?P<s>\S+(?: \S+){{{more}}}) {MODAL}{ADVERBS}(?P<verb>[a-z]+)"
        r"(?: (?P<prep>in|on|at(?! least| most)|for|to|with|from|under|of|part in))? (?P<o>.+)",
        re.IGNORECASE,
    )
    for more in range(5)
)
_DEEDS = vocabulary(
    "place write create own buy make submit post order sell attend join author issue hold file rent"
    " book upload add manage follow review rate teach lead run lend borrow pay ship supply produce"
)
_SIDES = r"(?P<a>one|many|1|n|m)[ -]to[ -](?P<b>one|many|1|n|m)(?: relation(?:ship)?)?"
_IN = rf"(?:is|are|have|has)(?: in)?(?: an?)? {_SIDES}"
_TO_MANY = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:the relation(?:ship)? (?:between|of) )?(?P<x>.+?) (?:and|to|with) (?P<y>.+?) {_IN}",
        rf"(?P<x>.+?) {_IN} (?:with|to|and) (?P<y>.+)",
        rf"(?:there is |we have )?(?:an? )?{_SIDES} between (?P<x>.+?) and (?P<y>.+)",
    )
)
_PER = re.compile(
    r"(?:there (?:is|are|can be|may be) )?(?P<o>.+?) (?:per|for (?:each|every)|in (?:each|every))"
    r" (?P<s>.+)",
    re.IGNORECASE,
)
_ENUM = re.compile(
    r"(?P<s>.+?) (?:(?:is|are|must be|(?P<weak>can be|may be))(?P<one> (?:always )?(?:either|one of"
    r"|any of)(?: the values)?)?|(?P<takes>takes|has) (?:one of )?the values):? (?P<v>.+)",
    re.IGNORECASE,
)
_STATES = vocabulary(
    "status state type kind level role priority category phase stage color colour size mode method"
    " tier gender currency severity"
)
_PART_OF = re.compile(
    r"(?:the )?(?P<a>.+?) of (?P<of>.+)|(?P<whose>.+?)['\u2019]s? (?P<b>.+)", re.IGNORECASE
)
_KEYED = re.compile(r"(?P<s>.+?) (?:is|are) identified by (?P<k>.+)", re.IGNORECASE)
_FIELDS = re.compile(
    r"(?:the |these )?(?:following )?(?:fields|attributes|columns|properties)(?: are)?:? (?P<l>.+)",
    re.IGNORECASE,
)
_FIELDS_OF = re.compile(
    r"(?:the )?(?:fields|attributes|columns|properties) of (?P<s>.+?) are:? (?P<l>.+)",
    re.IGNORECASE,
)


def entity_facts(text: str, line: int, file: str) -> Said | None:
    """What a sentence says of domain entities, or None where it says nothing of them."""
    return (
        _many_to_many(text)
        or _fields_of(text, line, file)
        or _keyed(text, line, file)
        or _enumeration(text)
        or _has(text, line, file)
        or _belongs(text)
        or _passive(text)
        or _active(text)
        or _per(text)
    )


def _subject(text: str) -> tuple[str, str] | None:
    """Determiner and noun of a subject; None where it cannot be an entity."""
    quantity, rest = quantified(text)
    det, bare = determined(text)
    named = noun(rest if quantity and quantity.many else bare)
    if named is None or named.split()[-1].lower() in _META:
        return None
    return det or ("many" if quantity else ""), named


def _counted(text: str) -> tuple[Quantity | None, str] | None:
    quantity, rest = quantified(text)
    named = noun(rest)
    return (quantity, named) if named else None


def _has(text: str, line: int, file: str) -> Said | None:
    match = _HAS.fullmatch(text)
    if not match or not (subject := _subject(match["s"])):
        return None
    det, name = subject
    verb = third_person(match["verb"].split()[0])
    label = match["verb"].lower() if " " in match["verb"] else verb
    names_a_service = not det and is_plural(name) and verb == match["verb"].lower()
    may = match["modal"] in ("may", "can", "could", "might") or match["adverb"] == "optionally"
    only_fields = _FIELDS.fullmatch(match["o"])
    fields: list[Field] = []
    facts: list[Fact] = []
    items = listed(only_fields["l"] if only_fields else match["o"])
    for item in items:
        quantity, bare = quantified(item)
        found = typed(bare, line, file)
        if found and quantity and quantity.optional:
            found = replace(found, column=replace(found.column, nullable=True))
        if found is None and only_fields:
            named = attribute(bare)
            found = plain_field(named, line, file, stated=True) if named else None
        elif found is None:
            thing = _thing(name, label, item, may=may, must=match["modal"] == "must")
            if isinstance(thing, Relates):
                vague = det == "the" and thing.many and thing.required is None
                if vague and not quantity:
                    return None  # "the build has errors" is no design
                facts.append(thing)
                continue
            if thing:
                nullable = match["modal"] != "must"
                stated = bool(quantity)
                found = plain_field(thing, line, file, stated=stated, nullable=nullable)
        if found is None:
            return None
        fields.append(found)
    if names_a_service and (fields or any(isinstance(f, Relates) and not f.many for f in facts)):
        return None  # "Orders has a cache" speaks of a service called Orders
    if det == "the" and len(fields) == 1 and not facts and not fields[0].stated:
        return None
    described: tuple[Fact, ...] = (Describes(name, tuple(fields), label),) if fields else ()
    return Said((*described, *facts), match["s"])


def _thing(owner: str, label: str, item: str, *, may: bool, must: bool) -> Relates | str | None:
    """An item of what something has: a relation, or the name of an attribute."""
    quantity, bare = quantified(item)
    named = noun(bare)
    if not named:
        return attribute(bare)
    plural = is_plural(named)
    if quantity is None:
        if plural and not is_attribute(named):
            return Relates(named, owner, label, many=True, required=must or None)
        return named
    if quantity.many:
        return Relates(named, owner, label, many=True, required=quantity.required or must or None)
    if is_attribute(named):
        return named
    if looks_running(named) or (plural and quantity.definite):
        return None
    return Relates(owner, named, label, optional=quantity.optional or may)


def _belongs(text: str) -> Said | None:
    match = _BELONGS.fullmatch(text)
    if not match or not (subject := _subject(match["s"])):
        return None
    facts: list[Fact] = []
    label = re.sub(r"^(?:are|be) ", "is ", match["verb"].lower())
    label = f"{third_person(label.split()[0])} {' '.join(label.split()[1:])}".strip()
    may = match["modal"] in ("may", "can", "could", "might") or match["adverb"] == "optionally"
    for item in listed(match["o"]):
        counted = _counted(item)
        if not counted:
            return None
        quantity, named = counted
        if quantity and quantity.many:
            facts.append(Pairs(subject[1], named, label))
        else:
            optional = may or bool(quantity and quantity.optional)
            facts.append(Relates(subject[1], named, label, optional=optional))
    return Said(tuple(facts), match["s"])


def _passive(text: str) -> Said | None:
    """``An order is placed by one customer``; without ``by`` a number is needed on one side."""
    match = _PASSIVE.fullmatch(text)
    if not match or not (subject := _subject(match["s"])) or not (c := _counted(match["o"])):
        return None
    (det, name), (quantity, other) = subject, c
    both_plural = is_plural(name) and is_plural(other) and match["be"].lower() == "are"
    plainly = quantity is not None or (match["prep"].lower() == "by" and both_plural)
    if not plainly or (det in ("", "the") and not is_plural(name)):
        return None
    if quantity and not quantity.definite and det in ("", "the"):
        return None
    label = f"is {match['part'].lower()} {match['prep'].lower()}"
    if quantity and quantity.many:
        fact = Relates(other, name, label, many=True, required=quantity.required or None)
    else:
        may = match["modal"] in ("may", "can", "could", "might") or bool(
            quantity and quantity.optional
        )
        fact = Relates(name, other, label, optional=may)
    return Said((fact,), match["s"])


def _active(text: str) -> Said | None:
    """``A customer places many orders``: any verb, but between nouns that are counted."""
    for pattern in _ACTIVE:
        match = pattern.fullmatch(text)
        fact = _deed(match) if match else None
        if match and fact:
            return Said((fact,), match["s"])
    return None


def _deed(match: re.Match[str]) -> Relates | None:
    subject, counted = _subject(match["s"]), _counted(match["o"])
    verb = match["verb"].lower()
    if not subject or not counted or verb in _NO_RELATION:
        return None
    (det, name), (quantity, other) = subject, counted
    third = third_person(verb)
    if noun(verb) is None and third != "makes":
        return None
    single = verb == third
    if not match["modal"] and single == is_plural(name):
        return None
    if looks_running(other) or (not det and name.split()[0].lower() in _COMMANDS):
        return None
    each = det in ("a", "an", "each", "every", "any", "one")
    label = f"{third} {match['prep'] or ''}".strip()
    if quantity is None:
        told = is_plural(other) and not match["prep"]
        known = any(third == third_person(deed) for deed in _DEEDS)
        return Relates(other, name, label, many=True) if told and (each or known) else None
    if quantity.many:
        return Relates(other, name, label, many=True, required=quantity.required or None)
    if not each and not (det and (quantity.definite or quantity.optional)):
        return None
    if quantity.definite or match["prep"]:
        may = match["modal"] in ("may", "can", "could", "might")
        return Relates(name, other, label, optional=quantity.optional or may)
    return Relates(other, name, label, many=True)  # "writes a review": again and again


def _per(text: str) -> Said | None:
    match = _PER.fullmatch(text)
    if not match or not (subject := _subject(match["s"])) or not (c := _counted(match["o"])):
        return None
    quantity, other = c
    if quantity is None or not quantity.many:
        return None
    fact = Relates(other, subject[1], "has", many=True, required=quantity.required or None)
    return Said((fact,), match["s"])


def _many_to_many(text: str) -> Said | None:
    match = next((m for pattern in _TO_MANY if (m := pattern.fullmatch(text))), None)
    if not match:
        return None
    left, right = noun(determined(match["x"])[1]), noun(determined(match["y"])[1])
    if not left or not right:
        return None
    one_left, one_right = (match[end].lower() in ("one", "1") for end in "ab")
    label = "has"
    if one_left and one_right:
        return Said((Relates(right, left, label, many=False),), left)
    if not one_left and not one_right:
        return Said((Pairs(left, right),), left)
    child, parent = (right, left) if one_left else (left, right)
    return Said((Relates(child, parent, label, many=True),), left)


def _fields_of(text: str, line: int, file: str) -> Said | None:
    match = _FIELDS_OF.fullmatch(text)
    return _has(f"{match['s']} has the fields {match['l']}", line, file) if match else None


def _keyed(text: str, line: int, file: str) -> Said | None:
    match = _KEYED.fullmatch(text)
    if not match or not (subject := _subject(match["s"])):
        return None
    names = [noun(quantified(item)[1]) for item in listed(match["k"])]
    fields = [plain_field(n, line, file, stated=True, nullable=False) for n in names if n]
    if len(fields) != len(names):
        return None
    keyed = tuple(Field(field.column, key=True) for field in fields)
    return Said((Describes(subject[1], keyed),), match["s"])


def _enumeration(text: str) -> Said | None:
    """``Order status is one of pending, paid, shipped``: a type, and the column that has it."""
    match = _ENUM.fullmatch(text)
    if not match:
        return None
    part = _PART_OF.fullmatch(match["s"])
    values = enumerated(match["v"])
    if part:
        column = part["a"] or part["b"]
        entity = determined(part["of"] or part["whose"])[1]
    else:
        *rest, column = determined(match["s"])[1].split()
        entity = " ".join(rest)
    stated = (match["one"] or match["takes"]) and entity
    if not stated and column.lower() not in _STATES:
        return None
    if not values or not noun(column) or (entity and not noun(entity)):
        return None
    return Said((Enumerates(column, values, entity),), f"the {entity}" if entity else "")
