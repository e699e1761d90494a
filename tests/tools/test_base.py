"""What a tool says of itself: whose rules offer it, and which files it opens before the gate."""

import pytest

from archnb.tools.base import all_tools

TOOLS = {tool.name: tool for tool in all_tools()}

MOVED = "*** Begin Patch\n*** Update File: a\n*** Move to: b\n-x\n+y\n*** Delete File: .env\n*** End Patch"
UNIFIED = "--- a/k/id_rsa\n+++ b/k/id_rsa\n@@ -1 +1 @@\n-x\n+y\n"
OPENS = [
    ("edit", {"filePath": ".env", "oldString": "", "newString": ""}, (".env",)),
    ("write", {"filePath": "k/id_rsa", "content": ""}, ("k/id_rsa",)),
    ("patch", {"patchText": MOVED}, ("a", "b", ".env")),
    ("patch", {"patchText": UNIFIED}, ("k/id_rsa",)),
    ("patch", {"patchText": "nothing"}, ()),
    ("patch", {"patchText": ""}, ()),
    ("patch", {"patchText": f"--- a\n+++ a\n@@ -{'9' * 5000} +1 @@\n-x\n+y\n"}, ()),
    ("read", {"filePath": "a"}, ()),
    ("bash", {"command": "ls"}, ()),
]


@pytest.mark.parametrize(("name", "given", "paths"), OPENS)
def test_files_whose_content_an_error_may_repeat(name, given, paths):
    assert TOOLS[name].opens(given) == paths


def test_tools_that_write_are_offered_by_the_rules_of_edit():
    assert {name for name, tool in TOOLS.items() if tool.permission == "edit"} == {
        "decide", "edit", "patch", "write",
    }  # fmt: skip
    assert all(tool.permission in ("", "edit") for tool in TOOLS.values())
