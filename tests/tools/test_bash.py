"""A repository whose own configuration runs programs makes even reading with git ask."""

import pytest

from archnb.permission.gate import Gate
from archnb.permission.rules import Rule
from archnb.tools.base import ToolError
from archnb.tools.bash import TOOL
from archnb.workspace import Workspace

CONFIGS = [
    ("[core]\n\tbare = false\n", "allow"),
    ('[filter "evil"]\n\tclean = ./e\n', "ask"),
    ("[diff]\n\texternal = ./e\n", "ask"),
    ('[diff "x"]\n\ttextconv = ./e\n', "ask"),
    ("[include]\n\tpath = ./e\n", "ask"),
    ("[core]\n\tfsmonitor = ./e\n", "ask"),
]


def settle(command, folder):
    request = TOOL.request({"command": command}, Workspace.at(folder))
    return Gate((Rule("bash", "*", "allow"),)).settle(request).action


@pytest.mark.parametrize(("config", "expected"), CONFIGS)
def test_git(config, expected, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(config)
    (tmp_path / "below").mkdir()
    assert settle("git diff", tmp_path) == expected
    assert settle("git diff", tmp_path / "below") == expected
    assert settle("pwd", tmp_path) == "allow"


def test_a_git_folder_that_lies_elsewhere_asks(tmp_path):
    (tmp_path / ".git").write_text("gitdir: ./evil")
    assert settle("git diff", tmp_path) == "ask"


def test_a_folder_that_is_none_is_said(tmp_path):
    with pytest.raises(ToolError, match="nope is not a folder"):
        TOOL.request({"command": "ls", "workdir": "nope"}, Workspace.at(tmp_path))
