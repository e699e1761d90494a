"""REST resources for entities, as parts of an OpenAPI 3.1 description."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from archnb.design.inflection import singular, words

if TYPE_CHECKING:
    from archnb.design.elements import Column, Entity

Node: TypeAlias = "dict[str, Node] | list[Node] | str | int | bool"

BEARER: dict[str, Node] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
_INT32: dict[str, Node] = {"type": "integer", "format": "int32"}
# The start of a column's type, and its JSON schema.
_TYPES: tuple[tuple[str, dict[str, Node]], ...] = (
    (r"bigint|bigserial|int8", {"type": "integer", "format": "int64"}),
    (r"(?:small|medium|tiny)int|(?:small)?serial|int(?:eger|[24])?\b", _INT32),
    # Money and other exact numbers as text: a JSON number is a double in most clients.
    (r"numeric|decimal|money", {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
    (r"real|double|float", {"type": "number"}),
    (r"bool", {"type": "boolean"}),
    (r"timestamp|datetime", {"type": "string", "format": "date-time"}),
    (r"date\b", {"type": "string", "format": "date"}),
    (r"uuid|uniqueidentifier", {"type": "string", "format": "uuid"}),
    (r"json", {"type": "object"}),
    (r"bytea|blob|binary|varbinary", {"type": "string", "contentEncoding": "base64"}),
)
_ERRORS = {
    "400": ("BadRequest", "The request is not valid."),
    "401": ("Unauthorized", "Credentials are missing or no longer valid."),
    "404": ("NotFound", "There is no such resource."),
    "409": ("Conflict", "The resource has changed, or exists already."),
    "429": ("TooManyRequests", "Too many requests; Retry-After says when to come back."),
}


def names_of(entities: list[Entity]) -> dict[str, str]:
    """The schema's name for each entity: ``OrderItem`` for ``sales.order_items``."""
    names: dict[str, str] = {}
    taken = {"ProblemDetails"}
    for entity in entities:
        name = _pascal(singular(entity.name)) or "Resource"
        full = _pascal(f"{entity.schema} {singular(entity.name)}") or "Resource"
        chosen, number = full if name in taken else name, 2
        while chosen in taken:
            chosen, number = f"{full}{number}", number + 1
        taken.add(chosen)
        names[entity.qualified] = chosen
    return names


def _pascal(name: str) -> str:
    """The name as a schema's may be: letters and digits of ASCII only."""
    parts = re.findall(r"[A-Za-z0-9]+", " ".join(words(name[:100])))
    return "".join(part.capitalize() for part in parts)


def _kebab(pascal: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", pascal).lower()


def _plural(name: str) -> str:
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if re.search(r"(?:s|x|ch|sh)$", name) else f"{name}s"


def resources(entities: list[Entity], names: dict[str, str]) -> dict[str, Node]:
    """The paths of each entity: its collection, and one of it by its key."""
    paths: dict[str, Node] = {}
    for entity in entities:
        name = names[entity.qualified]
        path = f"/{_plural(_kebab(name))}"
        if "view" in entity.kind:
            paths[path] = {"get": _listing(name)}
            continue
        paths[path] = {"get": _listing(name), "post": _creation(name)}
        key = entity.key or ("id",)
        single = path + "".join(f"/{{{_parameter_name(column)}}}" for column in key)
        body: Node = {"required": True, "content": _json(_reference(name))}
        one: dict[str, Node] = {"200": _ok(f"The {name}.", _reference(name))}
        gone: dict[str, Node] = {"204": {"description": "It is gone."}}
        paths[single] = {
            "parameters": [_key_parameter(entity, column) for column in key],
            "get": _on_one("get", "Get", name, one),
            "put": _on_one("update", "Replace", name, one) | {"requestBody": body},
            "delete": _on_one("delete", "Delete", name, gone),
        }
    return paths


def _listing(name: str) -> Node:
    page: dict[str, Node] = {"200": _ok(f"A page of {_plural(name)}.", _page(name))}
    return {
        "operationId": f"list{_plural(name)}",
        "summary": f"List {_plural(name)} by pages",
        "tags": [name],
        "parameters": [_shared("Limit"), _shared("Cursor")],
        "responses": page | _errors("400", "401", "429"),
    }


def _creation(name: str) -> Node:
    created: dict[str, Node] = {
        "description": f"The new {name}.",
        "headers": {"Location": {"schema": {"type": "string", "format": "uri-reference"}}},
        "content": _json(_reference(name)),
    }
    answers: dict[str, Node] = {"201": created}
    return {
        "operationId": f"create{name}",
        "summary": f"Create one {name}",
        "tags": [name],
        "parameters": [_shared("IdempotencyKey")],
        "requestBody": {"required": True, "content": _json(_reference(name))},
        "responses": answers | _errors("400", "401", "409", "429"),
    }


def _shared(parameter: str) -> Node:
    return {"$ref": f"#/components/parameters/{parameter}"}


def _parameter_name(column: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", column)


def _on_one(verb: str, says: str, name: str, answers: dict[str, Node]) -> dict[str, Node]:
    errors = ("401", "404", "429") if verb != "update" else ("400", "401", "404", "409", "429")
    return {
        "operationId": f"{verb}{name}",
        "summary": f"{says} one {name}",
        "tags": [name],
        "responses": answers | _errors(*errors),
    }


def _reference(name: str) -> dict[str, Node]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Node) -> dict[str, Node]:
    return {"application/json": {"schema": schema}}


def _ok(description: str, schema: Node) -> Node:
    return {"description": description, "content": _json(schema)}


def _page(name: str) -> Node:
    return {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "maxItems": 100, "items": _reference(name)},
            "next_cursor": {"type": ["string", "null"]},
        },
    }


