"""What archnb changed can be brought back byte for byte, and nothing else is lost by it."""

import asyncio
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archnb.errors import WorkspaceError
from archnb.permission.requests import Changes, Diff
from archnb.session.undo import plan, restore
from archnb.tools import edit, patch, write
from archnb.tools.base import Context, ToolError
from archnb.workspace import FileChange, Workspace


def run(tool, workspace, **given_input):
    request = tool.TOOL.request(given_input, workspace)
    return asyncio.run(tool.TOOL.run(given_input, Context(workspace), request)).changes


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
        if path.is_file()
    }


BEFORE = {
    "a.sql": b"one\ntwo\n",
    "latin.txt": b"na\xefve one\n",
    "bom.txt": b"\xef\xbb\xbfone\r\n",
    "run.sh": b"one\n",
}


@pytest.fixture
def ws(tmp_path):
    for name, content in BEFORE.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "run.sh").chmod(0o755)
    return Workspace.at(tmp_path)


DEEDS = [
    (edit, {"filePath": "a.sql", "oldString": "one", "newString": "1"}, "undo: restore a.sql"),
    (edit, {"filePath": "latin.txt", "oldString": "naïve ", "newString": ""}, "undo: restore latin.txt"),
    (edit, {"filePath": "bom.txt", "oldString": "one", "newString": "é\n"}, "undo: restore bom.txt"),
    (write, {"filePath": "run.sh", "content": "x"}, "undo: restore run.sh"),
    (write, {"filePath": "new/a.md", "content": "x"}, "undo: delete new/a.md"),
    (write, {"filePath": "a.sql", "content": ""}, "undo: restore a.sql"),
    (patch, {"patchText": "*** Begin Patch\n*** Update File: run.sh\n*** Move to: bin/run\n-one\n+1\n"
             "*** Delete File: a.sql\n*** Add File: b.sql\n+x\n*** End Patch"},
     "undo: restore run.sh, delete bin/run, restore a.sql and 1 more"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "given_input", "title"), DEEDS)
def test_undo_brings_back_bytes_and_modes(tool, given_input, title, ws):
    before = tree(ws.root)
    changes = run(tool, ws, **given_input)
    after = tree(ws.root)
    request = plan(changes, ws)
    assert request.title == title
    assert request.permission == "edit"
    assert set(request.patterns) == {change.path for change in changes}
    assert tree(ws.root) == after  # planning changes nothing
    for diff in request.preview.diffs:
        for text, was in [(diff.before, after), (diff.after, before)]:
            assert (text is None) == (diff.path not in was)
            assert text is None or text.encode(diff.encoding) == was[diff.path][0]
    back = restore(changes, request, ws)
    assert tree(ws.root) == before
    again = plan(back, ws)  # and an undo can be undone
    restore(back, again, ws)
    assert {path: content for path, (content, _) in tree(ws.root).items()} == {
        path: content for path, (content, _) in after.items()
    }


def test_several_changes_of_one_file_are_one_diff(ws):
    changes = [
        *run(edit, ws, filePath="a.sql", oldString="one", newString="1"),
        *run(edit, ws, filePath="a.sql", oldString="two", newString="2"),
        *run(write, ws, filePath="c", content="x"),
        *run(patch, ws, patchText="*** Begin Patch\n*** Delete File: c\n*** End Patch"),
    ]
    request = plan(changes, ws)
    assert request.preview == Changes((Diff("a.sql", "1\n2\n", "one\ntwo\n"),))
    restore(changes, request, ws)
    assert (ws.root / "a.sql").read_bytes() == BEFORE["a.sql"]


def meddle_change(root):
    (root / "a.sql").write_text("mine\n")


def meddle_remove(root):
    (root / "a.sql").unlink()


def meddle_folder(root):
    (root / "a.sql").unlink()
    (root / "a.sql").mkdir()


def meddle_link(root):
    (root / "a.sql").rename(root / "elsewhere")
    (root / "a.sql").symlink_to("elsewhere")


