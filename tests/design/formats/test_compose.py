"""Compose files: every service, every form of a key, and only the flows that the file gives reason for."""

from __future__ import annotations

import pytest
import yaml

from archnb.design.elements import Design, Flow, Port, Service
from archnb.design.formats import compose, kubernetes, openapi
from archnb.errors import ReadError

SHOP = """\
name: shop
x-env: &env
  LOG_LEVEL: info
  DATABASE_URL: postgres://shop:${DB_PASSWORD}@orders-db:5432/orders
services:
  orders:
    build: ./orders
    environment:
      <<: *env
      PAYMENTS_ADDR: pay:9000
      BROKERS: ${BROKERS:-bus:9092}
      TOKEN:
      DEBUG: true
    ports:
      - "127.0.0.1:8080:80"
      - target: 81
        published: "8081"
        host_ip: 10.0.0.1
      - 9000
      - "[::1]:82:82/udp"
      - "${WEB_PORT:-83}:83"
    depends_on:
      orders-db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
      payments: {condition: service_started}
    networks: [front, back]
    healthcheck: {test: [CMD, curl, localhost]}
    deploy: {replicas: 3}
  payments:
    image: shop/payments:1.2
    container_name: pay
    environment:
      - ORDERS_URL=http://orders
      - CACHE_HOST=cache
      - CACHE_HOSTS
      - SECRET_KEY=abc=def
    command: ["serve", "--bus", "bus:9092"]
    networks: {back: {aliases: [billing]}}
    healthcheck: {disable: true}
  migrate:
    image: shop/orders
    depends_on: [orders-db]
    networks: [back]
  orders-db:
    image: postgres:17
    networks: [back]
    healthcheck: {test: ["CMD", "pg_isready"]}
  cache: {image: "redis:7", healthcheck: {test: NONE}}
  bus: {image: apache/kafka}
  web:
    image: nginx
    links: ["payments:money"]
    environment: {UPSTREAM: "http://money:9000", OTHER: "http://billing"}
    networks: [front]
"""


@pytest.fixture(scope="module")
def shop() -> Design:
    return compose.read(SHOP, "shop.yaml")


def edges(design: Design) -> dict[tuple[str, str], Flow]:
    return {(flow.origin, flow.target): flow for flow in design.flows}


def test_services(shop):
    assert not shop.problems
    found = {
        each.name: (each.kind, each.technology, each.health, each.group) for each in shop.services
    }
    assert found == {
        "orders": ("service", "", True, ""),
        "payments": ("service", "", False, "back"),
        "migrate": ("job", "", False, "back"),
        "orders-db": ("store", "PostgreSQL", True, "back"),
        "cache": ("store", "Redis", False, ""),
        "bus": ("queue", "Kafka", False, ""),
        "web": ("gateway", "nginx", False, "front"),
    }
    assert (shop.service("orders").replicas, shop.service("orders").image) == (3, "")
    assert shop.service("payments").image == "shop/payments:1.2"
    assert [each.source.line for each in shop.services[:2]] == [6, 29]


def test_ports(shop):
    ports = shop.service("orders").ports
    assert [(each.host, each.published, each.container) for each in ports] == [
        ("127.0.0.1", "8080", "80"),
        ("10.0.0.1", "8081", "81"),
        ("", "", "9000"),
        ("::1", "82", "82"),
        ("", "83", "83"),
    ]
    assert ports[0].source.line == 15


def test_settings_are_as_written_with_their_lines(shop):
    settings = {
        each.name: (each.value, each.source.line) for each in shop.service("orders").settings
    }
    assert settings == {
        "PAYMENTS_ADDR": ("pay:9000", 10),
        "BROKERS": ("${BROKERS:-bus:9092}", 11),
        "TOKEN": (None, 12),
        "DEBUG": ("true", 13),
        "LOG_LEVEL": ("info", 3),
        "DATABASE_URL": ("postgres://shop:${DB_PASSWORD}@orders-db:5432/orders", 4),
    }
    listed = {each.name: each.value for each in shop.service("payments").settings}
    assert (listed["SECRET_KEY"], listed["CACHE_HOSTS"]) == ("abc=def", None)


def test_flows(shop):
    found = edges(shop)
    shown = {
        key: (each.style, each.label, each.inferred, each.startup) for key, each in found.items()
    }
    assert shown == {
        ("orders", "orders-db"): ("data", "PostgreSQL", False, False),
        ("orders", "payments"): ("sync", "", False, False),
        ("orders", "bus"): ("async", "Kafka", False, False),
        ("orders", "migrate"): ("sync", "", True, True),
        ("payments", "orders"): ("sync", "HTTP", False, False),
        ("payments", "cache"): ("data", "Redis", False, False),
        ("payments", "bus"): ("async", "Kafka", False, False),
        ("migrate", "orders-db"): ("data", "PostgreSQL", False, True),
        ("web", "payments"): ("sync", "HTTP", False, False),
    }
    undirected = {key for key, each in found.items() if not each.directed}
    assert undirected == {("orders", "bus"), ("payments", "bus")}
    assert found["orders", "orders-db"].database == "orders"
    assert found["orders", "orders-db"].evidence == (
        "environment DATABASE_URL; depends_on (service_healthy)"
    )
    assert found["payments", "bus"].evidence == "command"


