"""Which hosts on the network may be visited: public ones, decided on the address itself."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from archnb.permission.addresses import AddressError, WebAddress

IPAddress = IPv4Address | IPv6Address

# The special-purpose registries of IANA (RFC 6890 and its followers), and what clouds add to them.
# Python's is_global is no substitute: it passes 192.0.0.192 and 64:ff9b::/96 in some releases.
_RANGES = {
    "168.63.129.16/32": "a cloud's metadata service",
    "169.254.169.254/32": "a cloud's metadata service",
    "100.100.100.200/32": "a cloud's metadata service",
    "192.0.0.192/32": "a cloud's metadata service",
    "fd00:ec2::254/128": "a cloud's metadata service",
    "0.0.0.0/8": "an unspecified address",
    "10.0.0.0/8": "in a private network",
    "100.64.0.0/10": "in a provider's inner network",
    "127.0.0.0/8": "this machine itself",
    "169.254.0.0/16": "a link-local address",
    "172.16.0.0/12": "in a private network",
    "192.0.0.0/24": "a reserved address",
    "192.0.2.0/24": "a documentation address",
    "192.31.196.0/24": "a reserved address",
    "192.52.193.0/24": "a reserved address",
    "192.88.99.0/24": "a relay between IPv6 and IPv4",
    "192.168.0.0/16": "in a private network",
    "192.175.48.0/24": "a reserved address",
    "198.18.0.0/15": "in a test network",
    "198.51.100.0/24": "a documentation address",
    "203.0.113.0/24": "a documentation address",
    "224.0.0.0/4": "a multicast address",
    "240.0.0.0/4": "a reserved address",
    "::/128": "an unspecified address",
    "::1/128": "this machine itself",
    "::/96": "an IPv4 address written as IPv6",
    "::ffff:0:0/96": "an IPv4 address written as IPv6",
    "64:ff9b::/96": "an IPv4 address behind NAT64",
    "64:ff9b:1::/48": "an IPv4 address behind NAT64",
    "fc00::/7": "in a private network",
    "fe80::/10": "a link-local address",
    "fec0::/10": "in a private network",
    "ff00::/8": "a multicast address",
    "2001::/32": "an IPv4 address behind Teredo",
    "2001::/23": "a reserved address",
    "2001:db8::/32": "a documentation address",
    "2002::/16": "an IPv4 address behind 6to4",
    "2620:4f:8000::/48": "a reserved address",
    "3fff::/20": "a documentation address",
}
_GLOBAL_UNICAST = "2000::/3"  # all that IANA has given out of IPv6 (RFC 4291)

# Names that are answered on this machine or in its network (RFC 6761, 6762, 7686, 8375).
_LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "home.arpa", "onion")


def unreachable(address: IPAddress) -> str:
    """Why ``address`` is not visited, in words that follow "is"; empty for a public address.

    >>> from ipaddress import ip_address
    >>> unreachable(ip_address("10.0.0.5")), unreachable(ip_address("64:ff9b::7f00:1"))
    ('in a private network', 'an IPv4 address behind NAT64')
    >>> unreachable(ip_address("8.8.8.8"))
    ''
    """
    for network, words in _ranges():
        if address.version == network.version and address in network:
            return words
    if address.version == 6 and address not in ip_network(_GLOBAL_UNICAST):
        return "a reserved address"
    return ""


def local_name(host: str) -> str:
    """Why a host of this name is not visited, before it is looked up; empty for other names.

    >>> local_name("metadata.google.internal"), local_name("example.org")
    ('a name of this machine or its network', '')
    """
    ends = any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)
    return "a name of this machine or its network" if ends or "." not in host else ""


def refusal(host: str, words: str) -> AddressError:
    """The error that says why ``host`` is not visited."""
    return AddressError(
        f"{host} is {words}: webfetch visits public addresses only.",
        hint="Use a public page, or ask the person for the text.",
    )


def check_name(address: WebAddress) -> None:
    """Raise :class:`AddressError` for a local name; an IP address is judged as an address."""
    if address.ip is None and (words := local_name(address.host)):
        raise refusal(address.host, words)


@cache
def _ranges() -> tuple[tuple[IPv4Network | IPv6Network, str], ...]:
    return tuple((ip_network(text), words) for text, words in _RANGES.items())
