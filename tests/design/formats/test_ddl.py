"""PostgreSQL scripts replayed: what each statement does to the tables, by both readers."""

import textwrap

import pytest

from archnb.design.elements import Check, Column, Index
from archnb.design.formats import ddl

READERS = pytest.mark.parametrize("native", [True, False], ids=["parser", "lexer"])


def read(text, *, native=True, dialect="postgres"):
    return ddl.read(textwrap.dedent(text), "s.sql", dialect, native=native)


def shape(design):
    """Tables with their columns, keys and indexes, short enough to be compared by eye."""
    return {
        entity.qualified: " ".join(
            [column.name + ("" if column.nullable else "!") for column in entity.columns]
            + [f"key({','.join(entity.key)})"] * bool(entity.key)
            + [
                ("unique" if one.unique else "index") + f"({','.join(one.columns)})"
                for one in entity.indexes
            ]
        )
        for entity in design.entities
    }


REPLAYED = {
    "if not exists": ("create table a (x int); create table if not exists a (y int)", {"a": "x"}),
    "primary key": ("create table a (x int, y int, primary key (y, x))", {"a": "x! y! key(y,x)"}),
    "inline key": ("create table a (id bigserial primary key)", {"a": "id! key(id)"}),
    "unique": ("create table a (x int unique, y int, unique (y, x))", {"a": "x y unique(x) unique(y,x)"}),
    "add column": ("create table a (x int); alter table a add y int not null, add column z text", {"a": "x y! z"}),
    "drop column": ("create table a (x int, y int unique); alter table a drop column y", {"a": "x"}),
    "rename column": (
        "create table a (x int primary key); create index on a (x); alter table a rename x to y",
        {"a": "y! key(y) index(y)"},
    ),
    "rename table": ("create table a (x int); alter table a rename to b", {"b": "x"}),
    "not null": (
        "create table a (x int, y int not null); alter table a alter x set not null, alter column y drop not null",
        {"a": "x! y"},
    ),
    "using index": (
        "create table a (x int); create unique index i on a (x); alter table a add constraint k primary key using index i",
        {"a": "x! key(x)"},
    ),
    "drop constraint": (
        "create table a (x int constraint u unique); alter table a drop constraint u",
        {"a": "x"},
    ),
    "inherits": (
        "create table a (x int not null); create table b (y int) inherits (a); alter table a add z int",
        {"a": "x! z", "b": "x! y z"},
    ),
    "like": (
        "create table a (x int primary key, y int default 1); create table b (like a); create table c (like a including all)",
        {"a": "x! y key(x)", "b": "x! y", "c": "x! y key(x)"},
    ),
    "partition": (
        "create table a (x int, primary key (x)) partition by list (x);\n" + "create table b partition of a for values in (1);create index on a (x)",
        {"a": "x! key(x) index(x)", "b": "x! key(x) index(x)"},
    ),
    "attach": (
        "create table a (x int unique) partition by range (x); create table b (x int);" + "alter table only a attach partition b for values from (1) to (2)",
        {"a": "x unique(x)", "b": "x unique(x)"},
    ),
    "create as": ("create table a as select x, y as z from b", {"a": "x z"}),
    "view": ("create or replace view v as select 1 as x; create view w (p) as select 2", {"v": "x", "w": "p"}),
    "drop": ("create table a (x int); create table b (y int); drop table if exists a, c cascade", {"b": "y"}),
    "drop index": ("create table a (x int); create index i on a (x); drop index i", {"a": "x"}),
    "schemas": (
        "create schema s create table a (x int) create table b (y int); set search_path to s, public; create table c (z int);" + "alter table c set schema t; create table public.d (w int); drop schema t cascade",
        {"s.a": "x", "s.b": "y", "d": "w"},
    ),
    "search path of a dump": (
        "create table s.a (x int); select pg_catalog.set_config('search_path', '', false); create index on s.a (x);",
        {"s.a": "x index(x)"},
    ),
    "expression index": ("create table a (x text); create index on a (lower(x))", {"a": "x index((lower(x)))"}),
    "psql": ("\\set ON_ERROR_STOP on\n\\c other\ncreate table a (x int);\n\\copy a from stdin\n1;(\n\\.\ncreate table b (y int)", {"a": "x", "b": "y"}),
    "copy": ("create table a (x text);\nCOPY a (x) FROM stdin;\nit's (;\n\\.\n\ncreate table b (y int);", {"a": "x", "b": "y"}),
    "function": (
        "create function f() returns int as $b$ begin; create table no (x int); end $b$ language plpgsql; create table a (x int)",
        {"a": "x"},
    ),
    "atomic function": (
        "create function f() returns int begin atomic select 1; select case when true then 1 end; end; create table a (x int)",
        {"a": "x"},
    ),
    "rows": ("insert into z values ('create table no (x int);', E'\\';'); create table a (x int)", {"a": "x"}),
    "comments": ("/* a /* b; */ ; */ create table a -- ; \n (x int /* , y int */);", {"a": "x"}),
    "hostile names": ('create table "a;b" ("x\'y" int, "<b>" int, "z\n" int)', {"a;b": "x'y <b> z\n"}),
}  # fmt: skip


