"""What a bash line would run: parsed with the shell's grammar, never guessed from its text."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archnb.html import UNSEEN
from archnb.permission import expansion
from archnb.permission.effects.words import file
from archnb.permission.effects.wrappers import SHELLS, WRAPPERS
from archnb.permission.grammar import gaps, parser, passed_over, source, tree, walk

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["MAX_LENGTH", "SHELLS", "WRAPPERS", "Command", "Part", "parse", "parser"]

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
# Narrow spaces and what lies beyond every script besides: a command has none of them.
_HIDDEN = re.compile(f"[{UNSEEN}\\u202f\\u205f\\U000e1000-\\U0010ffff]")
_UNQUOTED = frozenset({"word", "concatenation", "command_name"})
_GAP = re.compile(r"[ \t]+(\\\n[ \t]*)*")
_BETWEEN = re.compile(r"[ \t\n]*(\\\n[ \t\n]*)*")
_HARMLESS_REDIRECT = re.compile(r"(&>|[12]?>)>?[ \t]*/dev/null|[12]?>&[12]|<[ \t]*/dev/null")
_INPUT = re.compile(r"<[ \t]*([\w./-]+)")
# A here-document that nothing is expanded in, on a line that is easy to read, to the text's end.
_HERE = re.compile(
    r"(?P<line>(?:[\w ./=|,:+-]|'[^'\n]*')*)"
    r"<<[ ]?(['\"])(?P<mark>[A-Za-z_]\w*)\2(?P<rest>[ \w./|-]*)\n"
    r"(?P<body>(?:(?!(?P=mark)\n)[^\n]*\n)*?)(?P=mark)(\n[ \t\n]*)?"
)
# Words behind which a command of its own starts; the other wrappers may start it anywhere.
_CONTAINERS = "docker podman kubectl lxc vagrant docker-compose".split()
_STARTS_BEHIND: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_CONTAINERS, frozenset(["exec", "run"])),
    **dict.fromkeys(
        ["find", "fd", "fdfind"],
        frozenset("-exec -execdir -ok -okdir -x -X --exec --exec-batch".split()),
    ),
    **dict.fromkeys(["npm", "pnpm", "yarn"], frozenset(["exec", "x", "dlx"])),
    "git": frozenset(["foreach", "run"]),
    "uv": frozenset(["run"]),
}


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
    if hidden := _hidden(text):
        reasons.append(f"holds a character that cannot be seen (U+{ord(hidden):04X})")
    here = _HERE.fullmatch(text)
    line = here["line"] + here["rest"] if here else text
    if any(ord(character) > 126 for character in re.sub(r"'[^']*'|\"[^\"]*\"", "", line)):
        reasons.append("holds look-alike characters outside quotes")
    root = tree(line)
    reasons += _reasons(root)
    if not all(_BETWEEN.fullmatch(gap) for gap in passed_over(root, line)):
        reasons.append("has words that cannot be told apart")
    parts = [_part(node, 0) for node in walk(root) if node.type == "command"]
    if not parts:
        reasons.append("names no program")
    if any(part.argv and _base(part.argv[0]) in SHELLS for part in parts):
        parts += _fed(parts, root, here["body"] if here else "")
    return Command(text, tuple(parts), tuple(dict.fromkeys(reasons)))


def _hidden(text: str) -> str:
    """The first character that a reader would not see; empty if there is none."""
    if found := _HIDDEN.search(text):
        return found[0]
    if text.isascii():
        return ""
    unseen = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return next((one for one in text if one > "~" and unicodedata.category(one) in unseen), "")


def _reasons(root: Node) -> Iterator[str]:
    """Why a line is not a plain list of plain commands."""
    stack = [(root, False)]
    while stack:
        node, explained = stack.pop()
        if not node.is_missing and _harmless(node):
            continue
        plain = node.type in (_PLAIN_NODES if node.is_named else _PLAIN_TOKENS)
        if node.is_missing or not (plain or (explained and node.type not in _NODE_WORDS)):
            yield _NODE_WORDS.get(node.type, f"uses {node.type.replace('_', ' ')}")
        explained = explained or not plain
        stack.extend((child, explained) for child in reversed(node.children))


def _harmless(node: Node) -> bool:
    """Whether it is the last exit status, or a redirection that writes and reads nothing else."""
    text = source(node)
    if node.type == "simple_expansion":
        return text == "$?"
    if node.type != "file_redirect":
        return False
    read = _INPUT.fullmatch(text)
    return bool(_HARMLESS_REDIRECT.fullmatch(text)) or bool(read and file(read[1]))


def _fed(parts: Iterable[Part], root: Node, body: str) -> list[Part]:
    """What a shell in the line may be given to run: here-documents and texts that others print."""
    texts = [word for part in parts for word in part.argv[1:] if " " in word]
    texts += [
        source(node) for node in walk(root) if node.type in ("heredoc_body", "herestring_redirect")
    ]
    return [
        _part(node, 1)
        for text in (*texts, body)
        for node in walk(tree(text.removeprefix("<<<").strip(" '\"")))
        if node.type == "command"
    ]


def _part(node: Node, depth: int) -> Part:
    text = source(node)
    argv = tuple(
        word
        for child in node.children
        if child.is_named and "redirect" not in child.type and child.type != "variable_assignment"
        for word in expansion.words(child)
    )
    unquoted = [child for child in node.children if child.type in _UNQUOTED]
    expands = any(expansion.expands(child, argv, at) for at, child in enumerate(unquoted))
    reasons = ["has a pattern or ~ that the shell expands"] if expands else []
    if not all(_GAP.fullmatch(gap) for gap in gaps(node)):
        reasons.append("has words that cannot be told apart")
    return Part(text, argv, tuple(dict.fromkeys(_readings(text, argv, depth))), tuple(reasons))


def _base(program: str) -> str:
    return program.rsplit("/", 1)[-1]


def _readings(text: str, argv: tuple[str, ...], depth: int) -> Iterator[str]:
    """Every command that this one is, wraps or hands to a shell: deny rules are held against it."""
    yield text
    if not argv:
        return
    yield shlex.join(argv)
    yield " ".join(argv)
    program = _base(argv[0])
    yield " ".join((program, *argv[1:]))
    for start in _behind_options(argv):
        yield " ".join((program, *argv[start:]))
    for start in _wrapped(program, argv):
        rest = (_base(argv[start]), *argv[start + 1 :])
        yield " ".join(rest)
        for behind in _behind_options(rest):
            yield " ".join((rest[0], *rest[behind:]))
    if program in SHELLS or program in WRAPPERS:
        texts = [word for word in argv[1:] if " " in word or program in SHELLS]
        if program == "eval":
            texts.append(" ".join(argv[1:]))
        for word in texts if depth < 3 else ():
            for node in walk(tree(word)):
                if node.type == "command":
                    yield from _part(node, depth + 1).readings


def _wrapped(program: str, argv: tuple[str, ...]) -> Iterator[int]:
    """Where the command that ``program`` would run may start: each such index."""
    if (words_before := _STARTS_BEHIND.get(program)) is not None:
        found = [at + 1 for at, word in enumerate(argv) if word in words_before]
        yield from range(found[0] if found else len(argv), len(argv))
    elif program in WRAPPERS:
        yield from range(1, len(argv))


def _behind_options(argv: tuple[str, ...]) -> Iterator[int]:
    """Where a subcommand may stand behind global options (``git -C . push``): each such index."""
    for index in range(2, len(argv)):
        if not argv[index - 1].startswith("-") and not argv[index - 2].startswith("-"):
            return
        yield index
