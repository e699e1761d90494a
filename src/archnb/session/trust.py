"""What a person accepted for good: agent files of a workspace, and grants for one agent file.

Kept in ``~/.config/archnb/trust.json``, readable by its owner alone and never inside a workspace.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from archnb.permission.requests import ACCESSES, Grant

_MAX_BYTES = 5_000_000  # of the file; an entry has about 300
_PATIENCE = 5.0  # seconds for another kernel to end its change, and on Windows its reading


Outcome = TypeVar("Outcome")


class _NotBelievedError(Exception):
    """The file is broken, or somebody else can write it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A workspace's agent file whose loosening the person has seen: ``digest`` is its seal."""

    root: str
    agent: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Granted:
    """An "always" that a person gave to one agent file in one workspace."""

    root: str
    digest: str
    grant: Grant


@dataclass(frozen=True, slots=True)
class _Kept:
    accepted: tuple[Accepted, ...] = ()
    granted: tuple[Granted, ...] = ()

    def plus(self, more: _Kept) -> _Kept:
        """Both, each entry once."""
        return _Kept(
            tuple(dict.fromkeys((*self.accepted, *more.accepted))),
            tuple(dict.fromkeys((*self.granted, *more.granted))),
        )

    def without(self, gone: Callable[[Accepted | Granted], bool]) -> _Kept:
        """The entries that are not ``gone``."""
        return _Kept(
            tuple(entry for entry in self.accepted if not gone(entry)),
            tuple(entry for entry in self.granted if not gone(entry)),
        )


@dataclass(slots=True)
class Trust:
    """The store. ``file`` None, or in the workspace that is asked about: kept in memory only.

    The file is read anew for each question, so that what was taken back elsewhere is gone here.
    ``notice`` is one sentence about what could not be kept or read; empty while all is well.
    """

    file: Path | None
    notice: str = ""
    _memory: _Kept = field(default_factory=_Kept)

    @classmethod
    def load(cls, folder: Path | None = None) -> Trust:
        """The person's store, in ``folder`` or in their configuration folder."""
        home = os.environ.get("USERPROFILE" if os.name == "nt" else "HOME", "")
        if folder is None and not Path(home).is_absolute():
            return cls(None, "There is no home folder: what you accept is kept for this run only.")
        return cls((folder or Path(home) / ".config" / "archnb") / "trust.json")

    def accepts(self, root: Path, digest: str) -> bool:
        """Whether a file with that SHA-256 in that workspace has been accepted."""
        there = _root(root)
        return bool(digest) and any(
            (entry.root, entry.digest) == (there, digest) for entry in self._all(root).accepted
        )

    def accept(self, root: Path, agent: str, path: str, digest: str) -> None:
        """Remember that the person accepted exactly this content."""
        entry = Accepted(_root(root), agent, path, digest)
        self._add(root, _Kept(accepted=(entry,)))

    def forget(self, root: Path, digest: str) -> None:
        """Take the acceptance back."""
        there = _root(root)
        self._drop(
            root,
            lambda entry: (
                isinstance(entry, Accepted) and (entry.root, entry.digest) == (there, digest)
            ),
        )

    def entries(self) -> tuple[Accepted, ...]:
        """Everything accepted, in every workspace."""
        return self._read().plus(self._memory).accepted

    def grants(self, root: Path, digest: str) -> list[Grant]:
        """The grants given to the agent file with that SHA-256 in that workspace."""
        there = _root(root)
        return [
            entry.grant
            for entry in self._all(root).granted
            if digest and (entry.root, entry.digest) == (there, digest)
        ]

    def grant(self, root: Path, digest: str, grant: Grant) -> None:
        """Remember an "always" for that agent file."""
        self._add(root, _Kept(granted=(Granted(_root(root), digest, grant),)))

    def revoke(self, root: Path, digest: str, grant: Grant) -> None:
        """Take an "always" back."""
        gone = Granted(_root(root), digest, grant)
        self._drop(root, lambda entry: entry == gone)

    def _all(self, root: Path) -> _Kept:
        """What counts in that workspace: its agent could have written a file that lies in it."""
        kept = _Kept() if self._within(root) else self._read()
        return kept.plus(self._memory)

    def _add(self, root: Path, more: _Kept) -> None:
        if not self._change(root, lambda kept: kept.plus(more)):
            self._memory = self._memory.plus(more)

    def _drop(self, root: Path, gone: Callable[[Accepted | Granted], bool]) -> None:
        self._memory = self._memory.without(gone)
        if not self._within(root):
            self._change(root, lambda kept: kept.without(gone))

    def _change(self, root: Path, changed: Callable[[_Kept], _Kept]) -> bool:
        """Whether the file holds the change now; what other kernels wrote meanwhile stays in it."""
        if self.file is None:
            return False
        if self._within(root):
            self.notice = f"{self.file} lies in this workspace: kept for this run only."
            return False
        try:
            with _alone(self.file):
                before = self._mended(self.file)
                after = changed(before)
                if after != before:
                    _write(self.file, _as_json(after))
        except OSError as error:
            why = error.strerror or str(error)
            self.notice = f"{self.file} cannot be written ({why}): kept for this run only."
            return False
        return True

    def _within(self, root: Path) -> bool:
        return self.file is not None and self.file.resolve().is_relative_to(root.resolve())

    def _read(self) -> _Kept:
        """What the file holds; a file that cannot be trusted itself counts for nothing."""
        if self.file is None:
            return _Kept()
        try:
            return _load(self.file)
        except OSError as error:
            self.notice = f"{self.file} cannot be read ({error.strerror or error})."
        except _NotBelievedError as error:
            try:
                with _alone(self.file):
                    return self._mended(self.file)
            except OSError:
                self.notice = f"{self.file} is not used ({error})."
        return _Kept()

    def _mended(self, file: Path) -> _Kept:
        """What the file holds; set aside where it cannot be believed. For :func:`_alone`."""
        try:
            return _load(file)
        except _NotBelievedError as error:
            number = 1
            while (aside := file.with_name(f"trust.broken-{number}.json")).exists():
                number += 1
            file.rename(aside)
            self.notice = f"{file} is not used ({error}); it is set aside as {aside.name}."
            return _Kept()


