"""Paths that lead elsewhere, hide or decide what runs later: the whole way, by gate and tool, with allow-all rules."""

import asyncio
import errno
import json
import os
import resource
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from archnb import atomic, events, loop
from archnb.agents import Agent
from archnb.conversation import ToolCall
from archnb.permission.gate import Gate
from archnb.permission.requests import Ask, Reply
from archnb.permission.rules import Rule
from archnb.providers.base import Settings
from archnb.providers.scripted import Scripted
from archnb.session.questions import question_body_html, question_head_html, question_text
from archnb.tools.base import all_tools
from archnb.workspace import FileChange, Workspace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and modes of POSIX")

FILE = Path(__file__).parents[2] / "shared" / "cases" / "hostile_inputs.json"
ALL = (Rule("*", "*", "allow", "a person's own rule"),)


@dataclass(frozen=True)
class Outcome:
    asks: tuple[Ask, ...]
    states: tuple[str, ...]
    text: str

    @property
    def card(self):
        """All that a person reads of the one question."""
        (ask,) = self.asks
        return question_text(ask)


class Scene:
    """A workspace ``ws`` beside a home folder with keys, and a model that makes the calls given."""

    def __init__(self, folder, monkeypatch):
        self.root, self.home = folder / "ws", folder / "home/u"
        for made in (
            self.root / "src",
            self.home / ".ssh",
            self.home / ".ipython/profile_default/startup",
        ):
            made.mkdir(parents=True)
        (self.home / ".ssh/id_rsa").write_text("KEY")
        (folder / "outside.txt").write_text("OUTSIDE")
        monkeypatch.setenv("HOME", str(self.home))
        self.monkeypatch = monkeypatch

    def file(self, name, content="text\n"):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def play(self, *calls, rules=ALL, meanwhile=None, approve=True):
        asks, seen = [], []

        async def approver(ask):
            asks.append(ask)
            if meanwhile:
                meanwhile(len(asks))
            return Reply("once" if approve else "reject")

        turn = [ToolCall(f"c{n}", name, given) for n, (name, given) in enumerate(calls)]
        wiring = loop.Wiring(
            Agent("architect", rules=rules), Scripted([turn, []]), all_tools(), Gate(rules, agent="architect"),
            Workspace.at(self.root), Settings("scripted"), approver,
        )  # fmt: skip

        async def main():
            async for event in loop.run(wiring, [], "do it"):
                if isinstance(event, events.ToolReturned):
                    seen.append(event)

        asyncio.run(main())
        return Outcome(tuple(asks), tuple(e.state for e in seen), "\n".join(e.text for e in seen))

    def read(self, path, **more):
        return self.play(("read", {"filePath": str(path), **more}))

    def write(self, path, content="x\n", **more):
        return self.play(("write", {"filePath": str(path), "content": content}), **more)

    def reads(self, path, expected="text"):
        outcome = self.read(path)
        assert (outcome.asks, outcome.states) == ((), ("done",))
        assert expected in outcome.text

    def refuses(self, path, says="lies outside the workspace"):
        """No tool reads or writes it, nobody is even asked, and nothing of it is told."""
        for name, given in (
            ("read", {}), ("write", {"content": "x"}), ("edit", {"oldString": "K", "newString": "x"}),
        ):  # fmt: skip
            outcome = self.play((name, {"filePath": str(path), **given}))
            assert (outcome.asks, outcome.states) == ((), ("failed",)), outcome
            assert says in outcome.text
            assert not {"KEY", "OUTSIDE", "root:"} & set(outcome.text.split())
        patch = f"*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch"
        outcome = self.play(("patch", {"patchText": patch}))
        assert (outcome.asks, outcome.states) == ((), ("failed",))
        assert (self.home / ".ssh/id_rsa").read_text() == "KEY"

    def asks_to_read(self, path, says="may hold keys"):
        outcome = self.read(path)
        assert outcome.states == ("done",)
        assert says in outcome.card
        assert self.play(("read", {"filePath": str(path)}), approve=False).states == ("refused",)

    def asks_to_write(self, path, says, content="x\n"):
        there = self.root / path
        assert self.write(path, content, approve=False).states == ("refused",)
        assert not there.exists()
        outcome = self.write(path, content)
        assert outcome.states == ("done",)
        assert says in outcome.card
        assert f"rule: {ALL[0]}" in outcome.card
        assert there.read_text() == content

    def never_writes(self, path, says):
        """Whatever rule or person allows it; and the answer says who can."""
        target = self.root / path
        before = target.read_text() if target.is_file() else None
        reading = [("read", {"filePath": path})] * (before is not None)
        outcome = self.play(*reading, ("write", {"filePath": path, "content": "x"}))
        assert (len(outcome.asks), outcome.states[-1]) == (len(reading), "failed"), outcome
        assert says in outcome.text
        assert "the person has to write it by hand" in outcome.text
        name = os.path.normpath(path)
        patch = f"*** Begin Patch\n*** Update File: ok\n*** Move to: {name}\n@@\n-text\n+x\n*** End Patch"
        self.file("ok")
        outcome = self.play(("patch", {"patchText": patch}))
        assert (outcome.asks, outcome.states) == ((), ("failed",))
        with pytest.raises(Exception, match="never written by an agent"):
            Workspace.at(self.root).apply([FileChange(name, before and before.encode(), b"x")])
        assert (target.read_text() if target.is_file() else None) == before


