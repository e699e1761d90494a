"""The compose files of the corpus: every service, and the edges of one file checked by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from archnb.design.formats import compose

CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus" / "compose"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")


def edges(design):
    return {(flow.origin, flow.target): flow for flow in design.flows}


@needs_corpus
@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.y*ml")), ids=lambda file: file.name)
def test_every_service_of_the_corpus(file):
    text = file.read_text()
    design = compose.read(text, str(file))
    assert [each.name for each in design.services] == list(yaml.safe_load(text)["services"])
    assert not design.problems
    assert compose.recognise(file.name, text) == 1.0
    names = {each.name for each in design.services}
    assert {name for flow in design.flows for name in (flow.origin, flow.target)} <= names


# By hand, from the file and the .env that belongs to it.
TALKS = """
    ad: flagd
    cart: flagd valkey-cart
    checkout: flagd cart currency email payment product-catalog shipping
    currency:
    email: flagd
    frontend: ad cart checkout currency product-catalog recommendation shipping flagd
    frontend-proxy: frontend image-provider flagd flagd-ui telemetry-docs
    image-provider:
    load-generator: flagd
    payment: flagd
    product-catalog: flagd astronomy-db
    quote:
    recommendation: product-catalog flagd
    shipping: quote flagd
    flagd:
    flagd-ui:
    telemetry-docs:
"""
ONLY_ORDER = {
    ("frontend", "quote"),
    ("frontend", "image-provider"),
    ("load-generator", "frontend"),
    ("flagd-ui", "flagd"),
}


def by_hand() -> set[tuple[str, str]]:
    rows = [line.strip().partition(":") for line in TALKS.strip().splitlines()]
    calls = {(origin, target) for origin, _, targets in rows for target in targets.split()}
    telemetry = {(origin, "otel-collector") for origin, _, _ in rows}
    scraped = {
        ("otel-collector", each) for each in ("frontend-proxy", "image-provider", "astronomy-db")
    }
    return calls | telemetry | scraped


@needs_corpus
def test_otel_demo_without_its_env_file():
    file = CORPUS / "otel-demo.compose.yaml"
    design = compose.read(file.read_text(), str(file))
    proxied = ("load-generator", "frontend-proxy")  # a URL in .env; here only an order of start-up
    assert set(edges(design)) == by_hand() | ONLY_ORDER | {proxied}
    assert {key for key, each in edges(design).items() if each.startup} == ONLY_ORDER | {proxied}
    assert all(flow.inferred for flow in design.flows)
    telemetry = [each for key, each in edges(design).items() if key[1] == "otel-collector"]
    assert {each.label for each in telemetry} == {"OTLP"}


@needs_corpus
def test_otel_demo_with_its_env_file(tmp_path):
    file = Path(shutil.copy(CORPUS / "otel-demo.compose.yaml", tmp_path / "compose.yaml"))
    shutil.copy(CORPUS / "otel-demo.env", tmp_path / ".env")
    design = compose.read(file.read_text(), str(file))
    found = edges(design)
    assert set(found) == by_hand() | ONLY_ORDER | {("load-generator", "frontend-proxy")}
    assert {key for key, each in found.items() if each.inferred} == ONLY_ORDER
    database = found["product-catalog", "astronomy-db"]
    assert (database.style, database.label, database.database) == (
        "data",
        "PostgreSQL",
        "astronomy_db",
    )
    assert found["cart", "valkey-cart"].style == "data"
    assert "astronomy_password" not in repr(design)
