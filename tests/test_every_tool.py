"""Each registered tool, one row of data: denied it does nothing; allowed it does its work through the loop."""

import asyncio
from dataclasses import replace

import pytest

from archnb import events, loop
from archnb.agents import Agent
from archnb.conversation import Text, Todo, ToolCall, ToolResult
from archnb.permission.gate import Gate
from archnb.permission.requests import Reply
from archnb.permission.rules import Rule
from archnb.providers.base import Settings
from archnb.providers.scripted import Scripted
from archnb.tools.base import all_tools
from archnb.workspace import Workspace

SQL = "CREATE TABLE a (id int PRIMARY KEY);\n"
DECISION = {
    "title": "Keep one database", "context": "Two services share tables.", "options": [{"name": "one"}, {"name": "two"}],
    "chosen": "one", "because": "it is enough",
}  # fmt: skip
TASK = {"description": "look", "prompt": "look at it", "subagent_type": "helper"}
# name: (input, what the model gets back, the files that change)
TOOLS = {
    "bash": ({"command": "echo hello > made"}, "exit code 0", {"made"}),
    "decide": (DECISION, "Recorded", {"docs/decisions/0001-keep-one-database.md"}),
    "draw": ({"files": ["a.sql"]}, "Drawn: ", set()),
    "edit": ({"filePath": "a.sql", "oldString": "int", "newString": "bigint"}, "a.sql", {"a.sql"}),
    "glob": ({"pattern": "*.sql"}, "a.sql", set()),
    "grep": ({"pattern": "TABLE"}, "Line 1", set()),
    "lint": ({"files": ["a.sql"]}, "finding", set()),
    "list": ({}, "a.sql", set()),
    "patch": ({"patchText": "*** Begin Patch\n*** Add File: made\n+x\n*** End Patch"}, "made", {"made"}),
    "read": ({"filePath": "a.sql"}, "1: CREATE TABLE", set()),
    "task": (TASK, "the subagent's words", set()),
    "todoread": ({}, "[]", set()),
    "todowrite": ({"todos": [{"content": "x", "status": "pending", "priority": "low"}]}, '"x"', set()),
    "verify": ({"files": ["a.sql"], "engine": "sqlite"}, "✓ SQLite", set()),
    "webfetch": ({"url": "https://192.0.2.1/"}, "", set()),
    "write": ({"filePath": "made", "content": "x"}, "made", {"made"}),
}  # fmt: skip


async def approve(ask):
    return Reply("once")


async def never(ask):
    raise AssertionError(ask)


def wired(folder, provider, approver, rules, todos):
    gate = Gate(tuple(rules), agent="architect")
    wiring = loop.Wiring(
        Agent("architect"), provider, all_tools(), gate, Workspace.at(folder), Settings("scripted"), approver,
        todos=todos,
    )  # fmt: skip
    child = replace(wiring, provider=Scripted([[Text("the subagent's words")]]), todos=[])
    return replace(wiring, subagent=lambda name: child)


def play(wiring):
    seen = []

    async def main():
        async for event in loop.run(wiring, [], "do it"):
            seen.append(event)

    asyncio.run(main())
    return [event for event in seen if isinstance(event, events.ToolReturned)]


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.sql").write_text(SQL)
    return tmp_path


def test_there_is_a_row_for_every_tool():
    assert set(TOOLS) == {tool.name for tool in all_tools()}


@pytest.mark.parametrize(
    ("rules", "state"),
    [
        # The last rule is `*: deny`: no tool is offered, and a call of one finds none.
        ([Rule("*", "*", "deny")], "failed"),
        # A narrower rule behind it keeps the tools offered: then the gate itself refuses.
        ([Rule("*", "*", "deny"), Rule("*", "never", "deny")], "refused"),
    ],
)
def test_every_tool_under_deny_all_leaves_the_workspace_untouched(folder, rules, state):
    todos = []
    turn = [ToolCall(name, name, given) for name, (given, _, _) in TOOLS.items()]
    wiring = wired(folder, Scripted([turn, []]), never, rules, todos)
    assert (wiring.offered == ()) is (state == "failed")
    returned = {event.call_id: event.state for event in play(wiring)}
    # What cannot even be asked for (a refused address, an edit of what may not be read) fails.
    assert returned == {**dict.fromkeys(TOOLS, state), "webfetch": "failed", "edit": "failed"}
    assert contents(folder) == {"a.sql": SQL.encode()}
    assert todos == []


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_does_its_work_through_the_loop(folder, name):
    given, says, changes = TOOLS[name]
    before = contents(folder)
    provider = Scripted([[ToolCall("c1", name, given)], []])
    todos = []
    wiring = wired(folder, provider, approve, [Rule("webfetch", "*", "allow")], todos)
    (returned, *_) = [event for event in play(wiring) if event.call_id == "c1"]
    (result,) = provider.requests[1][1][-1].blocks
    assert isinstance(result, ToolResult)
    assert returned.state == ("failed" if name == "webfetch" else "done"), returned.text
    assert says in result.text
    after = contents(folder)
    assert {path for path in after if before.get(path) != after[path]} == changes
    assert todos == ([Todo("x", "pending", "low")] if name == "todowrite" else [])
