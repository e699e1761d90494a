"""Small readings of PostgreSQL's parse tree: names, expressions as text, lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import postgast
from postgast import pg_query_pb2 as pb

from archnb.design.elements import Source
from archnb.design.formats.ddl.names import literal


@dataclass(frozen=True, slots=True)
class Place:
    """A statement in its file; ``text`` is its UTF-8, in whose bytes the parser counts.

    ``breaks`` are where its lines end. ``nested`` ones are the elements of a CREATE SCHEMA: they
    begin and end inside it.
    """

    file: str
    text: bytes
    line: int
    end: int
    breaks: tuple[int, ...]
    nested: bool = False

    def source(self, location: int) -> Source:
        """Where the byte at ``location`` stands; the statement itself if that is unknown."""
        return Source(self.file, self.line + bisect_left(self.breaks, location))

    def narrowed(self) -> Place:
        return replace(self, nested=True)

    def extent(self, location: int) -> tuple[Source, int]:
        """First and last line of the statement that holds the byte at ``location``."""
        if not self.nested:
            return Source(self.file, self.line), self.end
        depth = 0
        for offset in range(max(location, 0), len(self.text)):
            byte = self.text[offset]
            depth += (byte == 0x28) - (byte == 0x29)
            if byte == 0x29 and not depth:
                return self.source(location), self.source(offset).line
        return self.source(location), self.end


def strings(nodes: Iterable[pb.Node]) -> list[str]:
    """The names in a list of String nodes."""
    return [node.string.sval for node in nodes]


def text(expression: pb.Node) -> str:
    """An expression as SQL.

    >>> text(postgast.parse("select 1+ x").stmts[0].stmt.select_stmt.target_list[0].res_target.val)
    '1 + x'
    """
    if expression.HasField(
        "a_const"
    ):  # nearly every default: not worth a trip through the deparser
        constant = expression.a_const
        match constant.WhichOneof("val"):
            case "ival":
                return str(constant.ival.ival)
            case "sval":
                return literal(constant.sval.sval)
            case _:
                pass
    target = pb.Node(res_target=pb.ResTarget(val=expression))
    select = pb.SelectStmt(
        target_list=[target], limit_option=pb.LIMIT_OPTION_DEFAULT, op=pb.SETOP_NONE
    )
    statement = pb.RawStmt(stmt=pb.Node(select_stmt=select))
    try:
        written: str = postgast.deparse(pb.ParseResult(stmts=[statement]))
    except postgast.PgQueryError:
        return ""
    return written.removeprefix("SELECT ")


def columns_in(expression: pb.Node) -> tuple[str, ...]:
    """The columns an expression names, each once, in order."""
    found = (
        strings([node.column_ref.fields[-1]])[0]
        for node in _nodes(expression)
        if node.HasField("column_ref")
    )
    return tuple(dict.fromkeys(name for name in found if name))


def outputs(query: pb.Node) -> list[str]:
    """The names of a query's result columns, as far as it states them (not for ``*``)."""
    select = query.select_stmt
    while select.HasField("larg"):
        select = select.larg
    names: list[str] = []
    for target in select.target_list:
        value = target.res_target.val
        while value.HasField("type_cast"):
            value = value.type_cast.arg
        if target.res_target.name:
            names.append(target.res_target.name)
        elif value.HasField("column_ref"):
            names += [name for name in strings([value.column_ref.fields[-1]]) if name]
        elif value.HasField("func_call"):
            names.append(strings(value.func_call.funcname)[-1])
    return names


def _nodes(message: pb.Node) -> Iterator[pb.Node]:
    """Every Node below, itself included."""
    waiting = [message]
    while waiting:
        found = waiting.pop()
        if isinstance(found, pb.Node):
            yield found
        below = []
        for field, value in found.ListFields():
            if field.message_type is not None:
                below += [value] if hasattr(value, "ListFields") else list(value)
        waiting += reversed(below)
