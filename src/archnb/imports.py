"""What lies in the working folder is no library: while archnb imports, it is not found there.

A kernel looks for modules in the folder of the notebook first, archnb imports its libraries late,
and between the two a model or a stranger may have put a ``yaml.py`` there. A person's own imports
stay as they are, and so does whatever a person has imported from the folder before: it runs
already. Of a library's own threads and tasks, where neither archnb nor a person's code is on the
stack, only imports of the standard library are guarded; the person's libraries may mean the folder.
"""

# ruff: noqa: PTH100, PTH109, PTH117, PTH120
# Entries of sys.path are texts, and pathlib would double what a guarded import costs.
from __future__ import annotations

import os
import site
import sys
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import machinery
from types import FrameType, ModuleType

_US = __name__.partition(".")[0]


def guard() -> None:
    """Have Python's search along ``sys.path`` guarded from now on; once is enough.

    The guarded search takes the place of the plain one, so that built-in modules and the finders
    of editable installs go on as before.
    """
    if any(getattr(finder, "__module__", "") == __name__ for finder in sys.meta_path):
        return
    sys.meta_path[:] = [
        _guarded(_working()) if finder is machinery.PathFinder else finder
        for finder in sys.meta_path
    ]


def trusted(places: Sequence[str]) -> list[str]:
    """Those of ``places`` (entries of ``sys.path``) that are not in the working folder.

    Python's own folders count as outside of it wherever they are: a ``.venv`` in a project does.

    >>> trusted(["", "lib"])
    []
    """
    return _outside(places, _working())


def _guarded(start: tuple[str, ...]) -> type[machinery.PathFinder]:
    class PathFinder(machinery.PathFinder):  # some libraries look for one of this name
        @classmethod
        def find_spec(
            cls,
            fullname: str,
            path: Sequence[str] | None = None,
            target: ModuleType | None = None,
        ) -> machinery.ModuleSpec | None:
            places = list(sys.path if path is None else path)
            folders = start + _working()
            kept = _outside(places, folders)
            # a package that lies in the folder as a whole has been imported by the person
            mixed = len(kept) < len(places) and (path is None or bool(kept))
            if mixed and _for_us(fullname, folders):
                return machinery.PathFinder.find_spec(fullname, kept, target)
            return machinery.PathFinder.find_spec(fullname, path, target)

    return PathFinder


def _for_us(name: str, folders: tuple[str, ...]) -> bool:
    """Whether archnb's code wants the module: it is nearer on the stack than a person's."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        file = str(frame.f_globals.get("__file__"))
        if module.partition(".")[0] == _US:
            if module != __name__:
                return True
        elif (
            not _is_outside(file, folders) if os.path.isabs(file) else module == "__main__"
        ):  # a file of the folder, a cell
            return False
        frame = frame.f_back
    return name.partition(".")[0] in sys.stdlib_module_names


def _outside(places: Sequence[str], folders: tuple[str, ...]) -> list[str]:
    return [place for place in places if _is_outside(place, folders)]


@lru_cache(maxsize=4096)
def _is_outside(place: str, folders: tuple[str, ...]) -> bool:
    """Whether an entry or a file is absolute and below none of ``folders``, or Python's own."""
    if not os.path.isabs(place):
        return False
    spelled = _normal(place)
    if any(_below(spelled, library) for library in _libraries()):
        return True
    ways = {spelled, _normal(os.path.realpath(place))}
    homes = {_normal(home) for home in (sys.prefix, sys.exec_prefix, sys.base_prefix)}
    for folder in map(_normal, folders):
        inside = {home for home in homes if home != folder and _below(home, folder)}
        if any(_below(spelled, home) for home in inside):
            continue
        if any(_below(way, folder) for way in ways):
            return False
    return True


@cache
def _libraries() -> frozenset[str]:
    """Where this Python keeps its modules, and where archnb lies: as good as archnb itself."""
    found = [os.path.dirname(os.__file__), *site.getsitepackages()]
    found += [site.USER_SITE] if site.ENABLE_USER_SITE and site.USER_SITE else []
    found += [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    prefixes = {_normal(sys.prefix), _normal(sys.base_prefix)}  # Windows names them, too
    return frozenset(map(_normal, found)) - prefixes


def _below(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder.rstrip(os.sep) + os.sep)


def _normal(place: str) -> str:
    return os.path.normcase(os.path.abspath(place))


def _working() -> tuple[str, ...]:
    try:
        return (os.getcwd(),)
    except OSError:  # it has been removed: nothing is found in it
        return ()
