"""archnb: an architecture assistant that lives in a notebook.

``archnb.draw(archnb.read("schema.sql"))`` needs no notebook and no model; ``%load_ext archnb`` adds
the cells.
"""

from __future__ import annotations

from archnb.imports import guard

guard()  # of all that archnb imports from here on, nothing comes from the working folder

from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

from archnb.errors import ArchnbError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from archnb.design.diagrams import Drawing, Drawings
    from archnb.design.elements import Design, Finding
    from archnb.design.findings import Findings
    from archnb.design.verdicts import Verdicts
    from archnb.session.session import Session
    from archnb.session.transcript import Result

__version__ = "0.1.0"
__all__ = [
    "ArchnbError",
    "Design",
    "Drawing",
    "Findings",
    "Result",
    "Session",
    "Verdicts",
    "draw",
    "lint",
    "read",
    "verify",
]

_LAZY = {
    "Design": "archnb.design.elements",
    "Drawing": "archnb.design.diagrams",
    "Drawings": "archnb.design.diagrams",
    "Findings": "archnb.design.findings",
    "Result": "archnb.session.transcript",
    "Session": "archnb.session.session",
    "Verdicts": "archnb.design.verdicts",
}


def __getattr__(name: str) -> Any:
    """Types are imported when they are named, so that importing archnb costs next to nothing."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'archnb' has no attribute {name!r}")


def read(*paths: str | Path, text: str | None = None, format: str | None = None) -> Design:  # noqa: A002
    """The design of files, folders or ``text``; see :func:`archnb.design.reading.read`."""
    from archnb.design.reading import read as read_design

    return read_design(*paths, text=text, format=format)


def draw(
    design: Design | str | Path,
    kind: str = "auto",
    *,
    title: str = "",
    findings: Sequence[Finding] = (),
) -> Drawings:
    """The diagrams of a design (or of a file): ``erd``, ``services``, or whatever applies."""
    from archnb.design.diagrams import draw as draw_design

    known = read(design) if isinstance(design, str | Path) else design
    return draw_design(known, kind, title=title, findings=findings)


def lint(*designs: Design | str | Path, select: Sequence[str] | None = None) -> Findings:
    """What the rules say of a design, or of files and folders (then with safe fixes).

    ``select`` limits it to these rule codes.
    """
    from archnb.design.elements import Design as DesignType
    from archnb.design.findings import Findings as FindingsType
    from archnb.design.lint import lint as lint_design
    from archnb.design.reading import read_all

    paths = [design for design in designs if not isinstance(design, DesignType)]
    texts = {}
    whole = DesignType()
    if paths:
        reading = read_all(*paths)
        whole, texts = reading.design, dict(reading.texts)
    for design in designs:
        if isinstance(design, DesignType):
            whole |= design
    found = tuple(lint_design(whole, texts=texts, select=select))
    return FindingsType(found, whole.summary, whole.problems)


def verify(*paths: str | Path, text: str | None = None, engine: str = "auto") -> Verdicts:
    """What a real, throw-away database says of a schema; see :mod:`archnb.design.verify`."""
    from archnb.design.verdicts import Verdicts as VerdictsType
    from archnb.design.verify import verify as verify_design

    return VerdictsType(verify_design(*paths, text=text, engine=engine))


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext archnb``: writes no file, opens no connection."""
    from archnb.notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext archnb``."""
    from archnb.notebook.magics import unload

    unload(shell)
