"""A conversation with an agent over a workspace: the one place where things are wired together."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archnb import agents, loop
from archnb.agents import Agent
from archnb.conversation import Message, Todo
from archnb.credentials.names import of_environment
from archnb.errors import AgentError, CellError, ModelError
from archnb.events import Event, FileChanged, PermissionReplied, RunEnded
from archnb.execution import sandbox
from archnb.permission.gate import Gate
from archnb.permission.grants import bound
from archnb.permission.requests import Approver, Decision, Grant, Reply, Request
from archnb.providers.base import Provider, Settings, kinds
from archnb.session import undo
from archnb.session.asking import ask_first
from archnb.session.choices import Choice, agent_choice, model_choice
from archnb.session.prompt import check_references, handed_to
from archnb.session.redaction import Redaction
from archnb.session.tools import knowing, texts_of, tools_for
from archnb.session.trust import Accepted, Trust
from archnb.tools.base import Output, Tool, all_tools
from archnb.workspace import FileChange, Workspace


@dataclass(slots=True, weakref_slot=True)
class Session:
    """One conversation. ``agent_name`` and ``model`` empty: chosen by environment and defaults.

    ``history`` is what has been said; it is valid for the next run after any end of a run.
    ``grants`` are what a person allowed for this session, ``todos`` the agent's list,
    ``read_files`` what it has read, ``changed`` the files written, a group for each call, the
    latest last.
    """

    workspace: Workspace = field(default_factory=lambda: Workspace.at(Path.cwd()))
    agent_name: str = ""
    model: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    history: list[Message] = field(default_factory=list)
    provider: Provider | None = None  # given: answers whatever the model is (scripts, tests)
    grants: list[Grant] = field(default_factory=list)
    todos: list[Todo] = field(default_factory=list)
    read_files: set[str] = field(default_factory=set)
    changed: list[tuple[FileChange, ...]] = field(default_factory=list)
    trust: Trust = field(default_factory=Trust.load)
    redaction: Redaction = field(init=False)
    _declined: set[str] = field(default_factory=set)
    _call: str = ""  # the latest call that changed a file
    _outputs: str = ""
    _told: str = ""  # the latest notice of the trust store that a person has seen
    _process: int = field(default_factory=os.getpid)
    _swept: bool = False
    _providers: dict[str, Provider] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.redaction = Redaction(self.workspace)

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
            Choice("sandbox", sandbox.current().label("workspace"), "tested on this machine"),
        ]

    def gate(self, agent: Agent, *, plan: bool = False, within: tuple[Gate, ...] = ()) -> Gate:
        """The rules that bind ``agent``: its own, and around them what it cannot loosen."""
        if agent.bounds is not None and not self._trusts(agent):
            note = f"{agent.path} comes with this workspace and is not trusted yet"
            within = (*within, Gate(agent.bounds, agent=agent.name, note=note))
        return Gate(agent.rules, read_only=plan, within=within, agent=agent.name)

    def why(self, command: str) -> Decision:
        """What the gate says of a bash line under the agent in force."""
        bash = next(tool for tool in all_tools() if tool.name == "bash")
        request = bash.request({"command": command}, self.workspace)
        return self.gate(self.agent()).settle(request, grants=self.granted())

    def granted(self, agent: Agent | None = None) -> list[Grant]:
        """Every "always" in force: this session's, and those kept for the agent's file."""
        chosen = agent or self.agent()
        return [*self.grants, *self.trust.grants(self.workspace.root, chosen.digest)]

    def revoke(self, number: int) -> Grant:
        """Take back a grant, counted from 1 as :meth:`granted` lists them."""
        agent = self.agent()
        granted = self.granted(agent)
        if not 1 <= number <= len(granted):
            raise CellError(
                f"There is no permission {number}.", hint="%architect permissions lists them."
            )
        grant = granted[number - 1]
        if number <= len(self.grants):
            del self.grants[number - 1]
        else:
            self.trust.revoke(self.workspace.root, agent.digest, grant)
        return grant

    def trusted(self) -> list[Accepted]:
        """The agent files of this workspace whose loosening was accepted."""
        root = str(self.workspace.root)
        return [entry for entry in self.trust.entries() if entry.root == root]

    def distrust(self, entry: Accepted) -> None:
        """Take an acceptance back: what the file loosens asks again."""
        self.trust.forget(self.workspace.root, entry.digest)
        self._declined.clear()

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
        """Answer ``text``; the events are those of :func:`archnb.loop.run`, without secrets."""
        answer = self._answer(text, approver, agent, model, plan=plan, new=new)
        async for event in self._leaving(answer):
            yield event

    async def _leaving(self, stream: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        """Events on their way out: the one place where secrets are taken from them."""
        # A forked copy of the process: its history and files are not ours.
        if os.getpid() != self._process:
            raise CellError(
                "This session belongs to the process that opened it; this one was forked from it.",
                hint="Start a Session of its own here, or run the cell in the kernel itself.",
            )
        self.redaction.learn(of_environment({**os.environ, **self.environment}))
        async with contextlib.aclosing(self.redaction.passing(stream)) as leaving:
            async for event in leaving:
                yield self._with_notice(event)

    def _with_notice(self, event: Event) -> Event:
        """The end of a run says once what could not be kept of what the person accepted."""
        notice = self.trust.notice
        if not isinstance(event, RunEnded) or event.reason == "failed" or notice == self._told:
            return event
        self._told = notice
        return replace(event, message="\n".join(filter(None, (event.message, notice))))

    async def _answer(
        self, text: str, approver: Approver, agent: str, model: str, *, plan: bool, new: bool
    ) -> AsyncGenerator[Event, None]:
        chosen = self.agent(agent)
        known = agents.listing(self.workspace.root)
        names = {row.name for row in known}
        check_references(text, self.workspace, names)
        model_id = self.model_choice(model, chosen).value
        provider = self._provider(model_id)
        if new:
            self.forget()
        self._call = ""
        if not self._swept:  # what a killed kernel left; it holds nobody up
            self._swept = True
            threading.Thread(target=self.workspace.sweep, daemon=True).start()
        if not plan:
            async for event in self._introduced(chosen, approver):
                yield event
                if isinstance(event, RunEnded):
                    return
        granted, gate = self.granted(chosen), self.gate(chosen, plan=plan)
        wiring = loop.Wiring(
            agent=chosen,
            provider=provider,
            tools=self._knowing(tools_for(known), gate, granted),
            gate=gate,
            workspace=self.workspace,
            settings=Settings(model_id),
            approver=approver,
            grants=granted,
            todos=self.todos,
            read_files=self.read_files,
            outputs=self._output_folder(),
            max_steps=chosen.steps or loop.MAX_STEPS,
        )
        wiring = replace(wiring, subagent=lambda name: self._subagent(wiring, name, model))
        prompt = handed_to(text, names - {chosen.name})
        try:
            async with contextlib.aclosing(loop.run(wiring, self.history, prompt)) as stream:
                async for event in stream:
                    self._note(event)
                    yield event
        finally:
            kept = [grant for grant in granted if grant.scope == "session"]
            self.grants[:] = list(dict.fromkeys(kept))

    async def undo(self, count: int, approver: Approver) -> AsyncGenerator[Event, None]:
        """Put back the last ``count`` changes, after a person has seen what comes back."""
        async with contextlib.aclosing(self._leaving(self._undone(count, approver))) as leaving:
            async for event in leaving:
                yield event

    async def _undone(self, count: int, approver: Approver) -> AsyncGenerator[Event, None]:
        if not 1 <= count <= len(self.changed):
            known = f"there are {len(self.changed)}" if self.changed else "nothing was changed"
            raise CellError(f"undo {count}: {known} in this session.", hint="%architect undo [n]")
        self._call = ""
        groups = self.changed[-count:]
        changes = [change for group in groups for change in group]
        request = undo.plan(changes, self.workspace)

        def restore(approved: Request) -> Output:
            restored = undo.restore(changes, approved, self.workspace)
            del self.changed[-count:]
            return Output(approved.title, changes=restored)

        async with contextlib.aclosing(
            ask_first("undo", request, "%architect undo", approver, restore)
        ) as stream:
            async for event in stream:
                yield event

    def forget(self) -> None:
        """Start afresh; what was said so far is no longer sent."""
        self.history.clear()
        self.todos.clear()
        self.read_files.clear()

    def at(self, folder: str | Path) -> Session:
        """The same settings over another folder, with nothing said or allowed yet."""
        fresh = Session(Workspace.at(folder), self.agent_name, self.model, self.environment)
        return replace(fresh, provider=self.provider)

    def _note(self, event: Event) -> None:
        """Keep what outlives the run: files written, and what was allowed for the agent's file."""
        match event:
            case FileChanged(call_id, change):
                group = self.changed[-1] if self.changed and self._call == call_id else ()
                if group:
                    self.changed.pop()
                self.changed.append((*group, change))
                self._call = call_id
            case PermissionReplied(ask, reply, _) if reply.grant and reply.grant.scope == "agent":
                digest = self.agent(ask.agent).digest
                self.trust.grant(self.workspace.root, digest, bound(reply.grant, ask.request))
            case _:
                pass

    def _trusts(self, agent: Agent) -> bool:
        return self.trust.accepts(self.workspace.root, agents.seal(agent))

    async def _introduced(self, agent: Agent, approver: Approver) -> AsyncGenerator[Event, None]:
        """Before a workspace's agent file loosens anything, the person sees what, once."""
        loosened = agents.loosenings(agent)
        if not loosened or self._trusts(agent) or agents.seal(agent) in self._declined:
            return
        lines = "\n".join(loosening.words for loosening in loosened)
        preview = (
            f"{agent.path} comes with this workspace. It would allow more than your own settings:\n"
            f"{lines}\n\nApprove to let exactly this file do so here from now on; deny and it asks."
        )
        title = f"trust {agent.path}"
        request = Request("trust", (agent.path,), title, preview)

        def accept(_: Request) -> Output:
            self.trust.accept(self.workspace.root, agent.name, agent.path, agents.seal(agent))
            return Output(f"{agent.path} is trusted as it stands; any change asks again.")

        async with contextlib.aclosing(
            ask_first("trust", request, "agent files from a workspace", approver, accept)
        ) as stream:
            async for event in stream:
                yield event
                match event:
                    case PermissionReplied(_, Reply("reject", _, by), _) if by != "interrupted":
                        self._declined.add(agents.seal(agent))
                    case _:
                        pass

    def _subagent(self, caller: loop.Wiring, name: str, model: str) -> loop.Wiring:
        """A run of another agent that may do nothing which its caller may not."""
        agent = self.agent(name)
        if agent.mode == "primary":
            raise AgentError(f"{name} is a primary agent; it does not answer other agents.")
        model_id = self.model_choice(model, agent).value
        note = f"{caller.agent.name}, which handed on this work, may not do it unasked"
        gate = self.gate(agent, within=(replace(caller.gate, note=note),))
        kept = self.trust.grants(self.workspace.root, agent.digest)
        caller.grants.extend(grant for grant in kept if grant not in caller.grants)
        return replace(
            caller,
            agent=agent,
            provider=self._provider(model_id),
            settings=Settings(model_id),
            gate=gate,
            tools=self._knowing(
                [tool for tool in caller.tools if tool.name != "task"], gate, caller.grants
            ),
            todos=[],
            subagent=None,
            max_steps=agent.steps or loop.MAX_STEPS,
        )

    def _provider(self, model: str) -> Provider:
        """One for each model as long as the session lives: it knows what its model has thought."""
        if self.provider is not None:
            return self.provider
        if model not in self._providers:
            self._providers[model] = provider_for(model)
        return self._providers[model]

    def _knowing(self, tools: Sequence[Tool], gate: Gate, grants: Sequence[Grant]) -> list[Tool]:
        """``tools``, of which webfetch knows what must not leave in an address, and the rules."""
        return knowing(
            tools,
            secrets=lambda: self.redaction.secrets,
            texts=lambda: texts_of(self.workspace, self.read_files),
            settle=lambda request: gate.settle(request, grants=grants),
        )

    def _output_folder(self) -> Path:
        """A private folder that goes away with the session."""
        if not self._outputs:
            self._outputs = tempfile.mkdtemp(prefix="archnb-")
            weakref.finalize(self, _removed, self._outputs, os.getpid())
        return Path(self._outputs)


def _removed(folder: str, owner: int) -> None:
    """Remove a private folder, unless this is a forked copy of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def provider_for(model: str) -> Provider:
    """The provider that serves ``model``; raises ``ModelError`` where there is none or no key."""
    for kind in kinds():
        if kind.serves(model):
            return kind.make(model)
    raise ModelError(
        f"No provider serves the model {model!r}.",
        hint="Use --model offline, or a Claude model id.",
    )
