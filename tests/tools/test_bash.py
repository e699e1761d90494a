"""A command is shown as it would run, runs as it was shown, and tells how it ended."""

import asyncio
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from archnb.execution import sandbox
from archnb.execution.sandbox import Sandbox
from archnb.permission.gate import Gate
from archnb.permission.requests import Request, Shell
from archnb.permission.rules import Rule
from archnb.tools.base import Context, ToolError
from archnb.tools.bash import TOOL, _notes, with_access
from archnb.workspace import Workspace


def settle(command, folder):
    request = TOOL.request({"command": command}, Workspace.at(folder))
    return Gate((Rule("bash", "*", "allow"),)).settle(request).action


NAMING_GIT = [
    ("git diff", True), ("/usr/bin/git diff", True), ("g'i't diff", True), ("ls && gi\\t diff", True),
    ("GIT diff", True), ("env git diff", True), ("ls", False), ("cat digits legit.txt", False),
]  # fmt: skip


@pytest.mark.parametrize(("command", "asks"), NAMING_GIT)
def test_a_repository_that_may_run_programs_makes_git_ask(command, asks, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "config", "diff.external", "./e"], check=True, cwd=tmp_path)
    (tmp_path / "below").mkdir()
    for workdir in (".", "below"):
        given = {"command": command, "workdir": workdir}
        assert bool(TOOL.request(given, Workspace.at(tmp_path)).warning) is asks


GOING_BELOW = [
    ("git diff", False), ("git log | head -3", False), ("cd sub && git diff", True),
    ("git -C sub diff", True), ("git --git-dir=sub/.git diff", True), ("'c'd sub && git diff", True),
    ("xargs git diff", True), ("make && git diff", True),
]  # fmt: skip


@pytest.mark.parametrize(("command", "asks"), GOING_BELOW)
def test_a_repository_below_asks_where_the_command_may_go_there(command, asks, tmp_path):
    for folder in (tmp_path, tmp_path / "sub"):
        subprocess.run(["git", "init", "-q", folder], check=True)
    assert bool(TOOL.request({"command": command}, Workspace.at(tmp_path)).warning) is asks


def test_the_warning_asks_although_a_rule_allows(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert settle("git diff", tmp_path) == "allow"
    subprocess.run(["git", "config", "diff.external", "./e"], check=True, cwd=tmp_path)
    assert settle("git diff", tmp_path) == "ask"
    assert settle("pwd", tmp_path) == "allow"


def test_a_folder_that_is_none_is_said(tmp_path):
    with pytest.raises(ToolError, match="nope is not a folder"):
        TOOL.request({"command": "ls", "workdir": "nope"}, Workspace.at(tmp_path))


def call(folder, *, edited=None, outputs=None, progress=lambda _: None, **given):
    workspace = Workspace.at(folder)
    TOOL.check(given)
    request = TOOL.request(given, workspace)
    request = request.edited(edited) if edited else request
    context = Context(workspace, progress=progress, outputs=outputs)
    return asyncio.run(TOOL.run(given, context, request))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo out; echo err >&2; exit 3", r"out\nerr\n\(exit code 3, \d+\.\d s\)"),
        ("true", r"\(exit code 0, \d+\.\d s\)"),
        (r"printf '\033[1mbold\033[0m 10%%\r100%%\n'", r"100%\n\(exit code 0, .*"),
        (r"printf '\377\n'", "\ufffd\n\\(exit code 0, .*"),
        ("read x; echo got $?", r"got 1\n\(exit.*"),
    ],
)
def test_what_the_model_gets(command, expected, tmp_path):
    assert re.fullmatch(expected, call(tmp_path, command=command).text, re.DOTALL)


def test_what_a_person_made_of_it_is_run(tmp_path):
    (tmp_path / "below").mkdir()
    output = call(tmp_path, command="touch proposed", workdir="below", edited="touch approved")
    assert not output.failed
    assert [path.name for path in tmp_path.rglob("*ed")] == ["approved"]


def test_output_until_the_time_limit_is_kept(tmp_path):
    output = call(tmp_path, command="echo begun; sleep 60", timeout=400)
    assert output.failed
    assert output.text.startswith("begun\n(ended after the time limit of 0.4 s")


