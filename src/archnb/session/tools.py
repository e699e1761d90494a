"""The tools as a run gets them: one names the agents there are, one knows what must not leave."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from archnb.agents import Listed
from archnb.credentials import Secrets
from archnb.permission.requests import Decision, Request
from archnb.tools.base import Tool, all_tools
from archnb.workspace import Workspace

_MAX_COMPARED = 8_000_000  # bytes of files that an address is compared with


def tools_for(known: Sequence[Listed]) -> list[Tool]:
    """Every tool; the one that hands on work names the agents there are."""
    listed = "\n".join(
        f"- {row.name}: {row.description}"
        for row in known
        if row.mode != "primary" and not row.problem
    )
    return [
        replace(tool, description=f"{tool.description}\nAgents:\n{listed}")
        if tool.name == "task"
        else tool
        for tool in all_tools()
    ]


def knowing(
    tools: Sequence[Tool],
    *,
    secrets: Callable[[], Secrets],
    texts: Callable[[], Iterable[tuple[str, str]]],
    settle: Callable[[Request], Decision],
) -> list[Tool]:
    """``tools``, of which webfetch knows what must not leave in an address, and the rules."""
    from archnb.tools import webfetch

    known = webfetch.Known(secrets, texts, settle)
    return [webfetch.knowing(known) if tool.name == webfetch.TOOL.name else tool for tool in tools]


def texts_of(workspace: Workspace, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The files of these names, as texts by name, within reason."""
    left = _MAX_COMPARED
    for name in sorted(names):
        with contextlib.suppress(OSError):
            path = workspace.root / name
            if path.is_file() and path.stat().st_size <= left:
                content = path.read_bytes()
                left -= len(content)
                yield name, content.decode("utf-8", "replace")
