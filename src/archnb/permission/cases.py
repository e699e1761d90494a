"""Observed decisions, read from a file and held against archnb's own: equal, stricter or looser."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from archnb.errors import CellError
from archnb.html import visible
from archnb.permission.gate import Gate
from archnb.permission.opencode import always_pattern, hidden, outside_folder, outside_folders
from archnb.permission.requests import Request, Shell
from archnb.permission.rules import ACTIONS, Rule, matches

# The places that every case file speaks of, whatever they were on the machine that was observed.
ROOT = "/ws"
HOME = "/home/u"
_FOLDERS = frozenset(
    [ROOT, HOME, "/ext", *"/ /bin /dev /etc /home /lib /opt /proc /root /tmp /usr /var".split()]
)
_OFFERED = ("bash", "edit", "write", "apply_patch", "read", "task")
"""The tools that the cases about hidden tools were observed with."""

RulesOf = Callable[[Mapping[str, Any], str], Sequence[Rule]]
"""Front matter values and a home folder in, rules out: ``archnb.agents.rules_of``."""

Source = Literal["opencode", "bash gate"]


@dataclass(frozen=True, slots=True)
class Result:
    """One case applied. ``expected`` and ``rules_decision`` have the shape that its group observes.

    ``equal``: for OpenCode's cases what the rules say alone is what was observed; for the gate's,
    the decision is among those accepted. ``looser``: archnb would let through what it may not.
    """

    id: str
    group: str
    says: str
    decision: Any
    rules_decision: Any
    expected: Any
    equal: bool
    looser: bool
    reasons: tuple[str, ...] = ()

    @property
    def stricter(self) -> bool:
        """Whether archnb asks or denies where the rules alone would not."""
        return bool(self.decision != self.rules_decision and not self.looser)


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A case that holds nothing archnb could decide, and why."""

    id: str
    group: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a file of cases gives, in the order of the file."""

    source: Source
    results: tuple[Result, ...]
    not_applicable: tuple[NotApplicable, ...]

    @property
    def passed(self) -> bool:
        """No decision is looser and, for OpenCode's cases, what the rules say alone is equal."""
        equal = self.source == "bash gate" or all(result.equal for result in self.results)
        return equal and not any(result.looser for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """What ``archnb permission cases --json`` prints."""
        return {
            "cases": [
                {
                    "id": result.id,
                    "decision": result.decision,
                    "rules_decision": result.rules_decision,
                    "reasons": list(result.reasons),
                }
                for result in self.results
            ],
            "not_applicable": [{"id": case.id, "why": case.why} for case in self.not_applicable],
        }

    def text(self) -> str:
        """How many are equal in each group, then whatever is not simply equal."""
        return "\n".join(visible(line) for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for group in dict.fromkeys(result.group for result in self.results):
            own = [result for result in self.results if result.group == group]
            equal = f"{sum(result.equal for result in own)} of {len(own)} equal"
            stricter = sum(result.stricter for result in own)
            yield f"{group:<20} {equal:<18} {f'{stricter} stricter' if stricter else ''}".rstrip()
        different = [result for result in self.results if not result.equal or result.looser]
        if different:
            yield f"\nDifferent ({len(different)})"
        for result in different:
            mark = "LOOSER, " if result.looser else ""
            found = _short(result.decision if self.source == "bash gate" else result.rules_decision)
            yield f"  {result.id:<8} {mark}{found}, expected {_short(result.expected)}: " + (
                _short(result.says)
            )
            yield from (f"           {reason}" for reason in result.reasons)
        yield from self._stricter()
        if self.not_applicable:
            yield f"\nNot applicable ({len(self.not_applicable)})"
        for case in self.not_applicable:
            yield f"  {case.id:<8} {case.group:<20} {_short(case.why)}"

    def _stricter(self) -> Iterator[str]:
        by_reason: dict[str, list[Result]] = {}
        for result in self.results:
            if result.stricter:
                by_reason.setdefault(" ".join(result.reasons[:1]), []).append(result)
        if by_reason:
            count = sum(len(results) for results in by_reason.values())
            yield f"\nStricter than the rules alone ({count}), by reason"
        for reason, results in sorted(by_reason.items(), key=lambda item: -len(item[1])):
            example = _short(results[0].says, 40)
            yield f"  {len(results):>4}  {_short(reason or 'NO REASON GIVEN')}   ({example})"


def load(path: Path) -> Mapping[str, Any]:
    """The content of a file of cases; one sentence where it is none."""
    try:
        given = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CellError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CellError(f"{path} is not JSON: {error}.") from error
    match given:
        case {"cases": [*_], "rulesets": {}} | {"cases": [*_], "profiles": {}}:
            return dict(given)
    raise CellError(
        f"{path} is not a file of cases.",
        hint="It needs `cases`, and the `rulesets` or `profiles` that they name.",
    )


def run(given: Mapping[str, Any], rules_of: RulesOf) -> Report:
    """Hold every case of ``given`` against archnb's gate."""
    results: list[Result] = []
    not_applicable: list[NotApplicable] = []
    profiles = given.get("profiles")
    for number, case in enumerate(given["cases"], start=1):
        if not isinstance(case, dict):
            not_applicable.append(NotApplicable(f"#{number}", "", "is no object"))
        elif profiles is not None:
            _sort(_gate_case(case, profiles, rules_of), results, not_applicable)
        else:
            _sort(_opencode_case(case, given["rulesets"], rules_of), results, not_applicable)
    source: Source = "opencode" if profiles is None else "bash gate"
    return Report(source, tuple(results), tuple(not_applicable))


def _sort(
    found: Result | NotApplicable, results: list[Result], not_applicable: list[NotApplicable]
) -> None:
    if isinstance(found, Result):
        results.append(found)
    else:
        not_applicable.append(found)


def _gate_case(
    case: Mapping[str, Any], profiles: Mapping[str, Any], rules_of: RulesOf
) -> Result | NotApplicable:
    """A bash line under a profile of bash rules, with the decisions that pass."""
    match case:
        case {"id": str(name), "command": str(command), "rules": str(rules), "accept": [*accept]}:
            pass
        case _:
            return _unknown(case)
    profile = profiles.get(rules)
    if not isinstance(profile, dict) or not set(accept) <= set(ACTIONS) or not accept:
        return _unknown(case)
    request = _bash(command, ROOT)
    found = Gate(tuple(rules_of({"permission": {"bash": profile}}, HOME))).settle(request)
    looser = all(ACTIONS.index(found.action) < ACTIONS.index(one) for one in accept)
    return Result(
        id=name,
        group=str(case.get("class", "")),
        says=command,
        decision=found.action,
        rules_decision=found.rules_action,
        expected=case.get("expected", accept[0]),
        equal=found.action in accept,
        looser=looser,
        reasons=found.reasons,
    )


def _opencode_case(
    case: Mapping[str, Any], rulesets: Mapping[str, Any], rules_of: RulesOf
) -> Result | NotApplicable:
    """A decision, or a value that OpenCode was seen to compute."""
    value = _value(case, rules_of)
    if value is not None:
        says, found, expected = value
        return Result(
            id=str(case.get("id", "")),
            group=str(case.get("group", "")),
            says=says,
            decision=found,
            rules_decision=found,
            expected=expected,
            equal=found == expected,
            looser=False,
        )
    if why := _undecided(case, rulesets):
        return NotApplicable(str(case.get("id", "")), str(case.get("group", "")), why)
    tool, args = case["tool"].lower(), case.get("args") or {"command": case.get("command")}
    request = _request(tool, args)
    if request is None:
        return _unknown(case)
    ruleset = rulesets[case["ruleset"]]
    values = {key: value for key, value in ruleset.items() if key != "builtin_agent"}
    found = Gate(tuple(rules_of(values, HOME))).settle(request)
    decision, reasons, expected = found.action, found.reasons, case["expected"]
    if request.outside and tool != "bash":
        decision = "deny"
        reasons = ("lies outside the workspace: archnb's tools refuse it", *reasons)
    return Result(
        id=str(case.get("id", "")),
        group=str(case.get("group", "")),
        says=f"{tool}: {' '.join(request.patterns)}",
        decision=decision,
        rules_decision=found.rules_action,
        expected=expected,
        equal=found.rules_action == expected,
        looser=ACTIONS.index(decision) < ACTIONS.index(expected),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _value(case: Mapping[str, Any], rules_of: RulesOf) -> tuple[str, Any, Any] | None:
    """Input in words, the value computed here, the value observed; None for a decision."""
    match case:
        case {"string": str(text), "pattern": str(pattern), "expected_match": expected}:
            return f"{pattern!r} on {text!r}", matches(pattern, text), expected
        case {"tokens": [*words], "expected_always": expected}:
            return " ".join(words), always_pattern(words), expected
        case {"rules": [*rules], "expected_hidden": [*expected]}:
            listed = [Rule(rule["permission"], rule["pattern"], rule["action"]) for rule in rules]
            tools = hidden(listed, tuple(dict.fromkeys((*_OFFERED, *expected))))
            return json.dumps(rules), sorted(tools), sorted(expected)
        case {"input": dict(values), "expected_rules": [*expected]}:
            return json.dumps(values), _as_rows(rules_of(values, HOME)), expected
        case {"permission": dict(permission), "expected_rules": [*expected]}:
            rows = _as_rows(rules_of({"permission": permission}, HOME))
            return json.dumps(permission), rows, expected
        case _:
            return None


def _as_rows(rules: Sequence[Rule]) -> list[dict[str, str]]:
    return [
        {"permission": rule.permission, "pattern": rule.pattern, "action": rule.action}
        for rule in rules
    ]


def _undecided(case: Mapping[str, Any], rulesets: Mapping[str, Any]) -> str:
    """Why a case holds no decision that a gate could make; empty where it does."""
    if "sequence" in case:
        return "told as a sequence in words, over several calls"
    expected, name = case.get("expected"), case.get("ruleset")
    if expected == "tool_unavailable":
        return "the tool is not offered there, so nothing was decided"
    if expected == "error":
        said = case.get("error_text") or case.get("result_text") or "the call is not valid"
        return f"the call failed before anything was decided: {said}"
    if expected not in ACTIONS:
        return "its expected value is no decision"
    ruleset = rulesets.get(name) if isinstance(name, str) else None
    if not isinstance(ruleset, dict):
        return f"its rules {name!r} are not in the file"
    if (agent := ruleset.get("builtin_agent")) not in (None, "build"):
        return f"the rules of OpenCode's own agent {agent!r} are not in the file"
    if not isinstance(case.get("tool"), str):
        return "it names no tool"
    return ""


def _unknown(case: Mapping[str, Any]) -> NotApplicable:
    group = case.get("group", case.get("class", ""))
    return NotApplicable(str(case.get("id", "")), str(group), "its form is not known here")


def _request(tool: str, given: Mapping[str, Any]) -> Request | None:
    """What archnb's tool of that name would ask for; None where the call is of no known form."""
    match tool, given:
        case "bash", {"command": str(command)}:
            return _bash(command, posixpath.join(ROOT, str(given.get("workdir") or "")))
        case "read", {"filePath": str(path)}:
            return _files("read", [path])
        case "edit" | "write", {"filePath": str(path)}:
            return _files("edit", [path])
        case "patch" | "apply_patch", {"patchText": str(text)}:
            named = re.findall(r"(?m)^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$", text)
            return _files("edit", [path.strip() for path in named]) if named else None
        case "glob" | "grep", {"pattern": str(pattern)}:
            folder = str(given.get("path") or ROOT)
            outside = outside_folder(folder, root=ROOT, folder=_is_folder(folder))
            return Request(tool, (pattern,), "", "", outside=(outside,) if outside else ())
        case "webfetch", {"url": str(url)}:
            return Request(tool, (url,), "", "")
        case "task", {"subagent_type": str(name)}:
            return Request(tool, (name,), "", "")
        case (("list" | "todowrite" | "todoread"), _):
            return Request(tool, ("*",), "", "")
        case _:
            return None


def _bash(command: str, folder: str) -> Request:
    folder = posixpath.normpath(folder)
    outside = outside_folders(command, folder=folder, root=ROOT, home=HOME, is_folder=_is_folder)
    shell = Shell(command, posixpath.relpath(folder, ROOT), 120.0, "")
    return Request("bash", (command,), "", shell, outside=outside)


def _files(permission: str, paths: Sequence[str]) -> Request:
    names = tuple(posixpath.relpath(posixpath.join(ROOT, path), ROOT) for path in paths)
    outside = (outside_folder(path, root=ROOT, folder=_is_folder(path)) for path in paths)
    return Request(permission, names, "", "", outside=tuple(filter(None, outside)))


def _is_folder(path: str) -> bool:
    return posixpath.normpath(path) in _FOLDERS


def _short(value: Any, limit: int = 110) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
