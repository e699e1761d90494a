"""Terminal IPython: the same cell, the question by ``input()``."""

import os
import sys

import pytest

pexpect = pytest.importorskip("pexpect", reason="pexpect needs a POSIX terminal")


@pytest.fixture
def ipython(folder):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "ARCHNB_"))}
    clean |= {"HOME": str(folder), "IPYTHONDIR": str(folder / ".ipython"), "TERM": "dumb"}
    words = [
        "-m",
        "IPython",
        "--simple-prompt",
        "--no-banner",
        "--colors=NoColor",
        "--no-confirm-exit",
    ]
    child = pexpect.spawn(
        sys.executable, words, cwd=str(folder), env=clean, encoding="utf-8", timeout=25
    )
    child.expect_exact("In [1]: ")
    child.sendline("%load_ext archnb")
    child.expect_exact("In [2]: ")
    yield child
    child.close(force=True)


PROMPT = "approve? [y = yes, n = no, e = edit, a = always, or say why not] "


def begin(child):
    """Run the cell up to its question; gives what was shown."""
    child.sendline("%%architect")
    child.expect_exact("...: ")
    child.sendline("fix the missing index in @schema.sql")
    for _ in range(2):  # the simple prompt ends any cell magic by two empty lines
        child.expect_exact("...: ")
        child.sendline("")
    child.expect_exact(PROMPT)
    return child.before


def ask(child, *answers):
    """The question with what was shown before it, and what came after the answers."""
    shown, after = begin(child), ""
    for number, (prompt, answer) in enumerate(answers):
        if number:
            child.expect_exact(prompt)
            after += child.before
        child.sendline(answer)
    child.expect_exact("In [3]: ")
    return shown, after + child.before


def test_yes_writes_the_file(ipython, folder):
    shown, after = ask(ipython, (PROMPT, "y"))
    assert "+CREATE INDEX orders_customer_id_idx" in shown
    assert "approved by you" in after
    assert "CREATE INDEX" in (folder / "schema.sql").read_text()


def test_words_are_a_reason(ipython, folder):
    _, after = ask(ipython, (PROMPT, "call it differently"))
    assert "reason: call it differently" in after
    assert "CREATE INDEX" not in (folder / "schema.sql").read_text()


def test_edit_opens_the_editor_and_shows_what_came_of_it(ipython, folder):
    editor = folder / "editor.py"
    editor.write_text(
        "import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n"
        "path.write_text(path.read_text().replace('orders_customer_id_idx', 'by_customer'))\n"
    )
    ipython.sendline(f"import os; os.environ['EDITOR'] = '{sys.executable} {editor}'")
    ipython.expect_exact("In [3]: ")
    shown = begin(ipython)
    assert "orders_customer_id_idx" in shown
    ipython.sendline("e")
    ipython.expect_exact("approve this text? [y = yes, anything else = back] ")
    assert "+CREATE INDEX by_customer ON" in ipython.before
    ipython.sendline("y")
    ipython.expect_exact("In [4]: ")
    assert "approved with changes by you" in ipython.before
    assert "CREATE INDEX by_customer ON" in (folder / "schema.sql").read_text()


def test_always_asks_for_pattern_and_reach(ipython, folder):
    _, after = ask(
        ipython,
        (PROMPT, "a"),
        ("pattern [schema.sql]: ", "*.sql"),
        ("anything else = back]: ", "s"),
    )
    assert "* stands for any text" in after
    assert "from now on, for this session: edit *.sql" in after
    assert "CREATE INDEX" in (folder / "schema.sql").read_text()


def test_ctrl_c_at_the_question_ends_the_cell(ipython, folder):
    begin(ipython)
    ipython.sendintr()
    ipython.expect_exact("In [3]: ")
    assert "the cell was stopped" in ipython.before
    assert "CREATE INDEX" not in (folder / "schema.sql").read_text()
