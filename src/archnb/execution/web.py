"""Fetch one public page: no proxies, cookies or credentials, and limits on everything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from archnb.errors import ArchnbError
from archnb.execution.addresses import IPAddress, check_name, refusal, unreachable
from archnb.execution.content import PackingError, decoded, is_html, is_text, media_type, unpacked
from archnb.permission.addresses import AddressError, WebAddress, parse

if TYPE_CHECKING:
    from httpcore2 import Response

MAX_SIZE = 5_000_000  # bytes of an answer, as sent and as unpacked
MAX_REDIRECTS = 5
MAX_TRIES = 4  # addresses of one host that are tried in turn
CONNECT = 5.0  # seconds for one of them
_MOVED = frozenset({301, 302, 303, 307, 308})

Policy = Callable[[IPAddress], str]
"""Why an address is not visited, in words that follow "is"; empty where it may be."""

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host's name, best first."""


Judge = Callable[[WebAddress], None]
"""Raises where an address is not to be visited."""


class FetchError(ArchnbError):
    """A page that cannot be had: unreachable, refused, too large, no text, or elsewhere."""


@dataclass(frozen=True, slots=True)
class Page:
    """What was found at ``address``, where redirects ended.

    ``media_type`` is the stated one in lower case, without parameters; ``size`` the number of
    bytes after unpacking.
    """

    address: WebAddress
    status: int
    media_type: str
    text: str
    size: int

    @property
    def is_html(self) -> bool:
        return is_html(self.media_type, self.text)


@dataclass(frozen=True, slots=True)
class _Moved:
    """An answer that sends elsewhere, with its ``Location`` as it stands."""

    location: str


def _follows(_: WebAddress) -> None: ...


