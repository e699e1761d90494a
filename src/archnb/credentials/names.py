"""Tells which variables, fields and lines hold a secret, by their names and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

OPEN, CLOSE = "\u2039", "\u203a"  # around the name of what was removed
SHORTEST = 8  # characters of a value that counts as a secret
_LINE = 16  # characters of a line of a longer one that counts by itself
_LONGEST = 4_096

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")  # of DB_PASSWORD, apiKey, client-secret
_SPEAKS = frozenset(
    "key keys apikey token secret secrets password passwd passphrase pass pwd credential"
    " credentials auth dsn cookie pat".split()
)
_ABOUT = frozenset(  # a name that ends so is of something about a secret
    "file path name header algorithm alg type ttl expiry expires timeout length enabled disabled"
    " endpoint url uri sock ref format policy size count limit version issuer method mode".split()
)
_PLAIN = re.compile(
    r"[A-Za-z][a-z]{0,14}|[A-Z]{1,15}"  # one word
    r"|[-+]?\d{1,12}(?:\.\d+)?|\d+(?:\.\d+){2,3}(?::\d+)?"
    r"|(?:[A-Za-z]:|~|\.{0,2})[/\\][^+=\s]{0,200}"  # a path
    r"|[a-z][a-z0-9+.-]{1,20}://[^@]{0,2000}"  # an address without a password
)
# What no path has: base64 has slashes, too.
_RANDOM = re.compile(r"(?=\w{0,60}\d)(?=\w{0,60}[a-z])(?=\w{0,60}[A-Z])\w{20,}")
_STANDS_IN = re.compile(  # in a file, for a value that comes from elsewhere
    r"\A\$\w+\Z|[$%]\{|\{\{|<[^>]{0,80}>|\*{3}|x{4}|\.{3}|…|\u2039"
    r"|\A(?:your|my|the|some|example)[-_]|change[-_ ]?me|placeholder|redacted",
    re.IGNORECASE,
)
_CODE = re.compile(r"\$|[A-Za-z_]\(|[()\[\]{}]\Z")
LOGIN = re.compile(
    r"://(?P<user>[^\s:/?#@\"'<>]{0,100}):(?P<secret>[^\s/@\"'<>$%{*\u2039][^\s/@\"'<>]{2,200})@"
)
"""User name and password in an address."""

_NAMED = re.compile(  # a host, an image with its version, a region, a person
    r"[a-z]+\d{0,3}(?:[-_.:/](?:[a-z]+\d{0,3}|v?\d{1,5}))*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)

_SUM = re.compile(  # of names in a program: two words each
    r"[a-z]+(?:[._][a-z]+|[A-Z][a-z]+)+(?:[ ]?[+][ ]?[a-z]+(?:[._][a-z]+|[A-Z][a-z]+)+)+;?"
)
_OF_PROSE = re.compile(
    r"[(\"']*(?:[A-Z]?[a-z]+(?:['\u2019-][a-z]+)*|[A-Z]+|\d{1,4}[+%]?|§\d*)[,.;:!?)\"']*"
)
_SMALL_WORDS = frozenset(
    "a an the and or of to in on is are be must may can should has have see for with from by at as"
    " not no if your".split()
)

_NAME = r"[A-Za-z_][\w.-]{0,60}"
_BARE = r"[^\s\"'#;,{\[(|>&*!][^\s\"';,]{7,4095}"
_ASSIGNED = re.compile(
    rf"(?<![\w.-])[\"']?(?P<name>{_NAME})[\"']?[ \t]{{0,4}}[=:][ \t]{{0,4}}"
    rf"(?:\"(?P<double>(?:[^\"\\\n]|\\.){{8,4096}})\"|'(?P<single>[^'\n]{{8,4096}})'|(?P<bare>{_BARE}))"
)
_PAIRED = re.compile(  # Kubernetes: name and value on lines of their own
    rf"name:[ \t]{{0,4}}[\"']?(?P<name>{_NAME})[\"']?[ \t]{{0,9}}\r?\n(?:[ \t+-]{{0,9}}\d+[:|])?"
    rf"[ \t+-]{{0,40}}value:[ \t]{{0,4}}[\"']?(?P<bare>{_BARE})"
)
_DOCUMENT = re.compile(r"^[^\n]{0,12}?---[ \t]*\r?$", re.MULTILINE)  # the end of one, in YAML
_DATA = re.compile(r"\b(?:data|stringData):[ \t]*\r?\n")
_DATUM = re.compile(
    rf"^[^\n]{{0,12}}?[ \t]+(?P<name>{_NAME}):[ \t]+[\"']?(?P<bare>{_BARE})", re.MULTILINE
)
# In text that is not there to hold secrets only a name that leaves no doubt counts.
_CERTAIN = re.compile(
    r"(?:password|passwd|passphrase|secret|token|credentials?|(?<![A-Za-z])(?:pass|pwd)"
    r"|(?:api|access|secret|private|signing|encryption|account|master)[_.-]?key)\Z",
    re.IGNORECASE,
)
_FRAGMENTS = ("pass", "pwd", "secret", "token", "key", "credential")
_BEGUN = re.compile(r"(?P<name>[\w.-]++)[\"']?[ \t]{0,4}(?P<value>[=:]|\r?\n|\Z)")
_NAMES_END = 101  # characters of a name that are looked at, its last
_MANIFEST = re.compile(  # as long as its lines are those of one
    r"kind: Secret[ \t]*(?:\r?\n(?!---|```)(?:[ \t#-][^\n]*+|[\w.-]++:[^\n]*+|[\w.-]*+\Z)?)*+\Z"
)
_LINE_END = re.compile(r"\n")


def speaks_of_a_secret(name: str) -> bool:
    """Whether a variable or field of that name holds a secret.

    >>> [speaks_of_a_secret(name) for name in ("DB_PASSWORD", "apiKey", "KEYBOARD", "PUBLIC_KEY")]
    [True, True, False, False]
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words == ["pwd"] or "public" in words or words[-1] in _ABOUT:
        return False
    return not _SPEAKS.isdisjoint(words)


