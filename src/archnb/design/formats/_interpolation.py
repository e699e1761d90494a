"""Variables as compose files write them, and the small files beside one that give their values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])(.*))?", re.DOTALL)
_LONGEST = 20_000  # characters a value may grow to
_DEEPEST = 10  # defaults within defaults
_LARGEST = 1_000_000  # bytes of a file beside
_ENTRY = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:=\s*(.*))?$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an env file: ``value`` None where only the name stands."""

    name: str
    value: str | None
    line: int


def interpolate(text: str, values: Mapping[str, str], depth: int = 0) -> str:
    """The text with ``$VAR``, ``${VAR:-default}`` ... replaced; what has no value stays ``${VAR}``.

    >>> interpolate("${HOST:-db}:${PORT} $$5", {"PORT": "1"}), interpolate("${A:?needed}", {})
    ('db:1 $5', '${A}')
    """
    if depth > _DEEPEST or "$" not in text:
        return text
    parts: list[str] = []
    at, grown = 0, 0
    while (dollar := text.find("$", at)) >= 0 and grown < _LONGEST:
        part, end = _reference(text, dollar, values, depth)
        parts += [text[at:dollar], part]
        grown += len(part)
        at = end
    return "".join([*parts, text[at:]])


def _reference(text: str, dollar: int, values: Mapping[str, str], depth: int) -> tuple[str, int]:
    """What stands for the ``$`` there, and where the text goes on."""
    after = dollar + 1
    if text.startswith("$", after):
        return "$", after + 1
    if not text.startswith("{", after):
        bare = _NAME.match(text, after)
        if bare is None:
            return "$", after
        return values.get(bare[0], f"${{{bare[0]}}}"), bare.end()
    closing = _closing(text, after)
    inside = _BRACED.fullmatch(text, after + 1, closing) if closing > 0 else None
    if inside is None:
        end = closing + 1 if closing > 0 else len(text)
        return text[dollar:end], end
    name, operator, rest = inside[1], inside[2] or "", inside[3] or ""
    value = values.get(name)
    missing = value is None or (operator.startswith(":") and not value)
    match operator[-1:]:
        case "-" if missing:
            return interpolate(rest, values, depth + 1), closing + 1
        case "+":
            return "" if missing else interpolate(rest, values, depth + 1), closing + 1
        case _:
            return f"${{{name}}}" if value is None else value, closing + 1


def _closing(text: str, opening: int) -> int:
    open_braces = 0
    for found in re.compile(r"[{}]").finditer(text, opening):
        open_braces += 1 if found[0] == "{" else -1
        if not open_braces:
            return found.start()
    return -1


def env_entries(text: str, values: Mapping[str, str]) -> list[Entry]:
    """The lines of an env file; a value may refer to ``values`` and to the lines before it."""
    known = dict(values)
    entries: list[Entry] = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry = _ENTRY.match(line)
        if entry is None:  # a comment, a blank line, or nothing that sets a variable
            continue
        name, value = entry[1], entry[2]
        if value is not None:
            value = _unquoted(value, known)
            known[name] = value
        entries.append(Entry(name, value, number))
    return entries


def _unquoted(value: str, known: Mapping[str, str]) -> str:
    quoted = re.match(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"", value)
    if quoted is None:
        return interpolate(re.sub(r"(?:^|\s)#.*$", "", value).strip(), known)
    return quoted[1] if quoted[1] is not None else interpolate(quoted[2], known)


def beside(file: str, name: str) -> str | None:
    """The text of a small regular file named from ``file``'s folder, or None.

    Nothing outside that folder's tree is opened, not through a link either, and nothing at all when
    ``file`` itself is no file on disk (text from a notebook cell).
    """
    try:
        if not name or not Path(file).is_file():
            return None
        folder = Path(file).parent.resolve()
        target = (folder / name).resolve()
        inside = target.is_relative_to(folder) and target.is_file()
        if not inside or target.stat().st_size > _LARGEST:
            return None
        return target.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError, RuntimeError):
        return None
