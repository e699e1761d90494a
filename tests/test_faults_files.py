"""Files under faults: a killed writer, a full disk, a race for a folder, two writers, odd encodings."""

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from archnb import atomic, leftovers, opening
from archnb.errors import WorkspaceError
from archnb.session import undo
from archnb.tools import edit, patch, write
from archnb.tools.base import Context, ToolError
from archnb.workspace import FileChange, Workspace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, links and modes of POSIX")

KILLS = 60
OLD, NEW = b"old\n" * 1_250_000, b"new\n" * 1_250_000  # 5 MB each

WRITERS = """
import os, sys
from archnb.workspace import FileChange, Workspace
old, new = b"old\\n" * 1_250_000, b"new\\n" * 1_250_000
workspace = Workspace.at(sys.argv[1])
print("ready", flush=True)
for _ in sys.stdin:
    writer = os.fork()
    while not writer:
        before = workspace.read_bytes("big")
        workspace.apply([FileChange("big", before, old if before == new else new)])
    print(writer, flush=True)
    os.waitpid(writer, 0)
    print("gone", flush=True)
"""


@pytest.fixture
def quick(tmp_path):
    """A folder in memory where there is one: thousands of flushed writes would wait for the disk."""
    if not Path("/dev/shm").is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def started(source, *arguments):
    """A child process that runs ``source``; it has said that it is ready."""
    command = [sys.executable, "-c", source, *map(str, arguments)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"ready\n"
    return child


def temporaries(folder):
    return [path.name for path in folder.iterdir() if leftovers.is_one(path.name)]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only /proc tells who still lives")
def test_f2_killed_at_any_time_the_file_is_old_or_new(quick):
    """And mode, owner and attributes stay; what the killed ones left goes with the next start."""
    big = quick / "big"
    big.write_bytes(OLD)
    big.chmod(0o750)
    if os.geteuid() == 0:
        os.chown(big, 12, 34)
    attributes = attributed(big, "user.note", b"kept")
    before = big.stat()
    left = 0
    writers = started(WRITERS, quick)
    for seed in range(KILLS):
        writers.stdin.write(b"\n")
        writers.stdin.flush()
        writer = int(writers.stdout.readline())
        time.sleep(random.Random(seed).uniform(0, 0.06))
        os.kill(writer, signal.SIGKILL)
        assert writers.stdout.readline() == b"gone\n"
        content = big.read_bytes()
        assert content in (OLD, NEW)
        after = big.stat()
        assert (after.st_mode, after.st_uid, after.st_gid) == (
            before.st_mode,
            before.st_uid,
            before.st_gid,
        )
        assert not attributes or os.getxattr(big, "user.note") == b"kept"
        if seed % 2:
            left += len(temporaries(quick))
            Workspace.at(quick).sweep()  # the next start
        elif temporaries(quick):
            left += 1
            other = FileChange(f"other{seed}", None, b"x")  # or the next write into the folder
            Workspace.at(quick).apply([other])
        assert temporaries(quick) == []
    writers.communicate()
    assert left > 0  # else no kill came at a time that matters


def test_what_another_one_is_writing_is_not_swept(tmp_path):
    """Nor what somebody else laid down, nor what only looks like it."""
    mine = tmp_path / leftovers.name()
    dead = tmp_path / leftovers.name().replace(f"-{os.getpid()}-", "-4194399-")
    elsewhere = tmp_path / f".archnb-00000000-1-1-{'0' * 16}.tmp"
    forgotten = tmp_path / f".archnb-00000000-2-2-{'0' * 16}.tmp"
    stranger = tmp_path / ".archnb-notes.tmp"
    folder = tmp_path / f".archnb-00000000-3-3-{'0' * 16}.tmp"
    folder.mkdir()
    os.utime(folder, (1, 1))
    for path in (mine, dead, elsewhere, forgotten, stranger):
        path.touch()
    os.utime(forgotten, (1, 1))
    link = tmp_path / f".archnb-00000000-4-4-{'0' * 16}.tmp"
    link.symlink_to(stranger)
    swept = {forgotten, dead} if Path("/proc/self/stat").exists() else {forgotten}
    assert Workspace.at(tmp_path).sweep() == len(swept)
    assert (
        set(tmp_path.iterdir())
        == {mine, dead, elsewhere, forgotten, stranger, folder, link} - swept
    )


FULL = """
import os, sys
from archnb.errors import WorkspaceError
from archnb.workspace import FileChange, Workspace
root = sys.argv[1]
old = b"old" * 300_000
(open(root + "/f", "wb")).write(old)
workspace = Workspace.at(root)
for changes in (
    [FileChange("f", old, b"new" * 600_000)],
    [FileChange("small", None, b"x"), FileChange("sub/g", None, b"y" * 1_900_000)],
):
    try:
        workspace.apply(changes)
    except WorkspaceError as error:
        print(error)
    print(sorted(os.listdir(root)), open(root + "/f", "rb").read() == old)
print(len(workspace.apply([FileChange("f", old, b"fits")])))
"""


def test_f5_on_a_full_disk_the_original_stays(tmp_path):
    if not shutil.which("unshare") or not shutil.which("mount"):
        pytest.skip("needs unshare and mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    flags = ["-m"] if os.geteuid() == 0 else ["-Urm"]
    command = ["unshare", *flags, "sh", "-c", mount, "sh", str(folder), sys.executable]
    if subprocess.run([*command, "pass"], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    done = subprocess.run([*command, FULL], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "f cannot be written: No space left on device; nothing was changed.",
        "['f'] True",
        "sub/g cannot be written: No space left on device; nothing was changed.",
        "['f'] True",
        "1",
    ], done.stderr


def same_times(file, content):
    was = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))


def replaced(file, content):
    other = file.with_name("other")
    other.write_bytes(content)
    shutil.copystat(file, other)
    other.replace(file)


@pytest.mark.parametrize("change", [same_times, replaced, lambda file, _: file.unlink()])
def test_f14_a_file_that_changed_since_the_card_is_not_written(tmp_path, change):
    """Size and times may be the same: the content counts."""
    file = tmp_path / "f"
    file.write_bytes(b"one two")
    workspace = Workspace.at(tmp_path)
    given = {"filePath": "f", "oldString": "two", "newString": "2"}
    request = edit.TOOL.request(given, workspace)
    change(file, b"ONE two")
    with pytest.raises(ToolError, match="f changed since it was shown; nothing was written"):
        asyncio.run(edit.TOOL.run(given, Context(workspace), request))
    assert not file.exists() or file.read_bytes() == b"ONE two"
    if file.exists():
        assert edit.TOOL.request(given, workspace).digest != request.digest


def test_f15_a_folder_swapped_for_a_link_leads_nowhere(quick):
    """A thousand writes while another thread swaps the folder: none of them comes out outside."""
    if not opening.RELATIVE:
        pytest.skip("this system cannot open files relative to a folder")
    inside, aside, outside = quick / "ws/db", quick / "ws/aside", quick / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    (outside / "f").write_bytes(b"0")
    workspace = Workspace.at(quick / "ws")
    swaps, stop = 0, threading.Event()

    def swapping():
        nonlocal swaps
        while not stop.is_set():
            with contextlib.suppress(OSError):
                inside.rename(aside)
            with contextlib.suppress(OSError):
                inside.symlink_to(outside)
            if inside.is_symlink():
                inside.unlink()
            else:  # a writer found no folder, and made one
                shutil.rmtree(inside, ignore_errors=True)
            with contextlib.suppress(OSError):
                aside.rename(inside)
            swaps += 1

    thread = threading.Thread(target=swapping)
    thread.start()
    written = refused = 0
    try:
        while written + refused < 1500:
            # Past the look of the workspace, which would refuse most: the writes themselves.
            before = b"" if written + refused == 0 else None
            try:
                before = atomic.read(workspace.root, "db/f")
                atomic.apply(workspace.root, [FileChange("db/f", before, b"%d" % written)])
                written += 1
            except (OSError, atomic.Failed, atomic.Unexpected):
                refused += 1
    finally:
        stop.set()
        thread.join()
    assert [(path.name, path.read_bytes()) for path in outside.iterdir()] == [("f", b"0")]
    assert min(swaps, written, refused) > 0
    assert temporaries(outside) == []


EDITOR = """
import sys
from archnb.errors import WorkspaceError
from archnb.workspace import FileChange, Workspace
root, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
workspace = Workspace.at(root)
print("ready", flush=True)
for number in range(count):
    while True:
        before = workspace.read_bytes("shared")
        after = before + f"{name} {number}\\n".encode()
        try:
            workspace.apply([FileChange("shared", before, after)])
            break
        except WorkspaceError as error:
            assert "changed since it was shown; nothing was written" in str(error), error
"""


def test_f16_two_processes_lose_no_edit_of_one_file(quick):
    (quick / "shared").write_bytes(b"")
    (quick / "ws").mkdir()
    children = [started(EDITOR, quick, name, 500) for name in "ab"]
    for child in children:
        child.communicate(timeout=240)
        assert child.returncode == 0
    lines = (quick / "shared").read_text().splitlines()
    assert sorted(lines) == sorted(f"{name} {number}" for name in "ab" for number in range(500))
    assert [line for line in lines if line[0] == "a"] == [f"a {number}" for number in range(500)]
    assert temporaries(quick) == []


def test_a_folder_that_another_program_holds_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    import fcntl

    (tmp_path / "f").write_bytes(b"1")
    monkeypatch.setattr(opening, "LOCK_TIME", 0.05)
    holder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        with pytest.raises(WorkspaceError, match="another program holds the folder locked"):
            Workspace.at(tmp_path).apply([FileChange("f", b"1", b"2")])
    finally:
        os.close(holder)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("f", b"1")]


