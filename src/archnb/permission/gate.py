"""Decide a request by the rules, or have a person asked: values only, the loop does the asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, assert_never

from archnb.permission.commands import Command, Part, parse
from archnb.permission.effects import effects
from archnb.permission.rules import (
    ALIASES,
    DEFAULTS,
    Action,
    Rule,
    evaluate,
    matches,
    names_of,
    strictest,
)


@dataclass(frozen=True, slots=True)
class Diff:
    """A proposed change of one file. ``before`` is None where the file does not exist yet."""

    path: str
    before: str | None
    after: str
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Shell:
    """A proposed command line: the exact text, the folder and the limits it would run with."""

    command: str
    folder: str
    timeout: float  # seconds
    sandbox: str  # what the operating system enforces, in words


Preview = Diff | Shell | str


@dataclass(frozen=True, slots=True)
class Request:
    """What a tool call wants: ``patterns`` are matched against the rules of ``permission``.

    ``always`` are the patterns that
    "always" would offer; ``warning`` says why a person is asked although a rule would allow it.
    """

    permission: str
    patterns: tuple[str, ...]
    title: str
    preview: Preview
    always: tuple[str, ...] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True)
class PartDecision:
    """One part of a request with the rule that decides it and archnb's own reasons."""

    text: str
    action: Action
    rule: Rule
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """``action`` is archnb's; ``rule`` is the one that decided; ``reasons`` make it stricter."""

    action: Action
    rule: Rule
    reasons: tuple[str, ...] = ()
    parts: tuple[PartDecision, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's answer. ``by`` says who or what answered; ``feedback`` goes to the model."""

    answer: Literal["once", "reject"]
    feedback: str = ""
    by: str = "you"

    @property
    def approved(self) -> bool:
        match self.answer:
            case "once":
                return True
            case "reject":
                return False
            case _:
                assert_never(self.answer)


Approver = Callable[["Ask"], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question put to a person: the request, why it is asked, and by which agent."""

    id: str
    call_id: str
    agent: str
    request: Request
    decision: Decision


_READING = frozenset({"draw", "lint"})


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules in force, later over earlier. ``read_only`` denies what could change something."""

    rules: tuple[Rule, ...] = ()
    read_only: bool = False

    LOOKING: ClassVar = frozenset(
        {"read", "list", "glob", "grep", "draw", "lint", "todoread", "todowrite"}
    )

    def settle(self, request: Request) -> Decision:
        """What happens with ``request``: any denied part denies it, any asked part asks."""
        if self.read_only and request.permission not in self.LOOKING:
            rule = Rule(request.permission, "*", "deny", "--plan: nothing can be changed")
            return Decision("deny", rule)
        rules = (*DEFAULTS, *self.rules)
        if request.permission == "bash":
            decision = self._settle_command(request.patterns, rules)
        else:
            names = names_of(request.permission, rules)
            if request.permission in _READING:  # they show what is in a file
                names = (*names, "read")
            rule = strictest(
                evaluate(name, pattern, rules) for name in names for pattern in request.patterns
            )
            decision = Decision(rule.action, rule)
        if request.warning and decision.action == "allow":
            return Decision("ask", decision.rule, (request.warning,), decision.parts)
        return decision

    def offers(self, permission: str) -> bool:
        """Whether a tool may be shown to the model: not where its last rule is ``*: deny``."""
        name = ALIASES.get(permission, permission)
        rules = [rule for rule in (*DEFAULTS, *self.rules) if matches(rule.permission, name)]
        return not (rules[-1].pattern == "*" and rules[-1].action == "deny")

    def _settle_command(self, lines: tuple[str, ...], rules: tuple[Rule, ...]) -> Decision:
        verdicts: list[PartDecision] = []
        reasons: list[str] = []
        for line in lines:
            command = parse(line)
            reasons += command.reasons
            verdicts += [self._settle_part(part, rules) for part in command.parts]
            verdicts += _denied_whole(command, rules)
        denied = [verdict for verdict in verdicts if verdict.action == "deny"]
        asked = [verdict for verdict in verdicts if verdict.action == "ask"]
        if denied:
            return Decision("deny", denied[0].rule, denied[0].reasons, tuple(verdicts))
        if asked or reasons or not verdicts:
            rule = asked[0].rule if asked else evaluate("bash", lines[0] if lines else "", rules)
            why = tuple(
                dict.fromkeys(reasons + [reason for verdict in asked for reason in verdict.reasons])
            )
            return Decision("ask", rule, why, tuple(verdicts))
        return Decision("allow", verdicts[0].rule, (), tuple(verdicts))

    def _settle_part(self, part: Part, rules: tuple[Rule, ...]) -> PartDecision:
        """Deny looks at every way the part can be read; allow only at its plain form."""
        readings = [_bash_rule(reading, rules) for reading in part.readings]
        for rule in readings:
            if rule.action == "deny":
                return PartDecision(part.text, "deny", rule)
        rule = _bash_rule(part.plain, rules)
        if rule.action != "allow":
            return PartDecision(part.text, "ask", rule)
        reasons = part.reasons or effects(part.argv, rule.pattern)
        return PartDecision(part.text, "ask" if reasons else "allow", rule, tuple(reasons))


def _denied_whole(command: Command, rules: tuple[Rule, ...]) -> list[PartDecision]:
    """A deny rule that matches the line as it was written holds, however the line is parsed."""
    rule = _bash_rule(command.text.strip(), rules)
    return [PartDecision(command.text, "deny", rule)] if rule.action == "deny" else []


def _bash_rule(text: str, rules: tuple[Rule, ...]) -> Rule:
    """The rule over a command; rules for ``shell`` speak of it too, and the strictest counts."""
    return strictest(evaluate(name, text, rules) for name in names_of("bash", rules))
