"""OpenCode's front matter as rules: V1 (`permission`, older `tools`) and V2 (`permissions`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from archnb.agents.front_matter import FrontMatter
from archnb.permission.rules import ACTIONS, ALIASES, Action, Rule, expand_home

_EDITING = frozenset({"write", "edit", "patch"})  # one key `edit` when the tools map is read
# What rules speak of in OpenCode and here: a deny of anything that is nearly one is a misspelling.
_NAMES = (
    "bash edit write patch multiedit read list glob grep webfetch websearch task skill question"
    " todowrite todoread lsp external_directory doom_loop draw lint verify decide shell"
).split()
_ACTIONS = "Use allow, ask or deny."


def v1(front: FrontMatter, home: str) -> tuple[Rule, ...]:
    """The rules of OpenCode 1.18: the tools map as keys, replaced in their place by `permission`.

    The order of the keys is the meaning: the last rule that matches decides.
    """
    keys: dict[str, tuple[Rule, ...]] = {}
    for tool, allowed in _map(front, "tools").items():
        if not isinstance(allowed, bool):
            raise front.error(f"tools.{tool} must be true or false.", "tools", tool)
        key = "edit" if tool in _EDITING else tool
        action: Action = "allow" if allowed else "deny"
        keys[key] = (Rule(key, "*", action, front.place("tools", tool), listed=allowed),)
    permission = front.values.get("permission")
    if isinstance(permission, str):
        keys["*"] = (_rule(front, "*", "*", permission, ("permission",)),)
        return tuple(rule for rules in keys.values() for rule in rules)
    for name, given in _map(front, "permission", or_word=True).items():
        keys[name] = tuple(_of_one(front, name, given, home))
    return tuple(rule for rules in keys.values() for rule in rules)


def v2(front: FrontMatter, home: str) -> tuple[Rule, ...]:
    """The rules of V2: no match asks, and a deny is absolute, so the denials come last."""
    if front.values.get("permission") is not None:
        raise front.error(
            "`permission` and `permissions` stand in one file.",
            "permissions",
            hint="Keep one of them: they mean different things.",
        )
    listed = front.values.get("permissions")
    if not isinstance(listed, list):
        raise front.error(
            "permissions must be a list of {action, resource, effect}.", "permissions"
        )
    rules = [*v1(front, home)]
    for number, item in enumerate(listed):
        at = ("permissions", str(number))
        wrong = (
            not isinstance(item, dict)
            or set(item) != {"action", "resource", "effect"}
            or not all(isinstance(word, str) and word for word in item.values())
        )
        if wrong:
            raise front.error(
                "an entry of permissions must have action, resource and effect, each a word.", *at
            )
        name = ALIASES.get(item["action"], item["action"])
        pattern = expand_home(item["resource"], home)
        rules.append(_rule(front, name, pattern, item["effect"], at))
    return (
        Rule("*", "*", "ask", front.place("permissions")),
        *(rule for rule in rules if rule.action != "deny"),
        *(rule for rule in rules if rule.action == "deny"),
    )


def _map(front: FrontMatter, key: str, *, or_word: bool = False) -> Mapping[str, Any]:
    value = front.values.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        kind = "a word or a map" if or_word else "a map of tool to true or false"
        raise front.error(f"{key} must be {kind}.", key, hint=_ACTIONS if or_word else "")
    return value


def _of_one(front: FrontMatter, name: str, given: Any, home: str) -> Iterator[Rule]:
    """The rules of one key of `permission`: a word stands for the pattern ``*``."""
    if isinstance(given, Mapping):
        for pattern, action in given.items():
            keys = ("permission", name, pattern)
            yield _rule(front, name, expand_home(pattern, home), action, keys)
    elif isinstance(given, list) or given is None:
        raise front.error(
            f"permission.{name} must be ask, allow, deny or a map of patterns.",
            "permission",
            name,
        )
    else:
        yield _rule(front, name, "*", given, ("permission", name))


def _rule(front: FrontMatter, name: str, pattern: str, action: Any, keys: tuple[str, ...]) -> Rule:
    if not name.isprintable():
        raise front.error(f"{name!r}: the name of a tool must be visible characters.", *keys)
    literal = action == "deny" and name not in _NAMES and not re.search(r"[*?]", name)
    if literal and (meant := get_close_matches(name, _NAMES, n=1, cutoff=0.75)):
        raise front.error(
            f"{'.'.join(keys)}: no tool is called {name}; this deny would bind nothing.",
            *keys,
            hint=f"Did you mean {meant[0]}?",
        )
    if action not in ACTIONS:
        word = action if isinstance(action, str) else str(action).lower()
        raise front.error(f"{'.'.join(keys)}: {word!r} is no action.", *keys, hint=_ACTIONS)
    return Rule(name, pattern, action, front.place(*keys))