def test_what_another_wrote_meanwhile_is_not_undone(tmp_path, monkeypatch):
    """The second file of a change fails; the first was changed once more by somebody else."""
    for name in "ab":
        (tmp_path / name).write_bytes(b"old")
    real, places = os.replace, []

    def replacing(source, target, **where):
        places.append(target)
        if len(places) == 2:
            (tmp_path / "late").write_bytes(b"LATE")
            real(tmp_path / "late", tmp_path / "a")
            raise OSError(5, "broken")
        real(source, target, **where)

    monkeypatch.setattr(os, "replace", replacing)
    with pytest.raises(WorkspaceError, match="these could not be put back: a"):
        Workspace.at(tmp_path).apply(
            [FileChange("a", b"old", b"new"), FileChange("b", b"old", b"new")]
        )
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"LATE", b"old"]


def test_f27_undo_is_never_silent(tmp_path):
    """Refused where the person edited since; and between the card and its answer as well."""
    file = tmp_path / "f"
    file.write_bytes(b"one\n")
    workspace = Workspace.at(tmp_path)
    changes = workspace.apply([FileChange("f", b"one\n", b"two\n")])
    asked = undo.plan(changes, workspace)
    same_times(file, b"TWO\n")
    for step in (
        lambda: undo.plan(changes, workspace),
        lambda: undo.restore(changes, asked, workspace),
    ):
        with pytest.raises(WorkspaceError, match="changed"):
            step()
    assert file.read_bytes() == b"TWO\n"


