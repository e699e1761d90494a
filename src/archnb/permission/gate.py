"""Decide a request by the rules, or have a person asked: values only, the loop does the asking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from archnb.permission import opencode
from archnb.permission.addresses import host_rule
from archnb.permission.commands import MAX_LENGTH, Command, Part, parse
from archnb.permission.effects import effects
from archnb.permission.effects.code import started
from archnb.permission.grants import granting
from archnb.permission.requests import Decision, Grant, PartDecision, Request
from archnb.permission.rules import (
    ACTIONS,
    ALIASES,
    LOOKING,
    OPENCODE_DEFAULTS,
    Action,
    Rule,
    evaluate,
    matches,
    meant,
    names_of,
    strictest,
)

REPEATS = 3  # equal calls without progress after which a person is asked, as in OpenCode

_SHOWS_FILES = frozenset({"draw", "lint", "verify"})  # rules for reading bind them as well


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules in force, later over earlier. ``read_only`` denies what could change something.

    ``within`` are gates that must agree: those of the agent that called this one, and a person's
    own settings around an agent file that came with a workspace. The strictest of all counts.
    ``agent`` names whose gate it is; ``note`` says, of one within, why it binds.
    """

    rules: tuple[Rule, ...] = ()
    read_only: bool = False
    within: tuple[Gate, ...] = ()
    agent: str = ""
    note: str = ""

    def settle(
        self,
        request: Request,
        *,
        grants: Sequence[Grant] = (),
        repeats: int = 0,
        asker: str = "",
    ) -> Decision:
        """What happens with ``request``: any denied part denies it, any asked part asks.

        ``grants`` are what a person allowed beyond one call; ``repeats`` how often this very call
        was made before without any progress; ``asker`` the agent within whose gate this one is.
        """
        asker = asker or self.agent
        own = self._settle(request)
        # A rule never gives more than the workspace; a grant may, so it is looked for there, too.
        more = own.action == "allow" and request.by_rule is not None
        if (own.action == "ask" or more) and (grant := granting(grants, request, asker)):
            own = replace(own, action="allow", rule=grant.rule, reasons=(), granted=True)
        own = self._noticing(own, request, repeats)
        for gate in self.within:
            outer = gate.settle(request, grants=grants, asker=asker)
            if _stricter(outer.action, own.action):
                reasons = (gate.note,) if gate.note else outer.reasons
                own = replace(outer, reasons=reasons, rules_action=own.rules_action)
        return own

    def offers(self, tool: str) -> bool:
        """Whether a tool may be shown to the model: not where its last rule is ``*: deny``."""
        name = ALIASES.get(tool, tool)
        rules = meant(self.rules)
        hidden = any(
            last.pattern == "*" and last.action == "deny"
            for known in (name, *names_of(name, rules))
            for last in [[rule for rule in rules if matches(rule.permission, known)][-1]]
        )
        return not hidden and all(gate.offers(tool) for gate in self.within)

    def _settle(self, request: Request) -> Decision:
        if self.read_only and request.permission not in (*LOOKING, "task", "webfetch"):
            rule = Rule(request.permission, "*", "deny", "--plan: nothing can be changed")
            return Decision("deny", rule, rules_action=self._by_rules(request).action)
        theirs = self._by_rules(request)
        rules = meant(self.rules)
        if request.permission == "bash":
            decision = self._settle_command(request.patterns, rules)
        else:
            decision = _settle_patterns(request, rules)
        told = tuple(filter(None, (request.warning, request.demand)))
        if told and decision.action != "deny":  # also where a rule asks anyway
            reasons = (*decision.reasons, *told)
            decision = replace(decision, action="ask", reasons=reasons)
        outside = [_evaluate("external_directory", folder, rules) for folder in request.outside]
        if outside and (worst := strictest(outside)).action != "allow":
            told = (*decision.reasons, f"{', '.join(request.outside)} lies outside the workspace")
            if _stricter(worst.action, decision.action):
                decision = replace(decision, action=worst.action, rule=worst)
            decision = replace(decision, reasons=told)
        if _stricter(theirs.action, decision.action):  # never looser than the rules alone
            decision = replace(decision, action=theirs.action, rule=theirs)
        return _explained(replace(decision, rules_action=theirs.action))

    def _by_rules(self, request: Request) -> Rule:
        """The deciding rule of what OpenCode makes of this request."""
        patterns = request.patterns
        if request.permission == "bash":
            if any(len(line) > MAX_LENGTH for line in patterns):
                return Rule("bash", "*", "ask", "too long to be read")
            patterns = tuple(p for line in patterns for p in opencode.command_patterns(line))
        rules = (*OPENCODE_DEFAULTS, *self.rules)
        return opencode.settle(request.permission, patterns, request.outside, rules)

    def _noticing(self, decision: Decision, request: Request, repeats: int) -> Decision:
        """An allowed call that is made again and again without progress asks."""
        if decision.action == "deny" or repeats + 1 < REPEATS:
            return decision
        rule = _evaluate("doom_loop", request.permission, (*OPENCODE_DEFAULTS, *self.rules))
        if not _stricter(rule.action, decision.action):
            return decision
        reason = f"the same call for the {repeats + 1}th time, with nothing changed in between"
        return replace(
            decision, action=rule.action, rule=rule, reasons=(reason.replace("3th", "3rd"),)
        )

    def _settle_command(self, lines: tuple[str, ...], rules: tuple[Rule, ...]) -> Decision:
        verdicts: list[PartDecision] = []
        reasons: list[str] = []
        for line in lines:
            command = parse(line)
            reasons += command.reasons
            verdicts += [_settle_part(part, rules) for part in command.parts]
            verdicts += _denied_whole(command, rules)
        denied = [verdict for verdict in verdicts if verdict.action == "deny"]
        asked = [verdict for verdict in verdicts if verdict.action == "ask"]
        if denied:
            return Decision("deny", denied[0].rule, denied[0].reasons, tuple(verdicts))
        if asked or reasons or not verdicts:
            rule = asked[0].rule if asked else _evaluate("bash", lines[0] if lines else "", rules)
            why = tuple(
                dict.fromkeys(reasons + [reason for verdict in asked for reason in verdict.reasons])
            )
            return Decision("ask", rule, why, tuple(verdicts))
        return Decision("allow", verdicts[0].rule, (), tuple(verdicts))


