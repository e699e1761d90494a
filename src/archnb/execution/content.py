"""The bytes of an answer as text: media type, packing and character set, none of them trusted."""

from __future__ import annotations

import codecs
import re

_TEXT = frozenset(
    "application/json application/xml application/javascript application/ecmascript"
    " application/yaml application/x-yaml application/toml application/sql application/x-sql"
    " application/graphql application/x-ndjson application/x-sh".split()
)
_UNSTATED = frozenset({"", "application/octet-stream", "binary/octet-stream"})

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}", re.ASCII)
_HTML = re.compile(r"\s{0,100}<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w:-]{1,40})", re.IGNORECASE)

_GZIP = b"\x1f\x8b"
_MEMBERS = 64  # parts of one gzip file: each costs a copy of the rest

# The encodings of the WHATWG standard by Python's names. Others (idna, punycode, utf-7, escapes)
# are no character sets of pages, and some take quadratic time.
_ENCODINGS = frozenset(
    "utf-8 utf-16 utf-16-le utf-16-be iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7"
    " iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 cp866 cp874 cp1250 cp1251"
    " cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8-r koi8-u mac-roman mac-cyrillic gbk"
    " gb2312 gb18030 big5 big5hkscs euc_jp iso2022_jp shift_jis cp932 euc_kr cp949".split()
)


class PackingError(ValueError):
    """Bytes that are not packed as stated, or in a way that is not read here."""


def media_type(header: str) -> tuple[str, str]:
    """The stated type in lower case and the stated character set; empty where there is none.

    >>> media_type('Text/HTML; charset="utf-8"'), media_type("nonsense")
    (('text/html', 'utf-8'), ('', ''))
    """
    stated, _, parameters = header.partition(";")
    kind = stated.strip().lower()
    charset = _CHARSET.search(parameters)
    return kind if _MEDIA_TYPE.fullmatch(kind) else "", charset[1] if charset else ""


def is_text(kind: str) -> bool:
    """Whether a media type promises text; without one it is for the bytes to show."""
    return (
        kind.startswith("text/")
        or kind.endswith(("+json", "+xml", "+yaml"))
        or kind in _TEXT
        or kind in _UNSTATED
    )


def is_html(kind: str, text: str) -> bool:
    if kind in _UNSTATED:
        return _HTML.match(text) is not None
    return kind in {"text/html", "application/xhtml+xml"}


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """``body`` without its content encoding; never more than ``limit`` + 1 bytes of it.

    Raises :class:`PackingError`.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"} or not body:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise PackingError(encoding)
    import zlib

    whole = bytearray()
    try:
        for _ in range(_MEMBERS):
            member = zlib.decompressobj(wbits=31)
            whole += member.decompress(body, limit + 1 - len(whole))
            if len(whole) > limit:
                break
            if not member.eof:
                raise PackingError(encoding)
            body = member.unused_data
            if not body.startswith(_GZIP):
                break
        else:
            raise PackingError(encoding)
    except zlib.error as error:
        raise PackingError(encoding) from error
    return bytes(whole)


def decoded(body: bytes, charset: str) -> str | None:
    """``body`` as text: byte order mark, stated character set, the page's own; else guessed."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body.removeprefix(mark).decode(name, "replace")
    own = _META.search(body[:2048])
    meta = _encoding(own[1].decode("ascii")) if own else ""
    # A page that says in ASCII that it is UTF-16 is not.
    if name := _encoding(charset) or (meta if not meta.startswith("utf-16") else ""):
        return body.decode(name, "replace")
    if b"\0" in body:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _encoding(label: str) -> str:
    """Python's name of a page's character set; empty for what is none."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    if name in {"ascii", "iso8859-1"}:  # browsers read both as windows-1252
        return "cp1252"
    return name if name in _ENCODINGS else ""
