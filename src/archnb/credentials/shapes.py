"""The shapes of well-known keys: precise, so that hashes, ids and pictures stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archnb.credentials.names import LOGIN

_WORD_LIMIT = 8_192  # characters of a word that is held back as the beginning of a key
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
_STARTS = tuple(
    {start for start, _, _ in _BY_START}
    | {"AccountKey=", "hooks.slack.com", "://", "-----BEGIN"}
    | {"Bearer", "bearer", "BEARER", "Authorization", "authorization"}
)
_ANNOUNCED = re.compile(
    r"(?i:authorization[\"']?\s?[:=]?\s?[\"']?)?(?i:bearer|basic)\s{0,4}\S{0,8192}\Z"
    r"|(?i:authorization[\"']?\s?[:=]?\s?[\"']?)\Z"
)
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


def begun(text: str) -> int:
    """Where at the end of ``text`` a key may have begun; its length for nowhere."""
    opened = text.rfind(_OPENED)
    if opened >= 0 and len(text) - opened <= _BLOCK and not _CLOSING.search(text, opened):
        return opened
    if announced := _ANNOUNCED.search(text, max(0, len(text) - _WORD_LIMIT)):
        return announced.start()
    start = word_start(text, len(text))
    word = text[start:]
    if any(known in word or ends_with_part_of(word, known) for known in _STARTS):
        return start
    return len(text)


def word_start(text: str, place: int) -> int:
    """Where the word that ``place`` stands in begins, within reason."""
    least = max(0, place - _WORD_LIMIT)
    found = re.search(r"\S*\Z", text[least:place])
    return least + found.start() if found else place


def ends_with_part_of(text: str, known: str) -> int:
    """How many characters of the beginning of ``known``, but not all, ``text`` ends with.

    >>> ends_with_part_of("abc sk", "sk-"), ends_with_part_of("abc", "sk-")
    (2, 0)
    """
    tail = text[-len(known) + 1 :] if len(known) > 1 else ""
    place = tail.find(known[0]) if tail else -1
    while place >= 0:
        if known.startswith(tail[place:]):
            return len(tail) - place
        place = tail.find(known[0], place + 1)
    return 0
