"""The addresses that a setting's value holds: hosts in host position, never a word anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from archnb.design.formats._technologies import words_of

_LONGEST = 10_000  # characters of a value that are looked at
_HOST = r"[A-Za-z0-9_$][A-Za-z0-9_${}.-]*"
_PORT = r"\d{2,5}|\$\{\w+\}"
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://(?P<authority>[^\s/?#;\"'<>|\\()]*)"
    r"(?P<path>/[^\s?#;\"'<>|\\,]*)?(?P<query>\?[^\s#\"'<>|\\,]*)?"
)
_DSN = re.compile(r"@(?:tcp|udp)?\((?P<host>[^()\s]*)\)/(?P<database>[^?\s\"']*)")
_PAIR = re.compile(
    r"(?:^|[;\s\"'])(?:host|hostname|hosts|server|data source|addr|address|network address)"
    r"\s*=\s*(?:tcp:)?(?P<hosts>[^;\s\"']+)",
    re.IGNORECASE,
)
_DATABASE = re.compile(
    r"(?:^|[;\s?&\"'])(?:database|initial catalog|dbname|databasename)\s*=\s*(?P<name>[^;&\s\"']+)",
    re.IGNORECASE,
)
_SCHEMA = re.compile(r"[?&](?:current_?schema|schema|search_path)=([^&]+)", re.IGNORECASE)
_HOST_PORT = re.compile(
    rf"(?:[^@=\s]*[@=])?(?:/{{2}})?(?P<host>{_HOST}):(?P<port>{_PORT})(?:[/:](?P<rest>\S*))?"
)
# The last word of a variable whose whole value may be a host.
_HOSTLIKE = re.compile(
    r".*(?:hosts?|hostnames?|addr|addrs|address|addresses|urls?|uris?|endpoints?|servers?|brokers?"
    r"|upstreams?|targets?|nodes|peers|seeds|dsn)"
)
# A variable with one of these says by which names others come in, or what must not be called.
_INBOUND = frozenset(
    {"cors", "allow", "allowed", "allowlist", "whitelist", "origin", "origins", "trusted", "listen"}
    | {"listener", "listeners", "bind", "advertise", "advertised", "redirect", "callback", "no"}
)
_NAMES_AN_IMAGE = frozenset({"image", "tag", "version", "name", "user", "password", "secret"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a value points: ``host`` lower-case, or the name of a variable nobody gave a value.

    ``database`` is the database, schema or number behind the host, as far as the value names it.
    """

    host: str
    port: str = ""
    scheme: str = ""
    database: str = ""
    variable: bool = False


def addresses(name: str, value: str) -> list[Address]:
    """The addresses in the value of the variable ``name`` ("" for a word of a command line).

    >>> addresses("DATABASE_URL", "postgres://me:pw@Orders-DB:5432/orders")
    [Address(host='orders-db', port='5432', scheme='postgres', database='orders', variable=False)]
    >>> addresses("MYSQL_DATABASE", "wordpress"), addresses("ALLOWED_HOSTS", "web")
    ([], [])
    """
    words = words_of(name)
    if _INBOUND & set(words) or not value:
        return []
    value = value[:_LONGEST]
    stated = _DATABASE.search(value)
    database = stated["name"] if stated else ""
    found, rest = _urls(value)
    for dsn in _DSN.finditer(rest):
        found += _hosts(dsn["host"], Address("", database=dsn["database"]))
    for pair in _PAIR.finditer(rest):
        found += _hosts(re.sub(r",(?=\d+$)", ":", pair["hosts"]), Address(""))
    found += _bare(words, rest)
    known = [replace(each, database=each.database or database) for each in found]
    return list(dict.fromkeys(known))


def _urls(value: str) -> tuple[list[Address], str]:
    """The addresses of the URLs, and the value without them."""
    value = re.sub(r",(?=(?:[\w.-]{1,60}=)?[A-Za-z][\w+.-]{0,30}://)", " ", value)
    value = re.sub(r"\b(dns|passthrough|static):///", r"\1://", value)  # gRPC's own way to write it
    found: list[Address] = []
    for url in _URL.finditer(value):
        hosts = url["authority"].rpartition("@")[2]
        database = (url["path"] or "").strip("/").split("/")[0]
        if schema := _SCHEMA.search(url["query"] or ""):
            database = f"{database}.{schema[1]}"
        found += _hosts(hosts, Address("", scheme=url["scheme"].lower(), database=database))
    return found, _URL.sub(" ", value)


def _bare(words: list[str], value: str) -> list[Address]:
    """``host:port`` anywhere in a list, and hosts alone where the variable's name promises one."""
    last = next((word for word in reversed(words) if not word.isdigit()), "")
    if words[-2:] == ["host", "name"]:
        last = "hostname"
    if last in _NAMES_AN_IMAGE:
        return []
    found: list[Address] = []
    for item in re.split(r"[\s,;\"']+", value):
        if paired := _HOST_PORT.fullmatch(item):
            database = (paired["rest"] or "").split("?")[0] if "/" in item else ""
            found += _hosts(f"{paired['host']}:{paired['port']}", Address("", database=database))
        elif _HOSTLIKE.fullmatch(last) and re.fullmatch(_HOST, item):
            found += _hosts(item, Address(""))
    return found


def _hosts(listed: str, like: Address) -> list[Address]:
    """Each host of a comma list, with the port it names, otherwise ``like`` the address given."""
    found: list[Address] = []
    for item in listed.split(","):
        host, _, port = item.rpartition(":") if re.search(r":[^:\]]*$", item) else (item, "", "")
        if variable := re.fullmatch(r"\$\{(\w+)\}", host):
            found.append(replace(like, host=variable[1], port=port, variable=True))
        elif re.fullmatch(_HOST, host) and "$" not in host:
            found.append(replace(like, host=host.lower().rstrip("."), port=port))
    return found
