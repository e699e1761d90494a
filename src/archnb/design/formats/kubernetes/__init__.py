"""Kubernetes manifests: workloads joined with their Services, gateways, and their calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from archnb.design.elements import Design, Flow, Port, Problem, Service, Source
from archnb.design.formats._technologies import classify, style_towards
from archnb.design.formats._values import dig, line_of, mapping, sequence, text_of
from archnb.design.formats._wiring import Directory, calls, joined
from archnb.design.formats._yaml import read_documents
from archnb.design.formats.base import Format
from archnb.design.formats.kubernetes.objects import (
    Configs,
    Manifest,
    manifests,
    settings,
    speaks_grpc,
    spoken,
    workload,
)
from archnb.design.formats.kubernetes.routes import Route, routes
from archnb.errors import ReadError

_API = re.compile(r"^apiVersion[ \t]*:|\"apiVersion\"\s*:", re.MULTILINE)
_KIND = re.compile(r"(?:^kind|\"kind\")[ \t]*:[ \t]*[\"']?(\w+)", re.MULTILINE)
_PROTOCOLS = {"grpc": "gRPC", "http": "HTTP", "http2": "HTTP", "https": "HTTPS", "h2c": "gRPC"}
_ELSEWHERE = frozenset({"Kustomization", "Workflow", "Pipeline", "Task", "Config"})


def recognise(file: str, text: str) -> float:
    """Tell manifests by ``apiVersion`` and ``kind`` at the top of a document."""
    name = file.replace("\\", "/").rpartition("/")[2].lower()
    if "." in name and not name.endswith(FORMAT.suffixes):
        return 0.0
    kinds = {found[1] for found in _KIND.finditer(text[:200_000])}
    if not kinds or _API.search(text) is None:
        return 0.0
    return 0.3 if kinds <= _ELSEWHERE else 0.95


def read(text: str, file: str) -> Design:
    """The workloads of one file and the calls between them; see :func:`read_files`."""
    return read_files([(text, file)])


def read_files(files: Sequence[tuple[str, str]]) -> Design:
    """Read several files as one set of objects: ``(text, file)`` each.

    A Service that selects a workload is that workload; one that selects none is external, or a
    store by its name. Calls found in settings, arguments and mounted configuration are inferred,
    routes of gateways are stated. Secrets are not looked into. Of several files, one that cannot be
    read at all is a problem.
    """
    problems: list[Problem] = []
    objects: list[Manifest] = []
    for text, file in files:
        try:
            documents, found = read_documents(text, file)
        except ReadError as error:
            if len(files) == 1:
                raise
            problems.append(Problem(Source(file), error.message))
            continue
        problems += found
        objects += manifests(documents, file, problems)
    if not objects:
        raise ReadError(
            f"{(files[0][1] if files else '') or 'this text'}: no Kubernetes object was found.",
            hint="An object has `apiVersion`, `kind` and `metadata.name`.",
        )
    cluster = _Cluster(problems=problems)
    cluster.place(objects)
    flows = joined(cluster.flows(objects))
    return Design(
        services=tuple(cluster.nodes.values()), flows=flows, problems=tuple(dict.fromkeys(problems))
    )


@dataclass(slots=True)
class _Cluster:
    """Nodes by name, and which of them each Service's DNS name reaches."""

    problems: list[Problem]
    configs: Configs = field(default_factory=Configs)
    nodes: dict[str, Service] = field(default_factory=dict)
    workloads: dict[str, Manifest] = field(default_factory=dict)
    reached: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    gateways: dict[tuple[str, str], str] = field(default_factory=dict)
    protocols: dict[tuple[str, str], str] = field(default_factory=dict)

    def place(self, objects: list[Manifest]) -> None:
        """Make the nodes: first what runs, then what is reached, then what stands in front."""
        of_kind: dict[str, list[Manifest]] = {}
        for each in objects:
            of_kind.setdefault("workload" if each.is_workload else each.kind, []).append(each)
        for each in of_kind.get("ConfigMap", []):
            self.configs.maps[each.namespace, each.name] = each
        for each in of_kind.get("workload", []):
            self._run(each)
        for each in of_kind.get("Service", []):
            self._reach(each)
        for each in of_kind.get("HorizontalPodAutoscaler", []):
            self._scale(each)
        for each in of_kind.get("Gateway", []):
            technology = text_of(dig(each.spec, "gatewayClassName"))
            if each.api.startswith("networking.istio.io/"):
                technology = "Istio"
            self._gateway(each, technology)

    def _free(self, manifest: Manifest) -> str:
        """A name nobody has: the object's own, with its namespace, with its kind."""
        name, namespace, kind = manifest.name, manifest.namespace, manifest.kind
        names = (name, f"{name}.{namespace}" if namespace else name, f"{name} ({kind})")
        free = next((each for each in names if each not in self.nodes), "")
        return free or f"{name} ({kind} {len(self.nodes)})"

    def _run(self, manifest: Manifest) -> None:
        name = self._free(manifest)
        pairs = settings(manifest, self.configs)
        made = workload(manifest, name)
        self.nodes[name] = replace(made, settings=tuple(setting for setting, _ in pairs))
        self.workloads[name] = manifest
        if speaks_grpc(manifest):
            self.protocols[name, ""] = "gRPC"
        if manifest.kind == "Service":  # Knative: it brings its own DNS name
            self.reached.setdefault((manifest.namespace, manifest.name), []).append(name)

    def _reach(self, manifest: Manifest) -> None:
        selector = mapping(dig(manifest.spec, "selector"))
        selected = [
            name
            for name, each in self.workloads.items()
            if selector
            and _same_namespace(each.namespace, manifest.namespace)
            and selector.items() <= mapping(dig(each.pod, "metadata", "labels")).items()
        ]
        if not selected:
            role = classify(manifest.name)
            kind = role.kind if role.kind in ("store", "queue") else "external"
            name = self._free(manifest)
            self.nodes[name] = Service(
                name, kind, role.technology, manifest.namespace, source=manifest.source
            )
            selected = [name]
        self.reached.setdefault((manifest.namespace, manifest.name), []).extend(selected)
        if outside := text_of(dig(manifest.spec, "externalName")).lower():
            self.reached.setdefault(("", outside), []).extend(selected)
        ports = sequence(dig(manifest.spec, "ports"))
        open_to_all = text_of(dig(manifest.spec, "type")) in ("NodePort", "LoadBalancer")
        for name in selected:
            for port in ports:
                number = text_of(dig(port, "port"))
                spoken_there = text_of(dig(port, "appProtocol")) or text_of(dig(port, "name"))
                first = re.match(r"[a-z0-9]*", spoken_there.lower())
                if known := _PROTOCOLS.get(first[0] if first else ""):
                    self.protocols[name, number] = known
                if open_to_all:
                    inside = text_of(dig(port, "targetPort")) or number
                    outer = text_of(dig(port, "nodePort")) or number
                    source = replace(manifest.source, line=line_of(port, "port"))
                    node = self.nodes[name]
                    published = Port(inside, outer, source=source)
                    self.nodes[name] = replace(node, ports=(*node.ports, published))

    def _scale(self, manifest: Manifest) -> None:
        target = text_of(dig(manifest.spec, "scaleTargetRef", "name"))
        least = text_of(dig(manifest.spec, "minReplicas")) or "1"
        for name, each in self.workloads.items():
            here = _same_namespace(each.namespace, manifest.namespace)
            if each.name == target and here and least.isdecimal() and len(least) < 7:
                self.nodes[name] = replace(self.nodes[name], replicas=int(least))

    def _gateway(self, manifest: Manifest, technology: str) -> str:
        name = self._free(manifest)
        self.nodes[name] = Service(
            name, "gateway", technology, manifest.namespace, source=manifest.source
        )
        self.gateways[manifest.namespace, manifest.name] = name
        return name

    def find(self, host: str, namespace: str) -> list[str]:
        """The nodes that a host name reaches from a pod in ``namespace``."""
        pod = re.match(r"[^.]+-\d+\.", host)  # one of a stateful set: mongo-0.mongo
        return self._service(host, namespace) or (
            self._service(host[pod.end() :], namespace) if pod else []
        )

    def _service(self, host: str, namespace: str) -> list[str]:
        name, *rest = host.split(".")
        if rest and (known := self.reached.get(("", host))):  # an external name
            return known
        if not rest:
            near = self.reached.get((namespace, name)) or self.reached.get(("", name))
            if near or namespace:
                return near or []
            anywhere = [nodes for (_, each), nodes in self.reached.items() if each == name]
            return anywhere[0] if len(anywhere) == 1 else []
        if stated := self.reached.get((rest[0], name)):
            return stated if len(rest) == 1 or rest[1] == "svc" else []
        # Without a namespace in the file, any that is spelled out as one may be meant.
        spelled = rest == ["default"] or rest[1:2] == ["svc"]
        return self.reached.get(("", name), []) if spelled else []

    def flows(self, objects: list[Manifest]) -> list[Flow]:
        found: list[Flow] = []
        for route in routes(objects):
            found += self._routed(route)
        for name, manifest in self.workloads.items():
            namespace = manifest.namespace

            def find(host: str, namespace: str = namespace) -> list[str]:
                return self.find(host, namespace)

            variables = [variable for _, variable in settings(manifest, self.configs)]
            variables += spoken(manifest, self.configs)
            directory = Directory(self.nodes, find, self.protocols)
            found += calls(name, variables, directory, inferred=True)
        return found

    def _routed(self, route: Route) -> list[Flow]:
        """The flows from a route's gateways to its backends; a name not here becomes a node."""
        origins: list[str] = []
        for namespace, parent in route.parents:
            gateway = self.gateways.get((namespace, parent)) or self.gateways.get(("", parent))
            kind = "Gateway" if parent != route.manifest.name else route.manifest.kind
            here = replace(route.manifest, kind=kind, name=parent, namespace=namespace)
            origins.append(gateway or self._gateway(here, route.technology))
        found: list[Flow] = []
        for host, evidence, line in route.backends:
            targets = self.find(host.lower(), route.manifest.namespace) or [
                self._mentioned(host, route)
            ]
            for target in targets:
                style = style_towards(self.nodes[target].kind)
                source = replace(route.manifest.source, line=line or route.manifest.source.line)
                found += [
                    Flow(origin, target, style, route.label, evidence=evidence, source=source)
                    for origin in origins
                    if origin != target
                ]
        return found

    def _mentioned(self, host: str, route: Route) -> str:
        """A backend whose objects lie elsewhere: it is known by name alone."""
        name, namespace = host.partition(".")[0], route.manifest.namespace
        role = classify(name)
        if name in self.nodes and self.nodes[name].kind != "gateway":
            return name
        free = self._free(replace(route.manifest, kind="Service", name=name))
        self.nodes[free] = Service(
            free, role.kind, role.technology, namespace, source=route.manifest.source
        )
        self.reached.setdefault((namespace, name), []).append(free)
        return free


def _same_namespace(one: str, other: str) -> bool:
    return one == other or not one or not other


FORMAT = Format("kubernetes", (".yaml", ".yml", ".json"), recognise, read, None, read_files)
