"""Arrow sketches, as people type them: ``API Gateway → Order Service → Order DB`` and below it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from archnb.design.elements import Design, Flow, Problem, Service, Source
from archnb.design.formats.base import Format
from archnb.design.formats.sketch.arrows import (
    LONGEST_LINE,
    Arrow,
    Box,
    Chain,
    Shaft,
    Way,
    chains,
    shafts,
)
from archnb.design.formats.sketch.lines import is_arrow_line, is_vertical
from archnb.design.kinds import flow_style, is_person, service_kind

_MOST_FLOWS_A_LINE = 1000
_INDENT = 2
_SHARED = "the arrow below stands under the whole column of services"


@dataclass(slots=True, eq=False)
class _Spot:
    """A box as drawn. ``low``: the first column from which an arrow below continues it."""

    key: str
    start: int
    end: int
    low: int
    parent: _Spot | None = None
    fan: list[_Spot] = field(default_factory=list)


@dataclass(slots=True)
class _Link:
    origin: str
    target: str
    dashed: bool
    label: str
    inferred: bool
    source: Source


@dataclass(slots=True)
class _Hanging:
    """A vertical arrow that waits for the line below it; ``spot`` is what it hangs from."""

    spot: _Spot | None
    shaft: Shaft


@dataclass(slots=True)
class _Open:
    """A line that ended in an arrow; ``column`` is where its targets stand, once one was seen."""

    spots: list[_Spot]
    arrow: Arrow
    indent: int
    column: int = -1


class _Reading:
    """One sketch, read line by line; what stands above decides what a line means."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.services: dict[str, Service] = {}
        self.links: dict[tuple[str, str, bool, str], _Link] = {}
        self.problems: list[Problem] = []
        self.row: list[_Spot] = []
        self.above: list[_Spot] = []
        self.hanging: list[_Hanging] = []
        self.open: _Open | None = None
        self.title: tuple[tuple[Chain, ...], Source] | None = None
        self.source = Source(file)

    def line(self, number: int, text: str) -> None:
        self.source = Source(self.file, number)
        if len(text) > LONGEST_LINE:
            self.problem(f"this line is longer than {LONGEST_LINE} characters: break it up")
        elif found := shafts(text):
            self.hang(found)
        elif parts := chains(text):
            title, self.title = self.title, None
            if title and not self.hanging and parts[0].arrows and not parts[0].stops[0]:
                self.source = title[1]
                self.draw(title[0])
                self.source = Source(self.file, number)
            if text.rstrip().endswith(":") and not any(chain.arrows for chain in parts):
                self.title = parts, self.source
            else:
                self.draw(parts)
        elif re.search(r"\w", text) and not text.lstrip().startswith(("#", "//", "%%", "```")):
            self.problem(f"not understood: {text.strip()[:120]}")

    def problem(self, message: str) -> None:
        self.problems.append(Problem(self.source, message))

    def hang(self, found: tuple[Shaft, ...]) -> None:
        """Vertical arrows under the last row; a second line of them lengthens the first."""
        hanging = []
        for shaft in found:
            known = next((h for h in self.hanging if abs(h.shaft.column - shaft.column) <= 1), None)
            if known:
                turn = shaft.turn or known.shaft.turn
                if {shaft.turn, known.shaft.turn} == {"up", "down"}:
                    turn = "both"
                label = known.shaft.label or shaft.label
                hanging.append(_Hanging(known.spot, Shaft(shaft.column, turn, label)))
            else:
                hanging.append(_Hanging(_nearest(self.row, shaft.column), shaft))
        self.hanging = hanging

    def draw(self, parts: tuple[Chain, ...]) -> None:
        row: list[_Spot] = []
        for number, chain in enumerate(parts):
            stops = [[self.spot(box) for box in stop] for stop in chain.stops]
            placed = [spot for stop in stops for spot in stop]
            if chain.arrows and not stops[0]:
                self.carry_on(chain.arrows[0], stops, first=not number)
            elif not number:
                self.arrive(stops[0])
            for origins, arrow, targets in zip(stops, chain.arrows, stops[1:], strict=False):
                self.join(origins, arrow, targets)
            if chain.arrows and not stops[-1] and placed:
                before = next(stop for stop in reversed(stops) if stop)
                self.open = _Open(before, chain.arrows[-1], placed[0].start)
            row += placed
        if row:
            self.stand(row)

    def carry_on(self, arrow: Arrow, stops: list[list[_Spot]], *, first: bool) -> None:
        """A line that begins with an arrow goes on from the box above it."""
        origin = self.origin(arrow) if first else None
        self.hanging = []
        if origin is None or len(stops) < 2 or not stops[1]:
            self.problem("this arrow has no name on both of its sides, nor one above it")
            return
        self.join([origin], arrow, stops[1])
        if first:
            stops[1][0].low = arrow.start + _INDENT

    def origin(self, arrow: Arrow) -> _Spot | None:
        """The box above in whose column, or after which, the arrow starts.

        A vertical arrow with a head, between that box and this line, says it outright.
        """
        headed = [h.spot for h in self.hanging if h.shaft.turn == "down" and h.spot]
        if headed and not arrow.tree:
            anchor = headed[0]
            self.above = [spot for spot in self.above if spot.low < min(anchor.low, arrow.start)]
            anchor.low = min(anchor.low, arrow.start)
            self.above.append(anchor)
            return anchor
        place = bisect_right(self.above, arrow.start, key=lambda spot: spot.low)
        del self.above[place:]  # a sibling closes what its elder siblings had begun
        return self.above[-1] if place else None

    def arrive(self, spots: list[_Spot]) -> None:
        """A line that begins with a name ends the arrows that were left open above it."""
        if self.open and spots:
            column = spots[0].start
            deeper = column > self.open.indent
            if self.open.column < 0 or (deeper and column == self.open.column):
                self.join(self.open.spots, self.open.arrow, spots)
                self.open.column = column
            if not deeper or column != self.open.column:
                self.open = None

    def stand(self, row: list[_Spot]) -> None:
        """The row becomes what the next lines see above them; vertical arrows end at it."""
        for hung in self.hanging:
            below = _nearest(row, hung.shaft.column)
            if hung.spot is None:
                self.problem("this vertical arrow has no name above it")
            elif below is not None:
                self.drop(hung.spot, hung.shaft, below)
        self.hanging = []
        leftmost = min(spot.low for spot in row)
        while self.above and self.above[-1].low >= leftmost:
            self.above.pop()
        self.above += sorted(row, key=lambda spot: spot.low)
        self.row = row

    def drop(self, upper: _Spot, shaft: Shaft, lower: _Spot) -> None:
        """A vertical arrow; one that leads from a column of services to a queue serves them all."""
        way: Way = "left" if shaft.turn == "up" else "both" if shaft.turn == "both" else "right"
        arrow = Arrow(shaft.column, way, label=shaft.label)
        fellows = upper.parent.fan if upper.parent and way != "left" else []
        self.join([upper], arrow, [lower])
        service = self.services[lower.key]
        if service_kind(service.name, service.technology) == "queue":
            for fellow in fellows:
                other = self.services[fellow.key]
                plain = service_kind(other.name, other.technology) == "service"
                if plain and fellow.key not in (upper.key, lower.key):
                    self.link(fellow, lower, dashed=False, label=shaft.label, inferred=True)

    def join(self, origins: list[_Spot], arrow: Arrow, targets: list[_Spot]) -> None:
        if len(origins) * len(targets) > _MOST_FLOWS_A_LINE:
            self.problem(f"more than {_MOST_FLOWS_A_LINE} flows in one line: break it up")
            return
        for origin in origins:
            for target in targets:
                if arrow.way != "left":
                    self.link(origin, target, dashed=arrow.dashed, label=arrow.label)
                if arrow.way != "right":
                    self.link(target, origin, dashed=arrow.dashed, label=arrow.label)
        for target in targets:
            if origins and target.parent is None:
                target.parent = origins[0]
                origins[0].fan.append(target)

    def link(
        self, origin: _Spot, target: _Spot, *, dashed: bool, label: str, inferred: bool = False
    ) -> None:
        key = (origin.key, target.key, dashed, label)
        link = _Link(origin.key, target.key, dashed, label, inferred, self.source)
        if key not in self.links or (self.links[key].inferred and not inferred):
            self.links[key] = link

    def spot(self, box: Box) -> _Spot:
        key = box.name.casefold()
        known = self.services.get(key, Service(box.name, source=self.source))
        self.services[key] = replace(known, technology=known.technology or box.note)
        return _Spot(key, box.start, box.end, box.start)

    def design(self) -> Design:
        reached = {link.target for link in self.links.values()}
        services = {key: _kinded(service, key in reached) for key, service in self.services.items()}
        flows = [_flow(link, services) for link in self.links.values()]
        return Design(
            services=tuple(services.values()), flows=tuple(flows), problems=tuple(self.problems)
        )


