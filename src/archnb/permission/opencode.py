"""What OpenCode 1.18 would decide for the same call: archnb is never looser than this."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from archnb.permission.grammar import source, tree
from archnb.permission.rules import ALIASES, Rule, evaluate, matches, strictest

if TYPE_CHECKING:
    from tree_sitter import Node

EXTERNAL = "external_directory"
"""The permission under which OpenCode asks about folders outside the project."""

_CHANGING_FOLDER = frozenset("cd chdir pushd popd push-location set-location".split())
_NAMING_FILES = _CHANGING_FOLDER | frozenset(
    "rm cp mv mkdir touch chmod chown cat get-content set-content add-content copy-item"
    " move-item remove-item new-item rename-item".split()
)
_WORDS = frozenset("command_name word string raw_string concatenation".split())

# How many words name what a program does, beyond the first: what "always" offers is cut there.
_TWO_WORDS = frozenset(
    "bazel brew bun cargo cdk cf cmake composer consul crictl deno docker eksctl firebase flyctl"
    " git go gradle helm heroku hugo ip kind kubectl kustomize make mc minikube mongosh mysql mvn"
    " ng npm nvm nx openssl pip pipenv pnpm poetry podman psql pulumi pyenv python rake rbenv"
    " redis-cli rustup serverless skaffold sls sst swift systemctl terraform tmux turbo ufw vault"
    " vercel volta wp yarn".split()
)
_THREE_WORDS = frozenset("aws az doctl gcloud gh sfdx".split())
_THREE_WORDS_UNDER = {
    "bun": "run x",
    "cargo": "add run",
    "consul": "kv",
    "deno": "task",
    "docker": "builder compose container image network volume",
    "eksctl": "create",
    "git": "config remote stash",
    "ip": "addr link netns route",
    "kind": "create",
    "kubectl": "kustomize rollout",
    "mc": "admin",
    "npm": "exec init run view",
    "openssl": "req x509",
    "pnpm": "dlx exec run",
    "podman": "container image",
    "pulumi": "stack",
    "terraform": "workspace",
    "vault": "auth kv",
    "yarn": "dlx run",
}


@dataclass(frozen=True, slots=True)
class _Command:
    """A ``command`` node: what a rule is held against, and its words as they stand in the line."""

    text: str
    words: tuple[str, ...]


def settle(
    permission: str, patterns: Sequence[str], outside: Sequence[str], rules: Sequence[Rule]
) -> Rule:
    """The rule that decides a call: any deny, else any ask, else allow.

    ``rules`` are all that bind it, ``OPENCODE_DEFAULTS`` before the agent's. A line in which
    OpenCode finds no command (``x=1``, ``> file``) has no patterns, and nobody is asked.

    >>> rules = [Rule("*", "*", "allow"), Rule("bash", "rm *", "deny")]
    >>> settle("bash", ["ls", "rm x"], [], rules).action
    'deny'
    """
    asked = [(permission, pattern) for pattern in patterns]
    asked += [(EXTERNAL, folder) for folder in outside]
    if not asked:
        return Rule(permission, "*", "allow", "OpenCode finds nothing to ask about")
    return strictest(evaluate(name, pattern, rules) for name, pattern in asked)


def hidden(rules: Sequence[Rule], tools: Sequence[str]) -> set[str]:
    """The ``tools`` not offered to the model: the last rule for their name denies everything.

    >>> sorted(hidden([Rule("edit", "*", "deny")], ["bash", "edit", "write"]))
    ['edit', 'write']
    """
    gone = set()
    for tool in tools:
        name = ALIASES.get(tool, tool)
        last = next((rule for rule in reversed(rules) if matches(rule.permission, name)), None)
        if last is not None and last.pattern == "*" and last.action == "deny":
            gone.add(tool)
    return gone


def command_patterns(text: str) -> tuple[str, ...]:
    """What OpenCode holds the bash rules against: each command in the line, wherever it stands.

    The text is the source with its quotes, assignments and redirections; changes of folder give
    none.

    >>> command_patterns("cd src; git log $(date) > out")
    ('git log $(date) > out', 'date')
    """
    commands = _commands(text)
    named = [command for command in commands if command.words[0] not in _CHANGING_FOLDER]
    return tuple(dict.fromkeys(command.text for command in named))


def outside_folders(
    text: str,
    *,
    folder: str,
    root: str,
    home: str,
    is_folder: Callable[[str], bool] = lambda path: False,  # noqa: ARG005
) -> tuple[str, ...]:
    """The folders outside ``root`` that a bash line run in ``folder`` names, as patterns.

    Only arguments of programs that OpenCode knows to take files count, and no redirection. Paths
    are resolved as text: no link and no ``cd`` is followed. ``is_folder`` tells a folder, which is
    asked about itself, from a file, whose parent is; where it is not given, what a ``cd`` goes to
    and what ends in a slash is a folder.

    >>> outside_folders("cat ~/a b > /etc/c", folder="/ws", root="/ws", home="/home/u")
    ('/home/u/*',)
    """
    found = [] if _inside(folder, root) else [folder]
    for command in _commands(text):
        program = command.words[0]
        if program not in _NAMING_FILES:
            continue
        for word in command.words[1:]:
            if word.startswith("-") or (program == "chmod" and word.startswith("+")):
                continue
            named = _path(word, home)
            path = _resolved(named, folder)
            if not named or _inside(path, root):
                continue
            itself = is_folder(path) or named.endswith("/") or program in _CHANGING_FOLDER
            found.append(path if itself else posixpath.dirname(path))
    return tuple(dict.fromkeys(posixpath.join(path, "*") for path in found))


def outside_folder(path: str, *, root: str, folder: bool = False) -> str:
    """The pattern of the folder that a file tool's ``path`` lies in; empty inside ``root``.

    ``folder`` says that ``path`` is one itself. A leading ``~`` is a name like any other here.

    >>> outside_folder("../ext/e.txt", root="/ws"), outside_folder("src/a.py", root="/ws")
    ('/ext/*', '')
    """
    resolved = _resolved(path, root)
    if _inside(resolved, root):
        return ""
    return posixpath.join(resolved if folder else posixpath.dirname(resolved), "*")


def always_pattern(argv: Sequence[str]) -> str:
    """What OpenCode's "always" would allow after a yes to ``argv``; options count as words.

    >>> always_pattern(["npm", "run", "dev", "-w"]), always_pattern(["rm", "-rf", "x"])
    ('npm run dev *', 'rm *')
    """
    program = argv[0] if argv else ""
    second = argv[1] if len(argv) > 1 else ""
    if program in _THREE_WORDS or second in _THREE_WORDS_UNDER.get(program, "").split():
        count = 3
    else:
        count = 2 if program in _TWO_WORDS else 1
    return " ".join((*argv[:count], "*"))


@lru_cache(maxsize=256)
def _commands(text: str) -> tuple[_Command, ...]:
    """Every ``command`` node in the order of the text; what cannot be parsed is passed over."""
    return tuple(command for node in _nodes(tree(text)) if (command := _command(node)).words)


def _nodes(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "command" or _computes(node):
            yield node
        waiting.extend(reversed(node.named_children))


def _computes(node: Node) -> bool:
    """``(( x + 1 ))``, a command in OpenCode's grammar (0.25.0); ``(( x++ ))`` is a test there."""
    return (
        node.type == "compound_statement"
        and node.children[0].type == "(("
        and node.children[1].type != "postfix_expression"
    )


def _command(node: Node) -> _Command:
    parent = node.parent
    whole = parent if parent is not None and parent.type == "redirected_statement" else node
    words = tuple(source(child) for child in node.children if child.type in _WORDS)
    return _Command(source(whole).strip(), (source(node),) if _computes(node) else words)


def _path(word: str, home: str) -> str:
    """The path that a word of a command line names; empty where only the shell could tell."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'":
        word = word[1:-1]
    if word == "~" or word.startswith(("~/", "~\\")):
        word = home + word[1:]
    literal = re.split(r"[*?\[]", word, maxsplit=1)[0]
    unknown = literal.startswith(("(", "@(")) or "$" in literal or "`" in literal
    return "" if unknown else literal


def _resolved(path: str, folder: str) -> str:
    resolved = posixpath.normpath(posixpath.join(folder, path))
    return "/" + resolved.lstrip("/")  # two leading slashes mean one


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
