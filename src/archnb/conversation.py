"""What a model and a person say to each other: messages of blocks, named as in the Messages API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words. From a provider's stream: the next piece of them."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A model's reasoning; ``signature`` is opaque and is only ever sent back unchanged."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request to run tool ``name``; ``input`` is JSON and as hostile as any model text."""

    id: str
    name: str
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as bytes of the given media type."""

    data: bytes
    media_type: str = "image/png"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to the call of that id, for the model."""

    call_id: str
    text: str
    is_error: bool = False
    images: tuple[Image, ...] = ()


Block = Text | Thinking | ToolCall | ToolResult | Image


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of one side."""

    role: Role
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        return tuple(block for block in self.blocks if isinstance(block, ToolCall))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more requests; ``cost`` in US dollars, None where the price is unknown."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: float | None = 0.0

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            cost,
        )


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a model is told of a tool; ``input_schema`` is JSON Schema."""

    name: str
    description: str
    input_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Todo:
    """One line of the to-do list that an agent keeps, as OpenCode has it."""

    content: str
    status: Literal["pending", "in_progress", "completed", "cancelled"] = "pending"
    priority: Literal["high", "medium", "low"] = "medium"