@READERS
@pytest.mark.parametrize("case", REPLAYED)
def test_a_script_is_replayed_in_order(case, native):
    text, expected = REPLAYED[case]
    design = read(text, native=native)
    assert shape(design) == expected
    assert design.problems == ()


TYPES = {
    "int": "integer", "int8": "bigint", "smallint": "smallint", "bigserial": "bigint", "real": "real",
    "float8": "double precision", "double precision": "double precision", "bool": "boolean",
    "varchar": "character varying", "varchar(20)": "character varying(20)", "text": "text",
    "character varying(3)": "character varying(3)", "char": "character(1)", "char(3)": "character(3)",
    "numeric": "numeric", "numeric(10)": "numeric(10,0)", "decimal(10, 2)": "numeric(10,2)",
    "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
    "timestamp(6) with time zone": "timestamp(6) with time zone", "time": "time without time zone",
    "date": "date", "jsonb": "jsonb", "uuid": "uuid", "int[]": "integer[]", "text[][]": "text[]",
    "varchar(3)[]": "character varying(3)[]", "pg_catalog.int4": "integer", "vector(20)": "vector(20)",
    "mood": "mood", "public.mood": "mood", "s.kind": "s.kind", '"Odd"': '"Odd"', "cash": "cash",
}  # fmt: skip


@READERS
@pytest.mark.parametrize("written", TYPES)
def test_types_are_spelled_as_the_engine_spells_them(written, native):
    before = "create type mood as enum ('a'); create domain cash as numeric(9,2) not null; create type s.kind as enum ('b');"
    design = read(
        f'{before} create domain "Odd" as text; create table a (x {written})', native=native
    )
    assert design.problems == ()
    assert design.entities[0].columns[0].type == TYPES[written]


FOREIGN_KEYS = [
    ("a_id int references a", "b_a_id_fkey", ("id",), True, True, ""),
    ("a_id int not null references a (id) on delete cascade", "b_a_id_fkey", ("id",), True, False, "cascade"),
    ("a_id int primary key references a on delete set null", "b_a_id_fkey", ("id",), False, False, "set null"),
    ("a_id int unique constraint f references a", "f", ("id",), False, True, ""),
    ("a_id int, foreign key (a_id) references a on update cascade on delete no action", "b_a_id_fkey", ("id",), True, True, ""),
    ("a_id int references public.a", "b_a_id_fkey", ("id",), True, True, ""),
]  # fmt: skip


@READERS
@pytest.mark.parametrize(
    ("column", "name", "referenced", "many", "optional", "on_delete"), FOREIGN_KEYS
)
def test_a_foreign_key_says_how_many_and_whether_any(
    column, name, referenced, many, optional, on_delete, native
):
    (relation,) = read(
        f"create table b ({column}); create table a (id int primary key)", native=native
    ).relations
    assert (relation.entity, relation.references, relation.columns) == ("b", "a", ("a_id",))
    assert (relation.name, relation.referenced_columns, relation.on_delete) == (
        name,
        referenced,
        on_delete,
    )
    assert (relation.many, relation.optional) == (many, optional)


