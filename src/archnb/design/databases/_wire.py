"""As much of PostgreSQL's protocol (version 3.0, simple queries) as a proof needs."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TICK = 0.1  # seconds between two looks at the limit
_KEPT = 65_536  # bytes of one message that are looked at


class Lost(Exception):  # noqa: N818 - said of a connection, and never leaves the room
    """The server has gone; its last words, if it had any."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in the server's words. ``offset`` of the character it is about, or None."""

    message: str
    code: str  # SQLSTATE
    detail: str = ""
    hint: str = ""
    offset: int | None = None

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.message}{detail}{f' Hint: {self.hint}' if self.hint else ''}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: the tag of its last command, its first row, or the first refusal."""

    tag: str = ""
    row: tuple[str, ...] = ()
    refusal: Refusal | None = None


class Connection:
    """A connection over a unix socket to a server that asks for no password.

    ``check`` is called while it waits, and may raise. ``status`` is the server's: ``I`` idle,
    ``T`` in a transaction, ``E`` in a failed one.
    """

    def __init__(self, path: Path, user: str, database: str, check: Callable[[], None]) -> None:
        self.status = "I"
        self._check = check
        self._socket = socket.socket(socket.AF_UNIX)
        self._buffer = b""
        try:
            self._socket.settimeout(_TICK)
            self._socket.connect(str(path))
            words = ("user", user, "database", database, "client_encoding", "UTF8", "")
            self._send(
                b"", struct.pack("!i", 196_608) + b"\0".join(w.encode() for w in words) + b"\0"
            )
            if refusal := self._answer().refusal:
                raise Lost(str(refusal))
        except OSError as error:
            self.close()
            raise Lost(str(error)) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def run(self, sql: str) -> Answer:
        """Send a query as it stands; a COPY from the client gets no rows."""
        if "\0" in sql:
            return Answer(refusal=Refusal("invalid byte sequence for encoding: 0x00", "22021"))
        self._send(b"Q", sql.encode("utf-8", "replace") + b"\0")
        return self._answer()

    def _answer(self) -> Answer:
        tag = ""
        row: tuple[str, ...] = ()
        refusal: Refusal | None = None
        while True:
            kind, body = self._message()
            match kind:
                case b"Z":
                    self.status = body[:1].decode()
                    return Answer(tag, row, refusal)
                case b"E":
                    refusal = refusal or _refusal(body)
                    if _fields(body).get("V", "") in ("FATAL", "PANIC"):
                        raise Lost(str(_refusal(body)))
                case b"C":
                    tag = body.rstrip(b"\0").decode("ascii", "replace")
                case b"D":
                    row = row or _row(body)
                case b"G":
                    self._send(b"c", b"")  # the end of the rows, at once
                case b"R" if body[:4] != b"\0\0\0\0":
                    raise Lost("the server asks for a password")
                case _:  # notices, parameters, descriptions of rows
                    pass

    def _send(self, kind: bytes, body: bytes) -> None:
        rest = memoryview(kind + struct.pack("!i", len(body) + 4) + body)
        while rest:
            self._check()
            with contextlib.suppress(TimeoutError):
                try:
                    rest = rest[self._socket.send(rest) :]
                except (BrokenPipeError, ConnectionResetError) as error:
                    raise Lost(str(error)) from error

    def _message(self) -> tuple[bytes, bytes]:
        head = self._read(5, keep=5)
        size = struct.unpack("!i", head[1:])[0] - 4
        return head[:1], self._read(size, keep=_KEPT)

    def _read(self, size: int, *, keep: int) -> bytes:
        """The next ``size`` bytes, of which only the first ``keep`` are given."""
        kept = bytearray()
        while size > 0:
            if not self._buffer:
                self._buffer = self._receive()
            part, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(part)
            kept += part[: max(keep - len(kept), 0)]
        return bytes(kept)

    def _receive(self) -> bytes:
        while True:
            self._check()
            try:
                found = self._socket.recv(_KEPT)
            except TimeoutError:
                continue
            except ConnectionResetError as error:
                raise Lost(str(error)) from error
            if not found:
                raise Lost("the server closed the connection")
            return found


def _fields(body: bytes) -> dict[str, str]:
    parts = [part.decode("utf-8", "replace") for part in body.split(b"\0") if part]
    return {part[0]: part[1:] for part in parts}


def _refusal(body: bytes) -> Refusal:
    fields = _fields(body)
    position = fields.get("P", "")
    return Refusal(
        fields.get("M", "error"),
        fields.get("C", ""),
        fields.get("D", ""),
        fields.get("H", ""),
        int(position) - 1 if position.isdecimal() else None,
    )


def _row(body: bytes) -> tuple[str, ...]:
    """The columns of a row as text; NULL is the empty string."""
    found: list[str] = []
    position = 2
    while position + 4 <= len(body):
        size = max(struct.unpack_from("!i", body, position)[0], 0)
        found.append(body[position + 4 : position + 4 + size].decode("utf-8", "replace"))
        position += 4 + size
    return tuple(found)
