"""Permission rules as OpenCode means them: wildcards, and the last rule that matches decides."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Action = Literal["allow", "ask", "deny"]
ACTIONS: tuple[Action, ...] = ("allow", "ask", "deny")

# OpenCode's name for what a tool asks for: these tools share the rules of `edit`.
ALIASES = {
    "write": "edit",
    "patch": "edit",
    "multiedit": "edit",
    "apply_patch": "edit",
    "shell": "bash",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """``permission`` and ``pattern`` are wildcards; ``source`` says where the rule stands.

    ``listed``: made from the older ``tools`` map (``read: true``). OpenCode takes that for leave to
    do anything with the tool; archnb takes it as what it says, that the agent has the tool.
    """

    permission: str
    pattern: str
    action: Action
    source: str = ""
    listed: bool = False

    def __str__(self) -> str:
        place = f", {self.source}" if self.source else ""
        pattern = json.dumps(self.pattern, ensure_ascii=False)  # one line, whatever it holds
        return f"{self.permission} {pattern}: {self.action}{place}"


_DEFAULT = "archnb default"
LOOKING = ("read", "list", "glob", "grep", "draw", "lint", "verify", "todowrite", "todoread")
"""What changes nothing: the permissions that an agent file need not speak of."""

_HARMLESS = (*LOOKING, "task")  # a subagent's own calls are settled each for itself
DEFAULTS: tuple[Rule, ...] = (
    Rule("*", "*", "ask", _DEFAULT),
    *(Rule(name, "*", "allow", _DEFAULT) for name in _HARMLESS),
    Rule("read", "*.env", "ask", _DEFAULT),
    Rule("read", "*.env.*", "ask", _DEFAULT),
    Rule("read", "*.env.example", "allow", _DEFAULT),
)
"""What holds before any agent file speaks: looking is allowed, everything that acts asks."""

_THEIRS = "OpenCode default"
OPENCODE_DEFAULTS: tuple[Rule, ...] = (
    Rule("*", "*", "allow", _THEIRS),
    Rule("doom_loop", "*", "ask", _THEIRS),
    Rule("external_directory", "*", "ask", _THEIRS),
    Rule("question", "*", "deny", _THEIRS),
    Rule("plan_enter", "*", "deny", _THEIRS),
    Rule("plan_exit", "*", "deny", _THEIRS),
    Rule("read", "*", "allow", _THEIRS),
    Rule("read", "*.env", "ask", _THEIRS),
    Rule("read", "*.env.*", "ask", _THEIRS),
    Rule("read", "*.env.example", "allow", _THEIRS),
)
"""What OpenCode 1.18 puts before an agent's rules: whatever no rule names is allowed."""


def meant(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """``rules`` as archnb takes them, behind its defaults: a listed tool keeps its defaults.

    >>> [rule.action for rule in meant([Rule("bash", "*", "allow", listed=True)])][-1]
    'ask'
    """
    parts = [_defaults(rule) if rule.listed else (rule,) for rule in rules]
    return (*DEFAULTS, *(rule for part in parts for rule in part))


def _defaults(listed: Rule) -> tuple[Rule, ...]:
    """What archnb's defaults say of the tools that a rule lists."""
    known = tuple(
        rule
        for rule in DEFAULTS
        if matches(listed.permission, rule.permission)
        and (rule.permission != "*" or listed.permission == "*")
    )
    return known or (Rule(listed.permission, "*", "ask", _DEFAULT),)


def evaluate(permission: str, pattern: str, rules: Sequence[Rule]) -> Rule:
    """The rule that decides: the last one whose permission and pattern both match; none asks.

    >>> rules = [Rule("bash", "*", "ask"), Rule("bash", "git log*", "allow")]
    >>> evaluate("bash", "git log -3", rules).action
    'allow'
    """
    for rule in reversed(rules):
        if matches(rule.permission, permission) and matches(rule.pattern, pattern):
            return rule
    return Rule(permission, pattern, "ask", "no rule matches")


def matches(pattern: str, text: str) -> bool:
    """OpenCode's wildcard: ``*`` is any run, ``?`` one character; a final `` *`` may be absent.

    >>> matches("git status *", "git status"), matches("git status *", "git statusx")
    (True, False)
    """
    return _compile(pattern).fullmatch(_units(text.replace("\\", "/"))) is not None


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(_units(pattern.replace("\\", "/")))
    escaped = escaped.replace(r"\*", ".*").replace(r"\?", ".")
    if escaped.endswith(r"\ .*"):
        escaped = escaped.removesuffix(r"\ .*") + r"(\ .*)?"
    return re.compile(escaped, re.DOTALL | (re.IGNORECASE if sys.platform == "win32" else 0))


def _units(text: str) -> str:
    """``text`` in UTF-16 units, which is what OpenCode's ``?`` counts (an emoji is two)."""
    if text.isascii():
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(data[at] | data[at + 1] << 8) for at in range(0, len(data), 2))


def expand_home(pattern: str, home: str = "") -> str:
    """``pattern`` with a leading ``~``, ``~/`` or ``$HOME`` spelled out; done where rules are read.

    >>> expand_home("~/notes/*", "/home/u"), expand_home("~user/x", "/home/u")
    ('/home/u/notes/*', '~user/x')
    """
    home = home or os.path.expanduser("~")  # noqa: PTH111  (HOME may be unset; this never raises)
    if pattern == "~":
        return home
    if pattern.startswith("~/"):
        return home + pattern.removeprefix("~")
    return home + pattern.removeprefix("$HOME") if pattern.startswith("$HOME") else pattern


def strictest(rules: Iterable[Rule]) -> Rule:
    """The rule that allows least: any deny, else any ask, else allow."""
    return max(rules, key=lambda rule: ("allow", "ask", "deny").index(rule.action))


def names_of(permission: str, rules: Sequence[Rule]) -> tuple[str, ...]:
    """The names by which rules may speak of ``permission``: ``write`` and ``patch`` bind edits too.

    In OpenCode they bind nothing, which nobody who wrote one meant; the strictest of all counts.
    """
    written = {rule.permission for rule in rules}
    return (
        permission,
        *(name for name, known in ALIASES.items() if known == permission and name in written),
    )
