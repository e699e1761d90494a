"""The index that a foreign key lacks: its statement, and where in the file it belongs."""

from __future__ import annotations

import re

from archnb.design.elements import Design, Edit, Entity, Finding, Relation
from archnb.design.formats.ddl.names import derived, quote
from archnb.design.lint import edits

# What a semicolon may hide in, closed or not, so that the search stays linear.
_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|'[^']*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)"
    r"|(\$(?:[A-Za-z_]\w*)?\$).*?(?:\1|\Z)|;",
    re.DOTALL,
)


def address(relation: Relation) -> str:
    """``orders(customer_id)``."""
    return f"{relation.entity}({', '.join(relation.columns)})"


def statement(design: Design, child: Entity, columns: tuple[str, ...]) -> str:
    """``CREATE INDEX`` for the columns, under a name that the schema does not use yet."""
    siblings = [entity for entity in design.entities if entity.schema == child.schema]
    taken = {entity.name for entity in siblings}
    taken |= {index.name for entity in siblings for index in entity.indexes}
    name = quote(derived(child.name, columns, "idx", taken))
    schema = f"{quote(child.schema)}." if child.schema else ""
    listed = ", ".join(quote(column) for column in columns)
    return f"CREATE INDEX {name} ON {schema}{quote(child.name)} ({listed});"


def add_index(design: Design, finding: Finding, text: str) -> Edit | None:
    """The edit that puts the index after the statement that declares the foreign key."""
    for relation in design.relations:
        if relation.source == finding.source and address(relation) == finding.where:
            child = design.entity(relation.entity)
            if child is None:
                return None
            here = child.source.file == relation.source.file
            inline = here and child.source.line <= relation.source.line <= child.end
            lines = (child.source.line, child.end) if inline else (relation.source.line,) * 2
            added = statement(design, child, relation.columns)
            return _after(text, relation.source.file, lines, added)
    return None


def _after(text: str, file: str, lines: tuple[int, int], added: str) -> Edit | None:
    """The edit that puts ``added`` after the statement that begins and ends on these lines.

    Where others end on the same line, it goes after the last of them; a semicolon may also follow
    on a later line.
    """
    begin, least = (edits.line_start(text, line) for line in lines)
    br = edits.newline(text)
    at, hidden = 0, 0
    for token in _TOKEN.finditer(text, begin):
        if at and token.start() > edits.line_end(text, at):
            break
        if token[0] != ";":
            hidden = token.end()
        elif token.start() >= least:
            at = token.end()
    if at:
        end = edits.line_end(text, at)
        rest = text[at:end].strip()
        if rest and not rest.startswith("--"):
            return edits.change(file, text, at, at, f"{br}{added}{br}")
        return edits.change(file, text, end, end, f"{br}{added}")
    end = len(text.rstrip())  # the last statement of the file, left open
    if end <= max(least, hidden):
        return None
    return edits.change(file, text, end, end, f";{br}{added}")