def attributed(path, name, value):
    """Set an attribute, where the system has them."""
    try:
        os.setxattr(path, name, value)
    except (AttributeError, OSError):
        return False
    return True


# A POSIX access list: owner rw, user 12 r, group r, mask rw, others nothing.
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in (
        (1, 6, 2**32 - 1),
        (2, 4, 12),
        (4, 4, 2**32 - 1),
        (16, 6, 2**32 - 1),
        (32, 0, 2**32 - 1),
    )
)

NAMES = [
    "plain.txt",
    "caf\xe9.txt",
    "cafe\u0301.txt",
    "日本 語.txt",
    "a'b\"c$(x).txt",
    "-rf",
    "😀.md",
]
CONTENTS = [
    b"one\nTWO\nthree\n",
    b"one\r\nTWO\r\nthree\r\n",
    b"one\r\nTWO\nthree\r\n",
    b"one\nTWO\nthree",
    b"\xef\xbb\xbfone\r\nTWO\r\n",
    b"na\xefve\nTWO\n\xe9t\xe9\n",
    b"\x93one\x94\nTWO\n",
    "\ufeffone\r\nTWO\r\n日本\r\n".encode("utf-16-le"),
    b"one\rTWO\rthree\r",
    b"one\x0c\nTWO \t\n\n\n\n",
    "e\u0301 \xe9\nTWO\n".encode(),
]
TOOLS = {
    edit: lambda name: {"filePath": name, "oldString": "TWO", "newString": "2"},
    patch: lambda name: {
        "patchText": f"*** Begin Patch\n*** Update File: {name}\n@@\n-TWO\n+2\n*** End Patch"
    },
}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.TOOL.name)
@pytest.mark.parametrize(
    ("name", "content"),
    [*((name, CONTENTS[0]) for name in NAMES), *(("f.txt", content) for content in CONTENTS[1:])],
)
def test_f30_bytes_outside_the_change_stay(tmp_path, tool, name, content):
    if tool is patch and (b"\rTWO\r" in content or b"TWO \t" in content):
        pytest.skip("a patch speaks of whole lines")
    file = tmp_path / name
    file.write_bytes(content)
    file.chmod(0o751)
    given = TOOLS[tool](name)
    workspace = Workspace.at(tmp_path)
    request = tool.TOOL.request(given, workspace)
    asyncio.run(tool.TOOL.run(given, Context(workspace), request))
    wide = b"\0" if content.startswith(b"\xff\xfe") else b""
    two, digit = (wide.join(bytes([byte]) for byte in word) + wide for word in (b"TWO", b"2"))
    assert file.read_bytes() == content.replace(two, digit)
    assert stat.S_IMODE(file.stat().st_mode) == 0o751
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("tool", "linked"), list(itertools.product([edit, write], [False, True])))
def test_f30_what_hangs_on_the_file_stays(tmp_path, tool, linked):
    """Mode, owner, attributes, access list; and a link stays a link."""
    file = tmp_path / "real"
    file.write_bytes(b"one TWO\n")
    file.chmod(0o640)
    kept = {"user.note": b"kept", "system.posix_acl_access": ACL}
    kept = {name: value for name, value in kept.items() if attributed(file, name, value)}
    if os.geteuid() == 0:
        os.chown(file, 12, 34)
    before = file.stat()
    (tmp_path / "link").symlink_to("real")
    given = {"filePath": "link" if linked else "real"}
    given |= {"content": "one 2\n"} if tool is write else {"oldString": "TWO", "newString": "2"}
    workspace = Workspace.at(tmp_path)
    asyncio.run(tool.TOOL.run(given, Context(workspace), tool.TOOL.request(given, workspace)))
    after = file.stat()
    assert (tmp_path / "link").readlink() == Path("real")
    assert file.read_bytes() == b"one 2\n"
    assert {name: os.getxattr(file, name) for name in kept} == kept
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