def test_output_until_an_interrupt_is_kept_and_shown_meanwhile(tmp_path):
    seen = []

    async def main():
        workspace = Workspace.at(tmp_path)
        given = {"command": "echo begun; sleep 60"}
        request = TOOL.request(given, workspace)
        context = Context(workspace, progress=seen.append)
        task = asyncio.ensure_future(TOOL.run(given, context, request))
        while not seen:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        task.cancel()
        return await task

    output = asyncio.run(main())
    assert seen == ["begun"]
    assert output.failed
    assert output.text.startswith("begun\n(interrupted")


def test_long_output_has_head_and_tail_and_the_whole_in_a_private_file(tmp_path):
    outputs = tmp_path / "outputs"
    output = call(tmp_path, command="seq 1 100000", outputs=outputs)
    assert output.text.startswith("1\n2\n")
    assert "\n100000\n(exit code 0" in output.text
    assert "the middle left out; 588,895 bytes in all" in output.text
    assert len(output.text) < 31_000
    [saved] = outputs.iterdir()
    assert f"Full output saved to: {saved}" in output.text
    assert saved.read_text() == "".join(f"{number}\n" for number in range(1, 100_001))
    assert (saved.stat().st_mode & 0o777, outputs.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_fits_leaves_no_file(tmp_path):
    outputs = tmp_path / "outputs"
    bar = r"for i in $(seq 4000); do printf '\r%d of 4000' $i; done"
    output = call(tmp_path, command=bar, outputs=outputs)
    assert output.text.startswith("4000 of 4000\n(exit code 0")
    assert list(outputs.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "always"),
    [
        ("git log -3", ("git log -3", "git log *")),
        ("npm run build -- -w", ("npm run build -- -w", "npm run build *")),
        ("ls", ("ls", "ls *")),
        ("git log && ls", ("git log && ls",)),
        ("git log > out", ("git log > out",)),
        ("sudo ls", ("sudo ls",)),
        ("bash -c ls", ("bash -c ls",)),
        ("git 'lo*'", ("git 'lo*'",)),
    ],
)
def test_what_always_offers_is_never_wider_than_its_kind(command, always, tmp_path):
    assert TOOL.request({"command": command}, Workspace.at(tmp_path)).always == always


def test_folders_outside_are_named(tmp_path):
    workspace = Workspace.at(tmp_path)
    home = Path.home().as_posix()
    for command, outside in [
        ("ls", ()),
        ("cat /etc/hosts", ("/etc/*",)),
        ("rm ~/x", (f"{home}/*",)),
        ("cat a/../b", ()),
    ]:
        assert TOOL.request({"command": command}, workspace).outside == outside


def test_the_card_says_folder_and_limit(tmp_path):
    (tmp_path / "below").mkdir()
    given = {"command": "ls\n  -l", "workdir": "below", "timeout": 10**9, "description": "look"}
    request = TOOL.request(given, Workspace.at(tmp_path))
    assert request.title == "run ls -l"
    shell = request.preview
    assert (shell.command, shell.folder, shell.timeout) == ("ls\n  -l", "below", 600.0)


@pytest.mark.parametrize("command", ["", "  \n", "ls\0"])
def test_no_command_is_said(command, tmp_path):
    with pytest.raises(ToolError, match="Give a bash command line"):
        TOOL.request({"command": command}, Workspace.at(tmp_path))


@pytest.mark.parametrize(
    ("command", "warns"),
    [
        ("cat link.txt", "leads outside"),
        ("cat a.txt link.txt", "leads outside"),
        ("cat *.txt", "leads outside"),
        ("ls out/", "leads outside"),
        ("grep --file=link.txt x a.txt", "leads outside"),
        ("cd sub && cat back.txt", "leads outside"),
        ("cat plain.md", "leads to .env"),
        ("cat a.txt", ""),
        ("cat inner.txt", ""),
        ("ls .", ""),
        ("echo nothing", ""),
    ],
)
def test_a_link_is_followed_before_the_rules_speak(tmp_path, command, warns):
    root = tmp_path / "work"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("x")
    (root / "a.txt").write_text("a")
    (root / ".env").write_text("K=1")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "sub" / "back.txt").symlink_to("../../secret.txt")
    (root / "out").symlink_to(tmp_path)
    (root / "plain.md").symlink_to(".env")
    (root / "sub" / "inner.txt").symlink_to("../a.txt")
    (root / "inner.txt").symlink_to("a.txt")
    if command == "cat *.txt":
        (root / "a.txt").touch()
    request = TOOL.request({"command": command}, Workspace.at(root))
    assert warns in request.warning if warns else request.warning == ""


