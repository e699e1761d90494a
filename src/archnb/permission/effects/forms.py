"""Harmless forms of a command: which options, values and operands it may have, and the check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Literal

from archnb.permission.effects.words import Kind, kind

ANY = "*"  # what begins with a dash is a word like any other
UNKNOWN = "is not among the forms known to be harmless"


@dataclass(frozen=True, slots=True)
class Form:
    """What a (sub)command may be given; whatever is not listed asks.

    ``options``: ``-x --long`` stand alone, ``-n=number`` takes a value (attached or the next
    word; ``--arg=word+text`` two), ``-U[number]`` may have one attached; ``*`` takes whatever
    begins with a dash for a word. ``words``: the kinds of the operands in order, the last one
    ending in ``*`` where it repeats. ``after``: the kind of the repeated ones behind ``--``, where
    that differs. ``instead``: options that take the first operand's place. ``least``: operands
    that must be there. ``digits``: ``-20`` counts. ``whole``: options of one dash are not bundled
    letters. ``ordered``: options stand first, since behind an operand some version takes them for
    the file that it writes. ``code``: it runs the project's or a package's code, so a rule must
    name the program.
    """

    options: str = ""
    words: str = ""
    after: str = ""
    instead: str = ""
    least: int = 0
    digits: bool = False
    whole: bool = False
    ordered: bool = False
    code: bool = False


Forms = Form | Mapping[str, "Forms"]
"""A form, or forms by the next word; ``""`` where none of them follows."""

Value = Literal["none", "must", "may"]


def as_code(forms: Forms) -> Forms:
    """``forms`` of a program that runs the project's code whatever it is asked (see ``code``)."""
    if isinstance(forms, Form):
        return replace(forms, code=True)
    return {word: as_code(below) for word, below in forms.items()}


@cache
def _table(options: str) -> Mapping[str, tuple[Value, tuple[Kind, ...]]]:
    table: dict[str, tuple[Value, tuple[Kind, ...]]] = {}
    for item in options.split():
        if item.endswith("]"):
            name, _, wanted = item[:-1].partition("[")
            table[name] = ("may", (kind(wanted),))
        elif "=" in item:
            name, _, wanted = item.partition("=")
            table[name] = ("must", tuple(map(kind, wanted.split("+"))))
        else:
            table[item] = ("none", ())
    return table


def against(form: Form, name: str, words: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """Why ``words`` are not of this form; ``known`` says what notorious options do."""
    operands: list[tuple[str, bool]] = []  # with: behind `--`
    reasons: list[str] = []
    given: set[str] = set()
    rest = iter(words)
    for word in rest:
        if word == "--":
            operands += ((operand, True) for operand in rest)
        elif word.startswith("-") and word != "-" and form.options != ANY:
            if not (form.digits and word[1:].isdecimal() and word.isascii()):
                reasons += _option(form, name, word, rest, known, given)
            if form.ordered and operands:
                reasons.append(f"{name}: {word} may be taken for a file to write")
        else:
            operands.append((word, False))
    return [*reasons, *_operands(form, name, operands, given)]


def _option(
    form: Form, name: str, word: str, rest: Iterator[str], known: Mapping[str, str], given: set[str]
) -> Iterator[str]:
    """Why one option word is not of this form; takes its value from ``rest`` where it has one."""
    table = _table(form.options)
    if word.startswith("--") or form.whole:
        option, equals, value = word.partition("=")
        attached: str | None = value if equals else None
        letters = ""
    else:
        option, letters, attached = word[:2], word[2:], None
    while True:
        given.add(option)
        takes, wanted = table.get(option, (None, ()))
        if takes is None:
            yield f"{name}: {word} {known.get(option, UNKNOWN)}"
            return
        if takes == "none":
            if attached is not None:
                yield f"{name}: {word} {UNKNOWN}"
            if not letters:
                return
            option, letters = f"-{letters[0]}", letters[1:]
            continue
        values = [] if attached is None and not letters else [attached or letters]
        if takes == "must":
            following = list(islice(rest, len(wanted) - len(values)))
            if not form.whole and any(map(_dashed, following)):
                yield f"{name}: {' '.join((word, *following))} can be read in two ways"
            values += following
            if len(values) < len(wanted):
                yield f"{name}: {word} lacks its value"
        if not all(fits(value) for fits, value in zip(wanted, values, strict=False)):
            shown = word if attached is not None or letters else " ".join((word, *values))
            yield f"{name}: {shown} {known.get(option, UNKNOWN)}"
        return


def _dashed(word: str) -> bool:
    """Whether some version of a program may take a value for an option: ``--since --output=x``."""
    return word.startswith("-") and not word[1:].isdecimal() and word != "-"


def _operands(
    form: Form, name: str, operands: Sequence[tuple[str, bool]], given: set[str]
) -> Iterator[str]:
    kinds = form.words.split()
    if kinds and given.intersection(form.instead.split()):
        kinds = kinds[1:]
    least = form.least - (len(form.words.split()) - len(kinds))
    if len(operands) < least:
        yield f"{name}: without more words it {UNKNOWN}"
    for word, behind in operands:
        if behind and form.after and (not kinds or kinds[0].endswith("*")):
            wanted = form.after.removesuffix("*")
        elif kinds:
            wanted = kinds[0].removesuffix("*")
            if not kinds[0].endswith("*"):
                kinds = kinds[1:]
        else:
            yield f"{name}: {word} is one word more than the forms known to be harmless have"
            continue
        if not kind(wanted)(word):
            yield f"{name}: {word} {_why(word)}"


def _why(word: str) -> str:
    if word.startswith(("/", "~")) or ".." in word.split("/"):
        return "lies outside the workspace"
    return UNKNOWN
