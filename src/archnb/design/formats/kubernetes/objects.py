"""Kubernetes objects as written: manifests, their pods, and the settings of a pod's containers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archnb.design.elements import Port, Problem, Service, Setting, Source
from archnb.design.formats._technologies import classify
from archnb.design.formats._values import Value, dig, line_of, mapping, sequence, text_of
from archnb.design.formats._wiring import Variable, command_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archnb.design.formats._yaml import Document

_ONE_BY_DEFAULT = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "Rollout", "Pod"})
_WORKLOADS = _ONE_BY_DEFAULT | {"DaemonSet", "Job", "CronJob", "DeploymentConfig"}
_WORKLOADS |= {"ReplicationController"}
_JOBS = frozenset({"Job", "CronJob"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of the cluster; ``namespace`` is "" where the file does not state it."""

    kind: str
    api: str
    name: str
    namespace: str
    body: dict[str, Value]
    source: Source

    @property
    def spec(self) -> Value:
        return self.body.get("spec")

    @property
    def is_workload(self) -> bool:
        knative = self.kind == "Service" and self.api.startswith("serving.knative.dev/")
        return self.kind in _WORKLOADS or knative

    @property
    def pod(self) -> Value:
        """The pod (or its template): labels under ``metadata``, containers under ``spec``."""
        match self.kind:
            case "Pod":
                return self.body
            case "CronJob":
                return dig(self.spec, "jobTemplate", "spec", "template")
            case _:
                return dig(self.spec, "template")


@dataclass(frozen=True, slots=True)
class Configs:
    """The ConfigMaps of a reading, by namespace and name, each with its file."""

    maps: dict[tuple[str, str], Manifest] = field(default_factory=dict)

    def data(self, namespace: str, name: str) -> tuple[Value, str]:
        """The ``data`` of a ConfigMap (None: not here) and the file it stands in."""
        found = self.maps.get((namespace, name)) or self.maps.get(("", name))
        return (found.body.get("data"), found.source.file) if found else (None, "")


def manifests(documents: list[Document], file: str, problems: list[Problem]) -> list[Manifest]:
    """The objects of the documents, those of a ``List`` each by itself."""
    found: list[Manifest] = []
    waiting = [(document.root, document.line) for document in documents]
    for root, line in waiting:
        body = mapping(root)
        kind, items = text_of(body.get("kind")), body.get("items")
        if kind.endswith("List") and isinstance(items, list):
            waiting += [(item, line_of(items, number, line)) for number, item in enumerate(items)]
            continue
        metadata = body.get("metadata")
        name = text_of(dig(metadata, "name")) or text_of(dig(metadata, "generateName")).rstrip("-")
        if kind and name:
            api, namespace = text_of(body.get("apiVersion")), text_of(dig(metadata, "namespace"))
            found.append(Manifest(kind, api, name, namespace, body, Source(file, line)))
        elif root is not None:
            missing = "`metadata.name`" if kind else "`kind`"
            said = f"this document has no {missing}: it was left out"
            problems.append(Problem(Source(file, line), said))
    return found


def workload(manifest: Manifest, name: str) -> Service:
    """What runs, without its settings."""
    containers = list(_containers(manifest, "containers"))
    main = next((each for each in containers if text_of(each.get("name")) == manifest.name), None)
    main = main or next(iter(containers), {})
    image = text_of(main.get("image"))
    inside = [port for each in containers for port in sequence(each.get("ports")) if mapping(port)]
    role = classify(manifest.name, image, [text_of(dig(port, "containerPort")) for port in inside])
    checked = any("readinessProbe" in each or "livenessProbe" in each for each in containers)
    job = manifest.kind in _JOBS
    return Service(
        name=name,
        kind="job" if job else role.kind,
        technology=role.technology,
        group=manifest.namespace,
        image=image,
        replicas=_replicas(manifest),
        health=None if job else checked,
        ports=tuple(_host_ports(inside, manifest)),
        source=manifest.source,
    )


def _containers(manifest: Manifest, key: str) -> Iterator[dict[str, Value]]:
    for container in sequence(dig(manifest.pod, "spec", key)):
        yield mapping(container)


