"""One word of a bash line: what its quotes and braces make of it, or that only bash can tell."""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING

from archnb.permission.effects.wrappers import MANY_FILES, TAME
from archnb.permission.grammar import source

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_WORDS = 100  # that braces make of one word

_EXPANDED = re.compile(r"[*?\[]|\{[^{}]*(,|\.\.)[^{}]*\}|^~|[=:]~")
# What a pattern of files may look like: no hidden files, nothing upwards, no option.
_CHOICE = r"\{[A-Za-z0-9_][\w.-]*(,[A-Za-z0-9_][\w.-]*)+\}"
_CHOICES = re.compile(rf"({_CHOICE.replace('(,', '(?:,')})")
_HIDDEN_FILES = re.compile(r"(^|/)\.[^/]*[*?\[{]")
_FILES = re.compile(
    rf"(\./)?(?P<head>[A-Za-z0-9_]|{_CHOICE}|[*?])"
    rf"([\w./:-]|[*?]|\[[A-Za-z0-9_]+(-[A-Za-z0-9_])?\]|{_CHOICE})*"
)
_OPTION = re.compile(r"--[a-z-]+=\*\.\w+")  # it stays this option, whatever files there are


def built(node: Node) -> str:
    """A word as bash would pass it, quotes and backslashes removed (``$?`` stands as text)."""
    text = source(node)
    match node.type:
        case "raw_string":
            return text[1:-1]
        case "string":
            return re.sub(r'\\(?:\n|(["\\$`]))', r"\1", text[1:-1])
        case "concatenation" | "command_name":
            return "".join(built(child) for child in node.children) if node.children else text
        case "word":
            return re.sub(r"\\(?:\n|(.))", r"\1", text)
        case _:
            return text


def unquoted(node: Node) -> str:
    """The source of a word with a letter in place of each quoted piece."""
    if node.type in ("raw_string", "string"):
        return "Q"
    if node.type in ("concatenation", "command_name") and node.children:
        return "".join(unquoted(child) for child in node.children)
    text = source(node)
    return re.sub(r"\\(\n|.)", "Q", text, flags=re.DOTALL)


def expands(node: Node, argv: tuple[str, ...], at: int) -> bool:
    """Whether the shell makes something of a word that nobody can see from here."""
    word = unquoted(node)
    if not _EXPANDED.search(word):
        return False
    found = _FILES.fullmatch(word)
    program = argv[0] if at else ""
    if program in MANY_FILES and _OPTION.fullmatch(word):
        return False
    plain = built(node)
    if not found or ".." in word or _HIDDEN_FILES.search(plain) or len(words(node)) > MAX_WORDS:
        return True
    if "{" in word and plain != word:  # a quote among braces may stand in several words
        return True
    return program not in (TAME if found["head"] in "*?" else MANY_FILES)


def words(node: Node) -> list[str]:
    """The words of a node: several where plain names stand in braces (``a.{sql,md}``)."""
    plain = built(node)
    if node.type not in ("word", "concatenation") or "{" not in plain or unquoted(node) != plain:
        return [plain]
    pieces = (
        piece[1:-1].split(",") if _CHOICES.fullmatch(piece) else [piece]
        for piece in _CHOICES.split(plain)
    )
    return ["".join(letters) for letters in islice(product(*pieces), MAX_WORDS + 1)]
