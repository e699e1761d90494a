"""Compose files: services, and the calls that their settings, links and start-up order speak of."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from archnb.design.elements import Design, Flow, Problem, Service
from archnb.design.formats._interpolation import beside, env_entries
from archnb.design.formats._technologies import classify, style_towards
from archnb.design.formats._values import Mapping as Lined
from archnb.design.formats._values import Value, line_of, mapping
from archnb.design.formats._wiring import Directory, calls, joined
from archnb.design.formats._yaml import read_documents
from archnb.design.formats.base import Format
from archnb.design.formats.compose.services import Part, Sheet, extended, networks, part
from archnb.design.formats.compose.writing import write
from archnb.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTION = re.compile(
    r"^(?:services|\"services\"|'services')\s*:|\"services\"\s*:\s*\{", re.MULTILINE
)
_KEYS = re.compile(
    r"^[ \t]*[\"']?(?:image|build|container_name|depends_on|environment|ports|extends|command)"
    r"[\"']?[ \t]*:",
    re.MULTILINE,
)


def recognise(file: str, text: str) -> float:
    """Tell a compose file by its ``services:`` mapping and by the keys a service has there."""
    name = file.replace("\\", "/").rpartition("/")[2].lower()
    if "." in name and not name.endswith(FORMAT.suffixes):
        return 0.0
    called = re.search(r"(?<![a-z])compose(?![a-z])", name) is not None
    section = _SECTION.search(text)
    if section is None:
        return 0.0
    inside = (line.strip() for line in text[section.end() : section.end() + 5000].splitlines()[1:])
    first = next((line for line in inside if line and not line.startswith("#")), "")
    if first.startswith("- "):  # a list of side containers, as CI pipelines have it
        return 0.0
    likely = _KEYS.search(text, section.end()) is not None
    return (1.0 if called else 0.9) if likely else (0.6 if called else 0.2)


def read(text: str, file: str) -> Design:
    """The services of a compose file and the flows between them.

    ``.env``, ``env_file`` and a Dockerfile's HEALTHCHECK are read if they lie in the file's own
    folder tree. Nothing is taken from the process's environment.
    """
    documents, problems = read_documents(text, file)
    sheet = Sheet(file, problems=problems)
    for entry in env_entries(beside(file, ".env") or "", {}):
        if entry.value is not None:
            sheet.values[entry.name] = entry.value
    bodies = Lined()
    for document in documents:
        _collect(document.root, bodies, sheet)
    if not bodies and not any("services" in mapping(document.root) for document in documents):
        raise ReadError(
            f"{file or 'this text'}: there is no `services:` section.",
            hint="A compose file names its services under a top-level key `services`.",
        )
    shared = len({name for body in bodies.values() for name in networks(body)}) > 1
    parts: dict[str, Part] = {}
    for name in bodies:
        whole = extended(name, bodies, sheet)
        made = part(name, whole, bodies.lines[name], sheet)
        inside = networks(whole)
        if shared and len(inside) == 1:
            made = replace(made, service=replace(made.service, group=inside[0]))
        parts[name] = made
    _mark_jobs(parts)
    directory = _directory(parts)
    flows = joined(
        flow for name, me in parts.items() for flow in _flows(name, me, directory, sheet)
    )
    return Design(
        services=tuple(directory.services.values()),
        flows=flows,
        problems=tuple(dict.fromkeys(sheet.problems)),
    )


def _collect(root: Value, bodies: Lined, sheet: Sheet) -> None:
    """Put the services of one document to the others'; a later document wins."""
    section = mapping(root).get("services")
    if section is not None and not isinstance(section, dict):
        sheet.problem(line_of(root, "services"), "`services` is no mapping of names")
    for name, body in mapping(section).items():
        bodies[name] = body
        bodies.lines[name] = line_of(section, name)
    if "include" in mapping(root):
        sheet.problem(line_of(root, "include"), "the files under `include` were not read")


def _mark_jobs(parts: dict[str, Part]) -> None:
    awaited = {
        target
        for each in parts.values()
        for target, (condition, _) in each.depends_on.items()
        if condition == "service_completed_successfully"
    }
    for name in awaited & parts.keys():
        job = replace(parts[name].service, kind="job")
        parts[name] = replace(parts[name], service=job)


def _directory(parts: dict[str, Part]) -> Directory:
    """Who answers to which host name; a service's own name wins over another's alias."""
    hosts: dict[str, list[str]] = {}
    for target, each in parts.items():
        for host in each.hosts:
            hosts.setdefault(host, []).append(target)
    hosts |= {target.lower(): [target] for target in parts}
    services = {name: each.service for name, each in parts.items()}
    spoken = {(target, ""): "gRPC" for target, each in parts.items() if each.speaks_grpc}
    return Directory(services, lambda host: hosts.get(host, []), spoken)


def _flows(name: str, me: Part, directory: Directory, sheet: Sheet) -> list[Flow]:
    services = directory.services
    aliases = {alias: [to] for to, (alias, _) in me.links.items() if alias and to in services}
    linked = replace(directory, find=lambda host: aliases.get(host) or directory.find(host))
    flows = calls(name, me.variables, linked, inferred=False)
    for target, (_, line) in me.links.items():
        flow = _towards(name, target, services, evidence="links")
        directed = flow.style != "async"
        flows.append(replace(flow, directed=directed, source=sheet.source(line)))
    flows += _routed(name, me, services, sheet)
    for target, (condition, line) in me.depends_on.items():
        if target not in services:
            said = f"{name!r} depends on {target!r}, which is not defined in this file"
            sheet.problems.append(Problem(sheet.source(line), said))
        evidence = f"depends_on ({condition})" if condition else "depends_on"
        flow = _towards(name, target, services, evidence=evidence)
        inferred = flow.style == "sync"
        flows.append(replace(flow, startup=True, inferred=inferred, source=sheet.source(line)))
    return [flow for flow in flows if flow.origin != flow.target]


def _towards(name: str, target: str, services: Mapping[str, Service], evidence: str) -> Flow:
    role = classify(target)
    known = services.get(target, Service(target, kind=role.kind, technology=role.technology))
    style = style_towards(known.kind)
    label = known.technology if style != "sync" else ""
    return Flow(name, target, style, label, evidence=evidence)


def _routed(name: str, me: Part, services: Mapping[str, Service], sheet: Sheet) -> list[Flow]:
    """The routes that Traefik takes from a service's labels."""
    label = next((label for label in me.labels if label.startswith("traefik.http.")), None)
    proxies = [each.name for each in services.values() if each.technology == "Traefik"]
    if label is None or len(proxies) != 1:
        return []
    source = sheet.source(me.labels[label])
    return [Flow(proxies[0], name, "sync", "HTTP", evidence=f"label {label}", source=source)]


FORMAT = Format("compose", (".yaml", ".yml", ".json"), recognise, read, write)
