"""A session in a process that was forked from the one that opened it: it says so and does nothing."""

import asyncio
import gc
import multiprocessing
import os
import warnings
from pathlib import Path

import pytest

from archnb.conversation import Text, ToolCall
from archnb.errors import CellError
from archnb.permission.requests import Reply
from archnb.providers.scripted import Scripted
from archnb.session.session import Session
from archnb.workspace import Workspace

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


async def approve(_):
    return Reply("once")


def run(session):
    async def main():
        return [event async for event in session.run("go on", approve)]

    return asyncio.run(main())


def undo(session):
    async def main():
        return [event async for event in session.undo(1, approve)]

    return asyncio.run(main())


@pytest.fixture
def session(tmp_path):
    calls = [[ToolCall(name, "write", {"filePath": name, "content": name})] for name in "ab"]
    model = Scripted([calls[0], [Text("one")], calls[1], [Text("two")]])
    return Session(workspace=Workspace.at(tmp_path), provider=model)


def in_a_fork(act):
    """What ``act()`` said in a forked process."""
    ours, theirs = multiprocessing.get_context("fork").Pipe(duplex=False)

    def child():
        try:
            act()
        except CellError as error:
            theirs.send(str(error))
        else:
            theirs.send("nothing")

    with warnings.catch_warnings():  # Python 3.12 warns of a fork beside threads
        warnings.simplefilter("ignore", DeprecationWarning)
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
    process.join(30)
    said = ours.recv()
    ours.close()
    theirs.close()
    return said


@pytest.mark.parametrize("act", [run, undo])
def test_f20_a_fork_is_told_and_changes_nothing(session, tmp_path, act):
    run(session)
    said = in_a_fork(lambda: act(session))
    assert "This session belongs to the process that opened it" in said
    assert "Start a Session of its own" in said
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    run(session)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_f20_a_fork_that_ends_leaves_the_outputs(session):
    run(session)
    outputs = Path(session._outputs)
    assert outputs.is_dir()
    child = os.fork()
    if not child:
        del session
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    assert outputs.is_dir()
