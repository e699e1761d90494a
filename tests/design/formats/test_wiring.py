"""What settings say: addresses in host position, roles of containers, variables and their files."""

from __future__ import annotations

import pytest

from archnb.design.elements import Flow, Service, Source
from archnb.design.formats._addresses import addresses
from archnb.design.formats._interpolation import beside, env_entries, interpolate
from archnb.design.formats._technologies import Role, classify
from archnb.design.formats._wiring import Directory, Variable, calls, command_variables, joined

HOSTS = [
    # name, value, (host, database) of each address
    ("DATABASE_URL", "postgres://u:p@db:5432/orders?sslmode=off", [("db", "orders")]),
    ("DATABASE_URL", "postgresql+asyncpg://u:p@db/orders", [("db", "orders")]),
    ("X", "postgres://u:p@db/shop?currentSchema=billing", [("db", "shop.billing")]),
    ("SPRING_DATASOURCE_URL", "jdbc:postgresql://db:5432/shop", [("db", "shop")]),
    ("X", "jdbc:sqlserver://db:1433;databaseName=shop;user=sa", [("db", "shop")]),
    ("X", "jdbc:oracle:thin:@db:1521:xe", [("db", "")]),
    ("X", "Server=db,1433;Database=shop;User Id=sa;Password=a=b", [("db", "shop")]),
    ("ConnectionStrings__Main", "Host=db;Port=5432;Database=shop", [("db", "shop")]),
    ("X", "Data Source=tcp:db,1433;Initial Catalog=shop", [("db", "shop")]),
    ("X", "host=db port=5432 dbname=shop user=me", [("db", "shop")]),
    ("X", "me:secret@tcp(db:3306)/shop?parseTime=true", [("db", "shop")]),
    (
        "MONGO_URL",
        "mongodb://m1:27017,m2:27017/shop?replicaSet=r",
        [("m1", "shop"), ("m2", "shop")],
    ),
    ("REDIS_URL", "redis://:pw@cache:6379/2", [("cache", "2")]),
    ("BROKERS", "kafka-1:9092,kafka-2:9092", [("kafka-1", ""), ("kafka-2", "")]),
    ("X", "http://a:1,http://b:2", [("a", ""), ("b", "")]),
    ("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@kafka:9093", [("kafka", "")]),
    (
        "ETCD_INITIAL_CLUSTER",
        "n0=http://etcd0:2380,n1=http://etcd1:2380",
        [("etcd0", ""), ("etcd1", "")],
    ),
    ("CART_ADDR", "cart:7070", [("cart", "")]),
    ("ANYTHING", "cart:7070", [("cart", "")]),
    ("TARGET", "dns:///cart:7070", [("cart", "")]),
    ("DB_HOST", "Db", [("db", "")]),
    ("spring.redis.host", "cache", [("cache", "")]),
    ("EventBusHostName", "rabbitmq", [("rabbitmq", "")]),
    ("PGHOST", "db", [("db", "")]),
    ("ELASTICSEARCH_HOSTS", "es01,es02", [("es01", ""), ("es02", "")]),
    (
        "BACKEND_URL",
        "http://api.shop.svc.cluster.local./v1",
        [("api.shop.svc.cluster.local", "v1")],
    ),
    # a word that stands for no host
    ("MYSQL_DATABASE", "wordpress", []),
    ("OTEL_SERVICE_NAME", "cart", []),
    ("REDIS_IMAGE", "redis:7000", []),
    ("DB_CONNECTION", "mysql", []),
    ("ALLOWED_HOSTS", "web,api", []),
    ("NO_PROXY", "localhost,db", []),
    ("CORS_ORIGIN", "http://frontend:3000", []),
    ("OAUTH_CALLBACK_URL", "http://web/callback", []),
    ("MESSAGE", "please call cart about redis", []),
    ("JAVA_OPTS", "-Xms512m -Xmx512m", []),
    ("VOLUME", "/var/run/docker.sock:/var/run/docker.sock", []),
    ("EMPTY", "", []),
    ("A_HOST", "<b>db</b>", []),
]


@pytest.mark.parametrize(("name", "value", "found"), HOSTS)
def test_addresses(name, value, found):
    assert [(each.host, each.database) for each in addresses(name, value)] == found


def test_an_unresolved_host_is_a_variable():
    (address,) = addresses("URL", "redis://${CACHE_HOST}:6379/0")
    assert (address.host, address.variable, address.database) == ("CACHE_HOST", True, "0")


def test_long_and_hostile_values_end():
    for value in ("a" * 100_000, "a=" * 50_000, "://" * 30_000, "@" * 90_000, "${" * 40_000):
        assert addresses("X_URL", value) == [] or len(value) > 90_000


