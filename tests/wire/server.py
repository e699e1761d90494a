"""A server on 127.0.0.1 that speaks the Messages API and refuses what the real one refuses.

What it answers is data: an :class:`Answer` or an :class:`Error` per request, in order (the last one
again and again). It keeps every request's bytes. Standard library only; benchmarks use it too.
"""

import http.server
import json
import re
import threading
import time
from dataclasses import dataclass, field

from .cache import Cache
from .rules import Account, RefusedError, check, signature


def text(words):
    return {"type": "text", "text": words}


def tool(name, call_id, **given):
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def thinking(words):
    return {"type": "thinking", "thinking": words}


def redacted():
    return {"type": "redacted_thinking"}


@dataclass(frozen=True)
class Answer:
    """A turn of the model. Faults count in events; ``None`` means never.

    ``cut``: the connection is lost after so many events; ``cut_bytes``: after so many bytes of the
    stream. ``end``: a clean end after so many. ``error``: (after so many events, type) an error event.
    ``extra``: (before which event, event, data) that no client knows. ``without``: events left out.
    ``drip``: seconds before each event. ``tail``: what the last tool input lacks, in characters.
    """

    blocks: tuple = ()
    stop: str = ""
    stop_details: dict = None
    cut: int = None
    cut_bytes: int = None
    end: int = None
    error: tuple = None
    extra: tuple = ()
    without: tuple = ()
    drip: float = 0.0
    tail: int = 0
    output: int = 500

    @property
    def stop_reason(self):
        called = any(block["type"] == "tool_use" for block in self.blocks)
        return self.stop or ("tool_use" if called else "end_turn")

    def sealed(self, body):
        """The blocks as they go out: thinking is signed for what stands before it."""
        count = sum("thinking" in block["type"] for block in self.blocks)
        for block in self.blocks:
            if block["type"] == "thinking":
                seal = signature(body, body["messages"], block["thinking"])
                yield {**block, "signature": f"{count}-{seal}"}
            elif block["type"] == "redacted_thinking":
                yield {**block, "data": f"{count}-{signature(body, body['messages'], '')}"}
            else:
                yield block

    def events(self, body, usage):
        """The event stream as (event, data)."""
        message = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1},
        }  # fmt: skip
        events = [("message_start", {"message": message}), ("ping", {})]
        for index, block in enumerate(self.sealed(body)):
            events += _block(index, block, self.tail)
        delta = {"stop_reason": self.stop_reason, "stop_sequence": None}
        if self.stop_details:
            delta["stop_details"] = self.stop_details
        events.append(("message_delta", {"delta": delta, "usage": {"output_tokens": self.output}}))
        events.append(("message_stop", {}))
        for place, name, data in reversed(self.extra):
            events.insert(place, (name, data))
        events = [event for event in events if event[0] not in self.without]
        if self.error:
            place, kind = self.error
            events[place:] = [("error", {"error": {"type": kind, "message": "Overloaded"}})]
        return events[: self.end]


def _block(index, block, tail):
    """The events of one block."""
    kind = block["type"]
    start, deltas = dict(block), []
    if kind == "text":
        start["text"] = ""
        deltas = [
            {"type": "text_delta", "text": word} for word in re.findall(r"\s*\S+\s*", block["text"])
        ]
    elif kind == "thinking":
        start |= {"thinking": "", "signature": ""}
        words = re.findall(r"\s*\S+\s*", block["thinking"])
        deltas = [{"type": "thinking_delta", "thinking": word} for word in words]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif kind == "tool_use":
        start["input"] = {}
        written = block.get("raw") or json.dumps(block["input"], ensure_ascii=False)
        start.pop("raw", None)
        written = written[: len(written) - tail] if tail else written
        half = len(written) // 2
        deltas = [
            {"type": "input_json_delta", "partial_json": part}
            for part in ("", written[:half], written[half:])
        ]
    yield "content_block_start", {"index": index, "content_block": start}
    for delta in deltas:
        yield "content_block_delta", {"index": index, "delta": delta}
    yield "content_block_stop", {"index": index}


