"""The example project: its honest faults are found, all of them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from archnb.design.elements import Design
from archnb.design.lint import lint

SHOP = Path(__file__).parents[3] / "notebooks" / "shop"
FAULTS = {
    "db/schema.sql": {
        ("DB001", "sales.shipments(address_id)"),
        ("DB001", "sales.reviews(customer_id)"),
        ("DB002", "catalog.price_changes"),
        ("DB003", "sales.payments(order_id)"),
        ("DB004", "sales.shipments.freight_cost"),
    },
    "compose.yaml": {
        ("SEC001", "notifications SMTP_PASSWORD"),
        ("SEC002", "db:5432"),
        ("SVC001", "shop.sales@db"),
        ("SVC006", "catalog"),
    },
    "openapi.yaml": {
        ("API004", "GET /products/{productId}/reviews"),
        ("API010", "POST /orders/{orderId}/cancellation"),
        ("API012", "GET /orders/{orderId}/invoice"),
    },
}


def text_of(file):
    return (SHOP / file).read_bytes().decode()


@pytest.mark.parametrize("file", FAULTS)
def test_every_file_has_its_faults(file, read):
    text = text_of(file)
    design = read(text, file)
    assert design.problems == ()
    hits = lint(design, {file: text})
    assert sorted((hit.code, hit.where) for hit in hits) == sorted(FAULTS[file])
    assert all(hit.severity != "info" for hit in hits)


def test_together_they_have_no_others(read):
    whole = Design()
    for file in FAULTS:
        whole |= read(text_of(file), file)
    found = {(hit.source.file, hit.code, hit.where) for hit in lint(whole)}
    assert found == {(file, *fault) for file, faults in FAULTS.items() for fault in faults}


@pytest.mark.parametrize(("file", "fixes"), [("db/schema.sql", 2), ("compose.yaml", 1)])
def test_the_safe_fixes_mend_one_after_another(file, fixes, read):
    text = text_of(file)
    for left in range(fixes, 0, -1):
        open_ = [hit for hit in lint(read(text, file), {file: text}) if hit.fix]
        assert len(open_) == left
        text = open_[0].fix.apply(text)
    assert not any(hit.fix for hit in lint(read(text, file), {file: text}))


def test_the_secret_is_not_repeated(read):
    text = text_of("compose.yaml")
    assert not any(
        "paper-boat" in repr(hit) for hit in lint(read(text, "c.yaml"), {"c.yaml": text})
    )