def is_secret(value: str) -> bool:
    """Whether ``value`` can be a secret: no short one, plain word, number or path.

    >>> [is_secret(value) for value in ("k-2f7d91c0aa", "postgres", "/run/secrets/db")]
    [True, False, False]
    """
    return (
        SHORTEST <= len(value) <= _LONGEST
        and len(set(value)) > 3
        and not (_PLAIN.fullmatch(value) and not _RANDOM.search(value))
    )


def of_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The secrets among ``variables``, each with the name of its variable.

    A password in an address counts whatever the variable is called.

    >>> of_environment({"A_KEY": "k-2f7d91c0aa", "DB": "postgres://u:hunter2hunter@db/x", "B": "c"})
    {'k-2f7d91c0aa': 'A_KEY', 'hunter2hunter': 'DB'}
    """
    found: dict[str, str] = {}
    for name, value in variables.items():
        if speaks_of_a_secret(name) and not LOGIN.search(value):
            found |= dict.fromkeys(_parts(value), name)
        found |= dict.fromkeys(_passwords(value), name)
    return found


def of_file(file: str, text: str) -> dict[str, str]:
    r"""The secrets in a file that is there to hold them (``file`` is its name), with their names.

    >>> of_file(".env", "MODE=production\nDB_PASSWORD='hunter2 hunter'\nSALT=a8f3e9c1d07b\n")
    {'hunter2 hunter': 'DB_PASSWORD', 'a8f3e9c1d07b': 'SALT'}
    """
    found: dict[str, str] = {}
    for match in (*_ASSIGNED.finditer(text), *_PAIRED.finditer(text)):
        name, value = match["name"], _value(match)
        if LOGIN.search(value) or _STANDS_IN.search(value):
            continue
        if speaks_of_a_secret(name) or _telling(value):
            found |= dict.fromkeys((*_parts(value), *_parts(_unescaped(value))), name)
    found |= dict.fromkeys(_passwords(text), file)
    found |= dict.fromkeys(_parts("\n".join(_alone(text))), file)
    return found


def _alone(text: str) -> Iterator[str]:
    """What stands alone on its line, and the last word of the lines of .netrc and .pgpass."""
    for line in text.splitlines():
        word = line.strip()
        if " " not in word and not re.search(r"[=:][\"']?\w", word) and _telling(word):
            yield word
        elif match := re.search(r"\bpassword\s+(\S{8,})", word):
            yield match[1]
        elif match := re.fullmatch(
            r"[^#\s:]*:[^\s:]*:[^\s:]*:[^\s:]*:(\S{8,})|[\w.-]+:(\S{8,})", word
        ):
            yield match[1] or match[2]


def assigned(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a text of any kind gives a secret a telling name: start, end, name."""
    if not _holds_fragment(text):
        return
    for pattern in (_ASSIGNED, _PAIRED):
        for match in pattern.finditer(text):
            name = match["name"]
            if not _CERTAIN.search(name) or not speaks_of_a_secret(name):
                continue
            value = _value(match)
            if _telling(value) and not LOGIN.search(value):
                kind = match.lastgroup or "bare"
                yield match.start(kind), match.end(kind), name
    if "kind: Secret" in text:
        yield from _manifests(text)


