"""An explicit policy for one unattended run: which asks are approved; the rest is denied."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archnb.errors import CellError
from archnb.permission.grants import covers
from archnb.permission.requests import ACCESSES, Ask, Reply, Request
from archnb.permission.rules import matches

VARIABLE = "ARCHNB_APPROVE"
"""The environment variable by which ``archnb run --approve`` hands the policy to its kernel."""


@dataclass(frozen=True, slots=True)
class Approval:
    """``permission:pattern``, such as ``edit:shop/*``; ``*`` matches any run of characters."""

    permission: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.permission}:{self.pattern}"

    def covers(self, request: Request) -> bool:
        """Whether the entry means ``request``, as a person's "always" with this pattern would."""
        return matches(self.permission, request.permission) and covers(self.pattern, request)


Policy = tuple[Approval, ...]


def parse_policy(entries: Sequence[str]) -> Policy:
    """Each entry as an :class:`Approval`; one sentence where it is none.

    >>> parse_policy(["edit:shop/*"])
    (Approval(permission='edit', pattern='shop/*'),)
    """
    policy = []
    for entry in entries:
        permission, colon, pattern = entry.partition(":")
        if not (colon and permission.strip() and pattern.strip()):
            raise CellError(
                f"--approve {entry!r} is not PERMISSION:PATTERN.",
                hint="For example: --approve 'edit:shop/*'",
            )
        policy.append(Approval(permission.strip(), pattern.strip()))
    return tuple(policy)


def policy_from(environment: Mapping[str, str]) -> Policy:
    """The policy that ``archnb run`` put into the environment; empty where there is none."""
    return parse_policy(json.loads(environment.get(VARIABLE, "[]")))


@dataclass(frozen=True, slots=True)
class PolicyApprover:
    """Answers asks by the policy of this run. A deny rule never comes this far."""

    policy: Policy

    async def __call__(self, ask: Ask) -> Reply:
        if ask.request.permission == "trust":  # it would outlive the run
            return Reply("reject", by="the policy of this run (only a person can trust a file)")
        for approval in self.policy:
            if approval.covers(ask.request):
                access = ask.request.access
                reach = "" if access == "workspace" else f", {ACCESSES[access]}"
                by = f"the policy of this run (--approve '{approval}'{reach})"
                return Reply("once", by=by)
        return Reply("reject", by="the policy of this run (not approved by it)")
