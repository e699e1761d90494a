"""What a person tells the offline architect: plain imperative sentences and the material beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from archnb.design.text import Passage, passages

Verb = Literal["draw", "review", "fix", "write", "run", "explain", "verify", "compare"]

_VERBS: dict[str, Verb] = {
    **dict.fromkeys(
        ("draw", "show", "diagram", "visualise", "visualize", "sketch", "plot", "picture"), "draw"
    ),
    **dict.fromkeys(("review", "check", "lint", "audit", "inspect", "assess"), "review"),
    **dict.fromkeys(("fix", "mend", "repair", "correct", "add"), "fix"),
    **dict.fromkeys(("write", "save", "generate", "export", "convert", "create"), "write"),
    **dict.fromkeys(("run", "execute"), "run"),
    **dict.fromkeys(("explain", "describe", "summarise", "summarize", "read"), "explain"),
    **dict.fromkeys(("verify", "prove", "validate"), "verify"),
    **dict.fromkeys(("compare", "diff"), "compare"),
}
_POLITE = (
    r"(?:(?:please|now|then|also|and|first|next|finally|can you|could you|let us|let's)[\s,]+)*"
)
_VERB = rf"\s*(?:[-*]\s+|\d+[.)]\s+)?{_POLITE}({'|'.join(_VERBS)})\b"
_ORDER = re.compile(_VERB, re.IGNORECASE)
_NEXT = re.compile(
    rf"(?:,\s*|\s+)(?:and|then|and then)\s+(?=(?:{'|'.join(_VERBS)})\b)", re.IGNORECASE
)
_RUN = re.compile(
    r"\s*(?:please\s+)?(?:run|execute)\s*(?:the command\s*)?"
    r"(?::\s*(?P<bare>.+)|`(?P<quoted>[^`\n]+)`\s*\.?\s*$)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"(?<![\w@./])@(?:\"([^\"\n]+)\"|([\w./\\~*-]*[\w/*]))")
_TARGET = re.compile(r"\b(?:to|into|as|in)\s+[`\"']?@?([\w./-]+\.\w+)[`\"']?", re.IGNORECASE)
_FILE = re.compile(r"(?<![\w@/.])([\w-]+(?:/[\w.-]+)*\.(?:sql|ddl|ya?ml|json|sketch|arch|md))\b")


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do: its sentence (``words``), the file to write, the bash ``command``."""

    verb: Verb
    words: str
    files: tuple[str, ...] = ()
    target: str = ""
    command: str = ""

    @property
    def kind(self) -> str:
        """Which diagram the words ask for."""
        if re.search(r"\b(erd|entit|table|schema|database)", self.words, re.IGNORECASE):
            return "erd"
        if re.search(r"\b(service|architecture|deployment|call)s?\b", self.words, re.IGNORECASE):
            return "services"
        return "auto"


@dataclass(frozen=True, slots=True)
class Heard:
    """A prompt understood: what to do, the design text in it, the files named, and the rest."""

    orders: tuple[Order, ...] = ()
    material: tuple[Passage, ...] = ()
    files: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


def hear(prompt: str) -> Heard:
    """Split a prompt into orders, material and what is neither.

    >>> [order.verb for order in hear("Draw @db/schema.sql and review it.").orders]
    ['draw', 'review']
    """
    orders: list[Order] = []
    material: list[Passage] = []
    unclear: list[str] = []
    for passage in passages(prompt):
        if passage.kind not in ("prose", "other"):
            material.append(passage)
            continue
        sentences: list[str] = []
        for sentence in _sentences(passage.text):
            found = list(_orders(sentence, orders))
            orders += found
            if not found:
                sentences.append(sentence)
        if rest := "\n".join(sentences).strip():
            if passage.kind == "prose":
                material.append(replace(passage, text=rest))
            elif not _only_names(rest):
                unclear.append(rest)
    files = dict.fromkeys(_named(prompt))
    return Heard(tuple(orders), tuple(material), tuple(files), tuple(unclear))


def _sentences(text: str) -> Iterator[str]:
    """Sentences and lines; a full stop inside a name or number does not end one."""
    for line in text.splitlines():
        if _RUN.match(line):
            yield line
        else:
            yield from (
                part for part in re.split(r"(?<=[.!?;])\s+(?=[A-Z@`\"'(])", line) if part.strip()
            )


def _orders(sentence: str, before: list[Order]) -> Iterator[Order]:
    if run := _RUN.match(sentence):
        yield Order("run", sentence.strip(), command=(run["bare"] or run["quoted"]).strip())
        return
    for part in _NEXT.split(sentence):
        found = _ORDER.match(part)
        if not found or _VERBS[found[1].lower()] == "run":
            return
        verb = _VERBS[found[1].lower()]
        target = _TARGET.search(part) if verb == "write" else None
        files = tuple(
            name
            for name in (*_named(part), *_FILE.findall(part))
            if not target or name != target[1]
        )
        if not files and before and re.search(r"\b(it|them|that|this|these|those|both)\b", part):
            files = before[-1].files
        order = Order(verb, part.strip(), tuple(dict.fromkeys(files)), target[1] if target else "")
        before = [*before, order]
        yield order


def _named(text: str) -> list[str]:
    return [quoted or bare for quoted, bare in _REFERENCE.findall(text)]


def _only_names(text: str) -> bool:
    return not _REFERENCE.sub("", text).strip(" \n\t,.;:-")
