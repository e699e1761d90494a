"""Everything that a run does, as one closed stream of values for whoever shows or stores a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archnb.conversation import Todo, ToolCall, Usage
from archnb.design.diagrams import Drawing
from archnb.design.elements import Design
from archnb.design.findings import Findings
from archnb.design.verdicts import Verdicts
from archnb.permission.requests import Ask, Decision, Reply, Request
from archnb.workspace import FileChange

Shown = Drawing | Findings | Verdicts


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A cell's text goes to an agent. ``label`` is how the model is named to a person."""

    agent: str
    model: str
    label: str
    prompt: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model asks for a tool; ``title`` says in one line what for.

    ``request`` and ``decision`` are None where the call cannot even be understood. ``by`` is the
    subagent whose call it is; empty for the agent of the cell.
    """

    call: ToolCall
    title: str
    request: Request | None = None
    decision: Decision | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class PermissionAsked:
    ask: Ask


@dataclass(frozen=True, slots=True)
class PermissionReplied:
    """A person (or a policy, or nobody) answered; ``seconds`` is how long that took."""

    ask: Ask
    reply: Reply
    seconds: float


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The call was allowed or approved and runs now."""

    call_id: str


@dataclass(frozen=True, slots=True)
class ToolProgress:
    """The latest of what a running call gives; each one replaces the one before."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TodosChanged:
    """The to-do list as it stands now."""

    call_id: str
    todos: tuple[Todo, ...]


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """How a call ended. ``state``: done, failed (the tool said no), refused (by rule or person)."""

    call_id: str
    state: Literal["done", "failed", "refused"]
    text: str
    shown: tuple[Shown, ...] = ()
    seconds: float = 0.0
    design: Design | None = None


@dataclass(frozen=True, slots=True)
class FileChanged:
    call_id: str
    change: FileChange


@dataclass(frozen=True, slots=True)
class Retrying:
    """The model could not be reached; the next try is in ``delay`` seconds."""

    reason: str
    delay: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """One answer of the model is complete."""

    usage: Usage
    stop_reason: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """``reason``: done, interrupted, steps (the limit of answers), failed."""

    reason: Literal["done", "interrupted", "steps", "failed"]
    message: str = ""


Event = (
    RunStarted
    | TextDelta
    | ThinkingDelta
    | ToolCalled
    | PermissionAsked
    | PermissionReplied
    | ToolStarted
    | ToolProgress
    | TodosChanged
    | ToolReturned
    | FileChanged
    | Retrying
    | TurnEnded
    | RunEnded
)
