"""What the operating system enforces around a command: the rungs, tested before they are named.

``bwrap`` gives a command namespaces of its own (bubblewrap), ``landlock`` takes its rights to
files and system calls, ``none`` is the answer where neither holds. What is *enforced* was tried in
this process, on this machine; everything else is only asked about.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from archnb import programs
from archnb.errors import ArchnbError
from archnb.execution.sandbox import confinement
from archnb.execution.sandbox.confinement import Room
from archnb.execution.sandbox.places import surroundings
from archnb.programs import held

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
    fault: str = ""
    """Why no command runs at all: the person asked for a rung that does not hold here."""
    loose: str = ""
    """Why nothing is enforced, where that is not the machine's fault."""

    def label(self, access: Access, root: Path | None = None) -> str:
        """What binds a command with ``access``, for a card.

        A workspace ``root`` that holds the home folder hides nothing of it, and the label says so.

        >>> Sandbox("none").label("workspace")
        'not sandboxed: only asks'
        >>> Sandbox("landlock", ("home hidden",)).label("network")
        'sandboxed: writes limited to the workspace, home hidden, network on'
        """
        if self.fault:
            return f"no command runs: {self.fault}"
        held = self.within(root) if root else self
        if not held.limits() or access == "full":
            return f"not sandboxed: {held.loose or 'only asks'}"
        home = Path(os.path.expanduser("~"))  # noqa: PTH111  (never raises)
        hidden = "home hidden" in held.enforced and not (root and home.is_relative_to(root))
        words = ["writes limited to the workspace", *["home hidden"] * hidden]
        if held.rung == "landlock" and root and confinement.pythons(root):
            words[0] += ", where this kernel's Python lies"
        return f"sandboxed: {', '.join(words)}, network {'on' if access == 'network' else 'off'}"

    def within(self, root: Path) -> Sandbox:
        """This rung where it holds for the workspace ``root``, else none that says why.

        What confines a command must lie where no command can change it: outside of the workspace,
        or, with bwrap, in folders that are mounted read-only.
        """
        if not self.limits():
            return self
        if root == Path(root.anchor):
            return Sandbox("none", loose="the workspace is all of this machine")
        mounted = self.rung == "bwrap" and root not in confinement.pythons(root)
        if not mounted and held(confinement.interpreter(), root):
            return Sandbox("none", loose="this kernel's Python lies in the workspace")
        if self.rung == "bwrap" and not confinement.bubblewrap(root):
            return Sandbox("none", loose="bwrap lies in the workspace")
        return self

    def limits(self) -> bool:
        """Whether the operating system enforces anything."""
        return self.rung != "none"

    def argv(
        self, line: str, folder: Path, room: Room | None, root: Path | None = None
    ) -> list[str]:
        """The program and arguments that run the bash ``line`` in ``folder``; no room: unbound.

        ``root`` is the workspace, where no bash is taken from. Raises :class:`ArchnbError`.
        """
        if self.fault:
            raise ArchnbError(
                f"No command runs: {self.fault}.",
                hint=f"Set {CHOICE} to bwrap, landlock or off, or unset it; then restart.",
            )
        bash = programs.find("bash", room.root if room else root or folder)
        if bash is None:
            raise ArchnbError(
                "bash was not found on this machine, outside of the workspace.",
                hint="Commands need bash on the PATH.",
            )
        command = [bash, "--noprofile", "--norc", "-c", line]
        if room is None or self.rung == "none" or not self.within(room.root).limits():
            return confinement.supervised(command) if supervises() else command
        seen = surroundings(room.root)
        match self.rung:
            case "landlock":
                return confinement.landlock(command, room, seen)
            case "bwrap":
                return confinement.bwrap(command, room, seen, folder)
            case _:
                assert_never(self.rung)


def supervises() -> bool:
    """Whether a supervisor can end all that a command starts: on Linux, from a real Python."""
    return sys.platform == "linux" and bool(confinement.interpreter())


@cache
def current() -> Sandbox:
    """The best rung that holds on this machine, tested once per process; see ``CHOICE``.

    A rung that was chosen and does not hold is never exchanged for less: its ``fault`` says so.
    """
    return chosen(os.environ.get(CHOICE, ""))


def chosen(choice: str) -> Sandbox:
    """The rung that ``choice`` names, if it holds; without a name the best one, else ``none``."""
    from archnb.execution.sandbox.proof import prove

    name = choice.strip().casefold()
    ladder: tuple[Rung, ...]
    match name:
        case "":
            ladder = ("bwrap", "landlock")
        case "off" | "none":
            ladder = ()
        case "bwrap" | "landlock":
            ladder = (name,)
        case _:
            return Sandbox("none", fault=f"{CHOICE} is {choice[:40]!r}, not bwrap, landlock or off")
    for rung in ladder if supervises() else ():
        if enforced := prove(Sandbox(rung)):
            return Sandbox(rung, enforced)
    fault = f"{CHOICE}={name} was chosen, which does not hold on this machine" if name else ""
    return Sandbox("none", fault=fault if name in ("bwrap", "landlock") else "")
