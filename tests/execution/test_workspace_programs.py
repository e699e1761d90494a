"""Nothing that archnb starts comes from where a command can write: Python, bash, git, bwrap."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

import archnb
from archnb import programs
from archnb.execution import git, process
from archnb.execution.output import Printed
from archnb.execution.sandbox import Sandbox, chosen, confinement

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the rungs are Linux's")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def output(line, folder, rung, root=None, access="workspace"):
    printed = Printed()
    asyncio.run(
        process.run(
            line, folder, timeout=60, root=root, access=access, sandbox=rung, printed=printed
        )
    )
    return printed.text()


def plant(folder, *names, says="PLANTED"):
    """Programs that say that they were run, and leave a trace."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\necho {says}\necho x >> {folder}/ran\n")
        (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    "search", ["{work}/bin", "{out}/link", "{out}/links", "bin", "", "{work}/../work/bin"]
)
def test_a_program_of_the_workspace_is_passed_over(tmp_path, monkeypatch, search):
    work, out = tmp_path / "work", tmp_path / "out"
    plant(work / "bin", "git", "bash", "bwrap", "only")
    (out / "links").mkdir(parents=True)
    (out / "link").symlink_to(work / "bin")
    for name in ("git", "bash", "bwrap", "only"):
        (out / "links" / name).symlink_to(work / "bin" / name)
    monkeypatch.chdir(out)
    real = {name: programs.find(name, work) for name in ("git", "bash", "bwrap")}
    monkeypatch.setenv("PATH", search.format(work=work, out=out) + f":{os.environ['PATH']}")
    monkeypatch.chdir(work)
    assert {name: programs.find(name, work) for name in real} == real
    assert programs.find("only", work) is None
    assert str(work) not in programs.search_path(work)


def test_the_current_folder_is_no_place_for_programs_but_a_home_is(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    plant(tmp_path / "bin", "only")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    assert programs.find("only") == str(tmp_path / "bin" / "only")
    assert programs.find("only", Path("/")) is None
    monkeypatch.setenv("HOME", "/nonexistent")
    assert programs.find("only") is None


def test_a_planted_git_or_bash_is_not_run(tmp_path, monkeypatch, rung):
    work = tmp_path / "work"
    (work / "sub").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", work], check=True)
    plant(work / "bin", "git", "bash", "bwrap")
    monkeypatch.setenv("PATH", f"{work / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    assert git.danger(work / "sub", below=True, root=work) == ""
    assert git.danger(work, below=True) == ""
    for access in ("workspace", "full"):
        assert output("echo fine", work / "sub", rung, work, access) == "fine\n"
    assert not (work / "bin" / "ran").exists()


def test_where_git_is_the_projects_only_reading_with_it_asks(tmp_path, monkeypatch):
    plant(tmp_path / "bin", "git")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert "git here" in git.danger(tmp_path, below=True)


KERNEL = """
import asyncio, os, sys
from pathlib import Path
import archnb
from archnb.execution import process, sandbox
from archnb.execution.output import Printed
assert Path(archnb.__file__).is_relative_to(os.getcwd())
for line in sys.argv[1:]:
    printed = Printed()
    asyncio.run(process.run(line, Path.cwd(), timeout=60, printed=printed))
    print(printed.text())
print(sandbox.current().rung, sandbox.current().label("workspace", Path.cwd()))
"""
ENVIRONMENT = Path("envs/project")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A workspace with the environment of the kernel in it, and archnb installed there."""
    work = tmp_path_factory.mktemp("project")
    environment = work / ENVIRONMENT
    made = [sys.executable, "-m", "venv", "--without-pip", "--symlinks", environment]
    subprocess.run(made, check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(archnb.__file__).parent, packages / "archnb", ignore=ignored)
    # What archnb itself needs.
    (packages / "rest.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n")
    return work


REPLACED = {
    "the interpreter": "rm -f {bin}/python; cp {script} {bin}/python",
    "its folder": "mv {environment} old; mkdir -p {bin}; cp {script} {bin}/python",
    "the folder above": "mv envs old; mkdir -p {bin}; cp {script} {bin}/python",
    "the supervisor": "for f in {environment}/lib/*/site-packages/archnb/execution/supervisor/*.py;"
    ' do echo \'open("{trace}", "w")\' > $f; rm -rf $(dirname $f)/__pycache__; done',
}


@pytest.mark.parametrize("what", REPLACED)
def test_a_command_cannot_change_what_confines_the_next(project, tmp_path, rung, what):
    work, trace = tmp_path / "work", tmp_path / "trace"
    shutil.copytree(project, work, symlinks=True)
    (work / "script").write_text(f"#!/bin/sh\necho x > {trace}\n")
    (work / "script").chmod(0o755)
    line = REPLACED[what].format(
        bin=ENVIRONMENT / "bin", environment=ENVIRONMENT, script="script", trace=trace
    )
    python = work / ENVIRONMENT / "bin" / "python"
    done = subprocess.run(
        [python, "-c", KERNEL, line, "echo fine"],
        cwd=work, env=os.environ | {"ARCHNB_SANDBOX": rung.rung},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "fine\n" in done.stdout, done.stderr
    assert not trace.exists()
    last = done.stdout.splitlines()[-1]
    assert last.startswith(rung.rung)
    if rung.rung == "bwrap":
        assert python.read_bytes() == Path(sys.executable).read_bytes()
    else:
        assert "where this kernel's Python lies" in last


def test_a_rung_is_none_where_the_supervisors_python_lies_in_the_workspace():
    base = Path(confinement.interpreter())
    for root in (base.parent, base.parent.parent):
        none = Sandbox("landlock").within(root)
        assert none.rung == "none"
        assert (
            none.label("workspace") == "not sandboxed: this kernel's Python lies in the workspace"
        )
    assert Sandbox("landlock").within(Path("/")).rung == "none"
    assert Sandbox("bwrap").within(Path("/")).rung == "none"


@contextlib.contextmanager
def ordinary():
    """A folder of a user whom modes bind; root becomes one meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="archnb-test-"))
    folder.chmod(0o777)
    try:
        if ROOT:
            os.seteuid(65534)
        yield folder
    finally:
        if ROOT:
            os.seteuid(0)
        for path in folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o700)
        shutil.rmtree(folder)


