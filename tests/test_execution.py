"""A command runs with a clean environment and within its limits, and its processes end with it."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from archnb.execution import git
from archnb.execution.environment import clean_environment
from archnb.execution.output import LIMIT, Printed, clean
from archnb.execution.process import run


def outcome(command, folder, timeout=20.0, access="workspace"):
    return asyncio.run(run(command, folder, timeout=timeout, access=access))


def output(command, folder, access="workspace"):
    """What a command that ends within its time prints."""
    printed = Printed()
    result = asyncio.run(run(command, folder, timeout=60.0, printed=printed, access=access))
    assert not result.timed_out
    return printed.text()


def gone(path):
    """Whether every process that has ``path`` open as its descriptor 9 ends."""
    for _ in range(100):
        if not holding(path):
            return True
        time.sleep(0.05)
    return False


def holding(path):
    """The living processes that have ``path`` open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/9"):
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                found.append(link.parts[2])
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")


def test_output_and_exit_code(tmp_path):
    printed = Printed()
    command = "echo out; echo err >&2; pwd; exit 3"
    result = asyncio.run(run(command, tmp_path, timeout=20.0, printed=printed))
    assert (result.code, printed.text()) == (3, f"out\nerr\n{tmp_path}\n")


def test_standard_input_is_empty(tmp_path):
    assert output("cat; read x || echo none", tmp_path) == "none\n"


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
    assert "leaked" not in output("env", tmp_path)


def test_path_and_home_do(monkeypatch):
    given = clean_environment({"PATH": "/bin", "HOME": "/h", "LC_ALL": "C", "TOKEN": "t"})
    assert (given["PATH"], given["HOME"], given["LC_ALL"]) == ("/bin", "/h", "C")
    assert "TOKEN" not in given


@needs_proc
def test_a_time_limit_ends_the_whole_tree(tmp_path):
    result = outcome(
        "exec 9> held; sleep 300 & trap '' TERM; wait; sleep 300", tmp_path, timeout=1.0
    )
    assert result.timed_out
    assert (tmp_path / "held").exists()
    assert gone(tmp_path / "held")


@needs_proc
def test_what_is_left_in_the_background_goes_too_and_does_not_hold_the_answer(tmp_path):
    assert output("exec 9> held; sleep 300 & echo done", tmp_path) == "done\n"
    assert gone(tmp_path / "held")


@needs_proc
def test_cancel_ends_the_tree(tmp_path):
    async def main():
        task = asyncio.ensure_future(run("exec 9> held; sleep 300", tmp_path, timeout=60.0))
        while not holding(tmp_path / "held"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert gone(tmp_path / "held")


def test_a_flood_is_kept_in_bounded_memory(tmp_path):
    printed = Printed()
    command = "echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last"
    asyncio.run(run(command, tmp_path, timeout=60.0, printed=printed))
    text = printed.text()
    assert text.startswith("first\nxxx")
    assert text.endswith("xxx\nlast\n")
    assert "… the middle left out; 100,000,012 bytes in all …" in text
    assert len(text) < LIMIT + 200


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("exec >&- 2>&-; sleep 0.3; echo hidden > done", ""),  # closes the pipe and runs on
        ("echo a; kill -9 $$", "a\n"),
        ("(sleep 0.2; echo late) & wait; echo end", "late\nend\n"),
    ],
)
def test_the_end_of_the_shell_is_the_end(tmp_path, command, expected):
    assert output(command, tmp_path) == expected
    assert "hidden" not in command or (tmp_path / "done").exists()


@needs_proc
@pytest.mark.parametrize(
    "escape",
    [
        "setsid sleep 300 &",
        "setsid bash -c 'trap \"\" TERM HUP; sleep 300; sleep 300' &",
        "setsid setsid bash -c 'sleep 300 & sleep 300' &",
        "set -m; sleep 300 & disown;",
        "env -i sleep 300 &",
        "env -i setsid sleep 300 &",
        "env -i setsid nohup bash -c 'setsid sleep 300 & sleep 300' &",
    ],
)
@pytest.mark.parametrize(
    ("ending", "timeout"), [("sleep 0.2; echo done", 60.0), ("echo done; sleep 300", 0.6)]
)
def test_what_leaves_the_session_is_ended_too(tmp_path, escape, ending, timeout):
    marked = f"exec 9> {tmp_path}/held; {escape} {ending}"
    printed = Printed()
    result = asyncio.run(run(marked, tmp_path, timeout=timeout, printed=printed))
    assert printed.text() == "done\n"
    assert result.timed_out is (timeout < 1)
    assert gone(tmp_path / "held")


def test_progress_is_the_latest_lines(tmp_path):
    seen = []
    command = "for i in 1 2 3; do echo line $i; sleep 0.3; done"
    asyncio.run(run(command, tmp_path, timeout=60.0, progress=seen.append))
    assert seen
    assert all("line 1\nline 2\nline 3".startswith(text) for text in seen)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]never ended\nnext", "\nnext"),
        ("a\x1b[2K\x1b[1Gb", "ab"),
        ("10%\r20%\r30%\r\n", "30%\n"),
        ("10%\r\n20%", "10%\n20%"),
        ("only\r", "only"),
        ("abx\bc", "abc"),
        ("b\bbo\bol\bld\bd", "bold"),
        ("\b\b", ""),
        ("a\x00\x07\x9bb", "ab"),
        ("\x1b(B\x1b=ok\x1b", "ok"),
        ("日本 é", "日本 é"),
    ],
)
def test_text_without_what_steers_a_terminal(given, expected):
    assert clean(given) == expected