ROLES = [
    ("db", "postgres:16-alpine", (), Role("store", "PostgreSQL")),
    ("db", "bitnami/postgresql:16", (), Role("store", "PostgreSQL")),
    ("db", "registry.test:5000/x/postgis/postgis:16@sha256:00", (), Role("store", "PostgreSQL")),
    ("db", "mcr.microsoft.com/mssql/server:2022", (), Role("store", "SQL Server")),
    ("x", "${POSTGRES_IMAGE}", (), Role("store", "PostgreSQL")),
    ("cache", "redis/redis-stack-server", (), Role("store", "Redis")),
    ("bus", "confluentinc/cp-kafka:7.6.0", (), Role("queue", "Kafka")),
    ("kafka-ui", "provectuslabs/kafka-ui", (), Role()),
    ("postgres-exporter", "prometheuscommunity/postgres-exporter", (), Role()),
    ("redis-commander", "rediscommander/redis-commander", (), Role()),
    ("proxy", "nginx", (), Role("gateway", "nginx")),
    ("frontend", "nginx:alpine", (), Role("service", "nginx")),
    ("frontend", "traefik:3", (), Role("gateway", "Traefik")),
    (
        "otel",
        "otel/opentelemetry-collector-contrib",
        (),
        Role("service", "OpenTelemetry Collector"),
    ),
    ("load-generator", "shop/load", (), Role("client")),
    ("db-migrate", "shop/api", (), Role("job")),
    ("orders-db", "shop/whatever", (), Role("store")),
    ("kafka-consumer", "shop/consumer", (), Role()),
    ("orders", "shop/orders", ("8080",), Role()),
    ("pg", "acme/custom", ("5432",), Role("store", "PostgreSQL")),
    ("web", "acme/custom", ("5432", "8080"), Role()),
]


@pytest.mark.parametrize(("name", "image", "ports", "role"), ROLES)
def test_roles(name, image, ports, role):
    assert classify(name, image, ports) == role


def test_image_and_ports_say_nothing_of_what_is_built_here():
    assert classify("web", "", ("3306",), built=True) == Role()
    assert classify("etl", "etl-kafka", built=True) == Role()
    assert classify("kafka", "shop:latest-kafka", built=True) == Role("queue", "Kafka")


VALUES = {"HOST": "db", "EMPTY": "", "PORT": "5432"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$HOST:${PORT}", "db:5432"),
        ("${NONE:-x}${NONE-y}${EMPTY:-z}${EMPTY-w}", "xyz"),
        ("${A:-${B:-${HOST}}}", "db"),
        ("${NONE:?must be set}", "${NONE}"),
        ("${HOST:?must be set}", "db"),
        ("${HOST:+set}${NONE:+set}${EMPTY+set}${EMPTY:+set}", "setset"),
        ("$$HOME $5 100$", "$HOME $5 100$"),
        ("$NONE", "${NONE}"),
        ("${bad name}", "${bad name}"),
        ("${open", "${open"),
        ("${A:-" * 100 + "}" * 100, "${A:-" * 89 + "}" * 89),
    ],
)
def test_interpolate(text, result):
    assert interpolate(text, VALUES) == result


def test_env_file_lines():
    text = "# no\nA=1\nexport B='x $A'\nC=\"y $A\" # tail\nD=z # tail\nE\nF=\n!!\nG=$A$NONE\n"
    entries = env_entries(text, {})
    assert [(entry.name, entry.value, entry.line) for entry in entries] == [
        ("A", "1", 2),
        ("B", "x $A", 3),
        ("C", "y 1", 4),
        ("D", "z", 5),
        ("E", None, 6),
        ("F", "", 7),
        ("G", "1${NONE}", 9),
    ]


def test_only_the_folder_tree_is_read(tmp_path):
    home = tmp_path / "home"
    (home / "conf").mkdir(parents=True)
    (tmp_path / "outside").write_text("secret")
    (home / "compose.yaml").write_text("")
    (home / "conf" / "a.env").write_text("A=1")
    (home / "link").symlink_to(tmp_path / "outside")
    file = str(home / "compose.yaml")
    assert beside(file, "conf/a.env") == "A=1"
    for name in ("../outside", str(tmp_path / "outside"), "link", "conf", "none", "", "a\0b"):
        assert beside(file, name) is None
    assert beside(str(home / "cell"), "conf/a.env") is None


SERVICES = {
    each.name: each
    for each in (
        Service("cart"),
        Service("product-catalog"),
        Service("ordersservice"),
        Service("orders-db", "store", "PostgreSQL"),
        Service("collector", "service", "OpenTelemetry Collector"),
        Service("web1"),
    )
}


