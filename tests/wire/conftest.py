"""A server on 127.0.0.1 that speaks the Messages API's event stream and refuses what the real one refuses."""

import http.server
import json
import re
import threading

import pytest

START = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": [],
    "stop_reason": None, "stop_sequence": None,
    "usage": {"input_tokens": 1000, "output_tokens": 1, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
}  # fmt: skip


def complaint(body):
    """Why the real API would answer 400, or nothing."""
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            return f"{name}: Extra inputs are not permitted"
    if body.get("tool_choice", {"type": "auto"})["type"] != "auto":
        return "tool_choice forces tool use"
    expected, open_calls = "user", []
    for message in body["messages"]:
        if message["role"] != expected:
            return "messages: roles must alternate"
        if not message["content"]:
            return "messages: content must not be empty"
        answered = [
            block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"
        ]
        kinds = [block["type"] for block in message["content"]]
        if answered != open_calls or kinds[: len(answered)] != ["tool_result"] * len(answered):
            return "tool_use ids were found without tool_result blocks immediately after"
        for block in message["content"]:
            if block["type"] == "text" and not block["text"].strip():
                return "text content blocks must be non-empty"
        open_calls = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        if any(not re.fullmatch(r"[A-Za-z0-9_-]+", call) for call in open_calls):
            return "tool_use.id: String should match pattern"
        expected = "assistant" if expected == "user" else "user"
    return "messages: final message must be from the user" if expected == "user" else ""


class Server(http.server.ThreadingHTTPServer):
    """``turns`` are played in order: a list of blocks with a stop reason, or (status, type) for an error."""

    def __init__(self, turns):
        super().__init__(("127.0.0.1", 0), Handler)
        self.turns, self.bodies, self.headers = list(turns), [], []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(body)
        self.server.headers.append(dict(self.headers))
        turn = self.server.turns.pop(0) if len(self.server.turns) > 1 else self.server.turns[0]
        if refused := complaint(body):
            turn = (400, "invalid_request_error", refused)
        if isinstance(turn, tuple):
            return self.fail(*turn)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        blocks, stop = turn["blocks"], turn.get("stop", "end_turn")
        self.event("message_start", message=START)
        for index, block in enumerate(blocks):
            self.event(
                "content_block_start",
                index=index,
                content_block={**block, **({"input": {}} if "input" in block else {"text": ""})},
            )
            if "input" in block:
                text = json.dumps(block["input"])
                for part in (text[:3], text[3:]):
                    self.event(
                        "content_block_delta",
                        index=index,
                        delta={"type": "input_json_delta", "partial_json": part},
                    )
            else:
                for word in re.findall(r"\S+\s*", block["text"]):
                    self.event(
                        "content_block_delta",
                        index=index,
                        delta={"type": "text_delta", "text": word},
                    )
            if turn.get("cut") == index:
                self.close_connection = True
                return None
            self.event("content_block_stop", index=index)
        self.event("brand_new_event", anything=1)
        self.event(
            "message_delta",
            delta={"stop_reason": stop, "stop_sequence": None},
            usage={"output_tokens": 500},
        )
        self.event("message_stop")
        self.wfile.write(b"0\r\n\r\n")
        return None

    def event(self, kind, **fields):
        data = f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def fail(self, status, kind, message="no"):
        body = json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-should-retry", "false")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def serve(monkeypatch):
    """Start a server with these turns, and point the SDK at it."""
    servers = []

    def start(*turns):
        server = Server(turns)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
