"""A compose file as a start: services with images, addresses, health checks and start-up order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from archnb.design.formats._technologies import classify

if TYPE_CHECKING:
    from archnb.design.elements import Design, Flow, Service

Node: TypeAlias = "dict[str, Node] | list[Node] | str | int | bool"

# Image, port, health check, and where the data lies.
_KNOWN: dict[str, tuple[str, str, str, str]] = {
    "PostgreSQL": ("postgres:17", "5432", "pg_isready -U app", "/var/lib/postgresql/data"),
    "MySQL": ("mysql:8.4", "3306", "mysqladmin ping --silent", "/var/lib/mysql"),
    "MariaDB": ("mariadb:11.4", "3306", "healthcheck.sh --connect", "/var/lib/mysql"),
    "MongoDB": ("mongo:8.0", "27017", "mongosh --quiet --eval 'db.runCommand(1)'", "/data/db"),
    "Redis": ("redis:7.4", "6379", "redis-cli ping", "/data"),
    "Valkey": ("valkey/valkey:8.1", "6379", "valkey-cli ping", "/data"),
    "Kafka": ("apache/kafka:3.9.1", "9092", "nc -z localhost 9092", "/var/lib/kafka/data"),
    "RabbitMQ": ("rabbitmq:4.1", "5672", "rabbitmq-diagnostics -q ping", "/var/lib/rabbitmq"),
    "NATS": ("nats:2.11", "4222", "", "/data"),
}
_URL = {
    "PostgreSQL": "postgresql://app:{secret}@{host}:5432/app",
    "MySQL": "mysql://app:{secret}@{host}:3306/app",
    "MariaDB": "mysql://app:{secret}@{host}:3306/app",
    "MongoDB": "mongodb://{host}:27017/app",
    "Redis": "redis://{host}:6379/0",
    "Valkey": "redis://{host}:6379/0",
    "Kafka": "{host}:9092",
    "RabbitMQ": "amqp://{host}:5672",
    "NATS": "nats://{host}:4222",
}
_PASSWORDS = {
    "PostgreSQL": {"POSTGRES_USER": "app", "POSTGRES_DB": "app", "POSTGRES_PASSWORD": ""},
    "MySQL": {"MYSQL_USER": "app", "MYSQL_DATABASE": "app", "MYSQL_PASSWORD": ""}
    | {"MYSQL_RANDOM_ROOT_PASSWORD": "yes"},
    "MariaDB": {"MARIADB_USER": "app", "MARIADB_DATABASE": "app", "MARIADB_PASSWORD": ""}
    | {"MARIADB_RANDOM_ROOT_PASSWORD": "yes"},
}


def write(design: Design) -> str:
    """Give a skeleton: what is built here has ``build``, what is known has an image and a check.

    Passwords are asked for (``${ORDERS_DB_PASSWORD:?...}``), never made up. Clients and external
    services are left out.
    """
    import yaml

    names: dict[str, str] = {}
    for service in design.services:
        if service.kind not in ("client", "external"):
            names[service.name] = _unique(_slug(service.name), set(names.values()))
    known = {service.name: service for service in design.services}
    services: dict[str, Node] = {}
    volumes: dict[str, Node] = {}
    root: dict[str, Node] = {"services": services}
    for name, slug in names.items():
        outgoing = [f for f in design.flows if f.origin == name and f.target in names]
        services[slug] = _service(known[name], slug, outgoing, names, known)
        technology = _technology(known[name])
        if known[name].kind in ("store", "queue") and technology in _KNOWN:
            volumes[f"{slug}-data"] = {}
    if volumes:
        root["volumes"] = volumes
    text: str = yaml.safe_dump(root, sort_keys=False, allow_unicode=True, width=100)
    return text


def _service(
    service: Service,
    slug: str,
    outgoing: list[Flow],
    names: dict[str, str],
    known: dict[str, Service],
) -> dict[str, Node]:
    technology = _technology(service)
    image, _, check, data = _KNOWN.get(technology, ("", "", "", ""))
    body: dict[str, Node] = {}
    if service.image or image:
        body["image"] = service.image or image
    else:
        body["build"] = f"./{slug}"
    environment: dict[str, Node] = {
        name: value or _secret(slug) for name, value in _PASSWORDS.get(technology, {}).items()
    }
    for flow in outgoing:
        if not flow.startup:
            name, address = _setting(known[flow.target], names[flow.target])
            environment[name] = address
    if environment:
        body["environment"] = environment
    if service.ports:
        body["ports"] = [_port(port.container, port.published, port.host) for port in service.ports]
    if service.kind in ("store", "queue") and data:
        body["volumes"] = [f"{slug}-data:{data}"]
        if check:
            body["healthcheck"] = {"test": ["CMD-SHELL", check], "interval": "10s", "retries": 5}
    # Calls may go round, an order of start-up may not: only what must stand first is waited for.
    first = [
        known[flow.target]
        for flow in outgoing
        if flow.startup or known[flow.target].kind in ("store", "queue", "job")
    ]
    if first:
        body["depends_on"] = {names[each.name]: {"condition": _condition(each)} for each in first}
    if service.replicas > 1:
        body["deploy"] = {"replicas": service.replicas}
    return body


def _technology(service: Service) -> str:
    return service.technology or classify(service.name, service.image).technology


def _condition(target: Service) -> str:
    if target.kind == "job":
        return "service_completed_successfully"
    checked = target.kind in ("store", "queue") and _KNOWN.get(_technology(target), ("",) * 4)[2]
    return "service_healthy" if checked else "service_started"


def _setting(target: Service, slug: str) -> tuple[str, str]:
    """The variable that gives ``target``'s address to a caller, and its value."""
    prefix = re.sub(r"\W", "_", slug.upper())
    pattern = _URL.get(_technology(target), "http://{host}:8080")
    return f"{prefix}_URL", pattern.format(host=slug, secret=_secret(slug))


def _secret(slug: str) -> str:
    name = re.sub(r"\W", "_", slug.upper()) + "_PASSWORD"
    return f"${{{name}:?set {name}}}"


def _port(container: str, published: str, host: str) -> str:
    host = f"[{host}]" if ":" in host else host
    return ":".join(part for part in (host, published, container) if part)


def _slug(name: str) -> str:
    """The name as a host may be called: lower-case letters, digits and hyphens."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name[:100])
    return re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-") or "service"


def _unique(slug: str, taken: set[str]) -> str:
    number, free = 2, slug
    while free in taken:
        free, number = f"{slug}-{number}", number + 1
    return free
