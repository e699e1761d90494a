"""Whole runs with a scripted provider: the list of events, and a history that is valid after any end."""

import asyncio

import pytest

from archnb import events, loop
from archnb.agents import Agent
from archnb.conversation import Message, Text, ToolCall, ToolResult, Usage
from archnb.errors import ModelError
from archnb.permission.gate import Gate
from archnb.permission.requests import Reply
from archnb.permission.rules import Rule
from archnb.providers.base import Settings, Turn, Waiting
from archnb.providers.scripted import Scripted
from archnb.session.transcript import fold_all
from archnb.tools.base import all_tools
from archnb.workspace import Workspace


async def approve(ask):
    return Reply("once")


async def deny(ask):
    return Reply("reject", feedback="use a view instead")


def play(
    turns,
    folder,
    *,
    approver=approve,
    rules=(),
    read_only=False,
    history=None,
    cancel_on=None,
    **wired,
):
    """Run one prompt; ``cancel_on`` is an event type at which the consuming task is cancelled."""
    history = [] if history is None else history
    provider = turns if isinstance(turns, Scripted) else Scripted(turns)
    wiring = loop.Wiring(
        Agent("architect", prompt="You design.", rules=tuple(rules)), provider, all_tools(),
        Gate(tuple(rules), read_only=read_only), Workspace.at(folder), Settings("scripted"), approver, **wired,
    )  # fmt: skip
    seen = []

    async def consume():
        async for event in loop.run(wiring, history, "do it"):
            seen.append(event)
            if cancel_on is not None and isinstance(event, cancel_on):
                asyncio.get_running_loop().call_soon(task.cancel)

    async def main():
        nonlocal task
        task = asyncio.ensure_future(consume())
        await task

    task = None
    asyncio.run(main())
    return seen, history, provider


def kinds(seen):
    return [type(event).__name__ for event in seen]


def call(name, call_id="c1", **given):
    return ToolCall(call_id, name, given)


