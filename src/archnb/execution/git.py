"""Whether reading with git could run a program: what git itself says of a folder's repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from archnb import programs
from archnb.execution.environment import clean_environment

TIME = 2.0  # seconds for each question to git
MAX_ENTRIES = 10_000  # files and folders that the search for other repositories looks at

# Keys of a repository's own configuration by which git neither runs nor reads anything, however
# they are set; every other key is a reason to ask. Source: git's manual, git-config(1).
_HARMLESS = re.compile(
    r"""core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode
      |symlinks|autocrlf|eol|safecrlf|quotepath|abbrev|longpaths|compression|untrackedcache
      |commentchar|protecthfs|protectntfs)
    |user\.(name|email) |author\.(name|email) |committer\.(name|email)
    |remote\..+\.(url|pushurl|fetch|push|tagopt|prune|gh-resolved)
    |branch\..+\.(remote|merge|rebase|pushremote|description|vscode-merge-base)
    |branch\.(autosetupmerge|autosetuprebase|sort) |tag\.sort
    |init\.defaultbranch |extensions\.objectformat |lfs\.repositoryformatversion
    |pull\.(rebase|ff) |push\.(default|autosetupremote|followtags) |fetch\.(prune|prunetags)
    |merge\.(ff|conflictstyle) |rebase\.(autostash|autosquash|updaterefs)
    |color\.[^.]+(\.[^.]+)? |log\.(date|decorate) |rerere\.enabled |gc\.auto
    |diff\.(algorithm|renames|noprefix|mnemonicprefix|colormoved)""",
    re.VERBOSE | re.DOTALL,
)
_OWN = frozenset({"system", "global", "command"})  # scopes that a repository cannot write to


@dataclass(frozen=True, slots=True)
class _Git:
    """A git of this machine, asked in ``folder`` as a command of the agent would ask it."""

    program: str
    search: str
    folder: Path

    def answer(self, *arguments: str) -> bytes | None:
        """What git prints; None where it fails."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=clean_environment() | {"PATH": self.search},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIME,
            check=False,
        )
        return done.stdout if done.returncode == 0 else None


def danger(folder: Path, *, below: bool, root: Path | None = None) -> str:
    """Why reading with git in ``folder`` could run a program that the repository names, or nothing.

    ``below``: the command may go to a folder below, so that repositories there count as well.
    Git is only asked what runs nothing. Settings in the environment stop hooks, the file system
    monitor and signature programs; filters, text conversion and diff drivers have no such switch.
    A git that lies in the workspace ``root`` (default: ``folder``) is not asked.
    """
    projects = (folder, root or folder)
    program = programs.find("git", *projects)
    if program is None:
        return "" if shutil.which("git") is None else "the only git here is one of this project"
    git = _Git(program, programs.search_path(*projects), folder)
    try:
        return _repository(git) or (_nested(folder) if below else "")
    except OSError as error:
        return f"the search for git repositories did not end ({error.strerror})"
    except subprocess.TimeoutExpired:
        return "git took too long to say how this repository is configured"


def tracked(folder: Path, pathspecs: Sequence[str], root: Path) -> list[str] | None:
    """The tracked files that ``pathspecs`` mean in ``folder``; None where git does not say.

    Their names are as from the top of the repository. Ask :func:`danger` first.
    """
    program = programs.find("git", folder, root)
    if program is None:
        return None
    git = _Git(program, programs.search_path(folder, root), folder)
    try:
        listed = git.answer("ls-files", "-z", "--full-name", "--", *pathspecs)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if listed is None else os.fsdecode(listed).split("\0")[:-1]


def _repository(git: _Git) -> str:
    """What is dangerous about the repository that git finds from its folder."""
    folder = git.folder
    places = (place / ".git" for place in (folder, *folder.parents))
    entry = next((place for place in places if os.path.lexists(place)), None)
    found = git.answer("rev-parse", "--absolute-git-dir")
    if found is None:
        return "git cannot read this repository" if entry else ""
    if entry is None or entry.is_symlink() or not entry.is_dir():
        return "this repository's git configuration lies elsewhere (.git is no plain folder)"
    if not entry.samefile(os.fsdecode(found.removesuffix(b"\n"))):
        return "this folder is itself a git folder"
    for name in ("commondir", "config.worktree", "worktrees", "modules"):
        if os.path.lexists(entry / name):
            return f"this repository's git configuration is in several places (.git/{name})"
    return _configured(git) or _submodules(git)


def _configured(git: _Git) -> str:
    """The first key of the repository's own configuration that may run or read something."""
    listed = git.answer("config", "--list", "--includes", "--show-scope", "--name-only", "--null")
    if listed is None:  # also a git older than 2.26
        return "git does not say how this repository is configured"
    fields = listed.decode("utf-8", "replace").split("\0")
    for scope, key in zip(fields[::2], fields[1::2], strict=False):
        if scope not in _OWN and not _HARMLESS.fullmatch(key):
            visible = "".join(letter if letter.isprintable() else "?" for letter in key)
            return f"this repository's git configuration may run programs ({visible[:100]})"
    return ""


def _submodules(git: _Git) -> str:
    """A repository within the repository has a configuration of its own, which git heeds."""
    entries = git.answer("ls-files", "--stage", "-z", ":/")
    if entries is None:
        return "git cannot list the files of this repository"
    if entries.startswith(b"160000 ") or b"\x00160000 " in entries:
        return "this repository has others in it (submodules), whose configuration may run programs"
    return ""


def _nested(folder: Path) -> str:
    """A repository below ``folder`` that a command could go to."""
    waiting, seen = [os.fspath(folder)], 0
    while waiting:
        place = waiting.pop()
        with os.scandir(place) as listing:
            entries = list(islice(listing, MAX_ENTRIES + 1))
        seen += len(entries)
        if seen > MAX_ENTRIES:
            return "there are too many folders to look for other git repositories in them"
        names = {entry.name.casefold() for entry in entries}
        git_folder = "head" in names and ("objects" in names or "commondir" in names)
        if Path(place) not in (folder, folder / ".git") and (git_folder or ".git" in names):
            return "another git repository lies below, whose configuration may run programs"
        for entry in entries:
            if entry.is_symlink():
                if entry.is_dir() and not Path(entry).resolve().is_relative_to(folder):
                    return "a linked folder leads elsewhere, where another git repository may lie"
            elif entry.is_dir():
                waiting.append(entry.path)
    return ""