async def look_up(host: str, port: int) -> Sequence[str]:
    """The system's answer for ``host``, in its order of preference."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


async def fetch(
    address: WebAddress,
    *,
    timeout: float,  # noqa: ASYNC109
    accept: str = "*/*",
    policy: Policy = unreachable,
    lookup: Lookup = look_up,
    judge: Judge = _follows,
) -> Page:
    """The page at ``address`` by one GET and at most five redirects within its host.

    A name is looked up once for each of them, the answer is judged by ``policy``, and the
    connection goes to that very address while the certificate must be the name's. ``judge`` raises
    where a redirect's target is not to be visited. ``timeout`` (seconds) is for all of it together.
    Raises :class:`FetchError` and :class:`AddressError`.
    """
    start = address
    try:
        async with asyncio.timeout(timeout):
            for _ in range(MAX_REDIRECTS + 1):
                addresses = await _addresses(address, policy, lookup)
                answer = await _get(address, addresses, accept)
                if isinstance(answer, Page):
                    return answer
                address = follow(address, answer.location, policy)
                judge(address)
    except TimeoutError as error:
        raise FetchError(
            f"{start.host} did not answer in full within {timeout:g} s.",
            hint="Try once more with a longer timeout (at most 120), or use another page.",
        ) from error
    raise FetchError(
        f"{start} redirects more than {MAX_REDIRECTS} times.", hint="Use another address."
    )


async def _addresses(address: WebAddress, policy: Policy, lookup: Lookup) -> list[IPAddress]:
    """Where ``address`` may be reached; raises where it may not be."""
    check_name(address)
    if address.ip is not None:
        found = [address.ip]
    else:
        try:
            found = [ip_address(text) for text in await lookup(address.host, address.port)]
        except OSError as error:
            raise FetchError(
                f"{address.host} was not found.", hint="Check the name of the host."
            ) from error
    refused = [words for words in map(policy, found) if words]
    allowed = [ip for ip in found if not policy(ip)]
    if not allowed:
        raise refusal(address.host, refused[0] if refused else "a name without an address")
    return allowed[:MAX_TRIES]


def follow(address: WebAddress, location: str, policy: Policy) -> WebAddress:
    """Where a redirect leads, if it may be followed unasked: the same host, no less secure."""
    try:
        target = parse(urljoin(str(address), location))
        check_name(target)
        if target.ip is not None and (words := policy(target.ip)):
            raise refusal(target.host, words)
    except (AddressError, ValueError) as error:
        raise FetchError(
            f"{address} redirects to an address that is not visited: {error}",
            hint="Use another page.",
        ) from error
    if address.scheme == "https" and target.scheme == "http":
        raise FetchError(
            f"{address} redirects to {target}, which is not encrypted.", hint="Use another page."
        )
    if target.host != address.host or (target.scheme, target.port) not in (
        (address.scheme, address.port),
        ("https", 443),
    ):
        raise FetchError(
            f"{address} redirects to another host: {target}",
            hint="Call webfetch with that address if it is the page you need.",
        )
    return target


async def _get(address: WebAddress, addresses: Sequence[IPAddress], accept: str) -> Page | _Moved:
    """One request, to the first of ``addresses`` that takes a connection."""
    import httpcore2

    headers = [
        ("Host", address.authority),
        ("User-Agent", "archnb"),
        ("Accept", accept),
        ("Accept-Encoding", "gzip"),
        ("Connection", "close"),
    ]
    failure: Exception | None = None
    # httpcore keeps no cookies, reads no proxy or netrc, and follows no redirect.
    async with httpcore2.AsyncConnectionPool() as pool:
        for ip in addresses:
            url = httpcore2.URL(
                scheme=address.scheme, host=str(ip), port=address.port, target=address.target
            )
            extensions = {"sni_hostname": address.host, "timeout": {"connect": CONNECT}}
            try:
                async with pool.stream(
                    "GET", url, headers=headers, extensions=extensions
                ) as response:
                    return await _answer(address, response)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
                failure = error
                break
    raise FetchError(
        f"{address.host} could not be reached: {str(failure)[:200] or type(failure).__name__}.",
        hint="Check the address, or use another page.",
    ) from failure


async def _answer(address: WebAddress, response: Response) -> Page | _Moved:
    """What ``response`` says, its body read only where it is wanted."""
    headers = {
        name.decode("latin-1").lower(): value.decode("utf-8", "replace")
        for name, value in reversed(response.headers)  # the first of a name counts
    }
    status = response.status
    if status in _MOVED and headers.get("location"):
        return _Moved(headers["location"])
    if not 200 <= status < 300:
        raise FetchError(f"{address} answered {_said(status)}.", hint=_advice(status))
    kind, charset = media_type(headers.get("content-type", ""))
    if not is_text(kind):
        raise _no_text(address, kind)
    body = await _body(address, response, headers)
    try:
        body = unpacked(body, headers.get("content-encoding", ""), MAX_SIZE)
    except PackingError as error:
        raise FetchError(
            f"{address} answered in an encoding that cannot be unpacked.", hint="Use another page."
        ) from error
    if len(body) > MAX_SIZE:
        raise _too_large(address)
    text = decoded(body, charset)
    if text is None or "\0" in text:
        raise _no_text(address, kind or "no type stated")
    return Page(address, status, kind, text, len(body))


async def _body(address: WebAddress, response: Response, headers: Mapping[str, str]) -> bytes:
    length = headers.get("content-length", "")
    if length.isdecimal() and len(length) < 19 and int(length) > MAX_SIZE:
        raise _too_large(address)
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > MAX_SIZE:
            raise _too_large(address)
    return bytes(body)


def _no_text(address: WebAddress, kind: str) -> FetchError:
    return FetchError(
        f"{address} is no text ({kind[:80]}).",
        hint="webfetch reads HTML, plain text, JSON, XML and YAML: use a page that describes it.",
    )


def _too_large(address: WebAddress) -> FetchError:
    return FetchError(
        f"{address} is larger than the limit of {MAX_SIZE // 1_000_000} MB.",
        hint="Use a page for a part of it.",
    )


def _said(status: int) -> str:
    from http import HTTPStatus

    known = {entry.value: entry.phrase for entry in HTTPStatus}
    return f"{status} {known.get(status, '')}".rstrip()


def _advice(status: int) -> str:
    match status:
        case 401 | 402 | 403 | 407 | 451:
            return "It wants a sign-in or refuses programs, and archnb sends no credentials."
        case 404 | 410:
            return "Check the address, or look for the page from the site's front page."
        case 429:
            return "Too many requests: go on without it, and try again later."
        case _ if status >= 500:
            return "The fault is the server's: try once more later, or use another page."
        case _:
            return "Use another address."