def sandboxed(folder, command, access="workspace", rung="bwrap"):
    request = Request("bash", (command,), "run", Shell(command, ".", 1.0, ""))
    return with_access(request, access, Sandbox(rung), folder)


OFFERED = [  # what is asked for, the access that is shown, and the one without a person's word
    ({"command": "npm test"}, "workspace", "workspace", ""),
    ({"command": "npm install x"}, "network", "workspace", ""),
    ({"command": "npm test", "access": "network"}, "network", "workspace", "for the network"),
    ({"command": "npm test", "access": "full"}, "full", "workspace", "outside the sandbox"),
    ({"command": "sudo ls", "access": "network"}, "full", "workspace", "for the network"),
]


@pytest.mark.parametrize(("given", "shown", "alone", "demand"), OFFERED)
def test_more_than_the_workspace_is_offered_and_takes_a_person(
    given, shown, alone, demand, tmp_path
):
    request = sandboxed(tmp_path, **given)
    assert (request.access, request.unasked().access) == (shown, alone)
    words = {"workspace": "network off", "network": "network on", "full": "not sandboxed: it can"}
    assert words[shown] in request.preview.sandbox
    assert words[alone] in request.unasked().preview.sandbox
    assert demand in request.demand if demand else request.demand == ""
    allowed = Gate((Rule("bash", "npm*", "allow"),)).settle(request).action
    assert allowed == ("ask" if demand or "sudo" in given["command"] else "allow")


@pytest.mark.parametrize("access", ["workspace", "network", "full"])
def test_where_nothing_limits_there_is_nothing_more_to_ask_for(access, tmp_path):
    request = sandboxed(tmp_path, "npm install x", access, "none")
    assert (request.access, request.demand, request.by_rule) == ("workspace", "", None)
    assert request.preview.sandbox == "network on, not sandboxed: only asks"


@pytest.mark.parametrize("access", ["everything", "", None, 1])
def test_an_unknown_access_is_refused(access):
    with pytest.raises(ToolError, match="access"):
        TOOL.check({"command": "ls", "access": access})


HELD = [
    # command, what it printed, its access and exit code, what the notes begin with
    ("npm install x", "", "workspace", 1, ["(it ran"]),
    ("./x", "cp: cannot create '/opt/x': Permission denied", "workspace", 1, ["(it ran"]),
    ("./x", "getaddrinfo ENOTFOUND a.example", "workspace", 1, ["(it ran"]),
    ("./x", "fatal: Could not read from remote: Temporary failure in name resolution", "workspace", 1, ["(it ran"]),
    ("./x", "2 tests failed", "workspace", 1, []),
    ("./x", "Permission denied", "workspace", 0, []),
    ("curl -s https://a | head", "curl: (6) Could not resolve host: a", "workspace", 0, ["(it ran"]),
    ("git checkout -b a o/a", "error: could not write config file .git/config: Device or resource busy", "workspace", 0, ["(it ran"]),
    ("curl https://a", "", "network", 1, []),
    ("./x", "Read-only file system", "network", 1, ["(it ran"]),
    ("sudo ls", "", "network", 1, ["(it ran"]),
    ("./x", "Permission denied", "full", 1, []),
    ("ls ~", "", "workspace", 0, ["(places"]),
    ("cat ../x /srv/y", "", "network", 1, ["(places"]),
    ("ls /usr/bin ./src .git", "", "workspace", 0, []),
    ("ls ~", "", "full", 0, []),
]  # fmt: skip


@pytest.mark.skipif(not sandbox.current().limits(), reason="no sandbox here")
@pytest.mark.parametrize(("command", "printed", "access", "code", "noted"), HELD)
def test_what_the_sandbox_may_have_to_do_with_it_is_said(command, printed, access, code, noted):
    shell = Shell(command, ".", 1.0, "", access)
    notes = _notes(shell, code, printed, Path("/work/shop"), Path("/work/shop"))
    assert len(notes) == len(noted)
    assert all(note.startswith(begin) for note, begin in zip(notes, noted, strict=True))


