"""What a rule is, how the rules are found, and how a design is put to them."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from archnb import parts
from archnb.design.elements import Design, Edit, Finding, Severity, Source
from archnb.design.lint import edits
from archnb.errors import ReadError

GRAVITY: tuple[Severity, ...] = ("info", "warning", "error")

# Characters: a longer edit is more than a person reviews, or a model repeats, at once.
_LONGEST_FIX = 20_000

# `-- archnb: ignore DB001 reason` or `# archnb: ignore SEC002, SVC006 reason`
_IGNORE = re.compile(r"(?:--|#|//|/\*)\s*archnb:\s*ignore\s+([A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)")


class Located(Protocol):
    """Anything that knows where it was read."""

    @property
    def source(self) -> Source: ...


@dataclass(frozen=True, slots=True)
class Collapse:
    """How a rule speaks once where it would repeat itself.

    When at least five, and more than ``share``, of a file's elements ``among`` which it looks are
    hit, one finding stands for all: ``message`` with ``{hits}`` and ``{total}`` filled in. Five or
    more that are information only are always gathered in one.
    """

    among: Callable[[Design], Iterable[Located]]
    message: str
    advice: str
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    """A text as it might stand in ``file``: ``bad`` has the fault, ``good`` has it mended."""

    file: str
    bad: str
    good: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``check`` yields its findings, and its docstring is the rule's documentation page.

    ``severity`` is the usual one; a finding may be graver or milder. ``fix`` turns a finding and
    the text of its file into a safe edit, or None.
    """

    code: str
    severity: Severity
    check: Callable[[Design], Iterator[Finding]]
    examples: tuple[Example, ...] = ()
    collapse: Collapse | None = None
    fix: Callable[[Design, Finding, str], Edit | None] | None = None

    @property
    def name(self) -> str:
        return self.check.__name__.replace("_", "-")

    @property
    def page(self) -> str:
        """What, why, how to mend, source, when to ignore."""
        return inspect.getdoc(self.check) or ""


def lint_rule(
    code: str,
    severity: Severity,
    *,
    examples: tuple[Example, ...] = (),
    collapse: Collapse | None = None,
    fix: Callable[[Design, Finding, str], Edit | None] | None = None,
) -> Callable[[Callable[[Design], Iterator[Finding]]], Rule]:
    """Make a :class:`Rule` of the function below; being in this folder, it is found."""

    def rule(check: Callable[[Design], Iterator[Finding]]) -> Rule:
        return Rule(code, severity, check, examples, collapse, fix)

    return rule


def rules() -> tuple[Rule, ...]:
    """Every rule there is, by code."""
    from archnb.design import lint as package

    return tuple(sorted(parts.collect(package, Rule), key=lambda rule: rule.code))


def lint(
    design: Design,
    texts: Mapping[str, str] | None = None,
    *,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    collapse: bool = True,
) -> list[Finding]:
    """What the rules say of ``design``, by file, line and code.

    ``select`` and ``ignore`` hold codes or their beginnings (``DB``, ``SEC001``); one that names no
    rule is a ReadError. ``texts`` holds the files as read (line ends untouched), by the names used
    in ``design``: with it findings carry their ``fix``, and a comment ``-- archnb: ignore DB001
    reason`` (``#`` in YAML) on the line of a finding or the line above silences it. Each fix is
    made for the texts as given: after applying one, read and lint again for the next.
    ``collapse=False`` gives every finding one by one, each with its own fix; collapsed ones carry
    theirs together, unless they lie too far apart.
    """
    texts = texts or {}
    findings: list[Finding] = []
    for rule in _chosen(select, ignore):
        hits = [hit for hit in rule.check(design) if not _silenced(hit, texts)]
        if rule.fix:
            hits = [_with_fix(rule.fix, design, hit, texts) for hit in hits]
        if rule.collapse and collapse:
            hits = list(_collapsed(hits, rule.collapse, design, texts))
        findings += hits
    return sorted(findings, key=lambda hit: (hit.source.file, hit.source.line, hit.code, hit.where))


def _chosen(select: Sequence[str] | None, ignore: Sequence[str]) -> list[Rule]:
    known = rules()
    for code in (*(select or ()), *ignore):
        if not code or not any(rule.code.startswith(code) for rule in known):
            families = ", ".join(sorted({rule.code.rstrip("0123456789") for rule in known}))
            raise ReadError(f"No rule has a code like {code!r}.", hint=f"Families: {families}.")
    return [
        rule
        for rule in known
        if (select is None or rule.code.startswith(tuple(select)))
        and not rule.code.startswith(tuple(ignore))
    ]


def _silenced(hit: Finding, texts: Mapping[str, str]) -> bool:
    if hit.source.line < 1 or "archnb:" not in texts.get(hit.source.file, ""):
        return False
    at, lines = hit.source.line, dict(enumerate(texts[hit.source.file].split("\n"), 1))
    said = (_IGNORE.match(lines.get(at - 1, "").strip()), _IGNORE.search(lines.get(at, "")))
    return any(it and hit.code in re.findall(r"\w+", it[1]) for it in said)


def _with_fix(
    fix: Callable[[Design, Finding, str], Edit | None],
    design: Design,
    hit: Finding,
    texts: Mapping[str, str],
) -> Finding:
    text = texts.get(hit.source.file)
    return replace(hit, fix=fix(design, hit, text)) if text and hit.source.line else hit


def _collapsed(
    hits: list[Finding], collapse: Collapse, design: Design, texts: Mapping[str, str]
) -> Iterator[Finding]:
    """The hits, those of a file as one where they are too many."""
    by_file: defaultdict[str, list[Finding]] = defaultdict(list)
    for hit in hits:
        by_file[hit.source.file].append(hit)
    for file, here in by_file.items():
        total = sum(element.source.file == file for element in collapse.among(design))
        notes = [hit for hit in here if hit.severity == "info"]
        if len(here) >= 5 and len(here) > collapse.share * total:
            yield _gathered(here, collapse, total, texts.get(file, ""))
        elif len(notes) >= 5:
            yield _gathered(notes, collapse, total, texts.get(file, ""))
            yield from (hit for hit in here if hit.severity != "info")
        else:
            yield from here


def _gathered(hits: list[Finding], collapse: Collapse, total: int, text: str) -> Finding:
    first = min(hits, key=lambda hit: hit.source.line)
    named = ", ".join(hit.where for hit in hits[:5]) + (", ..." if len(hits) > 5 else "")
    fixes = [hit.fix for hit in hits if hit.fix]
    fix = edits.joined(fixes, text) if fixes else None
    return replace(
        first,
        severity=max((hit.severity for hit in hits), key=GRAVITY.index),
        where=f"{first.where} and {len(hits) - 1} more",
        message=f"{collapse.message.format(hits=len(hits), total=total)} ({named}).",
        advice=collapse.advice,
        fix=fix if fix and len(fix.old) <= _LONGEST_FIX else None,
    )
