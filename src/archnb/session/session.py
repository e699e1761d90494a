"""A conversation with an agent over a workspace: the one place where things are wired together."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from archnb import agents, loop
from archnb.agents import Agent
from archnb.conversation import Message
from archnb.errors import ModelError
from archnb.events import Event
from archnb.execution import sandbox
from archnb.permission.gate import Approver, Decision, Gate, Request, Shell
from archnb.providers.base import Provider, Settings, kinds
from archnb.session.choices import Choice, agent_choice, model_choice
from archnb.session.prompt import check_references
from archnb.tools.base import all_tools
from archnb.workspace import Workspace


@dataclass(slots=True)
class Session:
    """One conversation. ``agent_name`` and ``model`` empty: chosen by environment and defaults.

    ``history`` is what has been said; it is valid for the next run after any end of a run.
    """

    workspace: Workspace = field(default_factory=lambda: Workspace.at(Path.cwd()))
    agent_name: str = ""
    model: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    history: list[Message] = field(default_factory=list)
    provider: Provider | None = None  # given: answers whatever the model is (scripts, tests)

    def agent(self, name: str = "") -> Agent:
        """The agent in force; raises ``AgentError`` where its file is missing or broken."""
        return agents.find(name or self.agent_choice().value, self.workspace.root)

    def agent_choice(self) -> Choice:
        return agent_choice(self.agent_name, self.environment)

    def model_choice(self, asked: str = "", agent: Agent | None = None) -> Choice:
        """The model for a cell that asks for ``asked`` (may be empty), answered by ``agent``."""
        named = (agent.model, agent.path) if agent else ("", "")
        return model_choice(self.environment, cell=asked, asked=self.model, agent=named)

    def choices(self) -> list[Choice]:
        """Every setting with its source."""
        agent = self.agent()
        return [
            Choice("workspace", str(self.workspace.root), "current folder"),
            self.agent_choice(),
            Choice("agent file", agent.path, agent.origin),
            self.model_choice(agent=agent),
            Choice("sandbox", sandbox.LABEL, "no sandbox is built yet"),
        ]

    def gate(self, agent: Agent, *, plan: bool = False) -> Gate:
        return Gate(agent.rules, read_only=plan)

    def why(self, command: str) -> Decision:
        """What the gate says of a bash line under the agent in force."""
        shell = Shell(command, ".", 120.0, sandbox.LABEL)
        return self.gate(self.agent()).settle(Request("bash", (command,), f"run {command}", shell))

    async def run(
        self,
        text: str,
        approver: Approver,
        *,
        agent: str = "",
        model: str = "",
        plan: bool = False,
        new: bool = False,
    ) -> AsyncIterator[Event]:
        """Answer ``text``; the events are those of :func:`archnb.loop.run`."""
        chosen = self.agent(agent)
        names = {name for name, _, _ in agents.available(self.workspace.root)}
        check_references(text, self.workspace, names)
        model_id = self.model_choice(model, chosen).value
        provider = self.provider or provider_for(model_id)
        if new:
            self.history.clear()
        wiring = loop.Wiring(
            agent=chosen,
            provider=provider,
            tools=all_tools(),
            gate=self.gate(chosen, plan=plan),
            workspace=self.workspace,
            settings=Settings(model_id),
            approver=approver,
        )
        async with contextlib.aclosing(loop.run(wiring, self.history, text)) as stream:
            async for event in stream:
                yield event

    def forget(self) -> None:
        """Start afresh; what was said so far is no longer sent."""
        self.history.clear()

    def at(self, folder: str | Path) -> Session:
        """The same settings over another folder, with nothing said yet."""
        return replace(self, workspace=Workspace.at(folder), history=[])


def provider_for(model: str) -> Provider:
    """The provider that serves ``model``; raises ``ModelError`` where there is none or no key."""
    for kind in kinds():
        if kind.serves(model):
            return kind.make(model)
    raise ModelError(
        f"No provider serves the model {model!r}.",
        hint="Use --model offline, or a Claude model id.",
    )
