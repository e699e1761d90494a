"""Every way in which an answer can fail on the wire, and what is tried, kept and never run."""

import asyncio

import pytest

from archnb.conversation import Message, Text, ToolCall
from archnb.errors import ModelError
from archnb.providers.anthropic import Anthropic
from archnb.providers.anthropic.retry import Clock, Failure, Patience
from archnb.providers.base import Settings, Turn, Waiting

from .server import Answer, Error, text, thinking, tool

SONNET = "claude-sonnet-5-5"
GOOD = Answer((text("Grüße 🙂 an alle. "), tool("write", "t1", filePath="ü", content="Straße 🙂")))
BUSY = Error(529, "overloaded_error")


class Watch:
    """A clock on which only sleeping takes time."""

    def __init__(self):
        self.time, self.slept = 0.0, []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    def clock(self):
        return Clock(now=lambda: self.time, sleep=self.sleep, chance=lambda: 0.5)


def provider():
    watch = Watch()
    return Anthropic(SONNET, clock=watch.clock()), watch


def answer(model):
    """What a loop would have at the end: text and calls that no :class:`Waiting` made void."""

    async def main():
        pieces = []
        stream = model.stream("You design.", [Message("user", (Text("hi"),))], [], Settings(SONNET))
        async for piece in stream:
            pieces.append(piece)
        return pieces

    pieces = asyncio.run(main())
    waits = [place for place, piece in enumerate(pieces) if isinstance(piece, Waiting)]
    valid = pieces[waits[-1] + 1 :] if waits else pieces
    words = "".join(piece.text for piece in valid if isinstance(piece, Text))
    calls = [piece for piece in valid if isinstance(piece, ToolCall)]
    assert [isinstance(piece, Turn) for piece in pieces].count(True) == 1
    return words, calls, pieces[-1], len(waits)


STORMS = [
    (Error(status, kind), count)
    for status, kind in (
        (408, "timeout_error"), (409, "conflict_error"), (500, "api_error"), (502, "api_error"),
        (503, "api_error"), (504, "timeout_error"), (529, "overloaded_error"),
    )
    for count in (1, 3)
]  # fmt: skip


@pytest.mark.parametrize(("error", "count"), STORMS, ids=str)
def test_a_short_storm_is_waited_out(serve, error, count):
    server = serve(*[error] * count, GOOD)
    model, watch = provider()
    words, calls, turn, waits = answer(model)
    assert (words, len(calls), turn.stop_reason) == ("Grüße 🙂 an alle. ", 1, "tool_use")
    assert (waits, len(server.requests)) == (count, count + 1)
    assert watch.slept == sorted(watch.slept)
    assert len(set(server.raw)) == 1


@pytest.mark.parametrize(
    "error",
    [BUSY, Error(500), Error(429, "rate_limit_error", headers={"retry-after": "20"})],
    ids=str,
)
def test_a_long_storm_ends_within_the_deadline(serve, error):
    server = serve(*[error] * 50, GOOD)
    model, watch = provider()
    with pytest.raises(ModelError) as caught:
        answer(model)
    assert 150 < watch.time <= 300
    assert 5 < len(server.requests) < 50
    assert "what was said so far is kept" in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "slept", "requests"),
    [
        ({"retry-after": "7"}, 7, 2),
        ({"retry-after-ms": "1500"}, 1.5, 2),
        (
            {
                "retry-after": "Mon, 23 Nov 2026 10:00:30 GMT",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
            },
            30,
            2,
        ),
        ({"retry-after": "0"}, 0, 2),
        ({"retry-after": "61"}, None, 1),
        ({"retry-after": "-5"}, 0.75, 2),
        ({"retry-after": "nonsense"}, 0.75, 2),
        ({}, 0.75, 2),
    ],
    ids=str,
)
def test_the_servers_wish_is_honoured_up_to_a_minute(serve, headers, slept, requests):
    server = serve(Error(429, "rate_limit_error", headers=headers), GOOD)
    model, watch = provider()
    if slept is None:
        with pytest.raises(ModelError, match="asks to wait 61 s"):
            answer(model)
    else:
        answer(model)
        assert slept <= watch.slept[0] <= slept * 1.05
    assert len(server.requests) == requests


