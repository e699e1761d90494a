"""Tells whether a web address would carry secrets, or text of files, out of the workspace."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import parse_qsl, unquote_plus

from archnb.credentials import Secrets
from archnb.permission.addresses import WebAddress

QUOTED = 24  # letters and digits in a row that are no coincidence
_GRAM = QUOTED // 2  # every run of QUOTED holds a whole aligned one of these
_LONG_QUERY = 200  # characters
_LONG_HOST = 80
_LONG_PATH = 300
_SECRET_FIELD = re.compile(
    r"token|secret|passw|credential|(?:api|access)[_-]?key|signature|^(?:auth|key|sig|jwt)$",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(r"\b(?:sk-[A-Za-z]|gh[pousr]_|AKIA|xox[a-z]-|eyJ)[\w-]{8}")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # of git, of SHA-256
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")


def secret_in(address: WebAddress, secrets: Secrets) -> str:
    """The name of the known secret that ``address`` holds in any spelling; empty for none."""
    readings = set(map(_bare, _readings(address)))
    for value, name in secrets.known.items():
        bare = _bare(value)
        if len(bare) >= 8 and any(bare in reading for reading in readings):
            return name
    return ""


def quoted(address: WebAddress, texts: Iterable[tuple[str, str]]) -> str:
    """Which of ``texts`` (name, content) ``address`` quotes, as a sentence's end; empty for none.

    However it is encoded or split: letters and digits alone are compared. An address that stands
    in a file is no quotation of it.

    >>> from archnb.permission.addresses import parse
    >>> notes = [("notes.md", "We launch the new shop on the first of May.")]
    >>> quoted(parse("https://x.example/?q=launch-the-new-shop-on-the-first"), notes)
    'the address quotes notes.md (launchthenewshoponthefirst): it takes text of yours along'
    """
    readings = set(map(_bare, _readings(address)))
    grams = {
        reading[at : at + _GRAM]: (reading, at)
        for reading in readings
        for at in range(len(reading) - _GRAM + 1)
    }
    for name, content in texts:
        bare = _bare(_ADDRESS.sub(" ", content))
        for at in range(0, len(bare) - _GRAM + 1, _GRAM):
            if bare[at : at + _GRAM] in grams:
                found = max((_common(bare, at, reading) for reading in readings), key=len)
                if len(found) >= QUOTED:
                    taking = "it takes text of yours along"
                    return f"the address quotes {name} ({found[:40]}): {taking}"
    return ""


def _common(bare: str, at: int, reading: str) -> str:
    """A passage around ``bare[at]`` that stands in ``reading`` too, as long as is needed."""
    best = ""
    place = reading.find(bare[at : at + _GRAM])
    while place >= 0 and len(best) < QUOTED:
        begin, end = 0, _GRAM
        while begin < min(at, place, QUOTED) and bare[at - begin - 1] == reading[place - begin - 1]:
            begin += 1
        most = min(len(bare) - at, len(reading) - place, 2 * QUOTED)
        while end < most and bare[at + end] == reading[place + end]:
            end += 1
        best = max(best, bare[at - begin : at + end], key=len)
        place = reading.find(bare[at : at + _GRAM], place + 1)
    return best


def _bare(text: str) -> str:
    """The letters and digits of ``text`` in lower case."""
    return re.sub(r"[\W_]+", "", text).lower()


def _readings(address: WebAddress) -> Iterator[str]:
    """What ``address`` says: as it stands, unescaped, and what is encoded in it."""
    plain = [address.authority + address.target]
    for _ in range(2):  # an escape may be escaped
        plain.append(unquote_plus(plain[-1]))
    parts = [address.host, *(value for _, value in parse_qsl(address.query))]
    joined = [re.sub(r"[.\-/_~]", "", text) for text in (*parts, unquote_plus(address.path))]
    yield from (*plain, *parts)
    for text in (*plain, *parts, *joined):
        for word in re.findall(r"[A-Za-z0-9+/_=-]{10,}", text):
            yield from _decoded(word)


def _decoded(word: str) -> Iterator[str]:
    """What ``word`` may stand for in hexadecimal, base32 and base64, wherever it was cut."""
    for run in re.findall(r"[0-9A-Fa-f]{16,}", word):
        for begin in range(2):
            part = run[begin:]
            yield from _text(bytes.fromhex(part[: len(part) // 2 * 2]))
    standard = re.sub(r"=", "", word.replace("-", "+").replace("_", "/"))
    for begin in range(4):
        part = standard[begin:]
        whole = part[:-1] if len(part) % 4 == 1 else part
        yield from _text(_or_nothing(whole + "=" * (-len(whole) % 4), base64.b64decode))
    letters = re.sub(r"[^A-Z2-7]", "", word.upper())
    yield from _text(_or_nothing(letters[: len(letters) // 8 * 8], base64.b32decode))


def _or_nothing(word: str, decode: Callable[[str], bytes]) -> bytes:
    try:
        return decode(word)
    except (binascii.Error, ValueError):
        return b""


def _text(content: bytes) -> Iterator[str]:
    text = content.decode("utf-8", "ignore")
    if len(text) >= 6 and sum(map(str.isprintable, text)) > len(text) * 0.8:
        yield text


def carries(address: WebAddress) -> str:
    """Why an address may carry away more than a question, as a sentence's end; empty for none.

    A guess: it cannot tell a search's words from a file's. Digests of git and SHA-256 in a path are
    names of things and pass.

    >>> from archnb.permission.addresses import parse
    >>> carries(parse("https://docs.example.org/a/b?q=index+types"))
    ''
    >>> carries(parse("https://x.example/?d=" + "a" * 300))
    'the address carries a query of 302 characters: it may take text of yours along'
    """
    taking = "it may take text of yours along"
    if len(address.query) > _LONG_QUERY:
        return f"the address carries a query of {len(address.query)} characters: {taking}"
    if len(address.path) > _LONG_PATH:
        return f"the path is {len(address.path)} characters long: {taking}"
    if len(address.host) > _LONG_HOST:
        return f"the host's name is {len(address.host)} characters long: {taking}"
    for field, value in parse_qsl(address.query):
        if _SECRET_FIELD.search(field) and len(value) >= 6:
            return f"{field[:40]} in the address looks like a credential"
    if found := _CREDENTIAL.search(unquote_plus(address.target)):
        return f"the address seems to carry a credential ({found[0][:6]}…)"
    for place, text in (("host", address.host), ("path", address.path), ("query", address.query)):
        for word in re.findall(r"[A-Za-z0-9+=_-]{32,}", text.replace("%3D", "=")):
            if _encoded(word) and not (place == "path" and _DIGEST.fullmatch(word)):
                return f"the {place} holds what looks like encoded data ({len(word)} characters)"
    return ""


def _encoded(word: str) -> bool:
    """Whether ``word`` is a run of mixed letters and digits longer than words are."""
    longest = max((len(part) for part in re.split(r"[-_=+]", word)), default=0)
    kinds = sum(bool(re.search(kind, word)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return longest >= 24 and kinds >= 2
