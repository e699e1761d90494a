"""The real SDK against our own server: whole conversations, thinking, the cache, failures in words."""

import asyncio
import json
from datetime import date

import pytest

from archnb import models
from archnb.conversation import Image, Message, Text, Thinking, ToolCall, ToolResult, ToolSpec
from archnb.errors import ModelError
from archnb.permission.requests import Reply
from archnb.providers.anthropic import Anthropic
from archnb.providers.base import Settings, Turn
from archnb.session.session import Session
from archnb.session.transcript import fold_all
from archnb.workspace import Workspace

from .rules import unmarked
from .server import Answer, Error, redacted, text, thinking, tool

SONNET = "claude-sonnet-5-5"
TOOLS = [
    ToolSpec(name, f"The {name} tool. " * 40, {"type": "object"}) for name in ("write", "bash")
]
HELLO = Answer((text("Hello."),))


async def approve(ask):
    return Reply("once")


def ask(session, words, **options):
    async def main():
        return [event async for event in session.run(words, approve, **options)]

    return fold_all(asyncio.run(main()))


def answer(provider, messages, tools=TOOLS, system="You design. " * 200):
    """The pieces of one answer, and the message that a loop would keep of it."""

    async def main():
        return [piece async for piece in provider.stream(system, messages, tools, Settings(""))]

    pieces = asyncio.run(main())
    said = "".join(piece.text for piece in pieces if isinstance(piece, Text))
    calls = [piece for piece in pieces if isinstance(piece, ToolCall)]
    kept = Message("assistant", (*([Text(said)] if said else []), *calls))
    return pieces, kept


def results(message, words="done"):
    return Message("user", tuple(ToolResult(call.id, words) for call in message.calls))


def user(words):
    return Message("user", (Text(words),))


@pytest.fixture
def session(tmp_path, serve):
    return Session(workspace=Workspace.at(tmp_path))


def test_a_conversation_with_tools(session, serve, tmp_path):
    server = serve(
        Answer((text("I write. "), tool("write", "toolu_1", filePath="a.md", content="hello"))),
        Answer((text("Done with it."),)),
    )
    result = ask(session, "write a file")
    assert (tmp_path / "a.md").read_text() == "hello"
    assert result.text == "I write. Done with it."
    assert result.usage.output == 1000
    first, second = server.usages
    paid = first["cache_creation"]["ephemeral_1h_input_tokens"] * 4.0
    paid += (
        sum(usage["cache_creation"]["ephemeral_5m_input_tokens"] for usage in server.usages) * 2.5
    )
    paid += second["cache_read_input_tokens"] * 0.20 + 1000 * 10.0
    paid += sum(usage["input_tokens"] for usage in server.usages) * 2.0
    assert result.cost == pytest.approx(paid / 1e6)
    assert second["cache_read_input_tokens"] > 0
    ask(session, "and now?")
    assert server.refusals == []


def test_the_agent_file_names_the_model_and_the_cell_wins(session, serve):
    server = serve(HELLO)
    ask(session, "hello")
    ask(session, "hello", model="claude-opus-5-5")
    assert [body["model"] for body in server.requests] == [SONNET, "claude-opus-5-5"]
    assert [body["max_tokens"] for body in server.requests] == [128_000, 128_000]
    assert "temperature" not in server.requests[0]


REFUSALS = [
    (Error(401, "authentication_error"), "key was refused"),
    (Error(402, "billing_error"), "no credit"),
    (Error(403, "permission_error"), "may not use that model"),
    (Error(404, "not_found_error"), "model was not found"),
    (Error(413, "request_too_large"), "too large"),
    (Error(400, "invalid_request_error", "bad thing"), "(400): bad thing."),
    (Error(400, "invalid_request_error", "key sk-ant-secret-1 is bad"), "key (key) is bad"),
    (Error(429, "rate_limit_error", headers={"retry-after": "3600"}), "asks to wait 60 minutes"),
    (Error(500, "api_error", headers={"x-should-retry": "false"}), "failed (500)"),
]


@pytest.mark.parametrize(("turn", "says"), REFUSALS, ids=lambda value: str(value)[:12])
def test_a_failure_is_one_sentence_and_the_conversation_goes_on(session, serve, turn, says):
    server = serve(turn, Answer((text("back"),)))
    with pytest.raises(ModelError) as caught:
        ask(session, "hello")
    assert says in str(caught.value)
    assert "sk-ant" not in str(caught.value)
    assert caught.value.__context__ is caught.value.__cause__ is None  # it would hold the key
    assert ask(session, "again").text == "back"
    assert (len(server.requests), server.refusals) == (2, [])


