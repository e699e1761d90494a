"""OpenAPI 3, YAML and JSON: operations, what they need and answer, and descriptions written anew."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from archnb.design.elements import Api, Column, Design, Endpoint, Entity, Parameter, Response
from archnb.design.formats import openapi
from archnb.errors import ReadError

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '2'}
servers:
  - url: '{scheme}://shop.test/{base}'
    variables: {scheme: {default: https}}
security: [{token: []}]
paths:
  /orders:
    servers: [{url: /internal}]
    parameters:
      - {name: limit, in: query, schema: {type: [integer, 'null']}}
      - $ref: '#/components/parameters/Tenant'
    get:
      operationId: listOrders
      tags: [orders]
      parameters:
        - {name: limit, in: query, required: true, schema: {$ref: '#/components/schemas/Limit'}}
      responses:
        200:
          description: A page
          headers: {Link: {schema: {type: string}}}
          content:
            application/json; charset=utf-8:
              schema:
                allOf:
                  - $ref: '#/components/schemas/Page'
                  - properties: {orders: {type: array, maxItems: 50, items: {$ref: '#/components/schemas/Order'}}}
        4XX: {$ref: '#/components/responses/Problem'}
    post:
      deprecated: true
      description: |
        Make one.
        Slowly.
      security: []
      responses:
        '201': {description: made}
  /orders/{id}:
    $ref: '#/components/pathItems/One'
  /tags:
    get:
      security: [{token: []}, {}]
      responses:
        default: {content: {application/vnd.shop+json: {schema: {type: array, items: {type: string}}}}}
    summary: not an operation
components:
  parameters: {Tenant: {name: X-Tenant, in: header, required: true, schema: {type: string}}}
  schemas:
    Limit: {type: integer}
    Page: {type: object, properties: {next: {type: string}}}
    Order: {properties: {id: {type: string}}}
  responses:
    Problem:
      description: bad
      content: {application/problem+json: {schema: {type: object, properties: {title: {}, status: {}}}}}
  pathItems:
    One:
      delete:
        security: [{token: [], key: []}, {basic: []}]
        parameters: [{name: id, in: path, schema: {type: string}}]
        responses: {204: {description: gone}}
  securitySchemes: {token: {type: http, scheme: bearer}, basic: {type: http, scheme: basic}}
"""


def test_the_api_and_its_operations():
    design = openapi.read(SHOP, "shop.yaml")
    assert not design.problems
    (api,) = design.apis
    assert (api.title, api.version, api.schemes) == ("Shop", "2", ("token", "basic"))
    assert api.servers == ("https://shop.test/{base}", "/internal")
    assert [(str(each), each.source.line) for each in design.endpoints] == [
        ("GET /orders", 13),
        ("POST /orders", 29),
        ("DELETE /orders/{id}", 57),
        ("GET /tags", 40),
    ]
    listing, making, removing, tags = design.endpoints
    assert listing.parameters == (
        Parameter("limit", "query", required=True, type="integer"),
        Parameter("X-Tenant", "header", required=True, type="string"),
    )
    assert listing.responses == (
        Response("200", "A page", True, "orders", True, True, ("next", "orders"), ("Link",)),
        Response("4XX", "bad", properties=("title", "status")),
    )
    assert (listing.operation_id, listing.tags, listing.summary) == ("listOrders", ("orders",), "")
    assert (making.deprecated, making.summary) == (True, "Make one.")
    assert removing.parameters == (Parameter("id", "path", required=True, type="string"),)
    assert tags.responses == (Response("default", array=True),)
    assert [(each.secured, each.security) for each in design.endpoints] == [
        (True, ("token",)),
        (False, ()),
        (True, ("token", "key", "basic")),
        (False, ("token",)),
    ]


def test_json_reads_the_same_as_yaml():
    tree = yaml.safe_load(SHOP)
    text = json.dumps(tree, indent=1, default=str)
    one, other = openapi.read(SHOP, "a.yaml"), openapi.read(text, "a.json")
    shown = [
        [(str(each), each.parameters, each.responses, each.secured) for each in design.endpoints]
        for design in (one, other)
    ]
    assert shown[0] == shown[1]
    lines = text.splitlines()
    for each in other.endpoints:
        assert f'"{each.method.lower()}"' in lines[each.source.line - 1]


