"""Modes, owners, times and attributes of files, changed on behalf of a confined command.

Landlock does not know these calls, so the filter hands them over (seccomp_unotify(2)). What the
caller's memory says is read once; the target is opened, judged where it really lies, and changed
through that very descriptor: nothing can be exchanged in between.
"""

# ruff: noqa: PTH101, PTH115
# pathlib would double the time that the supervisor takes to start.
from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import struct

from .seccomp import SUSPECT
from .system import libc

_RECEIVE, _SEND, _VALID = 0xC0502100, 0xC0182101, 0x40082102
_HERE = -100  # AT_FDCWD
_NO_FOLLOW, _EMPTY = 0x100, 0x1000  # AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
_MAX_PATH, _MAX_NAME, _MAX_VALUE = 4096, 256, 65_536  # bytes, the kernel's own limits


def answer(listener: int, names: dict[int, str], roots: list[str]) -> None:
    """Take one question from ``listener`` and answer it: done below ``roots``, else refused.

    ``names`` are those of the system calls by number.
    """
    question = bytearray(80)
    try:
        fcntl.ioctl(listener, _RECEIVE, question)
    except OSError:  # the caller is gone
        return
    identity, pid = struct.unpack_from("=QI", question)
    number = struct.unpack_from("=i", question, 16)[0]
    arguments = struct.unpack_from("=6Q", question, 32)
    error = 0
    try:
        call = Call(listener, identity, pid, arguments, roots)
        call.perform(names.get(number, ""))
    except OSError as failure:
        error = failure.errno or errno.EPERM
    except (OverflowError, ValueError):
        error = errno.EINVAL
    try:
        fcntl.ioctl(listener, _SEND, bytearray(struct.pack("=QqiI", identity, 0, -error, 0)))
    except OSError:
        return