def spoken(name: str, value: str | None):
    directory = Directory(SERVICES, lambda host: [host] if host in SERVICES else [])
    variable = Variable(name, value, Source("f", 1), f"environment {name}")
    return [
        (flow.target, flow.style, flow.label, flow.inferred)
        for flow in calls("me", [variable], directory, inferred=False)
    ]


@pytest.mark.parametrize(
    ("name", "value", "flows"),
    [
        ("CART_ADDR", None, [("cart", "sync", "", True)]),
        ("PRODUCT_CATALOG_SERVICE_HOST", None, [("product-catalog", "sync", "", True)]),
        ("ORDERS_URL", None, [("ordersservice", "sync", "HTTP", True)]),
        ("WEB1_HOST", None, [("web1", "sync", "", True)]),
        ("POSTGRES_HOST", None, [("orders-db", "data", "PostgreSQL", True)]),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", None, [("collector", "sync", "OTLP", True)]),
        ("X", "http://${CART_HOST}:80", [("cart", "sync", "HTTP", True)]),
        ("CART_PORT", None, []),
        ("CART", None, []),
        ("CARTOON_ADDR", None, []),
        ("REDIS_URL", None, []),
        ("CART_URL", "http://shop.example.com", []),
        ("CART_URL", "http://cart", [("cart", "sync", "HTTP", False)]),
        ("CART_GRPC_ADDR", "cart:9000", [("cart", "sync", "gRPC", False)]),
        ("X", "http://cart.example.com", []),
    ],
)
def test_calls(name, value, flows):
    assert spoken(name, value) == flows


@pytest.mark.parametrize(
    ("settings", "database"),
    [
        ({"DB_HOST": "orders-db", "DB_NAME": "shop"}, "shop"),
        ({"PGHOST": "orders-db", "PGDATABASE": "shop"}, "shop"),
        ({"WORDPRESS_DB_HOST": "orders-db:5432", "WORDPRESS_DB_NAME": "wp"}, "wp"),
        ({"POSTGRES_HOST": "orders-db", "POSTGRES_DB": "${DB}"}, "${DB}"),
        ({"DB_HOST": "orders-db", "OTHER_NAME": "x"}, ""),
        ({"POSTGRES_HOST": "${POSTGRES_HOST}", "POSTGRES_DB": "shop"}, "shop"),
    ],
)
def test_the_database_beside_a_host(settings, database):
    directory = Directory(SERVICES, lambda host: [host] if host in SERVICES else [])
    variables = [Variable(name, value, Source("f", 1), name) for name, value in settings.items()]
    (flow,) = calls("me", variables, directory, inferred=False)
    assert flow.database == database


@pytest.mark.parametrize(
    ("name", "value", "target", "directed"),
    [
        ("EVENTS_URL", "amqp://u:p@bus:5672", "bus", False),
        ("BUS_ADDR", None, "bus", False),
        ("CART_URL", "http://cart", "cart", True),
        ("DATABASE_URL", "postgres://u:p@orders-db/shop", "orders-db", True),
    ],
)
def test_an_address_does_not_say_who_sends(name, value, target, directed):
    services = {**SERVICES, "bus": Service("bus", "queue", "RabbitMQ")}
    directory = Directory(services, lambda host: [host] if host in services else [])
    variable = Variable(name, value, Source("f", 1), name)
    (flow,) = calls("me", [variable], directory, inferred=False)
    assert (flow.target, flow.directed) == (target, directed)
    order = Flow("me", target, flow.style, startup=True)
    assert [each.directed for each in joined([order, flow])] == [directed]


def test_command_lines():
    words = ["serve", "--db-host=db", "--cache-host", "redis", "-v", "--", "api:80"]
    found = [(each.name, each.value) for each in command_variables(words, Source(), "command")]
    assert found == [
        ("", "serve"),
        ("db-host", "db"),
        ("cache-host", "redis"),
        ("v", "--"),
        ("", "api:80"),
    ]


def test_joined_prefers_what_is_stated_and_keeps_databases_apart():
    order = Flow("a", "b", evidence="depends_on", startup=True, inferred=True)
    guess = Flow("a", "b", evidence="by name", inferred=True)
    stated = Flow("a", "b", label="HTTP", evidence="environment B")
    (flow,) = joined([order, guess, stated])
    assert (flow.inferred, flow.startup, flow.label) == (False, False, "HTTP")
    assert flow.evidence == "environment B; by name; depends_on"
    one, two = Flow("a", "d", "data", database="x"), Flow("a", "d", "data", database="y")
    assert joined([one, two, Flow("a", "d", "data")]) == (one, two)