def test_hostile_output_is_cleaned_in_linear_time():
    for piece in ("\x1b[", "\x1b]", "\r", "\b", "x", "\x1b[0;", "\x1bP"):
        assert len(clean(piece * 200_000)) <= 400_000


def test_a_file_that_cannot_be_written_costs_nothing_but_the_file(tmp_path):
    (tmp_path / "file").write_text("")
    printed = Printed(tmp_path / "file" / "below")
    printed.add(b"x" * 100_000)
    printed.add(b"end")
    assert printed.text().endswith("end")
    assert printed.saved() is None


REPOSITORY = (
    "git init -q . && git config user.email a@example.org && git config user.name a && touch f && git add f && "
    "git commit -qm x && printf '#!/bin/sh\\ntouch RAN\\n' > e && chmod +x e && touch signers"
)
SIGNED = r"""
git config gpg.ssh.allowedSignersFile $PWD/signers
printf 'tree %s\nauthor a <a@example.org> 1 +0000\ncommitter a <a@example.org> 1 +0000\ngpgsig -----BEGIN {0}-----\n x\n -----END {0}-----\n\nx\n' \
  $(git write-tree) > signed && git update-ref HEAD $(git hash-object -t commit -w signed)
"""
PROGRAMS = [
    ("core.fsmonitor", "git status", ""),
    ("gpg.program", "git log --format=%G?", SIGNED.format("PGP SIGNATURE")),
    ("gpg.openpgp.program", "git log --format=%G?", SIGNED.format("PGP SIGNATURE")),
    ("gpg.x509.program", "git log --format=%G?", SIGNED.format("SIGNED MESSAGE")),
    ("gpg.ssh.program", "git log --format=%G?", SIGNED.format("SSH SIGNATURE")),
    (
        "gpg.openpgp.program",
        "git config log.showSignature true; git log",
        SIGNED.format("PGP SIGNATURE"),
    ),
]


@pytest.mark.parametrize(("key", "command", "more"), PROGRAMS)
def test_a_repository_cannot_make_git_run_its_programs(tmp_path, key, command, more):
    setup = f"{REPOSITORY} && git config {key} $PWD/e\n{more}"
    assert outcome(setup, tmp_path, access="full").code == 0
    # git itself dies of SIGPIPE now and then, where the program ends before it has read.
    again = f"for i in {{1..30}}; do {command} && break; done"
    printed = output(again, tmp_path, access="full")
    assert not more or printed.strip(), "no signed commit"
    assert not (tmp_path / "RAN").exists()


def made(folder, setup):
    script = f"set -e; mkdir -p below; {REPOSITORY}; {setup}"
    assert outcome(script, folder, access="full").code == 0
    return folder.resolve()


HARMLESS = [
    "true",
    "git remote add origin https://example.org/x.git && git config branch.main.remote origin",
    "git config branch.a.b.merge refs/heads/x && git config pull.rebase true && git config core.autocrlf input",
]
DANGEROUS = [
    ("git config diff.external $PWD/e", "diff.external"),
    ("git config filter.x.clean $PWD/e", "filter.x.clean"),
    ("git config diff.x.textconv $PWD/e", "diff.x.textconv"),
    ("git config core.fsmonitor $PWD/e", "core.fsmonitor"),
    ("git config format.pretty %G?", "format.pretty"),
    ("git config include.path ../more && git config -f more diff.external $PWD/e", "include.path"),
    ("git config extensions.worktreeConfig true && git config --worktree diff.external $PWD/e", "config.worktree"),
    ("mkdir c && cp -r .git/config .git/objects .git/refs .git/HEAD c && echo ../c > .git/commondir", "commondir"),
    ("mv .git away && echo gitdir: away > .git", "no plain folder"),
    ("mv .git away && ln -s away .git", "no plain folder"),
    ("rm .git/HEAD", "cannot read"),
    ("git config remote.origin.uploadpack $PWD/e", "uploadpack"),
    ("git config remote.origin.promisor true", "promisor"),
    ("git init -q sub && cd sub && git commit -q --allow-empty -m x && cd .. && git add sub", "submodules"),
    ("printf '[oops' > .git/config", "cannot read"),
]  # fmt: skip


@pytest.mark.parametrize("setup", HARMLESS)
def test_a_plain_repository_is_no_danger(tmp_path, setup):
    folder = made(tmp_path, setup)
    assert [git.danger(place, below=True) for place in (folder, folder / "below")] == ["", ""]


@pytest.mark.parametrize(("setup", "says"), DANGEROUS)
def test_a_repository_that_may_run_programs_is_said(tmp_path, setup, says):
    folder = made(tmp_path, setup)
    for place in (folder, folder / "below"):
        assert says in git.danger(place, below=False)


NESTED = [
    ("git init -q below/other", "another git repository"),
    ("git init -q --bare below/other", "another git repository"),
    ("echo gitdir: x > below/.git", "another git repository"),
    ("ln -s / below/out", "leads elsewhere"),
    ("seq 10001 | (cd below && xargs touch)", "too many"),
]


@pytest.mark.parametrize(("setup", "says"), NESTED)
def test_what_lies_below_counts_where_a_command_may_go_there(tmp_path, setup, says):
    folder = made(tmp_path, setup)
    assert git.danger(folder, below=False) == ""
    assert says in git.danger(folder, below=True)


def test_where_no_repository_or_no_git_is_there_is_no_danger(tmp_path, monkeypatch):
    assert git.danger(tmp_path, below=True) == ""
    made(tmp_path, "git config diff.external $PWD/e")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git.danger(tmp_path, below=True) == ""
