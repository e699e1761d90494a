"""How parts are found: every object of a kind in a package's modules, and what others installed."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from types import ModuleType
from typing import Any, TypeVar

from archnb.imports import trusted

Kind = TypeVar("Kind")


def collect(package: ModuleType, kind: type[Kind]) -> list[Kind]:
    """Every module-level object of ``kind`` in the modules of ``package``, by module name.

    A module whose name starts with an underscore holds no parts.
    """
    found: list[Kind] = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            found += [
                part
                for part in vars(module).values()
                if isinstance(part, kind) and part not in found
            ]
    return found


def installed(group: str) -> list[Any]:
    """What the entry points of ``group`` name, of distributions outside the working folder.

    One that cannot be imported is left out with a warning: also one whose code lies in the working
    folder, where anybody who sent it may have written it.
    """
    from importlib.metadata import distributions

    found: dict[str, list[Any]] = {}
    for distribution in distributions(path=trusted(sys.path)):
        points = [point for point in distribution.entry_points if point.group == group]
        if points and distribution.name not in found:
            parts = found[distribution.name] = []
            for point in points:
                try:
                    parts.append(point.load())
                except ImportError as error:
                    warnings.warn(
                        f"{group} {point.name} of {distribution.name} is left out: {error}. "
                        "archnb imports nothing from the working folder.",
                        stacklevel=2,
                    )
    return [part for parts in found.values() for part in parts]
