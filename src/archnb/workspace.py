"""The folder an agent may touch: paths that cannot escape, atomic writes, before-images."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from archnb.errors import WorkspaceError

MAX_READ = 20_000_000  # bytes; the largest specification we know of has 13 million

# Places where a write changes what later runs, or where keys lie: asked about with a warning.
_STARTUP_NAMES = frozenset(
    ".git .bashrc .bash_profile .profile .zshrc .zprofile .gitconfig .envrc .vscode .idea"
    " .github .gitlab-ci.yml .pre-commit-config.yaml conftest.py sitecustomize.py"
    " usercustomize.py .archnb .opencode .claude .jupyter .ipython makefile".split()
)
_SECRET_NAMES = frozenset(".ssh .aws .gnupg .kube .docker .npmrc .pypirc .netrc .env".split())
_SECRET_SUFFIXES = (".pem", ".key", ".p12", ".pfx", ".keystore", ".jks", "id_rsa", "id_ed25519")


@dataclass(frozen=True, slots=True)
class FileChange:
    """A write that happened: the bytes before (None: there was no file) and after."""

    path: str
    before: bytes | None
    after: bytes


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
        """The absolute path, links followed; refuses whatever lies outside ``root``."""
        if not path or "\0" in path or any(ord(character) < 32 for character in path):
            raise WorkspaceError(
                f"{path!r} is not a usable path.", hint="Give a path below the workspace."
            )
        if path.startswith("~"):
            raise WorkspaceError(
                f"{path} lies outside the workspace {self.root}.",
                hint="Give a path below the workspace.",
            )
        try:
            resolved = (self.root / path).resolve()
        except (OSError, RuntimeError) as error:
            raise WorkspaceError(f"{path} cannot be resolved: {error}.") from error
        if not resolved.is_relative_to(self.root):
            raise WorkspaceError(
                f"{path} lies outside the workspace {self.root}.",
                hint="Only files below the workspace can be read or written.",
            )
        return resolved

    def name(self, path: Path) -> str:
        """``path`` relative to the root, with forward slashes."""
        return path.relative_to(self.root).as_posix() or "."

    def read_bytes(self, path: str) -> bytes:
        """The bytes of a file; a clear sentence when it is missing, a folder or too large."""
        resolved = self.resolve(path)
        if not resolved.exists():
            raise WorkspaceError(f"{path} does not exist.", hint=self._did_you_mean(resolved))
        if not resolved.is_file():
            kind = "a folder" if resolved.is_dir() else "not a plain file"
            raise WorkspaceError(f"{path} is {kind}, not a file.", hint="Name a file.")
        if (size := resolved.stat().st_size) > MAX_READ:
            raise WorkspaceError(
                f"{path} is too large ({size:,} bytes; the limit is {MAX_READ:,})."
            )
        try:
            return resolved.read_bytes()
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be read: {error.strerror}.") from error

    def read_text(self, path: str) -> str:
        """The text of a file, line endings and byte order mark kept."""
        return decode(self.read_bytes(path), path)[0]

    def write(self, path: str, content: bytes, *, expect: bytes | None) -> FileChange:
        """Replace a file at once or not at all; refuse if it is not what was shown (``expect``)."""
        resolved = self.resolve(path)
        before = resolved.read_bytes() if resolved.is_file() else None
        if before != expect:
            raise WorkspaceError(
                f"{path} changed since it was shown; nothing was written.",
                hint="Read it again and propose the edit anew.",
            )
        try:
            resolved.parent.mkdir(parents=True, exist_ok=True)
            _replace(resolved, content)
        except OSError as error:
            raise WorkspaceError(
                f"{path} cannot be written: {error.strerror}; the old content stands."
            ) from error
        return FileChange(path, before, content)

    def warning(self, path: str) -> str:
        """Why a write to ``path`` deserves a second look, or nothing."""
        for part in Path(path).parts:
            if part.casefold() in _STARTUP_NAMES:
                return f"{part} decides what runs later"
        return self.secret(path)

    def secret(self, path: str) -> str:
        """Why reading ``path`` deserves a second look, or nothing."""
        parts = [part.casefold() for part in Path(path).parts]
        for part in parts:
            env = part.startswith(".env.") or part.endswith(".env")
            if part in _SECRET_NAMES or (env and not part.endswith(".example")):
                return f"{part} may hold keys"
        if parts and parts[-1].endswith(_SECRET_SUFFIXES):
            return f"{parts[-1]} looks like a key"
        return ""

    def _did_you_mean(self, missing: Path) -> str:
        import difflib

        try:
            names = [entry.name for entry in missing.parent.iterdir()]
        except OSError:
            return "Look with list or glob first."
        close = difflib.get_close_matches(missing.name, names, n=3, cutoff=0.5)
        return f"Did you mean {', '.join(close)}?" if close else "Look with list or glob first."


def decode(content: bytes, path: str) -> tuple[str, str]:
    """The text and the encoding that gives the same bytes back; refuses binary content."""
    if b"\0" in content[:8192]:
        raise WorkspaceError(f"{path} is a binary file.", hint="Only text can be read here.")
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def _replace(path: Path, content: bytes) -> None:
    """Temporary file in the same folder, flushed to disk, then renamed over ``path``; mode kept."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".archnb-", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
