"""The files and folders that a confined command can see besides the workspace."""

# ruff: noqa: PTH110, PTH111, PTH112, PTH113, PTH117, PTH118, PTH119, PTH120
# With pathlib this took three times as long, and every %load_ext waits for it.

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from archnb import sensitive
from archnb.programs import held

READ = "ARCHNB_SANDBOX_READ"
"""The variable with further places to read, separated as in PATH."""

DEVICES = tuple(f"/dev/{name}" for name in "null zero full random urandom tty".split())
_SYSTEM = """/usr /bin /sbin /lib /lib32 /lib64 /libx32 /opt /nix/store /proc /sys
/var/lib/dpkg /var/cache/fontconfig""".split()
_ETC = "/etc"
# Of a home: no folder in which programs keep keys or tokens.
_HOME = """.gitconfig .config/git/config .config/git/ignore .config/git/attributes
.cargo/bin .cargo/registry .cargo/git .rustup .local/bin .local/lib .pyenv .rbenv .nvm .volta
.sdkman/candidates .asdf go/pkg/mod go/bin""".split()
_SIBLINGS = "lib lib64 libexec include share versions".split()  # of a bin folder
_PROGRAMS = ("bin", "sbin")
_STATE = ("/run", "/var")  # where services keep what no program needs
_PACKAGED = ("/", "/usr")  # links in their bin folders stay in the system's
_MAX_CONFIG = 65_536  # characters of a repository's configuration
_MAX_LINKS = 2000  # entries of a PATH folder that are followed


@dataclass(frozen=True, slots=True)
class Places:
    """``read`` counts with all that lies below, but for ``hidden``."""

    read: tuple[Path, ...]
    hidden: tuple[Path, ...]


@cache
def surroundings(root: Path | None = None) -> Places:
    """What this process's environment needs, looked up once for a workspace ``root``."""
    return look_up(os.environ, root)


def look_up(environment: Mapping[str, str], root: Path | None = None) -> Places:
    """The system's folders, this Python, the programs of PATH, and what ``READ`` names.

    Links that lie in ``root`` are not followed: a command may have made them.
    """
    home = os.path.realpath(os.path.expanduser("~"))
    # With what is on this Python's path: editable installations lie anywhere.
    own = (sys.prefix, sys.base_prefix, *sys.path)
    programs = _programs(environment.get("PATH", ""), home, root)
    found = dict.fromkeys((*_SYSTEM, _ETC, *own, *programs, os.path.realpath("/etc/resolv.conf")))
    safe = [path for path in found if _is_plain(path, home)]
    safe += [path for name in _HOME if os.path.exists(path := os.path.join(home, name))]
    safe += [name for name in environment.get(READ, "").split(os.pathsep) if os.path.isabs(name)]
    return Places(
        tuple(Path(path) for path in _without_nested(safe)),
        tuple(Path(path) for path in _closed(_ETC)),
    )


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_plain(path: str, home: str) -> bool:
    """Whether a place exists, holds no home as a whole, and has no name under which keys lie."""
    if not os.path.isabs(path) or not os.path.exists(path):
        return False
    real = os.path.realpath(path)
    if _below(home, real):
        return False
    return not (_below(real, home) and sensitive.secret(os.path.relpath(real, home)))


def _programs(search: str, home: str, root: Path | None) -> Iterator[str]:
    """The folders of a search path, where their links lead, and what interpreters keep nearby."""
    for folder in dict.fromkeys(search.split(os.pathsep)):
        if not os.path.isabs(folder) or not os.path.isdir(folder):
            continue
        yield from _around(folder, home)
        planted = root and any(held(each, root) for each in (folder, os.path.realpath(folder)))
        if planted or os.path.dirname(folder) in _PACKAGED:
            continue
        with os.scandir(folder) as entries:
            links = [entry.path for entry in islice(entries, _MAX_LINKS) if entry.is_symlink()]
        targets = {os.path.realpath(link) for link in links}
        kept = [path for path in targets if not any(_below(path, each) for each in _STATE)]
        for place in {os.path.dirname(path) for path in kept}:
            if os.path.basename(place) in _PROGRAMS:
                yield from _around(place, home)
        # A program that lies among other things shows nothing but itself.
        yield from (path for path in kept if _in(path) not in _PROGRAMS and os.path.isfile(path))


def _in(path: str) -> str:
    return os.path.basename(os.path.dirname(path))


def _around(folder: str, home: str) -> Iterator[str]:
    yield folder
    parent, name = os.path.split(folder)
    # What lies beside ~/bin or ~/.local/bin is not the programs' alone.
    if name in _PROGRAMS and parent not in (home, os.path.join(home, ".local")):
        yield from (os.path.join(parent, sibling) for sibling in _SIBLINGS)


def _without_nested(paths: Iterable[str]) -> list[str]:
    """Each place once, without those that lie below another."""
    kept: list[str] = []
    for path in sorted(set(map(os.path.normpath, paths)), key=lambda path: path.count("/")):
        if not any(_below(path, other) for other in kept):
            kept.append(path)
    return kept


def _closed(folder: str) -> Iterator[str]:
    """What others than the owner cannot read below ``folder``: the owner may be who runs this."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            continue
        is_folder = entry.is_dir(follow_symlinks=False)
        needed = stat.S_IROTH | (stat.S_IXOTH if is_folder else 0)
        if entry.stat(follow_symlinks=False).st_mode & needed != needed:
            yield entry.path
        elif is_folder:
            yield from _closed(entry.path)


def parts(folder: Path, hidden: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """``folder`` without ``hidden``: its largest parts that hold none, and folders only to list.

    >>> parts(Path("/usr"), [Path("/etc/shadow")])
    ([PosixPath('/usr')], [])
    """
    below = [path for path in hidden if path.is_relative_to(folder)]
    if not below:
        return [folder], []
    whole: list[Path] = []
    listed: list[Path] = []
    if folder not in below:
        listed.append(folder)
        for entry in sorted(folder.iterdir()):
            inner, named = parts(entry, below)
            whole += inner
            listed += named
    return whole, listed


def repositories(root: Path) -> tuple[Path, ...]:
    """Where git keeps what belongs to ``root`` but lies outside of it.

    What the workspace says of that counts only where the repository says the same: a command can
    write any path into a ``.git`` of the workspace, but nothing into what lies outside.
    """
    for folder in (root, *root.parents):
        entry = folder / ".git"
        if not os.path.lexists(entry):
            continue
        if entry.is_symlink():
            return ()
        found = (entry, *_named(entry)) if entry.is_file() else (entry,)
        return tuple(path for path in dict.fromkeys(found) if not path.is_relative_to(root))
    return ()


def _named(entry: Path) -> tuple[Path, ...]:
    """The folders of git that the file ``entry`` leads to and that lead back to it."""
    line = _first_line(entry)
    if not line.startswith("gitdir:"):
        return ()
    real = (entry.parent / line.removeprefix("gitdir:").strip()).resolve()
    if real.parent.name == "worktrees":
        common = (real / _first_line(real / "commondir")).resolve()
        back = (real / _first_line(real / "gitdir")).resolve()
        return (real, common) if common == real.parent.parent and back == entry.resolve() else ()
    # A submodule's; git writes the key by itself, so one spelling is enough.
    with suppress(OSError), (real / "config").open(encoding="utf-8", errors="replace") as file:
        for line in file.read(_MAX_CONFIG).splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "worktree" and (real / value.strip()).resolve() == entry.parent:
                return (real,)
    return ()


def _first_line(path: Path) -> str:
    """The first line of a short file of git's; empty where it cannot be read."""
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        return file.readline(4096).strip()
    return ""
