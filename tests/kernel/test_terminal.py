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


def ask(child, answer):
    child.sendline("%%architect")
    child.expect_exact("...: ")
    child.sendline("fix the missing index in @schema.sql")
    for _ in range(2):  # the simple prompt ends any cell magic by two empty lines
        child.expect_exact("...: ")
        child.sendline("")
    child.expect_exact("approve? [y = yes, n = no, or say why not] ")
    shown = child.before
    child.sendline(answer)
    child.expect_exact("In [3]: ")
    return shown, child.before


def test_yes_writes_the_file(ipython, folder):
    shown, after = ask(ipython, "y")
    assert "+CREATE INDEX orders_customer_id_idx" in shown
    assert "approved by you" in after
    assert "CREATE INDEX" in (folder / "schema.sql").read_text()


def test_words_are_a_reason(ipython, folder):
    _, after = ask(ipython, "call it differently")
    assert "reason: call it differently" in after
    assert "CREATE INDEX" not in (folder / "schema.sql").read_text()
