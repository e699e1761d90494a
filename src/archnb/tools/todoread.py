"""Read the to-do list of the conversation."""

from __future__ import annotations

from archnb.permission.requests import Request
from archnb.tools.base import Context, Input, Output, Tool, schema
from archnb.tools.todowrite import as_json
from archnb.workspace import Workspace


def _request(given: Input, workspace: Workspace) -> Request:  # noqa: ARG001
    return Request("todoread", ("*",), "read the to-dos", "read the to-dos", always=("*",))


async def _run(given: Input, context: Context, request: Request) -> Output:  # noqa: ARG001
    return Output(as_json(context.todos))


TOOL = Tool(
    name="todoread",
    description="Read the to-do list as it stands.",
    input_schema=schema(),
    request=_request,
    run=_run,
)