def _replicas(manifest: Manifest) -> int:
    text = text_of(dig(manifest.spec, "replicas"))
    if text.isdecimal() and len(text) < 7:
        return int(text)
    return 1 if manifest.kind in _ONE_BY_DEFAULT else 0


def _host_ports(ports: list[Value], manifest: Manifest) -> Iterator[Port]:
    for port in ports:
        if published := text_of(dig(port, "hostPort")):
            source = replace(manifest.source, line=line_of(port, "hostPort", manifest.source.line))
            container, host = text_of(dig(port, "containerPort")), text_of(dig(port, "hostIP"))
            yield Port(container, published, host, source)


def settings(manifest: Manifest, configs: Configs) -> list[tuple[Setting, Variable]]:
    """The environment of all containers of a pod, with what each variable's value comes to."""
    pairs: list[tuple[Setting, Variable]] = []
    for key in ("initContainers", "containers"):
        for container in _containers(manifest, key):
            known: dict[str, str] = {}
            for setting, value in _environment(container, manifest, configs):
                whole = None if value is None else _expanded(value, known)
                known[setting.name] = whole or ""
                variable = Variable(setting.name, whole, setting.source, f"env {setting.name}")
                pairs.append((setting, variable))
    return list(dict.fromkeys(pairs))


def _expanded(value: str, known: dict[str, str]) -> str:
    whole = re.sub(r"\$\((\w+)\)", lambda found: known.get(found[1]) or found[0], value[:10_000])
    return whole[:20_000]


def _environment(
    container: dict[str, Value], manifest: Manifest, configs: Configs
) -> Iterator[tuple[Setting, str | None]]:
    """Each variable as written, and its value; None where only the cluster knows it."""
    for group in sequence(container.get("envFrom")):
        name = text_of(dig(group, "configMapRef", "name"))
        data, file = configs.data(manifest.namespace, name)
        for key, value in mapping(data).items():
            setting_name = text_of(dig(group, "prefix")) + key
            yield (
                Setting(setting_name, text_of(value), Source(file, line_of(data, key))),
                text_of(value),
            )
    env = container.get("env")
    for number, entry in enumerate(sequence(env)):
        name = text_of(dig(entry, "name"))
        source = replace(manifest.source, line=line_of(env, number, manifest.source.line))
        reference = dig(entry, "valueFrom", "configMapKeyRef")
        data, file = configs.data(manifest.namespace, text_of(dig(reference, "name")))
        key = text_of(dig(reference, "key"))
        if not name:
            continue
        if key in mapping(data):
            value = text_of(mapping(data)[key])
            yield Setting(name, value, Source(file, line_of(data, key))), value
        elif "valueFrom" in mapping(entry):
            # A field of the pod itself is no other's address; a secret or a config may be one.
            own = {"fieldRef", "resourceFieldRef"} & mapping(dig(entry, "valueFrom")).keys()
            yield Setting(name, None, source), "" if own else None
        else:
            value = text_of(dig(entry, "value"))
            yield Setting(name, value, source), value


def spoken(manifest: Manifest, configs: Configs) -> list[Variable]:
    """The command lines of a pod, and the configuration files that ConfigMaps give it."""
    variables: list[Variable] = []
    for key in ("initContainers", "containers"):
        for container in _containers(manifest, key):
            for part in ("command", "args"):
                words = [text_of(word) for word in sequence(container.get(part))]
                line = line_of(container, part, manifest.source.line)
                source = replace(manifest.source, line=line)
                variables += [
                    replace(variable, value=variable.value or "")
                    for variable in command_variables(words, source, part)
                ]
    for volume in sequence(dig(manifest.pod, "spec", "volumes")):
        data, file = configs.data(manifest.namespace, text_of(dig(volume, "configMap", "name")))
        for key, content in mapping(data).items():
            source = Source(file, line_of(data, key))
            variables.append(Variable("", text_of(content), source, f"config {key}"))
    return variables


def speaks_grpc(manifest: Manifest) -> bool:
    """Whether a probe asks over gRPC."""
    return any(
        "grpc" in mapping(container.get(probe))
        for container in _containers(manifest, "containers")
        for probe in ("readinessProbe", "livenessProbe")
    )