SCHEMAS = {
    "{type: array, items: {type: object}}": (True, "", True, False),
    "{type: array, maxItems: 9, items: {allOf: [{$ref: '#/components/schemas/O'}]}}": (
        True,
        "",
        True,
        True,
    ),
    "{items: {type: integer}}": (True, "", False, False),
    "{$ref: '#/components/schemas/L'}": (True, "", True, False),
    "{properties: {data: {$ref: '#/components/schemas/L'}, tags: {type: array, items: {}}}}": (
        True,
        "data",
        True,
        False,
    ),
    "{properties: {pet_names: {type: array, items: {type: string}}}}": (
        True,
        "pet_names",
        False,
        False,
    ),
    "{properties: {colours: {type: array, items: {}}}}": (False, "", False, False),
    "{oneOf: [{type: 'null'}, {$ref: '#/components/schemas/L'}]}": (True, "", True, False),
    "{type: [array, 'null'], items: {type: object}}": (True, "", True, False),
    "{}": (False, "", False, False),
    "true": (False, "", False, False),
}


@pytest.mark.parametrize(("schema", "expected"), SCHEMAS.items())
def test_the_list_in_a_response(schema, expected):
    text = (
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /petNames:\n    get:\n      responses:\n"
        f"        '200': {{description: d, content: {{'*/*': {{schema: {schema}}}}}}}\n"
        "components: {schemas: {O: {properties: {a: {}}}, L: {type: array, items: {$ref: '#/components/schemas/O'}}}}\n"
    )
    design = openapi.read(text, "a.yaml")
    (response,) = design.endpoints[0].responses
    assert (response.array, response.items, response.objects, response.bounded) == expected
    assert not design.problems


def test_what_is_odd_is_a_problem_and_costs_nothing_else():
    text = """\
openapi: 3.0.0
info: 3
paths:
  orders: {get: {}}
  /a: [1]
  /b:
    get:
    post: {responses: {200: {$ref: 'other.yaml#/x'}, 404: {$ref: 'other.yaml#/y'}}}
    put: {responses: {200: {$ref: '#/components/responses/none'}, x-y: 1}, parameters: [{$ref: 'more.json'}, 7]}
    patch: {responses: {200: {$ref: '#/components/responses/loop'}}, tags: [a, [b]], security: 5}
  x-note: hello
components: {responses: {loop: {$ref: '#/components/responses/pool'}, pool: {$ref: '#/components/responses/loop'}}}
"""
    design = openapi.read(text, "odd.yaml")
    assert [str(each) for each in design.endpoints] == ["POST /b", "PUT /b", "PATCH /b"]
    said = [problem.message for problem in design.problems]
    assert len([message for message in said if "other.yaml" in message]) == 1
    for part in ("'orders'", "'/a'", "GET /b", "more.json", "is not there", "back to itself"):
        assert any(part in message for message in said), part
    assert all(problem.source.line > 1 for problem in design.problems)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("swagger: '2.0'\ninfo: {}\n", "Swagger 2.0"),
        ("openapi: 4.0.0\n", "OpenAPI 4.0.0"),
        ("info: {}\n", "no `openapi` key"),
        ("", "no `openapi` key"),
        ("[1]", "no `openapi` key"),
        ("openapi: 3.0.0\npaths: [", "a.yaml:2"),
    ],
)
def test_what_is_no_openapi_3(text, says):
    with pytest.raises(ReadError) as caught:
        openapi.read(text, "a.yaml")
    assert says in caught.value.message
    assert "a.yaml" in caught.value.message
    assert caught.value.hint


# --- writing

ENTITIES = (
    Entity(
        "customers",
        (
            Column("id", "bigint", nullable=False, default="nextval('s')"),
            Column("name", "character varying(80)", nullable=False, comment="As on the invoice"),
            Column("born", "date"),
            Column("credit", "numeric(12,2)", nullable=False, default="0"),
            Column("wait", "interval", nullable=False),
        ),
        key=("id",),
    ),
    Entity(
        "order_lines",
        (Column("order", "uuid"), Column("line no", "integer")),
        key=("order", "line no"),
    ),
    Entity("totals", (Column("sum", "numeric"),), kind="view"),
    Entity("order_lines", schema="old"),
    Entity("events_2026", kind="partition"),
    Entity('a"b\n<script>', (Column("x: y", "text[]"),), kind="concept"),
)


