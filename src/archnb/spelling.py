"""What a name of a file means to file systems and to readers: spellings that amount to one file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=4096)
def folded(part: str) -> str:
    r"""A name as the least exact file system takes it, and as a reader might.

    Case, compatibility letters, letters that are not seen, NTFS streams, dots and spaces at the
    end and the tilde of a backup make no difference; a short 8.3 name counts as the dotted one.

    >>> folded(".\uff25nv . "), folded("GIT~1"), folded(".git::$INDEX_ALLOCATION")
    ('.env', '.git', '.git')
    """
    plain = part.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
        plain = "".join(
            letter
            for letter in plain
            if unicodedata.category(letter) != "Cf" and not "\ufe00" <= letter <= "\ufe0f"
        )
    plain = plain.partition(":")[0].rstrip(". ") or plain
    if short := re.fullmatch(r"([a-z0-9_-]{1,6})~\d", plain):
        return "." + short[1]
    return plain.rstrip("~") or plain


def printable(path: str) -> bool:
    """Whether a path has no control characters and can be given to a file system."""
    surrogate = any("\ud800" <= character <= "\udfff" for character in path)
    return not surrogate and all(ord(character) >= 32 and character != "\x7f" for character in path)


_DEVICES = frozenset(
    "con prn aux nul conin$ conout$".split()
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


def windows_trap(path: str) -> str:
    """Why Windows would take a part of ``path`` for something else, or nothing.

    >>> windows_trap("docs/aux.md"), windows_trap("a.sql."), windows_trap("docs/../a.sql")
    ('aux is a device', 'a.sql. ends in a dot or space, which is dropped', '')
    """
    parts = path.replace("\\", "/").split("/")
    if len(parts[0]) == 2 and parts[0][1] == ":":  # a drive
        parts = parts[1:]
    for part in parts:
        stem = part.split(".", 1)[0].rstrip(" ").casefold()
        if stem in _DEVICES:
            return f"{stem} is a device"
        if part not in (".", "..") and part != part.rstrip(". "):
            return f"{part} ends in a dot or space, which is dropped"
        if ":" in part:
            return f"{part} names a stream of a file"
    return ""


def same_letters(name: str, entries: Sequence[str]) -> str:
    r"""The one of ``entries`` that differs from ``name`` only in how its accents are stored.

    >>> same_letters("e\u0301.sql", ["\xe9.sql"]) == "\xe9.sql"
    True
    """
    composed = unicodedata.normalize("NFC", name)
    alike = [each for each in entries if unicodedata.normalize("NFC", each) == composed]
    return alike[0] if len(alike) == 1 else name


def spelling(name: str, entries: Sequence[str]) -> str:
    """The one of ``entries`` that a file system that ignores case takes ``name`` for.

    >>> spelling("Schema.SQL", ["a", "schema.sql"]), spelling("b", ["a", "B", "b"])
    ('schema.sql', 'b')
    """
    if name in entries:
        return name
    folded = unicodedata.normalize("NFC", name).casefold()
    alike = (each for each in entries if unicodedata.normalize("NFC", each).casefold() == folded)
    return next(alike, name)
