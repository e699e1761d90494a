"""Which commands of git print what stands in tracked files, and of which files."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

_ALWAYS = frozenset(
    "grep blame annotate archive format-patch range-diff fast-export difftool merge-tree".split()
)
_DIFFS = frozenset({"show", "diff"})  # they print it unless told to print less
_LOGS = frozenset(
    "log whatchanged reflog stash diff-tree diff-files diff-index rev-list request-pull".split()
)
# Options that print lines of files. Source: git's manual, git-log(1), "Generating patch text".
_PATCH = re.compile(
    r"-p|-u|-c|-[UGSLW].*|--(patch|patch-with-raw|patch-with-stat|unified|function-context|cc|dd"
    r"|word-diff|word-diff-regex|color-words|binary|remerge-diff)(=.*)?"
)
_LESS = re.compile(
    r"-s|--(no-patch|quiet|stat|compact-summary|numstat|shortstat|dirstat|summary|raw|name-only"
    r"|name-status)(=.*)?"
)
# Options that take no word behind them, in whatever command: what follows can be a path.
_ALONE = re.compile(
    r"-([acinlpsuwzEFHIP]|U?\d+)|--(patch|cached|staged|cc|stat|all|oneline|line-number|no-color)"
    r"|--[a-z-]+=.*"
)


def printed(argv: Sequence[str], folder: Path) -> tuple[str, ...] | None:
    """The pathspecs of the tracked files that ``argv`` may print, as from ``folder``; else None.

    >>> printed(["git", "log", "-p", "--", "src"], Path()), printed(["git", "show"], Path())
    (('src',), (':/',))
    >>> printed(["git", "log"], Path()), printed(["git", "diff", "--stat"], Path())
    (None, None)
    """
    words = [word for word in argv[1:] if word not in ("--no-pager", "-P")]
    if not words or argv[0] != "git":
        return None
    command, rest = words[0], words[1:]
    before = rest[: rest.index("--")] if "--" in rest else rest
    options = [word for word in before if word.startswith("-")]
    if not _prints(command, options):
        return None
    whole = "." if command == "grep" else ":/"
    operands = [word for word in before if not word.startswith("-")]
    if command in ("show", "cat-file") and operands:
        single = [re.fullmatch("[^:]+:([^:].*)", word) for word in operands]  # REVISION:PATH
        if all(single):
            return tuple(f":(top,literal){found[1]}" for found in single if found)
    if not all(map(_ALONE.fullmatch, options)):
        return (whole,)
    if "--" in rest:
        paths = rest[rest.index("--") + 1 :]
    else:
        paths = [word for word in operands[command == "grep" :] if os.path.lexists(folder / word)]
    if not paths or any(path.startswith(":") for path in paths):
        return (whole,)
    return tuple(paths)


def _prints(command: str, options: Sequence[str]) -> bool:
    """Whether a command of git prints lines of the files that it speaks of."""
    if command in _ALWAYS:
        return True
    if command == "cat-file":
        return not {"-t", "-s", "-e"} & {*options}
    if command == "status":
        return bool({"-v", "-vv", "--verbose"} & {*options})
    asked = any(map(_PATCH.fullmatch, options))
    if command in _DIFFS:
        return asked or not any(map(_LESS.fullmatch, options))
    return command in _LOGS and asked