class Call:
    """One system call of a process that waits for its answer."""

    __slots__ = ("arguments", "identity", "listener", "pid", "roots")

    def __init__(
        self, listener: int, identity: int, pid: int, arguments: tuple[int, ...], roots: list[str]
    ) -> None:
        self.listener, self.identity, self.pid = listener, identity, pid
        self.arguments, self.roots = arguments, roots

    def perform(self, name: str) -> None:
        """Do what is asked; raises OSError with the number that the caller is to see."""
        first, second, third, fourth, fifth, _ = self.arguments
        flags = 0
        match name:
            case "chmod" | "chown" | "setxattr" | "removexattr":
                place, rest = self.open(_HERE, first), (second, third, fourth, fifth)
            case "lchown" | "lsetxattr" | "lremovexattr":
                place, rest = self.open(_HERE, first, _NO_FOLLOW), (second, third, fourth, fifth)
            case "fchmod" | "fchown" | "fsetxattr" | "fremovexattr":
                place, rest = self.descriptor(_int(first)), (second, third, fourth, fifth)
            case "fchmodat" | "fchmodat2" | "utimensat":
                flags = 0 if name == "fchmodat" else fourth
                place, rest = self.open(_int(first), second, flags, bare=True), (third, 0, 0, 0)
            case "fchownat":
                place, rest = self.open(_int(first), second, fifth), (third, fourth, 0, 0)
            case _:
                raise OSError(errno.ENOSYS, name)
        try:
            self.judge(place)
            self.change(name, place, rest)
        finally:
            os.close(place)

    def change(self, name: str, place: int, rest: tuple[int, ...]) -> None:
        """Carry ``name`` out on the file that is open as ``place``."""
        path = f"/proc/self/fd/{place}"
        if "chmod" in name:
            mode = rest[0] & 0o7777
            found = os.fstat(place)
            if stat.S_ISLNK(found.st_mode):
                raise OSError(errno.EOPNOTSUPP, name)
            if mode & SUSPECT and not stat.S_ISDIR(found.st_mode):
                raise OSError(errno.EPERM, name)
            os.chmod(path, mode)
        elif "chown" in name:
            libc("fchownat", place, ctypes.c_char_p(b""), _int(rest[0]), _int(rest[1]), _EMPTY)
        elif name == "utimensat":
            times = ctypes.c_char_p(self.memory(rest[0], 32)) if rest[0] else None
            libc("utimensat", _HERE, ctypes.c_char_p(path.encode()), times, 0)
        else:
            self.attribute(name, path, rest)

    def attribute(self, name: str, path: str, rest: tuple[int, ...]) -> None:
        """Set or remove one extended attribute: those of the user only."""
        attribute = self.text(rest[0], _MAX_NAME)
        if attribute.startswith(b"system."):
            raise OSError(errno.EOPNOTSUPP, name)  # as a file system without them says
        if not attribute.startswith(b"user."):
            raise OSError(errno.EPERM, name)
        if "remove" in name:
            os.removexattr(path, attribute)
        elif rest[2] > _MAX_VALUE:
            raise OSError(errno.E2BIG, name)
        else:
            os.setxattr(path, attribute, self.memory(rest[1], rest[2]), _int(rest[3]))

    def judge(self, place: int) -> None:
        """Refuse what does not really lie below one of the roots."""
        real = os.readlink(f"/proc/self/fd/{place}")
        if not any(real == root or real.startswith(f"{root}/") for root in self.roots):
            raise OSError(errno.EPERM, real)

    def open(self, folder: int, address: int, flags: int = 0, *, bare: bool = False) -> int:
        """A descriptor of what the caller names; ``bare``: no path at all means the folder."""
        if flags & ~(_NO_FOLLOW | _EMPTY):
            raise OSError(errno.EINVAL, "flags")
        if not address and bare:
            return self.descriptor(folder)
        path = self.text(address, _MAX_PATH)
        if not path:
            if not flags & _EMPTY:
                raise OSError(errno.ENOENT, "path")
            return self.descriptor(folder)
        follow = os.O_NOFOLLOW if flags & _NO_FOLLOW else 0
        wanted = os.O_PATH | os.O_CLOEXEC | follow
        for own in (b"/proc/self/", b"/proc/thread-self/"):  # the caller's, not ours
            if path.startswith(own):
                path = b"/proc/%d/%s" % (self.pid, path.removeprefix(own))
        if path.startswith(b"/"):
            found = os.open(path, wanted)
            self.waiting()
            return found
        start = self.descriptor(folder)
        try:
            return os.open(path, wanted, dir_fd=start)
        finally:
            os.close(start)

    def descriptor(self, number: int) -> int:
        """What the caller has open as ``number``, or the folder it is in."""
        name = "cwd" if number == _HERE else f"fd/{number}"
        try:
            found = os.open(f"/proc/{self.pid}/{name}", os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise OSError(errno.EBADF, name) from error
        self.waiting()
        return found

    def text(self, address: int, limit: int) -> bytes:
        """The text at ``address`` of the caller, up to its zero byte."""
        found = b""
        while len(found) < limit:
            # Page by page: the next one need not be there.
            chunk = self.memory(address + len(found), 4096 - (address + len(found)) % 4096)
            text, zero, _ = chunk.partition(b"\0")
            found += text
            if zero:
                return found
        raise OSError(errno.ENAMETOOLONG, "path")

    def memory(self, address: int, size: int) -> bytes:
        """Bytes of the caller's memory."""
        memory = os.open(f"/proc/{self.pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            found = os.pread(memory, size, address)
        except OSError as error:
            raise OSError(errno.EFAULT, "memory") from error
        finally:
            os.close(memory)
        self.waiting()
        if len(found) != size:
            raise OSError(errno.EFAULT, "memory")
        return found

    def waiting(self) -> None:
        """Refuse where the caller no longer waits: its number may be another process's by now."""
        fcntl.ioctl(self.listener, _VALID, struct.pack("=Q", self.identity))


def _int(value: int) -> int:
    """The signed 32-bit number in the low half of an argument."""
    low = value & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
