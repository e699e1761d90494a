"""The shapes of well-known keys: precise, so that hashes, ids and pictures stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archnb.credentials.names import LOGIN

_BLOCK = 20_000  # characters of a private key


@dataclass(frozen=True, slots=True)
class _Shape:
    """``start`` stands at the beginning of each such key; ``rest`` is what follows it."""

    start: str
    rest: str
    called: str = "key"

    @property
    def pattern(self) -> str:
        # The literal first, as the engine searches for that fastest.
        return f"{self.start}(?<![A-Za-z0-9]{self.start}){self.rest}"


def _mixed(least: int, more: str = "") -> str:
    """So many characters of a key, a digit among the first."""
    return rf"(?=[A-Za-z_{more}-]{{0,60}}\d)[\w{more}-]{{{least},}}"


# From the issuers' own documentation of their tokens and the public rules of secret scanners.
_SHAPES = (
    _Shape("sk-ant-", _mixed(16)),
    _Shape("sk-", rf"(?=[\w-]{{0,60}}[A-Za-z0-9]{{16}}){_mixed(20)}"),
    _Shape("sk_", "(?:live|test)_[A-Za-z0-9]{16,}"),
    _Shape("rk_", "(?:live|test)_[A-Za-z0-9]{16,}"),
    _Shape("whsec_", "[A-Za-z0-9+/]{24,}"),
    _Shape("ghp_", "[A-Za-z0-9]{20,}", "token"),
    _Shape("gho_", "[A-Za-z0-9]{20,}", "token"),
    _Shape("ghu_", "[A-Za-z0-9]{20,}", "token"),
    _Shape("ghs_", "[A-Za-z0-9]{20,}", "token"),
    _Shape("ghr_", "[A-Za-z0-9]{20,}", "token"),
    _Shape("github_pat_", r"\w{22,}", "token"),
    _Shape("gl", "(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9_-]{20,}", "token"),
    _Shape("AKIA", "[A-Z2-7]{16}(?![A-Za-z0-9])"),
    _Shape("ASIA", "[A-Z2-7]{16}(?![A-Za-z0-9])"),
    _Shape("xox", r"[abeoprs]-(?=[A-Za-z-]{0,20}\d)[A-Za-z0-9-]{10,}", "token"),
    _Shape("xapp-", r"\d-[A-Za-z0-9-]{20,}", "token"),
    _Shape("AIza", r"[\w-]{35}(?![\w-])"),
    _Shape("ya29\\.", r"[\w-]{20,}", "token"),
    _Shape("GOCSPX-", r"[\w-]{20,}"),
    _Shape("npm_", "[A-Za-z0-9]{30,}", "token"),
    _Shape("pypi-", r"(?=[\w-]{0,60}[A-Za-z0-9]{16})[\w-]{40,}", "token"),
    _Shape("hf_", "[A-Za-z0-9]{30,}", "token"),
    _Shape("gsk_", "[A-Za-z0-9]{40,}"),
    _Shape("SG\\.", r"[\w-]{20,24}\.[\w-]{40,46}"),
    _Shape("do", "[opr]_v1_[0-9a-f]{64}", "token"),
    _Shape("hv", r"[sbr]\.[\w-]{24,}", "token"),
    _Shape("dckr_pat_", r"[\w-]{20,}", "token"),
    _Shape("AGE-SECRET-KEY-1", "[0-9A-Z]{40,}"),
    _Shape("eyJ", r"[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}", "token"),
)
_BEARER = r"(?i:bearer)\s{1,4}(?P<secret>(?=[A-Za-z._~+/=-]{0,60}\d)[\w.~+/=-]{16,})"
_BASIC = r"(?i:authorization)[\"']?\s?[:=]\s?[\"']?(?i:basic)\s{1,4}(?P<secret>[\w+/=-]{12,})"
_FOLLOWING = (  # the key comes after words that say so: start, pattern, name
    ("earer", re.compile(_BEARER), "token"),
    ("EARER", re.compile(_BEARER), "token"),
    ("asic ", re.compile(_BASIC), "password"),
    ("AccountKey=", re.compile(r"AccountKey=(?P<secret>[\w+/=]{40,})"), "key"),
    ("hooks.slack.com", re.compile(r"hooks\.slack\.com/services/(?P<secret>[\w/]{20,})"), "key"),
    ("://", LOGIN, "password"),
)  # fmt: skip
_BY_START = tuple(
    (shape.start.replace("\\", ""), re.compile(shape.pattern), shape.called) for shape in _SHAPES
)
_STARTS = (
    *(start for start, _, _ in _BY_START),
    *("AccountKey=", "hooks.slack.com", "://", "-----BEGIN"),
    *("Bearer", "bearer", "BEARER", "Authorization", "authorization"),
)
_STARTED = re.compile("|".join(map(re.escape, _STARTS)))
_PARTS = frozenset(start[:length] for start in _STARTS for length in range(1, len(start)))
_LONGEST_PART = max(map(len, _PARTS))
_ANNOUNCED = re.compile(
    r"(?i:authorization[\"']?\s?[:=]?\s?[\"']?)?(?i:bearer|basic)\s{0,4}\S*+\Z"
    r"|(?i:authorization[\"']?\s?[:=]?\s?[\"']?)\Z"
)
_SPACE, _DASH = re.compile(r"\s"), re.compile("-")
_OPENED = "-----BEGIN "
_OPENING = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_CLOSING = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"\r?\n[^\n]{0,12}?[A-Za-z0-9+/=]{20,}[ \t]*(?=\r?\n|\Z)")


def found(text: str) -> Iterator[tuple[int, int, str]]:
    """Where keys of a well-known shape stand: start, end, what they are called."""
    for start, pattern, called in _BY_START:
        if start in text:
            for match in pattern.finditer(text):
                yield match.start(), match.end(), called
    for start, pattern, called in _FOLLOWING:
        if start in text:
            for match in pattern.finditer(text):
                yield match.start("secret"), match.end("secret"), called
    if _OPENED in text:
        yield from _private_keys(text)


def _private_keys(text: str) -> Iterator[tuple[int, int, str]]:
    """Whole blocks; of one without an end the lines that look like it."""
    ends = [match.end() for match in _CLOSING.finditer(text)]
    ends.reverse()
    past = 0
    for opening in _OPENING.finditer(text):
        if opening.start() < past:
            continue
        while ends and ends[-1] < opening.end():
            ends.pop()
        if ends and ends[-1] - opening.start() <= _BLOCK:
            past = ends[-1]
        else:
            past = opening.end()
            while line := _KEY_LINE.match(text, past):
                past = line.end()
        yield opening.start(), past, "private key"


def begun(text: str) -> tuple[int, re.Pattern[str] | None]:
    """Where at the end of ``text`` a key may have begun; its length for nowhere.

    And the sign without which it goes on; None where anything can end it.
    """
    opened = text.rfind(_OPENED)
    if opened >= 0 and len(text) - opened <= _BLOCK and not _CLOSING.search(text, opened):
        return opened, _DASH
    if announced := _ANNOUNCED.search(text):
        return announced.start(), _SPACE
    word = 0 if text[-1:].isspace() else len(text.rsplit(None, 1)[-1]) if text else 0
    if started := _STARTED.search(text, len(text) - word):
        return started.start(), _SPACE
    for length in range(min(word, _LONGEST_PART), 0, -1):
        if text[-length:] in _PARTS:
            return len(text) - length, None
    return len(text), None
