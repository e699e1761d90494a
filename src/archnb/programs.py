"""Finds the programs that archnb itself starts, and none that lies in a project."""

# ruff: noqa: PTH100, PTH109, PTH111, PTH117, PTH120
# os.path never raises here, and is what PATH speaks.
from __future__ import annotations

import contextlib
import functools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path


def find(name: str, *projects: Path) -> str | None:
    """The real path of the program ``name`` on PATH, passing over what ``projects`` hold.

    So it does over what lies in the current folder, and over folders that are named relative to
    it: what is there was not installed by the person, and a command may have written it.

    >>> find("no such program") is None
    True
    """
    return _find(name, search_path(*projects), _places(projects))


def search_path(*projects: Path) -> str:
    """PATH without the folders that ``projects`` or the current folder hold."""
    return _outside(os.environ.get("PATH", os.defpath), _places(projects))


@functools.cache
def _find(name: str, search: str, projects: tuple[str, ...]) -> str | None:
    for folder in search.split(os.pathsep):
        found = shutil.which(name, path=folder) if folder else None
        if found is not None:
            real = os.path.realpath(found)
            if not any(held(real, project) for project in projects):
                return real
    return None


@functools.cache
def _outside(search: str, projects: tuple[str, ...]) -> str:
    def kept(folder: str) -> bool:
        both = (os.path.normpath(folder), os.path.realpath(folder))
        return not any(held(place, project) for place in both for project in projects)

    folders = search.split(os.pathsep)
    return os.pathsep.join(each for each in folders if os.path.isabs(each) and kept(each))


def held(place: str | os.PathLike[str], project: str | os.PathLike[str]) -> bool:
    """Whether the absolute ``place`` lies in ``project``. All of the disk is none, but for a home.

    >>> held("/p/.venv/bin/git", "/p"), held("/usr/bin/git", "/p"), held("/usr/bin/git", "/")
    (True, False, False)
    """
    if os.path.dirname(project) == project:
        project = os.path.realpath(os.path.expanduser("~"))
        if os.path.dirname(project) == project:
            return False
    return Path(place).is_relative_to(project)


def _places(projects: Sequence[Path]) -> tuple[str, ...]:
    """Each project as it is named and where it really lies; with the current folder.

    A current folder that holds a home says nothing of a project.
    """
    named = [os.path.abspath(each) for each in projects]
    with contextlib.suppress(OSError):  # the current folder was deleted
        if not held(os.path.expanduser("~"), os.getcwd()):
            named.append(os.getcwd())
    return tuple(dict.fromkeys([*named, *map(os.path.realpath, named)]))
