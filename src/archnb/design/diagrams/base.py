"""What a diagram is, and what a finished drawing shows of itself."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archnb.design.elements import Design, Finding
from archnb.errors import DrawError


@dataclass(frozen=True, slots=True)
class View:
    """How a design is looked at.

    ``title`` heads the picture; ``focus`` names elements shown in full while the others stay small;
    ``findings`` become badges; ``direction`` is ``LR`` (ranks from left to right) or ``TB``.
    """

    title: str
    focus: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    direction: str = "LR"


@dataclass(frozen=True, slots=True)
class Diagram:
    """A kind of diagram.

    ``applies(design)`` says if there is something to draw; ``dot(design, view)`` gives DOT text;
    ``text(design, view)`` says in words all that the picture shows, and what it leaves out.
    Of several ``directions`` the one that reads best on a page is drawn.
    """

    name: str
    title: str
    applies: Callable[[Design], bool]
    dot: Callable[[Design, View], str]
    text: Callable[[Design, View], str]
    directions: tuple[str, ...] = ("LR",)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished diagram: DOT, SVG, PNG (twice ``width``, which is in CSS pixels), and words."""

    kind: str
    title: str
    dot: str
    svg: str
    png: bytes
    text: str
    width: int = 0

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Jupyter's hook: each front end takes the best form it can show."""
        data = {
            "image/svg+xml": self.svg,
            "image/png": base64.b64encode(self.png).decode("ascii"),
            "text/plain": self.text,
        }
        return data, {"image/png": {"width": self.width}}

    def save(self, path: str | Path) -> Path:
        """Write the form that the suffix names: .svg, .png, .dot or .txt."""
        target = Path(path)
        forms: dict[str, bytes] = {
            ".svg": self.svg.encode(),
            ".png": self.png,
            ".dot": self.dot.encode(),
            ".txt": self.text.encode(),
        }
        suffix = target.suffix.lower()
        if suffix not in forms:
            raise DrawError(
                f"A drawing cannot be saved as {target.name!r}.",
                hint=f"Use one of {', '.join(forms)}.",
            )
        try:
            target.write_bytes(forms[suffix])
        except OSError as error:
            raise DrawError(
                f"{target} cannot be written: {error.strerror or error}.",
                hint="Choose a folder that exists and can be written to.",
            ) from error
        return target
