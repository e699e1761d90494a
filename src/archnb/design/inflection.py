"""English nouns and verbs as far as a design needs them: one or many, snake_case, third person."""

from __future__ import annotations

import re


def vocabulary(text: str) -> frozenset[str]:
    """Return the words of ``text``, for the word lists that rules of language need."""
    return frozenset(text.split())


_IRREGULAR = {
    "aliases": "alias", "analyses": "analysis", "axes": "axis", "biases": "bias",
    "bonuses": "bonus", "buses": "bus", "caches": "cache", "calves": "calf", "campuses": "campus",
    "canvases": "canvas", "children": "child", "crises": "crisis", "criteria": "criterion",
    "diagnoses": "diagnosis", "feet": "foot", "gases": "gas", "geese": "goose", "halves": "half",
    "hypotheses": "hypothesis", "indices": "index", "knives": "knife", "leaves": "leaf",
    "lenses": "lens", "lives": "life", "loaves": "loaf", "matrices": "matrix", "men": "man",
    "menus": "menu", "mice": "mouse", "movies": "movie", "cookies": "cookie", "people": "person",
    "quizzes": "quiz", "shelves": "shelf", "shoes": "shoe", "statuses": "status", "teeth": "tooth",
    "theses": "thesis", "toes": "toe", "vertices": "vertex", "viruses": "virus", "wives": "wife",
    "wolves": "wolf", "women": "woman", "thieves": "thief", "phenomena": "phenomenon",
    "zombies": "zombie", "selfies": "selfie", "calories": "calorie", "censuses": "census",
    "niches": "niche", "gurus": "guru", "pies": "pie", "ties": "tie", "lies": "lie",
}  # fmt: skip
_INVARIABLE = vocabulary(
    "alias atlas aws bias canvas chaos cors data dns equipment feedback gas gps hardware https"
    " information inventory kubernetes lens logistics media metadata money nats news redis sales"
    " series sms sns software species sqs staff stock"
)
_PERSON_S = re.compile(r"(?:s|x|z|ch|sh|[^aeiou]o)\Z")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def singular(noun: str) -> str:
    """The singular of an English noun; a word that is no plural stays as it is.

    >>> [singular(word) for word in ("orders", "categories", "addresses", "status", "people")]
    ['order', 'category', 'address', 'status', 'person']
    """
    word = noun.lower()
    if word in _IRREGULAR:
        return _cased(_IRREGULAR[word], noun)
    if word in _INVARIABLE or len(word) < 3 or not word.endswith("s"):
        return noun
    if word.endswith(("ss", "us", "is", "'s")):
        return noun
    if word.endswith("ies"):
        return noun[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return noun[:-2]
    return noun[:-1]


def is_plural(noun: str) -> bool:
    """Whether the last word of ``noun`` is a plural."""
    last = noun.split()[-1:]
    return bool(last) and singular(last[0]) != last[0]


def third_person(verb: str) -> str:
    """The form after he, she or it: ``place`` and ``places`` both give ``places``."""
    word = verb.lower()
    if word in ("has", "have"):
        return "has"
    if word in ("is", "are", "be"):
        return "is"
    if word.endswith("s") and not word.endswith(("ss", "us")):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if _PERSON_S.search(word) else "s")


def words(name: str) -> list[str]:
    """The words of a name, however it joins them: ``OrderItem``, ``order-item``, ``order item``."""
    return [part for part in re.split(r"[\W_]+", _HUMP.sub(" ", name)) if part]


def snake(name: str) -> str:
    """``name`` as an identifier: ``OrderItem`` and ``order item`` give ``order_item``."""
    return "_".join(words(name)).lower()


def concept(name: str) -> str:
    """``name`` as the name of one thing: ``Order Items`` gives ``order_item``."""
    parts = [part.lower() for part in words(name)]
    return "_".join([*parts[:-1], singular(parts[-1])]) if parts else ""


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word