def test_no_key_but_a_model_asked_for(tmp_path, monkeypatch):
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "PROFILE", "CONFIG_DIR"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ModelError, match="No model key found"):
        ask(Session(workspace=Workspace.at(tmp_path)), "hello", model=SONNET)


def test_a_local_server_needs_no_key(serve, monkeypatch):
    server = serve(HELLO)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    server.account.models["qwen3:8b"] = (16_000, set(), False)
    pieces, _ = answer(Anthropic("qwen3:8b"), [user("hi")])
    assert pieces[-1].usage.cost is None
    body = server.requests[0]
    assert not {"thinking", "cache_control"} & set(body)
    assert server.headers[0]["authorization"] == "Bearer none"


THINKING_TURNS = (
    Answer(
        (thinking("First, look."), thinking("Then write."), redacted(), tool("write", "t1", a=1))
    ),
    Answer((thinking("And again."), text("Now: "), tool("bash", "t2"), tool("bash", "t3"))),
    Answer((thinking("That is all."), text("Done."))),
    HELLO,
)


def test_thinking_goes_back_to_the_byte_while_nothing_before_it_changed(serve):
    server = serve(*THINKING_TURNS)
    provider, messages = Anthropic(SONNET), [user("design")]
    for _ in range(3):
        pieces, kept = answer(provider, messages)
        assert any(isinstance(piece, Thinking) for piece in pieces)
        assert not any(piece.signature for piece in pieces if isinstance(piece, Thinking))
        messages += [kept, results(kept) if kept.calls else user("go on")]
    answer(provider, messages)
    assert server.refusals == []
    kinds = [[block["type"] for block in m["content"]] for m in server.requests[3]["messages"]]
    assert kinds[1] == ["thinking", "thinking", "redacted_thinking", "tool_use"]
    assert kinds[3] == ["thinking", "text", "tool_use", "tool_use"]
    assert kinds[5] == ["thinking", "text"]


def test_thinking_goes_back_through_the_loop(session, serve):
    server = serve(
        Answer((thinking("Look."), thinking("Write."), text("I write."), tool("write", "t1", filePath="a", content="a"))),
        Answer((thinking("Good."), text("Done."))),
        HELLO,
    )  # fmt: skip
    ask(session, "write")
    kinds = [block["type"] for block in server.requests[1]["messages"][1]["content"]]
    assert kinds == ["thinking", "thinking", "text", "tool_use"]
    ask(session, "and now?")
    assert server.refusals == []
    assert not any(
        "sk-ant" in repr(message) or "1-" in repr(message) for message in session.history
    )


