"""What answers a conversation: a model behind a wire, rules, or a recording."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from archnb.conversation import Message, Text, Thinking, ToolCall, ToolSpec, Usage


@dataclass(frozen=True, slots=True)
class Turn:
    """The end of an answer; ``stop_reason`` as the Messages API has it, ``tool_use`` runs tools.

    Besides, "cut" is an answer that broke off. ``detail`` says more of an end that is no ordinary
    one, in words for a person: why it was cut, what a refusal is about.
    """

    usage: Usage
    stop_reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next try comes in ``delay`` seconds; what was streamed of this answer so far is void."""

    reason: str
    delay: float


Piece = Text | Thinking | ToolCall | Turn | Waiting


@dataclass(frozen=True, slots=True)
class Settings:
    """How to ask: the model's name, and the most tokens of one answer (None: its own limit)."""

    model: str
    max_tokens: int | None = None


class Provider(Protocol):
    """``label`` names it to a person. ``stream`` closes with exactly one :class:`Turn`."""

    @property
    def label(self) -> str: ...

    def stream(
        self,
        system: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        settings: Settings,
    ) -> AsyncIterator[Piece]: ...


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """One way of answering: ``serves(model)`` knows its model ids, ``make(model)`` connects.

    Connecting opens nothing; ``make`` raises ``ModelError`` where it could never work (no key).
    """

    name: str
    serves: Callable[[str], bool]
    make: Callable[[str], Provider]


@cache
def kinds() -> tuple[ProviderKind, ...]:
    """Every kind of provider in this folder and from the entry points ``archnb.providers``."""
    import archnb.providers as folder
    from archnb.parts import collect, installed

    extra = installed("archnb.providers")
    return (*extra, *collect(folder, ProviderKind))
