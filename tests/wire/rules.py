"""What the Messages API refuses: the first complaint about a request, as status, type and words.

Sources: the API's documentation (2026-08 to 2026-11), the SDK's types, and errors that others
reported. It is a second reading of the same rules, so it shares no code with archnb.
"""

import base64
import binascii
import hashlib
import json
import re
import struct
from dataclasses import dataclass

SIZE = 32 * 1024 * 1024
IMAGE_BYTES, IMAGES, MANY_IMAGES = 5 * 1024 * 1024, 100, 20
EDGE, MANY_EDGE = 8000, 2000
VERSIONS = ("2023-06-01", "2026-10-21")
FIELDS = set(
    "model messages max_tokens system tools tool_choice stream stop_sequences metadata thinking"
    " cache_control output_config service_tier diagnostics inference_geo container temperature"
    " top_p top_k".split()
)
# Model: most output tokens, kinds of thinking, whether any sampling or forced tool is refused.
MODELS = {
    "claude-opus-5-5": (128_000, {"adaptive"}, True),
    "claude-sonnet-5-5": (128_000, {"adaptive", "between_tools"}, True),
    "claude-fable-5-1": (128_000, {"adaptive"}, True),
    "claude-haiku-5-5": (64_000, {"adaptive", "disabled"}, True),
    "claude-sonnet-4-6": (64_000, {"adaptive", "enabled", "disabled"}, False),
    "claude-haiku-4-5": (64_000, {"enabled", "disabled"}, False),
}
ID = re.compile(r"[A-Za-z0-9_-]+")
SIDES = {
    "user": {"text", "image", "document", "tool_result", "search_result"},
    "assistant": {"text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"},
}
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class RefusedError(Exception):
    def __init__(self, message, status=400, kind="invalid_request_error"):
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


@dataclass
class Account:
    """What the server knows beyond one request: the key (any, if empty) and its models."""

    key: str = ""
    models: dict = None

    def __post_init__(self):
        self.models = MODELS if self.models is None else self.models


def need(condition, message, status=400, kind="invalid_request_error"):
    if not condition:
        raise RefusedError(message, status, kind)


def check(headers, raw, account=None):
    """The request's body, if the API would take it; raises :class:`RefusedError`."""
    account = account or Account()
    headers = {name.lower(): value for name, value in headers.items()}
    key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    need(key, "x-api-key header is required", 401, "authentication_error")
    need(account.key in ("", key), "invalid x-api-key", 401, "authentication_error")
    version = headers.get("anthropic-version", "")
    need(version, "anthropic-version: header is required")
    need(version in VERSIONS, f"anthropic-version: {version!r} is not a valid version")
    need(
        headers.get("content-type", "").startswith("application/json"), "content-type must be JSON"
    )
    need(len(raw) <= SIZE, "Request exceeds the maximum size", 413, "request_too_large")
    try:
        body = json.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise RefusedError("The request body is not valid JSON") from error
    need(isinstance(body, dict), "The request body must be an object")
    _text_is_sendable(body)
    _parameters(body, version, account)
    _system(body.get("system", []))
    _tools(body.get("tools", []))
    messages = body.get("messages")
    need(isinstance(messages, list) and messages, "messages: at least one message is required")
    messages = [_message(number, message) for number, message in enumerate(messages)]
    _order(messages)
    _pairs(messages)
    _pictures(messages)
    _marks(body, messages)
    _thinking(body, messages)
    return body


def _text_is_sendable(value):
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise RefusedError(
                "The request body is not valid JSON: no low surrogate in string"
            ) from error
    elif isinstance(value, dict):
        for name, inner in value.items():
            _text_is_sendable(name)
            _text_is_sendable(inner)
    elif isinstance(value, list):
        for inner in value:
            _text_is_sendable(inner)


