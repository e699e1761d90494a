"""A decision in words and as JSON: which rule decides, and what archnb holds against it."""

from __future__ import annotations

from typing import Any

from archnb.html import visible
from archnb.permission.requests import Decision
from archnb.permission.rules import Rule


def decision_json(decision: Decision) -> dict[str, Any]:
    """What ``archnb permission check --json`` prints; ``rules_decision`` is the rules' alone."""
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
    }


def decision_text(decision: Decision) -> str:
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
    if len(decision.parts) > 1:
        width = max(len(part.text) for part in decision.parts)
        for part in decision.parts:
            lines.append(f"  {part.action:<7}  {part.text:<{min(width, 40)}}  {part.rule}")
            lines += [
                f"           {reason}" for reason in part.reasons if reason not in decision.reasons
            ]
    return "\n".join(visible(" ".join(line.splitlines())) for line in lines)


def _rule_json(rule: Rule) -> dict[str, str]:
    return {
        "permission": rule.permission,
        "pattern": rule.pattern,
        "action": rule.action,
        "source": rule.source,
    }