def _load(file: Path) -> _Kept:
    """What the file holds, nothing where there is none."""
    try:
        with _patiently(lambda: file.open("rb")) as stream:
            _refuse_others(os.fstat(stream.fileno()))
            content = stream.read(_MAX_BYTES + 1)
        return _from_json(json.loads(content[:_MAX_BYTES]))
    except (FileNotFoundError, NotADirectoryError):
        return _Kept()
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _NotBelievedError("it is broken") from None


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep other kernels from changing ``file`` meanwhile; the system frees it when one dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)  # only its owner may look into it
    descriptor = os.open(file.with_name("trust.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _patiently(lambda: _lock(descriptor))
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock the open file as the system has it; :class:`OSError` where another process has it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP):
            raise
        # A file system without locks: a change takes a moment, and is made as a whole.


def _patiently(act: Callable[[], Outcome]) -> Outcome:
    """What ``act`` gives, tried again while another process is in the way."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return act()
        except (BlockingIOError, PermissionError) as error:
            passing = os.name == "nt" or isinstance(error, BlockingIOError)
            if not passing or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _root(root: Path) -> str:
    return str(root.resolve())


def _refuse_others(state: os.stat_result) -> None:
    """Raise where somebody else can write the file."""
    if os.name == "nt":
        return
    if state.st_uid != os.geteuid() or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _NotBelievedError("others can write it")


def _as_json(kept: _Kept) -> dict[str, Any]:
    return {
        "version": 1,
        "accepted": [
            {"root": one.root, "agent": one.agent, "path": one.path, "digest": one.digest}
            for one in kept.accepted
        ],
        "granted": [
            {
                "root": one.root,
                "digest": one.digest,
                "agent": one.grant.agent,
                "permission": one.grant.permission,
                "pattern": one.grant.pattern,
                "folder": one.grant.folder,
                "warning": one.grant.warning,
                "access": one.grant.access,
            }
            for one in kept.granted
        ],
    }


def _from_json(value: Any) -> _Kept:
    if value["version"] != 1:
        raise ValueError("another version")
    return _Kept(
        tuple(Accepted(*_texts(one, "root agent path digest")) for one in value["accepted"]),
        tuple(_granted(one) for one in value["granted"]),
    )


def _granted(value: Any) -> Granted:
    keys = "root digest permission pattern agent folder warning"
    root, digest, permission, pattern, *rest = _texts(value, keys)
    access = value.get("access", "workspace")
    if access not in ACCESSES:
        raise ValueError("no access")
    return Granted(root, digest, Grant(permission, pattern, "agent", *rest, access=access))


def _texts(value: Any, keys: str) -> list[str]:
    texts = [value[key] for key in keys.split()]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not a text")
    return texts


def _write(file: Path, value: dict[str, Any]) -> None:
    """Replace ``file`` at once; only its owner may look into it."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".trust-", suffix=".tmp")  # 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        _patiently(lambda: temporary.replace(file))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
