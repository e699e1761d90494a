"""An OpenAPI 3.1 description out of a design: its endpoints, or else resources for its entities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archnb.design.formats.openapi.resources import BEARER, Node, components, names_of, resources

if TYPE_CHECKING:
    from archnb.design.elements import Design, Endpoint, Parameter, Response

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
_LOCATIONS = frozenset({"path", "query", "header", "cookie"})


def write(design: Design) -> str:
    """Give a description of the design's endpoints; without any, of a resource for each entity.

    A resource can be listed by pages, created, read, changed and deleted; a view is only listed.
    Errors are problem details (RFC 9457); every operation asks for a bearer token.
    """
    import yaml

    title = design.apis[0].title if design.apis else "API"
    version = (design.apis[0].version if design.apis else "") or "1.0.0"
    servers = design.apis[0].servers if design.apis else ()
    root: dict[str, Node] = {
        "openapi": "3.1.0",
        "info": {"title": title or "API", "version": version},
        "servers": [{"url": url} for url in servers or ("https://api.example.com/v1",)],
    }
    entities = [each for each in design.entities if each.kind != "partition" and each.name]
    if design.endpoints:
        root["paths"] = _stated(design.endpoints)
        schemes = {_scheme(name) for endpoint in design.endpoints for name in endpoint.security}
        if schemes:
            known: dict[str, Node] = {name: dict(BEARER) for name in sorted(schemes)}
            root["components"] = {"securitySchemes": known}
    else:
        names = names_of(entities)
        root["security"] = [{"bearer": []}]
        root["paths"] = resources(entities, names)
        root["components"] = components(entities, names)
    text: str = yaml.dump(root, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=100)
    return text


def _dumper() -> type:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Without anchors: the same schema twice is written twice."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
            return True

    return Dumper


def _stated(endpoints: tuple[Endpoint, ...]) -> dict[str, Node]:
    """The paths of endpoints; one whose method HTTP does not know is left out."""
    paths: dict[str, dict[str, Node]] = {}
    for endpoint in endpoints:
        method, path = endpoint.method.lower(), f"/{endpoint.path.lstrip('/')}"
        if method in METHODS:
            paths.setdefault(path, {})[method] = _operation(endpoint, path)
    return dict(paths)


def _operation(endpoint: Endpoint, path: str) -> Node:
    operation: dict[str, Node] = {}
    if endpoint.operation_id:
        operation["operationId"] = endpoint.operation_id
    if endpoint.summary:
        operation["summary"] = endpoint.summary
    if endpoint.tags:
        operation["tags"] = list(endpoint.tags)
    stated = [each for each in endpoint.parameters if each.location in _LOCATIONS]
    parameters = [_parameter(each) for each in stated]
    named = {each.name for each in stated if each.location == "path"}
    for name in dict.fromkeys(re.findall(r"\{([^{}/]+)\}", path)):
        if name not in named:  # each name in a path's template has to be described
            missing: dict[str, Node] = {"name": name, "in": "path", "required": True}
            parameters.append(missing | {"schema": {"type": "string"}})
    if parameters:
        operation["parameters"] = [*parameters]
    answers: dict[str, Node] = {_status(each.status): _answer(each) for each in endpoint.responses}
    operation["responses"] = answers or {"200": {"description": "OK"}}
    if endpoint.security or endpoint.secured is False:
        alternatives: list[Node] = [{_scheme(name): []} for name in endpoint.security]
        if endpoint.security and not endpoint.secured:
            alternatives.append({})
        operation["security"] = alternatives
    if endpoint.deprecated:
        operation["deprecated"] = True
    return operation


def _scheme(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def _parameter(parameter: Parameter) -> Node:
    schema: dict[str, Node] = {"type": parameter.type} if parameter.type in _TYPES else {}
    required = parameter.required or parameter.location == "path"
    place: dict[str, Node] = {"name": parameter.name, "in": parameter.location}
    return place | {"required": required, "schema": schema}


def _status(status: str) -> str:
    known = re.fullmatch(r"[1-5](?:\d\d|XX)", status.upper())
    return known[0] if known else "default"


def _answer(response: Response) -> Node:
    item: dict[str, Node] = {"type": "object"} if response.objects else {}
    listed: dict[str, Node] = {"type": "array", "items": item}
    properties: dict[str, Node] = {name: {} for name in response.properties}
    schema: dict[str, Node] = {}
    if response.array and not response.items:
        schema = listed
    elif properties or response.items:
        schema = {"type": "object", "properties": properties}
        if response.items:
            properties[response.items] = listed
    answer: dict[str, Node] = {"description": response.description}
    if response.headers:
        answer["headers"] = {name: {"schema": {"type": "string"}} for name in response.headers}
    if schema:
        answer["content"] = {"application/json": {"schema": schema}}
    return answer
