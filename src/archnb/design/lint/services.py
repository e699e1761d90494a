"""Rules for services: whose data is whose, how calls run, who can be asked for health."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from archnb.design.elements import Design, Finding, Service, Source
from archnb.design.formats._addresses import addresses
from archnb.design.lint._cycles import cycles
from archnb.design.lint.rules import Collapse, Example, lint_rule

# Programs that visit a database without owning it, or watch others.
_VISITORS = re.compile(
    r"pgadmin|adminer|phpmyadmin|migrat|flyway|liquibase|cloudbeaver|mongo-express|debezium"
    r"|(?<![a-z])(seed|seeder|backup|exporter|dump|restore|init)(?![a-z])",
    re.IGNORECASE,
)
_CACHE = re.compile(r"redis|valkey|memcache|keydb|dragonfly|cache", re.IGNORECASE)
_DATABASE = re.compile(r"postgres|pgsql|mysql|mariadb|mongodb|sqlserver|mssql", re.IGNORECASE)
_TELEMETRY = re.compile(
    r"otel|opentelemetry|jaeger|zipkin|prometheus|grafana|promtail|fluentd|fluent-?bit|datadog"
    r"|newrelic|statsd|telegraf|elastic-?apm|(?<![a-z])(tempo|loki|sentry|vault|consul|eureka)"
    r"(?![a-z])|timberio/vector|config-?server",
    re.IGNORECASE,
)

# How a well-known technology is asked whether it works.
_CHECKS = {
    "postgres": "pg_isready",
    "mysql": "mysqladmin ping",
    "mariadb": "healthcheck.sh --connect",
    "redis": "redis-cli ping",
    "valkey": "valkey-cli ping",
    "mongo": "mongosh --eval db.hello()",
    "rabbitmq": "rabbitmq-diagnostics -q ping",
    "kafka": "kafka-broker-api-versions.sh",
    "elasticsearch": "GET /_cluster/health",
    "opensearch": "GET /_cluster/health",
}


def _is_app(service: Service | None) -> bool:
    """Something that does business: no store, queue, proxy, job or telemetry."""
    if service is None or service.kind != "service":
        return False
    return not _TELEMETRY.search(f"{service.name} {service.image} {service.technology}")


@lint_rule(
    "SVC001",
    "warning",
    examples=(
        Example(
            "compose.yaml",
            bad="""
services:
  orders:
    build: ./orders
    environment: {DATABASE_URL: "postgres://app@db/shop"}
  billing:
    build: ./billing
    environment: {DB_HOST: db, DB_NAME: shop}
  db: {image: "postgres:17"}
""",
            good="""
services:
  orders:
    build: ./orders
    environment: {DATABASE_URL: "postgres://app@db/orders"}
  billing:
    build: ./billing
    environment: {DB_HOST: db, DB_NAME: billing}
  db: {image: "postgres:17"}
""",
        ),
    ),
)
def shared_database(design: Design) -> Iterator[Finding]:
    """Two services read and write one database.

    Then neither can change its tables alone, and no contract says who may write what: the services
    are one in all but name. In a sketch it is an error, for there it costs nothing yet.

    Mend: let one own the tables and give the others an API, events, or a schema of their own.

    Source: Microsoft Azure Architecture Center, "Data considerations for microservices" and the
    monolithic persistence antipattern.

    Ignore: where both are one program (two processes of one image are not counted). Several
    databases on one server are fine. Admin, migration and backup tools are left out.
    """
    users: defaultdict[tuple[str, str], dict[str, Service]] = defaultdict(dict)
    for service, place in _accesses(design):
        users[place][service.name] = service
    told: dict[str, set[str]] = {}  # one place may go by two names: say it once
    for (host, database), found in sorted(users.items(), key=lambda it: -len(it[1])):
        programs = {it.image or it.build or it.name: it for it in found.values()}
        if len(programs) > 1 and not found.keys() <= told.get(database or host, set()):
            told[database or host] = set(found)
            services = sorted(programs.values(), key=lambda service: service.name)
            *others, last = (service.name for service in services)
            store = f"schema, {database}@{host}" if database else f"store, {host}"
            yield Finding(
                "SVC001",
                "warning" if database else "error",
                f"{database}@{host}" if database else host,
                f"{', '.join(others)} and {last} use one {store}.",
                "Let one own the tables and give the other an API, events or its own schema.",
                services[-1].source,
            )


def _accesses(design: Design) -> Iterator[tuple[Service, tuple[str, str]]]:
    """Which service uses which database: host and name. A sketch names the store only."""
    known = {service.name: service for service in design.services}
    owners = {
        service.name: service
        for service in design.services
        if _is_app(service) and not _VISITORS.search(service.name)
    }
    for flow in design.flows:
        origin, target = owners.get(flow.origin), known.get(flow.target)
        if origin and target and target.kind == "store" and flow.style != "async":
            drawn = target.health is None
            cache = _CACHE.search(f"{target.name} {target.image} {target.technology}")
            if not flow.startup and not cache and (flow.database or drawn):
                yield origin, (target.name, "" if drawn else flow.database)
    for service in owners.values():  # by address, for a host that is in another file or in none
        for setting in service.settings:
            value = setting.value or ""
            for address in addresses(setting.name, value):
                stated = _DATABASE.match(address.scheme) or (not address.scheme and "=" in value)
                if address.database and stated:
                    yield service, (address.host, address.database)


@lint_rule(
    "SVC002",
    "error",
    examples=(
        Example(
            "compose.yaml",
            bad="""
