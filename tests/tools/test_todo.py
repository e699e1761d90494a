"""The to-do list is replaced as a whole and read back as it stands."""

import asyncio
import json

import pytest

from archnb.conversation import Todo
from archnb.tools import todoread, todowrite
from archnb.tools.base import Context, ToolError
from archnb.workspace import Workspace

ONE = {"content": "read the schema", "status": "pending", "priority": "high"}


def call(tool, context, **given):
    tool.TOOL.check(given)
    request = tool.TOOL.request(given, context.workspace)
    assert request.patterns == ("*",)
    return asyncio.run(tool.TOOL.run(given, context, request)).text


def test_written_and_read(tmp_path):
    todos = [Todo("old")]
    context = Context(Workspace.at(tmp_path), todos)
    answer = call(todowrite, context, todos=[ONE | {"id": "1"}, ONE | {"status": "in_progress"}])
    assert todos == [
        Todo("read the schema", "pending", "high"),
        Todo("read the schema", "in_progress", "high"),
    ]
    assert json.loads(answer) == [ONE, ONE | {"status": "in_progress"}]
    assert call(todoread, context) == answer
    assert call(todowrite, context, todos=[]) == "[]"
    assert todos == []


@pytest.mark.parametrize(
    "todos",
    [
        [{"content": "x", "status": "pending"}],
        [{"content": "x", "priority": "low"}],
        [ONE | {"status": "later"}],
        [ONE | {"content": 3}],
        "read it",
        [ONE] * 101,
    ],
)
def test_what_is_no_list_is_said(todos):
    with pytest.raises(ToolError, match="todowrite tool was called with invalid arguments"):
        todowrite.TOOL.check({"todos": todos})
