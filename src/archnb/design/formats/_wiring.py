"""What deployments share: the calls that settings and command lines speak of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archnb.design.elements import Flow, Service, Source
from archnb.design.formats._addresses import Address, addresses
from archnb.design.formats._technologies import style_towards, technology_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_SCHEMES = {
    "http": "HTTP",
    "https": "HTTPS",
    "ws": "WebSocket",
    "wss": "WebSocket",
    "grpc": "gRPC",
    "grpcs": "gRPC",
    "dns": "gRPC",
    "postgres": "PostgreSQL",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "mongodb": "MongoDB",
    "redis": "Redis",
    "rediss": "Redis",
    "amqp": "AMQP",
    "amqps": "AMQP",
    "kafka": "Kafka",
    "nats": "NATS",
    "mqtt": "MQTT",
    "smtp": "SMTP",
    "ldap": "LDAP",
}
_PORTS = {
    "4317": "OTLP",
    "4318": "OTLP",
    "50051": "gRPC",
    "443": "HTTPS",
    "25": "SMTP",
} | dict.fromkeys(("80", "3000", "5000", "8000", "8080", "8081", "9090"), "HTTP")
# What may follow a service's name in the name of a variable that holds its address.
_SUFFIXES = frozenset(
    {"addr", "addrs", "address", "host", "hosts", "hostname", "url", "urls", "uri", "endpoint"}
    | {"endpoints", "server", "servers", "broker", "brokers", "bootstrap", "dsn", "base", "grpc"}
    | {"http", "api", "service", "svc", "connection", "string", "rpc", "internal", "upstream"}
)
# Of those, the ones that promise an address by themselves; FRONTEND_PORT does not.
_ADDRESSED = frozenset(
    {"addr", "addrs", "address", "host", "hosts", "hostname", "url", "urls", "uri", "endpoint"}
    | {"endpoints", "servers", "broker", "brokers", "bootstrap", "dsn", "connection", "upstream"}
)
_DATABASE_NAMES = ("database", "db", "dbname", "db_name", "name", "schema", "keyspace")


@dataclass(frozen=True, slots=True)
class Variable:
    """A setting that may hold an address: ``value`` with what is known put in, or None."""

    name: str
    value: str | None
    source: Source
    evidence: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is reachable under which name, from where one service stands.

    ``find`` gives the services a host name reaches; ``protocols`` what a service speaks at a port
    ("" at any), as far as the file says so.
    """

    services: Mapping[str, Service]
    find: Callable[[str], list[str]]
    protocols: Mapping[tuple[str, str], str] = field(default_factory=dict)


def calls(
    origin: str, variables: Iterable[Variable], directory: Directory, *, inferred: bool
) -> list[Flow]:
    """The flows that the variables of ``origin`` speak of.

    A host that is a service's name is a call, ``inferred`` as told. A variable nobody gave a value
    is matched by its name (``CART_ADDR`` to ``cart``) and always inferred.
    """
    variables = list(variables)
    siblings = {each.name.lower(): each.value for each in variables if each.value}
    flows: list[Flow] = []
    for each in variables:
        for flow in _spoken(origin, each, siblings, directory, inferred=inferred):
            store = directory.services[flow.target].kind == "store"
            beside = _sibling_database(each.name, siblings) if store else ""
            flows.append(replace(flow, database=flow.database or beside))
    return [flow for flow in flows if flow.target != origin]


def _spoken(
    origin: str,
    variable: Variable,
    siblings: Mapping[str, str],
    directory: Directory,
    *,
    inferred: bool,
) -> Iterator[Flow]:
    """The flows that one variable speaks of."""
    if variable.value is None:
        whole = Address("", variable=True)
        yield from _by_name(origin, variable, variable.name, whole, directory)
        return
    for address in addresses(variable.name, variable.value):
        if not address.variable:
            for target in directory.find(address.host):
                flow = _flow(origin, variable, address, directory.services[target], directory)
                yield replace(flow, inferred=inferred)
        elif variable.name.lower() == address.host.lower() or address.host.lower() not in siblings:
            # Otherwise it is another variable of the same service, which speaks for itself.
            yield from _by_name(origin, variable, address.host, address, directory)


def _flow(
    origin: str, variable: Variable, address: Address, target: Service, directory: Directory
) -> Flow:
    return Flow(
        origin=origin,
        target=target.name,
        style=style_towards(target.kind),
        label=_label(variable.name, address, target, directory.protocols),
        evidence=variable.evidence,
        source=variable.source,
        database=address.database if target.kind == "store" else "",
        directed=target.kind != "queue",  # an address does not say who publishes and who consumes
    )