def _parameters(body, version, account):
    extra = sorted(set(body) - FIELDS)
    need(not extra, f"{extra[:1]}: Extra inputs are not permitted")
    model = body.get("model")
    need(isinstance(model, str) and model, "model: Field required")
    need(model in account.models, f"model: {model}", 404, "not_found_error")
    most, kinds, strict = account.models[model]
    tokens = body.get("max_tokens")
    need(type(tokens) is int and tokens >= 0, "max_tokens: Field required")
    need(tokens <= most, f"max_tokens: {tokens} > {most}, the maximum for {model}")
    for name in ("temperature", "top_p", "top_k"):
        need(
            name not in body or not (strict or version == "2026-10-21"),
            f"{name}: Extra inputs are not permitted",
        )
    thinking = body.get("thinking")
    if thinking is not None:
        kind = thinking.get("type")
        need(kind in kinds, f"thinking.type: {kind} is not supported by {model}")
        need(
            set(thinking) <= {"type", "display", "budget_tokens"}
            and thinking.get("display", "omitted") in ("omitted", "summarized")
            and ("budget_tokens" in thinking) == (kind == "enabled"),
            "thinking: Extra inputs are not permitted",
        )
        if kind == "enabled":
            budget = thinking["budget_tokens"]
            need(1024 <= budget < tokens, "thinking.budget_tokens: must be below max_tokens")
    choice = body.get("tool_choice", {"type": "auto"})["type"]
    forced = choice in ("any", "tool")
    need(not forced or not strict, f"tool_choice: {choice} is not supported by {model}")
    on = thinking is not None and thinking["type"] in ("adaptive", "enabled")
    need(not (forced and on), "Thinking may not be enabled when tool_choice forces tool use.")


def _system(system):
    need(isinstance(system, (str, list)), "system: must be text or blocks")
    for block in system if isinstance(system, list) else []:
        need(block.get("type") == "text", "system: only text is permitted")
        need(block.get("text", "").strip(), "system: text content blocks must be non-empty")


def _tools(tools):
    names = [tool.get("name", "") for tool in tools]
    need(len(set(names)) == len(names), "tools: Tool names must be unique.")
    for tool in tools:
        need(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool.get("name", "")), "tools: name pattern")
        schema = tool.get("input_schema", {})
        need(
            schema.get("type") == "object",
            f"tools.{tool['name']}.input_schema.type: Field required",
        )


def _message(number, message):
    """The message with its content as blocks."""
    where = f"messages.{number}"
    need(set(message) <= {"role", "content"}, f"{where}: Extra inputs are not permitted")
    role, content = message.get("role"), message.get("content")
    need(role in SIDES, f"{where}.role: must be user or assistant")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    need(
        isinstance(content, list) and content, f"{where}: all messages must have non-empty content"
    )
    for block in content:
        kind = block.get("type")
        allowed = kind in SIDES[role] or (
            role == "assistant" and str(kind).endswith("_tool_result")
        )
        need(allowed, f"{where}.content: {kind} is not permitted in {role} messages")
        if kind == "text":
            need(block.get("text", "").strip(), "messages: text content blocks must be non-empty")
            need(
                role == "assistant" or not block.get("citations"),
                f"{where}: citations are not permitted in user messages",
            )
        if kind == "tool_result":
            _result(where, block)
        if kind == "tool_use":
            need(isinstance(block.get("input"), dict), f"{where}.tool_use.input: must be an object")
            need(ID.fullmatch(block.get("name", "")), f"{where}.tool_use.name: pattern")
    return {"role": role, "content": content}


def _result(where, block):
    extra = set(block) - {"type", "tool_use_id", "content", "is_error", "cache_control"}
    need(not extra, f"{where}.tool_result: Extra inputs are not permitted")
    content = block.get("content", "")
    for inner in content if isinstance(content, list) else []:
        kind = inner.get("type")
        need(kind in SIDES["user"] - {"tool_result"}, f"{where}.tool_result: {kind} not permitted")
        need(
            kind == "text" or not block.get("is_error"),
            "tool_result: all content must be type `text` if `is_error` is true",
        )
        need(
            kind != "text" or inner.get("text", "").strip(),
            "messages: text content blocks must be non-empty",
        )


def _order(messages):
    need(messages[0]["role"] == "user", "messages: first message must use the user role")
    last = messages[-1]
    paused = "server_tool" in last["content"][-1]["type"] or last["content"][-1]["type"].endswith(
        "_tool_result"
    )
    need(
        last["role"] == "user" or paused,
        "This model does not support assistant message prefill.",
    )


