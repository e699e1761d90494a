"""A design as JSON and as a short text, for scripts and terminals."""

from __future__ import annotations

from typing import Any

from archnb.design.elements import Design
from archnb.html import visible


def as_json(design: Design) -> dict[str, list[dict[str, Any]]]:
    """What ``archnb read --json`` prints; a table outside the default schema is ``schema.name``."""
    return {
        **_schema_json(design),
        **_services_json(design),
        "problems": [
            {"file": problem.source.file, "line": problem.source.line, "message": problem.message}
            for problem in design.problems
        ],
    }


def _schema_json(design: Design) -> dict[str, list[dict[str, Any]]]:
    tables = [
        entity for entity in design.entities if entity.kind not in ("view", "materialized view")
    ]
    return {
        "tables": [{"schema": entity.schema, "name": entity.qualified} for entity in tables],
        "columns": [
            {
                "table": entity.qualified,
                "name": column.name,
                "type": column.type,
                "nullable": column.nullable,
            }
            for entity in tables
            for column in entity.columns
        ],
        "foreign_keys": [
            {
                "table": relation.entity,
                "columns": list(relation.columns),
                "references": relation.references,
                "name": relation.name,
            }
            for relation in design.relations
        ],
        "indexes": [
            {
                "table": entity.qualified,
                "name": index.name,
                "columns": list(index.columns),
                "unique": index.unique,
            }
            for entity in design.entities
            for index in entity.indexes
        ],
    }


def _services_json(design: Design) -> dict[str, list[dict[str, Any]]]:
    return {
        "services": [{"name": service.name, "kind": service.kind} for service in design.services],
        "flows": [
            {
                "source": flow.origin,
                "target": flow.target,
                "style": flow.style,
                "label": flow.label,
                "inferred": flow.inferred,
            }
            for flow in design.flows
        ],
        "endpoints": [
            {
                "method": endpoint.method,
                "path": endpoint.path,
                "operation_id": endpoint.operation_id,
            }
            for endpoint in design.endpoints
        ],
        "events": [
            {
                "name": event.name,
                "publishers": list(event.publishers),
                "consumers": list(event.consumers),
            }
            for event in design.domain_events
        ],
    }


def as_text(design: Design) -> str:
    """The same, for a person: counts first, then what there is, then what could not be read."""
    lines = [design.summary]
    lines += [
        f"  {entity.kind} {entity.qualified} ({len(entity.columns)} columns)"
        for entity in design.entities
    ]
    lines += [f"  {service.kind} {service.name}" for service in design.services]
    lines += [f"  {endpoint}" for endpoint in design.endpoints]
    lines += [f"  not read: {problem.source}: {problem.message}" for problem in design.problems]
    return visible("\n".join(lines))
