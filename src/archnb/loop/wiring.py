"""Everything that a run needs besides the conversation, as one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archnb.agents import Agent
from archnb.conversation import Todo
from archnb.permission.gate import Gate
from archnb.permission.requests import Approver, Grant
from archnb.providers.base import Provider, Settings
from archnb.tools.base import Tool
from archnb.workspace import Workspace

MAX_STEPS = 50  # answers of the model within one run


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a run needs besides the conversation; wired together by the session.

    ``grants`` and ``todos`` are the conversation's own lists: a run adds to them. ``outputs`` is a
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
    max_steps: int = MAX_STEPS

    @property
    def offered(self) -> tuple[Tool, ...]:
        """The tools that the model is told of."""
        return tuple(tool for tool in self.tools if self.gate.offers(tool.name))

    def shown_id(self, call_id: str) -> str:
        """The id under which events speak of a call: unique among all agents of a cell."""
        return f"{self.caller}/{call_id}" if self.caller else call_id