@pytest.mark.skipif(not sandbox.current().limits(), reason="no sandbox here")
def test_a_repository_that_begins_above_the_workspace_is_said_to_be_seen_in_part(tmp_path):
    (tmp_path / "shop").mkdir()
    shell, where = Shell("git status", ".", 1.0, ""), tmp_path / "shop"
    assert _notes(shell, 0, "", where, where) == []
    (tmp_path / ".git").mkdir()
    [note] = _notes(shell, 0, "", where, where)
    assert "look deleted and are not" in note
    assert _notes(replace(shell, command="ls"), 0, "", where, where) == []


def workspace_of_keys(folder):
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("x = 1\n")
    (folder / "keys" / ".hidden").mkdir(parents=True)
    (folder / "keys" / ".hidden" / "credentials.json").write_text("{}")
    (folder / "plain" / "deep").mkdir(parents=True)
    (folder / "plain" / "deep" / "server.key").write_text("k")
    (folder / "node_modules" / "a").mkdir(parents=True)
    (folder / "node_modules" / "a" / "cacert.pem").write_text("public")
    (folder / ".env").write_text("K=1\n")
    (folder / "-x.txt").write_text("")
    return folder


READING = [
    ("it also reads .env", "grep -r x .", "grep -rn x", "grep -Rl x", "grep --recursive x .", "rgrep x", "rg -uu x",
     "rg --hidden x", "rg -. x", "rg -u -u x", "grep -nre x .", "ls && grep -r x .", "diff -r . src", "grep -r src",
     "grep -r -e x --include '*env' ."),
    ("it also reads .env", "diff . src", "git diff --no-index . src", "git grep --no-index x"),
    ("it also reads keys/.hidden/credentials.json", "grep -r x keys", "rg --hidden x keys", "cd keys && grep -r x ."),
    ("it also reads plain/deep/server.key", "grep -r x plain", "rg x plain", "rg x plain src"),
    ("leads to plain/deep/server.key", "cat plain/deep/server.key", "cat plain/deep/*", "head -1 plain/*/server*"),
    ("reads as an option", "cat *.txt", "ls *.txt"),
    ("", "grep -rn x src", "grep x a.py", "rg x src", "rg x keys", "grep -er src/a.py", "ls plain/deep/server.key",
     "ls -R", "find . -name '*.key'", "wc -l plain/deep/*", "diff src/a.py src/a.py", "grep -r --include='*.py' x .",
     "rg --hidden -g '*.py' x", "grep -r x node_modules", "cat keys/*", "cat s*/*.py", "cat ./*.txt", "cat src/*.py", "echo .env"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "why"), [(command, why) for why, *commands in READING for command in commands]
)
def test_what_a_search_would_read_besides_is_asked_about(command, why, tmp_path):
    warning = TOOL.request({"command": command}, Workspace.at(workspace_of_keys(tmp_path))).warning
    assert why in warning if why else warning == ""


