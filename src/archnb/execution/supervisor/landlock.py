"""Landlock: the kernel's rules about which files a process and its children can reach.

Source of the numbers: the kernel's include/uapi/linux/landlock.h and landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct

from .system import NUMBERS, libc

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV

READ = EXECUTE | READ_FILE | READ_DIR
LIST = READ_DIR
DEVICE = WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV
WRITE = ((1 << 16) - 1) & ~(_MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV)
"""All there is, but for making devices and talking to their drivers."""

_CREATE, _ADD, _RESTRICT = (NUMBERS[f"landlock_{name}"] for name in (
    "create_ruleset", "add_rule", "restrict_self"))  # fmt: skip
_BENEATH = 1  # the kind of rule that holds for a path and what lies below
_SCOPES = 0b11  # abstract sockets and signals stay among the confined (version 6)


def version() -> int:
    """The version of Landlock that the kernel speaks; 0 where it is missing or switched off."""
    try:
        return libc("syscall", _CREATE, None, 0, 1)
    except OSError:
        return 0


def handled(abi: int) -> int:
    """The rights that a kernel of version ``abi`` can take away.

    >>> [handled(abi).bit_length() for abi in (1, 2, 3, 4, 5, 7)]
    [13, 14, 15, 15, 16, 16]
    """
    return (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)) - 1


def confine(rules: list[tuple[str, int]]) -> None:
    """Take from this process, for good, every right that no rule of ``(path, rights)`` gives.

    A path that does not exist gives nothing. Raises OSError where the kernel refuses.
    """
    abi = version()
    rights = handled(abi)
    attributes = struct.pack("=QQQ", rights, 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = libc("syscall", _CREATE, ctypes.c_char_p(attributes), size, 0)
    for path, wanted in rules:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        folder = stat.S_ISDIR(os.fstat(place).st_mode)
        given = wanted & rights & (~0 if folder else _OF_FILES)
        if given:
            rule = struct.pack("=Qi", given, place)
            libc("syscall", _ADD, ruleset, _BENEATH, ctypes.c_char_p(rule), 0)
        os.close(place)
    libc("syscall", _RESTRICT, ruleset, 0)
    os.close(ruleset)
