"""What the operating system enforces around a command: the rungs, tested before they are named.

``bwrap`` gives a command namespaces of its own (bubblewrap), ``landlock`` takes its rights to
files and system calls, ``none`` is the answer where neither holds. What is *enforced* was tried in
this process, on this machine; everything else is only asked about.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from archnb.errors import ArchnbError
from archnb.execution.sandbox import confinement
from archnb.execution.sandbox.confinement import Room
from archnb.execution.sandbox.places import surroundings

if TYPE_CHECKING:
    from archnb.permission.requests import Access

__all__ = ["CHOICE", "Room", "Rung", "Sandbox", "current"]

CHOICE = "ARCHNB_SANDBOX"
"""The variable by which a person chooses: ``bwrap``, ``landlock`` or ``off``."""

Rung = Literal["none", "landlock", "bwrap"]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A rung of the ladder; ``enforced`` is what its test saw hold, in words."""

    rung: Rung
    enforced: tuple[str, ...] = ()

    def label(self, access: Access, root: Path | None = None) -> str:
        """What binds a command with ``access``, for a card.

        A workspace ``root`` that holds the home folder hides nothing of it, and the label says so.

        >>> Sandbox("none").label("workspace")
        'not sandboxed: only asks'
        >>> Sandbox("landlock", ("home hidden",)).label("network")
        'sandboxed: writes limited to the workspace, home hidden, network on'
        """
        if not self.limits() or access == "full":
            return "not sandboxed: only asks"
        home = Path(os.path.expanduser("~"))  # noqa: PTH111  (never raises)
        hidden = "home hidden" in self.enforced and not (root and home.is_relative_to(root))
        words = ["writes limited to the workspace", *["home hidden"] * hidden]
        return f"sandboxed: {', '.join(words)}, network {'on' if access == 'network' else 'off'}"

    def limits(self) -> bool:
        """Whether the operating system enforces anything."""
        return self.rung != "none"

    def argv(self, line: str, folder: Path, room: Room | None) -> list[str]:
        """The program and arguments that run the bash ``line`` in ``folder``; no room: unbound."""
        bash = shutil.which("bash")
        if bash is None:
            raise ArchnbError(
                "bash was not found on this machine.", hint="Commands need bash on the PATH."
            )
        command = [bash, "--noprofile", "--norc", "-c", line]
        if room is None or self.rung == "none":
            return confinement.supervised(command) if supervises() else command
        match self.rung:
            case "landlock":
                return confinement.landlock(command, room, surroundings())
            case "bwrap":
                return confinement.bwrap(command, room, surroundings(), folder)
            case _:
                assert_never(self.rung)


def supervises() -> bool:
    """Whether a supervisor can end all that a command starts: on Linux, from a real Python."""
    return sys.platform == "linux" and bool(sys.executable)


@cache
def current() -> Sandbox:
    """The best rung that holds on this machine, tested once per process; see ``CHOICE``."""
    return chosen(os.environ.get(CHOICE, ""))


def chosen(choice: str) -> Sandbox:
    """The rung that ``choice`` names, or the best one, if it holds; else ``none``."""
    from archnb.execution.sandbox.proof import prove

    ladder: tuple[Rung, ...] = ("bwrap", "landlock")
    match choice.strip().casefold():
        case "off" | "none":
            ladder = ()
        case "bwrap":
            ladder = ("bwrap",)
        case "landlock":
            ladder = ("landlock",)
    for rung in ladder if supervises() else ():
        if enforced := prove(Sandbox(rung)):
            return Sandbox(rung, enforced)
    return Sandbox("none")