PRINTING = [  # .env and sub/b.key are tracked, sub/src/a.py and c.py as well
    (".env", "git grep PASS", "git grep -n PASS HEAD", "git show", "git show HEAD", "git show --format=%H HEAD", "git log -p",
     "git log -p -1", "git log --patch", "git log -u", "git log -U1", "git log --cc", "git log -c -p", "git log -G. -p",
     "git log -S x -p", "git log -L1,2:c.py", "git diff", "git diff HEAD~0", "git diff --cached", "git diff --stat -p",
     "git stash show -p", "git stash list -p", "git reflog -p", "git whatchanged -p", "git diff-tree -p HEAD",
     "git cat-file -p HEAD", "git show HEAD -- .env", "git show HEAD:.env", "git show HEAD:c.py HEAD:.env", "git archive HEAD",
     "git status -v", "git --no-pager diff", "git log -p -- ':(top)*.env'", "git diff -O c.py", "git grep -A 3 c.py",
     "git grep -e c.py", "git log -p -S c.py", "git log -p -S -- c.py", "cd sub && git diff", "ls; git show", "git diff -- .e*"),
    ("sub/b.key", "git log -p -- sub", "git diff sub", "git grep x sub", "git grep x -- sub", "git blame sub/b.key",
     "cd sub && git grep x", "cd sub && git diff -- .", "git show HEAD:sub/b.key", "git show HEAD:sub"),
    ("gone.pem", "git show HEAD:gone.pem", "git log -p -- gone.pem"),
    ("", "git log", "git log --stat", "git status", "git diff --stat", "git diff --name-only", "git show --stat", "git show -s",
     "git ls-files", "git branch -vv", "git rev-list --objects HEAD", "git log --oneline -3", "git stash list",
     "git diff-tree HEAD", "git cat-file -t HEAD", "git diff -- sub/src", "git diff sub/src", "git log -p -- c.py", "git grep x c.py",
     "git grep -n x -- sub/src", "git show HEAD:c.py", "git show HEAD -- c.py", "cd sub/src && git grep x", "git grep -i x sub/src",
     "echo git diff", "git log -p -2 sub/src"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "name"), [(command, name) for name, *rest in PRINTING for command in rest]
)
def test_what_git_would_print_of_tracked_keys_is_asked_about(command, name, tmp_path):
    (tmp_path / "sub" / "src").mkdir(parents=True)
    for each in (".env", "c.py", "sub/b.key", "sub/src/a.py"):
        (tmp_path / each).write_text("x\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "add", "-A"], check=True, cwd=tmp_path)
    warning = TOOL.request({"command": command}, Workspace.at(tmp_path)).warning
    assert f"{name}, and {Path(name).name}" in warning if name else warning == ""


def test_without_keys_git_prints_unasked(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "a.py").write_text("x\n")
    subprocess.run(["git", "add", "-A"], check=True, cwd=tmp_path)
    (tmp_path / ".env").write_text("not tracked\n")
    for command in ("git diff", "git show", "git log -p", "git grep x"):
        assert TOOL.request({"command": command}, Workspace.at(tmp_path)).warning == ""
    assert TOOL.request({"command": "git grep --untracked x"}, Workspace.at(tmp_path)).warning


PATTERNS = [
    ("leads to .env", "cat .e**", "cat .[^x]nv", "cat .[[:alpha:]]nv", "cat src/../.e*", "cat {root}/.e*"),
    ("leads to plain/deep/server.key", "cat **/**/*.key", "cat **/deep/s*"),
    ("", "cat **/*.key", "ls **/**/**/**/**/**/nomatch", "cat [.]env", "cat ?env", "cat *env", "cat /usr/*"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "why"), [(command, why) for why, *commands in PATTERNS for command in commands]
)
def test_a_pattern_finds_what_bash_finds(command, why, tmp_path):
    workspace = Workspace.at(workspace_of_keys(tmp_path))
    command = command.replace("{root}", tmp_path.as_posix())
    warning = TOOL.request({"command": command}, workspace).warning
    assert why in warning if why else warning == ""


@pytest.mark.parametrize(
    ("command", "asks"), [("ls */*/*", True), ("ls a* b* c* d*", True), ("ls a*", False)]
)
def test_a_pattern_that_would_look_at_too_much_is_asked_about(command, asks, tmp_path, monkeypatch):
    monkeypatch.setattr("archnb.tools._reach.MAX_FOUND", 15)
    for number in range(10):
        (tmp_path / f"{number}" / "deep").mkdir(parents=True)
    warning = TOOL.request({"command": command}, Workspace.at(tmp_path)).warning
    assert ("more than 15 entries" in warning) is asks


def test_too_many_files_to_look_for_keys_are_asked_about(tmp_path, monkeypatch):
    monkeypatch.setattr("archnb.tools._reach.MAX_ENTRIES", 3)
    for number in range(4):
        (tmp_path / f"{number}.py").touch()
    assert "too many" in TOOL.request({"command": "grep -r x"}, Workspace.at(tmp_path)).warning


@pytest.mark.parametrize(
    ("url", "asks"),
    [
        ("https://someone:secret@example.org/a.git", True),
        ("https://abcdefghijklmnopqrstuvwxyz012345@example.org/a.git", True),
        ("https://example.org/a.git", False),
        ("git@example.org:a/b.git", False),
    ],
)
def test_credentials_in_gits_configuration_are_asked_about_before_they_are_printed(
    url, asks, tmp_path
):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "remote", "add", "origin", url], check=True, cwd=tmp_path)
    (tmp_path / "sub").mkdir()
    workspace = Workspace.at(tmp_path)
    for command in ("git remote -v", "cd sub && git remote -v", "git remote get-url origin"):
        assert bool(TOOL.request({"command": command}, workspace).warning) is asks
    assert bool(TOOL.request({"command": "grep -r x ."}, workspace).warning) is asks
    assert TOOL.request({"command": "git log"}, workspace).warning == ""


