"""What a person tells the offline architect: plain imperative sentences and the material beside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from archnb.design.text import Passage, passages
from archnb.references import HANDED_ON, references, without_references

Verb = Literal["draw", "review", "fix", "write", "run", "explain", "verify", "compare", "ask"]

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
    r"(?:\s*[,;]\s*(?:(?:and|then|and then)\s+)?|\s+(?:and|then|and then)\s+)"
    rf"(?=(?:{'|'.join(_VERBS)})\b)",
    re.IGNORECASE,
)
_RUN = re.compile(
    r"\s*(?:please\s+)?(?:run|execute)\s*(?:the command\s*)?"
    r"(?::\s*(?P<bare>.+)|`(?P<quoted>[^`\n]+)`\s*\.?\s*$)",
    re.IGNORECASE,
)
_TARGET = re.compile(r"\b(?:to|into|as)\s+[`\"']?@?([\w./-]+\.\w+)[`\"']?", re.IGNORECASE)
_ASK = re.compile(r"\s*(?:please\s+)?ask\s+@([\w-]+)(?![\w./-])", re.IGNORECASE)
_HANDED_ON = re.compile(re.escape(HANDED_ON).replace(r"\{\}", r"(\S+)"))
_AND_RUN = re.compile(
    r"(?:\s*,\s*|\s+)(?:and\s+|then\s+)+(?=(?:run|execute)\s*(?::|`))", re.IGNORECASE
)
_FILE = re.compile(r"(?<![\w@/.])([\w-]+(?:/[\w.-]+)*\.(?:sql|ddl|ya?ml|json|sketch|arch|md))\b")


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do: its sentence (``words``), the file to write, the bash ``command``.

    Of the verb ``ask``, ``target`` is the agent and ``command`` what it is asked.
    """

    verb: Verb
    words: str
    files: tuple[str, ...] = ()
    target: str = ""
    command: str = ""

    @property
    def kind(self) -> str:
        """Which diagram the words ask for."""
        words = _FILE.sub("", without_references(self.words)).lower()
        erd = re.search(r"\b(erd|entit\w*|tables?|schema|database)\b", words)
        services = re.search(r"\b(service|architecture|deployment|call)s?\b", words)
        if erd and not services:
            return "erd"
        if services and not erd:
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

    Only plain words are orders: what stands in a code block or is indented is material, whatever
    it says.

    >>> [order.verb for order in hear("Draw @db/schema.sql and review it.").orders]
    ['draw', 'review']
    """
    orders: list[Order] = []
    material: list[Passage] = []
    unclear: list[str] = []
    agents = _HANDED_ON.findall(prompt)
    prompt = _HANDED_ON.sub("", prompt).rstrip()
    spoken = _spoken(prompt)
    for passage in passages(prompt):
        if passage.kind not in ("prose", "other"):
            material.append(passage)
            continue
        rest: list[str] = []
        for number, line in enumerate(passage.text.splitlines(), start=passage.line):
            if number not in spoken:
                rest.append(line)
                continue
            for sentence in _sentences(line):
                if asked := _asked(sentence, agents):
                    orders.append(asked)
                    continue
                for found in _orders(sentence, orders):
                    if isinstance(found, Order):
                        orders.append(found)
                    else:
                        rest.append(found)
        if left := "\n".join(rest).strip():
            if passage.kind == "prose":
                material.append(replace(passage, text=left))
            elif not _only_names(left):
                unclear.append(left)
    files = tuple(name for name in references(prompt) if name not in agents)
    return Heard(tuple(orders), tuple(material), files, tuple(unclear))


def _asked(sentence: str, agents: Sequence[str]) -> Order | None:
    """A sentence that names an agent: its part of the work, handed on as it stands."""
    named = next((name for name in references(sentence) if name in agents), None)
    if named is None and (unknown := _ASK.match(sentence)):
        named = unknown[1]  # no agent: the tool will say which there are
    if named is None:
        return None
    _, _, rest = sentence.partition(f"@{named}")
    asked = re.sub(r"^[\s,:]*(?:to|about|for|whether|if)?\s+", "", rest).strip()
    return Order("ask", sentence.strip(), target=named, command=asked or sentence.strip())


def _spoken(prompt: str) -> set[int]:
    """The lines, from 1, in which a person speaks: outside code blocks and not indented."""
    lines: set[int] = set()
    fence = ""
    for number, line in enumerate(prompt.splitlines(), start=1):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and not line[:1].isspace():
            lines.add(number)
    return lines


def _sentences(line: str) -> Iterator[str]:
    """The sentences of a line, an order to run something last; a stop inside a name ends none."""
    run = _AND_RUN.search(line)
    words, command = (line[: run.start()], line[run.end() :]) if run else (line, "")
    if _RUN.match(words):
        yield line
        return
    parts = re.split(r"(?<=[.!?;])\s+(?=[A-Z@`\"'(])", words)
    yield from (part for part in parts if part.strip())
    if command:
        yield command


def _orders(sentence: str, before: Sequence[Order]) -> Iterator[Order | str]:
    """The orders of a sentence one after another; a part that is none comes back as its words."""
    if run := _RUN.match(sentence):
        yield Order("run", sentence.strip(), command=(run["bare"] or run["quoted"]).strip())
        return
    last = before[-1] if before else None
    for part in _NEXT.split(sentence):
        found = _ORDER.match(part)
        if not found or _VERBS[found[1].lower()] == "run":
            yield part
            continue
        verb = _VERBS[found[1].lower()]
        target = _target(part) if verb == "write" else ""
        named = (*references(part), *_FILE.findall(part))
        files = tuple(dict.fromkeys(name for name in named if name != target))
        if not files and last and re.search(r"\b(it|them|that|this|these|those|both)\b", part):
            files = last.files
        last = Order(verb, part.strip(), files, target)
        yield last


def _target(part: str) -> str:
    """The file to write: behind the last *to*, *into* or *as*; else the first file named."""
    behind = _TARGET.findall(part)
    named = _FILE.findall(part)
    return behind[-1] if behind else named[0] if named else ""


def _only_names(text: str) -> bool:
    return not without_references(text).strip(" \n\t,.;:-")