def _settle_patterns(request: Request, rules: tuple[Rule, ...]) -> Decision:
    names = names_of(request.permission, rules)
    if request.permission in _SHOWS_FILES:
        names = (*names, "read")
    parts = tuple(
        PartDecision(pattern, rule.action, rule)
        for pattern in request.patterns
        for rule in [strictest(_evaluate(name, pattern, rules) for name in names)]
    )
    rule = strictest([part.rule for part in parts] or [_evaluate(names[0], "*", rules)])
    if rule.action == "allow" and request.permission == "webfetch":
        unnamed = [url for url in request.patterns if not host_rule(rule.pattern, url)]
        if unnamed:
            return Decision("ask", rule, (f'the rule "{rule.pattern}" names no host',), parts)
    reasons: tuple[str, ...] = ()
    if ALIASES.get(rule.permission) == request.permission:
        reasons = (f"rules for {rule.permission} bind {request.permission} here",)
    return Decision(rule.action, rule, reasons, parts)


def _settle_part(part: Part, rules: tuple[Rule, ...]) -> PartDecision:
    """Deny looks at every way the part can be read; allow only at its plain form."""
    for reading in _readings(part):
        rule = _bash_rule(reading, rules)
        if rule.action == "deny":
            plain = reading in (part.text, part.plain)
            reasons: tuple[str, ...] = () if plain else (f"it amounts to: {reading}",)
            return PartDecision(part.text, "deny", rule, reasons)
    rule = _bash_rule(part.plain, rules)
    if rule.action != "allow":
        return PartDecision(part.text, "ask", rule)
    reasons = part.reasons or tuple(effects(part.argv, rule.pattern))
    return PartDecision(part.text, "ask" if reasons else "allow", rule, reasons)


def _readings(part: Part) -> Iterator[str]:
    """Every command that the part is, wraps or names in a program text."""
    yield from part.readings
    for line in started(part.argv):
        for inner in parse(line).parts:
            yield from inner.readings


def _denied_whole(command: Command, rules: tuple[Rule, ...]) -> list[PartDecision]:
    """A deny rule that matches the line as it was written holds, however the line is parsed."""
    rule = _bash_rule(command.text.strip(), rules)
    return [PartDecision(command.text, "deny", rule)] if rule.action == "deny" else []


def _bash_rule(text: str, rules: tuple[Rule, ...]) -> Rule:
    """The rule over a command; rules for ``shell`` speak of it too, and the strictest counts."""
    return strictest(_evaluate(name, text, rules) for name in names_of("bash", rules))


def _evaluate(permission: str, pattern: str, rules: Sequence[Rule]) -> Rule:
    """The last rule that matches, unless it lifts a deny that it was not written to lift.

    ``"*": deny`` before ``"git status*": allow`` is a list of exceptions, and the exception holds.
    ``"git push *": deny`` before ``"*": allow`` is a deny that OpenCode forgets and archnb keeps.
    """
    found = evaluate(permission, pattern, rules)
    if found.action == "deny":
        return found
    for rule in reversed(rules):
        if (
            rule.action == "deny"
            and matches(rule.permission, permission)
            and matches(rule.pattern, pattern)
            and not (
                matches(rule.permission, found.permission) and matches(rule.pattern, found.pattern)
            )
        ):
            return rule
    return found


def _explained(decision: Decision) -> Decision:
    """Every strictening names its reason."""
    if decision.reasons or not _stricter(decision.action, decision.rules_action):
        return decision
    rule = decision.rule
    if rule.source.startswith("archnb") and rule.pattern != "*":
        reason = (
            f'{rule.permission} "{rule.pattern}" asks here, unless a rule of `permission` allows it'
        )
    elif rule.source.startswith("archnb"):
        reason = "no rule allows it; archnb asks where OpenCode would not"
    elif rule.action == "deny":
        reason = "a deny holds although a later rule would lift it in OpenCode"
    else:
        reason = f'archnb holds the rule "{rule.pattern}" against this; OpenCode would not'
    return replace(decision, reasons=(reason,))


def _stricter(one: Action, other: Action) -> bool:
    return ACTIONS.index(one) > ACTIONS.index(other)
