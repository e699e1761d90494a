"""Front matter: a strict subset of YAML, read so that nothing in it can vanish or surprise."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archnb.errors import AgentError

MAX_FRONT = 32_768  # characters of front matter; real ones have a few hundred
_MAX_DEPTH = 10  # of nested maps and lists; permission needs three
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,15})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?")
_STAR = 'Quote a pattern with a star: "*": ask. No permission is guessed from a broken file.'


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a key and its value stand: (line, column), both from 0, in the front matter's text."""

    key: tuple[int, int]
    key_end: tuple[int, int]
    end: tuple[int, int]
    flow: bool = False  # inside {…}


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The values of a file's front matter, and for each path of keys its place.

    ``shown`` is how the file is named to people; ``offset`` the lines before the front matter.
    Values are text, numbers, true, false, None, dicts and lists: a word such as ``on`` stays one.
    """

    values: Mapping[str, Any]
    entries: Mapping[tuple[str, ...], Entry] = field(default_factory=dict)
    shown: str = ""
    offset: int = 0

    def line(self, *keys: str) -> int:
        """The line of the file where that key stands; 0 where it is not known."""
        entry = self.entries.get(keys)
        return entry.key[0] + 1 + self.offset if entry else 0

    def place(self, *keys: str) -> str:
        """``FILE:LINE`` of that key."""
        line = self.line(*keys)
        return f"{self.shown}:{line}" if line else self.shown

    def error(self, message: str, *keys: str, hint: str = "") -> AgentError:
        """An error at that key."""
        place = self.place(*keys)
        return AgentError(f"{place}: {message}" if place else message, hint=hint)


def read(text: str, shown: str, offset: int = 0) -> FrontMatter:
    """The front matter's values; raises ``AgentError`` with file and line for whatever is odd."""
    if len(text) > MAX_FRONT:
        raise AgentError(
            f"{shown}:{1 + offset}: the front matter is longer than {MAX_FRONT:,} characters."
        )
    try:
        return _parsed(text, shown, offset)
    except AgentError as first:
        rescued = _with_text_quoted(text)
        if rescued == text:
            raise
        try:
            return _parsed(rescued, shown, offset)
        except AgentError:
            raise first from None


def _parsed(text: str, shown: str, offset: int) -> FrontMatter:
    import yaml

    entries: dict[tuple[str, ...], Entry] = {}
    try:
        _refuse(text, shown, offset)
        node = yaml.compose(text, Loader=_loader())
        front = FrontMatter({}, entries, shown, offset)
        values = _value(node, (), front, entries) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + 1 + offset
        raise AgentError(
            f"{shown}:{line}: the front matter is not valid YAML: {error.problem}.", hint=_STAR
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 + offset
        raise AgentError(
            f"{shown}:{line}: the front matter holds a character that YAML does not allow."
        ) from error
    if not isinstance(values, dict):
        raise AgentError(
            f"{shown}:{1 + offset}: the front matter is not a list of `key: value` lines."
        )
    return FrontMatter(values, entries, shown, offset)


def _refuse(text: str, shown: str, offset: int) -> None:
    """Raise for what could hide a rule or cost much, before anything is built from the text."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        line = (event.start_mark.line if event.start_mark else 0) + 1 + offset
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise AgentError(
                f"{shown}:{line}: YAML anchors and aliases are not read in an agent file.",
                hint=_STAR,
            )
        if getattr(event, "tag", None):
            raise AgentError(
                f"{shown}:{line}: YAML tags are not read in an agent file.",
                hint='Quote a pattern with an exclamation mark: "!x": ask.',
            )
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise AgentError(
                f"{shown}:{line}: the front matter is nested more than {_MAX_DEPTH} deep."
            )


def _value(
    node: Any, path: tuple[str, ...], front: FrontMatter, entries: dict[tuple[str, ...], Entry]
) -> Any:
    """The plain value of a YAML node; each key's place goes into ``entries``."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1 + front.offset
            key = key_node.value
            if not isinstance(key, str) or not key:
                raise AgentError(f"{front.shown}:{line}: a key must be a word.")
            if key == "<<" and not key_node.style:
                raise AgentError(
                    f"{front.shown}:{line}: YAML merge keys are not read in an agent file."
                )
            if key in result:
                raise AgentError(
                    f"{front.shown}:{line}: the key {key!r} stands twice"
                    f" (first on line {front.line(*path, key)}).",
                    hint="Keep one of them.",
                )
            entries[*path, key] = Entry(
                _position(key_node.start_mark),
                _position(key_node.end_mark),
                _position(value_node.end_mark),
                bool(node.flow_style),
            )
            result[key] = _value(value_node, (*path, key), front, entries)
        return result
    if isinstance(node, yaml.SequenceNode):
        items = []
        for number, item in enumerate(node.value):
            place = (*path, str(number))
            entries[place] = Entry(
                _position(item.start_mark), _position(item.start_mark), _position(item.end_mark)
            )
            items.append(_value(item, place, front, entries))
        return items
    return _scalar(node.value) if not node.style else node.value


def _scalar(text: str) -> Any:
    """A plain scalar: true, false, null and decimal numbers are such; everything else is text.

    >>> [_scalar(word) for word in ("true", "on", "0.1", "3", "0777", ".inf", "1.0.0")]
    [True, 'on', 0.1, 3, '0777', '.inf', '1.0.0']
    """
    if text in (text.lower(), text.upper(), text.capitalize()) and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _NUMBER.fullmatch(text):
        number = json.loads(text)
        return number if math.isfinite(number) else text
    return text


def _loader() -> Any:
    """The reader of libyaml where it is there: twenty times as fast on a hostile file."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _position(mark: Any) -> tuple[int, int]:
    return mark.line, mark.column


def _with_text_quoted(text: str) -> str:
    """The text with unquoted top-level values that hold a colon in quotes, line for line.

    ``description: Use it for: APIs`` is no YAML, is written often, and OpenCode reads it as text.
    """
    return "\n".join(_quoted(line) for line in text.split("\n"))


def _quoted(line: str) -> str:
    found = re.fullmatch(r"([A-Za-z_][\w-]*:[ \t]+)([^\s\"'|>\[{&*!#%@`].*?)[ \t]*(\r?)", line)
    if found is None or not re.search(r":(?:\s|$)", found[2]):
        return line
    return found[1] + json.dumps(found[2], ensure_ascii=False) + found[3]
