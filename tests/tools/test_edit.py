"""Edits change what was shown and nothing else, whatever the file's bytes are."""

import asyncio

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from archnb.permission.requests import Changes, Diff
from archnb.tools import edit
from archnb.tools._matching import Replaced, Several, replace
from archnb.tools.base import Context, ToolError
from archnb.workspace import Workspace


def apply(workspace, **given_input):
    request = edit.TOOL.request(given_input, workspace)
    output = asyncio.run(edit.TOOL.run(given_input, Context(workspace), request))
    return request, output


# name, file, oldString, newString, file afterwards
FILES = [
    ("crlf", b"one\r\ntwo\r\n", "one\ntwo", "1\n2", b"1\r\n2\r\n"),
    ("crlf, a line more", b"a\r\nb\r\n", "b", "b\nc", b"a\r\nb\r\nc\r\n"),
    ("crlf, last line", b"a\r\nb", "b", "b\nc", b"a\r\nb\r\nc"),
    ("crlf, from a line feed", b"a\r\nb\r\nc", "\nb", "; b", b"a; b\r\nc"),
    ("mixed endings stay", b"a\r\nb\nc\r\nd\n", "b\nc", "B\nC", b"a\r\nB\nC\r\nd\n"),
    ("endings as asked", b"a\r\nb\r\n", "a\r\nb", "a\nb", b"a\nb\r\n"),
    ("old with crlf, file without", b"a\nb\n", "a\r\nb", "a\r\nc", b"a\nc\n"),
    ("bom", b"\xef\xbb\xbfone", "one", "1", b"\xef\xbb\xbf1"),
    ("utf-16", "\ufeffone\r\nzwei".encode("utf-16-le"), "one\nzwei", "1\n2",
     "\ufeff1\r\n2".encode("utf-16-le")),
    ("utf-16 big", "\ufeffone".encode("utf-16-be"), "one", "日本", "\ufeff日本".encode("utf-16-be")),
    ("no final newline", b"a\nb", "b", "c", b"a\nc"),
    ("no final newline, asked with one", b"x\na\nb", "a\nb\n", "a\nc\n", b"x\na\nc"),
    ("final newline taken away", b"a\nb\n", "b\n", "b", b"a\nb"),
    ("latin-1", "naïve one".encode("latin-1"), "one", "zwei", "naïve zwei".encode("latin-1")),
    ("cp1252", "“one”".encode("cp1252"), "one", "€", "“€”".encode("cp1252")),
    ("unicode", "日本 one".encode(), "one", "два", "日本 два".encode()),
    ("trailing space", b"a  \nb\t\nc\n", "a\nb\nc", "a\nb\nd", b"a  \nb\t\nd\n"),
    ("trailing space quoted too much", b"a\nb\n", "a \nb", "a \nc", b"a\nc\n"),
    ("deeper", b"class A:\n    def f():\n        pass\n", "def f():\n    pass", "def f():\n    go()\n    stop()",
     b"class A:\n    def f():\n        go()\n        stop()\n"),
    ("shallower", b"def f():\n    pass\n", "    def f():\n        pass", "    def g():\n        pass",
     b"def g():\n    pass\n"),
    ("tabs", b"\tif x:\n\t\tpass\n", "if x:\n\tpass", "if y:\n\n\tpass", b"\tif y:\n\n\t\tpass\n"),
    ("dedented and crlf", b"  a:\r\n    b: 1\r\n", "a:\n  b: 1\n", "a:\n  b: 2\n", b"  a:\r\n    b: 2\r\n"),
    ("quotes", "title: “Shop” – v1\n".encode(), 'title: "Shop" - v1', 'title: "Shop" - v2',
     "title: “Shop” – v2\n".encode()),
    ("no-break space", "a\u00a0b c\nd".encode(), "a b c\nd", "a b C\nd", "a\u00a0b C\nd".encode()),
    ("escapes", b"if x:\n\ty\n", r"if x:\n\ty", r"if x:\n\tz", b"if x:\n\tz\n"),
    ("escaped quotes", b'say "hi"\n', r"say \"hi\"", r"say \"ho\"", b'say "ho"\n'),
    ("backslashes stay", rb"a\nb" + b"\n", r"a\nb", r"a\nc", rb"a\nc" + b"\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "before", "old", "new", "after"), FILES, ids=[row[0] for row in FILES]
)
def test_bytes_outside_the_passage_stay(name, before, old, new, after, tmp_path):
    (tmp_path / "f").write_bytes(before)
    request, _ = apply(Workspace.at(tmp_path), filePath="f", oldString=old, newString=new)
    assert (tmp_path / "f").read_bytes() == after
    (diff,) = request.preview.diffs
    assert diff.before.encode(diff.encoding) == before


# file, oldString, newString, what the answer says
TOLD = [
    ("a  \nb\n", "a\nb", "a\nc", "same but for trailing white space. The file said:\na  \nb"),
    ("  a\n", "    a\n", "    b\n", "same but for indentation"),
    ("“a”", '"a"', "b", "the shape of quotes"),
    ("a\n\tb", r"a\n\tb", "c", "escapes such as"),
]


@pytest.mark.parametrize(("before", "old", "new", "says"), TOLD)
def test_the_model_is_told_what_the_file_really_says(before, old, new, says, tmp_path):
    (tmp_path / "f").write_text(before)
    _, output = apply(Workspace.at(tmp_path), filePath="f", oldString=old, newString=new)
    assert says in output.text
    (tmp_path / "f").write_text(before)
    _, output = apply(Workspace.at(tmp_path), filePath="f", oldString=before, newString="X")
    assert output.text == "Edited f"


# file, oldString, newString, what the error says
REFUSED = [
    ("a é a end", "x", "y", "Could not find"),
    ("a é a end", "a", "b", r"stands 2 times in f \(lines 1, 1\)"),
    ("aaa", "aa", "b", "stands 2 times"),
    ("x\n" * 40, "x", "y", "stands 10 or more times"),
    ("a é a end", "a", "a", "identical"),
    ("a é a end", "", "b", "cannot be empty"),
    ("a é a end", "end", "…", "cannot hold"),
    ("a \nb\n\na\t\nb\n", "a\nb", "a\nc", "stands 2 times"),
    (" a\n  b\n   a\n    b\n", "a\n b", "c", "stands 2 times"),
    ("“a” “a”", '"a"', "b", "stands 2 times"),
    ("if x:\n  a\n   b\n", "if x:\n    a\n    b", "c", "Line 2 says '  a', where '    a' was expected"),  # not uniform
    ("    a\n        b\n", "a\n  b", "c", "Could not find"),  # indented otherwise within
    ("x = 12\n", "x = 1 ", "x = 2", "Could not find"),  # must not match a part of a line
    ("one\ntwo\nthree\nfour\n", "one\nTWO\nthree", "x", "Line 2 says 'two', where 'TWO'"),
    ("one\ntwo\n", "two\nthree", "x", "Line 3 is past the end of the file"),
    ("a\nfoo bar\nb\n", "a\nfoo  bar\nb", "x", "Could not find"),  # white space within a line
    ("def f():\n    one()\n    two()\n    end()\n", "def f():\n    1()\n    2()\n    end()", "x",
     "Could not find"),  # first and last line are no proof
    ("a\n \n", "\n\n", "b", "Could not find"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "old", "new", "says"), REFUSED)
def test_an_edit_that_cannot_be_done_says_why(before, old, new, says, tmp_path):
    (tmp_path / "f").write_bytes(before.encode("latin-1" if "é" in before else "utf-8"))
    given_input = {"filePath": "f", "oldString": old, "newString": new}
    with pytest.raises(ToolError, match=says):
        edit.TOOL.request(given_input, Workspace.at(tmp_path))


EVERY = [
    ("a b a", "a", "c", "c b c"),
    ("aaaa", "aa", "b", "bb"),
    ("a\r\nb\r\na\r\nb", "a\nb", "x\ny", "x\r\ny\r\nx\r\ny"),
    ("a\r\na\na", "a", "b\nc", "b\r\nc\r\nb\nc\nb\nc"),
]


@pytest.mark.parametrize(("before", "old", "new", "after"), EVERY)
def test_replace_all(before, old, new, after, tmp_path):
    (tmp_path / "f").write_bytes(before.encode())
    workspace = Workspace.at(tmp_path)
    apply(workspace, filePath="f", oldString=old, newString=new, replaceAll=True)
    assert (tmp_path / "f").read_bytes() == after.encode()


def test_replace_all_never_takes_several_places_that_are_only_alike(tmp_path):
    (tmp_path / "f").write_text("a \nb\na\t\nb\n")
    given_input = {"filePath": "f", "oldString": "a\nb", "newString": "c", "replaceAll": True}
    with pytest.raises(ToolError, match="2 times"):
        edit.TOOL.request(given_input, Workspace.at(tmp_path))


def test_an_empty_old_string_creates_a_file_that_is_not_there(tmp_path):
    workspace = Workspace.at(tmp_path)
    request, _ = apply(workspace, filePath="db/new.sql", oldString="", newString="x\n")
    assert request.preview == Changes((Diff("db/new.sql", None, "x\n"),))
    assert (tmp_path / "db/new.sql").read_text() == "x\n"
    with pytest.raises(ToolError, match="does not exist"):
        apply(workspace, filePath="other", oldString="x", newString="y")
    for path in ("db", "db/", "new/"):
        with pytest.raises(ToolError, match="is a folder"):
            apply(workspace, filePath=path, oldString="", newString="y")


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path):
    (tmp_path / "f").write_text("a")
    workspace = Workspace.at(tmp_path)
    given_input = {"filePath": "f", "oldString": "a", "newString": "b"}
    request = edit.TOOL.request(given_input, workspace)
    (tmp_path / "f").write_text("A")
    with pytest.raises(ToolError, match="changed since it was shown"):
        asyncio.run(edit.TOOL.run(given_input, Context(workspace), request))
    assert (tmp_path / "f").read_text() == "A"


