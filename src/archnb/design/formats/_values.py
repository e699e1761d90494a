"""Plain values that still know the line of every mapping's key and of every sequence's item."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from archnb.design.elements import Source

Value: TypeAlias = "dict[str, Value] | list[Value] | str | bool | None"


class Mapping(dict[str, Value]):
    """A mapping and the line of each of its keys."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class Sequence(list[Value]):
    """A sequence and the line of each of its items."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def mapping(value: Value) -> dict[str, Value]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Value) -> list[Value]:
    """The value if it is a sequence, else an empty one."""
    return value if isinstance(value, list) else []


def place_of(source: Source) -> str:
    """The place as a sentence starts with it, where the file may have no name."""
    if source.file:
        return str(source)
    return f"line {source.line}" if source.line else "this text"


def text_of(value: Value) -> str:
    """A scalar as written (``true``/``false`` for booleans); "" for anything else."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value
        case _:
            return ""


def line_of(value: Value, key: str | int, default: int = 0) -> int:
    """The line of a mapping's key or of a sequence's item."""
    match value, key:
        case Mapping(lines=lines), str():
            return lines.get(key, default)
        case Sequence(lines=places), int() if key < len(places):
            return places[key]
        case _:
            return default


def dig(value: Value, *keys: str) -> Value:
    """What stands under ``keys``, one mapping within the other; None where a step is missing."""
    for key in keys:
        value = mapping(value).get(key)
    return value
