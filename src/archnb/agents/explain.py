"""An agent file in plain words: who it is, what it may do, and what is worth knowing."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

from archnb import models
from archnb.agents.agent import Agent
from archnb.agents.notes import Checked, Note, notes
from archnb.agents.reading import AgentFile, agent_of, open_file
from archnb.agents.standing import as_gated, standing
from archnb.agents.tightened import write_tightened
from archnb.html import visible
from archnb.permission.rules import ACTIONS, ALIASES, DEFAULTS, Action, Rule, meant, names_of

_TITLES: dict[Action, str] = {"allow": "Unasked", "ask": "Asks first", "deny": "Denied"}
_WIDTH = 100
_TOOLS, _PATTERNS = 22, 52  # widths of the columns


@dataclass(frozen=True, slots=True)
class Verdict:
    """The patterns that ``action`` covers, of tools that are ruled alike, and where it says so."""

    tools: tuple[str, ...]
    action: Action
    patterns: tuple[str, ...]
    places: tuple[str, ...]
    alone: bool  # no other rule speaks of these tools


@dataclass(frozen=True, slots=True)
class Explanation:
    """What ``archnb agents check`` tells: as text, or as data."""

    file: AgentFile
    agent: Agent
    verdicts: tuple[Verdict, ...]
    notes: tuple[Note, ...]

    def text(self) -> str:
        """Lines for a terminal, at most 100 columns, hidden characters made visible."""
        parts = [*_head(self.agent)]
        for action in ACTIONS:
            rows = [verdict for verdict in self.verdicts if verdict.action == action]
            parts += ["", _TITLES[action], *(_rows(rows) if rows else ["  nothing"])]
        bash = any(row.action == "allow" and "bash" in row.tools for row in self.verdicts)
        if bash:
            parts.append("")
            parts.append("An allowed command runs unasked only in forms known to be harmless.")
        if self.notes:
            parts += ["", "Worth knowing"]
        for note in self.notes:
            head = f"  line {note.line}" if note.line else "  file"
            parts += _hanging(f"{head:<12}", note.text)
        return "\n".join(visible(part) for part in parts)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        agent = self.agent
        return {
            "name": agent.name,
            "description": agent.description,
            "mode": agent.mode,
            "format": agent.format,
            "path": agent.path,
            "digest": agent.digest,
            "model": agent.model,
            "model_used": models.resolve(agent.model),
            "temperature": agent.temperature,
            "top_p": agent.top_p,
            "steps": agent.steps,
            "options": dict(agent.options),
            "rules": [
                {
                    "permission": rule.permission,
                    "pattern": rule.pattern,
                    "action": rule.action,
                    "source": rule.source,
                    "listed": rule.listed,
                }
                for rule in agent.rules
            ],
            "verdicts": [
                {
                    "tools": list(verdict.tools),
                    "action": verdict.action,
                    "patterns": list(verdict.patterns),
                    "places": list(verdict.places),
                }
                for verdict in self.verdicts
            ],
            "warnings": [
                {"line": note.line, "about": note.about, "text": note.text} for note in self.notes
            ],
        }

    def write_tightened(self, target: Path) -> str:
        """Write the tightened copy to a new file, and say so in one sentence."""
        write_tightened(self.file, target)
        return f"{target} is a tightened copy; look at it with: archnb agents check {target}"


def explain(
    path: Path, *, tools: Collection[str], agents: Collection[str], today: date, shown: str = ""
) -> Explanation:
    """Explain the agent file at ``path``; raises ``AgentError`` where it is broken.

    ``tools`` and ``agents`` are the names that exist here.
    """
    file = open_file(path, shown)
    agent = agent_of(file, path.stem, "user")
    checked = Checked(file, file.front_matter(), agent, tools, agents, today)
    return Explanation(file, agent, tuple(verdicts(agent.rules, tools)), tuple(notes(checked)))


def verdicts(rules: tuple[Rule, ...], tools: Iterable[str]) -> Iterator[Verdict]:
    """For each tool what is allowed, asked and denied; tools that are ruled alike share a row."""
    in_force = meant(rules)
    meaning: dict[tuple[str, ...], _Meaning] = {}
    for name in dict.fromkeys(ALIASES.get(tool, tool) for tool in tools):
        names: dict[str, list[Rule]] = {
            spoken: [as_gated(rule) for rule in standing(spoken, in_force)]
            for spoken in names_of(name, in_force)
        }
        for said, alike in groupby(names, key=lambda spoken: _said(names[spoken])):
            same = tuple(alike)
            sources = zip(*(map(_where, names[spoken]) for spoken in same), strict=True)
            meaning[same] = [(*words, where) for words, where in zip(said, sources, strict=True)]
    order = sorted(meaning, key=lambda same: _order(meaning[same]))
    for ruling, group in groupby(order, key=lambda same: meaning[same]):
        together = tuple(name for same in group for name in same)
        for action in ACTIONS:
            fitting = [(pattern, where) for pattern, said, where in ruling if said == action]
            if fitting:
                patterns = tuple(pattern for pattern, _ in fitting)
                places = dict.fromkeys(place for _, where in fitting for place in where)
                yield Verdict(together, action, patterns, tuple(places), len(ruling) == 1)


_Meaning = list[tuple[str, Action, tuple[str, ...]]]  # pattern, action, places


def _said(rules: list[Rule]) -> list[tuple[str, Action]]:
    return [(rule.pattern, rule.action) for rule in rules]


def _order(meaning: _Meaning) -> tuple[bool, _Meaning]:
    """What the file rules comes before what the defaults do."""
    return all(set(places) == {"default"} for _, _, places in meaning), meaning


def _where(rule: Rule) -> str:
    return rule.source if rule not in DEFAULTS and ":" in rule.source else "default"


def _head(agent: Agent) -> Iterator[str]:
    yield f"{agent.name}: {agent.mode}, {agent.format} format" + (", switched off" * agent.disable)
    yield from textwrap.wrap(
        textwrap.shorten(agent.description, 280, placeholder=" …"),
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
    )
    used = models.resolve(agent.model)
    model = agent.model or "(the default)"
    if used != agent.model:
        model = f"{used}, for {agent.model}"
    yield f"  file    {agent.path}"
    yield f"  sha256  {agent.digest[:16]}…"
    yield f"  model   {model}"
    if agent.steps:
        yield f"  steps   at most {agent.steps} answers in a run"


def _rows(verdicts: list[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        tools = textwrap.wrap(", ".join(verdict.tools), _TOOLS - 2)
        patterns = textwrap.wrap(", ".join(_words(verdict)), _PATTERNS, break_on_hyphens=False)
        lines = _lines(verdict.places)
        for tool, pattern, place in zip_longest(tools, patterns, [lines], fillvalue=""):
            yield f"  {tool:<{_TOOLS}}{pattern:<{_PATTERNS + 2}}{place}".rstrip()


def _words(verdict: Verdict) -> Iterator[str]:
    for pattern in verdict.patterns:
        yield pattern if pattern != "*" else "anything" if verdict.alone else "anything else"


def _lines(places: tuple[str, ...]) -> str:
    numbers = sorted({int(place.rpartition(":")[2]) for place in places if place != "default"})
    if not numbers:
        return "default"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return ("line " if len(numbers) == 1 else "lines ") + ", ".join(words)


def _hanging(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head),
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