def _pairs(messages):
    """Every call answered at once, in the next message, before anything else; no id twice."""
    seen, waiting = set(), []
    for message in messages:
        content = message["content"]
        answers = [block for block in content if block["type"] == "tool_result"]
        if message["role"] == "user":
            given = [block["tool_use_id"] for block in answers]
            need(
                [block["type"] for block in content[: len(answers)]]
                == ["tool_result"] * len(answers)
                and len(set(given)) == len(given)
                and set(waiting) <= set(given),
                "`tool_use` ids were found without `tool_result` blocks immediately after",
            )
            need(
                set(given) <= set(waiting), "unexpected `tool_use_id` found in `tool_result` blocks"
            )
        else:
            need(
                not waiting,
                "`tool_use` ids were found without `tool_result` blocks immediately after",
            )
        calls = [block["id"] for block in content if block["type"] == "tool_use"]
        for call in calls:
            need(ID.fullmatch(call), "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
            need(call not in seen, "messages: `tool_use` ids must be unique")
            seen.add(call)
        waiting = calls
    need(not waiting, "`tool_use` ids were found without `tool_result` blocks immediately after")


def _pictures(messages):
    blocks = [block for message in messages for block in message["content"]]
    inner = [
        part
        for block in blocks
        if block["type"] == "tool_result" and isinstance(block.get("content"), list)
        for part in block["content"]
    ]
    images = [block for block in [*blocks, *inner] if block["type"] == "image"]
    need(len(images) <= IMAGES, f"messages: too many images ({len(images)} > {IMAGES})")
    edge = EDGE if len(images) <= MANY_IMAGES else MANY_EDGE
    for image in images:
        source = image["source"]
        need(source["media_type"] in PICTURES, f"image: {source['media_type']} is not supported")
        try:
            data = base64.b64decode(source["data"], validate=True)
        except binascii.Error as error:
            raise RefusedError("image.source.base64: invalid base64 data") from error
        need(len(data) <= IMAGE_BYTES, "image: exceeds 5 MB maximum")
        if data.startswith(b"\x89PNG"):
            width, height = struct.unpack(">II", data[16:24])
            need(max(width, height) <= edge, f"image: dimensions exceed {edge} pixels")


def marked(body, messages=None):
    """Every block that can end a cached prefix, in the API's order: tools, system, messages."""
    system = body.get("system") or []
    if isinstance(system, str):
        system = [{"type": "text", "text": system}]
    messages = messages or [_message(*pair) for pair in enumerate(body["messages"])]
    yield from body.get("tools", [])
    yield from system
    for message in messages:
        yield from message["content"]


def _marks(body, messages):
    marks = []
    for block in marked(body, messages):
        if mark := block.get("cache_control"):
            kind = block.get("type")
            need("thinking" not in str(kind), f"cache_control cannot be set on {kind} blocks")
            marks.append(mark)
    if body.get("cache_control"):
        marks.append(body["cache_control"])
    for mark in marks:
        need(
            mark.get("type") == "ephemeral"
            and mark.get("ttl", "5m") in ("5m", "1h")
            and set(mark) <= {"type", "ttl"},
            "cache_control: invalid",
        )
    need(
        len(marks) <= 4,
        f"A maximum of 4 blocks with cache_control may be provided. Found {len(marks)}.",
    )
    kept = [mark.get("ttl", "5m") for mark in marks]
    need(
        kept == sorted(kept),  # "1h" comes before "5m"
        "cache_control: a ttl='1h' block must not come after a ttl='5m' block",
    )


def unmarked(value):
    """``value`` without cache marks: they move and are no part of what is cached or signed."""
    if isinstance(value, dict):
        return {name: unmarked(inner) for name, inner in value.items() if name != "cache_control"}
    return [unmarked(inner) for inner in value] if isinstance(value, list) else value


def digest(*values):
    return hashlib.sha256(json.dumps(unmarked(list(values))).encode()).hexdigest()[:32]


def signature(body, messages, words):
    """The seal of a thinking block: bound to model, tools, system, all messages before, and words."""
    blocks = [_message(*pair) for pair in enumerate(messages)]
    return digest(body["model"], body.get("tools"), body.get("system"), blocks, words)


def _thinking(body, messages):
    for number, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        sealed = [block for block in message["content"] if "thinking" in block["type"]]
        for block in sealed:
            words = block.get("thinking", "")
            seal = block.get("data" if block["type"] == "redacted_thinking" else "signature")
            need(
                seal and seal.partition("-")[2] == signature(body, messages[:number], words),
                "Invalid `signature` in `thinking` block. The block is bound to a different"
                " conversation",
            )
            # The seal says how many there were: some of them alone are an answer that was changed.
            need(
                seal.partition("-")[0] == str(len(sealed)),
                "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be"
                " modified. These blocks must remain as they were in the original response.",
            )
