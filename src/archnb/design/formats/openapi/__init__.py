"""OpenAPI 3 documents, YAML or JSON: the API, its operations, and what they need and answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archnb.design.elements import Api, Design, Endpoint, Parameter, Problem
from archnb.design.formats._values import Value, dig, line_of, mapping, sequence, text_of
from archnb.design.formats._yaml import read_documents
from archnb.design.formats.base import Format
from archnb.design.formats.openapi.schemas import Sheet, response
from archnb.design.formats.openapi.writing import METHODS, write
from archnb.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARK = re.compile(
    r"^(?:openapi|swagger)[ \t]*:[ \t]*[\"']?\d|\"(?:openapi|swagger)\"\s*:\s*\"\d", re.MULTILINE
)
_LINED = 4  # levels of a JSON document whose lines are kept: root, paths, path, operation


def recognise(file: str, text: str) -> float:
    """Tell a description by its ``openapi`` (or ``swagger``) key and a version number."""
    name = file.replace("\\", "/").rpartition("/")[2].lower()
    if "." in name and not name.endswith(FORMAT.suffixes):
        return 0.0
    return 0.98 if _MARK.search(text) else 0.0


def read(text: str, file: str) -> Design:
    """The API and its endpoints.

    ``Endpoint.security`` names the schemes of every alternative. ``secured`` is True where each
    alternative asks for credentials: an empty ``security``, none at all, or an alternative ``{}``
    lets anybody in. References to other files are problems, one for each file.
    """
    documents, problems = read_documents(text, file, depth=_LINED)
    root = next((each.root for each in documents if isinstance(each.root, dict)), None)
    _check_version(root, file)
    sheet = Sheet(root, file, problems)
    endpoints = tuple(_endpoints(root, sheet))
    servers = dict.fromkeys(_servers(root))
    for item in mapping(dig(root, "paths")).values():
        servers |= dict.fromkeys(_servers(item))
    line = line_of(root, "info", line_of(root, "openapi", 1))
    api = Api(
        title=text_of(dig(root, "info", "title")),
        version=text_of(dig(root, "info", "version")),
        servers=tuple(servers),
        schemes=tuple(mapping(dig(root, "components", "securitySchemes"))),
        source=sheet.source(line),
    )
    found: tuple[Problem, ...] = tuple(dict.fromkeys(sheet.problems))
    return Design(apis=(api,), endpoints=endpoints, problems=found)


def _check_version(root: Value, file: str) -> None:
    version = text_of(dig(root, "openapi"))
    if version.startswith("3."):
        return
    file = file or "This text"
    if text_of(dig(root, "swagger")):
        raise ReadError(
            f"{file} is a Swagger {text_of(dig(root, 'swagger'))} description, not OpenAPI 3.",
            hint="Convert it first, for example with swagger2openapi.",
        )
    said = f"states OpenAPI {version}" if version else "has no `openapi` key with a version"
    raise ReadError(f"{file} {said}.", hint="archnb reads OpenAPI 3.0 and 3.1.")


def _servers(value: Value) -> Iterator[str]:
    for server in sequence(dig(value, "servers")):
        url = text_of(dig(server, "url"))
        for name, variable in mapping(dig(server, "variables")).items():
            url = url.replace(f"{{{name}}}", text_of(dig(variable, "default")) or f"{{{name}}}")
        if url:
            yield url


def _endpoints(root: Value, sheet: Sheet) -> Iterator[Endpoint]:
    paths = dig(root, "paths")
    if paths is not None and not isinstance(paths, dict):
        sheet.problem(line_of(root, "paths"), "`paths` is no mapping")
    for path, value in mapping(paths).items():
        line = line_of(paths, path)
        if path.startswith("x-"):
            continue
        if not path.startswith("/") or not isinstance(value, dict):
            said = (
                "does not start with a slash" if isinstance(value, dict) else "holds no operations"
            )
            sheet.problem(line, f"the path {path!r} {said}: it was left out")
            continue
        item = sheet.resolve(value, line)
        for method in item:
            if method.lower() not in METHODS:
                continue
            place = line_of(item, method, line)
            if isinstance(item[method], dict):
                yield _endpoint(method.upper(), path, item, mapping(item[method]), place, sheet)
            else:
                sheet.problem(place, f"{method.upper()} {path} is empty: it was left out")


def _endpoint(
    method: str,
    path: str,
    item: dict[str, Value],
    operation: dict[str, Value],
    line: int,
    sheet: Sheet,
) -> Endpoint:
    security = operation.get("security", dig(sheet.root, "security"))
    alternatives = [mapping(each) for each in sequence(security)]
    names = dict.fromkeys(name for each in alternatives for name in each)
    return Endpoint(
        method=method,
        path=path,
        operation_id=text_of(operation.get("operationId")),
        summary=text_of(operation.get("summary")) or _first_line(operation.get("description")),
        tags=tuple(tag for each in sequence(operation.get("tags")) if (tag := text_of(each))),
        parameters=tuple(_parameters(item, operation, sheet)),
        responses=tuple(
            response(status, value, path, sheet)
            for status, value in mapping(operation.get("responses")).items()
            if not status.startswith("x-")
        ),
        security=tuple(names),
        secured=bool(alternatives) and all(alternatives),
        deprecated=text_of(operation.get("deprecated")) == "true",
        source=sheet.source(line),
    )


def _first_line(description: Value) -> str:
    lines = text_of(description).strip().splitlines()
    return lines[0][:200] if lines else ""


def _parameters(
    item: dict[str, Value], operation: dict[str, Value], sheet: Sheet
) -> Iterator[Parameter]:
    """The path's parameters with the operation's own over them."""
    merged: dict[tuple[str, str], dict[str, Value]] = {}
    for listed in (item.get("parameters"), operation.get("parameters")):
        for each in sequence(listed):
            parameter = sheet.resolve(each)
            name, location = text_of(parameter.get("name")), text_of(parameter.get("in"))
            if name:
                merged[name, location] = parameter
    for (name, location), parameter in merged.items():
        required = location == "path" or text_of(parameter.get("required")) == "true"
        schema = sheet.resolve(parameter.get("schema"))
        yield Parameter(name, location, required, sheet.kind(schema))


FORMAT = Format("openapi", (".yaml", ".yml", ".json"), recognise, read, write)
