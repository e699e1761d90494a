"""Replace the to-do list of the conversation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from archnb.conversation import Todo
from archnb.permission.requests import Request
from archnb.tools.base import Context, Input, Output, Tool, schema, string
from archnb.workspace import Workspace

MAX_TODOS = 100


def as_json(todos: Sequence[Todo]) -> str:
    """The list as the model gets it back."""
    return json.dumps([asdict(todo) for todo in todos], indent=2, ensure_ascii=False)


def _request(given: Input, workspace: Workspace) -> Request:  # noqa: ARG001
    count = len(given["todos"])
    said = f"write {count} to-do{'s' * (count != 1)}"
    return Request("todowrite", ("*",), said, said, always=("*",))


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    context.todos[:] = [
        Todo(todo["content"], todo["status"], todo["priority"]) for todo in given["todos"]
    ]
    return Output(as_json(context.todos))


_TODO = schema(
    ("content", "status", "priority"),
    content=string("What is to be done, in a few words"),
    status={"enum": ["pending", "in_progress", "completed", "cancelled"]},
    priority={"enum": ["high", "medium", "low"]},
) | {"additionalProperties": True}

TOOL = Tool(
    name="todowrite",
    description=(
        "Replace the to-do list, which the person sees. Use it for work of three or more steps: "
        "give the whole list each time, keep at most one item in_progress, and mark an item "
        "completed as soon as it is."
    ),
    input_schema=schema(("todos",), todos={"type": "array", "maxItems": MAX_TODOS, "items": _TODO}),
    request=_request,
    run=_run,
)
