"""Permission rules as OpenCode means them: wildcards, and the last rule that matches decides."""

from __future__ import annotations

import os
import re
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
    """``permission`` and ``pattern`` are wildcards; ``source`` says where the rule stands."""

    permission: str
    pattern: str
    action: Action
    source: str = ""

    def __str__(self) -> str:
        place = f", {self.source}" if self.source else ""
        return f'{self.permission} "{self.pattern}": {self.action}{place}'


_DEFAULT = "archnb default"
_LOOKING = ("read", "list", "glob", "grep", "draw", "lint", "todowrite", "todoread")
DEFAULTS: tuple[Rule, ...] = (
    Rule("*", "*", "ask", _DEFAULT),
    *(Rule(name, "*", "allow", _DEFAULT) for name in _LOOKING),
    Rule("read", "*.env", "ask", _DEFAULT),
    Rule("read", "*.env.*", "ask", _DEFAULT),
    Rule("read", "*.env.example", "allow", _DEFAULT),
)
"""What holds before any agent file speaks: looking is allowed, everything that acts asks."""


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
    return _compile(_expand_home(pattern)).fullmatch(text.replace("\\", "/")) is not None


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern.replace("\\", "/")).replace(r"\*", ".*").replace(r"\?", ".")
    if escaped.endswith(r"\ .*"):
        escaped = escaped.removesuffix(r"\ .*") + r"(\ .*)?"
    return re.compile(escaped, re.DOTALL)


def _expand_home(pattern: str) -> str:
    for prefix in ("~/", "$HOME/"):
        if pattern.startswith(prefix):
            return os.path.expanduser("~") + "/" + pattern.removeprefix(prefix)  # noqa: PTH111
    return os.path.expanduser("~") if pattern in ("~", "$HOME") else pattern  # noqa: PTH111


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
