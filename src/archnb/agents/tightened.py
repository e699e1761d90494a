"""A tighter copy of an agent file: the rules that allow too much are rewritten, nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from archnb.agents.front_matter import Entry
from archnb.agents.notes import READ_ONLY, boundless, package_manager
from archnb.agents.reading import AgentFile, agent_of, cut
from archnb.errors import AgentError
from archnb.permission.rules import Rule


def tightened(file: AgentFile) -> str:
    """The file's text with word boundaries, and package managers cut down to what only reads.

    ``npm*`` becomes ``npm ls *`` and the like; other rules on a package manager ask. Equal to the
    file's text where nothing is to be tightened. Only maps of `permission` (OpenCode V1) are
    rewritten; every other byte stays.
    """
    front = file.front_matter()
    permission = front.values.get("permission")
    lines = file.text.split("\n")
    edits = [
        (front.entries["permission", name, pattern], rule, patterns)
        for name, patterns in (permission if isinstance(permission, dict) else {}).items()
        if isinstance(patterns, dict)
        for pattern, action in patterns.items()
        for rule in [Rule(name, pattern, action)]
        if boundless(rule) or package_manager(rule)
    ]
    for entry, rule, patterns in reversed(edits):
        number = entry.key[0] + file.offset
        lines[number] = _rewritten(lines[number], entry, rule, patterns)
    text = "\n".join(lines)
    agent_of(cut(text, file.shown), "tightened", "user")  # it must still be an agent file
    return text


def write_tightened(file: AgentFile, target: Path) -> None:
    """Write the tightened copy to ``target``, which must not exist yet."""
    text = tightened(file)
    if text == file.text:
        raise AgentError(f"{file.shown}: there is nothing to tighten.")
    try:
        with target.open("xb") as stream:
            stream.write((file.mark + text).encode())
    except FileExistsError as error:
        raise AgentError(
            f"{target} is there already; nothing was written.", hint="Name a new file."
        ) from error
    except OSError as error:
        raise AgentError(f"{target} cannot be written: {error.strerror}.") from error


def _rewritten(line: str, entry: Entry, rule: Rule, taken: Collection[str]) -> str:
    """``line`` with the rule at ``entry`` replaced by one or several tighter ones."""
    if entry.key[0] != entry.end[0]:
        raise AgentError(f"{rule.permission} {rule.pattern}: write this rule on one line first.")
    start, middle, end = entry.key[1], entry.key_end[1], entry.end[1]
    key, action = line[start:middle], line[middle:end]
    quote = key[0] if key[0] in "'\"" else ""
    forms = [form for form in _forms(rule) if form not in taken]
    rules = [f"{quote}{form}{quote}{action}" for form in forms]
    rules = rules or [key + action.replace("allow", "ask")]
    before, after = line[:start], line[end:]
    if entry.flow:
        return before + ", ".join(rules) + after
    ending = "\r" if line.endswith("\r") else ""
    return "\n".join([before + rules[0] + after, *(before + more + ending for more in rules[1:])])


def _forms(rule: Rule) -> tuple[str, ...]:
    """The patterns that may stay allowed instead of the rule's."""
    if not package_manager(rule):
        return (re.sub(r"\*$", " *", rule.pattern),)
    program = rule.pattern.rstrip("* ")
    return READ_ONLY.get(program, ())
