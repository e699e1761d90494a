"""PostgreSQL's rules for names: quoting, length, and what an unnamed constraint is called."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

LIMIT = 63  # NAMEDATALEN - 1, in bytes of UTF-8
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")

# Every keyword that PostgreSQL 18 reserves in some way (appendix C): quote_ident() quotes them.
_KEYWORDS = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
    boolean both case cast char character check coalesce collate collation column concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user dec decimal default deferrable desc distinct do else end except
    exists extract false fetch float for foreign freeze from full grant greatest group grouping
    having ilike in initially inner inout int integer intersect interval into is isnull join
    json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value lateral leading least left like limit localtime
    localtimestamp merge_action national natural nchar none normalize not notnull null nullif
    numeric offset on only or order out outer overlaps overlay placing position precision primary
    real references returning right row select session_user setof similar smallint some substring
    symmetric system_user table tablesample then time timestamp to trailing treat trim true union
    unique user using values varchar variadic verbose when where window with xmlattributes
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize
    xmltable
    """.split()
)


def quote(name: str) -> str:
    """``name`` as an identifier, quoted only where it must be.

    >>> quote("orders"), quote("order"), quote('a"b')
    ('orders', '"order"', '"a""b"')
    """
    if _PLAIN.fullmatch(name) and name not in _KEYWORDS:
        return name
    return '"' + name.replace("\0", "").replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as a string constant, whatever it holds."""
    plain = text.replace("\0", "").replace("'", "''")
    return f"E'{plain}'".replace("\\", "\\\\") if "\\" in plain else f"'{plain}'"


def clip(name: str, limit: int = LIMIT) -> str:
    """``name`` cut to ``limit`` bytes without cutting a character."""
    return name.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def derived(table: str, columns: Iterable[str], label: str, taken: Container[str]) -> str:
    """The name PostgreSQL gives to what has none, numbered while it is ``taken``.

    >>> derived("orders", ["customer_id"], "fkey", {"orders_customer_id_fkey"})
    'orders_customer_id_fkey1'
    """
    addition = "_".join(columns)
    number = 0
    while True:
        name = _fitted(table, addition, f"{label}{number or ''}")
        if name not in taken:
            return name
        number += 1


def _fitted(table: str, addition: str, label: str) -> str:
    """makeObjectName(): the longer of both parts is shortened until all fits."""
    overhead = len(label) + 1 + (1 if addition else 0)
    first, second = len(table.encode("utf-8", "replace")), len(addition.encode("utf-8", "replace"))
    room = LIMIT - overhead
    # ChooseIndexNameAddition stops at NAMEDATALEN bytes, so that both parts shrink evenly
    second = min(second, LIMIT)
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    parts = [clip(table, first), clip(addition, second), label]
    return "_".join(part for part in parts if part)
