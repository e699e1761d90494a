"""A patch is applied whole and exactly as it says, or not at all."""

import asyncio
import difflib
import re
import shutil
import stat
import subprocess

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from archnb.errors import WorkspaceError
from archnb.permission.requests import Changes, Diff
from archnb.tools import patch
from archnb.tools.base import Context, ToolError
from archnb.workspace import Workspace


def apply(workspace, text):
    given_input = {"patchText": text}
    request = patch.TOOL.request(given_input, workspace)
    return request, asyncio.run(patch.TOOL.run(given_input, Context(workspace), request))


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def begin(*lines):
    return "\n".join(["*** Begin Patch", *lines, "*** End Patch"])


def unified(*lines, path="f"):
    return "\n".join([f"--- a/{path}", f"+++ b/{path}", *lines, ""])


BASE = {
    "f": b"one\ntwo\nthree\nfour\nfive\n",
    "g": b"a\nb\nc\na\nb\nc\n",
    "crlf": b"one\r\ntwo\r\nthree\r\n",
    "open": b"one\ntwo",
    "spaced": b"one  \ntwo\t\nthree\n",
    "bom": b"\xef\xbb\xbfone\ntwo\n",
    "wide": "\ufeffone\ntwo\n".encode("utf-16-le"),
    "latin": "één\ntwo\n".encode("latin-1"),
    "code.py": b"class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 1\n\n\n"
    b"class B:\n    def f(self):\n        return 1\n",
    "empty": b"",
    "db/a b.sql": b"select 1;\n",
}

