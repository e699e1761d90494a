"""Everything that a run needs besides the conversation, as one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archnb.agents import Agent
from archnb.conversation import Todo
from archnb.permission.gate import Gate
from archnb.permission.requests import Approver, Grant, Request
from archnb.providers.base import Provider, Settings
from archnb.tools.base import Tool
from archnb.workspace import Workspace

MAX_STEPS = 50  # answers of the model within one run


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a run needs besides the conversation; wired together by the session.

    ``grants``, ``todos`` and ``read_files`` (what the read tool gave, by name) are the
    conversation's own: a run adds to them. ``outputs`` is a
    private folder for long outputs. ``subagent(name)`` wires a run of another agent within this
    one's gate (None: this run may not hand on work). ``caller`` is the id of the call that started
    this run; the ids of its own calls begin with it.
    """

    agent: Agent
    provider: Provider
    tools: Sequence[Tool]
    gate: Gate
    workspace: Workspace
    settings: Settings
    approver: Approver
    grants: list[Grant] = field(default_factory=list)
    todos: list[Todo] = field(default_factory=list)
    outputs: Path | None = None
    subagent: Callable[[str], Wiring] | None = None
    caller: str = ""
    read_files: set[str] = field(default_factory=set)
    max_steps: int = MAX_STEPS

    @property
    def offered(self) -> tuple[Tool, ...]:
        """The tools that the model is told of."""
        return tuple(tool for tool in self.tools if self.gate.offers(tool.permission or tool.name))

    def readable(self, name: str) -> bool:
        """Whether the model may know what stands in that file: read already, or allowed unasked."""
        if name in self.read_files:
            return True
        wanted = Request("read", (name,), "", "", warning=self.workspace.secret(name))
        return self.gate.settle(wanted, grants=self.grants).action == "allow"

    def shown_id(self, call_id: str) -> str:
        """The id under which events speak of a call: unique among all agents of a cell."""
        return f"{self.caller}/{call_id}" if self.caller else call_id
