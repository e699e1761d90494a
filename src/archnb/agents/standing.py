"""Which of an agent's rules stand: those that no later rule covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archnb.permission.rules import Rule, matches


def covers(later: Rule, earlier: Rule) -> bool:
    """Whether ``later`` decides whatever ``earlier`` could: certain when true.

    A pattern is matched as a text: what its stars stand for is then taken by a star of the
    other. A question mark is not, so a pattern that has one covers only its equal.

    >>> covers(Rule("bash", "git *", "ask"), Rule("bash", "git log *", "allow"))
    True
    """
    pairs = ((later.permission, earlier.permission), (later.pattern, earlier.pattern))
    return all(
        wide == narrow or ("?" not in wide and matches(wide, narrow)) for wide, narrow in pairs
    )


def coverer(index: int, rules: Sequence[Rule]) -> Rule | None:
    """The last later rule that covers the one at ``index``; None where it can still decide."""
    return next((rule for rule in reversed(rules[index + 1 :]) if covers(rule, rules[index])), None)


def standing(permission: str, rules: Iterable[Rule]) -> list[Rule]:
    """The rules that can decide over ``permission``, in order."""
    speaking = [
        Rule(permission, rule.pattern, rule.action, rule.source)
        for rule in rules
        if matches(rule.permission, permission)
    ]
    return [rule for index, rule in enumerate(speaking) if coverer(index, speaking) is None]


def as_gated(rule: Rule) -> Rule:
    """The rule as archnb's gate takes it: to fetch pages unasked, a rule has to name the host.

    >>> as_gated(Rule("webfetch", "https://*", "allow")).action
    'ask'
    """
    host = rule.pattern.rpartition("://")[2].partition("/")[0].removeprefix("*.")
    named = "." in host and not {*host} & {*"*?"}
    if rule.permission == "webfetch" and rule.action == "allow" and not named:
        return replace(rule, action="ask")
    return rule