def test_a_limit_without_an_end_is_given_up_soon(serve):
    server = serve(Error(429, "rate_limit_error"))
    model, _ = provider()
    with pytest.raises(ModelError, match="account's limits"):
        answer(model)
    assert len(server.requests) == 3


def test_a_wait_is_left_at_once(serve):
    serve(Error(429, "rate_limit_error", headers={"retry-after": "60"}))
    model = Anthropic(SONNET)

    async def main():
        heard = asyncio.Event()

        async def listen():
            async for piece in model.stream("", [Message("user", (Text("hi"),))], [], Settings("")):
                assert isinstance(piece, Waiting)
                heard.set()

        task = asyncio.ensure_future(listen())
        await heard.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(main(), 30))


def _whole(turn):
    """The stream of ``turn``: how many events, how many bytes."""
    events = turn.events({"model": SONNET, "messages": [{"role": "user", "content": "hi"}]}, {})
    return len(events)


CUTS = [{"cut": k} for k in range(_whole(GOOD))] + [{"end": k} for k in range(_whole(GOOD))]


@pytest.mark.parametrize("fault", CUTS, ids=str)
def test_an_answer_that_stops_after_any_event(serve, fault):
    """Before anything was shown it is asked for again; afterwards it is cut, and nothing is run."""
    server = serve(Answer(GOOD.blocks, **fault), GOOD)
    model, _ = provider()
    words, calls, turn, waits = answer(model)
    (events,) = fault.values()
    assert waits == (events <= 3)  # the start, a ping, an empty block: nothing was seen yet
    if waits:
        assert (words, len(calls)) == ("Grüße 🙂 an alle. ", 1)
    else:
        assert GOOD.blocks[0]["text"].startswith(words)
        assert words
        assert (calls, turn.stop_reason) == ([], "cut")
        assert "broke off" in turn.detail
    assert len(server.requests) == 1 + waits


def test_an_answer_that_stops_after_any_byte(serve):
    """Within a character, within the JSON of an event or of a tool's input."""
    sizes = range(250, 2600, 61)
    server = serve(*[Answer(GOOD.blocks, cut_bytes=size) for size in sizes], Error(400))
    seen = set()
    for _ in sizes:
        model, _ = provider()
        model.patience = Patience(deadline=-1)  # one try
        try:
            words, calls, turn, _ = answer(model)
        except ModelError:
            seen.add("nothing")
            continue
        seen.add(turn.stop_reason)
        assert GOOD.blocks[0]["text"].startswith(words)
        assert bool(calls) == (turn.stop_reason == "tool_use")
    assert seen == {"nothing", "cut", "tool_use"}
    assert server.refusals == []


def test_a_cut_before_anything_was_shown_is_given_up_after_three(serve):
    server = serve(Answer((tool("write", "t1", a="b"),), cut=4))
    model, _ = provider()
    words, calls, turn, waits = answer(model)
    assert (words, calls, turn.stop_reason, waits) == ("", [], "cut", 2)
    assert turn.usage.input + turn.usage.cache_write > 0  # it cost something all the same
    assert len(server.requests) == 3


@pytest.mark.parametrize("place", range(_whole(GOOD)))
def test_overloaded_within_the_stream_starts_again_without_doubling(serve, place):
    server = serve(Answer(GOOD.blocks, error=(place, "overloaded_error")), GOOD)
    words, calls, turn, waits = answer(provider()[0])
    assert (words, len(calls), turn.stop_reason, waits) == (
        GOOD.blocks[0]["text"],
        1,
        "tool_use",
        1,
    )
    assert len(server.requests) == 2


def test_another_error_within_the_stream_is_no_reason_to_try_again(serve):
    server = serve(Answer(GOOD.blocks, error=(5, "invalid_request_error")), GOOD)
    _, calls, turn, waits = answer(provider()[0])
    assert (calls, turn.stop_reason, waits, len(server.requests)) == ([], "cut", 0, 1)
    assert "invalid_request_error" in turn.detail


