"""What a command printed, as text for a reader: bounded, without escapes, bars folded."""

from __future__ import annotations

import os
import re
import threading
from io import FileIO
from pathlib import Path

LIMIT = 30_000  # characters of the text
KEPT = 200_000  # bytes kept of each end: escapes and progress bars shrink
WHOLE = 100_000_000  # bytes of the file with everything

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, moves of the cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)?"  # titles, links, strings for devices
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    r"""``text`` as a terminal leaves it: no escapes; a line written over shows its end.

    >>> clean("\x1b[31mred\x1b[0m\n10%\r 50%\r100%\r\nlast\x07")
    'red\n100%\nlast'
    """
    lines = _ESCAPE.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(_CONTROL.sub("", _written_over(line)) for line in lines)


def _written_over(line: str) -> str:
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part), "")
    if "\b" not in line:
        return line
    kept: list[str] = []
    for letter in line:
        if letter != "\b":
            kept.append(letter)
        elif kept:
            kept.pop()
    return "".join(kept)


class Printed:
    """Takes what a command prints, in bounded memory; another thread may read meanwhile.

    With ``whole``, everything (to ``WHOLE`` bytes) goes to that file once it is too much for the
    text; the file is readable by this user only.
    """

    def __init__(self, whole: Path | None = None) -> None:
        self.total = 0  # bytes
        self._whole = whole
        self._file: FileIO | None = None
        self._head = bytearray()
        self._tail = bytearray()
        self._lock = threading.Lock()

    def add(self, chunk: bytes) -> None:
        with self._lock:
            self.total += len(chunk)
            if self._whole is not None and self.total > LIMIT:
                self._save(self._whole, chunk)
            room = max(0, KEPT - len(self._head))
            self._head += chunk[:room]
            self._tail += chunk[room:]
            if (excess := len(self._tail) - KEPT) > 0:
                del self._tail[:excess]

    def text(self) -> str:
        """Everything where it fits into ``LIMIT`` characters, else its head and its tail."""
        first, last = self._ends()
        gap = f"\n… the middle left out; {self.total:,} bytes in all …\n" if last else ""
        return first + gap + last

    def latest(self, lines: int = 10) -> str:
        """The last lines so far."""
        with self._lock:
            end = (self._head[-4_000:] + self._tail)[-4_000:]
        text = clean(end.decode("utf-8", "replace")).rstrip()
        return "\n".join(text.split("\n")[-lines:])

    def saved(self) -> Path | None:
        """The file with everything, closed; None where the text says it all. Call it last."""
        with self._lock:
            file, self._file = self._file, None
            whole, self._whole = self._whole, None
        if file is None or whole is None:
            return None
        file.close()
        if not self._ends()[1]:
            whole.unlink(missing_ok=True)
            return None
        return whole

    def _ends(self) -> tuple[str, str]:
        """The text and nothing, or its head and its tail."""
        with self._lock:
            head, tail = bytes(self._head), bytes(self._tail)
        if self.total > len(head) + len(tail):
            first, last = (clean(end.decode("utf-8", "replace")) for end in (head, tail))
        else:
            first = last = clean((head + tail).decode("utf-8", "replace"))
            if len(first) <= LIMIT:
                return first, ""
        return first[: LIMIT // 2], last[-LIMIT // 2 :] or " "

    def _save(self, whole: Path, chunk: bytes) -> None:
        try:
            if self._file is None:
                whole.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                self._file = FileIO(descriptor, "wb")
                self._file.write(self._head)  # nothing is in the tail yet
            if self.total <= WHOLE:
                self._file.write(chunk)
        except OSError:  # no room, no leave: the text has to do
            if self._file is not None:
                self._file.close()
                whole.unlink(missing_ok=True)
            self._file = self._whole = None
