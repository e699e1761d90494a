"""A script replayed statement by statement; what cannot be read is told, and costs no other."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Protocol

from archnb.design.elements import Source
from archnb.design.formats.ddl.catalog import Catalog
from archnb.design.formats.ddl.statements import RESTART, Script, Statement

_DEEPEST = 400  # parentheses within parentheses; parsers recurse, and nobody writes this
_MOST_UNCLOSED = 20  # each costs a look at the whole rest of the text
_WORDS = re.compile(r"(?>\s+|--[^\n]*|/\*.*?\*/)*+([A-Za-z_]+|\S)", re.DOTALL)
_SKIPPED = frozenset(
    """
    abort analyze attach begin call checkpoint close cluster commit copy deallocate declare delete
    deny detach disable discard do else enable end exec execute explain fetch flush go grant handler
    if import insert kill listen load lock merge move notify optimize pragma prepare print purge
    raiserror reassign refresh reindex release replace return revoke rollback save savepoint
    security show shutdown signal start table throw truncate unlisten unlock update vacuum values
    waitfor while
    """.split()
)
_IRRELEVANT = frozenset(
    """
    access aggregate assembly cast collation constraint conversion database default event extension
    fulltext function group language large login operator owned policy procedural procedure proc
    publication role rule security sequence server statistics subscription synonym system tablespace
    text transform trigger trusted user virtual
    """.split()
)
_DEFINER = re.compile(r"\bdefiner\s*=\s*\S+\s*", re.IGNORECASE)
_SELECTS = re.compile(r"\binto\b|\bsearch_path\b", re.IGNORECASE)
_SETTINGS = re.compile(r"search_path|schema", re.IGNORECASE)


class Unreadable(Exception):  # noqa: N818 - said of a statement, and never leaves the room
    """Why a statement cannot be read, and at which character of it."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


class Walker(Protocol):
    """Something that carries out a statement on a catalog, or raises ``Unreadable``."""

    def apply(self, statement: Statement) -> None: ...


def replay(script: Script, walker: Walker, catalog: Catalog) -> None:
    """Carry out every statement that says something of tables, in order."""
    unclosed = 0
    for statement in script:
        try:
            if statement.broken is not None:
                unclosed += 1
                raise Unreadable("a quote or comment is never closed", statement.broken)
            if relevant(statement.text):
                _carry_out(walker, statement)
        except Unreadable as reason:
            _recover(script, statement, walker, catalog, reason)
        if unclosed >= _MOST_UNCLOSED:
            message = "too many quotes are never closed; what follows is left out"
            catalog.problem(Source(catalog.file, statement.line), message)
            return


def relevant(text: str) -> bool:
    """Whether a statement can change tables; an unknown one is taken to, so its fault is told."""
    words = _words(text, 1)
    verb = words[0] if words else ""
    if verb in _SKIPPED or not verb:
        return False
    words = _words(text, 6)
    if verb in ("select", "with"):
        return bool(_SELECTS.search(text))
    if verb in ("set", "reset"):
        return bool(_SETTINGS.search(text))
    if verb in ("create", "alter", "drop", "rename"):
        objects = [
            word for word in words[1:] if word not in ("or", "replace", "if", "exists", "not")
        ]
        if objects[:2] == ["foreign", "data"]:
            return False
        return not objects or objects[0] not in _IRRELEVANT
    return True


def _words(text: str, most: int) -> list[str]:
    words: list[str] = []
    position = 0
    if "definer" in text[:200].lower():
        text = _DEFINER.sub("", text[:1000])
    while len(words) < most and (match := _WORDS.match(text, position)):
        words.append(match[1].lower())
        position = match.end()
    return words


def _carry_out(walker: Walker, statement: Statement) -> None:
    depth = deepest = 0
    for mark in re.findall(r"[()]", statement.text):
        depth += 1 if mark == "(" else -1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise Unreadable("parentheses are nested too deeply to be read")
    try:
        walker.apply(statement)
    except RecursionError:
        raise Unreadable("this statement is nested too deeply to be read") from None


def _recover(
    script: Script, statement: Statement, walker: Walker, catalog: Catalog, reason: Unreadable
) -> None:
    """Tell the fault, and go on where another statement begins inside: a ; was forgotten.

    Without any ; in it the statement is cut at all such places at once; otherwise the script is
    read on from the first, since a quote that was never closed may have hidden the rest.
    """
    fault = statement.start + min(reason.offset, len(statement.text) - 1)
    inside = RESTART.finditer(script.text, statement.start + 1, statement.stop)
    starts = [match.end() for match in inside] if ";" not in statement.text else []
    if not starts and (first := next(inside, None)):
        starts = [first.end()]
        script.position = first.end()
    if not starts or fault < starts[0]:
        catalog.problem(Source(catalog.file, script.line(fault)), reason.message)
    elif _try(script, script.cut(statement.start, starts[0]), walker, catalog):
        _missing(script, starts[0], catalog)
    if ";" not in statement.text:
        for start, stop in pairwise([*starts, statement.stop]):
            if _try(script, script.cut(start, stop), walker, catalog) and stop != statement.stop:
                _missing(script, stop, catalog)


def _try(script: Script, statement: Statement, walker: Walker, catalog: Catalog) -> bool:
    """Carry out a part of a statement; False and a problem where it cannot be read."""
    try:
        if relevant(statement.text):
            _carry_out(walker, statement)
    except Unreadable as reason:
        offset = statement.start + min(reason.offset, max(len(statement.text) - 1, 0))
        catalog.problem(Source(catalog.file, script.line(offset)), reason.message)
        return False
    return True


def _missing(script: Script, offset: int, catalog: Catalog) -> None:
    message = "the ; before this statement is missing"
    catalog.problem(Source(catalog.file, script.line(offset)), message)
