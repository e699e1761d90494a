"""Every failure that archnb explains to a person: one clear sentence and what to do next."""

from __future__ import annotations


class ArchnbError(Exception):
    """What went wrong, where, and what to do: shown without a stack.

    ``message`` is one sentence; ``hint`` says what to do next (may be empty).

        ArchnbError
        ├── ReadError        a file or text cannot be read as a design
        ├── DrawError        the diagram engine failed
        ├── AgentError       an agent file is missing or broken
        ├── WorkspaceError   a path outside, missing, too large, or changed meanwhile
        ├── CellError        a magic's line or a cell's reference cannot be understood
        ├── AddressError     a URL that is none, or that may not be visited
        ├── FetchError       a page that cannot be had
        └── ModelError       no key, a refused request, a lost connection
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: one line and the hint instead of a stack; the cell still fails."""
        return [f"archnb: {self.message}", *([f"  hint: {self.hint}"] if self.hint else [])]


class UnexpectedError(Exception):
    """A bug or a library's failure without its secrets: what was said, and where, as text.

    The exception itself is left behind: its frames hold keys that a traceback in IPython's verbose
    mode, or a debugger's listing, would show. Python prints ``trace`` as a note.
    """

    def __init__(self, said: str, trace: str) -> None:
        super().__init__(said)
        self.trace = trace
        self.add_note(trace)

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: the traceback without secrets, in every mode."""
        return self.trace.rstrip("\n").split("\n")


class Interrupted(KeyboardInterrupt):
    """The person stopped a cell: shown as one line; Run All stops."""

    def _render_traceback_(self) -> list[str]:
        return ["KeyboardInterrupt: the cell was stopped; what was said and decided is kept."]


class ReadError(ArchnbError):
    """A file or text cannot be read as a design."""


class DrawError(ArchnbError):
    """The diagram engine failed."""


class AgentError(ArchnbError):
    """An agent file is missing or broken."""


class WorkspaceError(ArchnbError):
    """A path is outside the workspace, missing, too large, or changed meanwhile."""


class CellError(ArchnbError):
    """A magic's line or a reference in a cell cannot be understood."""


class ModelError(ArchnbError):
    """The model cannot be asked: no key, a refused request, a lost connection."""
