"""How the parts in a folder are found: every object of a kind in every module of a package."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

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
