"""English plurals and names, as far as designs need them."""

from __future__ import annotations

import pytest

from archnb.design.inflection import concept, is_plural, singular, snake, third_person


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        line.split()
        for line in (
            "orders order|categories category|addresses address|statuses status|people person"
            "|children child|boxes box|batches batch|houses house|warehouses warehouse|cases case"
            "|databases database|caches cache|buses bus|heroes hero|movies movie|keys key"
            "|analyses analysis|indices index|Mice Mouse|shelves shelf|sizes size"
        ).split("|")
    ],
)
def test_plurals(plural, one):
    assert singular(plural) == one
    assert singular(one) == one
    assert is_plural(f"many {plural}")
    assert not is_plural(one)


@pytest.mark.parametrize("word", ["status", "news", "series", "data", "Redis", "Kubernetes", "as"])
def test_words_that_are_no_plurals(word):
    assert singular(word) == word


def test_names():
    assert concept("Order Items") == concept("OrderItem") == concept("order-items") == "order_item"
    assert snake("createdAt") == snake("created at") == "created_at"
    assert concept("") == ""


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("place", "places"),
        ("places", "places"),
        ("have", "has"),
        ("carry", "carries"),
        ("pass", "passes"),
        ("buy", "buys"),
    ],
)
def test_third_person(verb, form):
    assert third_person(verb) == form