def test_files_beside(tmp_path):
    (tmp_path / ".env").write_text("DB=orders-db\nTAG=17\n")
    (tmp_path / "web.env").write_text(
        "# x\nCACHE_URL=redis://cache/1\nPASSWORD=hunter2\nDSN=ignored:1\n"
    )
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile").write_text("FROM x\nHEALTHCHECK CMD true\n")
    file = tmp_path / "compose.yaml"
    text = (
        "services:\n  web:\n    build: api\n    env_file: [web.env, {path: none.env, required: false}]\n"
        "    environment: [DB, 'DSN=host=${DB}']\n"
        "  orders-db: {image: 'postgres:${TAG}'}\n  cache: {image: redis}\n"
        "  stolen: {image: x, env_file: ../../etc/passwd}\n"
    )
    file.write_text(text)
    design = compose.read(text, str(file))
    assert design.service("web").health is True
    assert design.service("orders-db").image == "postgres:17"
    assert set(edges(design)) == {("web", "cache"), ("web", "orders-db")}
    assert edges(design)["web", "cache"].database == "1"
    kept = [(each.name, each.value) for each in design.service("web").settings]
    assert kept == [("CACHE_URL", None), ("PASSWORD", None), ("DB", None), ("DSN", "host=${DB}")]
    assert str(design.service("web").settings[0].source) == f"{tmp_path}/web.env:2"
    assert "hunter2" not in repr(design)
    assert design.service("stolen").settings == ()
    # The same text from a cell reads no file.
    assert not compose.read(text, "cell").flows


def test_extends_within_the_file():
    design = compose.read(
        "services:\n"
        "  base: {image: 'shop/base:1', environment: {A_URL: 'http://a', B: '1'}, ports: ['1:1']}\n"
        "  mid: {extends: base, environment: {B: '2'}}\n"
        "  top: {extends: {service: mid}, ports: ['2:2'], healthcheck: {test: x}}\n"
        "  a: {image: x}\n"
        "  loop: {extends: pool}\n  pool: {extends: loop}\n"
        "  far: {extends: {file: other.yaml, service: x}, image: y}\n",
        "c.yaml",
    )
    top = design.service("top")
    assert (top.image, top.health) == ("shop/base:1", True)
    assert {each.name: each.value for each in top.settings} == {"A_URL": "http://a", "B": "2"}
    assert [each.published for each in top.ports] == ["1", "2"]
    assert ("top", "a") in edges(design)
    said = " ".join(problem.message for problem in design.problems)
    assert "circle" in said
    assert "other.yaml" in said


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("DB_NAME: cart", None),
        ("MESSAGE: call cart now", None),
        ("ALLOWED_HOSTS: cart", None),
        ("URL: http://cart.example.com", None),
        ("URL: http://mycart", None),
        ("URL: http://cart", False),
        ("URL: http://CART:80", False),
        ("CART_URL: ${CART_URL}", True),
        ("CART_URL: ${CART_URL:?}", True),
        ("CART_URL:", True),
        ("CART_PORT:", None),
        ("MY_CART_URL:", None),
    ],
)
def test_an_edge_needs_a_host(environment, expected):
    text = f"services:\n  web:\n    image: x\n    environment:\n      {environment}\n  cart: {{image: y}}\n"
    flow = edges(compose.read(text, "c.yaml")).get(("web", "cart"))
    assert (flow and flow.inferred) == expected


def test_traefik_routes_and_grpc_probes():
    design = compose.read(
        "services:\n  edge: {image: 'traefik:3'}\n"
        "  api:\n    image: x\n    labels: ['traefik.enable=true', 'traefik.http.routers.a.rule=Host(`a`)']\n"
        "    healthcheck: {test: [CMD, /bin/grpc_health_probe, '-addr=:1']}\n"
        "  web: {image: y, environment: {API_ADDR: 'api:1000'}}\n",
        "c.yaml",
    )
    assert edges(design)["edge", "api"].label == "HTTP"
    assert edges(design)["web", "api"].label == "gRPC"


def test_a_patch_says_nothing_of_health():
    design = compose.read("services:\n  web: {environment: {A: b}}\n", "override.yaml")
    assert design.service("web").health is None


