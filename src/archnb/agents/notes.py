"""What is worth knowing about an agent file before it is used: one sentence each, with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from archnb import models
from archnb.agents.agent import Agent
from archnb.agents.front_matter import FrontMatter
from archnb.agents.mentions import mentions
from archnb.agents.reading import KNOWN, AgentFile
from archnb.agents.standing import as_gated, coverer
from archnb.permission.rules import (
    ALIASES,
    DEFAULTS,
    OPENCODE_DEFAULTS,
    Rule,
    evaluate,
    matches,
)

# Tools of older releases that OpenCode 1.18 does not have, and names that are permissions only.
_GONE = frozenset({"list", "patch", "todoread"})
_NO_TOOLS = frozenset({"external_directory", "doom_loop"})
_NOT_RUN = frozenset({"hooks", "mcpServers", "skills"})
_PACKAGES = frozenset(
    "npm npx pnpm yarn bun bunx pip pip3 pipx uv uvx poetry pdm conda mamba cargo gem bundle"
    " composer brew apt apt-get dotnet mvn gradle deno".split()
)
READ_ONLY = {
    "npm": ("npm ls *", "npm view *", "npm outdated *", "npm audit"),
    "pnpm": ("pnpm ls *", "pnpm view *", "pnpm outdated *", "pnpm audit"),
    "pip": ("pip list *", "pip show *", "pip freeze *", "pip check"),
    "pip3": ("pip3 list *", "pip3 show *", "pip3 freeze *", "pip3 check"),
}
"""The forms of a package manager that only read; `audit` without arguments, as `fix` is one."""


@dataclass(frozen=True, slots=True)
class Note:
    """A warning: ``about`` is a short name for machines, ``line`` 0 where it has no line."""

    line: int
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """An agent file with everything that the notes look at.

    ``tools`` and ``agents`` are the names that exist here; ``today`` dates a model's end.
    """

    file: AgentFile
    front: FrontMatter
    agent: Agent
    tools: Collection[str]
    agents: Collection[str]
    today: date


def notes(checked: Checked) -> list[Note]:
    """Every note, in the order of the file."""
    kinds = (
        _model, _not_sent, _unknown_keys, _modes, _tools_there, _tools_mean, _env, _dead_names,
        _hosts,
        _everything, _boundaries, _packages, _shadowed, _agents_there,
    )  # fmt: skip
    return sorted((note for kind in kinds for note in kind(checked)), key=lambda note: note.line)


def boundless(rule: Rule) -> bool:
    """Whether an allowed command ends in a star that continues a word: `npm*` is also npmevil."""
    return _runs(rule) and re.search(r"[\w-]\*$", rule.pattern) is not None


def package_manager(rule: Rule) -> str:
    """The package manager whose acting forms ``rule`` allows; empty where it names none."""
    program = re.split(r"[\s*]", rule.pattern, maxsplit=1)[0] if _runs(rule) else ""
    if program not in _PACKAGES or rule.pattern in READ_ONLY.get(program, ()):
        return ""
    return program


def _runs(rule: Rule) -> bool:
    return (
        rule.action == "allow"
        and not rule.listed
        and ALIASES.get(rule.permission, rule.permission) == "bash"
    )


def line_of(rule: Rule) -> int:
    """The line in a rule's source; 0 where it has none."""
    found = re.search(r":(\d+)$", rule.source)
    return int(found[1]) if found else 0


def _model(checked: Checked) -> Iterator[Note]:
    if fate := models.fate(checked.agent.model, checked.today):
        yield Note(checked.front.line("model"), "model-ends", fate)


def _not_sent(checked: Checked) -> Iterator[Note]:
    for key in ("temperature", "top_p"):
        if checked.front.values.get(key) is not None:
            why = "Anthropic's API does not take it any more"
            text = f"{key} is not sent: {why}."
            if not models.is_claude(checked.agent.model):
                text = f"{key} is kept and not sent."
            yield Note(checked.front.line(key), "not-sent", text)


def _unknown_keys(checked: Checked) -> Iterator[Note]:
    for key in checked.front.values:
        if key in _NOT_RUN:
            yield Note(
                checked.front.line(key), "not-run", f"{key}: kept; archnb does not run them."
            )
        elif key not in KNOWN and key != "permissionMode":
            text = f"{key} is kept and not sent; OpenCode puts it into the request to the model."
            yield Note(checked.front.line(key), "unknown-key", text)
    if checked.front.values.get("options"):
        text = "options are kept and not sent; OpenCode puts them into the request to the model."
        yield Note(checked.front.line("options"), "unknown-key", text)


def _modes(checked: Checked) -> Iterator[Note]:
    mode = checked.front.values.get("permissionMode")
    if mode not in (None, "default", "plan"):
        text = f"permissionMode {mode} loosens nothing here: what acts still asks."
        yield Note(checked.front.line("permissionMode"), "permission-mode", text)


def _tools_there(checked: Checked) -> Iterator[Note]:
    named = _named_tools(checked)
    if gone := [name for name in named if name in _GONE]:
        line = min(named[name] for name in gone)
        text = f"OpenCode 1.18 has no tool {_listed(gone, 'or')}."
        yield Note(line, "no-such-tool", text)
    known = {*checked.tools, *ALIASES, *ALIASES.values(), *_NO_TOOLS}
    if missing := [name for name in named if name not in known]:
        line = min(named[name] for name in missing)
        yield Note(line, "no-such-tool", f"archnb has no tool {_listed(missing, 'or')}.")