@pytest.fixture
def scene(tmp_path, monkeypatch):
    return Scene(tmp_path, monkeypatch)


def inside(scene):
    scene.file("src/app.py")
    scene.reads(scene.root / "src/app.py")


def normalised(scene):
    scene.file("README.md")
    scene.reads(scene.root / "src/../README.md")


def spaces_and_letters(scene):
    scene.file("docs/ADR 001 – Ümlaut.md")
    scene.reads("docs/ADR 001 – Ümlaut.md")


def ignoring(scene):
    scene.file("a.sql")
    scene.file("b/c.sql")
    scene.file("out/d.sql")
    scene.file(".gitignore", "out/\n")
    outcome = scene.play(("glob", {"pattern": "**/*.sql"}))
    assert outcome.asks == ()
    assert set(outcome.text.split()) == {"a.sql", "b/c.sql"}


def secret_file(name):
    def check(scene):
        scene.file(name)
        scene.asks_to_read(name)

    return check


def link_out(scene):
    (scene.root / "link.txt").symlink_to("/etc/passwd")
    scene.refuses("link.txt")


def folder_link(scene):
    (scene.root / "dir_link").symlink_to(scene.home / ".ssh")
    scene.refuses("dir_link/id_rsa")


def processes(scene):
    scene.refuses("/proc/self/environ")
    scene.refuses("/proc/1/environ")
    with pytest.raises(Exception, match="belongs to the operating system"):
        Workspace.at("/").resolve("proc/self/environ")


