"""A conversation as the Messages API takes it: the same bytes each time, news at the end."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from archnb.conversation import (
    Block,
    Image,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from archnb.providers.anthropic.answer import clean

# A mark finds what was cached up to 20 blocks before it (platform.claude.com, prompt caching).
LOOKBACK = 20
_ID = re.compile(r"[^A-Za-z0-9_-]")
_FIVE_MINUTES = {"type": "ephemeral"}
# People take time to approve: the part that never changes is kept for an hour.
_ONE_HOUR = {"type": "ephemeral", "ttl": "1h"}

Wire = dict[str, Any]
Marks = Literal["none", "explicit", "automatic"]


@dataclass(slots=True)
class Given:
    """The answers of one live run as they came, by the digest of what each was an answer to.

    The API binds thinking to everything before it. So an answer is sent back to the byte, thinking
    included, where the same prefix stands before it; anywhere else only its words and calls are.
    Signatures live here and nowhere else: no history, record or notebook has them.
    """

    _answers: dict[str, list[Wire]] = field(default_factory=dict)

    def keep(self, prefix: str, blocks: Sequence[Wire]) -> None:
        """``blocks`` are the answer to the request whose :attr:`Request.digest` is ``prefix``."""
        # Blank text comes from the API but is not taken by it.
        kept = [block for block in blocks if block["type"] != "text" or block["text"].strip()]
        unsigned = any(block["type"] == "thinking" and not block.get("signature") for block in kept)
        if kept and not unsigned:
            self._answers[prefix] = kept

    def find(self, prefix: str, message: Message) -> list[Wire] | None:
        """The answer that ``message`` is what was kept of, as it came."""
        blocks = self._answers.get(prefix)
        if blocks is None:
            return None
        said = "".join(block["text"] for block in blocks if block["type"] == "text")
        calls = [(block["id"], block["name"]) for block in blocks if block["type"] == "tool_use"]
        same = calls == [(call.id, call.name) for call in message.calls]
        return blocks if same and said.strip() == message.text.strip() else None


@dataclass(frozen=True, slots=True)
class Request:
    """``body`` for the SDK, and the digest of all of it that the model's answer stands on."""

    body: Wire
    digest: str


def request(
    model: str,
    system: str,
    messages: Sequence[Message],
    tools: Sequence[ToolSpec],
    given: Given,
    *,
    marks: Marks,
) -> Request:
    """What is asked: model, system, tools and messages, with marks for the cache.

    They are three of the four that the API takes: an hour for tools and system, the last block (by
    the API's own "automatic" mark where it is there), and where the request before this one ended,
    if that is out of the last mark's reach.
    """
    body: Wire = {
        "model": model,
        "system": [{"type": "text", "text": clean(system) if system.strip() else "You design."}],
    }
    if tools:
        body["tools"] = [_tool(tool) for tool in sorted(tools, key=lambda tool: tool.name)]
    digest = hashlib.sha256(_stable(body))
    ids = _Ids()
    sent: list[Wire] = []
    for message in messages:
        content = None
        if message.role == "assistant":
            found = given.find(digest.hexdigest(), message)
            content = found if found is not None and ids.take(found) else None
        if content is None:
            content = [wire for block in message.blocks for wire in _wire(block, message.role, ids)]
        wired = {"role": message.role, "content": content or [_text("(empty)")]}
        digest.update(_stable(wired))
        sent.append(wired)
    body["messages"] = sent
    if marks != "none":
        _mark(body, automatic=marks == "automatic")
    return Request(body, digest.hexdigest())


def _mark(body: Wire, *, automatic: bool) -> None:
    body["system"][-1]["cache_control"] = _ONE_HOUR
    sent: list[Wire] = body["messages"]
    before = max((i for i, message in enumerate(sent) if message["role"] == "assistant"), default=0)
    if before and sum(len(message["content"]) for message in sent[before:]) >= LOOKBACK:
        _mark_end(sent, before - 1)
    if automatic:
        body["cache_control"] = _FIVE_MINUTES
    else:
        _mark_end(sent, len(sent) - 1)


def _mark_end(sent: list[Wire], index: int) -> None:
    *rest, last = sent[index]["content"]
    marked = [*rest, {**last, "cache_control": _FIVE_MINUTES}]
    sent[index] = {**sent[index], "content": marked}


def readable(body: Mapping[str, Any]) -> str:
    """What a model reads of ``body``, as text: for an estimate of its length."""

    def words(value: Any) -> Iterator[str]:
        match value:
            case str():
                yield value
            case {"type": "base64"}:
                yield " " * 5_000  # a picture is about 1,500 tokens, whatever its bytes
            case dict():
                for name, inner in value.items():
                    yield name
                    yield from words(inner)
            case list():
                for inner in value:
                    yield from words(inner)
            case _:
                yield str(value)

    return "".join(words(dict(body)))


@dataclass(slots=True)
class _Ids:
    """Ids as the API takes them: letters, digits, ``_`` and ``-``, each only once."""

    _used: set[str] = field(default_factory=set)
    _now: dict[str, str] = field(default_factory=dict)

    def take(self, blocks: Sequence[Wire]) -> bool:
        """Whether the calls in ``blocks`` can keep their ids; then they are taken."""
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        new = set(calls)
        if len(new) < len(calls) or new & self._used or any(map(_ID.search, calls)):
            return False
        self._used |= new
        self._now |= {call: call for call in calls}
        return True

    def own(self, call: str) -> str:
        """A valid id of its own for a call that names itself ``call``."""
        plain = wanted = _ID.sub("_", call) or "call"
        number = 2
        while wanted in self._used:
            wanted, number = f"{plain}-{number}", number + 1
        self._used.add(wanted)
        self._now[call] = wanted
        return wanted

    def of(self, call: str) -> str:
        """The id that the newest call of that name went by."""
        return self._now.get(call) or _ID.sub("_", call)


def _wire(block: Block, role: str, ids: _Ids) -> Iterator[Wire]:
    match block:
        case Text(text):
            if text.strip():
                yield _text(text)
        case Thinking():
            pass  # words without the signature are no thinking; see Given
        case ToolCall(call, name, given):
            yield {"type": "tool_use", "id": ids.own(call), "name": name, "input": clean(given)}
        case ToolResult(call, text, is_error, images):
            content = [_text(text if text.strip() else "(no output)")]
            if not is_error:  # the API takes text alone in an error
                content += [wire for image in images for wire in _wire(image, role, ids)]
            yield {
                "type": "tool_result",
                "tool_use_id": ids.of(call),
                "content": content,
                "is_error": is_error,
            }
        case Image(data, media_type):
            source = {
                "type": "base64",
                "media_type": media_type,
                "data": base64.b64encode(data).decode(),
            }
            if role == "user":
                kind = "document" if media_type == "application/pdf" else "image"
                yield {"type": kind, "source": source}
        case _:
            assert_never(block)


def _tool(tool: ToolSpec) -> Wire:
    schema = json.loads(json.dumps(clean(dict(tool.input_schema)), sort_keys=True))
    return {"name": tool.name, "description": clean(tool.description), "input_schema": schema}


def _text(text: str) -> Wire:
    return {"type": "text", "text": clean(text)}


def _stable(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
