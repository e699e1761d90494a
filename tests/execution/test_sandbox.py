"""Each rung that works here holds against what succeeds without it, and everyday work goes on."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from archnb.errors import ArchnbError
from archnb.execution import sandbox
from archnb.execution.output import Printed
from archnb.execution.process import run
from archnb.execution.sandbox import Sandbox, chosen
from archnb.execution.sandbox.places import look_up, parts, repositories, surroundings
from archnb.execution.supervisor import seccomp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the rungs are Linux's")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
MACHINE = os.uname().machine if hasattr(os, "uname") else ""
PYTHON = sys.executable


@dataclass
class Box:
    """A workspace, a place outside with secrets, and another program that may be attacked."""

    work: Path
    out: Path
    home: Path
    victim: subprocess.Popen
    values: dict
    datagrams: socket.socket

    def run(self, command, rung, access="workspace", timeout=60.0):
        printed = Printed()
        names = " ".join(f"{name}={value}" for name, value in self.values.items())
        line = f"export {names}\n{command}"
        result = asyncio.run(
            run(line, self.work, timeout=timeout, root=self.work, access=access,
                sandbox=rung, printed=printed)
        )  # fmt: skip
        return result, printed.text()

    def state(self):
        """All that can be seen to have changed outside."""
        found = [self.victim.poll()]
        for path in sorted([self.out, *self.out.rglob("*")]):
            seen = path.lstat()
            plain = path.is_file() and not path.is_symlink()
            found.append(
                (str(path), seen.st_mode, seen.st_uid, seen.st_gid, seen.st_nlink,
                 seen.st_size, seen.st_mtime_ns, path.read_bytes() if plain else b"",
                 tuple(os.listxattr(path, follow_symlinks=False)))
            )  # fmt: skip
        return found

    def effect(self, command, rung, access="workspace"):
        before = self.state()
        _, printed = self.run(command, rung, access)
        time.sleep(0.02)  # the signal to another program
        received = b""
        with contextlib.suppress(BlockingIOError):
            received = self.datagrams.recv(10)
        told = "SECRET" in printed or "DONE" in printed
        return self.state() != before or bool(received) or told, printed


@pytest.fixture
def box(tmp_path, monkeypatch):
    work, out, home = (tmp_path / name for name in ("work", "out", "home"))
    for folder in (work, out, home / ".ssh", out / "empty", home / ".config" / "gh"):
        folder.mkdir(parents=True)
    for place in (
        out / "file",
        home / ".ssh" / "id_rsa",
        home / ".npmrc",
        home / ".config/gh/hosts",
    ):
        place.write_text("SECRET\n")
    (home / ".gitconfig").write_text("[user]\nname = a\nemail = a@example.org\n")
    monkeypatch.setenv("HOME", str(home))
    surroundings.cache_clear()
    with contextlib.ExitStack() as stack:
        victim = subprocess.Popen(
            ["sleep", "300"], cwd=out, env={"KEY": "SECRET", "PATH": os.environ["PATH"]}
        )
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        engine = stack.enter_context(socket.socket(socket.AF_UNIX))
        os.chdir(out)  # a socket's path is short
        engine.bind("engine.sock")
        engine.listen()
        os.chdir(work)
        library = ctypes.CDLL(None)
        semaphores, messages = library.semget(0, 1, 0o1600), library.msgget(0, 0o1600)
        stack.callback(library.semctl, semaphores, 0, 0)
        stack.callback(library.msgctl, messages, 0, None)
        queue = library.mq_open(b"/archnb-test", os.O_CREAT | os.O_RDWR, 0o600, None)
        stack.callback(library.mq_unlink, b"/archnb-test")
        stack.callback(os.close, queue)
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0archnb-{os.getpid()}")
        abstract.listen()
        box = Box(work, out, home, victim, {}, udp)
        box.values |= {
            "O": out, "HOME": home, "VICTIM": victim.pid, "PY": PYTHON,
            "TCP": tcp.getsockname()[1], "UDP": udp.getsockname()[1],
            "NAME": f"archnb-{os.getpid()}", "SEMAPHORES": semaphores, "MESSAGES": messages,
        }  # fmt: skip
        yield box
    surroundings.cache_clear()


@pytest.fixture(autouse=True)
def _stay():
    here = Path.cwd()
    yield
    os.chdir(here)


def python(text):
    return f"$PY -I -S -c '{textwrap.dedent(text).strip()}'"


def call(number, *arguments):
    """Ask the kernel, and say DONE where it does not refuse."""
    given = ", ".join(map(str, arguments))
    return python(f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall({number}, {given}) >= 0: print("DONE")
        """)