def _nearest(row: list[_Spot], column: int) -> _Spot | None:
    """The box of a row that stands over (or under) a column, else the closest one."""
    return min(
        row, key=lambda spot: max(spot.start - column, column - spot.end + 1, 0), default=None
    )


def _kinded(service: Service, reached: bool) -> Service:
    kind = service_kind(service.name, service.technology)
    if is_person(service.name) and kind in ("client", "service"):
        # Users that something calls are a service of that name; people only begin things.
        kind = (
            "service" if reached and service.name.lower() not in ("user", "customer") else "client"
        )
    return replace(service, kind=kind)


def _flow(link: _Link, services: dict[str, Service]) -> Flow:
    origin, target = services[link.origin], services[link.target]
    return Flow(
        origin.name,
        target.name,
        style=flow_style(origin.kind, target.kind, dashed=link.dashed, label=link.label),
        label=link.label,
        inferred=link.inferred,
        evidence=_SHARED if link.inferred else "",
        source=link.source,
    )


def read(text: str, file: str) -> Design:
    """Services and flows of a sketch: boxes by name (in any case), flows by what an arrow joins."""
    reading = _Reading(file)
    for number, line in enumerate(re.sub(r"\r\n?", "\n", text).split("\n"), 1):
        reading.line(number, line)
    if reading.hanging and any(hung.shaft.turn for hung in reading.hanging):
        reading.problem("this vertical arrow has no name below it")
    if reading.open and reading.open.column < 0:
        reading.problem("the last arrow leads nowhere")
    return reading.design()


