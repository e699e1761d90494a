"""A decision in words and as JSON: which rule decides, and what archnb holds against it."""

from __future__ import annotations

from typing import Any

from archnb.html import visible
from archnb.permission.requests import Decision, Request, Shell
from archnb.permission.rules import Rule


def decision_json(decision: Decision, request: Request | None = None) -> dict[str, Any]:
    """What ``archnb permission check --json`` prints; ``rules_decision`` is the rules' alone.

    Of a command also ``access``, with which it would run.
    """
    shell = _run_as(decision, request)
    return {
        "decision": decision.action,
        "rules_decision": decision.rules_action,
        "rule": _rule_json(decision.rule),
        "reasons": list(decision.reasons),
        "parts": [
            {
                "text": part.text,
                "decision": part.action,
                "rule": _rule_json(part.rule),
                "reasons": list(part.reasons),
            }
            for part in decision.parts
        ],
        **({"access": shell.access} if shell else {}),
    }


def decision_text(decision: Decision, request: Request | None = None) -> str:
    r"""The decision, the rule, the reasons, and each part where there are several.

    >>> print(decision_text(Decision("ask", Rule("bash", "*", "ask", "a.md:9"), ("pipes",))))
    ask
      rule     bash "*": ask, a.md:9
      because  pipes
    """
    alone = decision.rules_action
    lines = [decision.action + (f" (the rules alone: {alone})" * (alone != decision.action))]
    lines.append(f"  rule     {decision.rule}")
    lines += [f"  because  {reason}" for reason in decision.reasons]
    if (shell := _run_as(decision, request)) and decision.action != "deny":
        lines.append(f"  access   {'if approved: ' * (decision.action == 'ask')}{shell.sandbox}")
    if len(decision.parts) > 1:
        width = max(len(part.text) for part in decision.parts)
        for part in decision.parts:
            lines.append(f"  {part.action:<7}  {part.text:<{min(width, 40)}}  {part.rule}")
            lines += [
                f"           {reason}" for reason in part.reasons if reason not in decision.reasons
            ]
    return "\n".join(visible(" ".join(line.splitlines())) for line in lines)


def _run_as(decision: Decision, request: Request | None) -> Shell | None:
    """The command as it would run after this decision; None for what is no command."""
    if request is None:
        return None
    by_rule = decision.action == "allow" and not decision.granted
    preview = (request.unasked() if by_rule else request).preview
    return preview if isinstance(preview, Shell) else None


def _rule_json(rule: Rule) -> dict[str, str]:
    return {
        "permission": rule.permission,
        "pattern": rule.pattern,
        "action": rule.action,
        "source": rule.source,
    }
