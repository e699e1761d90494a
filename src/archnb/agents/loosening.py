"""What an agent file that comes with a workspace would loosen, in words a person can accept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from archnb.agents.agent import Agent
from archnb.permission.rules import (
    ACTIONS,
    ALIASES,
    DEFAULTS,
    Action,
    Rule,
    evaluate,
    meant,
    names_of,
    strictest,
)


@dataclass(frozen=True, slots=True)
class Loosening:
    """One way in which a workspace's file allows more than the person's own settings."""

    words: str
    rule: Rule  # the file's rule, or the person's rule that would hold no longer


def seal(agent: Agent) -> str:
    """SHA-256 over all that an acceptance is about: the file, its name, and what it lifts."""
    about = repr((agent.name, agent.path, agent.digest, agent.bounds))
    return hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()


def loosenings(agent: Agent) -> tuple[Loosening, ...]:
    """What ``agent``, from a workspace, loosens against its ``bounds``; nothing for other origins.

    A rule's own pattern is held against the other rules as a text, which cannot know every
    command that both match: where in doubt the rule is listed.
    """
    if agent.bounds is None:
        return ()
    theirs = meant(agent.rules)
    own = meant(agent.bounds)
    found = [
        Loosening(f"{rule}; without this file: {bound.action}", rule)
        for rule in theirs[len(DEFAULTS) :]
        for bound in [_strict(rule, own)]
        if _rank(rule.action) < _rank(bound.action)
    ]
    told = {_strict(loosening.rule, own) for loosening in found}
    for rule in own[1:]:  # the first default is the one that asks about everything
        instead = _loose(rule, theirs)
        if _rank(instead.action) < _rank(rule.action) and rule not in told:
            words = f"{rule} holds no longer; this file: {instead}"
            found.append(Loosening(words, rule))
    return tuple(found)


def _strict(rule: Rule, rules: Sequence[Rule]) -> Rule:
    """What ``rules`` say to the pattern of ``rule``, by the strictest of the names it goes by."""
    return strictest(_answers(rule, rules))


def _loose(rule: Rule, rules: Sequence[Rule]) -> Rule:
    return min(_answers(rule, rules), key=lambda answer: _rank(answer.action))


def _answers(rule: Rule, rules: Sequence[Rule]) -> list[Rule]:
    name = ALIASES.get(rule.permission, rule.permission)
    return [evaluate(known, rule.pattern, rules) for known in names_of(name, rules)]


def _rank(action: Action) -> int:
    return ACTIONS.index(action)  # allow, ask, deny