def _named_tools(checked: Checked) -> dict[str, int]:
    """Each tool that the front matter names, as it is written, with the line."""
    found: dict[str, int] = {}
    for key in ("tools", "permission"):
        value = checked.front.values.get(key)
        for name in value if isinstance(value, dict) else ():
            found.setdefault(name, checked.front.line(key, name))
    for rule in checked.agent.rules:
        if checked.agent.format != "opencode v1":
            found.setdefault(rule.permission, line_of(rule))
    return {name: line for name, line in found.items() if not re.search(r"[*?]", name)}


def _tools_mean(checked: Checked) -> Iterator[Note]:
    asked = [
        rule
        for rule in checked.agent.rules
        if rule.listed
        and rule.permission in checked.tools
        and evaluate(rule.permission, "x", DEFAULTS).action == "ask"
    ]
    if asked:
        names = _listed([f"`{rule.permission}: true`" for rule in asked])
        text = f"{names} in tools means unasked in OpenCode; here it asks."
        yield Note(min(map(line_of, asked)), "tools-map", text)


def _env(checked: Checked) -> Iterator[Note]:
    rule = evaluate("read", ".env", (*OPENCODE_DEFAULTS, *checked.agent.rules))
    if rule.action == "allow" and rule in checked.agent.rules:
        written = (
            f"`{rule.permission}: true`" if rule.listed else f'{rule.permission} "{rule.pattern}"'
        )
        text = f"{written} would open .env files unasked in OpenCode; here they still ask."
        yield Note(line_of(rule), "opens-env", text)


def _dead_names(checked: Checked) -> Iterator[Note]:
    seen: set[str] = set()
    for rule in checked.agent.rules:
        name = rule.permission
        if ALIASES.get(name) == "edit" and name not in seen:
            seen.add(name)
            text = f"{name} rules act on edit here, the strictest counts; OpenCode ignores them."
            line = checked.front.line("permission", name) or line_of(rule)
            yield Note(line, "acts-on-edit", text)


def _everything(checked: Checked) -> Iterator[Note]:
    for rule in checked.agent.rules:
        if (
            rule.action == "allow"
            and not rule.listed
            and rule.pattern == "*"
            and matches(rule.permission, "bash")
        ):
            text = (
                f'{rule.permission} "*": allow runs any command in OpenCode; here most still ask.'
            )
            yield Note(line_of(rule), "any-command", text)


def _hosts(checked: Checked) -> Iterator[Note]:
    for rule in checked.agent.rules:
        if not rule.listed and rule.permission == "webfetch" and as_gated(rule) != rule:
            text = f'webfetch "{rule.pattern}": allow names no host; here it asks.'
            yield Note(line_of(rule), "names-no-host", text)


def _boundaries(checked: Checked) -> Iterator[Note]:
    if rules := [rule for rule in checked.agent.rules if boundless(rule)]:
        last = rules[-1].pattern
        lack = "lack" if len(rules) > 1 else "lacks"
        text = (
            f"{_listed([rule.pattern for rule in rules])} {lack} a space before the star:"
            f" OpenCode takes {last[:-1]}evil for {last}, archnb does not."
        )
        yield Note(line_of(rules[0]), "no-word-boundary", text)


def _packages(checked: Checked) -> Iterator[Note]:
    if rules := [rule for rule in checked.agent.rules if package_manager(rule)]:
        names = _listed([rule.pattern for rule in rules])
        verb = "run" if len(rules) > 1 else "runs"
        text = f"{names} {verb} third-party code; --tightened OUT writes a copy that only reads."
        yield Note(line_of(rules[0]), "third-party-code", text)


def _shadowed(checked: Checked) -> Iterator[Note]:
    rules = [rule for rule in checked.agent.rules if not rule.listed]
    if checked.agent.format == "opencode v2":
        rules = rules[1:]  # what no match means is no rule of the file
    if checked.agent.format == "claude code":
        return
    for index, rule in enumerate(rules):
        if later := coverer(index, rules):
            text = (
                f'{rule.permission} "{rule.pattern}": {rule.action} never decides:'
                f' {later.permission} "{later.pattern}": {later.action}'
                f" (line {line_of(later)}) comes later and covers it."
            )
            yield Note(line_of(rule), "never-decides", text)


def _agents_there(checked: Checked) -> Iterator[Note]:
    named = mentions(checked.file.body, checked.file.body_offset)
    missing = {
        name: line
        for name, line in named.items()
        if name not in checked.agents and name != checked.agent.name
    }
    if missing:
        names = _listed([f"{name} ({line})" for name, line in missing.items()])
        are = "is no agent" if len(missing) == 1 else "are no agents"
        text = f"{names} {are} here, but the text hands work on to it."
        text = text if len(missing) == 1 else text.replace(" to it.", " to them.")
        yield Note(min(missing.values()), "no-such-agent", text)


def _listed(words: list[str], last: str = "and") -> str:
    """Words as a sentence lists them.

    >>> _listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))
