"""The entity-relationship diagram: marks, crow's feet, what is folded, and its words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from archnb.design.diagrams import draw
from archnb.design.diagrams._tables import MOST_ROWS, schema, short_check, short_type, unindexed
from archnb.design.elements import (
    Check,
    Column,
    DataType,
    Design,
    Entity,
    Finding,
    Index,
    Relation,
    Source,
)

ID = Column("id", "uuid", nullable=False)
SQL = Path(__file__).parents[4] / "shared" / "corpus" / "sql"


def table(name: str, *columns: Column, key: tuple[str, ...] = ("id",), **more) -> Entity:
    return Entity(name, columns or (ID,), key, dialect=more.pop("dialect", "postgres"), **more)


def words_in(svg: str) -> list[str]:
    found = [element for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]
    return [(element.text or "").replace("\xa0", " ").strip() for element in found]


def edges(design: Design) -> list[str]:
    (drawing,) = draw(design, "erd")
    return [
        line.strip() for line in drawing.dot.splitlines() if "->" in line and "invis" not in line
    ]


@pytest.mark.parametrize(
    ("expression", "short", "values"),
    [
        ("amount >= 0", ">= 0", ()),
        ("((amount >= (0)::numeric))", ">= 0", ()),
        ("CHECK (amount > 0)", "> 0", ()),
        ('"amount" <> \'\'', "<> ''", ()),
        ("amount BETWEEN 1 AND 5", "1 to 5", ()),
        ("((amount >= 1) AND (amount <= 5))", "1 to 5", ()),
        ("amount IN ('a', 'b')", "", ("a", "b")),
        ("((amount)::text = ANY ((ARRAY['a'::character varying, 'b'::text])::text[]))", "", ("a", "b")),
        ("length(amount) < 10 OR amount IS NULL", "check", ()),
        ("(" * 5000, "check", ()),
    ],
)  # fmt: skip
def test_a_check_in_a_few_letters(expression: str, short: str, values: tuple[str, ...]) -> None:
    assert short_check(Check(expression, ("amount",)), "amount") == (short, values)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("timestamp with time zone", "timestamptz"),
        ("character varying(40)", "varchar(40)"),
        ("character(2)", "char(2)"),
        ("enum('a','b')", "enum"),
        ("numeric(12,2)", "numeric(12,2)"),
    ],
)
def test_types_as_people_write_them(name: str, short: str) -> None:
    assert short_type(name) == short


@pytest.mark.parametrize(
    ("key", "indexes", "columns", "dialect", "expected"),
    [
        (("id",), (), ("a",), "postgres", True),
        (("id",), (("a",),), ("a",), "postgres", False),
        (("id",), (("b", "a"),), ("a",), "postgres", True),
        (("id",), (("b", "a", "c"),), ("a", "b"), "postgres", False),
        (("a", "b"), (), ("a",), "postgres", False),
        (("a", "b"), (), ("b",), "postgres", True),
        (("id",), (), ("a",), "mysql", False),
        (("id",), (), ("a",), "", False),
        (("id",), (), (), "postgres", False),
    ],
)
def test_whether_a_foreign_key_leads_an_index(key, indexes, columns, dialect, expected) -> None:
    entity = Entity("t", key=key, indexes=tuple(Index(names) for names in indexes), dialect=dialect)
    assert unindexed(entity, Relation("t", "u", columns)) is expected


@pytest.mark.parametrize(
    ("where", "counts"),
    [
        ("", True),
        ("a IS NOT NULL", True),
        ('(("a" is not null))', True),
        ("deleted_at IS NULL", False),
        ("b IS NOT NULL", False),
    ],
)
def test_a_partial_index_counts_only_if_it_leaves_out_nulls(where: str, counts: bool) -> None:
    entity = Entity("t", indexes=(Index(("a",), where=where),), dialect="postgres")
    assert unindexed(entity, Relation("t", "u", ("a",))) is not counts


def test_what_a_table_shows_of_its_columns() -> None:
    orders = table(
        "orders",
        ID,
        Column("customer_id", "uuid", nullable=False),
        Column("shop_id", "uuid"),
        Column("number", "text", nullable=False),
        Column("state", "order_state", nullable=False),
        Column("total", "numeric", nullable=False),
        Column("tax", "numeric", generated=True),
        indexes=(Index(("number",), unique=True), Index(("shop_id", "state"), unique=True)),
        checks=(Check("total >= 0", ("total",)), Check("tax < total", ("tax", "total"))),
    )
    design = Design(
        (orders, table("customers")),
        (Relation("orders", "customers", ("customer_id",), ("id",)),),
        (DataType("order_state", ("new", "paid")),),
    )
    (drawing,) = draw(design)
    words = words_in(drawing.svg)
    for word in ("PK", "FK", "no index", "unique", "index", ">= 0", "generated", "new | paid",
                 "unique (shop_id, state)", "check tax < total", "may be null"):  # fmt: skip
        assert word in words
    assert (
        "Table orders: id uuid (primary key); customer_id uuid (foreign key, not null, no index); "
        "shop_id uuid (index); number text (not null, unique); "
        "state order_state (not null, one of new, paid); total numeric (not null, >= 0); "
        "tax numeric (generated); unique (shop_id, state); check tax < total."
    ) in drawing.text


@pytest.mark.parametrize(
    ("many", "optional", "required", "tail", "head", "words"),
    [
        (True, False, False, "crowodot", "teetee", "exactly one of b, which has any number of a"),
        (True, True, False, "crowodot", "teeodot", "at most one of b, which has any number of a"),
        (True, False, True, "crowtee", "teetee", "exactly one of b, which has one or more of a"),
        (False, False, False, "teeodot", "teetee", "exactly one of b, which has at most one of a"),
        (False, True, True, "teetee", "teeodot", "at most one of b, which has exactly one of a"),
    ],
)
def test_crows_feet(many, optional, required, tail, head, words) -> None:
    relation = Relation("a", "b", ("b_id",), ("id",), "", "", many, optional, required)
    design = Design((table("a", ID, Column("b_id")), table("b")), (relation,))
    (edge,) = edges(design)
    assert edge.startswith("t0:c1r:e -> t1:c0l:w")
    assert f"arrowtail={tail}" in edge
    assert f"arrowhead={head}" in edge
    assert words in draw(design)[0].text


@pytest.mark.parametrize(
    ("relation", "start"),
    [
        (Relation("a", "a", ("b_id",), ("id",)), "t0:c1r:e -> t0:c0r:e"),  # a short loop on the right
        (Relation("a", "b", ("b_id", "c"), ("id", "d")), "t0:c1r:e -> t1:c0l:w"),  # one edge for both
        (Relation("a", "b"), "t0:e -> t1:c0l:w"),
        (Relation("a", "nowhere", ("b_id",)), "t0:c1r:e -> t2"),
        (Relation("public.a", "public.b", ("b_id",)), "t0:c1r:e -> t1:c0l:w"),
    ],
)  # fmt: skip
def test_where_an_edge_leaves_and_arrives(relation: Relation, start: str) -> None:
    design = Design((table("a", ID, Column("b_id"), Column("c")), table("b")), (relation,))
    (edge,) = edges(design)
    assert edge.startswith((start, start.replace("t0:e", "t0:c0r:e")))


def test_a_table_that_nothing_defines_is_said() -> None:
    design = Design((table("a", ID, Column("b_id")),), (Relation("a", "gone", ("b_id",)),))
    (drawing,) = draw(design)
    assert "not defined here" in words_in(drawing.svg)
    assert "Table gone is referred to, and defined nowhere" in drawing.text


def test_partitions_are_folded_into_their_table() -> None:
    parts = tuple(
        table(f"p{number}", kind="partition", parent="events" if number else "p1")
        for number in range(4)
    )
    relations = tuple(
        Relation(name, "users", ("id",), ("id",)) for name in ("events", "p0", "p1", "p2")
    )
    design = Design((table("events"), *parts, table("users")), relations)
    (drawing,) = draw(design)
    assert "4 partitions" in words_in(drawing.svg)
    assert len(edges(design)) == 1
    assert "p2" not in drawing.text


def test_a_ring_of_partitions_is_survived() -> None:
    ring = (table("a", kind="partition", parent="b"), table("b", kind="partition", parent="a"))
    assert len(schema(Design(ring)).tables) == 2


def test_a_wide_table_shows_its_keys_first() -> None:
    columns = [Column(f"c{number}") for number in range(30)]
    wide = table("wide", *columns, key=("c29",), indexes=(Index(("c28",)),))
    (drawing,) = draw(Design((wide,)))
    words = words_in(drawing.svg)
    assert {"c29", "c28", "c0"} <= {word.removesuffix(" ?") for word in words}
    assert f"+ {30 - MOST_ROWS + 1} more columns" in words
    assert "c20" not in words
    assert "c20" in drawing.text


def test_an_edge_of_a_hidden_column_leaves_from_the_rest() -> None:
    columns = tuple(Column(f"c{number}") for number in range(30))
    relations = tuple(Relation("wide", "b", (f"c{number}",)) for number in range(30))
    design = Design((table("wide", *columns, key=()), table("b")), relations)
    assert sum("t0:more:e" in edge for edge in edges(design)) == 30 - MOST_ROWS + 1


def test_schemas_are_clusters_and_have_colours() -> None:
    one = Design((table("a", schema="sales"), table("b", schema="sales")))
    two = one | Design((table("c", schema="billing"),))
    assert "cluster" not in draw(one)[0].dot
    assert draw(two)[0].dot.count("subgraph cluster") == 2


def test_many_tables_are_small_boxes() -> None:
    tables = tuple(table(f"t{number}", ID, Column("note")) for number in range(70))
    (drawing,) = draw(Design(tables))
    words = words_in(drawing.svg)
    assert "note" not in words
    assert words.count("id") == 70


def test_concepts_and_views_are_told_apart() -> None:
    design = Design(
        (
            Entity("Customer", (Column("name"),), kind="concept"),
            table("totals", Column("day", "date"), key=(), kind="materialized view"),
        ),
        (Relation("Customer", "totals", label="reads <b>", inferred=True),),
    )
    (drawing,) = draw(design)
    words = words_in(drawing.svg)
    assert "1 view · 1 entity · 1 relation" in words
    assert {"materialized view", "reads <b>", "inferred"} <= set(words)
    assert "?" not in words  # nobody says what may be null
    assert "“reads <b>”, inferred" in drawing.text


@pytest.mark.parametrize(
    ("where", "place", "marked"),
    [
        ("orders", Source(), {"orders"}),
        ("orders.customer_id", Source(), {"orders"}),
        ("sales.orders.customer_id", Source(), {"orders"}),
        ("order_items", Source(), {"order_items"}),
        ("something else", Source("a.sql", 12), {"order_items"}),
        ("something else", Source("b.sql", 12), set()),
    ],
)
def test_findings_are_badges_on_their_table(where: str, place: Source, marked: set[str]) -> None:
    design = Design(
        (
            table("orders", schema="sales", source=Source("a.sql", 1), end=9),
            table("order_items", schema="sales", source=Source("a.sql", 10), end=15),
        )
    )
    (drawing,) = draw(design, findings=[Finding("DB001", "error", where, "Bad.", source=place)])
    tables = re.findall(r"t\d+ \[label=.*", drawing.dot)
    found = {re.findall(r"<b>(\w+)</b>", line)[0] for line in tables if "DB001" in line}
    assert found == marked
    assert ("- DB001 error" in drawing.text) is bool(marked)


def test_many_findings_of_a_table_do_not_fill_it() -> None:
    findings = [Finding(f"DB{number:03}", "info", "a", "") for number in range(9)]
    findings.append(Finding("DB999", "error", "a", ""))
    (drawing,) = draw(Design((table("a"),)), findings=findings)
    codes = [word for word in words_in(drawing.svg) if word.startswith(("DB", "+"))]
    assert codes == ["DB999", "DB000", "DB001", "+7"]


def test_all_text_of_a_row_stands_on_one_baseline() -> None:
    row = table("a", ID, Column("b", "timestamp with time zone", nullable=False), key=("id",),
                indexes=(Index(("id",), unique=True), Index(("b",))))  # fmt: skip
    root = ET.fromstring(draw(Design((row,)))[0].svg)
    heights = {
        (element.text or "").strip("\xa0 "): float(element.get("y", "0"))
        for element in root.iter()
        if element.tag.endswith("text")
    }
    assert heights["PK"] == heights["id"] == heights["uuid"] == heights["unique"]
    assert heights["b"] == heights["timestamptz"] == heights["index"]


@pytest.mark.skipif(not SQL.is_dir(), reason="the shared corpus is not here")
def test_a_real_schema_is_drawn_whole() -> None:
    from archnb.design.formats import ddl

    design = ddl.read((SQL / "pagila.sql").read_text(), "pagila.sql")
    (drawing,) = draw(design, "erd")
    words = words_in(drawing.svg)
    assert "55 partitions" in words
    assert {table.entity.name for table in schema(design).tables} <= set(words)
