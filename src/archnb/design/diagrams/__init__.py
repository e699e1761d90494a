"""Drawings of a design: DOT text, then SVG and PNG by a graphviz engine in a child process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import PurePath

from archnb.design.diagrams._ink import clean
from archnb.design.diagrams.base import Diagram, Drawing, Drawings, View
from archnb.design.elements import Design, Finding
from archnb.errors import DrawError
from archnb.parts import collect

__all__ = ["Diagram", "Drawing", "Drawings", "View", "diagrams", "draw"]

_PAGE = 1000.0  # CSS pixels that a notebook's output is wide


def diagrams() -> dict[str, Diagram]:
    """Every kind of diagram, by name."""
    return {diagram.name: diagram for diagram in collect(sys.modules[__name__], Diagram)}


def draw(
    design: Design,
    kind: str = "auto",
    *,
    title: str = "",
    focus: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> Drawings:
    """Draw a design: each diagram that applies, or the one ``kind`` names.

    ``focus`` names tables or services: only they and their neighbours are drawn. ``DrawError``
    is raised for an unknown kind or name, for a named kind with nothing to draw, and where the
    engine fails; ``auto`` with nothing to draw gives none.
    """
    from archnb.design.diagrams._focus import narrow

    known = diagrams()
    if kind != "auto" and kind not in known:
        raise DrawError(
            f"There is no diagram called {kind!r}.", hint=f"Known: auto, {', '.join(known)}."
        )
    seen = narrow(design, focus) if focus else design
    chosen = [part for part in known.values() if kind in ("auto", part.name) and part.applies(seen)]
    if kind != "auto" and not chosen:
        raise DrawError(f"Nothing to draw as {kind}: the design holds {design.summary}.")
    return Drawings(
        _drawing(diagram, seen, clean(title) or _titled(design, diagram), focus, findings)
        for diagram in chosen
    )


def _drawing(
    diagram: Diagram,
    design: Design,
    title: str,
    focus: Sequence[str],
    findings: Sequence[Finding],
) -> Drawing:
    """The drawing in the direction that reads best; the first has the preference."""
    from archnb.design.diagrams.dot import engine, finish, pixels, to_png, to_svg

    program = engine()
    views = [
        View(title, tuple(focus), tuple(findings), direction) for direction in diagram.directions
    ]
    drawn = []
    for place, view in enumerate(views):
        source = diagram.dot(design, view)
        svg, width, height = to_svg(source, program)
        cost = _cost(pixels(width), pixels(height)) * (1 if place == 0 else 1.25)
        drawn.append((cost, place, source, svg, width))
    _, place, source, svg, width = min(drawn)
    return Drawing(
        diagram.name,
        title,
        source,
        finish(svg, title),
        to_png(source, program),
        diagram.text(design, views[place]),
        pixels(width),
    )


def _cost(width: float, height: float) -> float:
    """What a picture costs its reader: height, and the more the more it shrinks to fit the page."""
    shrunk = max(1.0, width / _PAGE)
    illegible = max(1.0, shrunk / 1.5)  # from here on small type is below 7 pixels
    return height * shrunk**2 * illegible**3


def _titled(design: Design, diagram: Diagram) -> str:
    """The diagram's title, with the file where everything comes from one."""
    sources = [entity.source for entity in design.entities]
    sources += [service.source for service in design.services]
    files = {PurePath(source.file).name for source in sources}
    name = files.pop() if len(files) == 1 else ""
    return clean(f"{diagram.title} · {name}") if name else diagram.title
