"""The design review: one function a rule, found by :func:`archnb.design.lint.rules.lint`."""

from archnb.design.lint.rules import lint, rules

__all__ = ["lint", "rules"]