def operations(tree):
    return {
        (path, method): operation
        for path, item in tree["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def references(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def check_structure(tree):
    """What OpenAPI 3.1 asks of every document: required keys, templates, unique ids, references that hold."""
    assert re.fullmatch(r"3\.1\.\d", tree["openapi"])
    assert {"title", "version"} <= tree["info"].keys()
    ids = []
    for (path, method), operation in operations(tree).items():
        assert path.startswith("/")
        assert method in openapi.METHODS
        described = tree["paths"][path].get("parameters", []) + operation.get("parameters", [])
        in_path = {each["name"] for each in described if each.get("in") == "path"}
        assert set(re.findall(r"{([^{}/]+)}", path)) <= in_path
        assert all(each["required"] for each in described if each.get("in") == "path")
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"default|[1-5](\d\d|XX)", status)
            assert "description" in response or "$ref" in response
        ids += [operation["operationId"]] if "operationId" in operation else []
        for need in operation.get("security", []):
            assert need.keys() <= tree["components"]["securitySchemes"].keys()
    assert len(ids) == len(set(ids))
    for reference in references(tree):
        found = tree
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    for part in tree.get("components", {}).values():
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in part)


def test_resources_for_entities():
    text = openapi.write(Design(entities=ENTITIES))
    tree = yaml.safe_load(text)
    check_structure(tree)
    assert [path for path, _ in operations(tree)][::1] == [
        *["/customers"] * 2, *["/customers/{id}"] * 3,
        *["/order-lines"] * 2, *["/order-lines/{order}/{line_no}"] * 3,
        "/totals",
        *["/old-order-lines"] * 2, *["/old-order-lines/{id}"] * 3,
        *["/a-b-scripts"] * 2, *["/a-b-scripts/{id}"] * 3,
    ]  # fmt: skip
    schema = tree["components"]["schemas"]["Customer"]
    assert schema["required"] == ["name", "wait"]
    assert schema["properties"]["id"] == {"type": "integer", "format": "int64", "readOnly": True}
    assert schema["properties"]["born"]["type"] == ["string", "null"]
    assert schema["properties"]["name"]["maxLength"] == 80
    assert schema["properties"]["credit"]["type"] == "string"
    assert schema["properties"]["wait"] == {"type": "string"}


def test_what_was_written_reads_back_sound():
    design = openapi.read(openapi.write(Design(entities=ENTITIES)), "new.yaml")
    assert not design.problems
    assert all(each.secured for each in design.endpoints)
    listing = next(each for each in design.endpoints if str(each) == "GET /customers")
    assert {each.name for each in listing.parameters} == {"limit", "cursor"}
    page = listing.responses[0]
    assert (page.array, page.items, page.objects, page.bounded) == (True, "items", True, True)
    for each in design.endpoints:
        assert {"401", "429"} <= {response.status for response in each.responses}


def test_endpoints_are_written_as_they_are():
    first = openapi.read(SHOP, "shop.yaml")
    text = openapi.write(first)
    check_structure(yaml.safe_load(text))
    second = openapi.read(text, "again.yaml")

    def shown(design):
        return {
            str(each): (each.operation_id, each.parameters, each.secured, each.security, each.deprecated,
                        [(r.status, r.array, r.items, r.objects, r.properties, r.headers) for r in each.responses])
            for each in design.endpoints
        }  # fmt: skip

    assert shown(second) == shown(first)
    assert second.apis[0].servers == first.apis[0].servers


def test_odd_endpoints_make_a_sound_description():
    endpoints = (
        Endpoint("get", "a/{x}/{y z}"),
        Endpoint("SUBSCRIBE", "/events"),
        Endpoint(
            "POST",
            '/q\n"',
            parameters=(Parameter("p", "body"), Parameter("z", "path", type="file")),
            responses=(Response("2xx", array=True, items="i"), Response("weird")),
            security=("a b",),
            secured=True,
        ),
    )
    tree = yaml.safe_load(openapi.write(Design(endpoints=endpoints, apis=(Api("T"),))))
    check_structure(tree)
    assert set(operations(tree)) == {("/a/{x}/{y z}", "get"), ('/q\n"', "post")}
    check_structure(yaml.safe_load(openapi.write(Design())))
