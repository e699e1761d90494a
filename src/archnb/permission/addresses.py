"""A web address as one parsed value, and whether an allow rule names its host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote

from archnb.errors import ArchnbError
from archnb.html import UNSEEN
from archnb.permission.rules import matches

MAX_LENGTH = 2_048  # characters of an address; nobody can review a longer one on a card
_PORTS = {"http": 80, "https": 443}
# White space, halves of pairs and selectors besides: an address has none of them.
_HIDDEN = re.compile(f"[{UNSEEN}\\s\ud800-\udfff\ufe00-\ufe0f]")
_AUTHORITY = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]+))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # what inet_aton takes for a part of an IPv4 address
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_SEPARATORS = ("%2F", "%5C", "%00")  # escapes that some servers take for the end of a folder's name


class AddressError(ArchnbError):
    """A web address that is malformed, or that archnb does not visit."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Parts of an http(s) address in their normal form, which is what is shown, matched and sent.

    ``host`` is lower case, punycode or an IP address (IPv6 without brackets); ``target`` is the
    path, without ``.`` and ``..``, and the query; a fragment is dropped, as it is never sent.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The host as an IP address, where it is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def site(self) -> str:
        """Scheme and authority: the part before the path."""
        return f"{self.scheme}://{self.authority}"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def __str__(self) -> str:
        return self.site + self.target


def parse(text: str) -> WebAddress:
    """``text`` as a :class:`WebAddress`; :class:`AddressError` where two readers could differ.

    Refused are user names, backslashes, characters that cannot be seen, zone ids, escapes in the
    host, and IPv4 addresses in any but their usual form (``127.1``, ``0x7f.1``, ``2130706433``).

    >>> str(parse("HTTPS://Docs.Example.org:443/a/./b/../c?q=é#part"))
    'https://docs.example.org/a/c?q=%C3%A9'
    >>> str(parse("http://bücher.example/"))
    'http://xn--bcher-kva.example/'
    """
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    if scheme not in _PORTS:
        raise AddressError("URL must start with http:// or https://.")
    if unseen := _HIDDEN.search(text):
        raise AddressError(
            f"The address holds U+{ord(unseen[0]):04X}, which cannot be seen.",
            hint="Write it as a percent escape, or leave it out.",
        )
    if "\\" in text:
        raise AddressError("The address holds a backslash.", hint="Write / or %5C.")
    authority, path, query = _divided(rest)
    if "@" in authority:
        raise AddressError(
            "The address holds a user name before @; archnb sends no credentials.",
            hint="Write only the host before the path.",
        )
    host, port = _host_and_port(authority)
    address = WebAddress(scheme, host, port or _PORTS[scheme], _path(path) + _query(query))
    if len(str(address)) > MAX_LENGTH:
        raise AddressError(
            f"The address is longer than {MAX_LENGTH:,} characters.", hint="Use a shorter one."
        )
    return address


def host_rule(pattern: str, url: str) -> bool:
    """Whether ``pattern``, a wildcard of a rule, names the host of ``url`` and covers the rest.

    A host is named exactly, or as ``*.`` before at least two labels, which means every name below
    them. A scheme counts where it is given; without a port the scheme's own is meant; without a
    path every page of the host. ``*`` and ``http*`` name no host.

    >>> url = "https://docs.example.org/guide"
    >>> host_rule("https://docs.example.org/*", url), host_rule("*.example.org", url)
    (True, True)
    >>> host_rule("https://*", url), host_rule("*docs.example.org/*", url)
    (False, False)
    """
    before, separator, after = pattern.partition("://")
    scheme, rest = (before.lower(), after) if separator else ("*", pattern)
    site, slash, path = rest.partition("/")
    below = site.startswith("*.")
    try:
        address = parse(url)
        host, port = _host_and_port(site[2:] if below else site)
    except AddressError:
        return False
    if not matches(scheme, address.scheme) or (port or _PORTS[address.scheme]) != address.port:
        return False
    if below and (address.ip or "." not in host or not address.host.endswith(f".{host}")):
        return False
    if not below and host != address.host:
        return False
    if not slash or path == "*":
        return True
    return not any(escape in address.path for escape in _SEPARATORS) and matches(
        f"/{path}", address.target
    )


def _divided(rest: str) -> tuple[str, str, str]:
    """Authority, path and query (with its question mark); a fragment is left out."""
    rest = rest.partition("#")[0]
    before, mark, query = rest.partition("?")
    authority, slash, path = before.partition("/")
    return authority, slash + path, mark + query


def _host_and_port(authority: str) -> tuple[str, int | None]:
    match = _AUTHORITY.fullmatch(authority.lower())
    if match is None:
        raise AddressError(f"{authority or 'The address'} names no host.")
    port = int(match["port"][:6]) if match["port"] else None
    if port is not None and not 1 <= port <= 65_535:
        raise AddressError(f"{match['port'][:20]} is no port.", hint="Ports are 1 to 65535.")
    if match["name"]:
        return _name(match["name"]), port
    try:
        return str(IPv6Address(match["six"])), port
    except ValueError as error:
        raise AddressError(f"[{match['six'][:60]}] is no IPv6 address.") from error


def _name(text: str) -> str:
    """A host's name in lower case and punycode, or an IPv4 address in its usual form."""
    name = text.lower()
    if not name.isascii():
        import idna

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise AddressError("The host's name is no valid international name.") from error
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise AddressError(f"{text[:80]} is no valid name of a host.")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(name))
        except ValueError as error:
            raise AddressError(
                f"{name[:80]} is no IPv4 address in its usual form.",
                hint="Write four decimal numbers, such as 192.0.2.1.",
            ) from error
    return name


def _path(text: str) -> str:
    """The path of RFC 3986, section 6.2.2: escapes in one form, ``.`` and ``..`` resolved."""
    kept: list[str] = []
    segments = _escaped(text).split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _query(text: str) -> str:
    return _escaped(text) if len(text) > 1 else ""


def _escaped(text: str) -> str:
    """``text`` with everything escaped that must be, and nothing that need not be."""
    whole = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return _ESCAPE.sub(_escape, quote(whole, safe="%/?:@!$&'()*+,;=~-._"))


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    plain = character.isascii() and (character.isalnum() or character in "-._~")
    return character if plain else match[0].upper()
