"""Types and expressions of other engines as PostgreSQL has them, made safe to be written."""

from __future__ import annotations

import re

from archnb.design.elements import Column
from archnb.design.formats.ddl.names import quote
from archnb.design.formats.ddl.statements import plain
from archnb.design.formats.ddl.types import known, respelled

_TYPES = {
    "tinyint": "smallint", "mediumint": "integer", "year": "integer", "rowversion": "bytea",
    "datetime": "timestamp without time zone", "datetime2": "timestamp without time zone",
    "smalldatetime": "timestamp without time zone", "datetimeoffset": "timestamp with time zone",
    "tinytext": "text", "mediumtext": "text", "longtext": "text", "ntext": "text", "clob": "text",
    "set": "text", "enum": "text", "nvarchar": "character varying", "nchar": "character",
    "varchar": "character varying", "char": "character", "character varying": "character varying",
    "tinyblob": "bytea", "mediumblob": "bytea", "longblob": "bytea", "blob": "bytea",
    "image": "bytea",
    "binary": "bytea", "varbinary": "bytea", "uniqueidentifier": "uuid", "sql_variant": "text",
    "smallmoney": "numeric(10,4)", "double": "double precision",
    "double precision": "double precision",
    "float": "double precision", "real": "real", "number": "numeric",
    "varchar2": "character varying",
    "geometry": "geometry", "json": "jsonb",
}  # fmt: skip
_FUNCTIONS = (
    (r"(?:getdate|sysdatetime|getutcdate|datetime)\s*\(\s*(?:'now'[^)]*)?\)", "now()"),
    (r"current_timestamp(?:\(\d*\))?", "CURRENT_TIMESTAMP"),
    (r"newid\s*\(\s*\)", "gen_random_uuid()"),
)
_LITERAL = re.compile(
    r"'(?:[^'\\]|'')*'|[-+]?\d+(?:\.\d+)?|null|current_(?:date|time|timestamp)", re.IGNORECASE
)
_NAMED_TYPE = re.compile(
    r'(?:"(?:[^"]|"")+"|[^\W\d]\w*)(?:\.(?:"(?:[^"]|"")+"|\w+))?(?:\([\w ,.-]*\))?(?:\[\])*'
    r"|interval(?: [a-z]+){1,3}(?:\(\d\))?(?:\[\])*"
)


def column_type(column: Column, dialect: str) -> str:
    """The column's type in PostgreSQL; ``text`` where there is none that is like it."""
    shown = column.type.strip()
    if dialect in ("postgres", ""):
        shown = shown if dialect or not known(respelled(shown)) else respelled(shown)
        if not shown:
            return "text"
        return shown if known(shown) or _NAMED_TYPE.fullmatch(shown) else quote(shown)
    lowered = re.sub(r"(?<=\s)(?:unsigned|signed|zerofill|binary)\b", "", shown.lower()).strip()
    match = re.fullmatch(r"([\w ]+?)\s*(?:\((.*)\))?", lowered, re.DOTALL)
    if not match:
        return "text"
    base, modifiers = match[1], (match[2] or "").replace(" ", "")
    if (
        base in ("tinyint", "bit")
        and modifiers in ("1", "")
        and (dialect == "mysql") == bool(modifiers)
    ):
        return "boolean"
    if base == "money":
        return "numeric(19,4)"
    if base in (
        "int",
        "integer",
        "smallint",
        "bigint",
        "tinyint",
        "mediumint",
        "year",
        "float",
        "double",
    ):
        modifiers = ""
    target = _TYPES.get(base, base)
    if target in ("character varying", "character") and modifiers.isdigit():
        return f"{target}({modifiers})"
    if (
        modifiers
        and re.fullmatch(r"\d+(,\d+)?", modifiers)
        and base in ("decimal", "numeric", "number", "dec")
    ):
        return respelled(f"numeric({modifiers})")
    found = respelled(target) if base not in _TYPES else target
    if found == "character varying" and dialect == "tsql":
        return "text"
    return found if known(found) else "text"


def default(column: Column, dialect: str, shown: str) -> str:
    """The column's default as PostgreSQL has it, or "" where it cannot be carried over."""
    text = column.default
    if dialect not in ("postgres", "") and not column.generated:
        while text.startswith("(") and text.endswith(")"):
            text = text[1:-1].strip()
        for pattern, function in _FUNCTIONS:
            if re.fullmatch(pattern, text, re.IGNORECASE):
                return function
        if not _LITERAL.fullmatch(text) or text.startswith("'0000"):
            return ""
        if shown == "boolean":
            return {"0": "false", "1": "true"}.get(text.strip("'"), "")
    return expression(text)


def expression(text: str, dialect: str = "postgres") -> str:
    """The text if it is one expression and nothing more, whoever wrote it; else ""."""
    if dialect == "mysql":
        text = re.sub(r"`([^`]+)`", lambda match: quote(match[1]), text)
    elif dialect in ("tsql", "sqlite"):
        text = re.sub(r"\[([^\]]+)\]", lambda match: quote(match[1]), text)
    return text if plain(text) else ""
