"""What the words of a command reach in this workspace: links that lead out, and files of keys."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from archnb.permission.commands import Command
from archnb.workspace import Workspace

MAX_MATCHES = 500  # entries of a pattern that are looked at
MAX_ENTRIES = 20_000  # files and folders that the search for keys looks at

# What they are given they name, count or print; they show nothing of what stands in a file.
_NAMING = frozenset(
    "ls dir tree find stat file wc du df echo printf test basename dirname realpath readlink true"
    " false cd mkdir".split()
)
_GREP = frozenset({"grep", "egrep", "fgrep", "rgrep"})
_GREP_VALUES = "efmABCdD"  # letters behind which a value stands: `-er` looks for an "r"
_PUBLISHED = frozenset({"node_modules", "site-packages", "dist-packages"})  # no keys of a person
_CREDENTIALS = re.compile(
    r"://[^/\s@]*:[^/\s@]+@|://[\w-]{20,}@|extraheader|password|token\s*=", re.IGNORECASE
)
# Settings of npm by which it runs another program than its own. Source: npm's manual, config(7).
_NPM_RUNS = re.compile(
    r"(?m)^\s*(script-shell|shell|git|node-options|editor|init-module|viewer|browser|scripts-prepend"
    r"-node-path|nodedir|prefix)\s*="
)


def astray(command: Command, folder: Path, workspace: Workspace) -> str:
    """Why a command reaches more than its words say, in ``folder``; empty where it does not."""
    for part in command.parts:
        argv = part.argv
        if argv[:1] == ("cd",) and len(argv) == 2:
            folder = folder / argv[1]
        words = (_word(argv[0], word, folder, workspace) for word in argv[1:])
        why = next(filter(None, words), "") or _program(argv, folder, workspace)
        if why:
            return why
    return ""


def _word(program: str, word: str, folder: Path, workspace: Workspace) -> str:
    """Why one word leads astray: outside, to keys, or to a name that reads as an option."""
    for path in _meant(folder, word.partition("=")[2] or word):
        real = path.resolve()
        if not real.is_relative_to(workspace.root):
            return f"{word} leads outside the workspace"
        if path.name.startswith("-") and path.parent == folder and word[:1] in "*?[":
            return f"{word} finds a file called {path.name}, which reads as an option"
        name = workspace.name(real)
        linked = os.path.normpath(path) != str(real)
        if (linked or program not in _NAMING) and (secret := workspace.secret(name)):
            return f"{word} leads to {name}, and {secret}"
    return ""


def _meant(folder: Path, word: str) -> list[Path]:
    """The entries that a word names; of a pattern the first few hundred."""
    try:
        if re.search(r"[*?\[]", word) and not word.startswith("/"):
            found = (path for path in folder.glob(word) if _shell_finds(path, folder, word))
            return list(islice(found, MAX_MATCHES))
        return [folder / word] if os.path.lexists(folder / word) else []
    except (OSError, ValueError, NotImplementedError):  # no name that a file could have
        return []


def _shell_finds(path: Path, folder: Path, pattern: str) -> bool:
    """Whether bash would, too: it passes hidden names over unless the pattern has the dot."""
    names = path.relative_to(folder).parts
    wanted = Path(pattern).parts
    return len(names) == len(wanted) and not any(
        name[0] == "." != part[0] for name, part in zip(names, wanted, strict=True)
    )


def _program(argv: Sequence[str], folder: Path, workspace: Workspace) -> str:
    """Why a program finds more by itself than its words name."""
    program = argv[0] if argv else ""
    folder = folder.resolve()
    if program in ("npm", "npx", "pnpm", "yarn"):
        return _npm(folder, workspace.root)
    if program == "git" and {"remote", "config"} & set(argv[1:]):
        config = next((place / ".git" for place in (folder, *folder.parents)
                       if (place / ".git").is_dir()), folder)  # fmt: skip
        return _credentials(config / "config")
    hidden = _searches(argv)
    if hidden is None:
        return ""
    operands = [word for word in argv[1:] if not word.startswith("-")]
    if program != "diff" and not any(re.match(r"-\w*[ef]|--regexp|--file", word) for word in argv):
        operands = operands[1:]  # the first is what is looked for: `grep -r src`
    searched = [folder / word for word in operands if _is_folder(folder / word)] or [folder]
    searched = [place for place in searched if not _PUBLISHED & {*place.parts}]
    wanted = list(_wanted(argv))
    found = (_keys(place, workspace, hidden, wanted) for place in searched)
    return next(filter(None, found), "")


def _searches(argv: Sequence[str]) -> bool | None:
    """Whether a search below folders reads hidden files as well; None for what does not search.

    >>> _searches(["grep", "-rn", "x"]), _searches(["rg", "x"]), _searches(["grep", "-er", "x"])
    (True, False, None)
    """
    program, options = argv[0] if argv else "", [word for word in argv[1:] if word[:1] == "-"]
    letters = "".join(
        re.split(f"[{_GREP_VALUES}]", word)[0] for word in options if word[1:2] != "-"
    )
    if program in _GREP:
        recursive = {"--recursive", "--dereference-recursive", "--directories=recurse"}
        return (
            True if program == "rgrep" or {*"rR"} & {*letters} or recursive & {*options} else None
        )
    if program == "diff":
        return True if "r" in letters or "--recursive" in options else None
    if program == "rg":
        unrestricted = letters.count("u") + options.count("--unrestricted")
        return "." in letters or "--hidden" in options or unrestricted > 1
    return None


def _wanted(argv: Sequence[str]) -> Iterator[str]:
    """The patterns of file names that a search is limited to; none: every file."""
    for at, word in enumerate(argv):
        option, _, value = word.partition("=")
        if option in ("-g", "--glob", "--include") and not value:
            value = argv[at + 1] if at + 1 < len(argv) else ""
        if option in ("-g", "--glob", "--include") and value and not value.startswith("!"):
            yield value.rsplit("/", 1)[-1]


def _keys(place: Path, workspace: Workspace, hidden: bool, wanted: Sequence[str]) -> str:
    """The first file of keys that a search below ``place`` would read."""
    seen = 0
    for current, folders, files in os.walk(place):
        seen += len(folders) + len(files)
        if seen > MAX_ENTRIES:
            return "there are too many files to look for keys among them"
        if hidden and ".git" in folders and (why := _credentials(Path(current, ".git", "config"))):
            return why
        folders[:] = [
            name
            for name in folders
            if name not in _PUBLISHED and name != ".git" and (hidden or name[0] != ".")
        ]
        for name in files:
            chosen = not wanted or any(fnmatchcase(name, pattern) for pattern in wanted)
            if not chosen or (name[0] == "." and not hidden):
                continue
            path = Path(current, name)
            shown = path.relative_to(workspace.root).as_posix()
            if secret := workspace.secret(shown):
                return f"it also reads {shown}, and {secret}"
    return ""


def _credentials(config: Path) -> str:
    """Whether a repository's configuration holds a password or a token."""
    try:
        text = config.read_bytes()[:100_000].decode("utf-8", "replace")
    except OSError:
        return ""
    return "this repository's git configuration holds keys" if _CREDENTIALS.search(text) else ""


def _npm(folder: Path, root: Path) -> str:
    """The setting of the project by which npm runs another program than its own."""
    for place in (folder, *folder.parents):
        try:
            text = (place / ".npmrc").read_bytes()[:100_000].decode("utf-8", "replace")
        except OSError:
            text = ""
        if found := _NPM_RUNS.search(text):
            return f"the project's .npmrc makes npm run something else ({found[1]})"
        if place == root:
            break
    return ""


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except (OSError, ValueError):
        return False
