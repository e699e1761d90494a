"""A task goes to the named agent with the prompt alone, and its answer comes back."""

import asyncio

import pytest

from archnb.errors import AgentError
from archnb.tools.base import Context, ToolError
from archnb.tools.task import TOOL
from archnb.workspace import Workspace

GIVEN = {"description": "check\nthe indexes", "prompt": "Look at x.sql", "subagent_type": "dba"}


def call(folder, delegate):
    workspace = Workspace.at(folder)
    TOOL.check(GIVEN)
    request = TOOL.request(GIVEN, workspace)
    return request, asyncio.run(TOOL.run(GIVEN, Context(workspace, delegate=delegate), request))


def test_the_answer_comes_back(tmp_path):
    async def delegate(agent, prompt):
        return f"{agent} did: {prompt}"

    request, output = call(tmp_path, delegate)
    assert (request.permission, request.patterns) == ("task", ("dba",))
    assert (request.title, request.preview) == ("ask dba: check the indexes", "Look at x.sql")
    assert output.text == "<task_result>\ndba did: Look at x.sql\n</task_result>"


def test_without_leave_to_delegate_the_model_is_told(tmp_path):
    with pytest.raises(ToolError, match="cannot hand on work"):
        call(tmp_path, None)


def test_an_unknown_agent_is_passed_on(tmp_path):
    async def delegate(agent, prompt):
        raise AgentError(f"There is no agent {agent}.")

    with pytest.raises(AgentError, match="no agent dba"):
        call(tmp_path, delegate)
