"""The services diagram: what runs and what it talks to, shape by kind, line by style."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archnb.design.diagrams._ink import (
    ACCENTS,
    BLUE,
    FONT,
    HAIR,
    INK,
    LINE,
    MUTED,
    OCHRE,
    PAPER,
    PURPLE,
    SOFT,
    WASH,
    about,
    badges,
    caption,
    clip,
    font,
    on_line,
    plural,
    sample,
    written,
)
from archnb.design.diagrams._links import Crowd, Link, fold, links
from archnb.design.diagrams._words import services_in_words
from archnb.design.diagrams.base import Diagram, View
from archnb.design.elements import Design, Finding, Service, ServiceKind

if TYPE_CHECKING:
    import graphviz

_TOP = '<tr><td height="3"></td></tr>'  # bold type stands high in its line
_DATA = "#a98f4b"
_PALE = "#9fabb6"


@dataclass(frozen=True, slots=True)
class _Look:
    shape: str
    style: str
    fill: str
    line: str
    ink: str = INK
    second: str = MUTED


_LOOKS: dict[ServiceKind, _Look] = {
    "service": _Look("box", "rounded,filled", BLUE.tint, BLUE.dark),
    "store": _Look("cylinder", "filled", OCHRE.tint, OCHRE.dark),
    "queue": _Look("cds", "filled", PURPLE.tint, PURPLE.dark),
    "gateway": _Look("box", "rounded,filled", INK, INK, PAPER, "#cbd2d9"),
    "client": _Look("box", "rounded,filled", PAPER, LINE),
    "external": _Look("box", "rounded,filled,dashed", PAPER, LINE, SOFT),
    "job": _Look("component", "filled", PAPER, BLUE.dark),
}


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is drawn: services (also those only a flow names), lines out of ``every``, crowds."""

    services: tuple[Service, ...]
    unknown: frozenset[str]
    every: tuple[Link, ...]
    links: tuple[Link, ...]
    crowds: tuple[Crowd, ...]

    @property
    def protocol(self) -> str:
        """The label of most calls where each has one: said once in the legend, not on each line."""
        calls = [link.labels for link in self.links if link.style == "sync" and not link.startup]
        most, count = Counter(calls).most_common(1)[0] if calls else ((), 0)
        usual = len(calls) > 5 and all(calls) and len(most) == 1 and count > 0.7 * len(calls)
        return most[0] if usual else ""

    @property
    def concluded(self) -> bool:
        """Whether no flow was stated as such: then one line says so, and no line needs to."""
        real = [link for link in self.links if not link.startup]
        return bool(real) and all(link.inferred for link in real)


def _scene(design: Design) -> _Scene:
    every = links(design)
    drawn, crowds = fold(every, design.services)
    known = {service.name: service for service in design.services}
    ends = dict.fromkeys(end for link in every for end in (link.origin, link.target))
    unknown = [Service(name, "external") for name in ends if name not in known]
    return _Scene(
        (*known.values(), *unknown),
        frozenset(service.name for service in unknown),
        tuple(every),
        tuple(drawn),
        tuple(crowds),
    )


def dot(design: Design, view: View) -> str:
    """DOT text of the diagram."""
    scene = _scene(design)
    notes = [f"{crowd} (not drawn as lines)" for crowd in scene.crowds]
    notes += ["Connections are inferred from settings."] if scene.concluded else []
    graph = _paper(view, caption(view.title, _counts(scene), notes, _legend(scene)))
    ids = {service.name: f"s{number}" for number, service in enumerate(scene.services)}
    groups = list(dict.fromkeys(service.group for service in scene.services))
    for number, name in enumerate(sorted(groups, key=bool)):
        boxed = bool(name) and len(groups) > 1
        with graph.subgraph(name=f"cluster_{number}" if boxed else None) as part:
            if boxed:
                ink = ACCENTS[number % len(ACCENTS)].dark
                part.attr(
                    label=f"<{font(written(name, 40), size=11, color=ink, bold=True)}>",
                    labeljust="l",
                    style="rounded,filled",
                    color=HAIR,
                    fillcolor=WASH,
                    margin="14",
                )
            for service in scene.services:
                if service.group == name:
                    part.node(ids[service.name], **_node(service, scene, view))
    for link in scene.links:
        pale = link.inferred and not scene.concluded
        plain = replace(link, labels=()) if link.labels == (scene.protocol,) else link
        graph.edge(ids[link.origin], ids[link.target], **_edge(plain, pale=pale))
    return str(graph.source)


def text(design: Design, view: View) -> str:
    """The diagram in words: every service, every flow, also those that a badge stands for."""
    scene = _scene(design)
    spoken = dict.fromkeys(
        finding for service in scene.services for finding in _spoken(service, view)
    )
    return services_in_words(
        scene.services, scene.every, scene.crowds, view.title, _counts(scene), spoken
    )


