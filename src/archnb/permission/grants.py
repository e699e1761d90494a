"""What a person's "always" covers, and an entry of an unattended run's policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archnb.permission.addresses import host_rule
from archnb.permission.commands import parse
from archnb.permission.effects import effects
from archnb.permission.requests import Grant, Request, Shell, widest
from archnb.permission.rules import ALIASES, matches


def granting(grants: Iterable[Grant], request: Request, agent: str = "") -> Grant | None:
    """The first grant that covers ``request``, asked by ``agent``; None where none does."""
    for grant in grants:
        if grant.scope == "agent" and grant.agent != agent:
            continue
        if not _same_kind(grant.permission, request.permission):
            continue
        if grant.folder != _folder(request) or request.warning not in ("", grant.warning):
            continue
        if widest(grant.access, request.access) != grant.access:
            continue
        if covers(grant.pattern, request):
            return grant
    return None


def bound(grant: Grant, request: Request) -> Grant:
    """``grant`` as the card showed it: in that folder, under that warning, with that access."""
    folder = _folder(request)
    return replace(grant, folder=folder, warning=request.warning, access=request.access)


def covers(pattern: str, request: Request) -> bool:
    """Whether ``pattern`` means this request: never more than a reader of the pattern would expect.

    The exact text always does. Besides, where nothing warns: a command matches part by part in its
    plain form and with harmless arguments, an address by its host, a path by wildcard.
    """
    if request.patterns == (pattern,):
        return True
    if request.warning:
        return False
    if request.permission == "bash":
        return all(_covers_line(pattern, line) for line in request.patterns)
    if request.permission == "webfetch":
        return all(host_rule(pattern, url) for url in request.patterns)
    return all(matches(pattern, path) for path in request.patterns)


def _folder(request: Request) -> str:
    return request.preview.folder if isinstance(request.preview, Shell) else ""


def _covers_line(pattern: str, line: str) -> bool:
    command = parse(line)
    if command.reasons or not command.parts:
        return False
    return all(
        not part.reasons and matches(pattern, part.plain) and not effects(part.argv, pattern)
        for part in command.parts
    )


def _same_kind(granted: str, asked: str) -> bool:
    return matches(ALIASES.get(granted, granted), asked)
