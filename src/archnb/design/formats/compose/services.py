"""The parts of a compose service: what each key of it says, in its short and its long form."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from archnb.design.elements import Port, Problem, Service, Setting, Source
from archnb.design.formats._interpolation import beside, env_entries, interpolate
from archnb.design.formats._technologies import classify
from archnb.design.formats._values import (
    Mapping,
    Sequence,
    Value,
    dig,
    line_of,
    mapping,
    sequence,
    text_of,
)
from archnb.design.formats._wiring import Variable, command_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHAIN = 50  # services that extend one another
_ADDED = ("environment", "depends_on", "labels", "ports", "links", "networks", "expose")


@dataclass(slots=True)
class Sheet:
    """The file being read: its name, the values of its ``.env`` and what could not be read."""

    file: str
    values: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def source(self, line: int) -> Source:
        return Source(self.file, line)

    def problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.source(line), message))

    def resolve(self, value: Value) -> str:
        return interpolate(text_of(value), self.values)


@dataclass(frozen=True, slots=True)
class Part:
    """A service as read, with what its calls are found from."""

    service: Service
    hosts: frozenset[str]
    variables: tuple[Variable, ...]
    depends_on: dict[str, tuple[str, int]]
    links: dict[str, tuple[str, int]]
    labels: dict[str, int]
    speaks_grpc: bool


def part(name: str, body: Value, line: int, sheet: Sheet) -> Part:
    """Everything that the service ``name`` says of itself."""
    if not isinstance(body, dict):
        sheet.problem(line, f"the service {name!r} is empty: it has neither image nor build")
    body = mapping(body)
    image, built = sheet.resolve(body.get("image")), bool(body.get("build"))
    ports = tuple(_ports(body, sheet))
    exposed = [sheet.resolve(port).split("/")[0] for port in sequence(body.get("expose"))]
    inside = [*(port.container for port in ports), *exposed]
    role = classify(name, image, inside, built=built)
    variables = list(_variables(body, line, sheet))
    service = Service(
        name=name,
        kind=role.kind,
        technology=role.technology,
        image="" if built else image,
        replicas=_replicas(body, sheet),
        health=_health(body, sheet),
        ports=ports,
        settings=tuple(setting for setting, _ in variables),
        source=sheet.source(line),
    )
    return Part(
        service=service,
        hosts=frozenset(_hosts(name, body, sheet)),
        variables=(*(variable for _, variable in variables), *_commands(body, line, sheet)),
        depends_on=_depends_on(body, line),
        links=_links(body, sheet),
        labels=_labels(body),
        speaks_grpc="grpc_health_probe" in repr(dig(body, "healthcheck", "test")),
    )


def extended(
    name: str, bodies: dict[str, Value], sheet: Sheet, seen: tuple[str, ...] = ()
) -> Value:
    """The service's mapping with what it ``extends`` within the file put below it."""
    body = bodies.get(name)
    extends = mapping(body).get("extends")
    if not isinstance(body, dict) or extends is None:
        return body
    line = line_of(body, "extends")
    other = text_of(mapping(extends).get("file"))
    base = text_of(extends) or text_of(mapping(extends).get("service"))
    if other and other.removeprefix("./") != sheet.file.replace("\\", "/").split("/")[-1]:
        sheet.problem(line, f"{name!r} extends {base!r} of {other}, which was not read")
        return body
    if base not in bodies or base in (*seen, name) or len(seen) > _CHAIN:
        reason = "goes round in a circle" if base in bodies else "names a service that is not here"
        sheet.problem(line, f"the `extends: {base}` of {name!r} {reason}")
        return body
    below = extended(base, bodies, sheet, (*seen, name))
    return _laid_over(body, below) if isinstance(below, dict) else body


def _laid_over(body: dict[str, Value], below: dict[str, Value]) -> Mapping:
    merged = Mapping()
    for layer in (below, body):
        for key, value in layer.items():
            known = merged.get(key)
            if key in _ADDED and isinstance(known, dict) and isinstance(value, dict):
                value = _laid_over(value, known)  # noqa: PLW2901
            elif key in _ADDED and isinstance(known, list) and isinstance(value, list):
                value = _appended(known, value)  # noqa: PLW2901
            merged[key] = value
            merged.lines[key] = line_of(layer, key)
    return merged


def _appended(known: list[Value], later: list[Value]) -> Sequence:
    both = Sequence()
    for items in (known, later):
        for number, item in enumerate(items):
            both.append(item)
            both.lines.append(line_of(items, number))
    return both


def named(value: Value) -> Iterator[tuple[str, Value, int]]:
    """The pairs of ``environment``, ``labels`` ...: a mapping, or a list of ``name=value``.

    The value is None where only the name stands.
    """
    for key, inner in mapping(value).items():
        yield key, inner, line_of(value, key)
    for number, item in enumerate(sequence(value)):
        line = line_of(value, number)
        if isinstance(item, dict):  # `- NAME: value`, a slip that compose refuses
            for key, inner in item.items():
                yield key, inner, line_of(item, key, line)
            continue
        name, equals, rest = text_of(item).partition("=")
        yield name, rest if equals else None, line