# name, patch, what changes: path -> bytes, None for a file that is gone
APPLIED = [
    ("begin: update", begin("*** Update File: f", "@@", " one", "-two", "+TWO", " three"),
     {"f": b"one\nTWO\nthree\nfour\nfive\n"}),
    ("begin: no @@ line", begin("*** Update File: f", " one", "-two", "+TWO"),
     {"f": b"one\nTWO\nthree\nfour\nfive\n"}),
    ("begin: two hunks", begin("*** Update File: f", "@@", "-one", "+1", "@@", "-five", "+5"),
     {"f": b"1\ntwo\nthree\nfour\n5\n"}),
    ("begin: anchors", begin("*** Update File: code.py", "@@ class B:", "@@ def f", "-        return 1",
                             "+        return 2"),
     {"code.py": BASE["code.py"][:-len(b"return 1\n")] + b"return 2\n"}),
    ("begin: anchor takes the first below", begin("*** Update File: code.py", "@@ class A:", "@@     def f(self):",
                                                  "-        return 1", "+        return 2"),
     {"code.py": BASE["code.py"].replace(b"return 1", b"return 2", 1)}),
    ("begin: anchor repeated as first line", begin("*** Update File: code.py", "@@ class B:", " class B:", "+    x = 1"),
     {"code.py": BASE["code.py"].replace(b"class B:\n", b"class B:\n    x = 1\n")}),
    ("begin: insertion under an anchor", begin("*** Update File: f", "@@ two", "+2.5"),
     {"f": b"one\ntwo\n2.5\nthree\nfour\nfive\n"}),
    ("begin: insertion at the end", begin("*** Update File: f", "@@", "+six"), {"f": BASE["f"] + b"six\n"}),
    ("begin: end of file", begin("*** Update File: g", "@@", " b", "-c", "+C", "*** End of File"),
     {"g": b"a\nb\nc\na\nb\nC\n"}),
    ("begin: numbers as a hint", begin("*** Update File: g", "@@ -4,2 +4,2 @@", " a", "-b", "+B"),
     {"g": b"a\nb\nc\na\nB\nc\n"}),
    ("begin: all sections", begin("*** Add File: new/x.sql", "+create", "+", "+table", "*** Delete File: empty", "",
                                  "*** Update File: f", "*** Move to: moved/f", "@@", "-one", "+1",
                                  "*** Update File: open", "*** Move to: shut"),
     {"new/x.sql": b"create\n\ntable\n", "empty": None, "f": None, "moved/f": b"1\n" + BASE["f"][4:],
      "open": None, "shut": b"one\ntwo"}),
    ("begin: blank lines", begin("", "*** Update File: code.py", "@@", "         return 1", "", "     def g(self):",
                                 "-        return 1", "+        return 3", "", "*** Delete File: empty", ""),
     {"code.py": BASE["code.py"].replace(b"g(self):\n        return 1", b"g(self):\n        return 3"),
      "empty": None}),
    ("begin: crlf file", begin("*** Update File: crlf", "@@", " one", "-two", "+zwei", "+drei"),
     {"crlf": b"one\r\nzwei\r\ndrei\r\nthree\r\n"}),
    ("begin: crlf patch", begin("*** Update File: f", "@@", " one", "-two", "+TWO").replace("\n", "\r\n"),
     {"f": b"one\nTWO\nthree\nfour\nfive\n"}),
    ("begin: trailing white space kept", begin("*** Update File: spaced", "@@", " one", "-two", "+TWO", " three"),
     {"spaced": b"one  \nTWO\nthree\n"}),
    ("begin: encodings", begin("*** Update File: bom", "-one", "+1", "*** Update File: wide", "-one", "+1",
                               "*** Update File: latin", "-één", "+è"),
     {"bom": b"\xef\xbb\xbf1\ntwo\n", "wide": "\ufeff1\ntwo\n".encode("utf-16-le"),
      "latin": "è\ntwo\n".encode("latin-1")}),
    ("begin: no final newline stays", begin("*** Update File: open", "@@", " one", "-two", "+zwei", "+drei"),
     {"open": b"one\nzwei\ndrei"}),
    ("begin: an empty file", begin("*** Add File: new"), {"new": b""}),
    ("begin: every line away", begin("*** Update File: open", "-one", "-two"), {"open": b""}),
    ("unified", unified("@@ -1,3 +1,3 @@", " one", "-two", "+TWO", " three"),
     {"f": b"one\nTWO\nthree\nfour\nfive\n"}),
    ("unified: at its line", unified("@@ -4,2 +4,2 @@ section", " a", "-b", "+B", path="g"),
     {"g": b"a\nb\nc\na\nB\nc\n"}),
    ("unified: elsewhere", unified("@@ -31,2 +31,2 @@", " three", "-four", "+4"), {"f": b"one\ntwo\nthree\n4\nfive\n"}),
    ("unified: wrong counts", unified("@@ -1,9 +1,1 @@", " one", "-two", "+TWO", "+more", " three"),
     {"f": b"one\nTWO\nmore\nthree\nfour\nfive\n"}),
    ("unified: counts too small", unified("@@ -1,2 +1,2 @@", " one", "-two", "+TWO", "+more"),
     {"f": b"one\nTWO\nmore\nthree\nfour\nfive\n"}),
    ("unified: no counts", unified("@@", "-two", "+TWO", "@@ ... @@", "-five", "+5"),
     {"f": b"one\nTWO\nthree\nfour\n5\n"}),
    ("unified: no prefixes, time stamps", "--- f\t2026-01-01\n+++ f\t2026-01-02\n@@ -2 +2 @@\n-two\n+TWO\n",
     {"f": b"one\nTWO\nthree\nfour\nfive\n"}),
    ("unified: insertion by number", unified("@@ -2,0 +3,1 @@", "+2.5"),
     {"f": b"one\ntwo\n2.5\nthree\nfour\nfive\n"}),
    ("unified: new and deleted",
     ("--- /dev/null\n+++ b/n/x\n@@ -0,0 +1,2 @@\n+a\n+b\n--- a/open\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n"
     "\\ No newline at end of file\n"),
     {"n/x": b"a\nb\n", "open": None}),
    ("unified: new without final newline", "--- /dev/null\n+++ b/x\n@@ -1,0 +1 @@\n+a\n\\ No newline at end of file\n",
     {"x": b"a"}),
    ("unified: final newline added", unified("@@ -2 +2 @@", "-two", "\\ No newline at end of file", "+two", path="open"),
     {"open": b"one\ntwo\n"}),
    ("unified: final newline away", unified("@@ -5 +5 @@", "-five", "+five", "\\ No newline at end of file"),
     {"f": BASE["f"][:-1]}),
    ("git: rename", "diff --git a/f b/d/f\nsimilarity index 100%\nrename from f\nrename to d/f\n",
     {"f": None, "d/f": BASE["f"]}),
    ("git: rename and change", ("diff --git a/f b/h\nsimilarity index 80%\nrename from f\nrename to h\nindex 1..2 100644\n"
     "--- a/f\n+++ b/h\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n"),
     {"f": None, "h": b"1" + BASE["f"][3:]}),
    ("git: empty files", ("diff --git a/x y b/x y\nnew file mode 100644\nindex 000..e69\ndiff --git a/empty b/empty\n"
     "deleted file mode 100644\nindex e69..000\n"), {"x y": b"", "empty": None}),
    ("git: a mail around it", ("From 123\nSubject: a\n\n- a list\n---\n f | 2 +-\n\ndiff --git a/f b/f\nindex 1..2 100644\n"
     "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n-- \n2.40.0\n\n"), {"f": b"1" + BASE["f"][3:]}),
    ("git: quoted name, other prefixes",
     ('diff --git "i/\\303\\251.sql" "w/\\303\\251.sql"\nnew file mode 100644\n--- /dev/null\n'
     '+++ "w/\\303\\251.sql"\n@@ -0,0 +1 @@\n+x\n'), {"é.sql": b"x\n"}),
    ("git: space in the name", unified("@@ -1 +1 @@", "-select 1;", "+select 2;", path="db/a b.sql"),
     {"db/a b.sql": b"select 2;\n"}),
    ("unified: lines that look like headers",
     "--- /dev/null\n+++ b/x\n@@ -0,0 +1,2 @@\n+++ b/y\n+-- c\n--- a/empty\n+++ b/empty\n@@ -0,0 +1 @@\n+z\n",
     {"x": b"++ b/y\n-- c\n", "empty": b"z\n"}),
]  # fmt: skip