@pytest.mark.parametrize("command", ["git config --list", "git config -l", "git config --get x.y",
                                     "git config --global --list", "git config list", "git var -l"])  # fmt: skip
def test_reading_gits_configuration_asks_whatever_a_star_allows(command, tmp_path):
    request = TOOL.request({"command": command}, Workspace.at(tmp_path))
    assert Gate((Rule("bash", "git *", "allow"),)).settle(request).action == "ask"


@pytest.mark.parametrize(
    ("settings", "warns"),
    [("script-shell=./x\n", "script-shell"), ("a=1\n git = ./g\n", "(git)"), ("fund=false\n", "")],
)
def test_npm_asks_where_the_project_has_it_run_something_else(settings, warns, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / ".npmrc").write_text(settings)
    for command in ("npm ls", "cd sub && npm test"):
        warning = TOOL.request({"command": command}, Workspace.at(tmp_path)).warning
        assert warns in warning if warns else warning == ""
    assert TOOL.request({"command": "ls"}, Workspace.at(tmp_path)).warning == ""


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("mkdir -p .git/hooks; echo x > .git/hooks/post-commit", ".git/hooks/post-commit"),
        ("echo '[a]' >> .git/config", ".git/config"),
        ("rm .gitattributes", ".gitattributes"),
        ("mkdir -p agents/sub; echo x > agents/sub/new.md; rm .gitattributes",
         ".gitattributes, agents/sub/new.md"),
        ("cp -r .git evil; printf '../evil' > .git/commondir", ".git/commondir, evil (a new repository)"),
        ("git config -f .git/config.worktree a.b c", ".git/config.worktree"),
        ("rm -rf .git; printf 'gitdir: g' > .git", ".git"),
        ("mv .git g; ln -s g .git", ".git, g (a new repository)"),
        ("mv .git/hooks h; ln -s ../h .git/hooks", ".git/hooks"),
        ("echo '[a]' >> sub/.git/config", "sub/.git/config"),
        ("printf '../evil' > sub/.git/commondir", "sub/.git/commondir"),
        ("mv sub old; mkdir sub; cp -r old/. sub/; echo '[a]' >> sub/.git/config",
         "sub/.git/config, old/.git (a new repository)"),
        ("mkdir n; git init -q n", "n/.git (a new repository)"),
        ("git init -q --bare n", "n (a new repository)"),
        ("echo '[a]' >> .git/modules/deep/one/config", ".git/modules/deep/one/config"),
        ("mkdir -p .git/worktrees/w; echo x > .git/worktrees/w/commondir",
         ".git/worktrees/w/commondir"),
        ("mkdir agents; ln -s /proc/kmsg agents/x.md", "agents/x.md"),
        ("mkdir agents; ln -s ../a.txt agents/x.md", "agents/x.md"),
        ("mkdir agents; mkfifo agents/x.md", "agents/x.md"),
        ("mkdir agents; for i in $(seq 10 33); do echo > agents/$i.md; done; echo x >> .git/config",
         ", ".join([".git/config", *(f"agents/{name}.md" for name in range(10, 29)), "5 more"])),
        ("echo x > a.txt; touch .gitattributes", ""),
        ("echo x > .git/hooks/pre-push.sample", ""),
        ("echo x > .git/HEAD.lock; rm .git/HEAD.lock", ""),
        ("git status", ""),
    ],
)  # fmt: skip
def test_what_decides_what_runs_later_is_said_when_a_command_changed_it(command, named, tmp_path):
    for folder in (tmp_path, tmp_path / "sub", tmp_path / ".git" / "modules" / "deep" / "one"):
        bare = ["--bare"] if folder.name == "one" else []
        subprocess.run(["git", "init", "-q", *bare, folder], check=True)
    (tmp_path / ".gitattributes").write_text("*.sql text\n")
    request = TOOL.request({"command": command, "access": "full"}, Workspace.at(tmp_path))
    text = asyncio.run(TOOL.run({}, Context(Workspace.at(tmp_path)), request)).text
    assert ("decides what runs later" in text) is bool(named)
    assert f"(this changed {named}:" in text or not named
