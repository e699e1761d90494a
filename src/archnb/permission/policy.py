"""An explicit policy for one unattended run: which asks are approved; the rest is denied."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from archnb.errors import CellError
from archnb.permission.grants import covers
from archnb.permission.requests import ACCESSES, Access, Ask, Reply, Request, widest
from archnb.permission.rules import ALIASES, LOOKING, matches

VARIABLE = "ARCHNB_APPROVE"
"""The environment variable by which ``archnb run --approve`` hands the policy to its kernel."""


_KNOWN = (*LOOKING, "bash", "edit", "webfetch", "task", *ALIASES)


@dataclass(frozen=True, slots=True)
class Approval:
    """``permission:pattern``, such as ``edit:shop/*``; ``*`` matches any run of characters.

    ``access`` is what a command may reach at most, written as ``bash+network:git fetch *``.
    """

    permission: str
    pattern: str
    access: Access = "workspace"

    def __str__(self) -> str:
        access = "" if self.access == "workspace" else f"+{self.access}"
        return f"{self.permission}{access}:{self.pattern}"

    def covers(self, request: Request) -> bool:
        """Whether the entry means ``request``, as a person's "always" with this pattern would."""
        return (
            matches(ALIASES.get(self.permission, self.permission), request.permission)
            and widest(self.access, request.access) == self.access
            and covers(self.pattern, request)
        )


Policy = tuple[Approval, ...]


def parse_policy(entries: Sequence[str]) -> Policy:
    """Each entry as an :class:`Approval`; one sentence where it is none.

    >>> [str(entry) for entry in parse_policy(["edit:shop/*", "bash + network: git fetch"])]
    ['edit:shop/*', 'bash+network:git fetch']
    """
    policy = []
    for entry in entries:
        wanted, colon, pattern = (part.strip() for part in entry.partition(":"))
        permission, plus, access = (part.strip() for part in wanted.partition("+"))
        if not (colon and permission and pattern):
            raise CellError(
                f"--approve {entry!r} is not PERMISSION:PATTERN.",
                hint="For example: --approve 'edit:shop/*'",
            )
        _check_spelling(entry, permission)
        policy.append(Approval(permission, pattern, _access(entry, permission, access, plus)))
    return tuple(policy)


def _check_spelling(entry: str, permission: str) -> None:
    """Refuse what is nearly a permission; another name may belong to a tool from elsewhere."""
    meant = [] if permission in _KNOWN else get_close_matches(permission.casefold(), _KNOWN, 1, 0.7)
    if meant and not {*"*?"} & {*permission}:
        raise CellError(
            f"--approve {entry!r} names no permission: {permission}.",
            hint=f"Did you mean {meant[0]}?",
        )


def _access(entry: str, permission: str, access: str, plus: str) -> Access:
    if not plus:
        return "workspace"
    if not matches(ALIASES.get(permission, permission), "bash"):
        raise CellError(
            f"--approve {entry!r}: only commands have an access (+{access}).",
            hint=f"Leave +{access} out, or write bash+{access}:…",
        )
    found = next((known for known in ACCESSES if known == access), None)
    if found is None:
        raise CellError(
            f"--approve {entry!r} names no access: {access or 'nothing stands behind +'}.",
            hint="It is +network or +full; without one a command stays in the workspace.",
        )
    return found


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
        access = ask.request.access
        for approval in self.policy:
            if approval.covers(ask.request):
                reach = "" if access == "workspace" else f", {ACCESSES[access]}"
                by = f"the policy of this run (--approve '{approval}'{reach})"
                return Reply("once", by=by)
        for approval in self.policy:
            wider = replace(approval, access=access)
            if wider.covers(ask.request):
                lacks = f"--approve '{approval}' does not give it: {ACCESSES[access]}"
                by = f"the policy of this run ({lacks}; --approve '{wider}' would)"
                return Reply("reject", by=by)
        return Reply("reject", by="the policy of this run (not approved by it)")
