"""What joins services in a picture: flows merged by pair, and crowds folded into a note."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archnb.design.elements import Design, DomainEvent, Flow, FlowStyle, Service

CROWD = 8  # more callers than this of one piece of infrastructure are a note, not lines
_TELEMETRY = re.compile(
    r"otel|otlp|telemetry|collector|jaeger|zipkin|tempo\b|prometheus|loki|fluent|logstash|statsd|datadog",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"flagd|feature.?flag|unleash|consul|vault|eureka|etcd|config.?server|zookeeper|service.?registry",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """All flows of one style from one service to another."""

    origin: str
    target: str
    style: FlowStyle
    labels: tuple[str, ...] = ()
    inferred: bool = False
    startup: bool = False
    directed: bool = True


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many services that all use ``target`` in the same way; not drawn line by line."""

    target: str
    origins: tuple[str, ...]
    telemetry: bool

    def __str__(self) -> str:
        what = "send telemetry to" if self.telemetry else "use"
        return f"{len(self.origins)} services {what} {self.target}"


def links(design: Design) -> list[Link]:
    """Flows and published events, merged by pair and style.

    A start-up order stands only where nothing else does; a label that only repeats the target's
    technology says nothing. A connection of unknown direction is left out where an event or
    message the other way says what it is for.
    """
    known = {service.name: service.technology for service in design.services}
    pairs: dict[tuple[str, str], list[Flow]] = {}
    for flow in (*design.flows, *_event_flows(design.domain_events, design)):
        pairs.setdefault((flow.origin, flow.target), []).append(flow)
    found = []
    for (origin, target), flows in pairs.items():
        real = [flow for flow in flows if not flow.startup]
        for style in dict.fromkeys(flow.style for flow in real or flows[:1]):
            same = [flow for flow in real or flows if flow.style == style]
            said = dict.fromkeys(flow.label for flow in same if flow.label)
            labels = tuple(label for label in said if label != known.get(target))
            inferred = all(flow.inferred for flow in same)
            directed = any(flow.directed for flow in same)
            found.append(Link(origin, target, style, labels, inferred, not real, directed))
    sent = {(link.origin, link.target) for link in found if link.style == "async" and link.directed}
    return [link for link in found if link.directed or (link.target, link.origin) not in sent]


def fold(found: Sequence[Link], services: Iterable[Service]) -> tuple[list[Link], list[Crowd]]:
    """What is drawn as lines, and the crowds around infrastructure that are told in words."""
    known = {service.name: service for service in services}
    crowds = []
    for target in dict.fromkeys(link.target for link in found):
        coming = [link for link in found if link.target == target]
        origins = tuple(dict.fromkeys(link.origin for link in coming))
        if len(origins) > CROWD:
            service = known.get(target, Service(target))
            words = f"{target} {service.technology} {service.image}"
            telemetry = bool(_TELEMETRY.search(words)) or _mostly_telemetry(coming)
            if (telemetry or _SHARED.search(words)) and service.kind not in ("gateway", "client"):
                crowds.append(Crowd(target, origins, telemetry))
    folded = {crowd.target for crowd in crowds}
    return [link for link in found if link.target not in folded], crowds


def _mostly_telemetry(coming: Sequence[Link]) -> bool:
    return sum(any(map(_TELEMETRY.search, link.labels)) for link in coming) * 2 > len(coming)


def _event_flows(events: Iterable[DomainEvent], design: Design) -> list[Flow]:
    """An event on its way: publisher to channel to consumer, or straight without a channel."""
    services = {service.name for service in design.services}
    flows = []
    for event in events:
        if event.channel in services:
            flows += [Flow(name, event.channel, "async", event.name) for name in event.publishers]
            flows += [Flow(event.channel, name, "async", event.name) for name in event.consumers]
        else:
            flows += [
                Flow(origin, target, "async", event.name)
                for origin in event.publishers
                for target in event.consumers
            ]
    return flows
