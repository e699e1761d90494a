"""The security rules on hand-made services; a secret is never repeated."""

from __future__ import annotations

import pytest

from archnb.design.elements import Design, Port, Service, Setting, Source
from archnb.design.lint import lint


def told(name, value, *others, file="compose.yaml", image="acme/orders:1"):
    settings = (Setting(name, value, Source(file, 4)), *others)
    service = Service("orders", image=image, settings=settings)
    hits = lint(Design(services=(service,)), select=["SEC001", "SEC005"])
    assert len(hits) <= 1
    return [(hit.code, hit.severity) for hit in hits]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "kite-41-lamp"),
        ("SMTP_PASS", "kite-41-lamp"),
        ("JWT_SECRET", "kite-41-lamp"),
        ("STRIPE_API_KEY", "kite-41-lamp"),
        ("stripeApiKey", "kite-41-lamp"),
        ("AUTH_TOKEN", "kite-41-lamp"),
        ("DB_PASSWORD", "kite$$lamp"),
        ("DATABASE_URL", "postgres://me:kite-41-lamp@db:5432/shop"),
        ("DATABASE_URL", "jdbc:postgresql://me:kite-41-lamp@db/shop"),
        ("CACHE", "redis://:kite-41-lamp@cache:6379/0"),
    ],
)
def test_a_secret_in_the_file(name, value):
    assert told(name, value) == [("SEC001", "error")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "${DB_PASSWORD:?set it}"),
        ("DB_PASSWORD", "$DB_PASSWORD"),
        ("DB_PASSWORD", "<your password>"),
        ("DB_PASSWORD", "***"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", None),
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("SECRET_NAME", "orders-db"),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("TOKEN_TTL", "3600"),
        ("PASSWORD_MIN_LENGTH", "12"),
        ("ALLOW_EMPTY_PASSWORD", "yes"),
        ("MYSQL_RANDOM_ROOT_PASSWORD", "1"),
        ("SECRET_ROTATION", "true"),
        ("DATABASE_URL", "postgres://me:${PW}@db:5432/shop"),
        ("DATABASE_URL", "postgres://me@db:5432/shop"),
        ("TOKENIZER", "fast"),
        ("LOG_LEVEL", "debug"),
    ],
)
def test_what_is_no_secret(name, value):
    assert told(name, value) == []


@pytest.mark.parametrize(
    ("value", "others", "code", "severity"),
    [
        ("postgres", (), "SEC005", "error"),
        ("ChangeMe", (), "SEC005", "error"),
        ("anna7", (Setting("DB_USER", "anna7"),), "SEC005", "error"),
        ("acme/orders", (), "SEC001", "error"),
        ("bookshop", (Setting("POSTGRES_DB", "bookshop"),), "SEC001", "warning"),
    ],
)
def test_a_secret_that_everybody_tries_first(value, others, code, severity):
    assert told("DB_PASSWORD", value, *others) == [(code, severity)]


def test_the_user_of_a_url_is_tried_first_too():
    assert told("BROKER", "amqp://anna7:anna7@queue:5672") == [("SEC005", "error")]


@pytest.mark.parametrize(
    "file", ["compose.dev.yaml", "docker-compose.override.yml", "dir/compose-test.yaml"]
)
def test_a_file_for_rehearsals_is_a_warning(file):
    assert told("DB_PASSWORD", "kite-41-lamp", file=file) == [("SEC001", "warning")]


def test_no_finding_repeats_a_secret():
    secret = "kite-41-lamp"
    values = {
        "DB_PASSWORD": secret,
        "DATABASE_URL": f"postgres://me:{secret}@db/x",
        "A_TOKEN": "admin",
    }
    settings = tuple(Setting(name, value) for name, value in values.items())
    hits = lint(Design(services=(Service("orders", settings=settings),)))
    assert len(hits) == 3
    assert not any(secret in repr(hit) or "= admin" in repr(hit) for hit in hits)


@pytest.mark.parametrize(
    ("port", "hit"),
    [
        (Port("5432", "5432"), True),
        (Port("6379/tcp", "16379"), True),
        (Port("27017", "27017", "0.0.0.0"), True),
        (Port("3306", "3306", "10.0.0.4"), True),
        (Port("5432", "5432", "127.0.0.1"), False),
        (Port("5432", "5432", "[::1]"), False),
        (Port("5432"), False),
        (Port("8080", "5432"), False),
    ],
)
def test_published_database_port(port, hit):
    hits = lint(Design(services=(Service("db", "store", ports=(port,)),)), select=["SEC002"])
    expected = [("warning", f"db:{port.published}")] if hit else []
    assert [(hit.severity, hit.where) for hit in hits] == expected
