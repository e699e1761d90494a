"""The folder an agent may touch: paths that cannot escape, atomic writes, before-images."""

from __future__ import annotations

import contextlib
import errno
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from archnb import atomic
from archnb.atomic import FileChange
from archnb.errors import WorkspaceError

__all__ = ["MAX_READ", "FileChange", "Workspace", "decode", "encode", "listed"]

MAX_READ = 20_000_000  # bytes; the largest specification we know of has 13 million
NAMED = 3  # files that a title names before it counts the others

# Places where a write changes what later runs: the names of files and folders, case folded.
_STARTUP_NAMES = frozenset(
    # shells, editors, git
    """.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshrc .zprofile
    .zshenv .zlogin .inputrc .vimrc .exrc .envrc .vscode .idea .devcontainer
    .git .gitconfig .gitattributes .gitmodules .husky .pre-commit-config.yaml"""
    # continuous integration
    """ .github .gitlab-ci.yml .circleci .travis.yml azure-pipelines.yml jenkinsfile"""
    # builds and package managers
    """ makefile gnumakefile bsdmakefile justfile .justfile rakefile taskfile.yml package.json
    .npmrc .yarnrc .yarnrc.yml .yarn .pnpmfile.cjs node_modules"""
    # Python
    """ setup.py setup.cfg pyproject.toml tox.ini noxfile.py tasks.py conftest.py sitecustomize.py
    usercustomize.py pyvenv.cfg .venv .jupyter .ipython"""
    # agents
    """ .archnb .opencode .claude .mcp.json agents.md claude.md""".split()
)
_STARTUP_FILES = ("agents/*.md", "*/agents/*.md", "*.pth")  # of the whole path

# Where keys lie: names of files and folders, then patterns of file names, case folded.
_SECRET_NAMES = frozenset(
    ".ssh .aws .azure .gnupg .kube .docker .env .envrc .npmrc .pypirc .netrc _netrc .pgpass"
    " .git-credentials .htpasswd .vault-token".split()
)
_SECRET_FILES = (
    "credentials credentials.json service-account*.json secrets.yml secrets.yaml"
    " *.tfstate *.tfstate.* .yarnrc.yml"
).split()
_KEY_FILES = (
    "*id_rsa *id_dsa *id_ecdsa *id_ed25519 *.pem *.key *.p12 *.pfx *.ppk *.kdbx *.keystore *.jks"
).split()


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
        if not path or not _printable(path):
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

    def warning(self, path: str) -> str:
        """Why a write to ``path`` deserves a second look, or nothing."""
        written = PurePosixPath(path)
        folded = written.as_posix().casefold()
        for part in written.parts:
            if part.casefold() in _STARTUP_NAMES:
                return f"{part} decides what runs later"
        if any(fnmatchcase(folded, pattern) for pattern in _STARTUP_FILES):
            return f"{written} decides what runs later"
        for folder in written.parents:
            if (self.root / folder / "pyvenv.cfg").exists():
                return f"{folder} is a Python environment: it decides what runs later"
        return self.secret(path)

    def secret(self, path: str) -> str:
        """Why reading ``path`` deserves a second look, or nothing."""
        parts = [part.casefold() for part in Path(path).parts]
        for part in parts:
            env = ".env." in part or part.startswith(".env-") or part.endswith(".env")
            if part in _SECRET_NAMES or (env and not part.endswith(".example")):
                return f"{part} may hold keys"
        name = parts[-1] if parts else ""
        if any(fnmatchcase(name, pattern) for pattern in _SECRET_FILES):
            return f"{name} may hold keys"
        if any(fnmatchcase(name, pattern) for pattern in _KEY_FILES):
            return f"{name} looks like a key"
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


def _printable(path: str) -> bool:
    """Whether a path has no control characters and can be given to a file system."""
    surrogate = any("\ud800" <= character <= "\udfff" for character in path)
    return not surrogate and all(ord(character) >= 32 and character != "\x7f" for character in path)


_DEVICES = frozenset(
    "con prn aux nul conin$ conout$".split()
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


def windows_trap(path: str) -> str:
    """Why Windows would take a part of ``path`` for something else, or nothing.

    >>> windows_trap("docs/aux.md"), windows_trap("a.sql."), windows_trap("docs/../a.sql")
    ('aux is a device', 'a.sql. ends in a dot or space, which is dropped', '')
    """
    parts = path.replace("\\", "/").split("/")
    if len(parts[0]) == 2 and parts[0][1] == ":":  # a drive
        parts = parts[1:]
    for part in parts:
        stem = part.split(".", 1)[0].rstrip(" ").casefold()
        if stem in _DEVICES:
            return f"{stem} is a device"
        if part not in (".", "..") and part != part.rstrip(". "):
            return f"{part} ends in a dot or space, which is dropped"
        if ":" in part:
            return f"{part} names a stream of a file"
    return ""


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
        here = (
            here / spelling(part, [entry.name for entry in here.iterdir()])
            if ignores_case
            else place
        )
    return here


def spelling(name: str, entries: Sequence[str]) -> str:
    """The one of ``entries`` that a file system that ignores case takes ``name`` for.

    >>> spelling("Schema.SQL", ["a", "schema.sql"]), spelling("b", ["a", "B", "b"])
    ('schema.sql', 'b')
    """
    if name in entries:
        return name
    folded = unicodedata.normalize("NFC", name).casefold()
    alike = (each for each in entries if unicodedata.normalize("NFC", each).casefold() == folded)
    return next(alike, name)
