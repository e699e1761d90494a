"""Ends every process that a command started, whatever session, group or environment it took.

The supervisor is a subreaper: whoever loses its parent becomes its child, and cannot leave.
"""

# ruff: noqa: PTH123, PTH208
# pathlib would double the time that the supervisor takes to start.
from __future__ import annotations

import os
import time

KILL, TERM, STOP = 9, 15, 19
_PAUSE = 0.01  # seconds
_PATIENCE = 3.0  # seconds for what cannot be killed: another user's, or one stuck in the kernel


def reap() -> dict[int, int]:
    """The status of each child that has ended, by its number; empties the list of the dead."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def alone() -> bool:
    """Whether no child is left, alive or dead."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def send(number: int, pids: set[int]) -> None:
    """Send a signal to each; some may be gone by now."""
    for pid in sorted(pids):  # parents first: a shell tells of the children it loses
        try:
            os.kill(pid, number)
        except OSError:
            continue


def end() -> None:
    """Kill all descendants and wait for them; gives up on what does not die of it."""
    seen: set[int] = set()
    deadline = time.monotonic() + _PATIENCE
    while not alone() and time.monotonic() < deadline:
        before, seen = seen, set()
        # Stopped first: what multiplies faster than it is killed would never end.
        while found := family(os.getpid()) - seen:
            send(STOP, found)
            seen |= found
        send(KILL, seen)
        if seen != before:
            deadline = time.monotonic() + _PATIENCE
        reap()
        time.sleep(_PAUSE)
        reap()


def family(root: int) -> set[int]:
    """The descendants of ``root`` that are not dead, as /proc tells."""
    children: dict[int, list[int]] = {}
    dead = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
        if fields[0] in (b"Z", b"X"):
            dead.add(int(name))
    found, left = set(), [root]
    while left:
        for child in children.get(left.pop(), ()):
            found.add(child)
            left.append(child)
    return found - dead