def test_what_is_odd_is_a_problem_and_costs_nothing_else():
    design = compose.read(
        "include: [other.yaml]\nservices:\n  a:\n  b: text\n  c:\n    image: x\n    image: y\n"
        "    depends_on: [ghost]\n    environment: {A: [1]}\n    ports: ['80:']\n"
        '  "d<script>\'\\n": {image: z, environment: [{E: f}], links: [1, {}], networks: 3}\n',
        "odd.yaml",
    )
    assert [each.name for each in design.services] == ["a", "b", "c", "d<script>'\n"]
    assert design.service("c").image == "y"
    assert [each.name for each in design.services[3].settings] == ["E"]
    lines = sorted(problem.source.line for problem in design.problems)
    assert lines == [1, 3, 4, 7, 8, 9, 10]
    assert edges(design)["c", "ghost"].startup


@pytest.mark.parametrize("text", ["", "a: 1", "services: 3", "- 1", "services: [a]", "null"])
def test_no_services(text):
    try:
        assert not compose.read(text, "c.yaml").services
    except ReadError as error:
        assert "c.yaml" in error.message  # noqa: PT017


OTHERS = {
    "gitlab.yml": "services:\n  - docker:dind\nbuild:\n  image: x\n",
    "services.yaml": "services:\n  _defaults:\n    autowire: true\n",
    "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n",
    "list.json": '{"kind": "List", "apiVersion": "v1", "items": []}',
    "api.yaml": "openapi: 3.1.0\ninfo: {}\n",
    "api.json": '{"info": {}, "openapi":"3.0.0"}',
    "notes.md": "services:\n  web:\n    image: x\n",
}


def test_recognition_tells_the_formats_apart():
    formats = {"compose": compose, "kubernetes": kubernetes, "openapi": openapi}
    scores = {
        file: {name: each.recognise(file, text) for name, each in formats.items()}
        for file, text in {**OTHERS, "shop.yaml": SHOP, "cell": SHOP, "compose.yaml": SHOP}.items()
    }
    winners = {
        file: next((name for name, score in found.items() if score > 0.5), "")
        for file, found in scores.items()
    }
    assert winners == {
        "gitlab.yml": "",
        "services.yaml": "",
        "pod.yaml": "kubernetes",
        "list.json": "kubernetes",
        "api.yaml": "openapi",
        "api.json": "openapi",
        "notes.md": "",
        "shop.yaml": "compose",
        "cell": "compose",
        "compose.yaml": "compose",
    }
    assert all(sum(score > 0.5 for score in found.values()) <= 1 for found in scores.values())
    assert scores["compose.yaml"]["compose"] == 1.0


def test_written_file_is_read_back():
    design = Design(
        services=(
            Service("Shop API", ports=(Port("8080", "80", "127.0.0.1"),), replicas=2),
            Service("Orders DB", "store", "PostgreSQL"),
            Service("bus", "queue", "RabbitMQ"),
            Service("Payments"),
            Service("phone", "client"),
            Service("Bank", "external"),
            Service("shop-api"),
            Service("setup", "job"),
        ),
        flows=(
            Flow("phone", "Shop API"),
            Flow("Shop API", "Orders DB", "data"),
            Flow("Shop API", "bus", "async"),
            Flow("Shop API", "Payments"),
            Flow("Payments", "Shop API"),
            Flow("Payments", "Bank"),
            Flow("shop-api", "setup", startup=True),
        ),
    )
    text = compose.write(design)
    back = compose.read(text, "compose.yaml")
    assert not back.problems
    assert [each.name for each in back.services] == [
        "shop-api", "orders-db", "bus", "payments", "shop-api-2", "setup",
    ]  # fmt: skip
    assert set(edges(back)) == {
        ("shop-api", "orders-db"),
        ("shop-api", "bus"),
        ("shop-api", "payments"),
        ("payments", "shop-api"),
        ("shop-api-2", "setup"),
    }
    assert edges(back)["shop-api", "orders-db"].database == "app"
    assert "${ORDERS_DB_PASSWORD:?" in text
    assert back.service("orders-db").health
    orders = {
        each.name: set(body.get("depends_on", {}))
        for each in back.services
        if (body := yaml.safe_load(text)["services"][each.name])
    }
    assert orders["payments"] == set()  # a call that goes round must not become a start-up order
    assert back.service("shop-api").ports[0].host == "127.0.0.1"


def test_hostile_names_are_written_safely():
    names = ("a: b\n- c", "../../x", "", '"', "${HOME}", "日本")
    services = tuple(Service(name, ports=(Port("1"),)) for name in names)
    text = compose.write(Design(services=services))
    assert len(yaml.safe_load(text)["services"]) == len(names)


def test_a_link_to_a_queue_does_not_say_who_sends():
    text = (
        "services:\n  a: {image: x, links: [bus, b]}\n  b: {image: y}\n  bus: {image: rabbitmq}\n"
    )
    found = edges(compose.read(text, "compose.yaml"))
    assert (found["a", "bus"].directed, found["a", "b"].directed) == (False, True)
