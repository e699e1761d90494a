"""The folder an agent may touch: paths that cannot escape, atomic writes, before-images."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from archnb import atomic, leftovers, sensitive
from archnb.atomic import FileChange
from archnb.errors import WorkspaceError
from archnb.spelling import folded, printable, same_letters, spelling, windows_trap

__all__ = ["MAX_READ", "FileChange", "Workspace", "decode", "encode", "listed"]

MAX_READ = 20_000_000  # bytes; the largest specification we know of has 13 million
SWEPT = 10_000  # folders that are searched for leftovers
NAMED = 3  # files that a title names before it counts the others

# What stands at the top of a git repository's own folder, with or without a name such as `.git`.
_GIT_STORE = frozenset(
    "head config config.worktree objects refs hooks info modules worktrees packed-refs index"
    " commondir gitdir shallow description logs".split()
)
_SYSTEM = ("/proc", "/sys", "/dev")  # files that are no files, and hold what processes know


@dataclass(frozen=True, slots=True)
class Workspace:
    """``root`` is an absolute, resolved folder; every path is given relative to it."""

    root: Path

    @classmethod
    def at(cls, folder: str | Path) -> Workspace:
        root = Path(folder).expanduser().resolve()
        if not root.is_dir():
            raise WorkspaceError(
                f"The workspace {folder} is not a folder.", hint="Name an existing folder."
            )
        return cls(root)

    def resolve(self, path: str) -> Path:
        """The absolute path, links followed; refuses whatever lies outside ``root``.

        Where the file system takes two spellings for one file, the one on the disk is given.
        """
        if not path or not printable(path):
            raise WorkspaceError(
                f"{path!r} is not a usable path.", hint="Give a path below the workspace."
            )
        if path.startswith("~"):
            raise WorkspaceError(
                f"{path} lies outside the workspace {self.root}.",
                hint="Give a path below the workspace.",
            )
        if os.name == "nt" and (trap := windows_trap(path)):
            raise WorkspaceError(f"{path} is not a usable path: {trap}.", hint="Rename it.")
        try:
            resolved = (self.root / path).resolve()
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                resolved.lstat()  # a name that is too long, a folder that is closed
        except (OSError, RuntimeError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise WorkspaceError(f"{path[:200]} cannot be resolved: {why}.") from error
        if not resolved.is_relative_to(self.root):
            raise WorkspaceError(
                f"{path} lies outside the workspace {self.root}.",
                hint="Only files below the workspace can be read or written.",
            )
        if any(resolved.is_relative_to(s) and not self.root.is_relative_to(s) for s in _SYSTEM):
            raise WorkspaceError(
                f"{path} belongs to the operating system.", hint="Only plain files can be read."
            )
        return _as_spelled(self.root, resolved)

    def name(self, path: Path) -> str:
        """``path`` relative to the root, with forward slashes."""
        return path.relative_to(self.root).as_posix() or "."

    def settled(self, name: str) -> Path:
        """The path of a name that was decided about; refuses where it leads elsewhere by now."""
        resolved = self.resolve(name)
        if self.name(resolved) != name:
            raise WorkspaceError(
                f"{name} leads elsewhere since it was asked about; nothing was read.",
                hint="Ask for it again.",
            )
        return resolved

    def read_bytes(self, path: str, *, settled: bool = False) -> bytes:
        """The bytes of a file; a clear sentence when it is missing, a folder or too large.

        ``settled``: it was decided about by this name, so no link on the way is followed.
        """
        resolved = self.settled(path) if settled else self.resolve(path)
        try:
            content = atomic.read(self.root, self.name(resolved), MAX_READ)
        except OSError as error:
            if resolved.is_dir():
                raise WorkspaceError(
                    f"{path} is a folder, not a file.", hint="Name a file."
                ) from None
            if error.errno == errno.EFBIG:
                raise WorkspaceError(
                    f"{path} is too large ({resolved.stat().st_size:,} bytes; "
                    f"the limit is {MAX_READ:,})."
                ) from None
            raise WorkspaceError(f"{path} cannot be read: {error.strerror}.") from error
        if content is None:
            raise WorkspaceError(f"{path} does not exist.", hint=self._did_you_mean(resolved))
        return content

    def read_head(self, path: str, limit: int) -> tuple[bytes, int]:
        """The first ``limit`` bytes of a file that was decided about, and the bytes it has."""
        resolved = self.settled(path)
        try:
            return atomic.head(self.root, self.name(resolved), limit)
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be read: {error.strerror}.") from error

    def read_text(self, path: str, *, settled: bool = False) -> str:
        """The text of a file, line endings kept."""
        return decode(self.read_bytes(path, settled=settled), path)[0]

    def apply(self, changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
        """Make all changes or none of them; gives them as made, with each file's mode.

        Paths are those that :meth:`name` gives. A file that is not ``before``, or whose path leads
        elsewhere by now, refuses the whole; whatever fails later is undone.
        """
        names = [change.path for change in changes]
        for name in names:
            if names.count(name) > 1:
                raise WorkspaceError(f"{name} is named twice.", hint="Change each file once.")
            self.check_writable(name)
            resolved = self.resolve(name)
            if resolved.is_dir():
                raise WorkspaceError(f"{name} is a folder, not a file.", hint="Name a file.")
            if name != self.name(resolved):
                raise _changed(name)
        try:
            return atomic.apply(self.root, changes)
        except atomic.Unexpected as refusal:
            raise _changed(refusal.path) from None
        except atomic.Failed as failure:
            stands = "nothing was changed"
            if failure.left:
                stands = f"these could not be put back: {', '.join(failure.left)}"
            raise WorkspaceError(
                f"{failure.path} cannot be written: {failure.why}; {stands}."
            ) from failure

    def forbidden(self, path: str) -> str:
        """Why the file that :meth:`name` calls ``path`` may never be written, or nothing.

        No rule lifts this, and no approval: a person writes such a file by hand.
        """
        if why := sensitive.never(path) or self._in_repository(PurePosixPath(path)):
            return why
        place, home = self.root / path, Path(os.environ.get("HOME") or Path.home())
        if place.is_relative_to((home / ".config" / "archnb").resolve()):
            return "archnb keeps there what you trusted and allowed"
        return ""

    def check_writable(self, path: str) -> None:
        """Refuse a ``path`` that leads to where nothing may ever be written."""
        if why := self.forbidden(self.name(self.resolve(path))):
            raise WorkspaceError(
                f"{path} is never written by an agent: {why}.",
                hint="No rule or approval lifts this: the person has to write it by hand.",
            )

    def warning(self, path: str) -> str:
        """Why a write to ``path`` deserves a second look, or nothing."""
        if why := sensitive.later(path):
            return why
        for folder in PurePosixPath(path).parents:
            if (self.root / folder / "pyvenv.cfg").exists():
                return f"{folder} is a Python environment: it decides what runs later"
        if why := sensitive.secret(path):
            return why
        with contextlib.suppress(OSError):
            info = (self.root / path).lstat()
            if stat.S_ISREG(info.st_mode) and info.st_nlink > 1:
                return f"{path} has other names (hard links), which keep the old content"
        return ""

    def secret(self, path: str) -> str:
        """Why reading ``path`` deserves a second look, or nothing."""
        return sensitive.secret(path)

    def missing_folders(self, path: str) -> list[str]:
        """The folders that a new file ``path`` would bring with it."""
        folders = list(PurePosixPath(path).parents)[:-1]
        return [folder.as_posix() for folder in folders if not (self.root / folder).exists()]

    def sweep(self) -> int:
        """Remove what a killed archnb left beside the files it was writing; how many there were.

        Looks at the first :data:`SWEPT` folders; what lies deeper goes when its folder is written.
        """
        count = 0
        for number, (folder, folders, names) in enumerate(os.walk(self.root)):
            if number >= SWEPT:
                break
            folders[:] = [name for name in folders if name not in (".git", "node_modules")]
            if any(map(leftovers.is_one, names)):
                count += atomic.sweep(self.root, self.name(Path(folder)))
        return count

    def _in_repository(self, path: PurePosixPath) -> str:
        """Why a path belongs to git itself: in a bare repository, or where a `.git` file leads."""
        why = "it lies in the own folder of a git repository, which git obeys"
        place = self.root / path
        for folder in path.parents:
            here = self.root / folder
            first = folded(place.relative_to(here).parts[0])
            shaped = (here / "objects").is_dir() and (here / "refs").is_dir()
            linked = (here / "commondir").is_file()
            if (
                first in _GIT_STORE
                and (shaped or linked)
                and (os.path.lexists(here / "HEAD") or first == "head")
            ):
                return why
            with contextlib.suppress(OSError, ValueError):
                pointer = atomic.read(self.root, (folder / ".git").as_posix(), 10_000) or b""
                target = os.fsdecode(pointer.removeprefix(b"gitdir:").split(b"\n")[0].strip())
                if target and place.is_relative_to((here / target).resolve()):
                    return why
        return ""

    def _did_you_mean(self, missing: Path) -> str:
        import difflib

        try:
            names = [entry.name for entry in missing.parent.iterdir()]
        except OSError:
            return "Look with list or glob first."
        close = difflib.get_close_matches(missing.name, names, n=3, cutoff=0.5)
        return f"Did you mean {', '.join(close)}?" if close else "Look with list or glob first."


def _changed(path: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path} changed since it was shown; nothing was written.",
        hint="Read it again and propose the edit anew.",
    )


def decode(content: bytes, path: str) -> tuple[str, str]:
    r"""The text and the encoding that gives the same bytes back; refuses binary content.

    UTF-8 (its byte order mark is the encoding's, ``utf-8-sig``), UTF-16 with a mark (the mark is
    the first character of the text), otherwise Windows-1252 where it is likelier than Latin-1.

    >>> decode(b"\xef\xbb\xbfa", "f"), decode(b"\xff\xfea\0", "f"), decode(b"\x93a\x94", "f")
    (('a', 'utf-8-sig'), ('\ufeffa', 'utf-16-le'), ('“a”', 'cp1252'))
    """
    if utf16 := {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(content[:2]):
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(utf16)
            if "\0" not in text:
                return text, utf16
    if b"\0" in content[:8192]:
        raise WorkspaceError(f"{path} is a binary file.", hint="Only text can be read here.")
    marked = content.startswith(b"\xef\xbb\xbf")
    # Bytes that are letters in Windows-1252 and controls in Latin-1.
    windows = any(0x80 <= byte <= 0x9F for byte in set(content))
    for encoding in ("utf-8-sig" if marked else "utf-8", *["cp1252"] * windows):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding), encoding
    return content.decode("latin-1"), "latin-1"


def encode(text: str, encoding: str, path: str) -> bytes:
    """The bytes of ``text``, as :func:`decode` reads them; refuses what ``encoding`` has not."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise WorkspaceError(
            f"{path} is {encoding} text and cannot hold {error.object[error.start]!r}; nothing was "
            "changed.",
            hint="Write it with characters that it can hold.",
        ) from None


def listed(words: Sequence[str]) -> str:
    """The first few of ``words``, and how many more there are.

    >>> listed(["edit a", "edit b", "edit c", "edit d"])
    'edit a, edit b, edit c and 1 more'
    """
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more


def _as_spelled(root: Path, resolved: Path) -> Path:
    """``resolved`` in the spelling on the disk, where the file system ignores case.

    Rules are matched against names, so one file must have one name.
    """
    here = root
    for part in PurePosixPath(resolved.relative_to(root).as_posix()).parts:
        place = here / part
        try:
            ignores_case = part.swapcase() != part and os.path.samestat(
                (here / part.swapcase()).lstat(), place.lstat()
            )
        except OSError:
            ignores_case = False
        if ignores_case or (not part.isascii() and not os.path.lexists(place)):
            with contextlib.suppress(OSError):
                alike = spelling if ignores_case else same_letters
                # a link must not come in behind the check of where the path leads
                names = [entry.name for entry in here.iterdir() if not entry.is_symlink()]
                place = here / alike(part, names)
        here = place
    return here
