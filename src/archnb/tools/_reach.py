"""What the words of a command reach in this workspace: links that lead out, and files of keys."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from functools import cache
from pathlib import Path

from archnb.execution import git
from archnb.permission.commands import Command
from archnb.tools._tracked import printed
from archnb.workspace import Workspace

MAX_FOUND = 10_000  # entries that the patterns of a command are held against
MAX_TRACKED = 100_000  # files of a repository that are looked at
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


class _TooManyError(Exception):
    """A pattern is held against more entries than are looked at."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at one command: ``tracked`` asks git once for each list, ``left`` are entries."""

    workspace: Workspace
    tracked: Callable[[Path, tuple[str, ...]], list[str] | None]
    left: Iterator[int]

    def spend(self) -> None:
        if next(self.left, None) is None:
            raise _TooManyError


def astray(command: Command, folder: Path, workspace: Workspace) -> str:
    """Why a command reaches more than its words say, in ``folder``; empty where it does not."""

    @cache
    def tracked(place: Path, pathspecs: tuple[str, ...]) -> list[str] | None:
        return git.tracked(place, pathspecs, workspace.root)

    look = _Look(workspace, tracked, iter(range(MAX_FOUND)))
    for part in command.parts:
        argv = part.argv
        if argv[:1] == ("cd",) and len(argv) == 2:
            folder = folder / argv[1]
        words = (_word(argv[0], word, folder, look) for word in argv[1:])
        if why := next(filter(None, words), "") or _program(argv, folder, look):
            return why
    return ""


def _word(program: str, word: str, folder: Path, look: _Look) -> str:
    """Why one word leads astray: outside, to keys, or to a name that reads as an option."""
    workspace = look.workspace
    try:
        meant = _meant(folder, word.partition("=")[2] or word, look)
    except _TooManyError:
        return f"{word} may find any of more than {MAX_FOUND:,} entries"
    for path in meant:
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


def _meant(folder: Path, word: str, look: _Look) -> list[Path]:
    """The entries that a word names, or finds as a pattern."""
    try:
        if re.search(r"[*?\[]", word):
            found = _found(folder, word, look)
            root = look.workspace.root  # of an absolute pattern the rest is told as outside
            return [p for p in found if word[0] != "/" or p.resolve().is_relative_to(root)]
        return [folder / word] if os.path.lexists(folder / word) else []
    except (OSError, ValueError):  # no name that a file could have
        return []


def _found(folder: Path, pattern: str, look: _Look) -> list[Path]:
    """What bash would find: ``**`` is ``*``, and a leading dot is only found by a dot."""
    places = [Path("/") if pattern.startswith("/") else folder]
    for part in filter(None, pattern.split("/")):
        if not re.search(r"[*?\[]", part):
            places = [place / part for place in places if os.path.lexists(place / part)]
            continue
        # A set in brackets has its own rules in bash: any letter stands for it.
        plain = re.sub(r"\[[!^]?\]?(\[:\w+:\]|[^\]])*\]", "?", part)
        wanted = re.compile(translate(re.sub(r"\*+", "*", plain)))
        places = [
            Path(place, name)
            for place in places
            for name in _names(place, look)
            if wanted.match(name) and (name[0] != "." or part[0] == ".")
        ]
    return places


def _names(place: Path, look: _Look) -> Iterator[str]:
    """What a folder holds; nothing of what is none, or closed."""
    try:
        with os.scandir(place) as listing:
            for entry in listing:
                look.spend()
                yield entry.name
    except OSError:
        return


def _program(argv: Sequence[str], folder: Path, look: _Look) -> str:
    """Why a program finds more by itself than its words name."""
    program, workspace = argv[0] if argv else "", look.workspace
    folder = folder.resolve()
    if program in ("npm", "npx", "pnpm", "yarn"):
        return _npm(folder, workspace.root)
    if program == "git" and {"remote", "config"} & set(argv[1:]):
        config = next((place / ".git" for place in (folder, *folder.parents)
                       if (place / ".git").is_dir()), folder)  # fmt: skip
        return _credentials(config / "config")
    if program == "git":
        return _git(argv, folder, look)
    hidden = _searches(argv)
    if program == "diff" and sum(_is_folder(folder / word) for word in argv[1:]) > 1:
        hidden = True  # it compares what both hold
    if hidden is None:
        return ""
    operands = [word for word in argv[1:] if not word.startswith("-")]
    if program != "diff" and not any(re.match(r"-\w*[ef]|--regexp|--file", word) for word in argv):
        operands = operands[1:]  # the first is what is looked for: `grep -r src`
    return _below(operands, folder, workspace, hidden, list(_wanted(argv)))


def _below(
    operands: Sequence[str], folder: Path, workspace: Workspace, hidden: bool, wanted: Sequence[str]
) -> str:
    """The first file of keys below the folders among ``operands``, or below ``folder``."""
    searched = [folder / word for word in operands if _is_folder(folder / word)] or [folder]
    searched = [place for place in searched if not _PUBLISHED & {*place.parts}]
    found = (_keys(place, workspace, hidden, wanted) for place in searched)
    return next(filter(None, found), "")


def _git(argv: Sequence[str], folder: Path, look: _Look) -> str:
    """Why git prints keys: they stand in files that it tracks, or that it searches besides."""
    pathspecs = printed(argv, folder)
    if pathspecs is None:
        return ""
    named = [spec.removeprefix(":(top,literal)") for spec in pathspecs]
    files = look.tracked(folder, pathspecs)
    if len(files or ()) > MAX_TRACKED:
        return "there are too many files to look for keys among them"
    for name in (*named, *(files or ())):
        if secret := look.workspace.secret(name):
            return f"it also prints {name}, and {secret}"
    operands = [word for word in argv[1:] if word[:1] != "-"]
    folders = [word for word in operands if _is_folder(folder / word)]
    # without a repository these two work as grep -r and diff do
    bare = files is None and ("grep" in operands or ("diff" in operands and folders))
    if bare or "--untracked" in argv or "--no-index" in argv:
        return _below(folders, folder, look.workspace, True, ())
    return ""


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