def _by_name(
    origin: str, variable: Variable, name: str, address: Address, directory: Directory
) -> list[Flow]:
    target = _named(name, directory.services)
    if target is None:
        return []
    flow = _flow(origin, variable, address, target, directory)
    return [replace(flow, inferred=True, evidence=f"{variable.evidence} (by the variable's name)")]


def _named(variable: str, services: Mapping[str, Service]) -> Service | None:
    """The one service that a variable's name speaks of, if it promises an address at all."""
    words = words_of(variable)
    if not (_ADDRESSED & set(words) or words[-1:] == ["server"]):
        return None
    while words and (words[-1] in _SUFFIXES or words[-1].isdigit()):
        words.pop()
        stem = "".join(words)
        matching = [each for each in services.values() if stem in _stems(each.name)]
        if stem and len(matching) == 1:
            return matching[0]
    technology = None
    if role := technology_of("-".join(words)):
        technology = role.technology
    elif {"otel", "exporter"} <= set(words) or words[-1:] == ["otlp"]:
        technology = "OpenTelemetry Collector"
    same = [each for each in services.values() if technology and each.technology == technology]
    return same[0] if len(same) == 1 else None


def _stems(name: str) -> set[str]:
    """A service's name without what separates its words, and without a closing ``service``."""
    joined = re.sub(r"[^a-z0-9]", "", name.lower())
    return {joined, re.sub(r"(?<=.)(?:service|svc)$", "", joined)}


def _label(
    variable: str, address: Address, target: Service, protocols: Mapping[tuple[str, str], str]
) -> str:
    words = set(words_of(variable))
    if target.kind in ("store", "queue") and target.technology:
        return target.technology
    if target.technology == "OpenTelemetry Collector" or words & {"otlp", "otel"}:
        return "OTLP"
    known = protocols.get((target.name, address.port)) or protocols.get((target.name, ""))
    guessed = "gRPC" if "grpc" in words else _PORTS.get(address.port, "")
    if not guessed and words & {"url", "uri", "urls", "uris"}:
        guessed = "HTTP"
    return _SCHEMES.get(address.scheme) or known or guessed


def _sibling_database(variable: str, siblings: Mapping[str, str]) -> str:
    """The database named beside a host: ``DB_NAME`` for ``DB_HOST``, ``PGDATABASE`` ..."""
    stem = re.sub(
        r"[_.]*(?:host(?:name|s)?|addr(?:ess)?|server|url|uri|endpoint)$", "", variable.lower()
    )
    joined = (f"{stem}{gap}{ending}" for gap in ("_", "", "__", ".") for ending in _DATABASE_NAMES)
    return next((value for name in joined if stem and (value := siblings.get(name))), "")


def command_variables(words: Iterable[str], source: Source, evidence: str) -> list[Variable]:
    """The words of a command line: ``--db-host=x``, ``--db-host x`` and words alone."""
    variables: list[Variable] = []
    option = ""
    for word in words:
        flag = re.match(r"--?([A-Za-z][\w.-]*)(?:=(.*))?$", word, re.DOTALL)
        if flag is None:
            variables.append(Variable(option, word, source, evidence))
            option = ""
        elif flag[2] is not None:
            variables.append(Variable(flag[1], flag[2], source, evidence))
        else:
            option = flag[1]
    return variables


def joined(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """One flow for each pair and database: stated, else concluded, else an order of start-up.

    Its evidence lists up to three places, and what a ``depends_on`` says.
    """
    known: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows:
        pair = known.setdefault((flow.origin, flow.target), [])
        same = next((each for each in pair if _joinable(each, flow)), None)
        if same is None:
            pair.append(flow)
        else:
            pair[pair.index(same)] = _join(same, flow)
    return tuple(flow for pair in known.values() for flow in pair)


def _joinable(one: Flow, other: Flow) -> bool:
    return one.database == other.database or not one.database or not other.database


def _join(known: Flow, later: Flow) -> Flow:
    by_weight = sorted((known, later), key=lambda flow: (flow.startup, flow.inferred))
    first, second = by_weight
    places = list(dict.fromkeys([*first.evidence.split("; "), *second.evidence.split("; ")]))
    ordering = [place for place in places[3:] if place.startswith("depends_on")]
    return replace(
        first,
        label=first.label or second.label,
        database=first.database or second.database,
        evidence="; ".join(places[:3] + ordering),
    )
