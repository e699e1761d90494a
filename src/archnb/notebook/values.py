"""How a notebook variable reads in a prompt: text as it is, a table's head, a design's summary."""

from __future__ import annotations

from typing import Any

from archnb.design.elements import Design

ROWS = 20
LIMIT = 20_000  # characters


def as_text(value: Any) -> str:
    """The words that stand in for ``{{name}}``.

    >>> as_text("at most 200 EUR"), as_text(42)
    ('at most 200 EUR', '42')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Design):
        return value.summary
    if hasattr(value, "head") and hasattr(
        value, "to_csv"
    ):  # a data frame of any library that speaks pandas
        return str(value.head(ROWS).to_csv(index=False))
    text = str(value)
    return text if len(text) <= LIMIT else text[:LIMIT] + " …"
