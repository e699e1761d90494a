"""The services diagram: shapes, lines, what is merged, folded and said in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from archnb.design.diagrams import draw
from archnb.design.diagrams._links import CROWD, Link, fold, links
from archnb.design.elements import Design, DomainEvent, Finding, Flow, Service

SHARED = Path(__file__).parents[4] / "shared" / "corpus"


def words_in(svg: str) -> list[str]:
    found = [element for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]
    return [(element.text or "").replace("\xa0", " ").strip() for element in found]


def edges(design: Design) -> list[str]:
    (drawing,) = draw(design, "services")
    return [line.strip() for line in drawing.dot.splitlines() if "->" in line]


@pytest.mark.parametrize(
    ("kind", "look"),
    [
        ("service", "shape=box"),
        ("store", "shape=cylinder"),
        ("queue", "shape=cds"),
        ("gateway", 'fillcolor="#1f2933"'),
        ("client", 'fillcolor="#ffffff"'),
        ("external", "dashed"),
        ("job", "shape=component"),
    ],
)
def test_a_shape_for_each_kind(kind, look: str) -> None:
    (drawing,) = draw(Design(services=(Service("it", kind),)))
    assert look in next(line for line in drawing.dot.splitlines() if line.strip().startswith("s0"))
    assert f"{kind.capitalize()} it" in drawing.text


@pytest.mark.parametrize(
    ("flow", "look", "words"),
    [
        (Flow("a", "b"), "s0 -> s1", "- a calls b"),
        (Flow("a", "b", "async"), "style=dashed", "- a sends to b"),
        (
            Flow("a", "b", "async", directed=False),
            "arrowhead=none style=dashed",
            "- a is connected to b",
        ),
        (
            Flow("a", "b", "async", startup=True, directed=False),
            "style=dotted",
            "- a starts after b",
        ),
        (Flow("a", "b", "data"), "arrowhead=none", "- a reads and writes b"),
        (Flow("a", "b", startup=True), "style=dotted", "- a starts after b"),
        (Flow("a", "b", label="<i>"), "&lt;i&gt;", "- a calls b: <i>"),
    ],
)
def test_a_line_for_each_style(flow: Flow, look: str, words: str) -> None:
    design = Design(services=(Service("a"), Service("b")), flows=(flow,))
    assert look in edges(design)[0]
    assert words in draw(design)[0].text.splitlines()


@pytest.mark.parametrize(
    ("flows", "merged"),
    [
        ([Flow("a", "b", label="x"), Flow("a", "b", label="y"), Flow("a", "b", label="x")],
         [Link("a", "b", "sync", ("x", "y"))]),
        ([Flow("a", "b"), Flow("b", "a")], [Link("a", "b", "sync"), Link("b", "a", "sync")]),
        ([Flow("a", "b"), Flow("a", "b", startup=True)], [Link("a", "b", "sync")]),
        ([Flow("a", "b", startup=True)], [Link("a", "b", "sync", startup=True)]),
        ([Flow("a", "b"), Flow("a", "b", "async")], [Link("a", "b", "sync"), Link("a", "b", "async")]),
        ([Flow("a", "b", inferred=True), Flow("a", "b")], [Link("a", "b", "sync")]),
        ([Flow("a", "b", "async", directed=False)], [Link("a", "b", "async", directed=False)]),
        ([Flow("a", "b", "async", directed=False), Flow("a", "b", "async")], [Link("a", "b", "async")]),
        ([Flow("a", "b", "async", directed=False), Flow("b", "a", "async")], [Link("b", "a", "async")]),
        ([Flow("a", "b", "async", directed=False), Flow("b", "a")],
         [Link("a", "b", "async", directed=False), Link("b", "a", "sync")]),
        ([Flow("a", "db", "data", "PostgreSQL")], [Link("a", "db", "data")]),
    ],
)  # fmt: skip
def test_flows_between_a_pair_are_one_line(flows: list[Flow], merged: list[Link]) -> None:
    services = (Service("a"), Service("b"), Service("db", "store", "PostgreSQL"))
    assert links(Design(services=services, flows=tuple(flows))) == merged


def test_events_become_lines_through_their_channel() -> None:
    services = (Service("a"), Service("b"), Service("bus", "queue"))
    event = DomainEvent("Paid", ("a",), ("b",), "bus")
    assert links(Design(services=services, domain_events=(event,))) == [
        Link("a", "bus", "async", ("Paid",)),
        Link("bus", "b", "async", ("Paid",)),
    ]
    direct = replace(event, channel="")
    assert links(Design(services=services, domain_events=(direct,))) == [
        Link("a", "b", "async", ("Paid",))
    ]


@pytest.mark.parametrize(
    ("target", "label", "callers", "crowd"),
    [
        (Service("otel-collector"), "", CROWD + 1, "9 services send telemetry to otel-collector"),
        (Service("sink"), "OTLP", CROWD + 1, "9 services send telemetry to sink"),
        (Service("flagd"), "", CROWD + 1, "9 services use flagd"),
        (Service("otel-collector"), "", CROWD, None),
        (Service("orders"), "gRPC", CROWD + 1, None),
        (Service("events", "queue", "Kafka"), "", CROWD + 1, None),
    ],
)
def test_a_crowd_around_infrastructure_is_folded(target, label, callers, crowd) -> None:
    names = [f"s{number}" for number in range(callers)]
    found = [Link(name, target.name, "sync", (label,) if label else ()) for name in names]
    drawn, crowds = fold(found, [target])
    assert [str(one) for one in crowds] == ([crowd] if crowd else [])
    assert len(drawn) == (0 if crowd else callers)


def test_what_is_folded_stands_in_caption_badge_and_words() -> None:
    names = [f"api-{number}" for number in range(12)]
    design = Design(
        services=(*(Service(name) for name in names), Service("otel-collector"), Service("jaeger")),
        flows=(*(Flow(name, "otel-collector", inferred=True) for name in names),
               Flow("otel-collector", "jaeger"), Flow("api-0", "api-1")),
    )  # fmt: skip
    (drawing,) = draw(design)
    words = words_in(drawing.svg)
    assert "12 services send telemetry to otel-collector (not drawn as lines)" in words
    assert "12 senders" in words
    assert len(edges(design)) == 2
    assert all(f"- {name} calls otel-collector (inferred)" in drawing.text for name in names)


def test_groups_are_boundaries_where_there_are_several() -> None:
    same = Design(services=(Service("a", group="shop"), Service("b", group="shop")))
    split = same | Design(services=(Service("c"),))
    assert "cluster" not in draw(same)[0].dot
    assert draw(split)[0].dot.count("subgraph cluster") == 1


def test_the_legend_has_only_what_appears() -> None:
    services = (Service("a"), Service("b"), Service("c"))
    plain = Design(services=services, flows=(Flow("a", "b"),))
    mixed = Design(
        services=services, flows=(Flow("a", "b"), Flow("b", "c", "async", inferred=True))
    )
    assert not {"call", "message or event"} & set(words_in(draw(plain)[0].svg))
    words = set(words_in(draw(mixed)[0].svg))
    assert {"call", "message or event", "inferred from settings"} <= words
    assert not {"reads and writes", "messages, sent or received"} & words
    unknown = Design(services=services, flows=(Flow("a", "b", "async", directed=False),))
    words = set(words_in(draw(unknown)[0].svg))
    assert "messages, sent or received" in words
    assert "message or event" not in words


def test_that_all_is_inferred_is_said_once() -> None:
    flows = (Flow("a", "b", inferred=True), Flow("b", "c", "data", inferred=True))
    words = words_in(draw(Design(flows=flows))[0].svg)
    assert "Connections are inferred from settings." in words
    assert "inferred from settings" not in words


def test_the_usual_protocol_is_said_once() -> None:
    flows = tuple(Flow("web", f"s{number}", label="gRPC") for number in range(8))
    flows += (Flow("user", "web", label="HTTPS"),)
    words = words_in(draw(Design(flows=flows))[0].svg)
    assert words.count("gRPC") == 0
    assert "gRPC call" in words
    assert words.count("HTTPS") == 1


def test_names_that_only_a_flow_knows_are_drawn() -> None:
    (drawing,) = draw(Design(services=(Service("a"),), flows=(Flow("a", "bank"),)))
    assert {"bank", "not defined here"} <= set(words_in(drawing.svg))


def test_the_small_line_says_technology_and_replicas() -> None:
    services = (
        Service("a", technology="Go", replicas=3),
        Service("b", image="registry.test/team/worker:1.2@sha256:00"),
        Service("redis", technology="Redis"),
    )
    words = words_in(draw(Design(services=services))[0].svg)
    assert {"Go, 3 replicas", "worker"} <= set(words)
    assert "Redis" not in words  # says no more than the name


def test_findings_are_badges_on_their_service() -> None:
    design = Design(services=(Service("order"), Service("order-db", "store")))
    (drawing,) = draw(design, findings=[Finding("SEC002", "error", "order-db", "Open port.")])
    lines = {name: line for line in drawing.dot.splitlines()
             for name in re.findall(r"<b>([\w-]+)</b>", line) if "cylinder" in line or "box" in line}  # fmt: skip
    assert "SEC002" in lines["order-db"]
    assert "SEC002" not in lines["order"]
    assert "- SEC002 error, order-db: Open port." in drawing.text


def test_a_long_chain_turns_downwards_to_stay_legible() -> None:
    names = [f"a-service-with-a-name-{number}" for number in range(10)]
    chain = Design(flows=tuple(map(Flow, names, names[1:])))
    short = Design(flows=(Flow("a", "b"), Flow("b", "c")))
    assert "rankdir=TB" in draw(chain)[0].dot
    assert "rankdir=LR" in draw(short)[0].dot


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpus is not here")
@pytest.mark.parametrize("name", ["compose/otel-demo.compose.yaml", "k8s/online-boutique.yaml"])
def test_a_real_system_is_drawn_whole(name: str) -> None:
    from archnb.design.reading import read

    design = read(SHARED / name)
    (drawing,) = draw(design, "services")
    assert {service.name for service in design.services} <= set(words_in(drawing.svg))
    for flow in design.flows:
        assert re.search(rf"(?m)^- {flow.origin} .* {flow.target}\b", drawing.text)
