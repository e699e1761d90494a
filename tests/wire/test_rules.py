"""The server's own rules: every refusal by a request that deserves it, and what a cache serves."""

import base64
import copy
import json
import struct

import pytest

from .cache import Cache
from .rules import SIZE, Account, RefusedError, check, signature
from .server import text, tool

HEADERS = {
    "authorization": "Bearer k", "anthropic-version": "2026-10-21", "content-type": "application/json",
}  # fmt: skip
GOOD = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 1000,
    "system": [text("You design.")],
    "tools": [{"name": "bash", "description": "x", "input_schema": {"type": "object"}}],
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [tool("bash", "t1"), tool("bash", "t2")]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t2", "content": "b"},
                {"type": "tool_result", "tool_use_id": "t1", "content": [text("a")]},
                text("and?"),
            ],
        },
    ],
    "thinking": {"type": "adaptive", "display": "summarized"},
    "cache_control": {"type": "ephemeral"},
}


def png(width, height):
    data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source}


def sealed(body, words="hm", seal=""):
    seal = seal or "1-" + signature(body, body["messages"][:1], words)
    return {"type": "thinking", "thinking": words, "signature": seal}


def says(body, headers=None, account=None, raw=None):
    raw = json.dumps(body).encode() if raw is None else raw
    try:
        check(HEADERS if headers is None else headers, raw, account)
    except RefusedError as refused:
        return refused.status, refused.message
    return 200, ""


def test_a_good_request_is_taken():
    assert says(GOOD) == (200, "")
    body = copy.deepcopy(GOOD)
    body["messages"][1]["content"].insert(0, sealed(body))
    assert says(body) == (200, "")
    old = {**HEADERS, "anthropic-version": "2023-06-01"}
    assert says({**GOOD, "model": "claude-sonnet-4-6", "temperature": 0}, old) == (200, "")


MARK, HOUR = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}


def _set(path, value):
    """A change of the good request: ``path`` leads to what is replaced."""

    def change(body):
        *way, last = path
        for step in way:
            body = body[step]
        body[last] = value

    return change


def _content(index, value):
    return _set(("messages", index, "content"), value)


def _insert(index, place, block):
    return lambda body: body["messages"][index]["content"].insert(place, block)


def _drop(index, place):
    return lambda body: body["messages"][index]["content"].pop(place)


REFUSED = [
    (_set(("temperature",), 0.1), "temperature: Extra"),
    (_set(("top_p",), 1), "top_p: Extra"),
    (_set(("top_k",), 1), "top_k: Extra"),
    (_set(("new_field",), 1), "Extra inputs"),
    (_set(("tool_choice",), {"type": "any"}), "not supported by"),
    (_set(("model",), ""), "model: Field required"),
    (_set(("max_tokens",), 0.5), "max_tokens: Field required"),
    (_set(("max_tokens",), 128_001), "128001 > 128000"),
    (_set(("thinking",), {"type": "enabled", "budget_tokens": 1024}), "not supported"),
    (_set(("thinking",), {"type": "disabled"}), "not supported"),
    (_set(("thinking", "display"), "full"), "thinking: Extra"),
    (_set(("system", 0, "text"), " "), "non-empty"),
    (_set(("system", 0, "type"), "image"), "only text"),
    (lambda body: body["tools"].append(body["tools"][0]), "must be unique"),
    (_set(("tools", 0, "name"), "a b"), "name pattern"),
    (_set(("tools", 0, "input_schema"), {}), "input_schema.type"),
    (_set(("messages",), []), "at least one message"),
    (_set(("messages", 0, "role"), "system"), "must be user or assistant"),
    (_set(("messages", 0, "role"), "assistant"), "first message"),
    (_content(0, ""), "non-empty"),
    (_content(0, []), "non-empty content"),
    (_content(0, [text("\n")]), "non-empty"),
    (_content(0, [{**text("x"), "citations": [{}]}]), "citations"),
    (_content(0, [tool("bash", "t9")]), "not permitted in user"),
    (_insert(1, 0, png(1, 1)), "not permitted in assistant"),
    (_insert(1, 0, {"type": "document", "source": {}}), "document is not permitted in assistant"),
    (_set(("messages", 1, "content", 0, "id"), "t.1"), "should match pattern"),
    (_set(("messages", 1, "content", 0, "id"), "t2"), "without `tool_result`|must be unique"),
    (_set(("messages", 1, "content", 0, "input"), "x"), "must be an object"),
    (_drop(2, 0), "without `tool_result`"),
    (_insert(2, 0, text("first")), "without `tool_result`"),
    (_insert(2, 0, {"type": "tool_result", "tool_use_id": "t2"}), "without `tool_result`"),
    (_insert(2, 0, {"type": "tool_result", "tool_use_id": "t9"}), "unexpected `tool_use_id`"),
    (_set(("messages", 2, "content", 1, "content"), [text("")]), "non-empty"),
    (_set(("messages", 2, "content", 1, "content"), [tool("a", "b")]), "tool_use not permitted"),
    (_set(("messages", 2, "content", 1), {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [png(1, 1)]}), "must be type `text`"),
    (lambda body: body["messages"].append({"role": "assistant", "content": "So"}), "prefill"),
    (lambda body: body["messages"].insert(2, {"role": "assistant", "content": "x"}), "without"),
    (lambda body: body["messages"].pop(), "prefill|without"),
    (_insert(2, 3, png(8001, 1)), "exceed 8000"),
    (lambda body: body["messages"][2]["content"].extend([png(2001, 1)] * 21), "exceed 2000"),
    (lambda body: body["messages"][2]["content"].extend([png(1, 1)] * 101), "too many images"),
    (_insert(2, 3, {"type": "image", "source": {"media_type": "image/bmp", "data": ""}}), "bmp"),
    (_insert(2, 3, {"type": "image", "source": {"media_type": "image/png", "data": "*"}}), "base64"),
    (lambda body: [block.update(cache_control=MARK) for block in [*body["system"], *body["tools"], *body["messages"][2]["content"]]], "maximum of 4"),
    (_set(("cache_control",), HOUR), None),
    (lambda body: (body["system"][0].update(cache_control=MARK), body.update(cache_control=HOUR)), "must not come after"),
    (_set(("cache_control", "ttl"), "2h"), "cache_control: invalid"),
    (lambda body: body["messages"][1]["content"].insert(0, {**sealed(body), "cache_control": MARK}), "cannot be set"),
    (_insert(1, 0, {"type": "thinking", "thinking": "x", "signature": "forged"}), "Invalid `signature`"),
    (_insert(1, 0, {"type": "redacted_thinking", "data": "forged"}), "Invalid `signature`"),
    (lambda body: body["messages"][1]["content"].insert(0, sealed(body, seal="2-" + sealed(body)["signature"][2:])), "cannot be"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "complaint"), REFUSED, ids=[str(case[1]) for case in REFUSED])
