"""What a tool is: a schema, what a call wants, and what it does once that is settled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from archnb.conversation import Image, Todo
from archnb.design.diagrams import Drawing
from archnb.design.elements import Design
from archnb.design.findings import Findings
from archnb.design.verdicts import Verdicts
from archnb.permission.requests import Request
from archnb.workspace import FileChange, Workspace

Input = Mapping[str, Any]
OUTPUT_LIMIT = 30_000  # characters of a result that a model gets


class ToolError(Exception):
    """The call cannot be done; the text tells the model what to do next."""


def _silent(_: str) -> None: ...


def _nothing(_: str) -> bool:
    return False


def _opens_nothing(_: Input) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a running call may use of the run around it.

    ``todos`` is the conversation's list, replaced in place; ``progress(text)`` shows the latest of
    what a long call gives; ``readable(name)`` says whether reading that file passes unasked;
    ``outputs`` is a private folder for outputs too long for the model; ``delegate(agent, prompt)``
    has another agent answer (None: not from here).
    """

    workspace: Workspace
    todos: list[Todo] = field(default_factory=list)
    progress: Callable[[str], None] = _silent
    readable: Callable[[str], bool] = _nothing
    outputs: Path | None = None
    delegate: Callable[[str, str], Awaitable[str]] | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What a call gave: ``text`` for the model, ``shown`` for the person, ``changes`` for undo.

    ``design`` is what the call read, for the cells that come after; ``images`` are for the model.
    """

    text: str
    shown: tuple[Drawing | Findings | Verdicts, ...] = ()
    changes: tuple[FileChange, ...] = ()
    design: Design | None = None
    failed: bool = False
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may call, as two functions with the gate between them.

    ``request(input, workspace)`` says what a call wants (with its preview) and changes nothing;
    ``run(input, context, request)`` does exactly that, after the gate has settled it.
    Both raise :class:`ToolError` (for the model) or ``ArchnbError``. ``input_schema`` is JSON
    Schema. ``permission`` is the one whose rules say whether the tool is offered (empty: its
    name). ``opens(input)`` names the files whose content ``request`` reads and its errors may
    repeat, as the input spells them; it never raises on an input that fits the schema.
    """

    name: str
    description: str
    input_schema: Mapping[str, Any]
    request: Callable[[Input, Workspace], Request]
    run: Callable[[Input, Context, Request], Awaitable[Output]]
    permission: str = ""
    opens: Callable[[Input], tuple[str, ...]] = _opens_nothing

    def check(self, given: Input) -> None:
        """Raise :class:`ToolError` where ``given`` does not fit the schema."""
        from jsonschema_rs import validator_for

        try:
            error = next(validator_for(dict(self.input_schema)).iter_errors(dict(given)), None)
        except ValueError as mistake:  # a lone surrogate, a number beyond JSON's
            raise ToolError(f"The {self.name} tool's input is no JSON: {mistake}.") from mistake
        if error is not None:
            place = ".".join(str(step) for step in error.instance_path) or "input"
            raise ToolError(
                f"The {self.name} tool was called with invalid arguments: "
                f"{place}: {error.message}. Rewrite the input so that it fits the schema."
            )


@cache
def all_tools() -> tuple[Tool, ...]:
    """Every tool there is, by name: in this folder and from the entry points ``archnb.tools``."""
    import archnb.tools as folder
    from archnb.parts import collect, installed

    extra = installed("archnb.tools")
    return tuple(sorted((*collect(folder, Tool), *extra), key=lambda tool: tool.name))


def schema(required: tuple[str, ...] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    """A closed object schema with these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def string(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def clipped(text: str) -> str:
    """``text`` within what a model gets, head and tail kept."""
    if len(text) <= OUTPUT_LIMIT:
        return text
    half = OUTPUT_LIMIT // 2
    return f"{text[:half]}\n… {len(text) - OUTPUT_LIMIT:,} characters left out …\n{text[-half:]}"
