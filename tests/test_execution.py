"""A command runs with a clean environment and within its limits, and its processes end with it."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from archnb.execution.environment import clean_environment
from archnb.execution.process import KEEP, run


def outcome(command, folder, timeout=20.0):
    return asyncio.run(run(command, folder, timeout=timeout))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def gone(pid):
    for _ in range(100):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_output_and_exit_code(tmp_path):
    result = outcome("echo out; echo err >&2; pwd; exit 3", tmp_path)
    assert (result.code, result.output) == (3, f"out\nerr\n{tmp_path}\n")


def test_standard_input_is_empty(tmp_path):
    assert outcome("cat; read x || echo none", tmp_path).output == "none\n"


def test_keys_and_loader_variables_do_not_reach_a_command(tmp_path, monkeypatch):
    for name in (
        "ANTHROPIC_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "LD_PRELOAD_X",
        "PYTHONPATH",
        "BASH_ENV",
        "GIT_EXTERNAL_DIFF",
    ):
        monkeypatch.setenv(name, "leaked")
    assert "leaked" not in outcome("env", tmp_path).output


def test_path_and_home_do(monkeypatch):
    given = clean_environment({"PATH": "/bin", "HOME": "/h", "LC_ALL": "C", "TOKEN": "t"})
    assert (given["PATH"], given["HOME"], given["LC_ALL"]) == ("/bin", "/h", "C")
    assert "TOKEN" not in given


def test_a_time_limit_ends_the_whole_tree(tmp_path):
    result = outcome(
        "sleep 300 & echo $! > child; trap '' TERM; wait; sleep 300", tmp_path, timeout=1.0
    )
    assert result.timed_out
    assert gone(int((tmp_path / "child").read_text()))


def test_what_is_left_in_the_background_goes_too_and_does_not_hold_the_answer(tmp_path):
    result = outcome("sleep 300 & echo $! > child; echo done", tmp_path, timeout=60.0)
    assert (result.timed_out, result.output) == (False, "done\n")
    assert gone(int((tmp_path / "child").read_text()))


def test_cancel_ends_the_tree(tmp_path):
    async def main():
        task = asyncio.ensure_future(run("echo $$ > child; sleep 300", tmp_path, timeout=60.0))
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert gone(int((tmp_path / "child").read_text()))


def test_a_flood_is_kept_in_bounded_memory(tmp_path):
    result = outcome("echo first; head -c 20000000 /dev/zero | tr '\\0' x; echo last", tmp_path)
    assert result.output.startswith("first\n")
    assert result.output.endswith("last\n")
    assert len(result.output) < KEEP + 200
    assert result.dropped > 19_000_000


@pytest.mark.parametrize("repository_config", ["core.fsmonitor", "gpg.program"])
def test_a_repository_cannot_make_git_run_its_programs(tmp_path, repository_config):
    setup = (
        "git init -q . && git config user.email a@example.org && git config user.name a && "
        "touch f && git add f && git commit -qm x && printf '#!/bin/sh\\ntouch RAN\\n' > e && chmod +x e && "
        f"git config {repository_config} $PWD/e && git config log.showSignature true"
    )
    assert outcome(setup, tmp_path).code == 0
    outcome("git status; git log", tmp_path)
    assert not (tmp_path / "RAN").exists()
