"""Claude over the Messages API; the SDK is imported at the first request."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from archnb.conversation import (
    Block,
    Image,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from archnb.errors import ModelError
from archnb.models import resolve
from archnb.providers.base import Piece, Provider, ProviderKind, Settings, Turn

KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE")

# US dollars per million tokens: input, output, cache read, cache write (one hour).
_PRICES = {
    "claude-opus-5-5": (4.0, 20.0, 0.20, 8.0),
    "claude-sonnet-5-5": (2.0, 10.0, 0.20, 4.0),
    "claude-sonnet-4-6": (3.0, 15.0, 0.30, 6.0),
    "claude-haiku-4-5": (1.0, 5.0, 0.10, 2.0),
}


@dataclass(frozen=True, slots=True)
class Anthropic:
    """One model behind the Messages API, or a server that speaks it (``ANTHROPIC_BASE_URL``)."""

    model: str

    @property
    def label(self) -> str:
        given = self.model.split("/", 1)[-1].replace(".", "-")
        resolved = resolve(self.model)
        return resolved if given in (resolved, "") else f"{resolved} (for {self.model})"

    async def stream(
        self,
        system: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        settings: Settings,
    ) -> AsyncIterator[Piece]:
        """Stream one answer; failures of the wire become :class:`~archnb.errors.ModelError`."""
        import anthropic

        try:
            # A local server ignores the key, but the SDK wants one.
            key = (
                None
                if any(os.environ.get(name) for name in KEYS if name != "ANTHROPIC_BASE_URL")
                else "none"
            )
            async with (
                anthropic.AsyncAnthropic(api_key=key) as client,
                client.messages.stream(
                    **request(self.model, system, messages, tools, settings)
                ) as stream,
            ):
                async for event in stream:
                    if event.type == "text":
                        yield Text(event.text)
                    elif event.type == "thinking":
                        yield Thinking(event.thinking)
                final = await stream.get_final_message()
        except anthropic.APIError as error:
            raise ModelError(*explain(error)) from error
        except Exception as error:
            # A cut connection surfaces as the transport's own error, a missing key as a TypeError.
            raise ModelError(
                f"The model's answer broke off ({type(error).__name__}).", hint=str(error)[:200]
            ) from error
        stop = final.stop_reason or "cut"
        for block in final.content:
            if block.type == "tool_use" and stop == "tool_use":
                given = block.input if isinstance(block.input, Mapping) else {}
                yield ToolCall(block.id, block.name, given)
            elif block.type == "thinking":
                yield Thinking("", block.signature)
        yield Turn(usage_of(resolve(self.model), final.usage), stop)


def request(
    model: str,
    system: str,
    messages: Sequence[Message],
    tools: Sequence[ToolSpec],
    settings: Settings,
) -> dict[str, Any]:
    """The request as the SDK takes it; tools and system come first and stable, for the cache."""
    return {
        "model": resolve(model),
        "max_tokens": settings.max_tokens,
        # People take time to approve: the stable part is kept for an hour.
        "system": [
            {
                "type": "text",
                "text": system or "You design software.",
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
            }
        ],
        "messages": [
            {
                "role": message.role,
                "content": [wire for block in message.blocks for wire in _wire(block)],
            }
            for message in messages
        ],
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": dict(tool.input_schema),
            }
            for tool in sorted(tools, key=lambda tool: tool.name)
        ],
    }


def _wire(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Text(text):
            if text.strip():
                yield {"type": "text", "text": _clean(text)}
        case Thinking(text, signature):
            if signature:
                yield {"type": "thinking", "thinking": text, "signature": signature}
        case ToolCall(id, name, given):
            yield {"type": "tool_use", "id": id, "name": name, "input": dict(given)}
        case ToolResult(call_id, text, is_error, images):
            content: list[dict[str, Any]] = [
                {"type": "text", "text": _clean(text) or "(no output)"}
            ]
            content += [wire for image in images for wire in _wire(image)]
            yield {
                "type": "tool_result",
                "tool_use_id": call_id,
                "content": content,
                "is_error": is_error,
            }
        case Image(data, media_type):
            source = {
                "type": "base64",
                "media_type": media_type,
                "data": base64.b64encode(data).decode(),
            }
            kind = "document" if media_type == "application/pdf" else "image"
            yield {"type": kind, "source": source}
        case _:
            assert_never(block)


def _clean(text: str) -> str:
    """Lone surrogates cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")


def usage_of(model: str, usage: Any) -> Usage:
    """The SDK's usage with its price, None where the price is not known."""
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    price = _PRICES.get(model)
    counts = (usage.input_tokens, usage.output_tokens, read, written)
    cost = (
        sum(count * dollars for count, dollars in zip(counts, price, strict=True)) / 1e6
        if price
        else None
    )
    return Usage(usage.input_tokens, usage.output_tokens, read, written, cost)


def explain(error: Any) -> tuple[str, ...]:
    """One sentence for a failure of the API."""
    status = getattr(error, "status_code", None)
    kind = getattr(error, "type", None)
    said = str(getattr(error, "message", error))[:300]
    sentences = {
        400: f"The model's server refused the request: {said}.",
        401: "The model key was refused (401). Check ANTHROPIC_API_KEY.",
        403: "This key may not use that model (403).",
        404: "The model was not found (404). Choose another with %architect model.",
        413: "The conversation is too large for one request (413). Start afresh with --new.",
        429: "The rate limit is reached (429). Wait a little and run the cell again.",
    }
    if kind == "overloaded_error" or status == 529:
        return ("The model is overloaded at the moment. Run the cell again in a minute.",)
    if status in sentences:
        return (sentences[status],)
    if status is None:
        return (f"The model's server cannot be reached: {said}",)
    return (f"The model's server failed ({status}): {said}",)


def _make(model: str) -> Provider:
    if not any(os.environ.get(name) for name in KEYS):
        raise ModelError(
            "No model key found.",
            hint="Set ANTHROPIC_API_KEY, or a base URL for a local server, or use --model offline.",
        )
    return Anthropic(model)


ANTHROPIC = ProviderKind("anthropic", lambda model: model != "offline", _make)