NAMES = [
    ("create table a (x int references a, foreign key (x) references a)", ["a_x_fkey", "a_x_fkey1"]),
    ("create table a (x int check (x > 0), y int, check (x > y))", ["a_x_check", "a_check"]),
    ("create table a (x int unique, y int); create index on a (x, y); create index on a (lower(y))", ["a_x_key", "a_x_y_idx", "a_lower_idx"]),
    (f"create table {'t' * 60} ({'c' * 20} int unique)", ["t" * 38 + "_" + "c" * 20 + "_key"]),
    (f"create table {'t' * 70} ({'c' * 70} int unique)", ["t" * 29 + "_" + "c" * 29 + "_key"]),
    ('create table "tä" ("' + "é" * 40 + '" int unique)', ["tä_" + "é" * 27 + "_key"]),
]  # fmt: skip


@READERS
@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_unnamed_constraints_get_the_names_postgresql_gives(text, expected, native):
    design = read(text, native=native)
    (table,) = design.entities
    found = [one.name for one in (*table.indexes, *table.checks, *design.relations)]
    assert found == expected
    assert all(len(name.encode()) <= 63 for name in found)


@READERS
def test_every_element_knows_its_line(native):
    design = read(
        """\
        -- é a comment of a line

        create table a (
          id int primary key,
          name text
            default 'x;
        y',
          constraint c check (name <> ''),
          a_id int
            references a
        );

        create index i
          on a (name);
        """,
        native=native,
    )
    (table,) = design.entities
    assert (table.source.file, table.source.line, table.end) == ("s.sql", 3, 11)
    assert [column.source.line for column in table.columns] == [4, 5, 9]
    assert [one.source.line for one in table.checks] == [8]
    assert [one.source.line for one in table.indexes] == [13]
    assert [one.source.line for one in design.relations] == [10]


@READERS
def test_defaults_identity_comments_and_checks(native):
    design = read(
        """
        create table s.a (
          id serial, n bigint generated always as identity, x int default 1, y int generated always as (x + 1) stored,
          check (x > 0));
        alter table s.a alter x set default 2, alter column n drop identity;
        comment on table s.a is 'it''s';
        comment on column s.a.x is 'how <many>';
        create unique index i on s.a using btree (x) where x > 3;
        create index g on s.a using gin (x);
        """,
        native=native,
    )
    (table,) = design.entities
    plain = [
        Column(c.name, c.type, c.nullable, c.default, c.generated, c.comment) for c in table.columns
    ]
    assert plain == [
        Column("id", "integer", nullable=False, default="nextval('s.a_id_seq'::regclass)"),
        Column("n", "bigint", nullable=False),
        Column("x", "integer", default="2", comment="how <many>"),
        Column("y", "integer", default="x + 1", generated=True),
    ]
    assert table.comment == "it's"
    assert [Check(c.expression, c.columns, c.name) for c in table.checks] == [
        Check("x > 0", ("x",), "a_x_check")
    ]
    assert [Index(i.columns, i.name, i.unique, i.where, i.method) for i in table.indexes] == [
        Index(("x",), "i", unique=True, where="x > 3"),
        Index(("x",), "g", method="gin"),
    ]


@READERS
def test_kinds_parents_and_types(native):
    design = read(
        """
        create type mood as enum ('sad', 'ok');
        alter type mood add value 'happy' after 'sad';
        alter type mood rename value 'ok' to 'fine';
        create domain cash as numeric(10,2);
        create temp table t (x int);
        create materialized view m as select 1 as x;
        create table p (d date) partition by range (d);
        create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
        create foreign table f (x int) server far;
        """,
        native=native,
    )
    kinds = {one.name: (one.kind, one.parent, one.temporary) for one in design.entities}
    assert kinds == {
        "t": ("table", "", True),
        "m": ("materialized view", "", False),
        "p": ("table", "", False),
        "p1": ("partition", "p", False),
        "f": ("foreign table", "", False),
    }
    assert design.entity("p").partitioning == "by range (d)"
    assert design.entity("p1").partitioning == "for values from ('2020-01-01') to ('2021-01-01')"
    enum, domain = design.types
    assert (domain.name, domain.base) == ("cash", "numeric(10,2)")
    assert (enum.name, enum.values) == ("mood", ("sad", "happy", "fine"))