def test_a_closed_folder_of_the_workspace_is_no_obstacle():
    with ordinary() as folder:
        (folder / "open" / ".git").mkdir(parents=True)
        (folder / "closed" / ".git").mkdir(parents=True)
        (folder / "closed").chmod(0)
        assert confinement._mounts(folder) == [(folder / "open" / ".git", "--bind")]


def test_a_scratch_folder_goes_whatever_its_modes():
    with ordinary() as folder:
        (folder / "s" / "a" / "b").mkdir(parents=True)
        (folder / "s" / "a" / "b" / "c").touch()
        (folder / "outside").mkdir(mode=0o500)
        (folder / "s" / "link").symlink_to(folder / "outside")
        (folder / "s" / "a" / "b").chmod(0)
        (folder / "s" / "a").chmod(0)
        process._remove(folder / "s")
        assert not (folder / "s").exists()
        assert (folder / "outside").stat().st_mode & 0o777 == 0o500


@pytest.mark.parametrize("named", ["work", "link", "work/link"])
def test_a_relative_or_linked_folder_is_the_one_it_names(tmp_path, monkeypatch, rung, named):
    (tmp_path / "work" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("work")
    (tmp_path / "work" / "link").symlink_to("sub")
    monkeypatch.chdir(tmp_path)
    printed = output("pwd; echo x > f", Path(named), rung, Path("work"))
    assert printed == textwrap.dedent(f"{Path(named).resolve()}\n")
    assert (Path(named) / "f").exists()


def test_of_the_scheduler_only_oneself_is_reached(tmp_path):
    from archnb.execution.supervisor import seccomp

    rung = chosen("landlock")
    if not rung.limits():
        pytest.skip("landlock does not hold on this machine")
    number = seccomp.numbers(os.uname().machine)["ioprio_set"]
    for kind, says in (("1, 0", "0\n"), ("3, 0", "-1\n"), (f"1, {os.getpid()}", "-1\n")):
        program = f"import ctypes; print(ctypes.CDLL(None).syscall({number}, {kind}, 0))"
        assert output(f"{sys.executable} -I -c '{program}'", tmp_path, rung) == says