def device(scene):
    scene.refuses("/dev/zero")
    if os.geteuid() == 0:
        os.mknod(scene.root / "zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        scene.refuses("zero", "it is not a plain file")
    with socket.socket(socket.AF_UNIX) as listening:
        scene.monkeypatch.chdir(scene.root)
        listening.bind("socket")
        scene.refuses("socket", "it is not a plain file")


def pipe(scene):
    os.mkfifo(scene.root / "fifo")
    scene.refuses("fifo", "it is not a plain file")
    (scene.root / "sub").mkdir()
    os.mkfifo(scene.root / "sub/.git")  # looked at for where a repository lies
    assert scene.write("sub/a").states == ("done",)


def sparse(scene):
    with (scene.root / "huge.log").open("wb") as stream:
        stream.writelines(b"line %d\n" % number for number in range(100))
        stream.truncate(40_000_000_000)
    with (scene.root / "empty.img").open("wb") as stream:
        stream.truncate(40_000_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scene.reads("huge.log", "Truncated: of 40,000,000,000 bytes only the beginning, 100 lines")
    scene.reads("huge.log", "1: line 0\n2: line 1\n")
    scene.reads("huge.log", "100: line 99\n")
    assert "is a binary file" in scene.read("empty.img").text
    assert (
        "is too large"
        in scene.play(
            ("edit", {"filePath": "huge.log", "oldString": "line 1\n", "newString": ""})
        ).text
    )
    assert "40,000,000,000" in scene.write("huge.log").text
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def binary(scene):
    (scene.root / "binary.png").write_bytes(b"\x00\x01\x02\xff" * 100)
    outcome = scene.read("binary.png")
    assert outcome.states == ("failed",)
    assert "binary.png is a binary file" in outcome.text
    (scene.root / "real.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 9)
    scene.reads("real.png", "real.png: PNG, 17 bytes")


def bidi_name(scene):
    name = "a\u202egnp.exe"
    scene.file(name)
    asked = (Rule("*", "*", "ask"),)
    for call in (
        ("read", {"filePath": name}),
        ("write", {"filePath": f"new{name}", "content": "x"}),
    ):
        outcome = scene.play(call, rules=asked)
        (ask,) = outcome.asks
        for shown in (outcome.card, question_head_html(ask), question_body_html(ask)):
            assert "\u202e" not in shown
        assert "U+202E" in outcome.card
        assert "U+202E" in question_head_html(ask)
    assert "\u202e" not in scene.play(("glob", {"pattern": "*.exe"})).text


def new_folders(scene):
    write = ("write", {"filePath": str(scene.root / "new/dir/file.md"), "content": "x\n"})
    outcome = scene.play(write, rules=())
    assert "create new/dir/file.md (creates 2 folders)" in outcome.card
    assert outcome.states == ("done",)
    edit = ("edit", {"filePath": "new/dir/b/file.md", "oldString": "", "newString": "x"})
    assert "create new/dir/b/file.md (creates 1 folder)" in scene.play(edit, rules=()).card
    patch = "".join(f"*** Add File: p/{n}/f\n+x\n" for n in range(3))
    outcome = scene.play(
        ("patch", {"patchText": f"*** Begin Patch\n{patch}*** End Patch"}), rules=()
    )
    assert "(creates 4 folders)" in outcome.card
    assert (
        "creates" not in scene.play(("write", {"filePath": "p/0/g", "content": ""}), rules=()).card
    )


def hook(scene):
    for name in (
        ".git/hooks/pre-commit",
        ".GIT/hooks/x",
        ".git./hooks/x",
        "GIT~1/hooks/x",
        ".git::$INDEX_ALLOCATION/x",
    ):
        scene.never_writes(name, "git runs what its folder names")


def git_settings(scene):
    scene.file(".git/config", "[core]\n")
    for name in (
        ".git/config",
        ".git/config.worktree",
        ".git/info/attributes",
        ".gi\u200bt/config",
        ".ｇｉｔ/config",
        ".git",
    ):
        scene.never_writes(name, "git runs")
    scene.asks_to_read(".git/config")


def nested_repository(scene):
    for name in ("sub/.git/config", "sub/.git/hooks/x", "sub/.git"):
        scene.never_writes(name, "git runs what its folder names")
    bare = scene.root / "vendor/lib"
    for folder in ("objects", "refs", "hooks"):
        (bare / folder).mkdir(parents=True)
    scene.never_writes("vendor/lib/HEAD", "the own folder of a git repository")
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    for name in ("config", "hooks/pre-commit", "info/attributes", "Config", "worktrees/a/gitdir"):
        scene.never_writes(f"vendor/lib/{name}", "the own folder of a git repository")
    assert scene.write("vendor/lib/main/app.py").asks == ()  # a worktree below its bare repository
    scene.asks_to_write("elsewhere/HEAD", "is a repository, and git obeys its settings")
    (scene.root / "store/deep").mkdir(parents=True)
    (scene.root / ".git").write_text("gitdir: store/deep\n")  # of a worktree or a submodule
    scene.never_writes("store/deep/config", "the own folder of a git repository")


def warned(*names, says):
    def check(scene):
        for name in names:
            scene.asks_to_write(name, says)

    return check


def kernel_start(scene):
    scene.refuses(scene.home / ".ipython/profile_default/startup/x.py")
    scene.root = scene.home
    for name in (
        ".ipython/profile_default/startup/x.py",
        ".ipython/profile_x/startup/00.ipy",
        ".IPython/x",
    ):
        scene.never_writes(name, "it runs at each kernel start")


def ipython_settings(scene):
    for name in (
        "ipython_config.py",
        "ipython_kernel_config.py",
        "IPython_Config.py",
        "sub/ipython_config.json",
    ):
        scene.never_writes(name, "it runs at each kernel start")


def jupyter_settings(scene):
    for name in (
        "jupyter_config.py", "jupyter_server_config.py", "jupyter_notebook_config.json", "jupyter_lab_config.py",
        "JUPYTER_CONFIG.PY", ".jupyter/custom/custom.js", "jupyter_server_config.d/x.json",
        ".local/share/jupyter/kernels/x/kernel.json",
    ):  # fmt: skip
        scene.never_writes(name, "Jupyter obeys it at each start")
    scene.asks_to_write("docs/jupyterhub_config.py", "decides what runs later")


def npm_settings(scene):
    scene.asks_to_write(".npmrc", "can set scripts that package managers run", "script-shell=./x\n")


def site_packages(scene):
    scene.refuses("/usr/lib/python3/site-packages/x.pth")
    scene.never_writes("env/lib/python3.11/site-packages/x.pth", "Python runs it at each start")
    scene.asks_to_write("x.pth", "Python runs it at each start")


def hard_link(scene):
    other = scene.root.parent / "elsewhere"
    other.write_text("mine\n")
    (scene.root / "out.txt").hardlink_to(other)
    outcome = scene.write("out.txt")
    assert "out.txt has other names" in outcome.card
    assert (outcome.states, other.read_text()) == (("done",), "mine\n")


def folder_swapped(scene):
    """Between approval and write: nothing is written outside, also not while the write goes on."""
    outside = scene.root.parent / "away"
    outside.mkdir()
    (scene.root / "db").mkdir()

    def swap(_):
        (scene.root / "db").rename(scene.root / "aside")
        (scene.root / "db").symlink_to(outside)

    outcome = scene.write("db/f", rules=(), meanwhile=swap)
    assert outcome.states == ("failed",)
    assert "outside the workspace" in outcome.text
    with pytest.raises(atomic.Failed) as caught:  # and without the look before
        atomic.apply(scene.root, [FileChange("db/f", None, b"x")])
    assert caught.value.__cause__.errno in (errno.ENOTDIR, errno.ELOOP)
    assert list(outside.iterdir()) == []


def file_changed(scene):
    file = scene.file("a.sql", "one\ntwo\n")

    def change(count):
        if count == 1:
            was = file.stat()
            file.write_text("ONE\ntwo\n")
            os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))

    edit = ("edit", {"filePath": "a.sql", "oldString": "two", "newString": "2"})
    outcome = scene.play(edit, rules=(), meanwhile=change)
    first, second = outcome.asks
    assert "nothing was done" in second.notice
    assert "ONE" in question_text(second)
    assert first.request.digest != second.request.digest
    assert file.read_text() == "ONE\n2\n"


def bytes_as_shown(scene):
    for content in (
        b"\xef\xbb\xbfone\r\ntwo\r\n",
        b"one\ntwo",
        b"\xff\xfeo\0n\0e\0\n\0",
        b"na\xefve one\n",
    ):
        (scene.root / "f").write_bytes(content)
        edit = ("edit", {"filePath": "f", "oldString": "one", "newString": "1"})
        (ask,) = scene.play(edit, rules=()).asks
        (diff,) = ask.request.preview.diffs
        assert diff.before.encode(diff.encoding) == content
        assert (scene.root / "f").read_bytes() == diff.after.encode(diff.encoding)


def many_files(scene):
    files = "".join(f"*** Add File: many/f{number}\n+x\n" for number in range(300))
    patch = ("patch", {"patchText": f"*** Begin Patch\n{files}*** End Patch"})
    outcome = scene.play(patch, rules=())
    (ask,) = outcome.asks
    card, page = outcome.card, question_body_html(ask)
    assert "and 297 more (creates 1 folder)" in card
    for number in range(300):
        assert f"create many/f{number} (+1 " in card
        assert f"create many/f{number} (+1 " in page
    assert len(ask.request.patterns) == len(list((scene.root / "many").iterdir())) == 300


def temporary_files(scene):
    """Beside the file, with a name nobody can guess, open to nobody the file is not open to."""
    from archnb.session.session import Session

    file = scene.file("private")
    file.chmod(0o600)
    seen = []

    def watching(descriptor, real=os.fsync):
        seen.extend(p for p in scene.root.iterdir() if p.name.startswith(".archnb-"))
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in seen[:1])
        real(descriptor)

    scene.monkeypatch.setattr(os, "fsync", watching)
    assert scene.write("private").states == ("done",)
    scene.monkeypatch.undo()
    assert seen[1] == 0o600
    sessions = Session(Workspace.at(scene.root)), Session(Workspace.at(scene.root))
    folders = [Path(session._output_folder()) for session in sessions]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]
    assert folders[0] != folders[1]


