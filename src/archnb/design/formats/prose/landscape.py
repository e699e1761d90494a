"""Services, flows and events, gathered from sentences one by one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from archnb.design.elements import Design, DomainEvent, Flow, Service
from archnb.design.formats.prose.facts import Announces, Calls, Runs
from archnb.design.inflection import is_plural, snake
from archnb.design.kinds import flow_style, is_person, service_kind

if TYPE_CHECKING:
    from archnb.design.elements import FlowStyle, Source


@dataclass(slots=True)
class _Event:
    name: str
    source: Source
    publishers: dict[str, Source] = field(default_factory=dict)
    consumers: dict[str, Source] = field(default_factory=dict)
    channel: str = ""


class Landscape:
    """What runs and who speaks to whom. A name is one service however its capitals are written."""

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.flows: dict[tuple[str, str, str, FlowStyle | None], Source] = {}
        self.events: dict[str, _Event] = {}

    def add(self, fact: Calls | Announces | Runs, source: Source) -> None:
        match fact:
            case Runs(name, kind, technology):
                key = self.service(name, source)
                known = self.services[key]
                self.services[key] = replace(
                    known, kind=kind, technology=technology or known.technology
                )
            case Calls(origin, target, label, style, through):
                ends = [self.service(name, source) for name in (origin, through, target) if name]
                for start, end in pairwise(ends):
                    self.flow(start, end, label, style, source)
            case Announces():
                self.announce(fact, source)

    def announce(self, fact: Announces, source: Source) -> None:
        publishers = [self.service(name, source) for name in fact.publishers]
        consumers = [self.service(name, source) for name in fact.consumers]
        channel = self.service(fact.channel, source) if fact.channel else ""
        if channel and self.services[channel].kind == "service":
            self.services[channel] = replace(self.services[channel], kind="queue")
        if not fact.event:
            for start in publishers:
                for end in [channel] if channel else consumers:
                    self.flow(start, end, "events", "async", source)
            for end in consumers if channel else ():
                self.flow(channel, end, "", "async", source)
            return
        event = self.events.setdefault(snake(fact.event), _Event(fact.event, source))
        event.publishers |= dict.fromkeys(publishers, source)
        event.consumers |= dict.fromkeys(consumers, source)
        event.channel = event.channel or channel

    def service(self, name: str, source: Source) -> str:
        key = name.casefold()
        if key not in self.services:
            kind = service_kind(name)
            if is_person(name) and kind in ("client", "service"):
                # "Users publishes UserRegistered": a capital and a plural name a service
                kind = "service" if name[:1].isupper() and is_plural(name) else "client"
            self.services[key] = Service(name, kind=kind, source=source)
        return key

    def flow(
        self, origin: str, target: str, label: str, style: FlowStyle | None, source: Source
    ) -> None:
        if origin != target:
            self.flows.setdefault((origin, target, label, style), source)

    def design(self) -> Design:
        """Everything gathered; an event without a channel goes straight to its consumers."""
        for event in self.events.values():
            for publisher, source in event.publishers.items():
                for end in [event.channel] if event.channel else event.consumers:
                    self.flow(publisher, end, event.name, "async", source)
            for consumer, source in event.consumers.items():
                if event.channel:
                    self.flow(event.channel, consumer, event.name, "async", source)
        return Design(
            services=tuple(self.services.values()),
            flows=tuple(self._flow(*key, source) for key, source in self.flows.items()),
            domain_events=tuple(self._event(event) for event in self.events.values()),
        )

    def _flow(
        self, origin: str, target: str, label: str, style: FlowStyle | None, source: Source
    ) -> Flow:
        start, end = self.services[origin], self.services[target]
        said = style or flow_style(start.kind, end.kind, label=label)
        return Flow(start.name, end.name, style=said, label=label, source=source)

    def _event(self, event: _Event) -> DomainEvent:
        return DomainEvent(
            event.name,
            tuple(self.services[key].name for key in event.publishers),
            tuple(self.services[key].name for key in event.consumers),
            self.services[event.channel].name if event.channel else "",
            event.source,
        )