@pytest.mark.parametrize("meddle", [meddle_change, meddle_remove, meddle_folder, meddle_link])
def test_a_later_change_is_never_lost(meddle, ws):
    changes = (
        *run(write, ws, filePath="new", content="x"),
        *run(edit, ws, filePath="a.sql", oldString="one", newString="1"),
    )
    request = plan(changes, ws)
    meddle(ws.root)
    before = tree(ws.root)
    with pytest.raises(WorkspaceError, match=r"a\.sql changed after archnb wrote it; undo would"):
        plan(changes, ws)
    with pytest.raises(WorkspaceError):
        restore(changes, request, ws)
    assert tree(ws.root) == before


def test_a_file_that_came_back_is_not_overwritten(ws):
    changes = run(patch, ws, patchText="*** Begin Patch\n*** Delete File: a.sql\n*** End Patch")
    (ws.root / "a.sql").write_text("mine")
    with pytest.raises(WorkspaceError, match="changed after"):
        plan(changes, ws)


def test_a_change_between_two_edits_is_not_lost(ws):
    first = run(edit, ws, filePath="a.sql", oldString="one", newString="1")
    (ws.root / "a.sql").write_text("1\nmine\n")
    second = run(edit, ws, filePath="a.sql", oldString="1", newString="2")
    with pytest.raises(WorkspaceError, match="between two edits"):
        plan([*first, *second], ws)
    restore(second, plan(second, ws), ws)
    assert (ws.root / "a.sql").read_text() == "1\nmine\n"


def test_nothing_to_undo_says_so(ws):
    with pytest.raises(WorkspaceError, match="nothing to undo"):
        plan([FileChange("a.sql", b"x", b"x")], ws)


def test_what_a_person_made_of_it_counts(ws):
    changes = run(edit, ws, filePath="latin.txt", oldString="one", newString="1")
    request = plan(changes, ws)
    assert restore(changes, request.edited("naïve mine"), ws)[0].after == b"na\xefve mine"
    changes = run(edit, ws, filePath="latin.txt", oldString="mine", newString="1")
    with pytest.raises(WorkspaceError, match="cannot hold"):
        restore(changes, plan(changes, ws).edited("日"), ws)


contents = (
    st.none() | st.binary(max_size=30) | st.sampled_from([b"\xe9", "é".encode(), b"\0", b"a"])
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(contents, contents), min_size=1, max_size=4))
def test_any_bytes_come_back(tmp_path_factory, files):
    """Also those that are no text, and those whose encoding changed."""
    folder = tmp_path_factory.mktemp("undo")
    workspace = Workspace.at(folder)
    changes = []
    for number, (before, after) in enumerate(files):
        if before is not None:
            (folder / str(number)).write_bytes(before)
        if before != after:
            changes.append(FileChange(str(number), before, after))
    start = tree(folder)
    done = workspace.apply(changes)
    if changes:
        restore(done, plan(done, workspace), workspace)
    assert tree(folder) == start


names = st.sampled_from(["a", "b", "d/c"])
pieces = st.text("ab\r\n é", max_size=6)
steps = st.one_of(
    st.tuples(st.just("edit"), names, pieces, pieces),
    st.tuples(st.just("write"), names, pieces, pieces),
    st.tuples(st.just("move"), names, names, pieces),
    st.tuples(st.just("delete"), names, pieces, pieces),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=8), st.integers(0, 8))
def test_undoing_what_was_done_is_as_if_nothing_was(tmp_path_factory, wanted, keep):
    folder = tmp_path_factory.mktemp("undo")
    (folder / "a").write_bytes("a\r\né b".encode())
    (folder / "b").write_bytes(b"\xe9 a\nb\n")
    workspace = Workspace.at(folder)
    groups, trees = [], [tree(folder)]
    for kind, one, two, three in wanted:
        try:
            match kind:
                case "edit":
                    done = run(edit, workspace, filePath=one, oldString=two, newString=three)
                case "write":
                    done = run(write, workspace, filePath=one, content=two)
                case _:
                    move = f"*** Update File: {one}\n*** Move to: {two}"
                    text = move if kind == "move" else f"*** Delete File: {one}"
                    text = f"*** Begin Patch\n{text}\n*** End Patch"
                    done = run(patch, workspace, patchText=text)
        except (ToolError, WorkspaceError):
            continue
        groups.append(done)
        trees.append(tree(folder))
    keep = min(keep, len(groups))
    undone = [change for group in groups[keep:] for change in group]
    if trees[keep] != trees[-1]:
        restore(undone, plan(undone, workspace), workspace)
    assert tree(folder) == trees[keep]
