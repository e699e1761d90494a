"""A whole sentence, clause by clause: a later clause may leave its subject out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archnb.design.formats.prose.entity_sentences import entity_facts
from archnb.design.formats.prose.facts import Said
from archnb.design.formats.prose.sentences import LONGEST_SENTENCE, Sentence, sentences
from archnb.design.formats.prose.service_sentences import service_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERB = (
    r"(?:has|have|contains?|includes?|belongs? to|refers? to|references?|calls?|uses?"
    r"|publish(?:es)?|emits?|subscribes?|consumes?|listens?|stores?|persists?|sends?|reads?|writes?|depends?"
    r"|talks?|handles?|receives?|owns?|quer(?:y|ies)|invokes?|raises?|reacts?|routes?|forwards?"
    r"|connects?|produces?|caches?|saves?|is|are|may|can|must|places?)"
)
_COUNT = r"(?:many|several|multiple|at least|exactly|zero or|one|an?|up to|any number)"
_NEXT = re.compile(r"(?:,? (?:and then|and|but|while|whereas)|[;,]) (?:also |then )?")
_BEGINS_WITH_VERB = re.compile(rf"(?:{_VERB}|\w+s {_COUNT})\b", re.IGNORECASE)
_BEGINS_WITH_SUBJECT = re.compile(rf"(?:\S+ ){{1,4}}?(?:{_VERB}|\w+s {_COUNT})\b", re.IGNORECASE)
_PRONOUN = re.compile(r"\A(?:it|they|he|she)(?= )", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:not(?! null)|never|no longer|cannot|nor|neither|without)\b|n't\b", re.IGNORECASE
)
_OCCASION = re.compile(
    r"\A(?:when|whenever|after|once|as soon as|every time|if) [^,]+, (?:then )?", re.IGNORECASE
)
_MARKUP = re.compile(r"[`*\"“”]|(?<!\w)_|_(?!\w)")
_MOST_CLAUSES = 8


def statements(text: str, file: str) -> Iterator[tuple[Sentence, Said | None]]:
    r"""Every sentence of ``text`` (lines end in ``\n``) with what it says; None: not understood.

    A line that says nothing alone may end the sentence which the line above left open.
    """
    subject = ""
    waiting: Sentence | None = None
    for sentence in sentences(text):
        if waiting:
            whole = waiting + sentence
            if said := understand(whole, file, subject):
                subject, waiting = said.subject, None
                yield whole, said
                continue
            yield waiting, None
            waiting = None
        said = understand(sentence, file, subject)
        subject = said.subject if said else ""
        if said or sentence.closed:
            yield sentence, said
        else:
            waiting = sentence
    if waiting:
        yield waiting, None


def understand(sentence: Sentence, file: str, subject: str = "") -> Said | None:
    """What a sentence says, or None. ``subject``: what ``it`` stands for at its beginning."""
    text = _MARKUP.sub("", sentence.text).strip()
    if sentence.question or len(text) > LONGEST_SENTENCE or _DENIED.search(text):
        return None
    text = _OCCASION.sub("", text)
    pronoun = _PRONOUN.match(text)
    if pronoun:
        if not subject:
            return None
        text = f"{subject}{text[pronoun.end() :]}"
    if said := _clause(text, sentence.line, file):
        return said
    clauses = _cut(text)
    return _together(clauses, sentence.line, file) if 1 < len(clauses) <= _MOST_CLAUSES else None


def _clause(text: str, line: int, file: str) -> Said | None:
    return service_facts(text) or entity_facts(text, line, file)


def _cut(text: str) -> list[str]:
    """The clauses of a sentence; it is cut only where the next words have a verb of their own."""
    clauses, start = [], 0
    for match in _NEXT.finditer(text):
        rest = text[match.end() :]
        if _BEGINS_WITH_VERB.match(rest) or _BEGINS_WITH_SUBJECT.match(_upto_cut(rest)):
            clauses.append(text[start : match.start()])
            start = match.end()
    return [*clauses, text[start:]]


def _upto_cut(text: str) -> str:
    """The words up to the next comma or ``and``: a subject does not reach beyond it."""
    match = _NEXT.search(text)
    return text[: match.start()] if match else text


def _together(clauses: list[str], line: int, file: str) -> Said | None:
    """All clauses or none: half a sentence understood would be a guess at the rest."""
    first = _clause(clauses[0], line, file)
    if first is None:
        return None
    facts, subject = list(first.facts), first.subject
    for clause in clauses[1:]:
        alone = None if _BEGINS_WITH_VERB.match(clause) else _clause(clause, line, file)
        carried = _PRONOUN.sub("", clause, count=1).strip()
        said = alone or _clause(f"{subject} {carried}", line, file)
        if said is None:
            return None
        facts += said.facts
        subject = said.subject or subject
    return Said(tuple(facts), subject)