def test_always_is_offered_for_plain_names_only(tmp_path):
    workspace = Workspace.at(tmp_path)
    for name, always in [("a.sql", ("a.sql",)), ("*.sql", ()), ("a?", ())]:
        (tmp_path / name).write_text("a")
        given_input = {"filePath": name, "oldString": "a", "newString": "b"}
        assert edit.TOOL.request(given_input, workspace).always == always


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(head=text, old=text.filter(bool), tail=text, new=text)
def test_an_edit_changes_only_its_passage(tmp_path_factory, head, old, tail, new):
    folder = tmp_path_factory.mktemp("edit")
    content = (head + old + tail).encode()
    (folder / "f").write_bytes(content)
    (folder / "other").write_bytes(content)
    whole = head + old + tail
    assume(whole.find(old) == whole.rfind(old) and old != new and "\r" not in whole)
    request, output = apply(Workspace.at(folder), filePath="f", oldString=old, newString=new)
    assert (folder / "f").read_bytes() == (head + new + tail).encode()
    assert (folder / "other").read_bytes() == content
    (diff,) = request.preview.diffs
    assert (diff.before.encode(diff.encoding), diff.after.encode(diff.encoding)) == (
        output.changes[0].before, output.changes[0].after,
    )  # fmt: skip


# Files as they are met and quotations that are nearly right: indentation, endings, quotes.
lines = st.lists(st.text("ab “\"'’\t \\", max_size=4), min_size=1, max_size=6)
endings = st.sampled_from(["\n", "\r\n"])


@settings(max_examples=400, deadline=None)
@given(lines, lines, lines, lines, st.lists(endings, min_size=24, max_size=24), st.booleans())
@example([""], ["a"], [""], ["b"], ["\r\n"] * 24, True)
def test_a_tolerant_match_stays_within_whole_lines(head, old, tail, new, ends, shift):
    """Nothing before the first and after the last line of the one place is touched."""
    quoted = [line.replace("“", '"').rstrip() for line in old]
    if shift:
        quoted = [f"  {line}" for line in quoted]
    whole = [line + end for line, end in zip([*head, *old, *tail], ends, strict=False)]
    text = "".join(whole)
    done = replace(text, "\n".join(quoted), "\n".join(new))
    if not isinstance(done, Replaced):
        assert done is None or isinstance(done, Several)
        return
    start = text.find(done.found)
    assert done.found.count("\n") == "\n".join(quoted).count("\n")
    places = [at for at in range(len(text)) if text.startswith(done.found, at)]
    assert any(
        done.text.startswith(text[:at]) and done.text.endswith(text[at + len(done.found) :])
        for at in places or [start]
    )
