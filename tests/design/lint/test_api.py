"""The API rules on hand-made operations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archnb.design.elements import Api, Design, Endpoint, Parameter, Response, Source
from archnb.design.lint import lint

LIST = Response("200", array=True, objects=True)
BOOKS = Endpoint("GET", "/books", responses=(LIST,), source=Source("a.yaml", 5))


def found(code, *endpoints, apis=()):
    return [
        (hit.severity, hit.where)
        for hit in lint(Design(endpoints=endpoints, apis=apis), select=[code], collapse=False)
    ]


def asks(*names, location="query"):
    return replace(BOOKS, parameters=tuple(Parameter(name, location) for name in names))


def answers(**changes):
    return replace(BOOKS, responses=(replace(LIST, **changes),))


@pytest.mark.parametrize(
    ("endpoint", "severity"),
    [
        (BOOKS, "warning"),
        (asks("q", "sort"), "warning"),
        *[(asks(name), None) for name in ("limit", "per_page", "page[size]", "$top", "cursor")],
        *[(asks(name), None) for name in ("pageToken", "max-results", "starting_after", "offset")],
        (asks("limit", location="header"), "warning"),
        (answers(items="books"), "warning"),
        (answers(items="data"), "warning"),
        (answers(items="chapters"), None),
        (answers(items="data", properties=("data", "has_more")), None),
        (answers(items="data", properties=("data", "nextCursor")), None),
        (answers(items="links", properties=("links",)), None),
        (answers(headers=("Link",)), None),
        (answers(objects=False), "info"),
        (answers(bounded=True), "info"),
        (answers(status="206"), "warning"),
        (answers(status="404"), None),
        (answers(array=False), None),
        (replace(BOOKS, method="POST"), None),
        (replace(BOOKS, path="/books/{id}"), None),
        (replace(BOOKS, path="/books/{id}/chapters"), "warning"),
        (replace(BOOKS, path="/languages"), "info"),
        (replace(BOOKS, path="/"), None),
    ],
)
def test_list_without_paging(endpoint, severity):
    expected = [(severity, str(endpoint))] if severity else []
    assert found("API004", endpoint) == expected


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("200",), True),
        (("200", "404"), False),
        (("200", "4XX"), False),
        (("200", "default"), False),
        (("200", "500"), True),
        ((), False),
    ],
)
def test_no_4xx(statuses, told):
    endpoint = replace(BOOKS, responses=tuple(map(Response, statuses)))
    assert bool(found("API010", endpoint)) == told


def test_five_operations_without_errors_are_told_once():
    bare, fine = (replace(BOOKS, responses=(Response(status),)) for status in ("200", "404"))
    design = Design(endpoints=(*[replace(bare, path=f"/{n}") for n in range(5)], *[fine] * 95))
    (finding,) = lint(design, select=["API010"])
    assert finding.message.startswith("5 of 100 operations")


OPEN = replace(BOOKS, secured=False)
CLOSED = replace(BOOKS, path="/closed", secured=True, security=("key",))
API = Api("Library", schemes=("key",), source=Source("a.yaml", 1))


@pytest.mark.parametrize(
    ("endpoint", "severity"),
    [
        (OPEN, "warning"),
        (replace(OPEN, security=("key",)), "info"),
        (replace(OPEN, secured=None), None),
        (replace(OPEN, path="/healthz"), "info"),
        (replace(OPEN, path="/v1/auth/login"), "info"),
        (replace(OPEN, path="/.well-known/jwks"), "info"),
        (replace(OPEN, path="/books/{id}/status"), "warning"),
        (replace(OPEN, path="/deliveries"), "warning"),
        (replace(OPEN, path="/hooks/{webhook_token}"), None),
    ],
)
def test_an_operation_left_open(endpoint, severity):
    expected = [(severity, str(endpoint))] if severity else []
    assert found("API012", endpoint, CLOSED, apis=(API,)) == expected


def test_an_api_without_any_scheme_is_one_error():
    bare = replace(API, schemes=())
    assert found("API012", OPEN, replace(OPEN, path="/b"), apis=(bare,)) == [("error", "Library")]
    assert found("API012", OPEN) == [("error", "a.yaml")]
    assert found("API012", replace(OPEN, secured=None), apis=(bare,)) == []
