"""What stands in front of Kubernetes Services: the routes of ingresses, gateways and meshes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archnb.design.formats._values import Value, dig, line_of, mapping, sequence, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archnb.design.formats.kubernetes.objects import Manifest

Backend = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Route:
    """From the gateways ``parents`` (namespace, name) to ``backends`` (host, evidence, line).

    Without parents it is a rule inside a mesh: it names services and calls none.
    """

    manifest: Manifest
    parents: tuple[tuple[str, str], ...]
    backends: tuple[Backend, ...]
    technology: str = ""
    label: str = "HTTP"


def routes(objects: list[Manifest]) -> Iterator[Route]:
    """Every route that the objects state."""
    for each in objects:
        itself = ((each.namespace, each.name),)
        match each.kind:
            case "Ingress":
                label = "gRPC" if _annotation(each, "backend-protocol") == "GRPC" else "HTTP"
                backends = tuple(_ingress(each.spec))
                yield Route(each, itself, backends, _ingress_class(each), label)
            case "IngressRoute":
                yield Route(each, itself, tuple(_ingress_route(each.spec)), "Traefik")
            case "Route" if each.api.startswith("route.openshift.io/"):
                backend = dig(each.spec, "to")
                named = _backend(backend, "name", text_of(dig(each.spec, "host")))
                yield Route(each, itself, named, "OpenShift router")
            case "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute":
                label = {"HTTPRoute": "HTTP", "GRPCRoute": "gRPC"}.get(each.kind, "")
                yield Route(each, _parents(each), tuple(_rules(each.spec, each.kind)), "", label)
            case "VirtualService":
                yield Route(each, _mesh_gateways(each), tuple(_destinations(each.spec)), "Istio")
            case _:
                pass


def _annotation(manifest: Manifest, ending: str) -> str:
    annotations = mapping(dig(manifest.body, "metadata", "annotations"))
    return next(
        (text_of(annotations[key]) for key in annotations if key.endswith(f"/{ending}")), ""
    )


def _ingress_class(manifest: Manifest) -> str:
    name = text_of(dig(manifest.spec, "ingressClassName"))
    return name or _annotation(manifest, "ingress.class") or "Ingress"


def _backend(value: Value, key: str, where: str) -> tuple[Backend, ...]:
    host = text_of(dig(value, key))
    return ((host, f"route {where}".strip(), line_of(value, key)),) if host else ()


def _ingress(spec: Value) -> Iterator[Backend]:
    for value in (dig(spec, "defaultBackend"), dig(spec, "backend")):
        yield from _ingress_backend(value, "default")
    for rule in sequence(dig(spec, "rules")):
        host = text_of(dig(rule, "host"))
        for path in sequence(dig(rule, "http", "paths")):
            where = host + (text_of(dig(path, "path")) or "/")
            yield from _ingress_backend(dig(path, "backend"), where)


def _ingress_backend(value: Value, where: str) -> Iterator[Backend]:
    yield from _backend(dig(value, "service"), "name", where)
    yield from _backend(value, "serviceName", where)  # networking.k8s.io/v1beta1


def _ingress_route(spec: Value) -> Iterator[Backend]:
    for route in sequence(dig(spec, "routes")):
        for service in sequence(dig(route, "services")):
            yield from _backend(service, "name", text_of(dig(route, "match")))


def _parents(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    references = sequence(dig(manifest.spec, "parentRefs"))
    return tuple(
        (text_of(dig(each, "namespace")) or manifest.namespace, text_of(dig(each, "name")))
        for each in references
        if text_of(dig(each, "name")) and text_of(dig(each, "kind")) in ("", "Gateway")
    )


def _rules(spec: Value, kind: str) -> Iterator[Backend]:
    for rule in sequence(dig(spec, "rules")):
        matches = sequence(dig(rule, "matches"))
        path = text_of(dig(matches[0], "path", "value")) if matches else ""
        for backend in sequence(dig(rule, "backendRefs")):
            yield from _backend(backend, "name", path or kind)


def _mesh_gateways(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for item in sequence(dig(manifest.spec, "gateways")):
        namespace, _, name = text_of(item).rpartition("/")
        if name and name != "mesh":
            found.append((namespace or manifest.namespace, name))
    return tuple(found)


def _destinations(spec: Value) -> Iterator[Backend]:
    for protocol in ("http", "tcp", "tls"):
        for rule in sequence(dig(spec, protocol)):
            for route in sequence(dig(rule, "route")):
                yield from _backend(dig(route, "destination"), "host", protocol)