def recognise(file: str, text: str) -> float:
    """High where lines are arrows between names; the more of them, the surer."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()]
    arrows = [line for line in lines if is_arrow_line(line)]
    if not arrows:
        return 0.5 if file.endswith(FORMAT.suffixes) else 0.0
    if file.endswith(FORMAT.suffixes):
        return 1.0
    drawn = len(arrows) + sum(is_vertical(line) for line in lines)
    return 0.6 + 0.3 * drawn / len(lines)


def write(design: Design) -> str:
    """The services and flows as arrow lines, one a flow; a service without flows stands alone."""
    notes = {service.name: service.technology for service in design.services}
    lines = []
    named: set[str] = set()

    def box(name: str) -> str:
        note = "" if name in named else notes.get(name, "")
        named.add(name)
        note = re.sub(r"[()\[\]\s]+", " ", note).strip()
        return f"{_quoted(name)} ({note})" if note else _quoted(name)

    kinds = {service.name: service.kind for service in design.services}
    for flow in design.flows:
        ends = kinds.get(flow.origin, "service"), kinds.get(flow.target, "service")
        plain = flow_style(*ends, label=flow.label)
        arrow = "~>" if flow.style == "async" and plain != "async" else "→"
        label = re.sub(r"[\[\]\s]+", " ", flow.label).strip()
        said = f"[{label}] " if label else ""
        origin = box(flow.origin)
        lines.append(f"{origin} {arrow} {said}{box(flow.target)}")
    lines += [box(service.name) for service in design.services if service.name not in named]
    return "\n".join(lines) + "\n" if lines else ""


def _quoted(name: str) -> str:
    """``name`` in quotes where it would else be read as something other than one name."""
    flat = " ".join(name.split())
    boxes = [box for chain in chains(flat) for stop in chain.stops for box in stop]
    plain = [(box.name, box.note) for box in boxes] == [(flat, "")] and not flat.endswith(":")
    if plain and not shafts(flat):
        return flat
    return '"' + flat.replace('"', "'") + '"'


FORMAT = Format("sketch", (".sketch", ".arch"), recognise, read, write)
