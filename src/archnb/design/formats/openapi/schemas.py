"""JSON schemas of an OpenAPI document, as far as a response's shape needs them."""

from __future__ import annotations

from dataclasses import dataclass, field

from archnb.design.elements import Problem, Response, Source
from archnb.design.formats._values import Mapping, Value, dig, line_of, mapping, sequence, text_of

# The properties that a page of a list is usually put under.
_LISTS = (
    *("items", "data", "results", "records", "values", "entries", "elements", "resources"),
    *("edges", "nodes"),
)
_CHAIN = 20  # references that lead to one another


@dataclass(slots=True)
class Sheet:
    """The document being read, and what of it could not be."""

    root: Value
    file: str
    problems: list[Problem] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)

    def source(self, line: int) -> Source:
        return Source(self.file, line)

    def problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.source(line), message))

    def resolve(self, value: Value, line: int = 0) -> dict[str, Value]:
        """The mapping, or the one its ``$ref`` leads to; {} where that leads out or nowhere.

        What stands beside a ``$ref`` (3.1 allows it) is laid over what it leads to.
        """
        beside: list[dict[str, Value]] = []
        for _ in range(_CHAIN):
            found = mapping(value)
            reference = found.get("$ref")
            if not isinstance(reference, str):
                return _laid_over(found, beside) if beside else found
            beside.append(found)
            line = line_of(found, "$ref", line)
            value = self._target(reference, line)
        self.problem(line, f"the `$ref` {beside[0]['$ref']!r} leads back to itself")
        return {}

    def _target(self, reference: str, line: int) -> Value:
        file, _, pointer = reference.partition("#")
        if file:
            if file not in self.outside:
                self.outside.add(file)
                self.problem(line, f"{file} is referred to, but was not read")
            return None
        value: Value = self.root
        for step in pointer.split("/")[1:]:
            key = _unescaped(step)
            if isinstance(value, list) and key.isdecimal() and len(key) < 7:
                value = value[int(key)] if int(key) < len(value) else None
            else:
                value = mapping(value).get(key)
        if value is None and reference not in self.outside:
            self.outside.add(reference)
            self.problem(line, f"{reference} is referred to, but is not there")
        return value

    def kind(self, schema: dict[str, Value]) -> str:
        """The JSON type: the one that is not ``null``, or what the keywords imply."""
        stated = schema.get("type")
        names = [text_of(each) for each in sequence(stated)] or [text_of(stated)]
        name = next((each for each in names if each not in ("", "null")), "")
        if name:
            return name
        if "items" in schema:
            return "array"
        return "object" if {"properties", "additionalProperties"} & schema.keys() else ""

    def whole(self, value: Value) -> dict[str, Value]:
        """A schema with its ``allOf`` laid together, one level deep.

        Of ``oneOf`` and ``anyOf`` the first alternative that is not ``null`` stands for all.
        """
        schema = self.resolve(value)
        for key in ("oneOf", "anyOf"):
            alternatives = [self.resolve(each) for each in sequence(schema.get(key))]
            chosen = next((each for each in alternatives if each.get("type") != "null"), None)
            if chosen is not None:
                schema = _laid_over(chosen, [schema])
                break
        parts = [self.resolve(each) for each in sequence(schema.get("allOf"))]
        if not parts:
            return schema
        joined = _laid_over({}, [schema, *reversed(parts)])
        properties = [mapping(each.get("properties")) for each in (*parts, schema)]
        if any(properties):
            joined["properties"] = {key: each for part in properties for key, each in part.items()}
        return joined


def _laid_over(below: dict[str, Value], above: list[dict[str, Value]]) -> Mapping:
    """``below`` with the mappings of ``above`` over it, the first of them on top."""
    joined = Mapping()
    for layer in (below, *reversed(above)):
        for key, value in layer.items():
            if key not in ("$ref", "oneOf", "anyOf", "allOf") or layer is below:
                joined[key] = value
                joined.lines[key] = line_of(layer, key)
    return joined


def _unescaped(step: str) -> str:
    from urllib.parse import unquote

    return unquote(step).replace("~1", "/").replace("~0", "~")


def response(status: str, value: Value, path: str, sheet: Sheet) -> Response:
    """A response of the operation at ``path``, its reference followed."""
    body = sheet.resolve(value)
    schema = sheet.whole(_json_schema(body))
    name, listed = _list(schema, path, sheet)
    properties = mapping(schema.get("properties"))
    return Response(
        status=status,
        description=text_of(body.get("description")),
        array=listed is not None,
        items=name,
        objects=listed is not None and sheet.kind(sheet.whole(listed.get("items"))) == "object",
        bounded=listed is not None and "maxItems" in listed,
        properties=tuple(properties),
        headers=tuple(mapping(body.get("headers"))),
    )


def _json_schema(body: dict[str, Value]) -> Value:
    content = mapping(body.get("content"))
    for media, detail in content.items():
        bare = media.split(";")[0].strip().lower()
        if bare in ("application/json", "*/*", "application/*") or bare.endswith("+json"):
            return dig(detail, "schema")
    return None


def _list(schema: dict[str, Value], path: str, sheet: Sheet) -> tuple[str, dict[str, Value] | None]:
    """The list in a body: its property ("" where it is the body itself) and its schema."""
    if sheet.kind(schema) == "array":
        return "", schema
    properties = mapping(schema.get("properties"))
    last = path.rstrip("/").rpartition("/")[2]
    alike = [name for name in properties if _plain(name) == _plain(last)]
    for name in (*alike, *_LISTS):
        if name in properties:
            inner = sheet.whole(properties[name])
            if sheet.kind(inner) == "array":
                return name, inner
    return "", None


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
