"""The entity-relationship diagram: tables with columns, keys and marks, joined by crow's feet."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archnb.design.diagrams._ink import (
    ACCENTS,
    FONT,
    HAIR,
    INK,
    LINE,
    MUTED,
    PAPER,
    SOFT,
    WARN,
    WASH,
    Accent,
    about,
    badges,
    caption,
    font,
    on_line,
    plural,
    sample,
    written,
)
from archnb.design.diagrams._tables import Row, Schema, Table, schema
from archnb.design.diagrams._words import schema_in_words
from archnb.design.diagrams.base import Diagram, View
from archnb.design.elements import Design, Entity, Finding, Relation

if TYPE_CHECKING:
    import graphviz

_FEW = 60  # above it, a table is drawn as a small box: names and keys only
# a blank of the row's size puts each of its cells on one baseline
_STRUT = '<font point-size="10"> </font>'
_GAP = '<font point-size="4">&#160;</font>'


def dot(design: Design, view: View) -> str:
    """DOT text of the diagram."""
    shown = schema(design)
    tables = list(enumerate(shown.tables))
    crowded = len(tables) > _FEW
    small = {
        place
        for place, table in tables
        if crowded or (view.focus and not _named(table.entity, view.focus))
    }
    head = caption(view.title, counts(shown), legend=_legend(shown, small))
    graph = _paper(view, head, crowded)
    alone = _loners(shown)
    groups = list(dict.fromkeys(_group(table.entity) for _, table in tables if not table.missing))
    for number, name in enumerate(groups):
        accent = ACCENTS[number % len(ACCENTS)]
        boxed = bool(name) and len(groups) > 1
        with graph.subgraph(name=f"cluster_{number}" if boxed else None) as part:
            if boxed:
                part.attr(**_boundary(name, accent))
            # from left to right, what is named first stands lowest
            for place, table in sorted(tables, key=lambda one: one[0] not in alone):
                if not table.missing and _group(table.entity) == name:
                    part.node(f"t{place}", _label(table, accent, view, place in small))
    for place, table in tables:
        if table.missing:
            graph.node(f"t{place}", **_ghost(table.entity.name))
    for left, right in _in_rows(shown, alone, 5 if crowded else 3):
        graph.edge(f"t{left}", f"t{right}", style="invis")
    for origin, target, relation in shown.relations:
        child, parent = shown.tables[origin], shown.tables[target]
        tail = "" if origin in small else _port(child, relation.columns, "r")
        side = "r" if origin == target else "l"  # to itself: a short loop on the right
        head = "" if target in small else _port(parent, relation.referenced_columns, side)
        graph.edge(f"t{origin}{tail}", f"t{target}{head}", **_feet(relation))
    return str(graph.source)


def counts(shown: Schema) -> str:
    """One line: how many tables and relations."""
    kinds = [table.entity.kind for table in shown.tables if not table.missing]
    views = sum("view" in kind for kind in kinds)
    concepts = kinds.count("concept")
    words = [
        (len(kinds) - views - concepts, "table", ""),
        (views, "view", ""),
        (concepts, "entity", "entities"),
        (sum(table.partitions for table in shown.tables), "partition", ""),
        (len(shown.relations), "relation", ""),
    ]
    return " · ".join(plural(count, noun, many) for count, noun, many in words if count)


def _paper(view: View, label: str, crowded: bool) -> graphviz.Digraph:
    import graphviz

    return graphviz.Digraph(
        "erd",
        graph_attr={
            "rankdir": view.direction,
            "bgcolor": PAPER,
            "pad": "0.3",
            "nodesep": "0.2" if crowded else "0.4",
            "ranksep": "0.65",
            "newrank": "true",
            "fontname": FONT,
            "fontsize": "10",
            "labelloc": "t",
            "labeljust": "l",
            "label": label,
        },
        node_attr={"shape": "plain", "fontname": FONT, "fontsize": "10", "fontcolor": INK},
        edge_attr={
            "color": LINE,
            "penwidth": "1.1",
            "arrowsize": "0.85",
            "dir": "both",
            "fontname": FONT,
            "fontsize": "8.5",
            "fontcolor": MUTED,
        },
    )


def _boundary(name: str, accent: Accent) -> dict[str, str]:
    return {
        "label": f"<{font(written(name, 40), size=11, color=accent.dark, bold=True)}>",
        "labeljust": "l",
        "style": "rounded,filled",
        "color": HAIR,
        "fillcolor": WASH,
        "margin": "14",
    }


def _group(entity: Entity) -> str:
    return entity.context or entity.schema


def _named(entity: Entity, names: Sequence[str]) -> bool:
    return entity.name in names or entity.qualified in names


def _label(table: Table, accent: Accent, view: View, small: bool) -> str:
    """A table as an HTML-like label: head, columns, what holds for several columns."""
    entity = table.entity
    light = entity.kind in ("concept", "view", "materialized view")
    rows = [_head(table, accent, view, light)]
    if small:
        keys = ", ".join(row.name for row in table.rows if "PK" in row.key)
        rows += [_line(font(written(keys, 36), size=8, color=MUTED))] if keys else []
    else:
        places = table.shown()
        for place in places:
            rows += _row(place, table.rows[place], accent)
        hidden = len(table.rows) - len(places)
        if hidden:
            rows.append(
                _line(font(f"+ {plural(hidden, 'more column')}", size=8, color=MUTED), "more")
            )
        rows += [_line(font(written(note, 44), size=8, color=MUTED)) for note in table.notes[:3]]
    style = 'style="rounded" ' if entity.kind == "concept" else ""
    return (
        f'<<table {style}border="1" color="{accent.dark if light else HAIR}" cellborder="0" '
        f'cellspacing="0" cellpadding="4" bgcolor="{PAPER}">{"".join(rows)}</table>>'
    )


def _head(table: Table, accent: Accent, view: View, light: bool) -> str:
    """The name on the accent colour, what kind of table it is, and the badges of its findings."""
    entity = table.entity
    ink, second, back = (
        (accent.dark, MUTED, accent.tint) if light else (PAPER, accent.tint, accent.dark)
    )
    notes: list[str] = [entity.kind] if entity.kind not in ("table", "concept") else []
    notes += ["temporary"] if entity.temporary else []
    notes += [plural(table.partitions, "partition")] if table.partitions else []
    name = font(written(entity.name, 36), size=12, color=ink, bold=True)
    small = font(f"&#160;&#160;{', '.join(notes)}", size=8, color=second) if notes else ""
    spoken = _spoken(entity, view)
    chips = f'<td align="right">{badges(spoken, align="right")}</td>' if spoken else ""
    fill = "" if entity.kind == "concept" else f' bgcolor="{back}"'
    return (
        f'<tr><td colspan="4" align="left" cellpadding="2"{fill}>'
        '<table border="0" cellborder="0" cellspacing="0" cellpadding="3"><tr>'
        f'<td align="left" height="24" valign="bottom">{name}{small}</td>{chips}'
        "</tr></table></td></tr>"
    )


def _spoken(entity: Entity, view: View) -> list[Finding]:
    names = dict.fromkeys((entity.qualified, entity.name))
    return [
        finding
        for finding in view.findings
        if any(about(name, entity.source, entity.end, finding) for name in names)
    ]


def _row(place: int, row: Row, accent: Accent) -> list[str]:
    """Key, name, type and mark; then the values of an enum in small letters."""
    fill = f' bgcolor="{accent.tint}"' if row.key else ""
    cell = f'height="20" cellpadding="2" valign="bottom"{fill}'
    dark = accent.dark
    name = f"<b>{written(row.name, 32)}</b>" if "PK" in row.key else written(row.name, 32)
    name += font("&#160;?", color=MUTED) if row.nullable else ""
    key = font(row.key, size=8, color=dark, bold="PK" in row.key) if row.key else ""
    kind = font(written(row.type, 24), size=9, color=MUTED) if row.type else ""
    ink = WARN if row.unindexed else MUTED
    marks = font(written(", ".join(row.marks), 28), size=8, color=ink) if row.marks else ""
    cells = (
        f'<tr><td port="c{place}l" align="left" {cell}>{_GAP}{key}{_STRUT}</td>'
        f'<td align="left" {cell}>{name}{_STRUT}{_GAP}</td>'
        f'<td align="left" {cell}>{kind}{_STRUT}{_GAP}</td>'
        f'<td port="c{place}r" align="right" {cell}>{marks}{_STRUT}</td></tr>'
    )
    if not row.values:
        return [cells]
    listed = font(f"&#160;{written(' | '.join(row.values), 44)}", size=8, color=SOFT)
    return [
        cells,
        f'<tr><td{fill}></td><td colspan="3" align="left" cellpadding="1"{fill}>{listed}</td></tr>',
    ]


def _line(content: str, port: str = "") -> str:
    named = f' port="{port}"' if port else ""
    return f'<tr><td colspan="4" align="left" cellpadding="3"{named}>{content}</td></tr>'


def _ghost(name: str) -> dict[str, str]:
    """A table that others refer to, and that nothing which was read defines."""
    aside = font("not defined here", size=8, color=MUTED)
    return {
        "label": f"<{font(written(name, 36), color=MUTED)}<br/>{aside}>",
        "shape": "box",
        "style": "rounded,dashed",
        "color": LINE,
        "margin": "0.14,0.08",
    }


def _port(table: Table, columns: Sequence[str], side: str) -> str:
    """Where an edge leaves (``r``) or arrives (``l``): its first column's row, or the key's."""
    compass = "e" if side == "r" else "w"
    wanted = columns[:1] or table.entity.key[:1]
    for place, row in enumerate(table.rows):
        if row.name in wanted:
            return f":c{place}{side}:{compass}" if place in table.shown() else f":more:{compass}"
    return ""


def _loners(shown: Schema) -> set[int]:
    """The places of tables that are joined to no other."""
    pairs = [(origin, target) for origin, target, _ in shown.relations if origin != target]
    return set(range(len(shown.tables))) - {end for pair in pairs for end in pair}


def _in_rows(shown: Schema, alone: set[int], wide: int) -> list[tuple[int, int]]:
    """Neighbours in rows, group by group, so that loners do not stand in one tall column."""
    groups: dict[str, list[int]] = {}
    for place in sorted(alone):
        groups.setdefault(_group(shown.tables[place].entity), []).append(place)
    return [
        (left, right)
        for places in groups.values()
        for number, (left, right) in enumerate(itertools.pairwise(places), 1)
        if number % wide
    ]


def _feet(relation: Relation) -> dict[str, str]:
    """Crow's feet: how many rows stand at each end of a relation."""
    child = (
        ("crowtee" if relation.required_child else "crowodot")
        if relation.many
        else ("teetee" if relation.required_child else "teeodot")
    )
    feet = {"arrowtail": child, "arrowhead": "teeodot" if relation.optional else "teetee"}
    if relation.label:
        feet["label"] = on_line([relation.label])
    if relation.inferred:
        feet["style"] = "dashed"
    return feet


def _legend(shown: Schema, small: set[int]) -> list[str]:
    """Only what a reader may not guess, and only where it appears."""
    rows = [
        row for place, table in enumerate(shown.tables) if place not in small for row in table.rows
    ]
    legend = []
    if any(row.nullable for row in rows):
        legend.append(sample("?", MUTED, "may be null"))
    if any(row.unindexed for row in rows):
        legend.append(sample("no index", WARN, "foreign key that leads no index"))
    if any(relation.inferred for _, _, relation in shown.relations):
        legend.append(sample("- - -", LINE, "inferred"))
    return legend


def text(design: Design, view: View) -> str:
    """The diagram in words: every table with its columns, every relation."""
    shown = schema(design)
    spoken = dict.fromkeys(
        finding for table in shown.tables for finding in _spoken(table.entity, view)
    )
    return schema_in_words(shown, view.title, counts(shown), spoken)


ERD = Diagram("erd", "Entities and relations", lambda design: bool(design.entities), dot, text)
