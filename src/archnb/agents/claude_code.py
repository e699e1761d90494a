"""Claude Code's front matter as rules: a list of tools, of which some may carry a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from archnb.agents.front_matter import FrontMatter
from archnb.permission.rules import DEFAULTS, Rule, expand_home

KEYS = ("disallowedTools", "permissionMode", "maxTurns")
MODELS = frozenset({"sonnet", "opus", "haiku", "inherit"})
MODES = ("default", "acceptEdits", "dontAsk", "bypassPermissions", "plan")

_TOOLS = {
    "Agent": "task", "Bash": "bash", "BashOutput": "bash", "Edit": "edit", "Glob": "glob",
    "Grep": "grep", "KillShell": "bash", "LS": "list", "MultiEdit": "edit",
    "NotebookEdit": "edit", "NotebookRead": "read", "Read": "read", "Skill": "skill",
    "Task": "task", "TodoRead": "todoread", "TodoWrite": "todowrite", "WebFetch": "webfetch",
    "WebSearch": "websearch", "Write": "edit",
}  # fmt: skip
_ENTRY = re.compile(r"([\w*.:-]+)(?:\((.*)\))?", re.DOTALL)


def is_ours(front: FrontMatter) -> bool:
    """Whether the front matter is Claude Code's and not OpenCode's."""
    values = front.values
    return (
        isinstance(values.get("tools"), (str, list))
        or any(key in values for key in KEYS)
        or (isinstance(values.get("model"), str) and values["model"] in MODELS)
    )


def rules(front: FrontMatter, home: str) -> tuple[Rule, ...]:
    """A `tools` list denies every other tool and gives the listed ones archnb's defaults.

    ``Bash(git diff:*)`` allows that command, and others ask. `disallowedTools` has the last word;
    a `permissionMode` never loosens.
    """
    for key in ("permission", "permissions"):
        if front.values.get(key) is not None:
            raise front.error(
                f"{key} (OpenCode) stands in a file of Claude Code's form.",
                key,
                hint="Write the rules in one of the two forms; none may vanish silently.",
            )
    return (
        *_listed(front, home),
        *_disallowed(front, home),
        *_planning(front),
    )


def _listed(front: FrontMatter, home: str) -> Iterator[Rule]:
    listed = _tools(front, "tools")
    if listed is None or "*" in listed:
        return
    place = front.place("tools")
    yield Rule("*", "*", "deny", place)
    for name, specifiers in listed.items():
        usual = [replace(rule, source=place) for rule in DEFAULTS if rule.permission == name] or [
            Rule(name, "*", "ask", place)
        ]
        if name == "bash":
            yield from usual
            for pattern in map(_command, specifiers):
                if pattern != "*":
                    yield Rule(name, pattern, "allow", place)
        elif all(specifiers):
            for text in specifiers:
                yield Rule(name, _pattern(name, text, home), usual[0].action, place)
            yield from (rule for rule in usual[1:] if rule.action != "allow")
        else:
            yield from usual


def _disallowed(front: FrontMatter, home: str) -> Iterator[Rule]:
    place = front.place("disallowedTools")
    for name, specifiers in (_tools(front, "disallowedTools") or {}).items():
        for text in specifiers:
            if not text:
                yield Rule(name, "*", "deny", place)
            elif name == "bash":  # without a word boundary: rather too much is denied
                yield Rule(name, re.sub(r"[:\s]*\*?$", "", text) + "*", "deny", place)
            else:
                yield Rule(name, _pattern(name, text, home), "deny", place)


def _planning(front: FrontMatter) -> Iterator[Rule]:
    mode = front.values.get("permissionMode")
    if mode is not None and mode not in MODES:
        raise front.error(f"permissionMode must be one of {', '.join(MODES)}.", "permissionMode")
    if mode == "plan":
        for name in ("edit", "bash"):
            yield Rule(name, "*", "deny", front.place("permissionMode"))


def _tools(front: FrontMatter, key: str) -> dict[str, list[str]] | None:
    """OpenCode's name of each listed tool with its specifiers ("" for the tool as a whole)."""
    value: Any = front.values.get(key)
    if value is None:
        return None
    words = re.split(r",(?![^(]*\))", value) if isinstance(value, str) else value
    if not isinstance(words, list):
        raise front.error(f"{key} must be a list of tools.", key)
    found: dict[str, list[str]] = {}
    for word in words:
        entry = _ENTRY.fullmatch(word.strip()) if isinstance(word, str) else None
        if entry is None:
            if word == "" or (isinstance(word, str) and not word.strip()):
                continue
            raise front.error(
                f"{key}: {str(word)[:60]!r} is no tool.", key, hint="Use Read, Bash(git diff:*), …"
            )
        name = _TOOLS.get(entry[1], entry[1])
        specifiers = (entry[2] or "").split(",") if name == "task" else [entry[2] or ""]
        found.setdefault(name, []).extend(text.strip() for text in specifiers)
    return found


def _command(specifier: str) -> str:
    """A command pattern with a word boundary; a bare star for any command.

    >>> [_command(text) for text in ("git diff:*", "npm run *", "npm test", ":*", "")]
    ['git diff *', 'npm run *', 'npm test', '*', '*']
    """
    text = specifier.strip()
    prefix = re.sub(r"[:\s]*\*$", "", text)
    if not prefix:
        return "*"
    return text if prefix == text else prefix + " *"


def _pattern(name: str, specifier: str, home: str) -> str:
    text = specifier.strip().removeprefix("./")
    if name == "webfetch" and text.startswith("domain:"):
        return f"https://{text.removeprefix('domain:')}/*"
    return expand_home(text, home)
