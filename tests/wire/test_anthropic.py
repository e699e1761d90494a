"""The real SDK against our own server: streaming, tools, failures in words."""

import asyncio

import pytest

from archnb.errors import ModelError
from archnb.permission.requests import Reply
from archnb.providers.anthropic import resolve
from archnb.session.session import Session
from archnb.session.transcript import fold_all
from archnb.workspace import Workspace


def text(words):
    return {"type": "text", "text": words}


def tool(name, call_id, **given):
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


async def approve(ask):
    return Reply("once")


def ask(session, words, **options):
    async def main():
        return [event async for event in session.run(words, approve, **options)]

    return fold_all(asyncio.run(main()))


@pytest.fixture
def session(tmp_path, serve):
    return Session(workspace=Workspace.at(tmp_path))


def test_a_conversation_with_tools(session, serve, tmp_path):
    server = serve(
        {
            "blocks": [
                text("I write. "),
                tool("write", "toolu_1", filePath="a.md", content="hello"),
            ],
            "stop": "tool_use",
        },
        {"blocks": [text("Done with it.")]},
    )
    result = ask(session, "write a file")
    assert (tmp_path / "a.md").read_text() == "hello"
    assert result.text == "I write. Done with it."
    assert result.usage.output == 1000
    assert result.cost == pytest.approx((2 * 1000 * 2.0 + 1000 * 10.0) / 1e6)
    assert [block["type"] for block in server.bodies[1]["messages"][-1]["content"]] == [
        "tool_result"
    ]
    first, second = server.bodies
    assert (first["system"], first["tools"]) == (second["system"], second["tools"])
    assert [t["name"] for t in first["tools"]] == sorted(t["name"] for t in first["tools"])
    ask(session, "and now?")
    assert server.bodies[2]["messages"][: len(second["messages"])] == second["messages"]


def test_the_agent_file_names_the_model_and_the_cell_wins(session, serve):
    server = serve({"blocks": [text("hi")]})
    ask(session, "hello")
    ask(session, "hello", model="claude-opus-5-5")
    assert [body["model"] for body in server.bodies] == ["claude-sonnet-5-5", "claude-opus-5-5"]
    assert "temperature" not in server.bodies[0]


FAILURES = [
    ((401, "authentication_error"), "key was refused"),
    ((404, "not_found_error"), "model was not found"),
    ((413, "request_too_large"), "too large"),
    ((429, "rate_limit_error"), "rate limit"),
    ((529, "overloaded_error"), "overloaded"),
    ((500, "api_error"), "failed (500)"),
    ((400, "invalid_request_error", "bad thing"), "bad thing"),
]


@pytest.mark.parametrize(("turn", "says"), FAILURES, ids=lambda value: str(value)[:12])
def test_a_failure_is_one_sentence_and_the_conversation_goes_on(session, serve, turn, says):
    server = serve(turn, {"blocks": [text("back")]})
    with pytest.raises(ModelError) as caught:
        ask(session, "hello")
    assert says in str(caught.value)
    assert ask(session, "again").text == "back"
    assert len(server.bodies) == 2


def test_a_cut_answer_keeps_what_arrived_and_runs_nothing(session, serve, tmp_path):
    serve(
        {
            "blocks": [text("Half of it"), tool("write", "t1", filePath="x", content="x")],
            "stop": "tool_use",
            "cut": 1,
        }
    )
    with pytest.raises(ModelError):
        ask(session, "hello")
    assert session.history[-1].text == "Half of it"
    assert list(tmp_path.iterdir()) == []


def test_no_key_but_a_model_asked_for(tmp_path, monkeypatch):
    for name in (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_PROFILE",
    ):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelError, match="No model key found"):
        ask(Session(workspace=Workspace.at(tmp_path)), "hello", model="claude-sonnet-5-5")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("github-copilot/claude-sonnet-4.5", "claude-sonnet-5-5"),
        ("anthropic/claude-opus-5.5", "claude-opus-5-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-5-5"),
        ("claude-sonnet-5-5", "claude-sonnet-5-5"),
        ("qwen3:8b", "qwen3:8b"),
        ("hf.co/some/model", "hf.co/some/model"),
    ],
)
def test_model_names(given, expected):
    assert resolve(given) == expected
