"""The shell's grammar: a line as a tree, in letters that the grammar's scanner can be given.

The scanner of tree-sitter-bash 0.25 looks every character up in C's table of single bytes, also
those beyond it: what it then makes of ``{`` before U+10FFFF is anything from chance to a crash of
the process. It is therefore given the bytes of UTF-8 as letters below U+0100, none of them a blank.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_BLANKS = (0x85, 0xA0)  # the grammar takes them for blanks, bash does not
_LETTERS = [code for code in range(0x80, 0x100) if code not in _BLANKS]
_GIVEN = dict(zip(range(0x80, 0xF5), _LETTERS, strict=False))  # no byte of UTF-8 lies above 0xF4
_TAKEN = {letter: byte for byte, letter in _GIVEN.items()}


@cache
def parser() -> Parser:
    """The parser itself; it is given to no text that `tree` has not put into letters."""
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def tree(text: str) -> Node:
    """The root of ``text``'s tree; what a node says is told by `source`, not by ``node.text``."""
    return parser().parse(_letters(text)).root_node


def source(node: Node) -> str:
    """The piece of the line that ``node`` stands for.

    >>> source(tree("echo 'é {' {漢")) == "echo 'é {' {漢"
    True
    """
    return _text(node.text or b"")


def walk(node: Node) -> Iterator[Node]:
    """``node`` and all below it, in the order of the line."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def passed_over(root: Node, text: str) -> Iterator[str]:
    r"""What the grammar takes for blanks between two pieces: ``\ `` is a word to bash."""
    letters, end = _letters(text), 0
    stack = [root]
    while stack:
        node = stack.pop()
        if node.children and node.type != "string":
            stack.extend(reversed(node.children))
            continue
        yield _text(letters[end : node.start_byte])
        end = node.end_byte
    yield _text(letters[end:])


def gaps(node: Node) -> Iterator[str]:
    """What stands between the words: bash joins two lines where a backslash ends the first."""
    letters = node.text or b""
    for one, other in pairwise(node.children):
        yield _text(letters[one.end_byte - node.start_byte : other.start_byte - node.start_byte])


def _letters(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return data if text.isascii() else data.decode("latin-1").translate(_GIVEN).encode()


def _text(letters: bytes) -> str:
    if letters.isascii():
        return letters.decode()
    data = letters.decode("utf-8", "replace").translate(_TAKEN)
    return data.encode("latin-1", "replace").decode("utf-8", "replace")
