"""Whatever characters a line holds, it is parsed, told again as it was, and the process lives."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archnb.permission.commands import parse
from archnb.permission.grammar import source, tree, walk
from archnb.permission.opencode import command_patterns

# Given to the scanner as they are, these end the process more often than not.
BEYOND_THE_TABLE = [
    "{\U0010ffff", "echo {\U000e0100", "echo {1..\U0010ffff", "echo {1\U0010ffff", "echo ${\U0010ffff",
    "[[ -\U0010ffff", "cat <<E\n$\U0010ffff\nE", "\U0010ffff=1", "echo $\U0010ffff", "(( {\U0010ffff",
]  # fmt: skip


def test_no_character_ends_the_process():
    script = (
        "import json, sys; from archnb.permission.commands import parse;"
        "from archnb.permission.opencode import command_patterns;"
        "[(parse(line), command_patterns(line)) for line in json.load(sys.stdin)]"
    )
    for _ in range(3):  # where the memory beyond the table lies is chance
        done = subprocess.run(
            [sys.executable, "-c", script], input=json.dumps(BEYOND_THE_TABLE).encode(), check=False
        )
        assert done.returncode == 0


WORDS = [
    ("echo 'é 漢 \U0010ffff'", ("echo", "é 漢 \U0010ffff")),
    ('echo "à\u00a0x"', ("echo", "à\u00a0x")),
    ("echo à\u00a0x", ("echo", "à\u00a0x")),
    ("echo a\u2003b", ("echo", "a\u2003b")),
    ("écho {漢", ("écho", "{漢")),
]


@pytest.mark.parametrize(("line", "argv"), WORDS)
def test_words_are_told_as_they_were(line, argv):
    assert parse(line).parts[0].argv == argv


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_quoted_text_is_one_word(text):
    quoted = text.replace("'", "").replace("\0", "")
    node = next(node for node in walk(tree(f"echo '{quoted}'")) if node.type == "raw_string")
    assert source(node) == f"'{quoted}'"
    assert command_patterns(f"echo '{quoted}'") == (f"echo '{quoted}'",)
