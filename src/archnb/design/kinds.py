"""What a box in a picture is, judged by its name: a store, a queue, a gateway, a client, ..."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archnb.design.inflection import singular, vocabulary, words

if TYPE_CHECKING:
    from archnb.design.elements import FlowStyle, ServiceKind


_STORES = vocabulary(
    "postgres postgresql mysql mariadb sqlite redis valkey mongo mongodb dynamodb cassandra s3 gcs"
    " elasticsearch opensearch memcached clickhouse snowflake bigquery oracle mssql sqlserver"
    " cockroachdb minio neo4j couchdb couchbase influxdb timescaledb hbase etcd duckdb redshift"
    " aurora rds firestore cosmosdb solr scylladb hdfs qdrant pinecone weaviate pgvector"
)
_QUEUES = vocabulary(
    "kafka rabbitmq activemq sqs sns nats jetstream pulsar kinesis eventbridge redpanda pubsub"
    " servicebus zeromq mosquitto eventhub eventhubs"
)
_GATEWAYS = vocabulary("nginx haproxy traefik envoy kong cloudfront cloudflare alb nlb elb apigee")
_VENDORS = vocabulary(
    "stripe paypal adyen braintree klarna twilio sendgrid mailgun mailchimp auth0 okta github"
    " gitlab slack salesforce hubspot zendesk plaid fedex dhl ups openai anthropic datadog"
    " pagerduty"
)
_OUTSIDE = vocabulary("external thirdparty 3rdparty saas")
_STORE_HEADS = vocabulary(
    "db database datastore store storage cache bucket warehouse lake replica blob table disk volume"
)
_QUEUE_HEADS = vocabulary("bus queue topic stream broker mq exchange pubsub eventbus")
_GATEWAY_HEADS = vocabulary("gateway bff balancer loadbalancer lb ingress proxy cdn")
_CLIENT_HEADS = vocabulary(
    "client app browser device user frontend ui spa website phone smartphone tablet desktop kiosk"
)
_PEOPLE = vocabulary(
    "user customer visitor admin administrator person shopper buyer seller operator"
)
_JOB_HEADS = vocabulary("job cron cronjob batch")
_SERVICE_HEADS = vocabulary(
    "service microservice worker handler consumer producer publisher subscriber processor adapter"
    " connector exporter importer engine server function lambda manager controller backend"
    " scheduler module component"
)


def service_kind(name: str, note: str = "") -> ServiceKind:
    """The kind of a service by its name, then by the note in parentheses behind it.

    The last word rules (``User DB`` is a store, ``User Service`` is none), then known products.

    >>> [service_kind(name) for name in ("Event Bus", "User DB", "Web BFF", "Stripe", "Orders")]
    ['queue', 'store', 'gateway', 'external', 'service']
    """
    tokens = _tokens(name)
    head = _head(name)
    noted = _tokens(note)
    if (tokens | noted) & _OUTSIDE or _THIRD_PARTY.search(f"{name} {note}"):
        return "external"
    if head in _SERVICE_HEADS:
        return _by_product({"".join(words(name)).lower()}) or "service"  # "SQL Server" is a product
    return _by_head(head) or _by_product(tokens) or _by_note(noted) or "service"


def is_person(name: str) -> bool:
    """Whether the name is that of people: ``Users`` (who may also be a service called so)."""
    return singular(name.strip().lower()) in _PEOPLE


def looks_running(name: str) -> bool:
    """Whether the name alone says that this is a piece of a running system, no domain noun."""
    return service_kind(name) not in ("service", "client") or _head(name) in (
        _SERVICE_HEADS | {"api", "app", "browser", "frontend", "client", "website", "spa"}
    )


def technology_in(text: str) -> str:
    """The products that ``text`` names, as written."""
    known = _STORES | _QUEUES | _GATEWAYS | _VENDORS
    return " ".join(word for word in re.findall(r"[\w.+-]+", text) if word.lower() in known)


def flow_style(
    origin: ServiceKind, target: ServiceKind, *, dashed: bool = False, label: str = ""
) -> FlowStyle:
    """How two services speak: a queue or a dashed arrow is async, a store is data, else a call."""
    if dashed or "queue" in (origin, target):
        return "async"
    if "store" in (origin, target):
        return "data"
    return "async" if _ASYNC_LABEL.search(label) else "sync"


_ASYNC_LABEL = re.compile(
    r"\b(?:async\w*|events?|messages?|publish\w*|emits?|subscrib\w*|amqp|mqtt|kafka|sqs)\b",
    re.IGNORECASE,
)


_THIRD_PARTY = re.compile(r"third[ -]party|3rd[ -]party", re.IGNORECASE)


def _by_head(head: str) -> ServiceKind | None:
    heads: tuple[tuple[frozenset[str], ServiceKind], ...] = (
        (_QUEUE_HEADS, "queue"),
        (_STORE_HEADS, "store"),
        (_GATEWAY_HEADS, "gateway"),
        (_CLIENT_HEADS, "client"),
        (_JOB_HEADS, "job"),
    )
    return next((kind for known, kind in heads if head in known), None)


def _by_product(tokens: set[str]) -> ServiceKind | None:
    if tokens & _VENDORS:
        return "external"
    if tokens & _QUEUES or {"pub", "sub"} <= tokens:
        return "queue"
    if tokens & _STORES:
        return "store"
    return "gateway" if tokens & _GATEWAYS else None


def _by_note(noted: set[str]) -> ServiceKind | None:
    """A note decides only when it names nothing but products: (Java, Kafka) is a Java service."""
    named = {word for word in noted if not word[:1].isdigit()}
    if named and named <= _STORES | _QUEUES | _GATEWAYS | _STORE_HEADS | _QUEUE_HEADS | {"aws"}:
        return _by_product(named) or next(
            (kind for word in named if (kind := _by_head(word))), None
        )
    return None


def _tokens(text: str) -> set[str]:
    """Every word, and its humps: ``OrdersDB`` gives ordersdb, orders, db."""
    parts = words(text)
    return {word.lower() for word in (*re.findall(r"[^\W_]+", text), *parts, "".join(parts))}


def _head(name: str) -> str:
    """The last word that is no number or version, in the singular."""
    named = [word for word in words(name) if not re.fullmatch(r"v?\d+|[A-Z]", word)]
    return singular(named[-1].lower()) if named else ""
