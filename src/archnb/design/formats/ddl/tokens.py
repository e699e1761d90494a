"""A statement cut into words, names and marks by sqlglot's lexer, and a cursor over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from archnb.design.formats.ddl.names import clip
from archnb.design.formats.ddl.replay import Unreadable

Kind = Literal["word", "name", "string", "number", "mark"]


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is without its quotes; the statement has the token at ``[start:end]``."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """A word in lower case, or a mark; "" for anything quoted, so no name passes for syntax."""
        return self.text.lower() if self.kind in ("word", "mark") else ""


def tokens(text: str, dialect: str) -> list[Token]:
    """The tokens of a statement; comments are left out."""
    try:
        raw = Dialect.get_or_raise(dialect).tokenize(text)
    except (SqlglotError, ValueError):
        raise Unreadable("a quote or comment is never closed") from None
    found: list[Token] = []
    for each in raw:
        start, end = each.start, each.end + 1
        match each.token_type.name:
            case "IDENTIFIER":
                found.append(Token("name", each.text, start, end))
            case "NUMBER":
                found.append(Token("number", each.text, start, end))
            case name if "STRING" in name:
                found.append(Token("string", each.text, start, end))
            case _:
                found += _words(text, start, end)
    return found


def _words(text: str, start: int, end: int) -> list[Token]:
    """One token for each word: the lexer takes PRIMARY KEY for one."""
    found: list[Token] = []
    position = start
    for part in text[start:end].split():
        position = text.index(part, position)
        kind: Kind = "word" if part[0].isalnum() or part[0] in "_@#$" else "mark"
        found.append(Token(kind, part, position, position + len(part)))
        position += len(part)
    return found


class Cursor:
    """Reads tokens from front to back; ``text`` is the statement they were cut from."""

    def __init__(
        self, text: str, found: Sequence[Token], *, fold: bool = False, end: int | None = None
    ) -> None:
        self.text, self._tokens, self._fold = text, found, fold
        self._position = 0
        self._end = end if end is not None else found[-1].end if found else 0

    def __bool__(self) -> bool:
        return self._position < len(self._tokens)

    @property
    def offset(self) -> int:
        """Where in the statement the next token stands, or the last one ended."""
        return self._tokens[self._position].start if self else self._end

    @property
    def last(self) -> int:
        """Where in the statement the last of these tokens ends."""
        return self._tokens[-1].end if self._tokens else self._end

    @property
    def token(self) -> Token:
        if not self:
            raise Unreadable("syntax error at end of statement", self.offset)
        return self._tokens[self._position]

    def at(self, *words: str) -> bool:
        """Whether exactly these words come next."""
        window = self._tokens[self._position : self._position + len(words)]
        return len(window) == len(words) and all(
            each.word == word for each, word in zip(window, words, strict=True)
        )

    def among(self, words: frozenset[str]) -> bool:
        return bool(self) and self.token.word in words

    def take(self, *words: str) -> bool:
        """Go past these words if they come next."""
        if self.at(*words):
            self._position += len(words)
            return True
        return False

    def next(self) -> Token:
        token = self.token
        self._position += 1
        return token

    def fault(self) -> Unreadable:
        """What to raise where the next token cannot stand."""
        shown = f'at or near "{self.token.text}"' if self else "at end of statement"
        return Unreadable(f"syntax error {shown}", self.offset)

    def name(self) -> str:
        """A name; ``fold`` does as PostgreSQL does: lower case unless quoted, and cut to length."""
        token = self.token
        if token.kind not in ("word", "name"):
            raise self.fault()
        self._position += 1
        if not self._fold:
            return token.text
        return clip(token.text.lower() if token.kind == "word" else token.text)

    def qualified(self) -> tuple[str, str]:
        """Schema ("" if unnamed) and name; a database before them is dropped."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.name())
        return (parts[-2] if len(parts) > 1 else ""), parts[-1]

    def group(self) -> Cursor:
        """What stands between the next parenthesis and the one that closes it."""
        if not self.take("("):
            raise self.fault()
        start, depth = self._position, 1
        while depth:
            if not self:
                raise Unreadable("syntax error at end of statement: a ) is missing", self.offset)
            depth += {"(": 1, ")": -1}.get(self.next().word, 0)
        return self._cut(start, self._position - 1)

    def skip_group(self) -> bool:
        if self.at("("):
            self.group()
            return True
        return False

    def parts(self) -> list[Cursor]:
        """What stands between commas, from here to the end."""
        cuts, depth = [self._position - 1], 0
        for index in range(self._position, len(self._tokens)):
            word = self._tokens[index].word
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word, 0)
            if word == "," and not depth:
                cuts.append(index)
        cuts.append(len(self._tokens))
        self._position = len(self._tokens)
        return [self._cut(before + 1, after) for before, after in pairwise(cuts)]

    def until(self, words: frozenset[str]) -> str:
        """The text up to the first of these words outside parentheses, at least one token."""
        start, end = self.offset, self.token.end
        while self:
            if self.at("("):
                self.group()
            else:
                self.next()
            end = self._tokens[self._position - 1].end
            if self.among(words):
                break
        return self.text[start:end]

    def rest(self) -> str:
        """The text from here to the end."""
        start = self.offset
        self._position = len(self._tokens)
        return self.text[start : self.offset]

    def forbid(self, words: frozenset[str]) -> None:
        """Raise where one of these words comes later outside parentheses."""
        depth = 0
        for token in self._tokens[self._position :]:
            depth += {"(": 1, ")": -1}.get(token.word, 0)
            if token.word in words and not depth:
                raise Unreadable(f'syntax error at or near "{token.text}"', token.start)

    def words(self) -> tuple[str, ...]:
        """The words from here to the end, without going on."""
        return tuple(token.word for token in self._tokens[self._position :])

    def names(self) -> tuple[str, ...]:
        """Everything from here to the end that could be a name, each once, without going on."""
        named = (
            token for token in self._tokens[self._position :] if token.kind in ("word", "name")
        )
        folded = (
            token.text.lower() if self._fold and token.kind == "word" else token.text
            for token in named
        )
        return tuple(dict.fromkeys(folded))

    def prefixed(self) -> bool:
        """Whether a name and a length in parentheses come next, as in a MySQL index on a prefix."""
        window = self._tokens[self._position : self._position + 4]
        return len(window) == 4 and window[2].kind == "number" and window[3].word == ")"

    def elements(self) -> list[Cursor]:
        """What begins with CREATE or GRANT outside parentheses, from here to the end."""
        starts, depth = [], 0
        for index in range(self._position, len(self._tokens)):
            word = self._tokens[index].word
            depth += {"(": 1, ")": -1}.get(word, 0)
            if word in ("create", "grant") and not depth:
                starts.append(index)
        self._position = len(self._tokens)
        return [
            self._cut(start, end)
            for start, end in zip(starts, [*starts[1:], len(self._tokens)], strict=False)
        ]

    def _cut(self, start: int, end: int) -> Cursor:
        after = self._tokens[end].start if end < len(self._tokens) else self._end
        return Cursor(self.text, self._tokens[start:end], fold=self._fold, end=after)
