"""How PostgreSQL spells a type, whatever the file wrote: what its own format_type() says."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPELLED = {
    "int": "integer", "int2": "smallint", "int4": "integer", "int8": "bigint",
    "smallint": "smallint", "integer": "integer", "bigint": "bigint",
    "float4": "real", "float8": "double precision", "float": "double precision",
    "double": "double precision",
    "bool": "boolean", "varchar": "character varying", "bpchar": "bpchar", "char": '"char"',
    "dec": "numeric", "decimal": "numeric", "varbit": "bit varying",
    "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
    "time": "time without time zone", "timetz": "time with time zone",
}  # fmt: skip
_SERIAL = {
    "serial": "integer", "serial4": "integer", "bigserial": "bigint", "serial8": "bigint",
    "smallserial": "smallint", "serial2": "smallint",
}  # fmt: skip
BUILT_IN = frozenset(_SPELLED) | frozenset(_SERIAL) | {"numeric", "interval", "bit"}
_OWN = (frozenset(_SPELLED.values()) - {'"char"'}) | frozenset(
    """
    bigint bit box bytea cidr circle cstring date datemultirange daterange inet int4multirange
    int4range int8multirange int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money
    name numeric nummultirange numrange oid path pg_lsn point polygon regclass text tsmultirange
    tsquery tsrange tstzmultirange tstzrange tsvector uuid xml character
    """.split()
)
_INTERVAL = {  # masks of the fields an interval is restricted to (utils/timestamp.h)
    2: "month", 4: "year", 6: "year to month", 8: "day", 1024: "hour", 1032: "day to hour",
    2048: "minute", 3072: "hour to minute", 3080: "day to minute", 4096: "second",
    6144: "minute to second", 7168: "hour to second", 7176: "day to second",
}  # fmt: skip
_WRITTEN = re.compile(
    r"(?P<name>[^\s(\[]+(?: varying| precision)?)\s*(?:\((?P<mods>[^)]*)\))?"
    r"(?P<zone> with time zone| without time zone)?\s*(?P<array>(?:\[\d*\]\s*)+|array)?",
    re.IGNORECASE,
)


def known(shown: str) -> bool:
    """Whether PostgreSQL itself has the type, spelled as :func:`spelled` has it."""
    return re.sub(r"\([^)]*\)|\[\]", "", shown) in _OWN


def serial(name: str) -> str:
    """The integer type behind ``serial`` and its kin, or "" for any other name."""
    return _SERIAL.get(name, "")


def spelled(name: str, modifiers: Sequence[str] = (), *, array: bool = False) -> str:
    """The type as format_type() has it; ``name`` is the catalog's (``int4``) or the standard's.

    >>> spelled("timestamptz", ["6"]), spelled("numeric", ["10"]), spelled("int4", array=True)
    ('timestamp(6) with time zone', 'numeric(10,0)', 'integer[]')
    """
    suffix = "[]" if array else ""
    shown = _SPELLED.get(name, name)
    if name == "interval":
        return f"{_interval(modifiers)}{suffix}"
    if name == "bpchar" and modifiers:
        shown = "character"
    if shown == "numeric" and len(modifiers) == 1:
        modifiers = [*modifiers, "0"]
    if not modifiers:
        return f"{shown}{suffix}"
    head, blank, tail = shown.partition(" ")
    listed = f"({','.join(modifiers)})"
    if tail.endswith("time zone"):
        return f"{head}{listed}{blank}{tail}{suffix}"
    return f"{shown}{listed}{suffix}"


def respelled(text: str) -> str:
    """A type written by hand (``VARCHAR(20)``, ``timestamptz``), as :func:`spelled` has it.

    >>> respelled("VARCHAR(20)"), respelled("DECIMAL(10, 2)[]"), respelled("char")
    ('character varying(20)', 'numeric(10,2)[]', 'character(1)')
    """
    match = _WRITTEN.fullmatch(text.strip())
    if not match:
        return text
    name = match["name"].lower()
    modifiers = [part.strip() for part in (match["mods"] or "").split(",") if part.strip()]
    if name in ("char", "character", "nchar"):
        name, modifiers = "bpchar", modifiers or ["1"]
    elif name in ("character varying", "char varying", "nvarchar"):
        name = "varchar"
    elif name == "bit" and not modifiers:
        modifiers = ["1"]
    if match["zone"]:
        name = f"{name}tz" if match["zone"].lower() == " with time zone" else name
    known = name in _SPELLED or name in ("bpchar", "numeric") or name.islower()
    return spelled(name if known else match["name"], modifiers, array=bool(match["array"]))


def _interval(modifiers: Sequence[str]) -> str:
    fields = _INTERVAL.get(int(modifiers[0])) if modifiers and modifiers[0].isdigit() else None
    text = f"interval {fields}" if fields else "interval"
    return f"{text}({modifiers[1]})" if len(modifiers) > 1 else text
