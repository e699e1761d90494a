"""What a format is: how it is recognised, read and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archnb.design.elements import Design


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of text that says something of a design.

    ``recognise(file, text)`` gives 0.0 (not mine) to 1.0 (surely mine) from the name and the text,
    without parsing it whole. ``read(text, file)`` gives the design; what cannot be read goes into
    its ``problems`` with file and line and costs nothing else; it raises nothing but ``ReadError``.
    ``write(design)`` gives text, or is None where the format is only read. ``read_many`` reads
    several files, ``(text, file)`` each, whose parts refer to one another across files.
    """

    name: str
    suffixes: tuple[str, ...]
    recognise: Callable[[str, str], float]
    read: Callable[[str, str], Design]
    write: Callable[[Design], str] | None = None
    read_many: Callable[[Sequence[tuple[str, str]]], Design] | None = None
