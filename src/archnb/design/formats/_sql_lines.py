"""Which lines of a mixed text are SQL statements."""

from __future__ import annotations

import re

_LONGEST_STATEMENT = 2000  # lines; it bounds the search for the end of a quote that never closes
_LONGEST_COMMENT = 200
_OBJECTS = (
    r"(?:table|view|index|type|domain|schema|language|sequence|extension|function|procedure|trigger|policy"
    r"|role|database|collation|aggregate|operator|rule|publication|user)"
)
_QUALIFIERS = (
    r"(?:(?:or\s+replace|global|local|temp|temporary|unlogged|unique|materialized|recursive|foreign"
    r"|event|constraint|procedural|definer\s*=\s*\S+(?:\s+sql\s+security\s+\w+)?)\s+)*"
)
_TABLE = re.compile(
    rf"\s*create\s+{_QUALIFIERS}table\s+(?:if\s+not\s+exists\s+)?[\w.\"`\[\]$]+\s*"
    r"(?:\(|$|;|--|as\b|partition\s+of\b|\(like\b)",
    re.IGNORECASE,
)
_SURE = re.compile(
    rf"\s*(?:CREATE\s+(?i:{_QUALIFIERS}{_OBJECTS})\b"
    rf"|(?:ALTER|DROP)\s+(?:MATERIALIZED\s+)?(?i:{_OBJECTS})\b|COMMENT\s+ON\b|INSERT\s+INTO\b"
    r"|SELECT\s.*\bFROM\b|SELECT\s+[\w.]+\(|SELECT\s.*;\s*$|SET\s+[\w.]+\s*(?:=|TO\b)|GRANT\s.*\b(?:ON|TO)\b"
    r"|REVOKE\s.*\bON\b|BEGIN\s*;|COMMIT\s*;|DO\s+\$|TRUNCATE\s|UPDATE\s.*\bSET\b|DELETE\s+FROM\b"
    r"|WITH\s+(?:RECURSIVE\s+)?\w+\s+AS\b|DELIMITER\s|PRAGMA\s+\w+|USE\s+[\w`\[\]]+\s*;|COPY\s+\S+.*\bFROM\b)"
)
_CLOSED = re.compile(
    rf"\s*(?:create\s+{_QUALIFIERS}{_OBJECTS}|(?:alter|drop)\s+{_OBJECTS}|insert\s+into"
    r"|comment\s+on|delete\s+from)\b(?:[^;]*;\s*(?:--.*)?$|[^;(]*\([^;]*\)[^;]*;)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\s*(?:--|/\*|\\[a-z]|(?:go|end|delimiter|begin|commit|rollback|start\s+transaction)\b"
    r"[\w ]*;?\s*$)",
    re.IGNORECASE,
)
_SHOUTED = re.compile(r"\s*[A-Z]{4,}\s.*;\s*$")
_TOKEN = re.compile(
    r"--|/\*|\$\w*\$|['\"`;()]|\b(?:BEGIN|CASE|END(?!\s+(?:IF|LOOP|WHILE|REPEAT)))\b", re.IGNORECASE
)
_ROUTINE = re.compile(r"\s*create\s+.*?\b(?:function|procedure|trigger)\b", re.IGNORECASE)
_COPY = re.compile(r"\s*copy\b.*\bfrom\s+stdin\b", re.IGNORECASE)


def is_sql(line: str) -> bool:
    """Whether a statement begins on this line.

    English that sounds like one (``create a table for``) does not begin one: a table needs its
    bracket, any other statement its capitals or its semicolon.
    """
    return bool(_TABLE.match(line) or _SURE.match(line) or _CLOSED.match(line))


def begins_sql(lines: list[str], at: int, end: int) -> bool:
    """Whether a statement begins at this line, or behind the block comments that do."""
    behind = min(end, at + _LONGEST_COMMENT)
    while at < behind and lines[at].lstrip().startswith("/*"):
        while at < behind and "*/" not in lines[at]:
            at += 1
        at += 1
        while at < behind and (not lines[at].strip() or is_sql_comment(lines[at])):
            at += 1
    return at < behind and is_sql(lines[at])


def is_sql_comment(line: str) -> bool:
    return line.lstrip().startswith("--")


def sql_end(lines: list[str], start: int, end: int) -> tuple[int, int]:
    """Where the run of statements that begins at line ``start`` ends: line and column.

    Column 0: the whole line before it was the last.
    """
    line, column = start, 0
    while True:
        line, column = _statement_end(lines, line, column, end)
        ahead, rest = line, lines[line][column:] if line < end else ""
        if not rest.strip():
            ahead, column = (line + 1 if column else line), 0
            line = ahead
            while ahead < end and not lines[ahead].strip():
                ahead += 1
            rest = lines[ahead] if ahead < end else ""
        if not rest.strip() or not (is_sql(rest) or _GOES_ON.match(rest) or _SHOUTED.match(rest)):
            return line, column
        line = ahead


def _statement_end(lines: list[str], start: int, column: int, end: int) -> tuple[int, int]:
    """Just behind the semicolon; where there is none, the first blank line outside of brackets."""
    if _alone(lines[start][column:]):
        return start + 1, 0
    routine = bool(_ROUTINE.match(lines[start]))
    depth, blocks, awaited = 0, 0, ""
    blank = 0
    for at in range(start, min(end, start + _LONGEST_STATEMENT)):
        line = lines[at]
        if not line.strip():
            blank = blank or at
            if not awaited and depth <= 0:
                return at, 0
            continue
        if at > start and blank and not awaited and is_sql(line):
            return blank, 0  # a bracket that never closed
        position = column if at == start else 0
        while position < len(line):
            if awaited:
                found = line.find(awaited, position)
                if found < 0:
                    break
                position, awaited = found + len(awaited), ""
                continue
            token = _TOKEN.search(line, position)
            if not token or token[0] == "--":
                break
            position = token.end()
            match token[0].upper():
                case "'" | '"' | "`":
                    awaited = token[0]
                case "/*":
                    awaited = "*/"
                case "(":
                    depth += 1
                case ")":
                    depth -= 1
                case "BEGIN" | "CASE":
                    blocks += routine
                case "END":
                    blocks -= blocks > 0
                case ";":
                    if not blocks:
                        return _behind_copy(lines, start, at, position, end)
                case _:
                    awaited = token[0]
    return (blank, 0) if blank else (min(end, start + _LONGEST_STATEMENT), 0)


def _alone(line: str) -> bool:
    """A line that is no statement but may stand between two: a comment, a command of psql."""
    return line.lstrip().startswith(("--", "\\")) or bool(
        re.fullmatch(r"\s*go\s*", line, re.IGNORECASE)
    )


def _behind_copy(lines: list[str], start: int, at: int, position: int, end: int) -> tuple[int, int]:
    r"""``COPY … FROM stdin;`` takes the rows below it along, up to ``\.``."""
    if _COPY.match(lines[start]):
        for row in range(at + 1, end):
            if lines[row].strip() == "\\.":
                return row + 1, 0
    return at, position
