"""Model names as people write them: which id is meant, when it ends, and what is used instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

# Prefixes that say where a file's author got the model from, not which model it is. Those of a
# cloud choose it where its credentials are set: see providers/access.py.
_PROVENANCE = frozenset(
    "anthropic github-copilot opencode openrouter vercel amazon-bedrock google-vertex"
    " google-vertex-anthropic azure-foundry".split()
)
# Claude Code's short names.
_FAMILIES = {
    "sonnet": "claude-sonnet-5-5",
    "opus": "claude-opus-5-5",
    "haiku": "claude-haiku-5-5",
}
_ID = re.compile(r"[A-Za-z0-9~][\w.:@~+-]*(?:/[A-Za-z0-9][\w.:@~+-]*)*(?:\[\w+\])?")


@dataclass(frozen=True, slots=True)
class Retirement:
    """A model's announced end on Anthropic's own platform, and the model used in its place."""

    ends: date
    successor: str


def _ended(year: int, month: int, day: int, family: str) -> Retirement:
    return Retirement(date(year, month, day), _FAMILIES[family])


# The list of the SDK (anthropic 2.12.0) and Anthropic's page of model deprecations, 2026-11.
_RETIREMENTS = {
    "claude-3-sonnet": _ended(2025, 7, 21, "sonnet"),
    "claude-3-5-sonnet": _ended(2025, 10, 28, "sonnet"),
    "claude-3-opus": _ended(2026, 1, 5, "opus"),
    "claude-3-5-haiku": _ended(2026, 2, 19, "haiku"),
    "claude-3-7-sonnet": _ended(2026, 2, 19, "sonnet"),
    "claude-sonnet-4": _ended(2026, 6, 15, "sonnet"),
    "claude-opus-4": _ended(2026, 6, 15, "opus"),
    "claude-opus-4-1": _ended(2026, 8, 5, "opus"),
    "claude-sonnet-4-5": _ended(2026, 11, 30, "sonnet"),
}


def identify(model: str) -> str:
    """The id that ``model`` means: no provenance, dashes for dots, no date or platform affixes.

    What is no Claude keeps its name, but for the provenance.

    >>> identify("openrouter/anthropic/claude-sonnet-4.5"), identify("qwen3:8b")
    ('claude-sonnet-4-5', 'qwen3:8b')
    >>> identify("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), identify("opus")
    ('claude-sonnet-4-5', 'claude-opus-5-5')
    """
    name = model.strip()
    while "/" in name and name.partition("/")[0] in _PROVENANCE:
        name = name.partition("/")[2]
    claude = re.sub(r"^(?:[a-z]{2,6}\.)?anthropic\.", "", name)
    if not claude.startswith("claude"):
        return _FAMILIES.get(name, name)
    claude = re.sub(r"\[\w+\]$|-v\d+:\d+$", "", claude)
    claude = re.sub(r"(?:-latest|[-@]\d{8})$", "", claude.replace(".", "-"))
    return re.sub(r"^(claude-(?:opus|sonnet)-4)-0$", r"\1", claude)


def resolve(model: str) -> str:
    """The id to ask for: a model whose end is announced gives way to its successor.

    >>> resolve("github-copilot/claude-sonnet-4.5")
    'claude-sonnet-5-5'
    """
    name = identify(model)
    return _RETIREMENTS[name].successor if name in _RETIREMENTS else name


def retirement(model: str) -> Retirement | None:
    """The announced end of ``model``; None where none is known."""
    return _RETIREMENTS.get(identify(model))


def is_claude(model: str) -> bool:
    """Whether ``model`` is served by Anthropic's API; an empty name means archnb's default."""
    return not model or identify(model).startswith("claude")


def is_id(model: str) -> bool:
    """Whether ``model`` is spelled like a model id: words between single slashes, no paths.

    >>> is_id("openrouter/anthropic/claude-sonnet-4.5"), is_id("evil/../../x")
    (True, False)
    """
    return len(model) <= 200 and _ID.fullmatch(model) is not None


def fate(model: str, today: date) -> str:
    """One sentence about the end of ``model``; empty where none is announced.

    >>> fate("github-copilot/claude-sonnet-4.5", date(2026, 11, 22))
    'claude-sonnet-4-5 ends on 2026-11-30 (in 8 days); claude-sonnet-5-5 is used instead.'
    """
    known = retirement(model)
    if known is None:
        return ""
    days = (known.ends - today).days
    when = f"ends on {known.ends} (in {days} days)" if days > 1 else f"ends on {known.ends}"
    if days < 0:
        when = f"ended on {known.ends}"
    return f"{identify(model)} {when}; {known.successor} is used instead."