@dataclass(frozen=True)
class Error:
    """A refusal by status, before any event."""

    status: int
    kind: str = "api_error"
    message: str = "no"
    headers: dict = field(default_factory=dict)


class Server(http.server.ThreadingHTTPServer):
    """``with Server([...]) as server:`` listens until the end; ``server.url`` is where.

    ``aside`` answers requests that offer no tools (a client that wants a title) without using up a
    turn. ``requests`` are the bodies, ``raw`` their bytes, ``usages`` what a cache would have made
    of them; ``refusals`` what the rules refused.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, turns, *, account=None, aside=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.turns, self.aside, self.account = list(turns), aside, account or Account()
        self.raw, self.requests, self.headers, self.usages = [], [], [], []
        self.refusals, self.others, self.cache = [], [], Cache()
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # a client that goes away is part of the tests

    def next(self, headers, raw):
        """The answer to a request with its body and usage, after the rules have seen it."""
        with self.lock:
            self.raw.append(raw)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            try:
                body = check(headers, raw, self.account)
            except RefusedError as refused:
                self.refusals.append(refused.message)
                return Error(refused.status, refused.kind, refused.message), {}, {}
            self.requests.append(body)
            if self.aside and not body.get("tools"):
                return self.aside, body, self.cache.usage(body)
            turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
            usage = self.cache.usage(body) if isinstance(turn, Answer) else {}
            if usage:
                self.usages.append(usage)
            return turn, body, usage

    @property
    def served(self):
        """The share of all input tokens that a cache would have served."""
        read = sum(usage["cache_read_input_tokens"] for usage in self.usages)
        kinds = ("input_tokens", "cache_creation_input_tokens")
        return read / (read + sum(usage[kind] for usage in self.usages for kind in kinds))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.others.append(self.path)
        if name not in self.server.account.models:
            return self.fail(Error(404, "not_found_error", f"model: {name}"))
        most, kinds, _ = self.server.account.models[name]
        able = {
            kind: {"supported": kind in kinds}
            for kind in ("adaptive", "between_tools", "disabled", "enabled")
        }
        return self.reply(
            {
                "id": name, "type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z",
                "lifecycle": "active", "max_input_tokens": 200_000, "max_tokens": most,
                "capabilities": {"thinking": {"supported": True, "types": able}},
            }
        )  # fmt: skip

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.partition("?")[0] == "/v1/messages/count_tokens":
            self.server.others.append(self.path)
            return self.reply({"input_tokens": len(raw) // 4})
        turn, body, usage = self.server.next(self.headers, raw)
        if isinstance(turn, Error):
            return self.fail(turn)
        if not body.get("stream"):
            return self.reply(
                {
                    "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
                    "content": list(turn.sealed(body)), "stop_reason": turn.stop_reason,
                    "stop_sequence": None, "usage": {**usage, "output_tokens": turn.output},
                }
            )  # fmt: skip
        return self.stream(turn, turn.events(body, usage))

    def stream(self, turn, events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        left = turn.cut_bytes
        for number, (name, data) in enumerate(events):
            if number == turn.cut:
                return self.hang_up()
            time.sleep(turn.drip)
            line = json.dumps({"type": name, **data}, ensure_ascii=False)
            event = f"event: {name}\ndata: {line}\n\n".encode("utf-8", "surrogatepass")
            if left is not None and left < len(event):
                self.chunk(event[:left])
                return self.hang_up()
            left = left if left is None else left - len(event)
            self.chunk(event)
        return self.wfile.write(b"0\r\n\r\n")

    def chunk(self, data):
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

    def hang_up(self):
        self.close_connection = True

    def reply(self, content, status=200, headers=()):
        data = json.dumps(content).encode()
        self.send_response_only(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, error):
        said = {"type": "error", "error": {"type": error.kind, "message": error.message}}
        self.reply(said, error.status, error.headers)
