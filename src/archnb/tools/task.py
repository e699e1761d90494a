"""Hand a piece of work to another agent, which answers in its own context."""

from __future__ import annotations

from archnb.permission.requests import Request
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import Workspace


def _request(given: Input, workspace: Workspace) -> Request:  # noqa: ARG001
    agent = given["subagent_type"]
    title = " ".join(f"ask {agent}: {given['description']}".split())[:300]
    return Request("task", (agent,), title, given["prompt"], always=(agent,))


async def _run(given: Input, context: Context, request: Request) -> Output:
    if context.delegate is None:
        raise ToolError("A subagent cannot hand on work to another. Do this part yourself.")
    answer = await context.delegate(request.patterns[0], given["prompt"])
    return Output(f"<task_result>\n{answer}\n</task_result>")


TOOL = Tool(
    name="task",
    description=(
        "Have another agent do a piece of work in a context of its own, with no more rights than "
        "yours, and get its last message back. It knows nothing of this conversation: put "
        "everything it needs into the prompt, and say what it is to answer."
    ),
    input_schema=schema(
        ("description", "prompt", "subagent_type"),
        description=string("The work in three to five words"),
        prompt=string("The whole task for the agent"),
        subagent_type=string("The name of the agent"),
    ),
    request=_request,
    run=_run,
)