def check_history(history):
    """What the Messages API demands: sides alternate, every call is answered at once, nothing is empty."""
    assert [message.role for message in history] == ["user", "assistant"] * (len(history) // 2)
    for message, following in zip(history, [*history[1:], None], strict=True):
        assert message.blocks
        wanted = [block.id for block in message.blocks if isinstance(block, ToolCall)]
        if wanted:
            assert following is not None
            assert [b.call_id for b in following.blocks if isinstance(b, ToolResult)] == wanted


def test_words_only(tmp_path):
    seen, history, _ = play([[Text("Hel"), Text("lo")]], tmp_path)
    assert kinds(seen) == ["RunStarted", "TextDelta", "TextDelta", "TurnEnded", "RunEnded"]
    assert history[-1] == Message("assistant", (Text("Hello"),))


def test_an_approved_edit_is_written_and_reported(tmp_path):
    (tmp_path / "a.sql").write_text("one\ntwo\n")
    edit = call("edit", filePath="a.sql", oldString="two", newString="2")
    seen, history, provider = play([[Text("I edit."), edit], [Text("Done.")]], tmp_path)
    assert kinds(seen) == [
        "RunStarted", "TextDelta", "TurnEnded", "ToolCalled", "PermissionAsked", "PermissionReplied", "ToolStarted",
        "FileChanged", "ToolReturned", "TextDelta", "TurnEnded", "RunEnded",
    ]  # fmt: skip
    assert (tmp_path / "a.sql").read_text() == "one\n2\n"
    check_history(history)
    assert provider.requests[1][1][-1].blocks == (ToolResult("c1", "Edited a.sql"),)
    result = fold_all(seen)
    assert (result.changed, result.ended, [c.state for c in result.decisions]) == (
        ("a.sql",),
        "done",
        ["done"],
    )


def test_a_denied_edit_leaves_the_file_and_gives_the_reason_to_the_model(tmp_path):
    (tmp_path / "a.sql").write_text("one")
    edit = call("edit", filePath="a.sql", oldString="one", newString="1")
    seen, history, provider = play([[edit], [Text("I see.")]], tmp_path, approver=deny)
    assert (tmp_path / "a.sql").read_text() == "one"
    result = provider.requests[1][1][-1].blocks[0]
    assert result.is_error
    assert "use a view instead" in result.text
    assert "ToolStarted" not in kinds(seen)
    check_history(history)


def test_a_file_that_changed_while_the_card_waited_is_not_overwritten(tmp_path):
    file = tmp_path / "a.sql"
    file.write_text("one")

    async def slow(ask):
        file.write_text("mine")
        return Reply("once")

    edit = call("edit", filePath="a.sql", oldString="one", newString="1")
    seen, _, _ = play([[edit], []], tmp_path, approver=slow)
    assert file.read_text() == "mine"
    returned = next(event for event in seen if isinstance(event, events.ToolReturned))
    assert returned.state == "failed"
    assert "changed while this waited" in returned.text


def test_an_allowed_command_runs_unasked_and_a_denied_one_never(tmp_path):
    rules = [Rule("bash", "*", "ask"), Rule("bash", "pwd", "allow"), Rule("bash", "rm*", "deny")]
    (tmp_path / "keep").touch()
    turn = [call("bash", "c1", command="pwd"), call("bash", "c2", command="rm keep")]
    seen, history, _ = play([turn, []], tmp_path, rules=rules)
    returned = {event.call_id: event for event in seen if isinstance(event, events.ToolReturned)}
    assert "PermissionAsked" not in kinds(seen)
    assert str(tmp_path) in returned["c1"].text
    assert "exit code 0" in returned["c1"].text
    assert (returned["c2"].state, (tmp_path / "keep").exists()) == ("refused", True)
    check_history(history)


def test_plan_offers_looking_and_refuses_acting(tmp_path):
    (tmp_path / "a").write_text("hello")
    turn = [call("read", "c1", filePath="a"), call("write", "c2", filePath="b", content="b")]
    seen, _, _ = play([turn, []], tmp_path, read_only=True, rules=[Rule("*", "*", "allow")])
    assert [e.state for e in seen if isinstance(e, events.ToolReturned)] == ["done", "refused"]
    assert not (tmp_path / "b").exists()


BAD_CALLS = [
    (call("nothing"), "no tool 'nothing'"),
    (call("read"), '"filePath" is a required property'),
    (call("read", filePath=3), "3 is not of type"),
    (call("read", filePath="a", odd=1), "odd"),
    (call("read", filePath="../x"), "outside the workspace"),
    (call("read", filePath="missing.sql"), "does not exist"),
    (call("edit", filePath="missing.sql", oldString="a", newString="b"), "does not exist"),
    (call("grep", pattern="("), "no regular expression"),
    (call("draw"), "Give files or text"),
    (call("draw", text="nothing here to see", format="klingon"), "no format"),
]


@pytest.mark.parametrize(
    ("bad", "says"), BAD_CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_call_that_cannot_be_done_tells_the_model_what_to_do(bad, says, tmp_path):
    seen, history, provider = play([[bad], [Text("I see.")]], tmp_path)
    result = provider.requests[1][1][-1].blocks[0]
    assert result.is_error
    assert says in result.text
    assert kinds(seen)[-1] == "RunEnded"
    check_history(history)


@pytest.mark.parametrize("stop", ["max_tokens", "refusal", "model_context_window_exceeded", "cut"])
def test_calls_of_an_answer_that_did_not_end_in_tool_use_are_never_run(stop, tmp_path):
    turn = [Text("Part."), call("write", filePath="b", content="b"), Turn(Usage(), stop)]
    seen, history, _ = play([turn], tmp_path, rules=[Rule("*", "*", "allow")])
    assert not (tmp_path / "b").exists()
    assert (seen[-1].reason, history[-1]) == ("failed", Message("assistant", (Text("Part."),)))
    check_history(history)


def test_a_retry_voids_what_was_streamed(tmp_path):
    turn = [Text("Hal"), Waiting("overloaded", 0.0), Text("Hello")]
    first = [Text("Before. "), call("list", path=".")]
    seen, history, _ = play([first, turn], tmp_path)
    assert history[-1].text == "Hello"
    assert fold_all(seen).text == "Before. Hello"


def test_an_answer_that_did_not_end_says_why_and_what_it_cost(tmp_path):
    turn = [Text("Part."), Turn(Usage(output=7), "refusal", "It is about locks.")]
    seen, *_ = play([turn], tmp_path)
    assert fold_all(seen).usage.output == 7
    assert seen[-1].message == "The model refused to answer this. It is about locks."


def test_a_model_error_keeps_the_conversation(tmp_path):
    class Broken(Scripted):
        async def stream(self, *given):
            yield Text("So far")
            raise ModelError("The connection is gone.")

    history = []
    with pytest.raises(ModelError):
        play(Broken([]), tmp_path, history=history)
    assert history[-1].text == "So far"
    check_history(history)


def test_interrupt_at_a_question(tmp_path):
    async def forever(ask):
        await asyncio.Event().wait()

    turn = [
        call("write", "c1", filePath="b", content="b"),
        call("write", "c2", filePath="c", content="c"),
    ]
    seen, history, _ = play([turn], tmp_path, approver=forever, cancel_on=events.PermissionAsked)
    replied = next(event for event in seen if isinstance(event, events.PermissionReplied))
    assert (replied.reply.approved, replied.reply.by) == (False, "interrupted")
    assert seen[-1] == events.RunEnded("interrupted")
    assert list(tmp_path.iterdir()) == []
    check_history(history)


def test_interrupt_in_a_command_leaves_a_valid_history(tmp_path):
    command = "sleep 60"
    seen, history, _ = play(
        [[call("bash", command=command)]], tmp_path, cancel_on=events.ToolStarted
    )
    assert seen[-1].reason == "interrupted"
    check_history(history)


def test_a_generator_closed_halfway_still_leaves_a_valid_history(tmp_path):
    history = []

    async def main():
        wiring = loop.Wiring(
            Agent("a"), Scripted([[call("list", "c1"), call("list", "c2")]]), all_tools(), Gate(),
            Workspace.at(tmp_path), Settings("s"), approve,
        )  # fmt: skip
        stream = loop.run(wiring, history, "do it")
        async for event in stream:
            if isinstance(event, events.ToolReturned):
                break
        await stream.aclose()

    asyncio.run(main())
    assert [b.is_error for b in history[-1].blocks] == [False, True]


def test_the_step_limit_ends_a_run_that_never_ends(tmp_path):
    turns = [[call("list", f"c{number}")] for number in range(9)]
    seen, history, provider = play(turns, tmp_path, max_steps=3)
    assert (seen[-1].reason, len(provider.requests)) == ("steps", 3)
    check_history(history)


def test_a_bug_in_a_provider_does_not_spoil_the_conversation(tmp_path):
    class Bug(Scripted):
        async def stream(self, *given):
            raise ZeroDivisionError
            yield

    history = []
    with pytest.raises(ZeroDivisionError):
        play(Bug([]), tmp_path, history=history)
    _, history, _ = play([[Text("Hello")]], tmp_path, history=history)
    check_history(history)
