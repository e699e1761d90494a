"""What a container is, told from its image, its name and its ports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archnb.design.elements import FlowStyle, ServiceKind

_STORES = {
    "PostgreSQL": "postgres postgresql postgis timescaledb pgvector spilo",
    "MySQL": "mysql percona",
    "MariaDB": "mariadb",
    "MongoDB": "mongo mongodb",
    "SQL Server": "mssql sqlserver azuresqledge",
    "Oracle": "oracle oraclexe",
    "CockroachDB": "cockroach cockroachdb",
    "YugabyteDB": "yugabyte yugabytedb",
    "TiDB": "tidb",
    "Redis": "redis redismod redisearch redisjson",
    "Valkey": "valkey",
    "KeyDB": "keydb",
    "Dragonfly": "dragonfly dragonflydb",
    "Memcached": "memcached memcache",
    "Hazelcast": "hazelcast",
    "Elasticsearch": "elasticsearch",
    "OpenSearch": "opensearch",
    "Solr": "solr",
    "Meilisearch": "meilisearch",
    "Typesense": "typesense",
    "Cassandra": "cassandra",
    "ScyllaDB": "scylla scylladb",
    "CouchDB": "couchdb",
    "Couchbase": "couchbase",
    "DynamoDB": "dynamodb",
    "RethinkDB": "rethinkdb",
    "ArangoDB": "arangodb",
    "Neo4j": "neo4j",
    "Dgraph": "dgraph",
    "SurrealDB": "surrealdb",
    "ClickHouse": "clickhouse",
    "InfluxDB": "influxdb",
    "QuestDB": "questdb",
    "VictoriaMetrics": "victoriametrics",
    "Firebird": "firebird",
    "MinIO": "minio",
    "etcd": "etcd",
    "Qdrant": "qdrant",
    "Weaviate": "weaviate",
    "Milvus": "milvus",
    "Chroma": "chroma chromadb",
}
_QUEUES = {
    "Kafka": "kafka cp-kafka",
    "Redpanda": "redpanda",
    "RabbitMQ": "rabbitmq",
    "NATS": "nats",
    "ActiveMQ": "activemq artemis",
    "Pulsar": "pulsar",
    "Mosquitto": "mosquitto",
    "EMQX": "emqx",
    "HiveMQ": "hivemq",
    "NSQ": "nsq nsqd",
    "Beanstalkd": "beanstalkd",
    "ElasticMQ": "elasticmq",
    "IBM MQ": "ibmmq",
}
_GATEWAYS = {
    "nginx": "nginx openresty",
    "Traefik": "traefik",
    "Envoy": "envoy",
    "HAProxy": "haproxy",
    "Caddy": "caddy",
    "Kong": "kong",
    "APISIX": "apisix",
    "KrakenD": "krakend",
    "Tyk": "tyk",
    "Varnish": "varnish",
    "Ambassador": "ambassador emissary",
}
_SERVICES = {
    "OpenTelemetry Collector": "otelcol otel-collector opentelemetry-collector",
    "Jaeger": "jaeger jaegertracing",
    "Zipkin": "zipkin",
    "Tempo": "tempo",
    "Loki": "loki",
    "Prometheus": "prometheus",
    "Alertmanager": "alertmanager",
    "Grafana": "grafana",
    "Kibana": "kibana",
    "Logstash": "logstash",
    "Fluentd": "fluentd",
    "Fluent Bit": "fluent-bit",
    "Vector": "vector",
    "ZooKeeper": "zookeeper",
    "Consul": "consul",
    "Vault": "vault",
    "Keycloak": "keycloak",
    "LocalStack": "localstack",
    "flagd": "flagd",
    "Temporal": "temporal",
}
_CLIENTS = {"k6": "k6", "Locust": "locust", "Gatling": "gatling"}
_PORTS = {
    "5432": "PostgreSQL",
    "3306": "MySQL",
    "1433": "SQL Server",
    "1521": "Oracle",
    "27017": "MongoDB",
    "6379": "Redis",
    "11211": "Memcached",
    "9042": "Cassandra",
    "7687": "Neo4j",
    "9092": "Kafka",
    "5672": "RabbitMQ",
    "4222": "NATS",
    "1883": "Mosquitto",
}
# Words beside a store's name when the container is a tool for the store rather than the store.
_BESIDE = frozenset(
    re.findall(
        r"\w+",
        "exporter ui commander express admin pgadmin phpmyadmin insight connect rest operator "
        "client backup migrate migration migrations migrator seed seeder init setup dump web gui "
        "console manager dashboard consumer producer worker proxy bouncer pgbouncer api service "
        "svc registry viewer browser bridge relay listener adapter sync cli test tests docs "
        "monitor monitoring agent sidecar reader writer publisher subscriber indexer loader "
        "generator job ingest",
    )
)
_JOBS = frozenset({"migrate", "migration", "migrations", "migrator", "seed", "seeder", "init"})
_WEB_SERVERS = frozenset({"nginx", "Caddy"})
_SITES = frozenset({"frontend", "ui", "static", "www", "site", "website", "docs", "spa", "client"})


@dataclass(frozen=True, slots=True)
class Role:
    """What something that runs is: its kind and the technology's name ("" where unknown)."""

    kind: ServiceKind = "service"
    technology: str = ""


