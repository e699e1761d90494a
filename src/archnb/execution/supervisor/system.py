"""The few system calls that Python does not offer."""

from __future__ import annotations

import ctypes
import os

NUMBERS = {"landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446}
"""Of calls newer than 2019, which have one number on every architecture."""

_libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def libc(name: str, *arguments: object) -> int:
    """Call a function of the C library; raises OSError where it gives a negative number."""
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    function = getattr(_libc, name)
    function.restype = ctypes.c_long if name == "syscall" else ctypes.c_int
    result = int(function(*given))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int = 0) -> int:
    """Set a property of this process; unused arguments are zero, as newer options demand."""
    return libc("prctl", option, value, 0, 0, 0)


def default_signal(number: int) -> None:
    """Give a signal its default action, which Python or whoever started it took away."""
    getattr(_libc, "signal")(number, None)  # noqa: B009  (mypy: the library may be missing)
