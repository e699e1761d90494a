"""A script cut into statements, fast, whatever is broken in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Statement:
    """``text[start:stop]`` of a script without its terminator, on lines ``line`` to ``end``.

    ``broken`` is where in it a quote or comment begins that never ends.
    """

    text: str
    start: int
    stop: int
    line: int
    end: int
    broken: int | None = None


# What can stand in a statement, token by token: possessive, so that no text makes them backtrack.
_COMMENT = r"/\*(?:[^*/]++|\*(?!/)|/(?!\*))*+\*/"
for _ in range(4):  # PostgreSQL and SQL Server nest comments; deeper than this nobody does
    _COMMENT = rf"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|{_COMMENT})*+\*/"
_FLAT = r"/\*(?:[^*]++|\*(?!/))*+\*/"
_ESCAPED = r"'(?:[^'\\]++|\\.|'')*+'"
_TSQL_LINE = r"""(?ix: [ \t]*+ (?: go\b
    | (?:create|alter|drop)\s++(?:table|unique|index|clustered|nonclustered|view|schema|type
        |procedure|proc|function|trigger|database|sequence|user|login|role)\b
    | (?:if|begin|end|print|exec|execute|insert|declare|use|while|else|raiserror)(?=[\s(;]|\Z)
    | set\s++(?:ansi|quoted|nocount|identity|xact|concat|arithabort|numeric)\w*+ ))"""
_ATOMS = {
    "postgres": (
        r"[^'\"$/\-;\\]++",
        rf"(?<=\b[eE]){_ESCAPED}",
        r"'[^']*+'",
        r'"[^"]*+"',
        r"--[^\n]*+",
        _COMMENT,
        r"(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*+)?)\$.*?\$(?P=tag)\$",
        r"/(?!\*)",
        r"-(?!-)",
        r"\$",
    ),
    "mysql": (
        r"[^'\"`#/\-;]++",
        _ESCAPED,
        r'"(?:[^"\\]++|\\.|"")*+"',
        r"`[^`]*+`",
        r"(?:\#|--(?!\S))[^\n]*+",
        _FLAT,
        r"/(?!\*)",
        r"-(?!-(?!\S))",
    ),
    "sqlite": (
        r"[^'\"`\[/\-;]++",
        r"'[^']*+'",
        r'"[^"]*+"',
        r"`[^`]*+`",
        r"\[[^\]]*+\]",
        r"--[^\n]*+",
        _FLAT,
        r"/(?!\*)",
        r"-(?!-)",
    ),
    "tsql": (
        r"[^'\"\[/\-;\n]++",
        rf"\n(?!{_TSQL_LINE})",
        r"'[^']*+'",
        r'"[^"]*+"',
        r"\[(?:[^\]]|\]\])*+\]",
        r"--[^\n]*+",
        _COMMENT,
        r"/(?!\*)",
        r"-(?!-)",
    ),
}
_BODY = {name: re.compile(f"(?:{'|'.join(atoms)})*+", re.DOTALL) for name, atoms in _ATOMS.items()}
_BETWEEN = {
    "postgres": re.compile(rf"(?:[\s;]++|--[^\n]*+|{_COMMENT})*+"),
    "mysql": re.compile(rf"(?:[\s;]++|(?:\#|--(?!\S))[^\n]*+|{_FLAT}|\\-[^\n]*+)*+"),
    "sqlite": re.compile(rf"(?:[\s;]++|--[^\n]*+|{_FLAT}|(?m:^)\.[^\n]*+)*+"),
    "tsql": re.compile(rf"(?:[\s;]++|--[^\n]*+|{_COMMENT}|(?im:^)[ \t]*+(?i:go)\b[^\n]*+)*+"),
}
_QUOTES = {"postgres": "'\"/", "mysql": "'\"`/", "sqlite": "'\"`[/", "tsql": "'\"[/"}
_FILLER = r"(?>\s|/\*.*?\*/|--[^\n]*\n)++"
_ROUTINE = re.compile(
    rf"create{_FILLER}(?:or{_FILLER}(?:replace|alter){_FILLER})?(?:definer\s*=\s*\S+{_FILLER})?"
    rf"(?:temp(?:orary)?{_FILLER})?(?:constraint{_FILLER}|aggregate{_FILLER})?"
    r"(?:function|procedure|proc|trigger|event|package)\b",
    re.IGNORECASE | re.DOTALL,
)
_BLOCK = re.compile(
    r"'[^']*+'|\"[^\"]*+\"|--[^\n]*+|/\*.*?\*/|\b(begin|case|end)\b(?:\s+(if|loop|while|repeat)\b)?",
    re.IGNORECASE | re.DOTALL,
)
_STRINGS = re.compile(r"'[^']*+'|\"[^\"]*+\"")
_FROM_STDIN = re.compile(r"\\?copy\b.*\bfrom\s+(?:p?stdin)\b", re.IGNORECASE | re.DOTALL)
_DELIMITER = re.compile(r"delimiter[ \t]+(\S+)[^\n]*", re.IGNORECASE)
_GO = re.compile(r"^[ \t]*go[ \t]*(?:\d+[ \t]*)?;?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_VERSIONED = re.compile(r"/\*M?!(?!999999)\d*")
_DATA = re.compile(r"(?:insert|update|delete|replace)\b", re.IGNORECASE)
_MOST_ENDLESS = 20  # routines without an end that are looked for to the end of the text
RESTART = re.compile(
    r"^[ \t]*(?=(?:create|drop)\s+(?:or\s+replace\s+)?"
    r"(?:(?:temp\w*|unlogged|unique|materialized|foreign)\s+)*"
    r"(?:table|index|view|type|domain|schema|sequence|function|procedure|trigger|extension)\b"
    r"|alter\s+(?:table|index|type|view|sequence|domain)\b|comment\s+on\b|insert\s+into\b)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(slots=True)
class Script:
    """A script read from front to back; the next statement is looked for at ``position``.

    ``rows``: whether INSERT, UPDATE and DELETE are statements too, or gone past.
    """

    text: str
    dialect: str
    position: int = 0
    rows: bool = False
    _delimiter: str = ";"
    _endless: int = 0
    _lines: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.dialect == "mysql":
            self.text = _unwrapped(self.text)
        self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, offset: int) -> int:
        """The line, from 1, that holds the character at ``offset``."""
        return bisect_right(self._lines, offset)

    def __iter__(self) -> Iterator[Statement]:
        while (statement := self._next()) is not None:
            yield statement

    def cut(self, start: int, stop: int, *, broken: int | None = None) -> Statement:
        """The statement between two offsets, blanks at its end left out."""
        text = self.text[start:stop].rstrip()
        return Statement(
            text, start, stop, self.line(start), self.line(start + max(len(text) - 1, 0)), broken
        )

    def _next(self) -> Statement | None:
        while True:
            start = self._match(_BETWEEN[self.dialect], self.position)
            if start >= len(self.text):
                return None
            if self.dialect == "postgres" and self.text[start] == "\\":
                self.position = self._past_data(start, self._line_end(start))
            elif self.dialect == "mysql" and (match := _DELIMITER.match(self.text, start)):
                self._delimiter, self.position = match[1], match.end()
            elif self._delimiter != ";":
                found = self.text.find(self._delimiter, start)
                stop = found if found >= 0 else len(self.text)
                self.position = stop + len(self._delimiter)
                return self.cut(start, stop)
            elif not self.rows and _DATA.match(self.text, start) and self._past_rows(start):
                continue
            else:
                return self._plain(start)

    def _past_rows(self, start: int) -> bool:
        """Go past a statement that only changes rows: a dump has thousands."""
        stop = self._match(_BODY[self.dialect], start)
        whole = stop > start and self.text[stop : stop + 1] in (";", "\n", "")
        self.position = stop if whole else self.position
        return whole

    def _plain(self, start: int) -> Statement:
        stop = self._match(_BODY[self.dialect], start)
        if _ROUTINE.match(self.text, start):
            stop = self._routine_end(start, stop)
        found = self.text[stop : stop + 1]
        if found and found in _QUOTES[self.dialect]:
            self.position = len(self.text)
            return self.cut(start, len(self.text), broken=stop - start)
        if found == "\\":  # psql: \g, \gexec and the like send what stands before them
            self.position = self._line_end(stop)
        else:
            self.position = (
                self._past_data(start, stop + 1)
                if self.dialect == "postgres"
                else max(stop, start + 1)
            )
        return self.cut(start, max(stop, start + 1))

    def _routine_end(self, start: int, stop: int) -> int:
        """Where the body of a routine ends: its own semicolons stand between BEGIN and END."""
        if self.dialect == "tsql":
            match = _GO.search(self.text, start)
            return match.start() if match else len(self.text)
        first, depth, position = stop, 0, start
        while True:
            for word in _BLOCK.finditer(self.text, position, stop):
                if word[1] and word[1].lower() != "end":
                    depth += 1
                elif word[1] and not word[2]:
                    depth -= 1
            if depth <= 0:
                return stop
            if self.text[stop : stop + 1] != ";" or self._endless >= _MOST_ENDLESS:
                self._endless += 1
                return first
            position, stop = stop + 1, self._match(_BODY[self.dialect], stop + 1)

    def _past_data(self, start: int, stop: int) -> int:
        """``stop``, or the end of the data block that follows a COPY ... FROM stdin."""
        if _FROM_STDIN.match(self.text, start, stop):
            data = self.text.find("\n\\.", max(stop - 1, 0))
            return self._line_end(data + 1) if data >= 0 else len(self.text)
        return stop

    def _line_end(self, offset: int) -> int:
        found = self.text.find("\n", offset)
        return found if found >= 0 else len(self.text)

    def _match(self, pattern: re.Pattern[str], offset: int) -> int:
        match = pattern.match(self.text, offset)
        return match.end() if match else offset


def _unwrapped(text: str) -> str:
    """MySQL runs what stands in ``/*!40101 ... */``: the marks become blanks, no offset moves."""
    pieces, position = [], 0
    while mark := _VERSIONED.search(text, position):
        end = text.find("*/", mark.end())
        if end < 0:
            break
        inside = text[mark.end() : end]
        pieces += [text[position : mark.start()], " " * len(mark[0]), inside, "  "]
        position = end + 2
    return "".join([*pieces, text[position:]])


def plain(text: str) -> bool:
    """Whether ``text`` can be part of one statement: quotes closed, parentheses balanced."""
    bare = _STRINGS.sub("", text)
    if "--" in bare or "\0" in text or not _BODY["postgres"].fullmatch(text):
        return False
    depth = 0
    for mark in re.findall(r"[()]", bare):
        depth += 1 if mark == "(" else -1
        if depth < 0:
            return False
    return depth == 0