def number(name):
    return f'int(__import__("os").environ["{name}"])'


NUMBER = seccomp.numbers(MACHINE) if MACHINE in ("x86_64", "aarch64") else {}

ATTEMPTS = {
    "write": "echo x > $O/new",
    "overwrite": "echo x > $O/file",
    "append": "echo x >> $O/file",
    "copy": "echo x > f; cp f $O/new",
    "move out": "echo x > f; mv f $O/new",
    "move in": "mv $O/file here",
    "rename across": python('import os; os.rename(os.environ["O"] + "/file", "here")'),
    "exchange": "echo x > f; " + python("""
        import ctypes, os
        libc = ctypes.CDLL(None)
        libc.renameat2(-100, b"f", -100, (os.environ["O"] + "/file").encode(), 2)
        """),
    "link to a file": "ln -s $O/file l; echo x > l",
    "link to a folder": "ln -s $O l; echo x > l/new",
    "hard link in": "ln $O/file here",
    "hard link read": "ln $O/file here; cat here",
    "hard link out": "echo x > f; ln f $O/new",
    "symbolic link out": "ln -s x $O/new",
    "truncate": "truncate -s 0 $O/file",
    "truncate by path": python('import os; os.truncate(os.environ["O"] + "/file", 0)'),
    "remove": "rm -f $O/file",
    "make a folder": "mkdir $O/new",
    "remove a folder": "rmdir $O/empty",
    "rename outside": "mv $O/file $O/other",
    "make a pipe": "mkfifo $O/new",
    "mode": "chmod 777 $O/file",
    "mode through a link": "ln -s $O/file l; chmod 777 l",
    "mode of a folder": "chmod 700 $O",
    "mode, relative": "chmod 777 ../out/file",
    "mode, from a folder": "cd /; chmod 777 .$O/file",
    "mode through a descriptor": python("""
        import os
        folder = os.open(os.environ["O"], os.O_PATH)
        os.chmod("file", 0o777, dir_fd=folder)
        """),
    "mode through /proc": python("""
        import os
        file = os.open(os.environ["O"] + "/file", os.O_PATH)
        os.chmod(f"/proc/self/fd/{file}", 0o777)
        """),
    "times": "touch -d 2001-01-01 $O/file",
    "times of a link": "ln -s $O/file l; touch -d 2001-01-01 l",
    "times, old call": 'perl -e "utime(1, 1, \\"$O/file\\")"',
    "attribute": python('import os; os.setxattr(os.environ["O"] + "/file", "user.x", b"x")'),
    "read outside": "cat $O/file",
    "read by copying": "cp $O/file f; cat f",
    "read a key": "cat ~/.ssh/id_rsa",
    "read a token": "cat ~/.npmrc ~/.config/gh/hosts",
    "list a home": "ls ~/.ssh | grep -q id_rsa && echo DONE",
    "variables of another": "cat /proc/$VICTIM/environ",
    "variables of who started it": "tr '\\0' '\\n' < /proc/$PPID/environ | grep -q ^PATH= && echo DONE",
    "files through another's root": "cat /proc/$VICTIM/root$O/file",
    "files through another's folder": "cat /proc/$VICTIM/cwd/file",
    "connect": "exec 3<> /dev/tcp/127.0.0.1/$TCP && echo DONE",
    "send a datagram": "echo x > /dev/udp/127.0.0.1/$UDP",
    "a container engine": python("""
        import os, socket
        os.chdir(os.environ["O"])
        socket.socket(socket.AF_UNIX).connect("engine.sock")
        print("DONE")
        """).replace("-S ", ""),
    "an abstract socket": python("""
        import os, socket
        socket.socket(socket.AF_UNIX).connect("\\0" + os.environ["NAME"])
        print("DONE")
        """).replace("-S ", ""),
    "kill": "kill -9 $VICTIM",
    "ask whether it lives": "kill -0 $VICTIM && echo DONE",
    "kill what started it": "kill -0 $PPID && [ $PPID -gt 1 ] && echo DONE",
    "trace": call(NUMBER.get("ptrace"), 0x4206, 'int(__import__("os").environ["VICTIM"])', 0, 0),
    "limits of another": "prlimit --pid $VICTIM --nofile=64:64 && echo DONE",
    "shared memory": call(NUMBER.get("shmget"), 0, 4096, 0o1600),
    "another's semaphores": call(NUMBER.get("semctl"), number("SEMAPHORES"), 0, 0),
    "raise another's semaphore": call(NUMBER.get("semop"), number("SEMAPHORES"), 'b"\\0\\0\\1\\0\\0\\0"', 1),
    "another's messages": call(NUMBER.get("msgctl"), number("MESSAGES"), 0, 0),
    "send another a message": call(NUMBER.get("msgsnd"), number("MESSAGES"), 'b"1" * 9', 1, 0o4000),
    "another's message queue": call(NUMBER.get("mq_unlink"), 'b"archnb-test"'),
    "priority of another": "renice -n 1 -p $VICTIM && echo DONE",
    "processors of another": "taskset -p $(taskset -p $$ | sed s/.*:.//) $VICTIM && echo DONE",
    "scheduling of another": "chrt -b -p 0 $VICTIM && echo DONE",
    "disk priority of another": "ionice -c 2 -n 7 -p $VICTIM && echo DONE",
    "a ring of calls": python("""
        import ctypes
        room = ctypes.create_string_buffer(256)
        if ctypes.CDLL(None).syscall(425, 4, room) >= 0: print("DONE")
        """),
    "a key ring": call(NUMBER.get("keyctl"), 0, -3, 0),
    "a file by its handle": python("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        libc.open_by_handle_at(-1, None, 0)
        print("DONE" if ctypes.get_errno() != 1 else "refused")
        """),
    "new namespaces": "unshare -Ur true && echo DONE",
    "new namespaces by clone": python(f"""
        import ctypes, os
        pid = ctypes.CDLL(None).syscall({NUMBER.get("clone")}, 0x10000011, 0, 0, 0, 0)
        if pid == 0: os._exit(0)
        if pid > 0: print("DONE")
        """),
}  # fmt: skip
AS_ROOT = {
    "owner": "chown 1:1 $O/file",
    "owner of a link": "ln -s x $O/../work/l; chown -h 1:1 $O/empty",
    "mount": "mkdir m; mount -t tmpfs none m && echo DONE; umount m",
    "the machine's settings": "(: >> /proc/sys/kernel/core_pattern) && echo DONE",
    "a device": "mknod device c 1 3 && echo DONE",
    "a set-user-id program": "cp /bin/true t; chmod u+s t && [ -u t ] && echo DONE",
    "a program with capabilities": python("""
        import os, struct
        open("t", "w").close()
        os.setxattr("t", "security.capability", struct.pack("<IIIII", 0x02000000, 1, 0, 0, 0))
        print("DONE")
        """),
    "another's password": "head -c 4 /etc/shadow > f; [ -s f ] && echo DONE",
    "another user": "setpriv --reuid=65534 --clear-groups true && echo DONE",
    "the machine's name": "hostname $(hostname) && echo DONE",
    "another root": "chroot / true && echo DONE",
}
# bubblewrap gives a command its own; there it reaches nobody.
OWN = {"bwrap": {"shared memory", "kill what started it", "variables of who started it"}}
ALL = ATTEMPTS | (AS_ROOT if ROOT else {})


@pytest.mark.parametrize("name", ALL)
def test_an_attempt_has_an_effect_without_a_sandbox(box, name):
    happened, printed = box.effect(ALL[name], Sandbox("none"))
    if not happened and name in ("a ring of calls", "attribute", "new namespaces", "a key ring", "the machine's settings",
                                 "new namespaces by clone"):  # fmt: skip
        pytest.skip(f"this machine does not offer it: {printed}")
    assert happened, printed


@pytest.mark.parametrize("name", ALL)
def test_a_rung_holds(box, rung, name):
    if name in OWN.get(rung.rung, ()):
        pytest.skip("its own, not another's")
    happened, printed = box.effect(ALL[name], rung)
    assert not happened, printed


LOCAL = {"connect", "send a datagram"}


@pytest.mark.parametrize("name", [name for name in ALL if name not in LOCAL])
def test_a_rung_holds_with_the_network_on(box, rung, name):
    if name in OWN.get(rung.rung, ()):
        pytest.skip("its own, not another's")
    happened, printed = box.effect(ALL[name], rung, "network")
    assert not happened, printed


@pytest.mark.parametrize("name", sorted(LOCAL))
def test_with_the_network_on_it_is_on(box, rung, name):
    happened, printed = box.effect(ALL[name], rung, "network")
    assert happened, printed


def test_full_access_is_bound_by_nothing(box, rung):
    happened, _ = box.effect("echo x > $O/new; cat ~/.npmrc", rung, "full")
    assert happened


FOREIGN = """
#include <stdio.h>
int main(void) { long given; __asm__ volatile("int $0x80" : "=a"(given) : "a"(20L) : "memory");
  if (given > 0) puts("DONE"); return 0; }
"""


@pytest.mark.skipif(MACHINE != "x86_64" or not shutil.which("gcc"), reason="needs gcc on x86-64")
def test_calls_of_another_architecture_are_refused(box, rung):
    (box.work / "foreign.c").write_text(FOREIGN)
    line = "gcc -o foreign foreign.c && ./foreign"
    if "DONE" not in box.run(line, Sandbox("none"))[1]:
        pytest.skip("this kernel has none")
    result, printed = box.run(line, rung)
    assert (result.code, printed) == (0, "")


EVERYDAY = [
    ("bash", "cat <<< a; cat <(echo b); echo c | tee d; x=$(mktemp) && echo e > $x && cat $x", "a\nb\nc\ne"),
    ("bash", "echo $(( $(ulimit -c) )); cat /dev/null; head -c 3 /dev/urandom | wc -c", "0\n3"),
    ("bash", "mkdir -p a/b && touch a/b/f && mv a c && rm -r c && ls", ""),
    ("bash", "echo x > f && ln -s f l && ln f h && chmod +x f && chmod g-w l && stat -c %A f", "-rwxr-xr-x"),
    ("bash", "echo x > f && touch -d 2001-01-01 f && cp -p f g && touch -r f -h g && stat -c %y g", "2001-01-01"),
    ("bash", "echo x > f && chmod --reference=f f && chmod -R u+rwX . && chown $(id -u) f && echo fine", "fine"),
    ("tar", "mkdir t && date > t/f && tar czf t.tgz t && rm -r t && tar xpzf t.tgz && chmod 600 /proc/self/cwd/t/f && ls t", "f"),
    ("sed", "echo a > f && sed -i s/a/b/ f && cat f", "b"),
    ("git", "git init -q . && git add -A && git commit -qm x --allow-empty && git log --format=%s && git status --short", "x"),
    ("npm", "npm --version && echo '{\"scripts\":{\"test\":\"echo tested\"}}' > package.json && npm test && npm ls", "tested"),
    ("node", "node -e 'console.log(require(\"os\").cpus().length > 0)'", "true"),
    ("make", "printf 'all:\\n\\techo made\\n' > Makefile && make", "made"),
    ("gcc", "echo 'int puts(const char*); int main() { return puts(\"ran\") < 0; }' > a.c && gcc a.c && ./a.out", "ran"),
    ("perl", "perl -e 'print 6 * 7'", "42"),
    ("bash", "$PY -m pip list --disable-pip-version-check | head -1", "Package"),
    ("bash", "echo 'def test(tmp_path): (tmp_path / \"f\").touch()' > test_a.py; $PY -m pytest -q -p no:cacheprovider test_a.py", "1 passed"),
    ("bash", "$PY -c 'import subprocess; print(subprocess.run([\"echo\", \"sub\"], capture_output=True, text=True).stdout)'", "sub"),
    ("bash", "$PY -c 'import threading; t = threading.Thread(target=print, args=(\"thread\",)); t.start(); t.join()'", "thread"),
    ("bash", "$PY -c 'import os; os.setxattr(\"/dev/null\" if 0 else \".\", \"user.a\", b\"1\"); print(os.getxattr(\".\", \"user.a\"))'", "b'1'"),
    ("bash", "$PY -c 'import os; open(\"f\",\"w\").close(); os.utime(\"f\", ns=(1, 2)); os.utime(\"f\"); print(os.stat(\"f\").st_mtime > 9)'", "True"),
    ("bash", "$PY -c 'import os; f = os.open(\"f\", os.O_CREAT | os.O_RDWR); os.fchmod(f, 0o640); os.fchown(f, -1, -1); print(oct(os.fstat(f).st_mode))'", "0o100640"),
    ("bash", "sleep 0.1 & wait $! && kill -0 $$ && (kill -TERM $BASHPID); echo $?", "143"),
    ("ionice", "nice -n 5 true && ionice -c 3 taskset $(taskset -p $$ | sed s/.*:.//) chrt -b 0 echo fine", "fine"),
    ("bash", "mkfifo p && (echo through > p &) && cat p", "through"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "line", "expected"), EVERYDAY)
def test_everyday_work_goes_on(box, rung, program, line, expected):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    result, printed = box.run(f"umask 022; {line}", rung)
    if result.code and box.run(f"umask 022; {line}", Sandbox("none"))[0].code:
        pytest.skip(f"it does not work without a sandbox either: {printed}")
    assert result.code == 0, printed
    assert expected in printed


def test_what_is_missing_or_wrong_is_said_as_without_a_sandbox(box, rung):
    line = (
        "chmod 600 missing; chmod 600 ''; touch -d 2001-01-01 missing/x; "
        + python("import os; os.chmod(9, 0o600)")
        + "; ln -s loop loop; chmod 600 loop; chmod 600 $(printf 'a%.0s' {1..300})"
    )
    with_none = box.run(f"rm -f loop; {line} 2>&1 | tail -1", Sandbox("none"))[1]
    assert box.run(f"rm -f loop; {line} 2>&1 | tail -1", rung)[1] == with_none


GUARDED = [
    "echo x >> .git/config",
    "echo x > .git/hooks/pre-commit",
    "rm -rf .git/hooks",
    "mv .git other && cp -r other .git && echo x >> .git/config",
    "git config core.pager x",
    "echo x >> sub/.git/config",
]


@pytest.mark.parametrize("line", GUARDED)
def test_bubblewrap_keeps_what_decides_what_git_runs(box, proven, line):
    if not proven["bwrap"].limits():
        pytest.skip("bwrap does not hold on this machine")
    box.run("git init -q . && git init -q sub", Sandbox("none"))

    def kept():
        places = [box.work / name for name in (".git/config", "sub/.git/config")]
        hooks = sorted(path.name for path in (box.work / ".git/hooks").iterdir())
        return [place.read_text() for place in places], hooks

    before = kept()
    box.run(line, proven["bwrap"])
    assert kept() == before
    box.run(line, Sandbox("none"))
    assert (box.work / ".git/hooks").exists() is False or kept() != before


def test_links_in_a_workspace_neither_open_nor_break_it(box, rung):
    (box.out / ".git").mkdir()
    (box.out / ".git" / "config").touch()
    (box.work / "sub").symlink_to(box.out)
    (box.work / "own").mkdir()
    (box.work / "own" / ".git").symlink_to(box.out / ".git")
    (box.work / ".git").mkdir()
    (box.work / ".git" / "config").symlink_to(box.home / ".npmrc")
    for line in (
        "echo x > sub/.git/config",
        "echo x > own/.git/config",
        "cat .git/config",
        "echo ok > f",
    ):
        happened, printed = box.effect(line, rung)
        assert not happened, printed
    assert (box.work / "f").read_text() == "ok\n"


def test_a_work_tree_sees_its_repository(box, rung):
    made = "git init -q $O/r && cd $O/r && git commit -qm first --allow-empty && git worktree add -q $OLDPWD/tree"
    assert box.run(made, Sandbox("none"))[0].code == 0
    printed = Printed()
    tree = box.work / "tree"
    asyncio.run(
        run("git log --format=%s", tree, timeout=60, root=tree, sandbox=rung, printed=printed)
    )
    assert printed.text() == "first\n"


def test_a_workspace_below_the_top_of_its_repository_sees_it_and_writes_nothing_beside(box, rung):
    made = "git init -q . && mkdir sub && git commit -qm first --allow-empty"
    assert box.run(made, Sandbox("none"))[0].code == 0
    below, printed = box.work / "sub", Printed()
    line = "git log --format=%s; echo x 2> /dev/null > ../beside || echo refused"
    asyncio.run(run(line, below, timeout=60, root=below, sandbox=rung, printed=printed))
    assert printed.text().split() == ["first", "refused"]
    assert not (box.work / "beside").exists()


def test_a_submodule_sees_its_repository(box, rung):
    made = (
        "git init -q $O/r && git -C $O/r commit -qm first --allow-empty && git init -q . &&"
        " git -c protocol.file.allow=always submodule --quiet add $O/r sub"
    )
    assert box.run(made, Sandbox("none"))[0].code == 0
    printed = Printed()
    line = "git log --format=%s && git status --short && cat ../.git/config"
    asyncio.run(run(line, box.work / "sub", timeout=60, sandbox=rung, printed=printed))
    assert printed.text().startswith("first\n")
    assert "[core]" not in printed.text()


@pytest.mark.parametrize(
    "line",
    [
        "echo gitdir: ~/.ssh/id_rsa > .git",
        "echo gitdir: ~ > .git",
        "mkdir ~/.git && echo gitdir: ~/.git > .git",
        "git init -q ~ && echo gitdir: ~/.git > .git",
        (
            "git init -q ~ && mkdir $O/w && echo gitdir: $O/w > .git && echo ~/.git > $O/w/commondir"
            " && touch $O/w/HEAD"
        ),
        "git init -q ~ && ln -s ~/.git .git",
        "mkdir ~/.git .git && echo ~/.git > .git/commondir",
        "git init -q ~ && git -C ~ commit -qm x --allow-empty && git -C ~ worktree add -q $O/w && cp $O/w/.git .",
        "git init -q ~ && git -C ~ config core.worktree $O && echo gitdir: ~/.git > .git",
    ],
)
def test_a_git_entry_of_the_workspace_opens_no_other_folder(box, line):
    assert box.run(line, Sandbox("none"))[0].code == 0
    assert os.path.lexists(box.work / ".git")
    assert repositories(box.work) == ()


def test_places_hold_no_home_and_no_keys(box):
    for folder in (
        "bin",
        ".cargo/bin",
        ".aws/bin",
        ".local/bin",
        ".local/share/app/bin",
        ".local/share/app/lib",
    ):
        (box.home / folder).mkdir(parents=True)
    (box.home / ".local/bin/tool").symlink_to(box.home / ".local/share/app/bin/tool")
    names = [".", "bin", ".cargo/bin", ".aws/bin", ".local/bin"]
    search = os.pathsep.join(["relative", "/", *(str(box.home / name) for name in names)])
    seen = look_up({"PATH": search, "ARCHNB_SANDBOX_READ": f"{box.out}{os.pathsep}"}).read
    inside = {str(path.relative_to(box.home)) for path in seen if path.is_relative_to(box.home)}
    assert inside == {
        ".gitconfig",
        "bin",
        ".cargo/bin",
        ".local/bin",
        ".local/share/app/bin",
        ".local/share/app/lib",
    }
    assert box.out in seen
    assert not {box.home, *box.home.parents} & set(seen)


def test_links_on_the_path_show_programs_and_no_more(box):
    own, tools, data = box.work / "bin", box.home / "tools", box.out / "data"
    for folder in (own, box.out / "bin", tools, data / "bin"):
        folder.mkdir(parents=True)
    (tools / "a").touch()
    (own / "planted").symlink_to(data / "bin" / "b")
    (box.out / "bin" / "a").symlink_to(tools / "a")
    (box.out / "bin" / "state").symlink_to("/var/log/x")
    (box.out / "bin" / "services").symlink_to("/run/bin/x")
    search = f"{own}{os.pathsep}{box.out / 'bin'}"
    followed = look_up({"PATH": search}).read
    assert tools / "a" in followed
    assert data / "bin" in followed
    assert not {tools, data, Path("/var/log"), Path("/run"), Path("/run/bin")} & set(followed)
    assert data / "bin" not in look_up({"PATH": search}, box.work).read


def test_parts_leave_out_what_is_hidden(tmp_path):
    for name in ("a/b", "a/c/d", "e"):
        (tmp_path / name).mkdir(parents=True)
    whole, listed = parts(tmp_path, [tmp_path / "a/c/d", tmp_path / "elsewhere"])
    assert [path.relative_to(tmp_path).as_posix() for path in whole] == ["a/b", "e"]
    assert [path.relative_to(tmp_path).as_posix() for path in listed] == [".", "a", "a/c"]


@pytest.mark.parametrize("choice", ["off", " None "])
def test_a_person_can_choose_none(choice):
    assert chosen(choice) == Sandbox("none")


@pytest.mark.parametrize("choice", ["bwrap", "landlock", " Landlock "])
def test_a_chosen_rung_is_that_or_nothing_runs(choice):
    held = chosen(choice)
    assert held.rung == choice.strip().lower() if held.limits() else held.fault


def test_a_misspelt_choice_runs_nothing_and_says_so(tmp_path):
    wrong = chosen("bubblewarp")
    assert wrong.label("workspace", tmp_path).startswith("no command runs: ARCHNB_SANDBOX is 'bub")
    for access in ("workspace", "full"):
        with pytest.raises(ArchnbError, match="No command runs"):
            asyncio.run(run("true", tmp_path, timeout=9, sandbox=wrong, access=access))


def test_a_rung_whose_core_does_not_hold_is_not_used(monkeypatch, proven):
    """The test is real: the same rung without its rules is found out."""
    for rung, held in proven.items():
        if not held.limits():
            continue
        for instead in ("exit 126", ""):
            with monkeypatch.context() as patch:
                free = lambda _, line, *rest, instead=instead: ["bash", "-c", instead or line]  # noqa: E731
                patch.setattr(Sandbox, "argv", free)
                found = chosen(rung)
            assert not found.limits()
            assert f"ARCHNB_SANDBOX={rung}" in found.fault


def test_the_label_says_what_holds(tmp_path, monkeypatch):
    home = tmp_path / "users" / "home"
    monkeypatch.setenv("HOME", str(home))
    held = Sandbox("landlock", ("home hidden",))
    assert (
        held.label("workspace", tmp_path / "work")
        == "sandboxed: writes limited to the workspace, home hidden, network off"
    )
    assert (
        held.label("workspace", home.parent)
        == "sandboxed: writes limited to the workspace, network off"
    )
    assert held.label("network").endswith("network on")
    assert held.label("full") == Sandbox("none").label("workspace") == "not sandboxed: only asks"
    assert sandbox.current() is sandbox.current()


def test_numbers_are_the_kernels():
    places = {"x86_64": ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"],
              "aarch64": ["/usr/include/asm-generic/unistd.h"]}  # fmt: skip
    compared = 0
    for machine, headers in places.items():
        text = "\n".join(Path(header).read_text() for header in headers if Path(header).exists())
        known = {}
        for line in text.splitlines():
            words = line.split()
            if len(words) == 3 and words[0] == "#define" and words[2].isdecimal():
                known[words[1].removeprefix("__NR_").removeprefix("__NR3264_")] = int(words[2])
        for name, number in seccomp.numbers(machine).items():
            if name in known:
                compared += 1
                assert known[name] == number, (machine, name)
        assert not known or not set(known) & set(seccomp._NEVER + seccomp.ASKED) - set(
            seccomp.numbers(machine)
        )
    if not compared:
        pytest.skip("the kernel's headers are not installed")


@pytest.mark.parametrize("name", ["none", "landlock", "bwrap"])
@pytest.mark.parametrize(
    "survivor", ["setsid env -i sleep 300 &", "env -i nohup setsid setsid sleep 300 > /dev/null &"]
)
def test_a_killed_kernel_takes_the_command_along(box, proven, name, survivor):
    if name != "none" and not proven[name].limits():
        pytest.skip(f"{name} does not hold on this machine")
    program = f"""
import asyncio
from pathlib import Path
from archnb.execution.process import run
from archnb.execution.sandbox import Sandbox
place = Path({str(box.work)!r})
asyncio.run(run("exec 9> held; {survivor} sleep 300", place, timeout=300, sandbox=Sandbox({name!r})))
"""
    kernel = subprocess.Popen([PYTHON, "-c", program])
    held = box.work / "held"
    wait(lambda: len(holding(held)) >= 2)
    kernel.send_signal(signal.SIGKILL)
    kernel.wait()
    wait(lambda: not holding(held))


def holding(path):
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/9"):
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                found.append(link.parts[2])
    return found


def wait(done):
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


HARD = {
    "ignores the signal": "trap '' TERM INT HUP; while :; do sleep 0.2; done",
    "floods": "yes | head -c 1000000000; sleep 300",
    "forks": "for i in {1..100}; do setsid sleep 300 & done; wait",
    "multiplies": "f() { [ $1 = 0 ] || { f $(($1 - 1)) & f $(($1 - 1)) & }; sleep 300; }; f 6",
    "is another each time": "hop() { sleep 0.02; hop & }; for i in {1..20}; do hop & done; sleep 300",
    "closes its output": "exec >&- 2>&-; sleep 300",
    "waits for input": "cat; read -r x; sleep 300",
    "asks the terminal": "read -r x < /dev/tty; (exec < /dev/tty) && echo tty; sleep 300",
    "stops itself": "sleep 300 & kill -STOP $$",
    "stops its supervisor": "setsid env -i sleep 300 & kill -STOP $PPID; sleep 300",
    "stops it again and again": "while :; do kill -STOP $PPID; done",
    "kills its supervisor": "setsid sleep 300 & kill -9 $PPID; sleep 300",
}


@pytest.mark.parametrize("name", ["none", "landlock", "bwrap"])
@pytest.mark.parametrize("kind", HARD)
def test_a_command_that_will_not_end_is_ended(box, proven, name, kind):
    if name != "none" and not proven[name].limits():
        pytest.skip(f"{name} does not hold on this machine")
    rung = Sandbox("none") if name == "none" else proven[name]
    before = resident()
    result, _ = box.run(f"exec 9> held; {HARD[kind]}", rung, timeout=1.5)
    assert result.timed_out or result.code
    wait(lambda: not holding(box.work / "held"))
    assert resident() - before < 200_000_000


def test_too_many_processes_are_ended(box):
    line = "exec 9> held; for i in {1..1200}; do sleep 300 & done; wait"
    result, printed = box.run(line, Sandbox("none"), timeout=60)
    assert result.timed_out or "too many processes" in printed
    assert result.code != 0
    wait(lambda: not holding(box.work / "held"))


def resident():
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
