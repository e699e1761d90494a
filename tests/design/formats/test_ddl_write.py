"""Designs written as PostgreSQL, and what words leave open completed."""

from dataclasses import replace

import pytest

from archnb.design.elements import NOWHERE, Check, Column, DataType, Design, Entity, Index, Relation
from archnb.design.formats import ddl

SCRIPT = """
create schema s;
create type s.mood as enum ('so; so', 'it''s "ok"');
create domain cash as numeric(10,2);
create sequence counter;
create table s.people (id serial primary key, boss_id int references s.people on delete set null, mood s.mood,
  "odd ""name" text not null default 'a;''b', made timestamptz default now(), unique (boss_id, mood), check (id > 0));
create table orders (id bigint generated always as identity primary key, number int default nextval('counter'),
  person_id int not null, twice int generated always as (number * 2) stored, total cash,
  foreign key (person_id) references s.people on delete cascade);
create table a (id int primary key, b_id int);
create table b (id int primary key, a_id int references a);
alter table a add foreign key (b_id) references b;
create index on orders using gin (total) where total > 3;
create unique index on orders (lower(total::text));
create table days (day date not null, x int default 1, primary key (day)) partition by range (day);
create table days_2020 partition of days (x not null) for values from ('2020-01-01') to ('2021-01-01');
create table heirs (z int) inherits (a);
comment on table orders is 'line one
it''s two; -- three';
comment on column orders.total is '<b>';
"""


def bare(design):
    """What counts of a design: no sources, no order."""

    def plain(element):
        return replace(element, source=NOWHERE)

    entities = {
        replace(
            plain(one),
            end=0,
            columns=tuple(map(plain, one.columns)),
            indexes=tuple(sorted(map(plain, one.indexes), key=repr)),
            checks=tuple(map(plain, one.checks)),
        )
        for one in design.entities
    }
    return (
        entities,
        {replace(plain(one), label="") for one in design.relations},
        set(map(plain, design.types)),
    )


@pytest.mark.parametrize("native", [True, False], ids=["parser", "lexer"])
def test_what_is_written_reads_the_same(native):
    design = ddl.read(SCRIPT, "s.sql", "postgres")
    assert design.problems == ()
    written = ddl.write(design)
    again = ddl.read(written, "again.sql", "postgres", native=native)
    assert again.problems == ()
    assert bare(again) == bare(design)


def test_writing_is_stable():
    design = ddl.read(SCRIPT, "s.sql", "postgres")
    assert ddl.write(design) == ddl.write(design)
    assert ddl.write(Design()) == ""


def test_tables_stand_before_what_refers_to_them():
    written = ddl.write(
        ddl.read(
            "create table b (a_id int references a); create table a (id int primary key);", "s.sql"
        )
    )
    assert written.index("create table a ") < written.index("create table b ")
    assert "alter table" not in written


HOSTILE = Design(
    entities=(
        Entity(
            'x"; drop table y; --',
            (Column("a'\n;", 'int"); drop', comment="'); drop table y; --"),),
            comment="\0'\\",
        ),
        Entity(
            "t",
            (
                Column("n", "text", default="1); drop table y; --"),
                Column("m", "integer", default="'open"),
                Column("k", "integer", default="nextval('s; drop table y')"),
            ),
            indexes=(
                Index(("(n)); drop table y; --)",), "i"),
                Index(("n",), "j", where="true; drop table y"),
            ),
            checks=(Check("true) , (false"), Check("n <> ';'", ("n",), "c")),
            partitioning="by list (n); drop table y",
            dialect="postgres",
        ),
        Entity("v\n; drop table y", (Column("c\n; drop table y"),), kind="view"),
    ),
    relations=(Relation("t", "x", ("n",), ("a",), on_delete="cascade; drop table y"),),
    types=(DataType('e"', ("a'", "b\\")),),
)


def test_hostile_names_and_expressions_stay_values():
    written = ddl.write(HOSTILE)
    design = ddl.read(written, "s.sql", "postgres")
    assert design.problems == ()
    first, second = design.entities
    assert (first.name, first.columns[0].name, first.comment) == (
        'x"; drop table y; --',
        "a'\n;",
        "'\\",
    )
    assert first.columns[0].comment == "'); drop table y; --"
    assert [one.default for one in second.columns] == ["", "", "nextval('s; drop table y')"]
    assert "create sequence" not in written
    assert [one.expression for one in second.checks] == ["n <> ';'"]
    assert (second.indexes, second.partitioning) == ((), "")
    assert design.types[0].values == ("a'", "b\\")


