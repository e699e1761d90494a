"""The schema rules on hand-made tables: what counts, what is left out, how grave it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archnb.design.elements import Column, DataType, Design, Entity, Index, Relation, Source
from archnb.design.lint import lint

WIDE = tuple(Column(f"c{n}", "text") for n in range(5))
PARENT = Entity("customers", (Column("id", "bigint", nullable=False), *WIDE), key=("id",))
CHILD = Entity(
    "orders",
    (Column("id", "bigint"), Column("customer_id", "bigint")),
    key=("id",),
    dialect="postgres",
)
KEY = Relation("orders", "customers", ("customer_id",), ("id",), source=Source("s.sql", 7))


def found(code, *entities, relations=(KEY,), types=()):
    design = Design(entities=entities, relations=relations, types=types)
    return [(hit.severity, hit.where) for hit in lint(design, select=[code])]


def child(**changes):
    return replace(CHILD, **changes)


def indexed(*columns, **rest):
    return child(indexes=(Index(columns, **rest),))


WARNED = [("warning", "orders(customer_id)")]
NOTED = [("info", "orders(customer_id)")]


@pytest.mark.parametrize(
    ("entity", "relation", "expected"),
    [
        (CHILD, KEY, WARNED),
        (indexed("customer_id"), KEY, []),
        (indexed("customer_id", "id"), KEY, []),
        (indexed("id", "customer_id"), KEY, WARNED),
        (indexed("customer_id", method="hash"), KEY, []),
        (indexed("customer_id", method="gin"), KEY, WARNED),
        (indexed("customer_id", where="(customer_id IS NOT NULL)"), KEY, []),
        (indexed("customer_id", where="(id > 5)"), KEY, NOTED),
        (child(key=("customer_id", "id")), KEY, []),
        (child(kind="partition"), KEY, []),
        (child(parent="all_orders"), KEY, []),
        (child(temporary=True), KEY, []),
        (child(dialect="mysql"), KEY, []),
        (CHILD, replace(KEY, inferred=True), []),
        (CHILD, replace(KEY, columns=()), []),
    ],
)
def test_fk_without_index(entity, relation, expected):
    assert found("DB001", PARENT, entity, relations=(relation,)) == expected


@pytest.mark.parametrize(
    ("name", "columns", "on_delete", "severity"),
    [
        ("order_status", WIDE, "", "info"),
        ("currencies", WIDE, "", "info"),
        ("customers", WIDE[:4], "", "info"),
        ("customers", WIDE[:4], "CASCADE", "warning"),
        ("order_status", WIDE, "SET NULL", "warning"),
        ("typewriters", WIDE, "", "warning"),
    ],
)
def test_a_key_to_a_lookup_is_a_note(name, columns, on_delete, severity):
    relation = replace(KEY, references=name, on_delete=on_delete)
    parent = replace(PARENT, name=name, columns=columns)
    assert found("DB001", parent, CHILD, relations=(relation,)) == [
        (severity, "orders(customer_id)")
    ]


def test_a_composite_key_is_covered_in_any_order_and_told_once():
    pair = replace(KEY, columns=("a", "b"), name="one")
    turned = replace(KEY, columns=("b", "a"), name="two")
    assert found("DB001", PARENT, indexed("b", "a", "x"), relations=(pair,)) == []
    assert found("DB001", PARENT, CHILD, relations=(pair, turned)) == [("warning", "orders(a, b)")]


def test_migration_tables_are_nobodys_business():
    tool = Entity("flyway_schema_history", (Column("version", "text"),))
    assert found("DB002", tool, relations=()) == []


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (child(key=()), [("warning", "orders")]),
        (child(key=(), schema="sales"), [("warning", "sales.orders")]),
        (CHILD, []),
        (child(key=(), kind="view"), []),
        (child(key=(), kind="concept"), []),
        (child(key=(), columns=()), []),
        (child(key=(), name="orders_staging"), []),
        (child(key=(), name="pending_orders"), []),
        (child(key=(), name="imports"), []),
        (child(key=(), name="importers"), [("warning", "importers")]),
        (
            child(
                key=(),
                columns=(Column("no", "text", nullable=False),),
                indexes=(Index(("no",), unique=True),),
            ),
            [("info", "orders")],
        ),
        (child(key=(), indexes=(Index(("id",), unique=True),)), [("warning", "orders")]),
    ],
)
def test_no_primary_key(entity, expected):
    assert found("DB002", entity, relations=()) == expected


@pytest.mark.parametrize(
    ("own", "other", "severity"),
    [
        ("integer", "bigint", "error"),
        ("int", "bigserial", "error"),
        ("smallint", "integer", "error"),
        ("bigint", "integer", "warning"),
        ("serial", "integer", None),
        ("bigint", "bigserial", None),
        ("int4", "INTEGER", None),
        ("int(11)", "int", None),
        ("int unsigned", "int", "warning"),
        ("pg_catalog.int8", "bigint", None),
        ("customer_no", "bigint", None),
        ("public.customer_no", "integer", "warning"),
        ("varchar(20)", "character varying(20)", None),
        ("varchar(10)", "character varying(20)", "error"),
        ("varchar(30)", "varchar(20)", "info"),
        ("varchar(20)", "text", "info"),
        ("char(3)", "varchar(3)", "warning"),
        ("text", "uuid", "warning"),
        ("timestamptz", "timestamp with time zone", None),
        ("", "bigint", None),
    ],
)
def test_fk_type_mismatch(own, other, severity):
    entity = child(columns=(Column("id", "bigint"), Column("customer_id", own)))
    parent = replace(PARENT, columns=(Column("id", other), *WIDE))
    domain = DataType("customer_no", base="bigint")
    expected = [(severity, "orders(customer_id)")] if severity else []
    assert found("DB003", parent, entity, types=(domain,)) == expected


def test_sqlite_knows_affinities_only():
    entity = child(columns=(Column("customer_id", "INT"),), dialect="sqlite")
    parent = replace(PARENT, columns=(Column("id", "bigint"),), dialect="sqlite")
    assert found("DB003", parent, entity) == []


@pytest.mark.parametrize(
    ("name", "kind", "severity"),
    [
        ("total", "double precision", "error"),
        ("unitPrice", "REAL", "error"),
        ("shipping_costs", "float(24)", "error"),
        ("total", "euros", "error"),
        ("whatever", "money", "warning"),
        ("total", "numeric(12,2)", None),
        ("tax_rate", "real", None),
        ("discount_percent", "float8", None),
        ("total_hours", "real", None),
        ("latitude", "double precision", None),
        ("feedback", "real", None),
    ],
)
def test_money_float(name, kind, severity):
    entity = child(columns=(Column(name, kind),))
    expected = [(severity, f"orders.{name}")] if severity else []
    types = (DataType("euros", base="double precision"),)
    assert found("DB004", entity, relations=(), types=types) == expected


def test_a_schema_that_hardly_uses_keys_is_told_once():
    many = tuple(Entity(f"t{n}", (Column("id", "int"),), key=("id",)) for n in range(10))
    relations = tuple(Relation(f"t{n}", "t9", ("id_9",)) for n in range(2))
    assert found("DB001", *many, relations=relations) == []
    assert [severity for severity, _ in found("DB017", *many, relations=relations)] == ["warning"]
    three = (*relations, Relation("t2", "t9", ("id_9",)))
    assert found("DB017", *many, relations=three) == []
    assert len(found("DB001", *many, relations=three)) == 3
