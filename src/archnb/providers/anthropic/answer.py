"""One answer as it arrives: the API's event stream becomes text, thinking and calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archnb.conversation import Text, Thinking, ToolCall


class BrokenStreamError(Exception):
    """The stream is none that could be finished: cut, out of order, or no JSON."""


_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)

# What a delta adds to, by its type: the block's type, the delta's field and the block's.
_DELTAS = {
    "text_delta": ("text", "text", "text"),
    "thinking_delta": ("thinking", "thinking", "thinking"),
    "signature_delta": ("thinking", "signature", "signature"),
    "input_json_delta": ("tool_use", "partial_json", "input"),
}


@dataclass(slots=True)
class Answer:
    """What arrived so far. ``usage`` and ``stop_details`` as the API has them.

    ``stop_reason`` is empty until the stream has ended as it should (:meth:`finish`). ``faithful``:
    every part was understood, so the blocks can be sent back as they were.
    """

    usage: dict[str, Any] = field(default_factory=dict)
    stop_reason: str = ""
    stop_details: Mapping[str, Any] = field(default_factory=dict)
    begun: bool = False
    shown: bool = False
    faithful: bool = True
    blocks: list[dict[str, Any]] = field(default_factory=list)
    _open: dict[int, dict[str, Any]] = field(default_factory=dict)
    _parts: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    _stop: str = ""
    _stopped: bool = False

    def hear(self, event: Mapping[str, Any]) -> Text | Thinking | None:
        """Take in one event; gives what a person can see of it. Unknown events are passed over.

        Raises :class:`BrokenStreamError` for an event that cannot belong to the stream.
        """
        try:
            piece = self._hear(event)
        except _UNREADABLE as error:
            raise BrokenStreamError("an event could not be read") from error
        self.shown = self.shown or piece is not None
        return piece

    def _hear(self, event: Mapping[str, Any]) -> Text | Thinking | None:
        match event["type"]:
            case "message_start":
                self.begun = True
                self._count(event["message"].get("usage"))
            case "content_block_start":
                self.begun = True
                block = dict(event["content_block"])
                self._open[int(event["index"])] = block
                return _piece(block["type"], block.get("text") or block.get("thinking") or "")
            case "content_block_delta":
                return self._grow(int(event["index"]), event["delta"])
            case "message_delta":
                self._stop = event["delta"].get("stop_reason") or self._stop
                self.stop_details = event["delta"].get("stop_details") or self.stop_details
                self._count(event.get("usage"))
            case "message_stop":
                self._stopped = True
            case _:
                pass
        return None

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """Later figures are totals; what they leave out stands as it was."""
        self.usage |= {name: value for name, value in (usage or {}).items() if value is not None}

    def _grow(self, index: int, delta: Mapping[str, Any]) -> Text | Thinking | None:
        block = self._open[index]
        if delta["type"] not in _DELTAS:
            self.faithful = False
            return None
        kind, given, grown = _DELTAS[delta["type"]]
        if block["type"] != kind:
            self.faithful = False
            return None
        more = clean(delta[given])
        if not isinstance(more, str):
            raise TypeError(given)
        self._parts.setdefault((index, grown), []).append(more)
        return None if grown in {"signature", "input"} else _piece(kind, more)

    def finish(self) -> None:
        """The stream is over: put the blocks together, or raise :class:`BrokenStreamError`.

        A call's input counts only if all of it arrived and is one JSON object.
        """
        if not self._stopped or not self._stop:
            raise BrokenStreamError("it ended before it was complete")
        try:
            self.blocks = [self._whole(index) for index in sorted(self._open)]
        except _UNREADABLE as error:
            raise BrokenStreamError("a part of it could not be read") from error
        self.stop_reason = self._stop

    def _whole(self, index: int) -> dict[str, Any]:
        block = self._open[index]
        for name in ("text", "thinking", "signature"):
            if parts := self._parts.get((index, name)):
                block[name] = (block.get(name) or "") + "".join(parts)
        if block["type"] == "tool_use":
            grown = "".join(self._parts.get((index, "input"), ()))
            block["input"] = _object(grown) if grown.strip() else dict(block.get("input") or {})
            block |= {"id": str(block["id"]), "name": str(block["name"])}
        return dict(clean(block))

    @property
    def detail(self) -> str:
        """What the API says about a stop that is no ordinary end."""
        if self.stop_reason != "refusal":
            return ""
        said = (self.stop_details.get("category"), self.stop_details.get("explanation"))
        return ": ".join(str(part)[:300] for part in said if part)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls to run: none unless the answer ended in order to have them run."""
        if self.stop_reason != "tool_use":
            return ()
        return tuple(
            ToolCall(block["id"], block["name"], block["input"])
            for block in self.blocks
            if block["type"] == "tool_use"
        )


def plain(event: Any) -> Mapping[str, Any]:
    """An event of the SDK as it came over the wire."""
    try:
        given = event.to_dict(warnings=False)
    except _UNREADABLE as error:
        raise BrokenStreamError("an event could not be read") from error
    if not isinstance(given, Mapping):
        raise BrokenStreamError("an event could not be read")
    return given


def _piece(kind: str, text: str) -> Text | Thinking | None:
    if not text:
        return None
    text = clean(text)
    if kind == "thinking":
        return Thinking(text)
    return Text(text) if kind == "text" else None


def _object(text: str) -> dict[str, Any]:
    """A call's input; what is no complete JSON object is a broken stream."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        given = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise BrokenStreamError("a tool call arrived incomplete") from error
    if not isinstance(given, dict):
        raise BrokenStreamError("a tool call's input is no object")
    return given


def clean(value: Any) -> Any:
    r"""``value`` with U+FFFD for lone surrogates, which no wire takes, in every text within it.

    >>> ascii(clean({"path": ["a\ud800"]}))
    "{'path': ['a\\ufffd']}"
    """
    match value:
        case str():
            return value if value.isascii() else _without_surrogates(value)
        case dict():
            return {clean(key): clean(inner) for key, inner in value.items()}
        case list() | tuple():
            return [clean(inner) for inner in value]
        case _:
            return value


def _without_surrogates(text: str) -> str:
    # Through UTF-16, so that two surrogates which belong together become their character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
