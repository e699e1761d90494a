"""JSON into plain values with lines, quick enough for a description of thirteen megabytes."""

from __future__ import annotations

import json
import re

from archnb.design.elements import Problem, Source
from archnb.design.formats._values import Mapping, Sequence, Value, place_of
from archnb.errors import ReadError


def read_json(text: str, file: str, depth: int) -> tuple[Value, list[Problem]]:
    """The value of a JSON text; numbers stay text.

    ``depth``: levels whose lines (and double keys) are kept; what lies deeper is read at the speed
    of C. Raises ``ReadError``, and nothing else.
    """
    try:
        reader = _Json(text, file, depth)
        return reader.document(), reader.problems
    except (ValueError, RecursionError) as error:
        raise _json_error(error, file) from None


def _json_error(error: ValueError | RecursionError, file: str) -> ReadError:
    match error:
        case json.JSONDecodeError():
            where = Source(file, error.lineno)
            said = f"this is not valid JSON ({error.msg}, column {error.colno})"
        case RecursionError():
            where, said = Source(file), "this JSON is nested too deep to be a design"
        case _:
            where, said = Source(file), f"this is not valid JSON ({error})"
    return ReadError(f"{place_of(where)}: {said}.", hint="Mend that line and read it again.")


class _Json:
    """JSON with lines: the upper levels are walked here, each value below by the C scanner."""

    _space = re.compile(r"[ \t\n\r]*")

    def __init__(self, text: str, file: str, depth: int) -> None:
        self.text = text
        self.file = file
        self.depth = depth
        self.problems: list[Problem] = []
        self._decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
        self._at = 0
        self._counted = (0, 1)

    def document(self) -> Value:
        value = self._value(self.depth)
        if self._skip() != "":
            raise json.JSONDecodeError("Extra data", self.text, self._at)
        return value

    def _skip(self) -> str:
        """The next character that is no white space, "" at the end."""
        space = self._space.match(self.text, self._at)
        self._at = space.end() if space else self._at
        return self.text[self._at : self._at + 1]

    def _line(self) -> int:
        at, line = self._counted
        self._counted = (self._at, line + self.text.count("\n", at, self._at))
        return self._counted[1]

    def _value(self, depth: int) -> Value:
        match self._skip():
            case "{" if depth > 0:
                return self._mapping(depth)
            case "[" if depth > 0:
                return self._sequence(depth)
            case _:
                return self._leaf()

    def _leaf(self) -> Value:
        value: Value
        value, self._at = self._decoder.raw_decode(self.text, self._at)
        return value

    def _mapping(self, depth: int) -> Mapping:
        pairs = Mapping()
        while self._more("}", first=not pairs):
            line = self._line()
            key = self._leaf() if self._skip() == '"' else self._expected("a property name")
            if self._skip() != ":":
                self._expected("':'")
            self._at += 1
            if (name := str(key)) in pairs:
                where = Source(self.file, line)
                said = f"{name!r} stands twice in one object; the last one counts"
                self.problems.append(Problem(where, said))
            pairs[name] = self._value(depth - 1)
            pairs.lines[name] = line
        return pairs

    def _sequence(self, depth: int) -> Sequence:
        items = Sequence()
        while self._more("]", first=not items):
            items.lines.append(self._line())
            items.append(self._value(depth - 1))
        return items

    def _more(self, end: str, *, first: bool) -> bool:
        """Step over the opening bracket or the comma; False (and past it) at the closing one."""
        if not first and self._skip() == end:
            self._at += 1
            return False
        if not first and self._skip() != ",":
            self._expected(f"',' or '{end}'")
        self._at += 1
        if first and self._skip() == end:
            self._at += 1
            return False
        self._skip()
        return True

    def _expected(self, what: str) -> str:
        raise json.JSONDecodeError(f"Expecting {what}", self.text, self._at)