@pytest.fixture
def ws(tmp_path):
    for name, content in BASE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return Workspace.at(tmp_path)


@pytest.mark.parametrize(("name", "text", "changes"), APPLIED, ids=[row[0] for row in APPLIED])
def test_a_patch_changes_what_it_says(name, text, changes, ws):
    request, output = apply(ws, text)
    after = {**BASE, **changes}
    assert tree(ws.root) == {
        path: content for path, content in after.items() if content is not None
    }
    assert set(request.patterns) == set(changes)
    shown = {diff.path: diff for diff in request.preview.diffs}
    for path, diff in shown.items():
        assert (None if diff.before is None else diff.before.encode(diff.encoding)) == BASE.get(
            path
        )
        assert (None if diff.after is None else diff.after.encode(diff.encoding)) == changes[path]
    assert {change.path: change.after for change in output.changes} == changes


def test_what_is_asked_and_answered(ws):
    request, output = apply(ws, APPLIED[10][1])
    title = "create new/x.sql, delete empty, move f to moved/f and 1 more (creates 2 folders)"
    assert request.title == title
    assert request.permission == "edit"
    assert output.text.splitlines()[:4] == [
        "Success. Updated the following files:", "A new/x.sql", "D empty", "D f",
    ]  # fmt: skip


HEAD = "diff --git a/f b/f\n"
REFUSED = [
    ("", "changes nothing"),
    ("hello", "changes nothing"),
    ("*** Begin Patch\n*** End Patch", "changes nothing"),
    ("*** Begin Patch\n*** Delete File: f", "ends without"),
    (begin("*** Delete File: f") + "\nx", "nothing may follow"),
    (begin("Delete File: f"), "Line 2 of the patch: expected"),
    (begin("*** Add File: new", "a"), "begins with '\\+'"),
    (begin("*** Add File: f", "+a"), "exists already"),
    (begin("*** Delete File: nope"), "does not exist"),
    (begin("*** Delete File: db"), "is a folder"),
    (begin("*** Delete File: ../x"), "outside"),
    (begin("*** Delete File: link"), "is a link to f"),
    (begin("*** Update File: f", "*** Move to: g"), "g exists already"),
    (begin("*** Update File: f", "*** Move to: ../g"), "outside"),
    (begin("*** Update File: f"), "changes nothing"),
    (begin("*** Update File: f", "@@", " one"), "changes nothing"),
    (begin("*** Update File: f", "@@", "one"), "begins with ' '"),
    (begin("*** Update File: f", "@@", "-one", "+one"), "leaves f as it is"),
    (begin("*** Update File: f", "@@", "-one", "+1", "*** Update File: f", "-two", "+2"), "twice"),
    (begin("*** Update File: f", "@@", "-one", "+1", "*** Delete File: f"), "twice"),
    (begin("*** Update File: f", "@@", " one", "-TWO", "+2"),
     "Hunk 1 of f does not fit: expected\none\nTWO\nLine 2 says 'two', where 'TWO' was expected. Nothing"),
    (begin("*** Update File: f", "@@", "-four", "+4", "@@", "-one", "+1"), "Hunk 2 of f does not fit: expected after line 4"),
    (begin("*** Update File: g", "@@", " a", "-b", "+B"), r"several places \(lines 1, 4\)"),
    (begin("*** Update File: g", "@@ a", "-b", "+B"), "'a' stands at several places"),
    (begin("*** Update File: g", "@@ nowhere", "-b", "+B"), "no line 'nowhere'"),
    (begin("*** Update File: f", "@@", " one", "-two", "+2", "*** End of File"), "at the end of the file"),
    (begin("*** Update File: f", "@@", "   one", "-two", "+2"), "does not fit"),
    (begin("*** Update File: latin", "-two", "+日"), "latin-1 text and cannot hold"),
    (unified("@@ -1,2 +1,2 @@", " one", "-TWO", "+2"), "does not fit"),
    (unified("@@ -1,2 +1,2 @@", " one", "-two", "+2", "lost", "+3"), "neither a header nor part of a hunk: 'lost'"),
    (unified("@@ -1,2 +1,2 @@", " one", "-two", "+2", path="nope"), "does not exist"),
    (unified("@@ -1,2 +1,2 @@", " one", "-two", "+2", "\\ No newline at end of file"), "does not fit"),
    (unified("@@ -9,0 +10,1 @@", "+x"), "adds lines after line 9"),
    (unified("@@ -1 +1 @@", " one"), "changes nothing"),
    ("@@ -1 +1 @@\n-one\n+1\n", "before any --- and \\+\\+\\+"),
    (HEAD + "@@ -1 +1 @@\n-one\n+1\n", "before any --- and \\+\\+\\+"),
    ("--- a/f\n+++ b/g\n@@ -1 +1 @@\n-one\n+1\n", "names two files, a/f and b/g"),
    ("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+x\n", "exists already"),
    ("--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "not every line"),
    (HEAD + "old mode 100644\nnew mode 100755\n", "mode of a file"),
    (HEAD + "new file mode 120000\n", "only plain files"),
    (HEAD + "index 1..2\nGIT binary patch\nliteral 3\n", "binary"),
    (HEAD + "index 1..2\nBinary files a/f and b/f differ\n", "binary"),
    ("diff --git a/f b/h\ncopy from f\ncopy to h\n", "copies"),
    ("diff --git a/f b/h\n", "name cannot be read"),
    (HEAD, "has no hunk"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_a_patch_that_does_not_fit_is_refused_whole(text, says, ws):
    (ws.root / "link").symlink_to("f")
    good = ["*** Update File: crlf", "@@", "-one", "+1"]
    with pytest.raises((ToolError, WorkspaceError), match=says):
        apply(ws, text)
    if text.startswith("*** Begin Patch\n*** U") and text.endswith("*** End Patch"):
        with pytest.raises((ToolError, WorkspaceError)):
            apply(ws, text.replace("*** End Patch", "\n".join([*good, "*** End Patch"])))
    assert tree(ws.root) == {**BASE, "link": BASE["f"]}


def test_a_file_that_changed_while_the_card_waited_refuses_all(ws):
    given_input = {"patchText": begin("*** Delete File: g", "*** Update File: f", "-one", "+1")}
    request = patch.TOOL.request(given_input, ws)
    (ws.root / "f").write_text("other")
    with pytest.raises(ToolError, match="f changed since it was shown"):
        asyncio.run(patch.TOOL.run(given_input, Context(ws), request))
    assert (ws.root / "g").read_bytes() == BASE["g"]


def test_a_moved_script_stays_executable(ws):
    (ws.root / "f").chmod(0o755)
    apply(ws, begin("*** Update File: f", "*** Move to: bin/f"))
    assert stat.S_IMODE((ws.root / "bin/f").stat().st_mode) == 0o755


def test_the_warning_of_any_path_counts(ws):
    text = begin("*** Update File: f", "*** Move to: .github/workflows/x.yml")
    request = patch.TOOL.request({"patchText": text}, ws)
    assert request.warning.startswith(".github decides what runs later")
    assert set(request.patterns) == {"f", ".github/workflows/x.yml"}


def test_a_created_file_is_what_a_person_made_of_it(ws):
    given_input = {"patchText": begin("*** Add File: new", "+a")}
    request = patch.TOOL.request(given_input, ws).edited("mine")
    asyncio.run(patch.TOOL.run(given_input, Context(ws), request))
    assert request.preview == Changes((Diff("new", None, "mine"),))
    assert (ws.root / "new").read_text() == "mine"


# Property: a patch made from two texts turns the one into the other.
words = st.sampled_from(["", "a", "b", "  c", "-- d", "++ e", "@@", "é\x0c", "\u2028f", "\\"])
texts = st.tuples(st.lists(words, max_size=12), st.booleans()).map(
    lambda made: "\n".join(made[0]) + "\n" * (made[1] and bool(made[0]))
)


def split(text):
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def diff_of(old, new, context, fromfile="a/f", tofile="b/f"):
    made = difflib.unified_diff(split(old), split(new), fromfile, tofile, n=context)
    marked = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made
    )
    return "".join(marked)


@settings(max_examples=300, deadline=None)
@given(texts, texts, st.integers(0, 3))
@example("a\nb", "a\nb\n", 0)
def test_a_unified_diff_turns_one_text_into_the_other(tmp_path_factory, old, new, context):
    assume(old != new)
    folder = tmp_path_factory.mktemp("patch")
    (folder / "f").write_bytes(old.encode())
    (folder / "other").write_bytes(old.encode())
    apply(Workspace.at(folder), diff_of(old, new, context))
    assert (folder / "f").read_bytes() == new.encode()
    assert (folder / "other").read_bytes() == old.encode()


@settings(max_examples=200, deadline=None)
@given(texts, texts, st.sampled_from(["\n", "\r\n"]))
def test_a_begin_patch_turns_one_text_into_the_other(tmp_path_factory, old, new, ending):
    """With the whole file as context; the final newline stays as it was."""
    assume(old and new)
    olds, news = (text.removesuffix("\n").split("\n") for text in (old, new))
    assume(olds != news)
    folder = tmp_path_factory.mktemp("patch")
    (folder / "f").write_bytes(old.replace("\n", ending).encode())
    lines = [line[0] + line[2:] for line in difflib.ndiff(olds, news) if line[0] != "?"]
    apply(Workspace.at(folder), begin("*** Update File: f", "@@", *lines))
    final = "\n" * old.endswith("\n")
    usual = ending if "\n" in old else "\n"
    expected = ("\n".join(news) + final).replace("\n", usual)
    assert (folder / "f").read_bytes() == expected.encode()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@settings(max_examples=30, deadline=None)
@given(texts, texts)
def test_what_git_writes_is_understood_as_git_does(tmp_path_factory, old, new):
    assume(old != new)
    folder = tmp_path_factory.mktemp("git")
    for name, content in (("old", old), ("new", new)):
        (folder / name).mkdir()
        (folder / name / "f").write_bytes(content.encode())
    (folder / "new/made é").write_bytes(new.encode())
    (folder / "old/gone").write_bytes(old.encode())
    made = subprocess.run(
        ["git", "diff", "--no-index", "--text", "--no-renames", "old", "new"],
        cwd=folder, capture_output=True, check=False,
    ).stdout.decode()  # fmt: skip
    text = made.replace("a/old/", "a/").replace("b/new/", "b/")
    text = text.replace("a/new/", "a/").replace("b/old/", "b/")
    apply(Workspace.at(folder / "old"), text)
    assert tree(folder / "old") == tree(folder / "new")