def _manifests(text: str) -> Iterator[tuple[int, int, str]]:
    """What a Secret of Kubernetes holds, whatever its keys are called."""
    ends = [match.start() for match in _DOCUMENT.finditer(text)]
    for begin, end in pairwise([0, *ends, len(text)]):
        data = _DATA.search(text, begin, end)
        if data and "kind: Secret" in text[begin:end]:
            for match in _DATUM.finditer(text, data.end(), end):
                if _telling(match["bare"]):
                    yield match.start("bare"), match.end("bare"), match["name"]


def begun(text: str) -> tuple[int, re.Pattern[str] | None]:
    """Where at the end of ``text`` a name and its secret may have begun; its length for nowhere.

    And the sign without which it goes on; None where anything can end it.
    """
    if manifest := _MANIFEST.search(text):
        return manifest.start(), _LINE_END
    line = text.rfind("\n", 0, max(text.rfind("\n"), 0)) + 1  # of the last two lines
    start = max(line, len(text) - _LONGEST - 200)
    if not _holds_fragment(text[start:]):
        return len(text), None
    for match in _BEGUN.finditer(text, start):
        name = max(match.start(), match.end("name") - _NAMES_END)
        if text.find("\n", match.end()) < 0 and _holds_fragment(text[name : match.end("name")]):
            return name, _LINE_END if match["value"] else None
    return len(text), None


def _holds_fragment(text: str) -> bool:
    lowered = text.lower()
    return any(fragment in lowered for fragment in _FRAGMENTS)


def _value(match: re.Match[str]) -> str:
    return next(value for value in list(match.groupdict().values())[1:] if value is not None)


def _unescaped(value: str) -> str:
    """What JSON, YAML and env files mean by a backslash."""
    return value.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def _telling(value: str) -> bool:
    """Whether a value looks like a secret by itself: letters and digits that are no name."""
    return (
        is_secret(value)
        and not _STANDS_IN.search(value)
        and not _CODE.search(value)
        and bool(re.search(r"[A-Za-z]", value))
        and bool(re.search(r"\d", value) or re.search(r"[^\w.:/ -]", value))
        and not _NAMED.fullmatch(value)
        and not _SUM.fullmatch(value)
        and not _is_prose(value)
    )


def _is_prose(value: str) -> bool:
    """Whether a value is words that speak of a secret, and none of a random one.

    >>> _is_prose("must have 8+ chars"), _is_prose("horse battery 9x!f0")
    (True, False)
    """
    words = value.split()
    return (
        len(words) > 2
        and not _SMALL_WORDS.isdisjoint(words)
        and all(map(_OF_PROSE.fullmatch, words))
    )


def _parts(value: str) -> Iterator[str]:
    """``value`` where it is a secret; of one with several lines each long line."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LINE and is_secret(line))
    elif is_secret(value.strip()):
        yield value.strip()


def _passwords(text: str) -> Iterator[str]:
    return (match["secret"] for match in LOGIN.finditer(text) if is_secret(match["secret"]))
