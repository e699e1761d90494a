"""Real schemas, against what a real PostgreSQL made of them."""

import json
from pathlib import Path

import pytest

from archnb.design.formats import ddl

SQL = Path(__file__).parents[4] / "shared" / "corpus" / "sql"
TRUTH = SQL / "truth_postgresql.json"
NAMES = [
    "chinook_pg", "northwind", "musicbrainz_all", "pagila", "sakila_postgres", "roundcube_postgres", "gisia_gitlab",
    "adventureworks_pg",
]  # fmt: skip
# The server had none of this product's rows, so the reviews in the script broke this one key.
BEYOND_TRUTH = {
    "adventureworks_pg": {
        ("production.productreview", "production.product", "FK_ProductReview_Product_ProductID", ("productid",))
    }
}  # fmt: skip

pytestmark = pytest.mark.skipif(
    not TRUTH.exists(), reason="the shared corpus is not beside the project"
)


@pytest.fixture(scope="module")
def truth():
    return json.loads(TRUTH.read_text())


def read(name, **options):
    file = f"{name}.sql"
    return ddl.read((SQL / file).read_text(), file, **options)


def bare(schema):
    return "" if schema == "public" else schema


@pytest.mark.parametrize("native", [True, False], ids=["parser", "lexer"])
@pytest.mark.parametrize("name", NAMES)
def test_a_schema_equals_what_the_engine_made_of_it(name, native, truth):
    expected = truth[name]
    design = read(name, native=native)
    tables = [
        one for one in design.entities if one.kind in ("table", "partition") and not one.temporary
    ]
    assert design.problems == ()
    assert {(one.schema, one.name, one.kind == "partition") for one in tables} == {
        (bare(schema), table, partition) for schema, table, _, partition in expected["tables"]
    }
    assert {
        (t.schema, t.name, c.name, c.type, not c.nullable) for t in tables for c in t.columns
    } == {(bare(schema), *rest) for schema, *rest in expected["columns"]}
    found = {(one.entity, one.references, one.name, one.columns) for one in design.relations}
    assert found - BEYOND_TRUTH.get(name, set()) == {
        (one.removeprefix("public."), other.removeprefix("public."), key, tuple(columns))
        for one, other, key, columns in expected["foreign_keys"]
    }
    indexes = sum(len(one.indexes) + bool(one.key) for one in design.entities)
    assert indexes == expected["indexes"]


def keys(design):
    """Foreign keys whatever the spelling: ``CustomerId`` and ``customer_id`` are one."""

    def plain(name):
        return name.lower().replace("_", "")

    return {
        (plain(one.entity), plain(one.references), tuple(map(plain, one.columns)), tuple(map(plain, one.referenced_columns)))
        for one in design.relations
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "dialect", "reference"),
    [
        ("chinook_mysql", "mysql", "chinook_pg"),
        ("chinook_sqlite", "sqlite", "chinook_pg"),
        ("chinook_tsql", "tsql", "chinook_pg"),
        ("roundcube_mysql", "mysql", "roundcube_postgres"),
        ("roundcube_sqlite", "sqlite", "roundcube_postgres"),
    ],
)
def test_other_dialects_give_the_same_tables_and_keys(name, dialect, reference):
    text = (SQL / f"{name}.sql").read_text()
    assert ddl.detect(text) == dialect
    design, other = ddl.read(text, name), read(reference)
    assert design.problems == ()
    assert {one.name.lower().replace("_", "") for one in design.entities} == {
        one.name.lower().replace("_", "") for one in other.entities
    }
    assert keys(design) == keys(other)


def test_the_mysql_film_shop():
    design = read("sakila_mysql")
    assert design.problems == ()
    assert sum(one.kind == "table" for one in design.entities) == 16
    assert len(design.relations) == 22


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_of_a_schema_reads_the_same(name):
    design = read(name)
    again = ddl.read(ddl.write(design), "again.sql", "postgres")

    def shape(one):
        return {
            (table.qualified, table.kind, table.key, tuple((c.name, c.type, c.nullable, c.default) for c in table.columns))
            for table in one.entities
            if "view" not in table.kind
        }  # fmt: skip

    def ends(one):
        return {
            (r.entity, r.references, r.columns, r.referenced_columns, r.name, r.on_delete)
            for r in one.relations
        }

    assert again.problems == ()
    assert shape(again) == shape(design)
    assert ends(again) == ends(design)