def test_refused(change, complaint):
    body = copy.deepcopy(GOOD)
    change(body)
    status, message = says(body)
    if complaint is None:
        assert status == 200
    else:
        assert status == 400
        assert any(part in message for part in complaint.split("|"))


PREFIXES = {
    "system": _set(("system", 0, "text"), "You review."),
    "tools": _set(("tools", 0, "description"), "y"),
    "message": _content(0, "hello"),
    "model": _set(("model",), "claude-opus-5-5"),
    "words": lambda body: body["messages"][1]["content"][0].update(thinking="ha"),
}


@pytest.mark.parametrize("change", PREFIXES.values(), ids=PREFIXES)
def test_thinking_is_bound_to_what_stands_before_it(change):
    body = copy.deepcopy(GOOD)
    body["messages"][1]["content"].insert(0, sealed(body))
    change(body)
    assert "bound to a different conversation" in says(body)[1]


def test_headers_keys_and_sizes():
    for name in ("anthropic-version", "content-type"):
        assert says(GOOD, {**HEADERS, name: ""})[0] == 400
    assert says(GOOD, {**HEADERS, "anthropic-version": "2020-01-01"})[0] == 400
    assert says(GOOD, {**HEADERS, "authorization": ""})[0] == 401
    assert says(GOOD, account=Account("other"))[0] == 401
    assert says({**GOOD, "model": "claude-sonnet-4-5"})[0] == 404
    assert says(GOOD, raw=b" " * (SIZE + 1))[0] == 413
    for raw in (b"{", b"[]", b'"\xff"', b'{"model": "\\ud800"}'):
        assert says(GOOD, raw=raw)[0] == 400
    forced = {**GOOD, "model": "claude-haiku-4-5", "tool_choice": {"type": "any"}, "thinking": None}
    assert says({k: v for k, v in forced.items() if v}) == (200, "")
    forced["thinking"] = {"type": "enabled", "budget_tokens": 2000}
    assert says({**forced, "max_tokens": 4000})[1].startswith("Thinking may not be enabled")


def conversation(blocks, *, mark=None):
    """A request of ``blocks`` blocks after a marked system prompt."""
    content = [text(f"{number} " * 300) for number in range(blocks)]
    if mark is not None:
        content[mark] = {**content[mark], "cache_control": MARK}
    return {
        **GOOD,
        "tools": [],
        "system": [{**text("You design. " * 400), "cache_control": HOUR}],
        "messages": [{"role": "user", "content": content}],
    }


def test_what_a_cache_serves():
    cache = Cache()
    first = cache.usage(conversation(3))
    assert first["cache_read_input_tokens"] == first["input_tokens"] == 0
    assert all(first["cache_creation"].values())
    written = first["cache_creation_input_tokens"]
    assert cache.usage(conversation(3))["cache_read_input_tokens"] == written
    assert cache.usage(conversation(22))["cache_read_input_tokens"] == written  # 19 blocks more
    system = first["cache_creation"]["ephemeral_1h_input_tokens"]
    assert cache.usage(conversation(43))["cache_read_input_tokens"] == system  # out of reach
    assert Cache().usage({**GOOD, "cache_control": MARK})["cache_creation_input_tokens"] == 0


def test_a_mark_in_between_reaches_further():
    cache = Cache()
    before = cache.usage(conversation(3))["cache_creation_input_tokens"]
    assert cache.usage(conversation(60, mark=2))["cache_read_input_tokens"] == before
