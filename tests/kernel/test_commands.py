"""What is typed behind `%architect` in a live kernel: undo with its card, permissions, the to-do list."""

from .scripts import HEARD, bash, script, write

LOAD = "%load_ext archnb"
GO = "%%architect\ngo on"


def test_undo_asks_with_a_card_and_restores(kernel, folder):
    (folder / "a.txt").write_text("before\n")
    out = kernel.run(
        LOAD,
        script([write("a.txt", "after\n")], ["done"]),
        GO,
        "%architect undo",
        click=["Approve", "Approve"],
    )
    assert out.error == ""
    assert out.cards == 2
    assert (folder / "a.txt").read_text() == "before\n"
    assert "undo: restore a.txt" in out.text


def test_undo_denied_leaves_the_file(kernel, folder):
    out = kernel.run(
        LOAD,
        script([write("a.txt", "after\n")], ["done"]),
        GO,
        "%architect undo",
        click=["Approve", "Deny"],
    )
    assert out.error == ""
    assert (folder / "a.txt").read_text() == "after\n"
    assert "denied by you" in out.text


def test_undo_with_nothing_to_undo_is_one_sentence(kernel):
    out = kernel.run(LOAD, "%architect undo")
    assert "nothing was changed in this session" in out.error
    assert "Traceback" not in out.error


def test_undo_among_other_lines_is_refused_in_words(kernel):
    out = kernel.run(LOAD, "x = 1\n%architect undo")
    assert "must stand alone in its cell" in out.error


def test_permissions_are_listed_and_taken_back(kernel, folder):
    out = kernel.run(
        LOAD,
        script([bash("touch one")], [], [bash("touch one")], [], [bash("touch one")], []),
        GO,
        "%architect permissions",
        GO,
        "%architect permissions revoke 1",
        "%architect permissions",
        GO,
        click=[("Always…", "Approve for this session"), "Deny"],
    )
    assert out.error == ""
    assert out.cards == 2, "the second was allowed, the third asked again"
    assert "1  bash touch one" in out.text
    assert "Taken back: bash touch one" in out.text
    assert "Nothing is allowed beyond the agent's own rules." in out.text


def test_the_todo_list_is_shown_live_and_on_demand(kernel):
    todos = [
        {"content": "read the schema", "status": "completed", "priority": "high"},
        {"content": "draw <b>it</b>", "status": "in_progress", "priority": "low"},
    ]
    out = kernel.run(
        LOAD,
        "%architect todo",
        script([("todowrite", {"todos": todos})], ["done"]),
        GO,
        "%architect todo",
        HEARD,
    )
    assert "The to-do list is empty." in out.text
    assert out.text.count("☑ read the schema") == 2
    assert "▶ draw <b>it</b> (now)" in out.text
    html = " ".join(str(bundle.get("text/html", "")) for bundle in out.bundles.values())
    assert "&lt;b&gt;it" in html


def test_why_says_what_decides(kernel):
    out = kernel.run(LOAD, "%architect why git status && rm x")
    assert "git status" in out.text
    assert "rm x" in out.text
    assert "ask" in out.text
