"""What a diagram is, and what a finished drawing shows of itself."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archnb.design.elements import Design, Finding
from archnb.errors import DrawError

# CSS pixels that fit the cell of a small window; JupyterLab cuts a wider image off, unscrolled.
_WIDEST = 820


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
        width = min(self.width, _WIDEST)
        data = {
            "image/svg+xml": _fitted(self.svg),
            "image/png": base64.b64encode(self.png).decode("ascii"),
            "text/plain": self.text,
        }
        return data, {"image/png": {"width": width}}

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


class Drawings(tuple[Drawing, ...]):
    """The drawings of one design, which show themselves as the value of a cell."""

    __slots__ = ()

    def __repr__(self) -> str:
        """In words: IPython prefers a tuple's own printing to the text of the bundle."""
        return "\n\n".join(drawing.text for drawing in self) or "nothing to draw"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Jupyter's hook: a drawing alone as itself, several below one another."""
        if len(self) == 1:
            return self[0]._repr_mimebundle_()
        if not self:
            return {"text/plain": repr(self)}, {}
        return {"text/html": "\n".join(map(_image, self)), "text/plain": repr(self)}, {}

    def save(self, path: str | Path) -> list[Path]:
        """Write each drawing: one alone to ``path``, of several each to ``stem-KIND.suffix``."""
        if len(self) == 1:
            return [self[0].save(path)]
        target = Path(path)
        return [
            drawing.save(target.parent / f"{target.stem}-{drawing.kind}{target.suffix}")
            for drawing in self
        ]


def _fitted(svg: str) -> str:
    """The SVG as wide as the cell it stands in: without a size of its own, by its ``viewBox``."""

    def scaled(size: re.Match[str]) -> str:
        return size[0] if int(size[1]) <= _WIDEST else ""

    return re.sub(r' width="(\d+)" height="(\d+)"', scaled, svg, count=1)


def _image(drawing: Drawing) -> str:
    encoded = base64.b64encode(drawing.svg.encode()).decode("ascii")
    return (
        f'<img src="data:image/svg+xml;base64,{encoded}" '
        f'style="max-width:100%;display:block;margin:8px 0" alt="{html.escape(drawing.title)}">'
    )
