"""What must hold of every line that the gate allows, said by real bash and by the real programs."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from tests.fuzz.confined import REAL, SECRET, Seen, carried_out, recorded, repository
from tests.fuzz.mutations import SEEDS, mutated

from archnb.permission.commands import parse
from archnb.permission.effects.wrappers import TAME
from archnb.permission.gate import Gate
from archnb.permission.requests import Request
from archnb.permission.rules import Rule
from archnb.tools._reach import astray
from archnb.workspace import Workspace

CASES = Path(__file__).parents[3] / "shared/cases/bash_gate.json"
_BUILTINS = frozenset("echo cd pwd true false : printf type".split())
_INDEX = {".git/index"}  # git refreshes what it remembers of the files' times
# They start parts of git that are scripts, which no canary can stand for.
_SCRIPTS = frozenset({"submodule"})
BATCH = 100


@dataclass(frozen=True, slots=True)
class Rules:
    """A gate, with the lines that it allows to begin from."""

    name: str
    gate: Gate
    seeds: tuple[str, ...]

    def allows(self, line: str) -> bool:
        """Decided by the rules that can speak of it at all: the others only cost time."""
        letters = re.sub(r"['\"\\\n]", "", line)
        rules = (rule for rule in self.gate.rules if _program(rule) in letters)
        gate = Gate(tuple(rules))
        return gate.settle(Request("bash", (line,), "run", line)).action == "allow"


@dataclass(frozen=True, slots=True)
class Finding:
    """An allowed line that does not keep a promise."""

    kind: str
    line: str
    told: str


def _program(rule: Rule) -> str:
    return "" if rule.action == "deny" else rule.pattern.rstrip("*").split(" ")[0]


def _gate(*patterns: str) -> Gate:
    return Gate(tuple(Rule("bash", pattern, "allow") for pattern in patterns))


@cache
def rule_sets() -> tuple[Rules, ...]:
    """Every program allowed by its star; a star for everything; the profiles of the cases."""
    stars = sorted({f"{line.split()[0]}*" for line in SEEDS})
    sets = [Rules("a star for each program", _gate(*stars), SEEDS)]
    every = _gate("*")
    sets.append(Rules("one star", every, tuple(filter(Rules("", every, ()).allows, SEEDS))))
    if CASES.exists():
        told = json.loads(CASES.read_text("utf-8"))
        for name, profile in told["profiles"].items():
            gate = Gate(tuple(Rule("bash", pattern, action) for pattern, action in profile.items()))
            seeds = tuple(
                case["command"]
                for case in told["cases"]
                if case["rules"] == name and case["expected"] == "allow"
            )
            sets.append(Rules(name, gate, seeds))
    return tuple(sets)


def judged_as_built(line: str, seen: Seen) -> Iterator[Finding]:
    """Real bash parses it, and builds exactly the words that the gate judged."""
    if seen.fault:
        yield Finding("bash -n", line, seen.fault)
    if seen.made:
        yield Finding("made a file", line, "")
    parts = [part.argv for part in parse(line).parts]
    wanted = [_comparable(argv, line) for argv in parts]
    reached: set[tuple[str, ...]] = set()
    for run in seen.runs:
        ran = [_comparable(argv, line) for argv in run]
        reached.update(ran)
        if Counter(ran) - Counter(wanted) or ("|" not in line and not _in_order(ran, wanted)):
            yield Finding("other words", line, f"judged {parts}, bash built {run}")
    missing = set(wanted) - reached
    if missing and not re.search(r"<\s*[\w./-]", line):  # a file to be read may not be there
        yield Finding("did not run", line, f"judged {missing}, bash ran {seen.runs}")
    judged = {word for argv in parts for word in argv}
    for argv in seen.spread or ():
        options = {word for word in argv[1:] if word.startswith("-")} - judged
        if options and "--" not in argv and argv[0] not in TAME:
            yield Finding("pattern becomes an option", line, f"{argv}")


def _comparable(argv: Sequence[str], line: str) -> tuple[str, ...]:
    """``argv`` without exit statuses, where the line asks for one."""
    return tuple(re.sub(r"\$\?|[01]", "", word) if "$?" in line else word for word in argv)


def _in_order(ran: Sequence[tuple[str, ...]], wanted: Sequence[tuple[str, ...]]) -> bool:
    rest = iter(wanted)
    return all(argv in rest for argv in ran)


def without_effect(lines: Sequence[str], template: Path) -> Iterator[Finding]:
    """Carried out for real they start nothing, change no file and print nothing from outside."""
    if not lines:
        return
    done = carried_out(lines, template)
    kinds = {
        "ran a program": "".join(done.ran),
        "changed a file": ", ".join(name for name in done.changed if name not in _INDEX),
        "printed what lies outside": "yes" if SECRET in "".join(done.output) else "",
    }
    found = {kind: told for kind, told in kinds.items() if told}
    if found and len(lines) > 1:
        middle = len(lines) // 2
        yield from without_effect(lines[:middle], template)
        yield from without_effect(lines[middle:], template)
    else:
        yield from (Finding(kind, lines[0], told) for kind, told in found.items())


def can_be_carried_out(line: str) -> bool:
    """Whether every program in it is here for real, and it ends by itself."""
    parts = [part.argv for part in parse(line).parts]
    programs = {argv[0] for argv in parts}
    return programs <= {*REAL, *_BUILTINS} and not any(_SCRIPTS & {*argv} for argv in parts)


def passes_the_tool(line: str, template: Path) -> bool:
    """Whether the bash tool finds nothing that it reaches beyond its words: links, files of keys."""
    return not astray(parse(line), template, Workspace(template))


def inspect(lines: Sequence[str], rules: Rules, template: Path) -> tuple[list[Finding], int]:
    """What is found about allowed ``lines``, and how many of them were carried out for real."""
    found = [
        finding
        for line, seen in zip(lines, recorded(lines), strict=True)
        for finding in judged_as_built(line, seen)
    ]
    real = [line for line in lines if can_be_carried_out(line)]
    real = [line for line in real if passes_the_tool(line, template)]
    for at in range(0, len(real), BATCH):
        found += without_effect(real[at : at + BATCH], template)
    return found, len(real)


def lines_of(random: Random, rules: Rules, count: int) -> list[str]:
    """``count`` different lines, none of them a seed, none with a NUL (the tool refuses it)."""
    seen: dict[str, None] = {}
    known = set(rules.seeds)
    while len(seen) < count:
        line = mutated(random, rules.seeds)
        if line not in known:
            seen[line] = None
    return list(seen)


def shortened(finding: Finding, rules: Rules, template: Path) -> Finding:
    """The same kind of finding in the shortest line that taking pieces away leads to."""
    size = max(len(finding.line) // 2, 1)
    while size:
        at = 0
        while at < len(finding.line):
            line = finding.line[:at] + finding.line[at + size :]
            again = inspect([line], rules, template)[0] if line and rules.allows(line) else []
            same = [other for other in again if other.kind == finding.kind]
            if same:
                finding = same[0]
            else:
                at += size
        size //= 2
    return finding


def chunk(seed: int, number: int, count: int) -> tuple[int, int, list[tuple[int, Finding]]]:
    """Allowed lines, lines carried out for real, and findings with their set of rules."""
    sets = rule_sets()
    which = number % (len(sets) + 2)  # the first set, which allows most, three times as often
    which = which if which < len(sets) else 0
    rules = sets[which]
    lines = lines_of(Random(f"{seed}:{number}"), rules, count)
    allowed = [line for line in lines if rules.allows(line)]
    odd = [(which, Finding("NUL", line, "")) for line in allowed if "\0" in line]
    with tempfile.TemporaryDirectory() as name:
        found, real = inspect(
            [line for line in allowed if "\0" not in line], rules, repository(Path(name, "w"))
        )
    return len(allowed), real, [*odd, *((which, finding) for finding in found)]