def _variables(
    body: dict[str, Value], line: int, sheet: Sheet
) -> Iterator[tuple[Setting, Variable]]:
    environment = body.get("environment")
    own = {name.strip() for name, _, _ in named(environment)}
    for file in _env_files(body):
        text = beside(sheet.file, sheet.resolve(file))
        place = str(PurePath(sheet.file).parent / text_of(file))
        for entry in env_entries(text or "", sheet.values):
            if entry.name not in own:
                source = Source(place, entry.line)
                value = sheet.values.get(entry.name) if entry.value is None else entry.value
                evidence = f"env_file {entry.name}"
                # The file's values stay in the file: they are looked at for hosts, and not kept.
                yield (
                    Setting(entry.name, None, source),
                    Variable(entry.name, value, source, evidence),
                )
    for raw_name, inner, place_line in named(environment):
        name, source = raw_name.strip(), sheet.source(place_line or line)
        if isinstance(inner, (dict, list)):
            sheet.problem(source.line, f"the variable {name!r} holds no plain value")
            continue
        if not name:
            continue
        written = None if inner is None else text_of(inner)
        known = sheet.values.get(name) if written is None else sheet.resolve(written)
        yield Setting(name, written, source), Variable(name, known, source, f"environment {name}")


def _env_files(body: dict[str, Value]) -> list[Value]:
    files = body.get("env_file")
    listed = files if isinstance(files, list) else [files]
    return [mapping(file).get("path", file) for file in listed if file]


def _commands(body: dict[str, Value], line: int, sheet: Sheet) -> Iterator[Variable]:
    for key in ("entrypoint", "command"):
        value = body.get(key)
        words = [sheet.resolve(word) for word in sequence(value)]
        if isinstance(value, str):
            try:
                words = shlex.split(sheet.resolve(value))
            except ValueError:  # an open quote: the words are still words
                words = sheet.resolve(value).split()
        source = sheet.source(line_of(body, key, line))
        for variable in command_variables(words, source, key):
            # Without a value there is nothing to conclude from a word of a command.
            yield replace(variable, value=variable.value or "")


def _ports(body: dict[str, Value], sheet: Sheet) -> Iterator[Port]:
    ports = body.get("ports")
    for number, port in enumerate(sequence(ports)):
        source = sheet.source(line_of(ports, number, line_of(body, "ports")))
        if isinstance(port, dict):
            target, published = (
                sheet.resolve(port.get("target")),
                sheet.resolve(port.get("published")),
            )
            yield Port(target, published, sheet.resolve(port.get("host_ip")), source)
            continue
        text = sheet.resolve(port).split("/")[0]
        rest, _, container = text.rpartition(":")
        host, _, published = rest.rpartition(":")
        if not container:
            sheet.problem(source.line, f"{text_of(port)!r} is no port mapping")
            continue
        yield Port(container, published, host.strip("[]"), source)


def _replicas(body: dict[str, Value], sheet: Sheet) -> int:
    for value in (dig(body, "deploy", "replicas"), body.get("scale")):
        if (text := sheet.resolve(value)).isdecimal() and len(text) < 7:
            return int(text)
    return 0


def _health(body: dict[str, Value], sheet: Sheet) -> bool | None:
    """Whether a check is declared here or in the Dockerfile; None for a mere patch of a service."""
    check = body.get("healthcheck")
    if isinstance(check, dict):
        test = check.get("test")
        first = sequence(test)[0] if sequence(test) else test
        off = text_of(check.get("disable")) == "true" or text_of(first).upper() == "NONE"
        return not off
    build = body.get("build")
    if build:
        context = sheet.resolve(build) or sheet.resolve(mapping(build).get("context")) or "."
        dockerfile = sheet.resolve(mapping(build).get("dockerfile")) or "Dockerfile"
        text = beside(sheet.file, f"{context}/{dockerfile}") or ""
        checks: list[str] = re.findall(
            r"^[ \t]*HEALTHCHECK[ \t]+(\S+)", text, re.MULTILINE | re.IGNORECASE
        )
        return bool(checks) and checks[-1].upper() != "NONE"
    return False if body.get("image") else None


def _hosts(name: str, body: dict[str, Value], sheet: Sheet) -> Iterator[str]:
    yield name.lower()
    for key in ("container_name", "hostname"):
        if host := sheet.resolve(body.get(key)).lower():
            yield host
    for network in mapping(body.get("networks")).values():
        for alias in sequence(mapping(network).get("aliases")):
            yield sheet.resolve(alias).lower()


def networks(body: Value) -> list[str]:
    """The names of the networks a service is in, ``default`` left out."""
    value = mapping(body).get("networks")
    names = [text_of(item) for item in sequence(value)] or list(mapping(value))
    return [name for name in names if name and name != "default"]


def _depends_on(body: dict[str, Value], line: int) -> dict[str, tuple[str, int]]:
    value = body.get("depends_on")
    found: dict[str, tuple[str, int]] = {}
    for number, item in enumerate(sequence(value)):
        found[text_of(item)] = ("", line_of(value, number, line))
    for target, detail in mapping(value).items():
        found[target] = (text_of(mapping(detail).get("condition")), line_of(value, target, line))
    found.pop("", None)
    return found


def _links(body: dict[str, Value], sheet: Sheet) -> dict[str, tuple[str, int]]:
    value = body.get("links")
    found: dict[str, tuple[str, int]] = {}
    for number, item in enumerate(sequence(value)):
        target, _, alias = sheet.resolve(item).partition(":")
        if target:
            found[target] = (alias.lower(), line_of(value, number))
    return found


def _labels(body: dict[str, Value]) -> dict[str, int]:
    both = [body.get("labels"), dig(body, "deploy", "labels")]
    return {name: line for labels in both for name, _, line in named(labels)}