def _errors(*statuses: str) -> dict[str, Node]:
    return {each: {"$ref": f"#/components/responses/{_ERRORS[each][0]}"} for each in statuses}


def _key_parameter(entity: Entity, name: str) -> Node:
    column = entity.column(name)
    schema: dict[str, Node] = _schema(column) if column else {"type": "string"}
    return {"name": _parameter_name(name), "in": "path", "required": True, "schema": schema}


def _schema(column: Column) -> dict[str, Node]:
    kind = column.type.lower()
    if kind.endswith("[]"):
        return {"type": "array", "items": {}}
    text: dict[str, Node] = {"type": "string"}
    schema = dict(next((each for start, each in _TYPES if re.match(start, kind)), text))
    length = re.search(r"char\w*(?: varying)?\((\d{1,9})\)", kind)
    if length:
        schema["maxLength"] = int(length[1])
    if column.comment:
        schema["description"] = column.comment
    return schema


def _entity_schema(entity: Entity) -> Node:
    schema: dict[str, Node] = {"type": "object"}
    required: list[Node] = []
    properties: dict[str, Node] = {}
    for column in entity.columns:
        inner = _schema(column)
        made_here = column.generated or bool(column.default)
        if made_here and column.name in entity.key:
            inner["readOnly"] = True
        if column.nullable and column.name not in entity.key:
            inner["type"] = [inner["type"], "null"]
        elif not made_here:
            required.append(column.name)
        properties[column.name] = inner
    if entity.comment:
        schema["description"] = entity.comment
    if required:
        schema["required"] = required
    schema["properties"] = properties or {"id": {"type": "string", "readOnly": True}}
    return schema


def components(entities: list[Entity], names: dict[str, str]) -> Node:
    """Security, parameters, problem responses and schemas that the paths refer to."""
    problem: Node = {
        "type": "object",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
        },
    }
    schemas: dict[str, Node] = {names[each.qualified]: _entity_schema(each) for each in entities}
    responses: dict[str, Node] = {}
    for status, (name, description) in _ERRORS.items():
        body: dict[str, Node] = {"description": description}
        if status == "429":
            body["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
        body["content"] = {"application/problem+json": {"schema": _reference("ProblemDetails")}}
        responses[name] = body
    limit: Node = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    parameters: dict[str, Node] = {
        "Limit": {"name": "limit", "in": "query", "schema": limit},
        "Cursor": {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "maxLength": 100},
        },
    }
    return {
        "securitySchemes": {"bearer": dict(BEARER)},
        "parameters": parameters,
        "responses": responses,
        "schemas": schemas | {"ProblemDetails": problem},
    }