FOREIGN = [
    ("mysql", "`x` int(10) unsigned", "integer"),
    ("mysql", "x tinyint(1) default 0", "boolean"),
    ("mysql", "x datetime", "timestamp without time zone"),
    ("mysql", "x varchar(20)", "character varying(20)"),
    ("mysql", "x enum('a','b')", "text"),
    ("mysql", "x decimal(10,2) unsigned", "numeric(10,2)"),
    ("mysql", "x longblob", "bytea"),
    ("sqlite", "x nvarchar(160)", "character varying(160)"),
    ("sqlite", "x unsigned big int", "text"),
    ("tsql", "x nvarchar(max) default getdate()", "text"),
    ("tsql", "x uniqueidentifier default newid()", "uuid"),
    ("tsql", "x bit", "boolean"),
    ("tsql", "x money", "numeric(19,4)"),
]


@pytest.mark.parametrize(("dialect", "column", "expected"), FOREIGN)
def test_other_engines_types_become_postgresql(dialect, column, expected):
    written = ddl.write(ddl.read(f"create table a ({column})", "s.sql", dialect))
    again = ddl.read(written, "s.sql", "postgres")
    assert again.problems == ()
    assert again.entities[0].columns[0].type == expected


WORDS = Design(
    entities=(
        Entity("customer", (Column("name"), Column("email")), indexes=(Index(("email",), unique=True),), kind="concept"),
        Entity(
            "order",
            (
                Column("id", nullable=False), Column("total", "money"), Column("placed_at"), Column("status", "order_status"),
                Column("quantity"), Column("is_gift"), Column("note", "varchar(20)"), Column("what", "some thing"),
            ),
            key=("id",),
            kind="concept",
        ),
        Entity("category", kind="concept"),
        Entity("product", (Column("sku", "text", nullable=False),), key=("sku",), kind="concept"),
        Entity("category_product", kind="concept"),
        Entity("passport", kind="concept"),
    ),
    relations=(
        Relation("order", "customer", label="places"),
        Relation("order", "order", label="replaces"),
        Relation("category_product", "category"),
        Relation("category_product", "product"),
        Relation("passport", "customer", many=False, optional=True),
    ),
    types=(DataType("order_status", ("new", "paid")),),
)  # fmt: skip


def test_words_become_tables_with_keys_types_and_foreign_keys():
    design = ddl.complete(WORDS)
    tables = {one.name: one for one in design.entities}
    assert list(tables) == [
        "customers",
        "orders",
        "categories",
        "products",
        "category_products",
        "passports",
    ]
    orders = tables["orders"]
    assert {one.name: (one.type, one.nullable) for one in orders.columns} == {
        "id": ("bigint", False),
        "total": ("numeric(12,2)", True),
        "placed_at": ("timestamp with time zone", True),
        "status": ("order_status", True),
        "quantity": ("integer", True),
        "is_gift": ("boolean", True),
        "note": ("character varying(20)", True),
        "what": ("text", True),
        "customer_id": ("bigint", False),
        "parent_id": ("bigint", True),
    }
    assert (orders.kind, orders.dialect, orders.columns[0].generated) == ("table", "postgres", True)
    assert [one.columns for one in orders.indexes] == [("customer_id",), ("parent_id",)]
    join = tables["category_products"]
    assert join.key == ("category_id", "product_sku")
    assert [(one.name, one.type) for one in join.columns] == [
        ("category_id", "bigint"),
        ("product_sku", "text"),
    ]
    assert [(one.columns, one.unique) for one in tables["passports"].indexes] == [
        (("customer_id",), True)
    ]
    assert [(one.entity, one.references, one.columns) for one in design.relations] == [
        ("orders", "customers", ("customer_id",)),
        ("orders", "orders", ("parent_id",)),
        ("category_products", "categories", ("category_id",)),
        ("category_products", "products", ("product_sku",)),
        ("passports", "customers", ("customer_id",)),
    ]


def test_what_words_became_reads_the_same():
    again = ddl.read(ddl.write(WORDS), "s.sql", "postgres")
    assert again.problems == ()
    assert bare(again) == bare(ddl.complete(WORDS))


def test_completing_twice_changes_nothing_more():
    once = ddl.complete(WORDS)
    assert ddl.complete(once) == once
    stated = ddl.read(SCRIPT, "s.sql", "postgres")
    assert ddl.complete(stated) is stated


def test_two_that_say_many_of_each_other_meet_in_a_table():
    words = Design(
        entities=(Entity("student", kind="concept"), Entity("course", kind="concept")),
        relations=(
            Relation("course", "student", label="takes"),
            Relation("student", "course", label="has"),
        ),
    )
    design = ddl.complete(words)
    assert [one.name for one in design.entities] == ["students", "courses", "course_students"]
    assert design.entities[2].key == ("course_id", "student_id")


def test_a_concept_that_has_a_table_already_is_that_table():
    stated = ddl.read("create table orders (id int primary key)", "s.sql")
    words = Design(
        entities=(Entity("order", kind="concept"), Entity("invoice", kind="concept")),
        relations=(Relation("invoice", "order"),),
    )
    design = ddl.complete(stated | words)
    assert [one.name for one in design.entities] == ["orders", "invoices"]
    assert design.relations[0].columns == ("order_id",)
    assert design.entities[1].column("order_id").type == "integer"