CHECKS = {
    "o001": inside,
    "o003": normalised,
    "o004": spaces_and_letters,
    "o005": ignoring,
    "o007": lambda scene: scene.refuses("../outside.txt"),
    "o009": lambda scene: scene.refuses("/etc/shadow"),
    "o012": secret_file(".env"),
    "o013": secret_file("config/prod.env.local"),
    "o014": secret_file(".ENV"),
    "o015": link_out,
    "o016": folder_link,
    "o018": processes,
    "o019": lambda scene: scene.refuses("/proc/self/root/etc/passwd"),
    "o020": device,
    "o021": pipe,
    "o022": sparse,
    "o023": binary,
    "o025": bidi_name,
    "o026": new_folders,
    "o027": hook,
    "o028": git_settings,
    "o029": nested_repository,
    "o030": warned(".gitattributes", "sub/.GitAttributes", says="it can start filters"),
    "o033": warned(".vscode/settings.json", says="decides what runs later"),
    "o034": warned(".vscode/tasks.json", says="it can start programs in an editor"),
    "o036": warned(".mcp.json", ".claude/settings.json", says="it configures an agent"),
    "o038": warned(
        "AGENTS.md", "sub/agents.MD", "agents/a.md", says="it holds instructions for agents"
    ),
    "o039": kernel_start,
    "o041": ipython_settings,
    "o042": jupyter_settings,
    "o046": npm_settings,
    "o048": site_packages,
    "o050": hard_link,
    "o051": folder_swapped,
    "o052": file_changed,
    "o053": bytes_as_shown,
    "o055": many_files,
    "o058": temporary_files,
}


