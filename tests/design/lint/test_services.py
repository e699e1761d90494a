"""The service rules on hand-made designs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archnb.design.elements import Design, Flow, Port, Service, Setting, Source
from archnb.design.lint import lint
from archnb.design.lint._cycles import cycles

A, B, C = (
    Service(name, health=True, source=Source("c.yaml", n)) for n, name in enumerate("abc", 1)
)
DB = Service("db", "store", "PostgreSQL", image="postgres:17", health=True)


def found(code, *services, flows=()):
    hits = lint(Design(services=services, flows=flows), select=[code], collapse=False)
    return [(hit.severity, hit.where) for hit in hits]


def data(origin, database="shop", target="db", **rest):
    return Flow(origin, target, "data", database=database, **rest)


SHARED = [("warning", "shop@db")]


@pytest.mark.parametrize(
    ("services", "flows", "expected"),
    [
        ((A, B, DB), (data("a"), data("b")), SHARED),
        ((A, B, DB), (data("a"), data("b", "other")), []),
        ((A, B, DB), (data("a", ""), data("b", "")), []),
        ((A, B, DB), (data("a"), data("b", startup=True)), []),
        ((A, B, DB), (data("a"), data("a")), []),
        ((A, replace(B, name="db-migrate"), DB), (data("a"), data("db-migrate")), []),
        ((A, replace(B, name="pgadmin"), DB), (data("a"), data("pgadmin")), []),
        ((A, replace(B, kind="job"), DB), (data("a"), data("b")), []),
        ((replace(A, image="x"), replace(B, image="x"), DB), (data("a"), data("b")), []),
        ((replace(A, build="./x"), replace(B, build="./x"), DB), (data("a"), data("b")), []),
        ((A, B, replace(DB, technology="Redis")), (data("a", "0"), data("b", "0")), []),
        ((A, B, replace(DB, health=None)), (data("a", ""), data("b", "")), [("error", "db")]),
    ],
)
def test_shared_database(services, flows, expected):
    assert found("SVC001", *services, flows=flows) == expected


def test_a_database_outside_of_the_files_is_seen_by_its_address():
    url = Setting("DATABASE_URL", "postgres://u:${PW}@db.example.com:5432/shop")
    both = (replace(A, settings=(url,)), replace(B, settings=(url,)))
    assert found("SVC001", *both) == [("warning", "shop@db.example.com")]
    web = replace(url, value="https://api.example.com/v1")
    assert found("SVC001", *(replace(each, settings=(web,)) for each in both)) == []


def calls(text, **rest):
    return tuple(Flow(*pair, **rest) for pair in text.split())


@pytest.mark.parametrize(
    ("services", "flows", "expected"),
    [
        ((A, B, C), calls("ab bc ca"), [("error", "a -> b -> c -> a")]),
        ((A, B), calls("ab ba"), [("warning", "a -> b -> a")]),
        ((A, B, C), calls("ab bc ac"), []),
        ((A,), calls("aa"), []),
        ((A, B), calls("ab ba", style="async"), []),
        ((A, B), (*calls("ab"), *calls("ba", startup=True)), []),
        ((A, replace(B, kind="gateway")), calls("ab ba"), []),
        ((A, replace(B, image="otel/opentelemetry-collector")), calls("ab ba"), []),
        (
            (A, replace(B, image="acme/debt-collector")),
            calls("ab ba"),
            [("warning", "a -> b -> a")],
        ),
        ((A, replace(B, technology="Temporal")), calls("ab ba"), [("warning", "a -> b -> a")]),
        ((A,), calls("ab ba"), []),
    ],
)
def test_sync_cycle(services, flows, expected):
    assert found("SVC002", *services, flows=flows) == expected


def test_a_long_chain_costs_little_and_a_long_circle_is_found():
    chain = {str(n): [str(n + 1)] for n in range(20_000)}
    assert list(cycles(chain)) == []
    assert len(next(cycles({**chain, "20000": ["0"]}))) == 20_002


SICK = replace(B, health=False)


@pytest.mark.parametrize(
    ("service", "flows", "expected"),
    [
        (SICK, calls("ab"), [("warning", "b")]),
        (SICK, calls("ab", startup=True), [("warning", "b")]),
        (SICK, (), []),
        (replace(SICK, ports=(Port("80", "8080"),)), (), [("info", "b")]),
        (replace(SICK, ports=(Port("80"),)), (), []),
        (B, calls("ab"), []),
        (replace(SICK, health=None), calls("ab"), []),
        (replace(SICK, kind="job"), calls("ab"), []),
        (replace(SICK, kind="store"), calls("ab"), [("warning", "b")]),
    ],
)
def test_no_health_check(service, flows, expected):
    assert found("SVC006", A, service, flows=flows) == expected


def test_the_advice_knows_the_technology():
    sick = replace(DB, health=False)
    (finding,) = lint(Design(services=(A, sick), flows=(data("a"),)), select=["SVC006"])
    assert "pg_isready" in finding.advice