CHANGES = {
    "another provider, as after a restart": {"provider": Anthropic(SONNET)},
    "another model": {"provider": Anthropic("claude-opus-5-5")},
    "another agent": {"system": "You review."},
    "other tools": {"tools": TOOLS[:1]},
    "an edited first message": {"first": user("design something else")},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_thinking_is_left_out_where_the_conversation_before_it_is_another(serve, change):
    server = serve(*THINKING_TURNS)
    provider, messages = Anthropic(SONNET), [user("design")]
    _, kept = answer(provider, messages)
    messages += [kept, results(kept)]
    changed = dict(change)
    messages[0] = changed.pop("first", messages[0])
    answer(changed.pop("provider", provider), messages, **changed)
    assert server.refusals == []
    assert [block["type"] for block in server.requests[1]["messages"][1]["content"]] == ["tool_use"]


def test_an_answer_that_was_kept_in_part_goes_back_in_its_words(serve):
    server = serve(*THINKING_TURNS)
    provider = Anthropic(SONNET)
    answer(provider, [user("design")])
    stopped = Message("assistant", (Text("(no answer)"),))
    answer(provider, [user("design"), stopped, user("go on")])
    assert server.refusals == []
    assert server.requests[1]["messages"][1]["content"] == [text("(no answer)")]


def test_the_cache_serves_a_long_conversation(serve):
    """Fifty answers, some with more parallel calls than one mark can look back over."""
    turns = [
        Answer((text(f"Step {n}. "), *[tool("write", f"t{n}-{m}") for m in range(30 if n % 9 == 3 else 2)]))
        for n in range(50)
    ]  # fmt: skip
    server = serve(*turns)
    provider, messages = Anthropic(SONNET), [user("design")]
    for _ in turns:
        _, kept = answer(provider, messages, system="You design. " * 300)
        messages += [kept, results(kept, "some output of a tool " * 8)]
    assert (len(server.requests), server.refusals) == (50, [])
    for before, after in zip(server.usages, server.usages[1:], strict=False):
        whole = before["cache_read_input_tokens"] + before["cache_creation_input_tokens"]
        assert after["cache_read_input_tokens"] == whole  # all of it, each time
        assert after["input_tokens"] == 0
    assert server.served > 0.9
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        old, new = (json.dumps([b["tools"], b["system"]]) for b in (before, after))
        said, more = (json.dumps(unmarked(b["messages"])) for b in (before, after))
        assert (old, said[:-1]) == (new, more[: len(said) - 1])  # not a byte of it changed


HOSTILE_HISTORY = [
    user("draw \ud83d it \ud83d\ude00"),
    Message("assistant", (Text("  "), ToolCall("call.1", "bash", {"x": "\udc00"}), ToolCall("call 1", "bash"))),
    Message("user", (ToolResult("call.1", " ", images=(Image(b"x"),), is_error=True), ToolResult("call 1", "b"))),
    Message("assistant", (ToolCall("call.1", "bash"),)),
    Message("user", (ToolResult("call.1", "c"),)),
    Message("assistant", (Thinking("hm", "forged"), Image(b"x"))),
    user(" "),
]  # fmt: skip


def test_what_the_api_would_refuse_in_a_history_is_mended(serve):
    server = serve(HELLO)
    answer(Anthropic(SONNET), HOSTILE_HISTORY, system="")
    assert server.refusals == []
    sent = server.requests[0]["messages"]
    assert [block["id"] for block in sent[1]["content"]] == ["call_1", "call_1-2"]
    assert [block["tool_use_id"] for block in sent[2]["content"]] == ["call_1", "call_1-2"]
    assert sent[3]["content"][0]["id"] == sent[4]["content"][0]["tool_use_id"] == "call_1-3"


def test_a_model_that_no_table_has_is_looked_up_once(serve):
    server = serve(HELLO)
    provider = Anthropic("claude-haiku-5-5")
    for _ in range(2):
        answer(provider, [user("hi")])
    assert server.others == ["/v1/models/claude-haiku-5-5"]
    assert server.requests[0]["max_tokens"] == 64_000
    assert server.requests[0]["thinking"] == {"type": "adaptive", "display": "summarized"}


STOPS = {
    "max_tokens": "", "refusal": "cyber: It looks like an exploit.", "stop_sequence": "",
    "model_context_window_exceeded": "", "something_new": "", "end_turn": "",
}  # fmt: skip


@pytest.mark.parametrize("stop", STOPS)
def test_calls_are_run_for_no_other_stop_than_tool_use(serve, stop):
    details = {"type": "refusal", "category": "cyber", "explanation": "It looks like an exploit."}
    serve(Answer((text("So: "), tool("bash", "t1", command="x")), stop, details))
    pieces, kept = answer(Anthropic(SONNET), [user("hi")])
    assert (kept.calls, kept.text) == ((), "So: ")
    assert pieces[-1] == Turn(pieces[-1].usage, stop, STOPS[stop])


def test_a_pause_goes_on_by_itself(serve):
    paused = Answer(
        (text("Searching. "), {"type": "server_tool_use", "id": "s1", "name": "w", "input": {}}),
        "pause_turn",
    )
    server = serve(paused, paused, Answer((text("Found."),)), HELLO)
    provider = Anthropic(SONNET)
    pieces, kept = answer(provider, [user("hi")])
    assert (kept.text, pieces[-1].stop_reason) == ("Searching. Searching. Found.", "end_turn")
    assert pieces[-1].usage.output == 1500
    answer(provider, [user("hi"), kept, user("more")])
    assert server.refusals == []
    assert len(server.requests[3]["messages"][1]["content"]) == 5


def test_tokens_are_counted_or_estimated(serve, monkeypatch):
    serve(HELLO)

    async def count():
        return await Anthropic(SONNET).count_tokens("You design.", [user("hello " * 700)], TOOLS)

    counted = asyncio.run(count())
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    assert 0.5 < asyncio.run(count()) / counted < 2


def test_what_is_said_of_a_model(serve):
    assert Anthropic("github-copilot/claude-sonnet-4.5").label.startswith(f"{SONNET} (for github")
    assert SONNET in models.fate("claude-sonnet-4-5", date(2026, 11, 22))
