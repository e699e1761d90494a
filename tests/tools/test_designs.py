"""draw, lint and verify read exactly what was settled: no keys unasked, no name that is no text."""

import asyncio
import os

import pytest

from archnb.errors import ReadError, WorkspaceError
from archnb.permission.gate import Gate
from archnb.permission.rules import Rule
from archnb.tools import draw, lint, verify
from archnb.tools.base import Context, ToolError
from archnb.workspace import Workspace

SQL = "CREATE TABLE orders (id integer PRIMARY KEY);\n"
ALL = [draw.TOOL, lint.TOOL, verify.TOOL]
each_tool = pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "db").mkdir()
    (tmp_path / "db/1.sql").write_text(SQL)
    return Workspace.at(tmp_path)


def run(tool, workspace, given, request):
    return asyncio.run(tool.run(given, Context(workspace), request))


@each_tool
@pytest.mark.parametrize("name", [".npmrc", "id_rsa", ".env", ".netrc", "credentials.json"])
def test_a_file_of_keys_is_asked_about_although_a_rule_allows(tool, name, workspace):
    (workspace.root / name).write_text("SECRETLINE -> x\n")
    request = tool.request({"files": [name, "db/1.sql"]}, workspace)
    assert name in request.warning
    rules = (Rule(tool.name, "*", "allow"),)
    assert Gate(rules).settle(request).action == "ask"
    assert Gate(rules).settle(tool.request({"files": ["db"]}, workspace)).action == "allow"


@each_tool
def test_of_a_folder_files_of_keys_are_left_out_and_said(tool, workspace):
    (workspace.root / "db/prod.env").mkdir()
    (workspace.root / "db/prod.env/2.sql").write_text("SECRETLINE -> x\n")
    request = tool.request({"files": ["db"]}, workspace)
    assert (request.patterns, request.warning) == (("db/1.sql",), "")
    output = run(tool, workspace, {"files": ["db"]}, request)
    for text in (request.preview, output.text):
        assert "\nnot read: db/prod.env/2.sql: prod.env may hold keys" in text
    assert "SECRETLINE" not in output.text


@each_tool
def test_a_name_that_is_no_text_is_left_out_and_said(tool, workspace):
    try:
        with open(os.fsencode(workspace.root / "db") + b"/\xff\nx.sql", "w") as file:  # noqa: PTH123
            file.write("no sql")
    except OSError:
        pytest.skip("this file system takes no such name")
    given = {"files": ["."]}
    request = tool.request(given, workspace)
    assert request.patterns == ("db/1.sql",)
    output = run(tool, workspace, given, request)
    assert "not read: db/\ufffd\ufffdx.sql: " in output.text
    for text in (request.title, request.preview, output.text):
        assert text.encode().decode() == text


@each_tool
def test_a_folder_with_nothing_to_read_is_said(tool, workspace):
    (workspace.root / "text").write_text(SQL)  # the pattern of a call without files
    (workspace.root / "empty").mkdir()
    with pytest.raises((ToolError, ReadError), match=r"There is no .*file"):
        tool.request({"files": ["empty"], "text": SQL}, workspace)
    with pytest.raises(ToolError, match="Give files or text"):
        tool.request({"files": []}, workspace)


@each_tool
def test_what_came_after_the_decision_is_not_read(tool, workspace):
    given = {"files": ["db"]}
    request = tool.request(given, workspace)
    (workspace.root / "db/2.sql").write_text("CREATE TABLE late (id integer PRIMARY KEY);\n")
    output = run(tool, workspace, given, request)
    assert not output.failed
    assert all("late" not in str(shown) for shown in (output.text, output.design))


@each_tool
def test_a_file_that_became_a_link_is_not_read(tool, workspace):
    given = {"files": ["db/1.sql"]}
    request = tool.request(given, workspace)
    (workspace.root / ".env").write_text(SQL)
    (workspace.root / "db/1.sql").unlink()
    (workspace.root / "db/1.sql").symlink_to("../.env")
    with pytest.raises(WorkspaceError, match="leads elsewhere"):
        run(tool, workspace, given, request)


@pytest.mark.parametrize("tool", [draw.TOOL, lint.TOOL], ids=lambda tool: tool.name)
def test_a_link_that_leaves_is_left_out_and_said(tool, tmp_path):
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws/1.sql").write_text(SQL)
    (tmp_path / "out.sql").write_text(SQL)
    (tmp_path / "ws/2.sql").symlink_to(tmp_path / "out.sql")
    request = tool.request({"files": ["."]}, Workspace.at(tmp_path / "ws"))
    assert request.patterns == ("1.sql",)
    assert "not read: 2.sql: 2.sql lies outside the workspace" in request.preview
