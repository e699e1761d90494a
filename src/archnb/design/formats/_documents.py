"""Which lines of a mixed text are YAML or JSON documents, and of which format each is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_TOP_KEY = re.compile(
    r"[\"']?(?:openapi|swagger|asyncapi|info|paths|components|definitions|servers|tags|security"
    r"|services|version|volumes|networks|secrets|configs|name|apiVersion|kind|metadata|spec|data"
    r"|stringData|status|type|rules|subjects|roleRef|webhooks|externalDocs|include|x-[\w-]+)[\"']?"
    r"\s*:(?:\s|$)"
)
_IN_DOCUMENT = re.compile(r"[\"']?[\w.$/{}-]+[\"']?\s*:(?:\s|$)|\s|-\s|#|\.\.\.$|\}|\]")
_RULE = re.compile(r"---(?:\s|$)")
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("openapi", re.compile(r"^\{?\s*[\"']?(?:openapi|swagger)[\"']?\s*:", re.MULTILINE)),
    (
        "kubernetes",
        re.compile(r"^[\"']?apiVersion[\"']?\s*:[\s\S]*^[\"']?kind[\"']?\s*:", re.MULTILINE),
    ),
    (
        "kubernetes",
        re.compile(r"^[\"']?kind[\"']?\s*:[\s\S]*^[\"']?apiVersion[\"']?\s*:", re.MULTILINE),
    ),
    ("compose", re.compile(r"^[\"']?services[\"']?\s*:\s*(?:#.*)?$", re.MULTILINE)),
)
_JSON = re.compile(r"\{\s*(?:\"|\}|$)")


@dataclass(frozen=True, slots=True)
class Document:
    """Lines ``first`` up to ``last`` (not included); ``kind`` is empty where it is none we know."""

    kind: str
    first: int
    last: int


def begins_document(lines: list[str], at: int) -> bool:
    """Whether a YAML or JSON document may begin on this line."""
    return bool(_TOP_KEY.match(lines[at]) or _RULE.match(lines[at]) or _JSON.match(lines[at]))


def documents(lines: list[str], start: int, end: int) -> list[Document]:
    """The documents of the run that begins at ``start``; manifests in a row are one."""
    if _JSON.match(lines[start]):
        return [_json(lines, start, end)]
    last = _yaml_end(lines, start, end)
    found: list[Document] = []
    first = start
    for at in range(start, last + 1):
        if at < last and not _RULE.match(lines[at]):
            continue
        text = "\n".join(lines[first:at])
        if re.search(r"\w", text):
            kind = kind_of(text)
            if found and kind == "kubernetes" == found[-1].kind:
                first = found.pop().first
            found.append(Document(kind, first, _trimmed(lines, first, at)))
        first = at + 1
    return found or [Document("", start, last)]


def kind_of(text: str) -> str:
    """The format of a YAML or JSON document by its top keys; empty where it is none we know."""
    if text.lstrip().startswith("{"):
        try:
            keys = json.loads(text)
        except (ValueError, RecursionError):
            keys = {}
        if isinstance(keys, dict) and keys:
            text = "\n".join(f"{key}:" for key in keys if isinstance(key, str))
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), "")


def _yaml_end(lines: list[str], start: int, end: int) -> int:
    at = last = start + 1
    while at < end:
        line = lines[at]
        if line.strip():
            behind_blank = at > last
            top = _TOP_KEY.match(line) or _RULE.match(line) or line[:1] in "#-"
            inside = line[:1].isspace() if behind_blank else _IN_DOCUMENT.match(line)
            if not top and not inside:
                break
            last = at + 1
        at += 1
    return last


def _json(lines: list[str], start: int, end: int) -> Document:
    """A JSON document; a broken one reaches to its closing bracket in the first column."""
    text = "\n".join(lines[start:end])
    try:
        _, stop = json.JSONDecoder().raw_decode(text)
        last = start + text.count("\n", 0, stop) + 1
    except (ValueError, RecursionError):
        last = start + 1
        while last < end and lines[last - 1].rstrip() != "}" and lines[last].strip():
            last += 1
    return Document(kind_of("\n".join(lines[start:last])), start, last)


def _trimmed(lines: list[str], first: int, last: int) -> int:
    while last > first and not lines[last - 1].strip():
        last -= 1
    return last