def _counts(scene: _Scene) -> str:
    kinds = [service.kind for service in scene.services]
    nouns = {"store": "store", "queue": "queue", "client": "client", "external": "external system"}
    words = [plural(sum(kind not in nouns for kind in kinds), "service")]
    words += [plural(kinds.count(kind), noun) for kind, noun in nouns.items() if kind in kinds]
    pairs = {(link.origin, link.target) for link in scene.every}
    return " · ".join([*words, plural(len(pairs), "connection")])


def _paper(view: View, label: str) -> graphviz.Digraph:
    import graphviz

    return graphviz.Digraph(
        "services",
        graph_attr={
            "rankdir": view.direction,
            "bgcolor": PAPER,
            "pad": "0.3",
            "nodesep": "0.35",
            "ranksep": "0.7",
            "newrank": "true",
            "fontname": FONT,
            "fontsize": "10",
            "labelloc": "t",
            "labeljust": "l",
            "label": label,
        },
        node_attr={"fontname": FONT, "fontsize": "11", "penwidth": "1.3", "height": "0.55"},
        edge_attr={
            "fontname": FONT,
            "fontsize": "8.5",
            "fontcolor": MUTED,
            "color": SOFT,
            "penwidth": "1.2",
            "arrowsize": "0.7",
        },
    )


def _node(service: Service, scene: _Scene, view: View) -> dict[str, str]:
    look = _LOOKS[service.kind]
    second = _second(service, scene)
    notes = [
        f"{len(crowd.origins)} {'senders' if crowd.telemetry else 'users'}"
        for crowd in scene.crowds
        if crowd.target == service.name
    ]
    lines = [font(written(service.name, 32), color=look.ink, bold=True)]
    lines += [font(written(second, 34), size=8, color=look.second)] if second else []
    lines += [badges(_spoken(service, view), notes)]
    rows = "".join(f"<tr><td>{line}</td></tr>" for line in lines if line)
    return {
        "label": f'<<table border="0" cellspacing="0" cellpadding="0">{_TOP}{rows}</table>>',
        "shape": look.shape,
        "style": look.style,
        "fillcolor": look.fill,
        "color": look.line,
        "margin": "0.24,0.12" if look.shape in ("cds", "component") else "0.16,0.06",
    }


def _spoken(service: Service, view: View) -> list[Finding]:
    return [finding for finding in view.findings if about(service.name, service.source, 0, finding)]


def _second(service: Service, scene: _Scene) -> str:
    """The small line: technology (or the image's name), and how many run."""
    image = service.image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    built = service.technology or image
    words = [built if built.lower() != service.name.lower() else ""]
    words += [f"{service.replicas} replicas"] if service.replicas > 1 else []
    words += ["not defined here"] if service.name in scene.unknown else []
    words += ["job"] if service.kind == "job" else []
    return ", ".join(word for word in words if word)


def _edge(link: Link, *, pale: bool) -> dict[str, str]:
    look: dict[str, str] = {}
    if link.startup:
        look = {"style": "dotted", "color": _PALE, "arrowsize": "0.5", "weight": "0"}
    else:
        look = {"color": _PALE} if pale else {}
        match link.style:
            case "sync":
                pass
            case "async":
                look["style"] = "dashed"
                if not link.directed:
                    look["arrowhead"] = "none"
            case "data":
                look = {"arrowhead": "none", "color": _PALE if pale else _DATA}
    if link.labels:
        look["label"] = on_line(link.labels)
    return look


def _legend(scene: _Scene) -> list[str]:
    """The styles of line that appear, unless there are only plain calls."""
    real = [link for link in scene.links if not link.startup]
    styles = {link.style if link.directed else "either way" for link in real}
    legend = [
        sample(mark, color, meaning)
        for style, mark, color, meaning in (
            ("sync", "——", SOFT, f"{clip(scene.protocol, 26)} call".strip()),
            ("async", "- - >", SOFT, "message or event"),
            ("either way", "- - -", SOFT, "messages, sent or received"),
            ("data", "——", _DATA, "reads and writes"),
        )
        if style in styles
    ]
    if any(link.inferred for link in real) and not scene.concluded:
        legend.append(sample("——", _PALE, "inferred from settings"))
    if any(link.startup for link in scene.links):
        legend.append(sample("· · · ·", _PALE, "only starts after"))
    return legend if len(legend) > 1 or styles & {"async", "either way"} or scene.protocol else []


SERVICES = Diagram(
    "services",
    "Services and flows",
    lambda design: bool(design.services or links(design)),
    dot,
    text,
    directions=("LR", "TB"),
)
