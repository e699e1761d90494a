"""A notebook file as the text of its cells, so that nobody has to read its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from archnb.execution.output import clean

OUTPUT_LINES = 20  # of one output
OUTPUT_WIDTH = 200  # characters of one such line


def as_text(source: str) -> str | None:
    """The cells with short outputs; None where ``source`` is no notebook (format 4).

    >>> print(as_text('{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x = 1"]}]}'))
    # %% cell 1, code
    x = 1
    """
    try:
        notebook = json.loads(source)
    except (ValueError, RecursionError):
        return None
    if not isinstance(notebook, dict) or not isinstance(cells := notebook.get("cells"), list):
        return None
    return "\n\n".join(
        "\n".join(_cell(number, cell))
        for number, cell in enumerate(cells, 1)
        if isinstance(cell, dict)
    )


def _cell(number: int, cell: Mapping[str, Any]) -> Iterator[str]:
    yield f"# %% cell {number}, {cell.get('cell_type', 'raw')}"
    yield _joined(cell.get("source"))
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            yield from _output(output)


def _output(output: Mapping[str, Any]) -> Iterator[str]:
    data = output.get("data")
    kinds = data if isinstance(data, dict) else {}
    text = _joined(output.get("text")) or _joined(kinds.get("text/plain"))
    if output.get("output_type") == "error":
        text = f"{output.get('ename')}: {output.get('evalue')}"
    others = ", ".join(str(kind) for kind in kinds if kind != "text/plain")
    lines = clean(text).rstrip().split("\n")
    yield f"# output{f' (also as {others})' if others else ''}:"
    for line in lines[:OUTPUT_LINES]:
        yield f"#   {line[:OUTPUT_WIDTH]}{'...' * (len(line) > OUTPUT_WIDTH)}"
    if len(lines) > OUTPUT_LINES:
        yield f"#   ... ({len(lines) - OUTPUT_LINES} more lines)"


def _joined(text: object) -> str:
    """A multi-line string of the format: one text, or the list of its lines."""
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""