services:
  orders: {build: ., environment: {STOCK_URL: "http://stock:80"}}
  stock: {build: ., environment: {PRICES_URL: "http://prices:80"}}
  prices: {build: ., environment: {ORDERS_URL: "http://orders:80"}}
""",
            good="""
services:
  orders: {build: ., environment: {STOCK_URL: "http://stock:80"}}
  stock: {build: ., environment: {PRICES_URL: "http://prices:80"}}
  prices: {build: .}
""",
        ),
    ),
)
def sync_cycle(design: Design) -> Iterator[Finding]:
    """Services call one another in a circle and wait for the answer.

    One slow member stops all of them, none can be deployed or started alone, and a retry may go
    round for ever. Two services that call each other are a warning: they may simply be one.

    Mend: turn one call into an event, or merge the services.

    Source: Microsoft Azure Architecture Center, chatty I/O antipattern and "Data considerations".

    Ignore: for a callback that answers at once. Events, orders of start-up, stores, gateways and
    telemetry are no calls here.
    """
    known = {service.name: service for service in design.services}
    calls: defaultdict[str, dict[str, Source]] = defaultdict(dict)
    for flow in design.flows:
        call = flow.style == "sync" and not flow.startup and flow.origin != flow.target
        if call and _is_app(known.get(flow.origin)) and _is_app(known.get(flow.target)):
            calls[flow.origin].setdefault(flow.target, flow.source)
    for path in cycles(calls):
        way = " -> ".join(path)
        yield Finding(
            "SVC002",
            "error" if len(path) > 3 else "warning",
            way,
            f"Calls go round: {way}.",
            "Turn one arrow into an event or merge the services.",
            calls[path[0]][path[1]],
        )


def _asked_for(design: Design) -> Iterator[Service]:
    """Deployed services that others depend on, or that are published."""
    wanted = {flow.target for flow in design.flows if flow.origin != flow.target}
    for service in design.services:
        runs = service.health is not None and service.kind not in {"job", "client", "external"}
        published = any(port.published for port in service.ports)
        if runs and (service.name in wanted or published):
            yield service


@lint_rule(
    "SVC006",
    "warning",
    examples=(
        Example(
            "compose.yaml",
            bad="""
services:
  orders: {build: ., depends_on: [db]}
  db: {image: "postgres:17"}
""",
            good="""
services:
  orders: {build: ., depends_on: {db: {condition: service_healthy}}}
  db:
    image: postgres:17
    healthcheck: {test: ["CMD", "pg_isready", "-U", "app"]}
""",
        ),
    ),
    collapse=Collapse(
        _asked_for,
        "{hits} of {total} services that others rely on have no health check",
        "Add a health check (in Kubernetes a readiness probe) to each.",
    ),
)
def no_health_check(design: Design) -> Iterator[Finding]:
    """Others depend on a service, and nobody can ask whether it works.

    Its callers start too early, traffic is sent to a copy that hangs, and nothing restarts it.
    A service that is only published, with nobody depending on it in these files, is information.

    Mend: a ``healthcheck`` in compose, a ``readinessProbe`` in Kubernetes; for a database its own
    command, such as ``pg_isready``.

    Source: Microsoft Azure Architecture Center, health endpoint monitoring; kube-linter
    no-readiness-probe; Checkov CKV_K8S_9; KICS "Healthcheck Not Set".

    Ignore: where the image carries its own HEALTHCHECK. Jobs and clients are left out.
    """
    wanted = {flow.target for flow in design.flows if flow.origin != flow.target}
    for service in _asked_for(design):
        if service.health:
            continue
        needed = service.name in wanted
        told = "depended on" if needed else "published"
        check = next(
            (check for word, check in _CHECKS.items() if word in service.technology.lower()),
            "",
        )
        how = f", such as {check}" if check else " that asks the service itself"
        yield Finding(
            "SVC006",
            "warning" if needed else "info",
            service.name,
            f"{service.name} is {told} but nobody can ask whether it works.",
            f"Add a health check (in Kubernetes a readiness probe){how}.",
            service.source,
        )