def test_the_collection_is_covered():
    if not FILE.exists():
        pytest.skip("../shared/cases is not here")
    cases = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    assert {case["id"] for case in cases if case["kind"] == "path"} <= set(CHECKS)


@pytest.mark.parametrize("case", CHECKS)
def test_each_has_its_outcome(case, scene):
    CHECKS[case](scene)


LOOKALIKES = [
    ".ＥＮＶ", ".env ", ".env.", ".e\u200bnv", ".Env. .", "．env", ".env~", ".env:stream", "ｉｄ_rsa", "ID_RSA~", ".ENV\ufe0f",
]  # fmt: skip


@pytest.mark.parametrize("name", LOOKALIKES)
def test_what_looks_like_a_secret_is_asked_like_one(scene, name):
    scene.file(name)
    scene.asks_to_read(name, "key")


def test_archnbs_own_settings_are_never_written(scene):
    scene.root = scene.home
    scene.never_writes(".config/archnb/trust.json", "what you trusted and allowed")
    scene.root = scene.home / ".config"
    scene.root.mkdir()
    scene.never_writes("archnb/trust.json", "what you trusted and allowed")


def test_one_file_has_one_name_however_its_accents_are_stored(scene):
    """A model gives one letter where the disk has two: that file is meant, not a twin of it."""
    scene.file("cafe\u0301.sql", "one\n")
    outcome = scene.write("caf\xe9.sql", "two\n")
    assert outcome.states == ("done",)
    assert [p.name for p in scene.root.iterdir() if p.is_file()] == ["cafe\u0301.sql"]
    (scene.root / "e\u0301").symlink_to(scene.home)  # a link does not come in that way
    assert scene.write("\xe9/f").states == ("done",)
    assert not (scene.home / "f").exists()


def test_two_files_for_one_new_folder_are_asked_once_each(scene):
    outcome = scene.play(
        *(("write", {"filePath": f"new/{name}", "content": "x"}) for name in "ab"), rules=()
    )
    assert [ask.notice for ask in outcome.asks] == ["", ""]
