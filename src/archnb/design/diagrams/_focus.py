"""A part of a design: some elements and what they are joined to."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from archnb.design.elements import Design, Entity
from archnb.errors import DrawError


def narrow(design: Design, names: Sequence[str]) -> Design:
    """The named tables and services, their neighbours, and what joins them."""
    wanted = {entity.qualified for entity in design.entities if _is(entity, names)}
    services = {service.name for service in design.services}
    services |= {end for flow in design.flows for end in (flow.origin, flow.target)}
    services |= {
        name for event in design.domain_events for name in (*event.publishers, *event.consumers)
    }
    called = services & set(names)
    _check(names, [*services, *(name for entity in design.entities for name in _names(entity))])
    # a partition's keys are its table's
    family = wanted | {
        e.qualified for e in design.entities if e.kind == "partition" and e.parent in wanted
    }
    loose = family | {name.rpartition(".")[2] for name in family}
    relations = tuple(r for r in design.relations if r.entity in loose or r.references in loose)
    near = family | {
        end for relation in relations for end in (relation.entity, relation.references)
    }
    flows = tuple(flow for flow in design.flows if flow.origin in called or flow.target in called)
    events = tuple(
        event
        for event in design.domain_events
        if called & {event.channel, *event.publishers, *event.consumers}
    )
    reached = called | {end for flow in flows for end in (flow.origin, flow.target)}
    for event in events:
        reached |= {event.channel, *event.publishers, *event.consumers}
    return replace(
        design,
        entities=tuple(e for e in design.entities if e.qualified in near or e.name in near),
        relations=relations,
        services=tuple(service for service in design.services if service.name in reached),
        flows=flows,
        domain_events=events,
    )


def _is(entity: Entity, names: Sequence[str]) -> bool:
    return any(name in names for name in _names(entity))


def _names(entity: Entity) -> tuple[str, str]:
    return entity.name, entity.qualified


def _check(names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            raise DrawError(
                f"There is no table or service called {name!r} to focus on.",
                hint=f"Did you mean {', '.join(near)}?"
                if near
                else "Read the file that defines it.",
            )
