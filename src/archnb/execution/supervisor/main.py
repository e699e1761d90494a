"""Start one command, confined as the arguments say, and end with it all that it started.

Standard input is a line to whoever started this: when it closes, or that process is gone, the
command is asked to end and then killed.
"""

# ruff: noqa: PTH123
# pathlib would double the time that the supervisor takes to start.
from __future__ import annotations

import _socket
import os
import resource
import select
import sys
import time

from . import FILTER, attributes, descendants, landlock, seccomp
from .system import default_signal, prctl

GRACE = 1.0  # seconds between asking a command to end and killing it
TICK = 500  # milliseconds between looks whether whoever started this still lives
MAX_FILE = 16 << 30  # bytes of one file that a command may write
MAX_PROCESSES = 1024  # of one command, threads counted; root is bound by no limit of the kernel

_DEATH_SIGNAL, _NO_NEW_PRIVILEGES, _SUBREAPER, _DROP = 1, 38, 36, 24  # of prctl(2)
_KEPT = (
    1,
    3,
)  # of root's capabilities: CAP_DAC_OVERRIDE and CAP_FOWNER, for files of the workspace
_RESET = (13, 25)  # SIGPIPE and SIGXFSZ, which Python ignores and children would inherit


class Options:
    """``key=value`` up to ``--``, then the command; see :func:`confine` for the keys."""

    __slots__ = ("command", "given")

    def __init__(self, arguments: list[str]) -> None:
        cut = arguments.index("--")
        self.command = arguments[cut + 1 :]
        self.given: dict[str, list[str]] = {}
        for argument in arguments[:cut]:
            key, _, value = argument.partition("=")
            self.given.setdefault(key, []).append(value)

    def all(self, key: str) -> list[str]:
        return self.given.get(key, [])

    def one(self, key: str) -> str:
        return (self.all(key) or [""])[-1]


def main(arguments: list[str]) -> int:
    """Run the command of ``arguments``; gives its exit code, or dies of its signal."""
    parent = os.getppid()
    options = Options(arguments)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl(_SUBREAPER, 1)
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    # Before the command runs: it could put links where these folders are.
    roots = [os.path.realpath(path) for path in options.all("write")]
    pid = os.fork()
    if pid == 0:
        _start(options, theirs)
    theirs.close()
    listener = _received(ours)
    status = _watch(pid, parent, listener, roots)
    descendants.end()
    if os.WIFSIGNALED(status):
        default_signal(os.WTERMSIG(status))
        os.kill(os.getpid(), os.WTERMSIG(status))
    return os.waitstatus_to_exitcode(status)


def _start(options: Options, line: _socket.socket) -> None:
    """Become the command. Never returns."""
    try:
        prctl(_DEATH_SIGNAL, descendants.KILL)
        _limit()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for number in _RESET:
            default_signal(number)
        confine(options, line)
        line.close()
        os.execv(options.command[0], options.command)  # noqa: S606
    except BaseException as error:  # noqa: BLE001  (nothing may go on below this line)
        os.write(2, f"archnb: the command could not be started: {error}\n".encode())
    os._exit(126)


def _limit() -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    size = MAX_FILE if hard == resource.RLIM_INFINITY else min(hard, MAX_FILE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    processes = _threads() + MAX_PROCESSES
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    processes = processes if hard == resource.RLIM_INFINITY else min(hard, processes)
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))


def _threads() -> int:
    """How many threads the whole system has."""
    with open("/proc/loadavg", encoding="ascii") as file:
        return int(file.read().split()[3].partition("/")[2])


def confine(options: Options, line: _socket.socket) -> None:
    """Bind this process as ``rung`` says: ``landlock``, ``bwrap`` (the filter only) or nothing.

    ``read``, ``list``, ``write`` and ``device`` are paths for Landlock, ``network`` is ``on`` or
    not. Raises OSError or KeyError where it cannot be done.
    """
    rung, network = options.one("rung"), options.one("network") == "on"
    machine = os.uname().machine
    if rung == "landlock":
        prctl(_NO_NEW_PRIVILEGES, 1)
        if os.geteuid() == 0:
            _drop()
        rights = {
            "read": landlock.READ, "list": landlock.LIST,
            "write": landlock.WRITE, "device": landlock.DEVICE,
        }  # fmt: skip
        landlock.confine(
            [(path, right) for key, right in rights.items() for path in options.all(key)]
        )
        filter_ = seccomp.program(
            machine, network=network, apart=False, truncates=landlock.version() >= 3
        )
        listener = seccomp.install(filter_, listen=True)
        line.sendmsg(
            [b"l"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, listener.to_bytes(4, sys.byteorder))]
        )
        os.close(listener)
    elif rung == "bwrap":
        filter_ = seccomp.program(machine, network=network, apart=True)
        reading, writing = os.pipe()
        os.write(writing, filter_)
        os.close(writing)
        os.dup2(reading, FILTER, inheritable=True)


def _drop() -> None:
    """Root keeps what it needs for the workspace's files."""
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
        last = int(file.read())
    for capability in range(last + 1):
        if capability not in _KEPT:
            prctl(_DROP, capability)


def _received(line: _socket.socket) -> int | None:
    """The listener that the child sends before it becomes the command, if it sends one."""
    _, sent, _, _ = line.recvmsg(1, _socket.CMSG_SPACE(4))
    line.close()
    return int.from_bytes(sent[0][2][:4], sys.byteorder) if sent else None


def _watch(pid: int, parent: int, listener: int | None, roots: list[str]) -> int:
    """Wait for the command to end, and answer what it asks meanwhile; gives its status."""
    machine = os.uname().machine
    names = {number: name for name, number in seccomp.numbers(machine).items()} if listener else {}
    poll = select.poll()
    child = os.pidfd_open(pid)
    poll.register(child, select.POLLIN)
    poll.register(0, select.POLLIN | select.POLLHUP)
    if listener is not None:
        poll.register(listener, select.POLLIN)
    deadline, many = 0.0, _threads() + MAX_PROCESSES
    while True:
        ready = dict(poll.poll(TICK))
        if listener is not None and listener in ready:
            if ready[listener] & select.POLLIN:
                attributes.answer(listener, names, roots)
            else:
                poll.unregister(listener)
                listener = None
        # The dead are taken away here: a long command may leave many.
        if pid in (ended := descendants.reap()):
            return ended[pid]
        if not deadline and (0 in ready or os.getppid() != parent):
            deadline = time.monotonic() + GRACE
            poll.unregister(0)
            descendants.send(descendants.TERM, descendants.family(os.getpid()))
        if deadline and time.monotonic() > deadline:
            descendants.end()
            return descendants.KILL  # the status of what this signal ended
        if _threads() > many and len(descendants.family(os.getpid())) > MAX_PROCESSES:
            descendants.end()
            os.write(2, b"archnb: ended, for it started too many processes\n")
            return descendants.KILL  # the status of what this signal ended
