"""The text alternative: what a picture shows, said in words, so that nothing hangs on seeing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archnb.design.diagrams._ink import clip, plural
from archnb.design.diagrams._links import Crowd, Link
from archnb.design.diagrams._tables import Row, Schema, Table
from archnb.design.elements import Finding, Relation, Service


def schema_in_words(shown: Schema, title: str, counts: str, findings: Iterable[Finding]) -> str:
    """Every table with all its columns, then every relation as a sentence."""
    lines = [f"{said(title)}: {counts}.".replace(" · ", ", ")]
    lines += [line for table in shown.tables for line in _table(table)]
    if shown.relations:
        lines += ["", "Relations:"]
        lines += [_relation(shown, *relation) for relation in shown.relations]
    return "\n".join([*lines, *findings_in_words(findings)])


def services_in_words(
    services: Sequence[Service],
    every: Sequence[Link],
    crowds: Sequence[Crowd],
    title: str,
    counts: str,
    findings: Iterable[Finding],
) -> str:
    """Every service, then every connection as a sentence, also those the picture folds."""
    lines = [f"{said(title)}: {counts}.".replace(" · ", ", ")]
    lines += [f"{said(str(crowd))}." for crowd in crowds]
    lines += [_service(service) for service in services]
    if every:
        lines += ["", "Flows:"]
        lines += [_link(link) for link in every]
    return "\n".join([*lines, *findings_in_words(findings)])


def findings_in_words(findings: Iterable[Finding]) -> list[str]:
    """The findings that the badges stand for."""
    lines = [
        f"- {said(finding.code)} {finding.severity}, {said(finding.where)}: "
        f"{clip(finding.message, 300)}"
        for finding in findings
    ]
    return ["", "Findings:", *lines] if lines else []


def said(name: str) -> str:
    """A name on one line and of bearable length."""
    return clip(name, 120)


def _service(service: Service) -> str:
    notes = [said(service.technology)] if service.technology else []
    notes += [f"in {said(service.group)}"] if service.group else []
    notes += [f"{service.replicas} replicas"] if service.replicas > 1 else []
    return f"{service.kind.capitalize()} {said(service.name)}" + (
        f" ({', '.join(notes)})" if notes else ""
    )


def _link(link: Link) -> str:
    verb = (
        "sends to"
        if link.style == "async"
        else "reads and writes"
        if link.style == "data"
        else "calls"
    )
    verb = verb if link.directed else "is connected to"
    verb = "starts after" if link.startup else verb
    through = f": {', '.join(said(label) for label in link.labels)}" if link.labels else ""
    aside = " (inferred)" if link.inferred else ""
    return f"- {said(link.origin)} {verb} {said(link.target)}{through}{aside}"


def _table(table: Table) -> list[str]:
    entity = table.entity
    kind = "entity" if entity.kind == "concept" else entity.kind
    if table.missing:
        return [f"Table {said(entity.name)} is referred to, and defined nowhere in what was read."]
    notes = [f"in {said(entity.context)}"] if entity.context else []
    notes += [plural(table.partitions, "partition")] if table.partitions else []
    notes += [clip(entity.comment, 200)] if entity.comment else []
    aside = f" ({'; '.join(notes)})" if notes else ""
    columns = "; ".join(_column(row) for row in table.rows) or "no columns known"
    also = "".join(f"; {said(note)}" for note in table.notes)
    return [f"{kind.capitalize()} {said(entity.qualified)}{aside}: {columns}{also}."]


def _column(row: Row) -> str:
    keys = {"PK": "primary key", "FK": "foreign key"}
    words = [keys[key] for key in row.key.split()]
    words += ["not null"] if row.nullable is False and "PK" not in row.key else []
    words += [*row.marks]
    words += [f"one of {', '.join(said(value) for value in row.values)}"] if row.values else []
    typed = f" {said(row.type)}" if row.type else ""
    return f"{said(row.name)}{typed}" + (f" ({', '.join(words)})" if words else "")


def _relation(shown: Schema, origin: int, target: int, relation: Relation) -> str:
    child = said(shown.tables[origin].entity.qualified)
    parent = said(shown.tables[target].entity.qualified)
    through = _through(relation.columns, relation.referenced_columns)
    least = "at most one" if relation.optional else "exactly one"
    most = (
        ("one or more" if relation.required_child else "any number")
        if relation.many
        else ("exactly one" if relation.required_child else "at most one")
    )
    aside = [f"on delete {said(relation.on_delete.lower())}"] if relation.on_delete else []
    aside += [f"“{said(relation.label)}”"] if relation.label else []
    aside += ["inferred"] if relation.inferred else []
    noted = f" ({', '.join(aside)})" if aside else ""
    return (
        f"- {child} refers to {parent}{through}: a row of {child} belongs to {least} of {parent}, "
        f"which has {most} of {child}{noted}."
    )


def _through(columns: Sequence[str], referenced: Sequence[str]) -> str:
    if not columns:
        return ""
    there = f" to {', '.join(said(name) for name in referenced)}" if referenced else ""
    return f" through {', '.join(said(name) for name in columns)}{there}"
