"""What a bash line would run: parsed with the shell's grammar, never guessed from its text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_LENGTH = 10_000  # characters; nobody can review a longer line on a card

# Everything a plain line is made of. What is not listed is asked about by its name.
_PLAIN_NODES = frozenset(
    "program list pipeline redirected_statement command command_name word string string_content"
    " raw_string number concatenation".split()
)
_PLAIN_TOKENS = frozenset(["&&", "||", "|", ";", "\n", '"'])
_NODE_WORDS = {
    "command_substitution": "runs another command inside $( )",
    "process_substitution": "runs another command inside <( )",
    "simple_expansion": "uses a variable",
    "expansion": "uses a variable",
    "arithmetic_expansion": "computes a value",
    "variable_assignment": "sets a variable",
    "declaration_command": "sets a variable",
    "unset_command": "unsets a variable",
    "file_redirect": "redirects to or from a file",
    "heredoc_redirect": "uses a here-document",
    "herestring_redirect": "uses a here-string",
    "function_definition": "defines a function",
    "for_statement": "is a loop",
    "c_style_for_statement": "is a loop",
    "while_statement": "is a loop",
    "if_statement": "is a condition",
    "case_statement": "is a condition",
    "compound_statement": "groups commands",
    "subshell": "opens a subshell",
    "&": "runs in the background",
    "ERROR": "cannot be read by the shell's grammar",
    "comment": "hides a part behind a comment",
    "test_command": "evaluates a test",
}
_HIDDEN = re.compile(
    r"[^\t\n\x20-\x7e\u00a0-\U000e0000]|[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff]"
)
_UNQUOTED = frozenset({"word", "concatenation", "command_name"})
_EXPANDED = re.compile(r"(?<!\\)([*?\[]|\{[^{}]*(,|\.\.)[^{}]*\})|^~|[=:]~")
# Programs that run what their arguments say.
WRAPPERS = frozenset(
    "env command builtin exec nohup nice ionice timeout time sudo doas xargs setsid stdbuf watch"
    " chroot unshare parallel find fd busybox flock su script strace ltrace setpriv runuser chrt"
    " taskset numactl systemd-run entr ssh dbus-run-session xvfb-run rlwrap".split()
)
SHELLS = frozenset("bash sh dash zsh ksh eval".split())


@dataclass(frozen=True, slots=True)
class Part:
    """One program with its arguments as bash would pass them.

    ``text`` is its source; ``plain`` the normalised line that an allow rule must match;
    ``readings`` every form a deny rule is held against (base names, behind wrappers, inside
    ``bash -c``); ``reasons`` why it may not pass unasked whatever the rules say.
    """

    text: str
    argv: tuple[str, ...]
    readings: tuple[str, ...]
    reasons: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Command:
    """A bash line: its programs in order, and the reasons why the line as a whole must be asked."""

    text: str
    parts: tuple[Part, ...]
    reasons: tuple[str, ...]


def parse(text: str) -> Command:
    """Parse ``text``; anything outside a plain list of plain commands becomes a reason to ask.

    >>> parse("git log -3 && ls").reasons
    ()
    >>> parse("git log > out").reasons
    ('redirects to or from a file',)
    """
    reasons: list[str] = []
    if len(text) > MAX_LENGTH:
        return Command(text, (), (f"longer than {MAX_LENGTH} characters",))
    if hidden := _HIDDEN.search(text):
        reasons.append(f"holds a character that cannot be seen (U+{ord(hidden[0]):04X})")
    if any(ord(character) > 126 for character in re.sub(r"'[^']*'|\"[^\"]*\"", "", text)):
        reasons.append("holds look-alike characters outside quotes")
    root = parser().parse(text.encode("utf-8", "replace")).root_node
    nodes = list(_walk(root))
    for node in nodes:
        plain = node.type in (_PLAIN_NODES if node.is_named else _PLAIN_TOKENS)
        if node.is_missing or not (plain or _inside_explained(node)):
            reasons.append(_NODE_WORDS.get(node.type, f"uses {node.type.replace('_', ' ')}"))
    parts = tuple(_part(node, 0) for node in nodes if node.type == "command")
    if not parts:
        reasons.append("names no program")
    return Command(text, parts, tuple(dict.fromkeys(reasons)))


@cache
def parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def _inside_explained(node: Node) -> bool:
    """Whether it only spells out what has words of its own (a loop's keywords, a bracket)."""
    if node.type in _NODE_WORDS:
        return False
    parent = node.parent
    while parent is not None:
        if parent.type in _NODE_WORDS or not (
            parent.type in _PLAIN_NODES if parent.is_named else parent.type in _PLAIN_TOKENS
        ):
            return True
        parent = parent.parent
    return False


def _part(node: Node, depth: int) -> Part:
    text = (node.text or b"").decode("utf-8", "replace")
    argv = tuple(
        _word(child) for child in node.children if child.is_named and "redirect" not in child.type
    )
    bare = [child.text or b"" for child in node.children if child.type in _UNQUOTED]
    expands = any(_EXPANDED.search(word.decode("utf-8", "replace")) for word in bare)
    reasons = ("has a pattern or ~ that the shell expands",) if expands else ()
    return Part(text, argv, tuple(dict.fromkeys(_readings(text, argv, depth))), reasons)


def _word(node: Node) -> str:
    """A word as bash would pass it, quotes and backslashes removed (expansions stand as text)."""
    text = (node.text or b"").decode("utf-8", "replace")
    match node.type:
        case "raw_string":
            return text[1:-1]
        case "string":
            return re.sub(r'\\(["\\$`\n])', r"\1", text[1:-1])
        case "concatenation" | "command_name":
            return "".join(_word(child) for child in node.children) if node.children else text
        case "word":
            return re.sub(r"\\(.)", r"\1", text.replace("\\\n", ""))
        case _:
            return text


def _readings(text: str, argv: tuple[str, ...], depth: int) -> Iterator[str]:
    """Every command that this one is, wraps or hands to a shell: deny rules are held against it."""
    yield text
    if not argv:
        return
    yield shlex.join(argv)
    yield " ".join(argv)
    program = argv[0].rsplit("/", 1)[-1]
    yield " ".join((program, *argv[1:]))
    for start in _behind_options(argv):
        yield " ".join((program, *argv[start:]))
    if program in WRAPPERS:
        for start in range(1, len(argv)):
            rest = argv[start:]
            yield " ".join((rest[0].rsplit("/", 1)[-1], *rest[1:]))
    if program in SHELLS or program in WRAPPERS:
        for word in argv[1:]:
            if depth < 3 and (" " in word or program in SHELLS):
                inner = parser().parse(word.encode("utf-8", "replace")).root_node
                for node in _walk(inner):
                    if node.type == "command":
                        yield from _part(node, depth + 1).readings


def _behind_options(argv: tuple[str, ...]) -> Iterator[int]:
    """Where a subcommand may stand behind global options (``git -C . push``): each such index."""
    for index in range(2, len(argv)):
        if not argv[index - 1].startswith("-") and not argv[index - 2].startswith("-"):
            return
        yield index
