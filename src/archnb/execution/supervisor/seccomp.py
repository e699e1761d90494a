"""The filter of system calls: what a confined command cannot ask of the kernel at all.

Written for x86-64 and 64-bit ARM. Sources: seccomp(2), the kernel's include/uapi/linux/seccomp.h
and, for the numbers, its unistd.h of both architectures.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .system import libc

# Names with their number on x86-64 and on ARM ("-": has none, "=": the same).
_TABLE = """
ptrace 101 117   process_vm_readv 310 270   process_vm_writev 311 271   kcmp 312 272
pidfd_getfd 438 =   process_madvise 440 =   unshare 272 97   setns 308 268   mount 165 40
umount2 166 39   pivot_root 155 41   chroot 161 51   open_tree 428 =   move_mount 429 =
fsopen 430 =   fsconfig 431 =   fsmount 432 =   fspick 433 =   mount_setattr 442 =
open_tree_attr 467 =   swapon 167 224   swapoff 168 225   reboot 169 142   acct 163 89
quotactl 179 60   quotactl_fd 443 =   sethostname 170 161   setdomainname 171 162
init_module 175 105   finit_module 313 273   delete_module 176 106   kexec_load 246 104
kexec_file_load 320 294   bpf 321 280   perf_event_open 298 241   userfaultfd 323 282
lookup_dcookie 212 18   syslog 103 116   settimeofday 164 170   clock_settime 227 112
vhangup 153 58   fanotify_init 300 262   keyctl 250 219   add_key 248 217
request_key 249 218   open_by_handle_at 304 265   io_uring_setup 425 =
io_uring_enter 426 =   io_uring_register 427 =   iopl 172 -   ioperm 173 -   modify_ldt 154 -
uselib 134 -   clone 56 220   clone3 435 =   socket 41 198   ioctl 16 29   prlimit64 302 261
shmget 29 194   shmat 30 196   shmctl 31 195   semget 64 190   semop 65 193   semctl 66 191
semtimedop 220 192   msgget 68 186   msgsnd 69 189   msgrcv 70 188   msgctl 71 187
mq_open 240 180   mq_unlink 241 181   setpriority 141 140   ioprio_set 251 30
sched_setparam 142 118   sched_setscheduler 144 119   sched_setaffinity 203 122
sched_setattr 314 274
truncate 76 45   chmod 90 -   fchmod 91 52   chown 92 -   fchown 93 55   lchown 94 -
fchmodat 268 53   fchmodat2 452 =   fchownat 260 54   utimensat 280 88   utime 132 -
utimes 235 -   futimesat 261 -   setxattr 188 5   lsetxattr 189 6   fsetxattr 190 7
removexattr 197 14   lremovexattr 198 15   fremovexattr 199 16   setxattrat 463 =
removexattrat 466 =   file_setattr 469 =
"""
_CODES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH of each

_NEVER = """ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise unshare
setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick
mount_setattr open_tree_attr swapon swapoff reboot acct quotactl quotactl_fd sethostname
setdomainname init_module finit_module delete_module kexec_load kexec_file_load bpf
perf_event_open userfaultfd lookup_dcookie syslog settimeofday clock_settime vhangup fanotify_init
keyctl add_key request_key open_by_handle_at io_uring_setup io_uring_enter io_uring_register
iopl ioperm modify_ldt uselib""".split()
# A namespace of its own would keep these apart; without one they reach other programs.
_SHARED = """shmget shmat shmctl semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
mq_open mq_unlink""".split()
# These reach other programs by a number, where 0 is the caller itself; by a user, where the first
# argument is greater than that of one process.
_SCHEDULED = "sched_setparam sched_setscheduler sched_setaffinity sched_setattr".split()
_PRIORITIES = {"setpriority": 0, "ioprio_set": 1}  # PRIO_PROCESS, IOPRIO_WHO_PROCESS
# Landlock does not know these; the supervisor carries them out where they are allowed.
ASKED = """chmod fchmod chown fchown lchown fchmodat fchmodat2 fchownat utimensat setxattr
lsetxattr fsetxattr removexattr lremovexattr fremovexattr""".split()
# Callers fall back to what is asked about when these are missing.
_MISSING = "utime utimes futimesat setxattrat removexattrat file_setattr".split()

_MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2}  # which argument has the mode
SUSPECT = 0o6000
"""The set-user-id and set-group-id bits: a program that others would run as this person."""
_NAMESPACES = 0x7E020000  # every CLONE_NEW flag of clone(2)
# TIOCSTI and TIOCLINUX type into a terminal; the others change a file's flags without writing it
# (FS_IOC_SETFLAGS in both sizes, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION in both sizes).
_IOCTLS = (0x5412, 0x541C, 0x40086602, 0x40046602, 0x401C5820, 0x40087602, 0x40047602)
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16

_LOAD, _EQUAL, _GREATER, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # of classic BPF
_ALLOW, _ERROR, _NOTIFY = 0x7FFF0000, 0x00050000, 0x7FC00000
_REFUSE = _ERROR | errno.EPERM
_ABSENT = _ERROR | 38  # ENOSYS has this number on both; errno's own is the building machine's


def numbers(machine: str) -> dict[str, int]:
    """The numbers of the system calls on ``machine``; raises KeyError where it is unknown.

    >>> numbers("x86_64")["chmod"], "chmod" in numbers("aarch64"), numbers("aarch64")["bpf"]
    (90, False, 280)
    """
    column = list(_CODES).index(machine) if machine in _CODES else None
    if column is None:
        raise KeyError(machine)
    words = _TABLE.split()
    found = {}
    for name, intel, arm in zip(words[::3], words[1::3], words[2::3], strict=True):
        number = intel if column == 0 or arm == "=" else arm
        if number != "-":
            found[name] = int(number)
    return found


def program(machine: str, *, network: bool, apart: bool, truncates: bool = True) -> bytes:
    """The filter as the kernel takes it.

    ``apart``: the command has namespaces of its own, so that sockets without ``network`` reach
    nobody, and mounts guard what lies outside. ``truncates``: Landlock sees truncate(2).
    """
    known = numbers(machine)
    out: list[tuple[int, int, int, int]] = []

    def refuse(names: list[str], action: int) -> None:
        for name in names:
            if name in known:
                out.append((_EQUAL, 0, 1, known[name]))
                out.append((_RETURN, 0, 0, action))

    def inspect(name: str, body: list[tuple[int, int, int, int]]) -> None:
        out.append((_EQUAL, 0, len(body), known[name]))
        out.extend(body)

    out += [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _CODES[machine]), (_RETURN, 0, 0, _REFUSE)]
    out += [(_LOAD, 0, 0, 0), (_GREATER, 0, 1, 0x40000000), (_RETURN, 0, 0, _REFUSE)]  # x32
    refuse(_NEVER, _REFUSE)
    refuse(["clone3"], _ABSENT)
    if not apart:
        refuse(_SHARED, _REFUSE)
        refuse(ASKED, _NOTIFY)
        refuse(_MISSING, _ABSENT)
        for name in _SCHEDULED:
            inspect(name, [_argument(0), (_EQUAL, 1, 0, 0), *_ends()])
        for name, kind in _PRIORITIES.items():
            own = [_argument(0), (_EQUAL, 0, 2, kind), _argument(1), (_EQUAL, 1, 0, 0)]
            inspect(name, [*own, *_ends()])
    if not truncates:
        refuse(["truncate"], _REFUSE)
    for name, place in _MODES.items() if apart else ():
        if name in known:
            inspect(name, [_argument(place), (_BITS, 0, 1, SUSPECT), *_ends()])
    inspect("clone", [_argument(0), (_BITS, 0, 1, _NAMESPACES), *_ends()])
    inspect("prlimit64", [_argument(0), (_EQUAL, 1, 0, 0), *_ends()])
    ioctls = [(_EQUAL, len(_IOCTLS) - place, 0, code) for place, code in enumerate(_IOCTLS)]
    inspect("ioctl", [_argument(1), *ioctls, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)])
    inspect("socket", _sockets(network=network, apart=apart))
    out.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in out)


def _argument(place: int) -> tuple[int, int, int, int]:
    """Load the low half of an argument: the kernel looks at no more of those inspected here."""
    return (_LOAD, 0, 0, 16 + 8 * place)


def _ends() -> list[tuple[int, int, int, int]]:
    """Refuse, or allow where the test before jumped over one."""
    return [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]


def _sockets(*, network: bool, apart: bool) -> list[tuple[int, int, int, int]]:
    """The internet with ``network``; without it nothing, or what ``apart`` leads nowhere.

    Sockets of files and abstract names reach other programs (a container engine, the session
    bus), so they are for those alone that are ``apart``.
    """
    if not network and not apart:
        return [(_RETURN, 0, 0, _REFUSE)]
    families = [_INET, _INET6, *[_UNIX] * (not network)]
    body = [_argument(0)]
    # Each test jumps to the last instruction; between lie the other tests and four more.
    body += [(_EQUAL, len(families) - place + 3, 0, each) for place, each in enumerate(families)]
    body += [(_EQUAL, 0, 2, _NETLINK), _argument(2), (_EQUAL, 1, 0, 0)]  # NETLINK_ROUTE
    return [*body, (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]


def install(filter_: bytes, *, listen: bool) -> int:
    """Bind this process to the filter for good; gives the descriptor of what is asked, or -1.

    Needs no_new_privs. Raises OSError where the kernel refuses.
    """
    memory = ctypes.create_string_buffer(filter_, len(filter_))
    header = struct.pack("HxxxxxxP", len(filter_) // 8, ctypes.addressof(memory))
    number = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
    given = libc("syscall", number, 1, 8 if listen else 0, ctypes.c_char_p(header))
    return given if listen else -1
