"""The value that an agent file becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from archnb.permission.rules import Rule

Origin = Literal["bundled", "user", "workspace"]
Format = Literal["opencode v1", "opencode v2", "claude code"]
Mode = Literal["subagent", "primary", "all"]


@dataclass(frozen=True, slots=True)
class Agent:
    """Who answers a cell: ``prompt`` is the system prompt, ``rules`` bind what it may do.

    ``bounds`` are set for a file that comes with the workspace: the rules of the agent of that
    name which would be in force without the workspace (``()`` where there is none). Until the
    person has accepted the file, the stricter of both holds. ``digest`` is the SHA-256 of the
    file's bytes in hexadecimal. ``options`` are kept and shown, and never sent.
    """

    name: str
    description: str = ""
    prompt: str = ""
    model: str = ""
    mode: Mode = "all"
    rules: tuple[Rule, ...] = ()
    path: str = ""
    origin: Origin = "bundled"
    bounds: tuple[Rule, ...] | None = None
    variant: str = ""
    temperature: float | None = None
    top_p: float | None = None
    steps: int | None = None
    color: str = ""
    hidden: bool = False
    disable: bool = False
    format: Format = "opencode v1"
    digest: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