BROKEN_INPUTS = ['{"a": "b', '{"a": NaN}', "[1]", '"x"', "[" * 100_000, "null", "{}{}"]


@pytest.mark.parametrize("raw", BROKEN_INPUTS, ids=lambda raw: raw[:9])
def test_a_broken_input_is_never_run(serve, raw):
    serve(Answer((text("Now. "), {**tool("write", "t1"), "raw": raw})))
    words, calls, turn, _ = answer(provider()[0])
    assert (words, calls, turn.stop_reason) == ("Now. ", [], "cut")


UNKNOWN = [
    ("brand_new_event", {"x": 1}),
    ("ping", {}),
    ("content_block_start", {"index": 7, "content_block": {"type": "brand_new", "x": {"y": 1}}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "brand_new_delta", "x": 1}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "citations_delta", "citation": {}}}),
]


@pytest.mark.parametrize("event", UNKNOWN, ids=str)
def test_what_is_not_known_is_passed_over(serve, event):
    serve(Answer(GOOD.blocks, extra=((4, *event),)))
    words, calls, turn, _ = answer(provider()[0])
    assert (words, len(calls), turn.stop_reason) == (GOOD.blocks[0]["text"], 1, "tool_use")


NONSENSE = [
    ("content_block_delta", {"index": 5, "delta": {"type": "text_delta", "text": "x"}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": 5}}),
    ("content_block_delta", {"index": 0, "delta": None}),
    ("content_block_start", {"index": None, "content_block": {"type": "text", "text": ""}}),
    ("message_delta", {"delta": None}),
]


@pytest.mark.parametrize("event", NONSENSE, ids=str)
def test_an_event_that_cannot_be_is_a_broken_answer(serve, event):
    serve(Answer(GOOD.blocks, extra=((4, *event),)))
    _, calls, turn, _ = answer(provider()[0])
    assert (calls, turn.stop_reason) == ([], "cut")


@pytest.mark.parametrize("missing", ["message_start", "content_block_stop", "ping"])
def test_what_a_sloppy_server_leaves_out(serve, missing):
    serve(Answer(GOOD.blocks, without=(missing,)))
    words, calls, turn, _ = answer(provider()[0])
    assert (words, len(calls), turn.stop_reason) == (GOOD.blocks[0]["text"], 1, "tool_use")


def test_a_slow_answer_arrives_piece_by_piece(serve):
    serve(Answer((thinking("hm hm"), text("a b c d")), drip=0.02))
    words, _, turn, _ = answer(provider()[0])
    assert (words, turn.stop_reason) == ("a b c d", "end_turn")


def test_an_empty_answer(serve):
    serve(Answer())
    assert answer(provider()[0])[2].stop_reason == "end_turn"


def test_nobody_there(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://me:hunter2@127.0.0.1:9/v1?key=hunter2")
    model, watch = provider()
    with pytest.raises(ModelError) as caught:
        answer(model)
    assert "http://127.0.0.1:9 cannot be reached" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert 150 < watch.time <= 300


PAUSES = [
    (Failure("x"), 1, 0, None),
    (Failure("x", transient=True), 1, 0, 0.75),
    (Failure("x", transient=True), 2, 0, 1.5),
    (Failure("x", transient=True), 40, 0, 22.5),
    (Failure("x", transient=True), 1, 299.5, None),
    (Failure("x", transient=True, tries=3), 2, 0, 1.5),
    (Failure("x", transient=True, tries=3), 3, 0, None),
    (Failure("x", transient=True, retry_after=60), 1, 0, 61.5),
    (Failure("x", transient=True, retry_after=60.1), 1, 0, None),
    (Failure("x", transient=True, retry_after=60), 1, 250, None),
    (Failure("x", retry_after=1), 1, 0, None),
]


@pytest.mark.parametrize(("failure", "tries", "elapsed", "expected"), PAUSES)
def test_the_policy(failure, tries, elapsed, expected):
    assert Patience().pause(failure, tries, elapsed, 0.5) == pytest.approx(expected)
