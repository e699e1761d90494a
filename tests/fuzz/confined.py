"""Real bash and real programs behind bubblewrap: no network, no home, nothing but what is given."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from archnb.execution.environment import clean_environment

SECRET = "canary-text-8731"  # stands outside the workspace, and in its files of keys
# Programs that are run for real; every other name is a canary that writes down that it ran.
REAL = (
    "git sort find sed tar gzip bzip2 xz grep jq uniq cut head tail wc ls cat tac diff stat tr nl comm"
    " join paste cmp base64 od file date seq basename dirname du readlink realpath fold rev column"
    " md5sum sha256sum tsort expand fmt cksum unzip xxd hexdump strings id uname tree rg df"
).split()
_CANARIES = (
    "sh less more pager vi vim editor nano gpg gpgv ssh perl python python3 zcat curl"
    " wget rsync sendmail man canary evil.sh env xargs rm cp mv touch tee chmod awk node npm make"
).split()


def available() -> bool:
    """Whether bubblewrap works here."""
    if not shutil.which("bwrap") or not shutil.which("bash"):
        return False
    done = subprocess.run([*_walls(), "/b/bash", "-c", ":"], capture_output=True, check=False)
    return done.returncode == 0


@cache
def _walls() -> tuple[str, ...]:
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for folder in ("/usr/lib", "/usr/lib64", "/lib", "/lib64"):
        words += ["--ro-bind-try", folder, folder]
    words += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    return (*words, "--ro-bind", os.path.realpath(shutil.which("bash") or ""), "/b/bash")


@dataclass(slots=True)
class Seen:
    """What bash made of a line: ``runs`` by the exit status that every program gave."""

    fault: str = ""  # what `bash -n` says
    runs: list[list[tuple[str, ...]]] = field(default_factory=list)
    spread: list[tuple[str, ...]] | None = None  # with patterns expanded, among hostile names
    made: bool = False


# Every builtin is a function here, PATH is empty, and what is not found is written down.
_RECORDER = r"""
builtin mapfile -t builtins < <(builtin compgen -b)
note() { builtin printf '%s\0' "$#" "$@" >>/log/seen; builtin return "$status"; }
mark() { builtin printf '%s\0' "$@" >>/log/seen; }
command_not_found_handle() { note "$@"; }
for one in "${builtins[@]}"; do
  [[ $one == builtin || $one == return ]] || builtin eval "function $one { note '$one' \"\$@\"; }"
done
names() { builtin cd /w; builtin set +f; found=(* .[!.]*); }
names; before=${found[*]}
while IFS= builtin read -r -d '' -u 8 how && IFS= builtin read -r -d '' -u 8 line; do
  /b/bash --noprofile --norc -n -c "$line" </dev/null >/dev/null 2>/log/fault
  [[ $? == 0 && ! -s /log/fault ]] && mark L || mark L! "$(</log/fault)"
  status=0
  mark S; (builtin set -f; builtin eval "$line") 8<&- </dev/null >/dev/null 2>&1
  if [[ $how == *1* ]]; then
    status=1
    mark S; (builtin set -f; builtin eval "$line") 8<&- </dev/null >/dev/null 2>&1
    status=0
  fi
  [[ $how == *g* ]] && { mark G; (builtin cd /g; builtin eval "$line") 8<&- </dev/null >/dev/null 2>&1; }
  names; [[ ${found[*]} == "$before" ]] || { mark M; before=${found[*]}; }
done 8</log/lines
mark end
"""
_HOSTILE_NAMES = (
    "-rf --output=made -o --exec=x -exec --pre=canary -delete -i --compress-program=canary a.txt b.sql"
    " c.py x.md src/a.py src/-x.py"
).split()


def recorded(lines: Sequence[str]) -> list[Seen]:
    """Each line by real bash among recorders; ``lines`` hold no NUL."""
    with tempfile.TemporaryDirectory() as name:
        log, work, globs = (Path(name, part) for part in ("log", "w", "g"))
        log.mkdir()
        _fill(work)
        for one in _HOSTILE_NAMES:
            path = globs / one
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        flags = ["1" * ("||" in line) + "g" * any(c in line for c in "*?[{~") for line in lines]
        given = "".join(f"{flag or '-'}\0{line}\0" for flag, line in zip(flags, lines, strict=True))
        (log / "lines").write_bytes(given.encode("utf-8", "surrogateescape"))
        (log / "driver").write_text(_RECORDER)
        _run(["--bind", str(log), "/log", "--bind", str(work), "/w", "--ro-bind", str(globs), "/g",
              "--chdir", "/w"], {"PATH": "/nowhere", "HOME": "/home/u"}, "/log/driver")  # fmt: skip
        fields = (log / "seen").read_bytes().decode("utf-8", "surrogateescape").split("\0")
    return _read(fields, len(lines))


def _read(fields: Sequence[str], count: int) -> list[Seen]:
    seen: list[Seen] = []
    into: list[tuple[str, ...]] = []
    rest = iter(fields)
    for mark in rest:
        match mark:
            case "L" | "L!":
                seen.append(Seen(fault=next(rest) if mark == "L!" else ""))
            case "S":
                into = []
                seen[-1].runs.append(into)
            case "G":
                into = seen[-1].spread = []
            case "M":
                seen[-1].made = True
            case "end":
                break
            case _:
                into.append(tuple(next(rest) for _ in range(int(mark))))
    if len(seen) != count:
        raise RuntimeError(f"bash stopped after {len(seen)} of {count} lines")
    return seen


_RUNNER = r"""
while IFS= builtin read -r -d '' -u 8 line; do
  builtin printf '\0' >>/log/out; builtin printf '\0' >>/log/ran
  (ulimit -t 2; builtin cd /w; builtin eval "$line") 8<&- </dev/null >>/log/out 2>&1