def _table() -> dict[str, Role]:
    groups: tuple[tuple[ServiceKind, dict[str, str]], ...] = (
        ("store", _STORES),
        ("queue", _QUEUES),
        ("gateway", _GATEWAYS),
        ("service", _SERVICES),
        ("client", _CLIENTS),
    )
    return {
        word: Role(kind, technology)
        for kind, group in groups
        for technology, words in group.items()
        for word in words.split()
    }


_ROLES = _table()
_BY_TECHNOLOGY = {role.technology: role for role in _ROLES.values()}


def words_of(name: str) -> list[str]:
    """The words of a name, lower-case: ``PRODUCT_CATALOG_ADDR``, ``EventBusHost``, ``redis-cart``.

    >>> words_of("EventBusHostName"), words_of("SPRING__redis.host1")
    (['event', 'bus', 'host', 'name'], ['spring', 'redis', 'host', '1'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name[:200])]


def technology_of(word: str) -> Role | None:
    """The role that a word alone stands for (``postgres``, ``rabbitmq``), if it does."""
    return _ROLES.get(word)


def style_towards(kind: ServiceKind) -> FlowStyle:
    """How one talks to something of that kind."""
    return "data" if kind == "store" else "async" if kind == "queue" else "sync"


def classify(name: str, image: str = "", ports: Iterable[str] = (), *, built: bool = False) -> Role:
    """Kind and technology of a container.

    The image decides (an unresolved ``${POSTGRES_IMAGE}`` by its name); for one that is built here
    or unknown the name does; then the ports, if every one of them is a known store's or queue's.
    ``built``: the image is made from a folder of the project.
    """
    if not built and (role := _by_image(image)):
        if role.technology in _WEB_SERVERS and _SITES & set(_tokens(name)):
            return Role("service", role.technology)  # it serves the pages that are in it
        return role
    if role := _by_name(name):
        return role
    known = {_PORTS.get(port) for port in ports}
    if not built and len(known) == 1 and (technology := known.pop()):
        return _BY_TECHNOLOGY[technology]
    return Role()


def _tokens(text: str) -> list[str]:
    return [token for token in re.split(r"[^a-z0-9]+", text.lower()[:300]) if token]


def _by_image(image: str) -> Role | None:
    """The role of a public image. Of a path the last part counts, then the one before it."""
    if variable := re.match(
        r"\$\{?([A-Za-z_]\w*?)_?(?:DOCKER_?)?IMAGE(?:_NAME)?\}?", image, re.IGNORECASE
    ):
        return _by_words(_tokens(variable[1].replace("_", "-")))
    path = re.sub(r"@.*$|:[^/]*$", "", image).split("/")
    found = _by_words(_tokens(path[-1]))
    if found is None and len(path) > 1 and path[-1] in ("server", "server-ubi8", "community"):
        found = _by_words(_tokens(path[-2]))
    return found


def _by_words(tokens: list[str]) -> Role | None:
    if not tokens or _BESIDE & set(tokens):
        return None
    pairs = ["-".join(pair) for pair in pairwise(tokens)]
    # A version may be written onto the name: postgres16.
    bare = [re.sub(r"(?<=[a-z])\d+$", "", token) if token != "k6" else token for token in tokens]  # noqa: S105
    return next((_ROLES[word] for word in (*pairs, *tokens, *bare) if word in _ROLES), None)


def _by_name(name: str) -> Role | None:
    """The role that a service's own name claims: ``redis``, ``redis-cart``, ``orders-db``."""
    tokens = [token for token in _tokens(name) if not token.isdigit()]
    if not tokens:
        return None
    words = set(tokens)
    if words & _JOBS:
        return Role("job")
    if {"load", "generator"} <= words or words & {"loadgenerator", "loadgen", "loadtest"}:
        return Role("client")
    if tokens[-1] in ("gateway", "proxy", "ingress", "router", "loadbalancer", "lb"):
        return Role("gateway", next((r.technology for t in tokens if (r := _ROLES.get(t))), ""))
    if not words & _BESIDE:
        # The outermost words name the thing; "order-redis-something" could be anything.
        for word in ("-".join(tokens[-2:]), tokens[0], tokens[-1], re.sub(r"\d+$", "", tokens[-1])):
            if (role := _ROLES.get(word)) and (role.kind != "service" or len(tokens) <= 2):
                return role
        last = re.sub(r"\d+$", "", tokens[-1])
        if last in ("db", "database", "datastore", "cache") or last.endswith("db"):
            return Role("store")
        if last in ("queue", "broker", "mq") or tokens[-2:] in (
            ["message", "bus"],
            ["event", "bus"],
        ):
            return Role("queue")
    return None
