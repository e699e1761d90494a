"""The tool asks for every file it reads, and tells the model what the engine said."""

import asyncio

import pytest

from archnb.design.databases import postgres
from archnb.errors import WorkspaceError
from archnb.tools.base import Context, ToolError
from archnb.tools.verify import TOOL
from archnb.workspace import Workspace

GOOD = "create table a (id integer primary key autoincrement);\n"
BAD = "create table b (id integer primary key autoincrement);\ncreate tabel c (id int);\n"


def call(folder, **given):
    workspace = Workspace.at(folder)
    TOOL.check(given)
    request = TOOL.request(given, workspace)
    return request, asyncio.run(TOOL.run(given, Context(workspace), request))


@pytest.mark.parametrize(
    ("given", "patterns", "says"),
    [
        ({"files": ["db/1.sql"]}, ("db/1.sql",), "✓ SQLite"),
        ({"files": ["db"]}, ("db/1.sql", "db/2.sql"), 'db/2.sql:2: near "tabel": syntax error'),
        ({"files": ["db/2.sql", "db/1.sql"]}, ("db/2.sql", "db/1.sql"), "run verify again"),
        ({"text": GOOD}, ("text",), "✓ SQLite"),
        ({"text": "create table a (id int);", "engine": "sqlite"}, ("text",), "✓ SQLite"),
        ({"files": ["db/1.sql"], "text": "drop table nix;"}, ("db/1.sql",), "line 1: no such table: nix"),
        ({"text": "create table a (id int) engine=InnoDB;"}, ("text",), "proves nothing"),
    ],
)  # fmt: skip
def test_patterns_and_words(given, patterns, says, tmp_path):
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.sql").write_text(GOOD)
    (tmp_path / "db" / "2.sql").write_text(BAD)
    request, output = call(tmp_path, **given)
    assert request.permission == "verify"
    assert request.patterns == patterns
    assert says in output.text
    [verdicts] = output.shown
    assert verdicts.text() in output.text
    assert output.changes == ()


def test_nothing_given(tmp_path):
    with pytest.raises(ToolError, match="Give files or text"):
        call(tmp_path)


def test_a_link_does_not_lead_outside(tmp_path):
    (tmp_path / "outside.sql").write_text(GOOD)
    (tmp_path / "in" / "db").mkdir(parents=True)
    (tmp_path / "in" / "db" / "1.sql").symlink_to(tmp_path / "outside.sql")
    with pytest.raises(WorkspaceError, match="outside"):
        call(tmp_path / "in", files=["db"])


@pytest.mark.skipif(bool(postgres.DATABASE.missing()), reason="no PostgreSQL here")
def test_cancelled(tmp_path):
    async def run():
        workspace = Workspace.at(tmp_path)
        given = {"text": "select pg_sleep(1000);", "engine": "postgres"}
        request = TOOL.request(given, workspace)
        call = asyncio.create_task(TOOL.run(given, Context(workspace), request))
        await asyncio.sleep(2.0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(run())  # returns only when the thread has ended: its server has been told to go