done 8</log/lines
builtin printf '\0end' >>/log/out
"""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a batch of lines did: per line the output and the canaries that ran; files changed."""

    output: list[str]
    ran: list[str]
    changed: list[str]


@cache
def _bound() -> tuple[str, ...]:
    """The real programs and the canaries in their places."""
    words: list[str] = []
    for name in REAL:
        if path := shutil.which(name):
            words += ["--ro-bind", os.path.realpath(path), f"/usr/bin/{name}"]
    for name in _CANARIES:
        words += ["--ro-bind", "{canary}", f"/usr/bin/{name}"]
    return (*words, "--ro-bind", "{canary}", "/bin/sh", "--ro-bind-try", "/usr/share/misc",
            "/usr/share/misc", "--ro-bind-try", "/usr/share/git-core", "/usr/share/git-core")  # fmt: skip


def carried_out(lines: Sequence[str], template: Path) -> Effects:
    """Run ``lines`` for real in a fresh copy of ``template``; the caller looks for the guilty one."""
    with tempfile.TemporaryDirectory() as name:
        log, work, outside = (Path(name, part) for part in ("log", "w", "outside"))
        log.mkdir()
        outside.mkdir()
        (outside / "secret.txt").write_text(SECRET)
        canary = Path(name, "canary")
        canary.write_text('#!/b/bash\nbuiltin printf "%s " "$0" "$@" >>/log/ran\nexit 1\n')
        canary.chmod(0o755)
        shutil.copytree(template, work, symlinks=True)
        before = _state(work)
        (log / "lines").write_bytes("".join(f"{line}\0" for line in lines).encode())
        (log / "driver").write_text(_RUNNER)
        bound = [word.replace("{canary}", str(canary)) for word in _bound()]
        places = ["--bind", str(log), "/log", "--bind", str(work), "/w", "--chdir", "/w"]
        places += ["--ro-bind", str(outside), "/outside", "--ro-bind", str(outside / "secret.txt")]
        places += ["/etc/passwd", "--ro-bind", str(outside), "/home/u/.ssh"]
        environment = clean_environment(
            {"PATH": "/usr/bin:/bin", "HOME": "/home/u", "LANG": "C.UTF-8"}
        )
        _run([*bound, *places], environment, "/log/driver")
        output = (log / "out").read_bytes().decode("utf-8", "replace")
        ran = (log / "ran").read_bytes().decode("utf-8", "replace").split("\0")[1:]
        after = _state(work)
    # Some programs print NUL themselves (`ls --zero`), so output is told apart only in a small batch.
    changed = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    return Effects(output.split("\0"), ran, changed)


def _run(words: Sequence[str], environment: Mapping[str, str], driver: str) -> None:
    given = [word for name, value in environment.items() for word in ("--setenv", name, value)]
    command = [*_walls(), *given, *words, "/b/bash", "--noprofile", "--norc", driver]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-2000:])


def _state(folder: Path) -> dict[str, tuple[int, bytes]]:
    found = {}
    for path in folder.rglob("*"):
        content = (
            os.fsencode(path.readlink())
            if path.is_symlink()
            else b""
            if path.is_dir()
            else path.read_bytes()
        )
        found[str(path.relative_to(folder))] = (path.lstat().st_mode, content)
    return found


def _fill(folder: Path) -> None:
    """A workspace with the files that the seeds name."""
    texts = {
        "a.txt": "b 2\na 1\n", "b.txt": "a 1\nc 3\n", "a.csv": "x,y\n1,2\n", "counts.txt": "3 a\n1 b\n", "a b.md": "# A\n",
        "a.json": '[{"a": 1}]', "b.json": "{}", "schema.sql": "CREATE TABLE t (id int);\n", "a.sql": "a\n", "b.sql": "b\n",
        "README.md": "# R\n", "requirements.txt": "# c\nflask\n", "openapi.yaml": "paths: {}\n", "src/app.py": "def foo():\n    pass\n",
        "src/b.py": "x y\n", "docs/a.md": "# D\n", "docs/ADR 001.md": "# 1\n", "db/schema.sql": "t\n", "old/x": "1\n", "new/x": "2\n",
        "tests/test_a.py": "pass\n", "evil.sh": "#!/bin/sh\ncanary\n", "canary": "#!/bin/sh\ncanary\n",
    }  # fmt: skip
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in ("evil.sh", "canary"):
        (folder / name).chmod(0o755)


def repository(folder: Path) -> Path:
    """A git repository with two commits, archives, secrets, and links that lead outside."""
    _fill(folder)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    environment |= {
        f"GIT_{who}_{what}": "t@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    archived = [["tar", "cf", "a.tar", "src"], ["tar", "czf", "a.tgz", "src"]]
    commands = [
        *archived,
        ["git", "init", "-q"],
        ["git", "add", "."],
        ["git", "commit", "-qm", "one"],
    ]
    for command in commands:
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    (folder / "src/app.py").write_text("def foo():\n    return 1\n")
    for command in (["git", "commit", "-qam", "two"], ["git", "tag", "v1"], ["git", "gc", "-q"]):
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    (folder / "a.txt").write_text("changed\n")
    for name in (".env", "id_rsa", "x.pem"):
        (folder / name).write_text(SECRET)
    (folder / "link").symlink_to("/outside")
    (folder / "linked.txt").symlink_to("/outside/secret.txt")
    return folder
