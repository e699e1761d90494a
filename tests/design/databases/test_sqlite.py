"""What SQLite says, at our line, and that a script stays in memory."""

import pytest

from archnb.design.databases.base import Limit
from archnb.design.verify import verify_texts

CASES = [
    ("a good schema", "create table a (id integer primary key);\ncreate index i on a (id);", True, []),
    ("a typo", "create table a (id int);\n\ncreate tabel b (id int);", False, [(3, 'near "tabel"')]),
    ("a typo further down", "create table a (\n  id int,\n  b int not nul\n);", False, [(3, 'near "nul"')]),
    ("no such column", "create table a (id int);\ncreate index i on a (\n nope);", False, [(2, "no such column: nope")]),
    ("a key into nothing", "create table o (id int);\ncreate table a (b int references nix (id));", False, [(2, "no such table: main.nix")]),
    ("a key to no key", "create table b (id int);\ncreate table a (b int references b (id));", False, [(1, "mismatch"), (2, "mismatch")]),
    ("a view of nothing", "create table a (id int);\ncreate view v as select nope from a;", False, [(2, "no such column: nope")]),
    ("a trigger into nothing", "create table a (id int);\ncreate trigger t after insert on a begin\n insert into gone values (1);\nend;", False, [(1, "no such table: main.gone")]),
    ("a row without its parent", "pragma foreign_keys=off;\ncreate table p (id integer primary key);\ncreate table c (p int references p);\ninsert into c values (7);", False, [(3, "1 row without its p")]),
    ("a row against its check", "create table a (n int check (n > 0));\ninsert into a values (0);", False, [(2, "CHECK constraint failed")]),
    ("keys in a circle", "create table a (id integer primary key, b int references b);\ncreate table b (id integer primary key, a int references a);", True, []),
    ("a transaction", "begin;\ncreate table a (id int);\ninsert into a values (1);\ncommit;", True, []),
    ("full text", "create table t (id integer primary key);\ncreate virtual table f using fts5 (words);", True, []),
    ("a quote without an end", "create table a (n text default 'x);", False, [(1, "unrecognized token")]),
    ("nothing", "-- only words\n", None, []),
]  # fmt: skip


def prove(sql, **options):
    [verdict] = verify_texts({"s.sql": sql}, engine="sqlite", **options)
    return verdict


@pytest.mark.parametrize(("name", "sql", "ok", "problems"), CASES, ids=[case[0] for case in CASES])
def test_words_and_lines(name, sql, ok, problems):
    verdict = prove(sql)
    assert verdict.ok is ok, verdict
    assert [problem.source.line for problem in verdict.problems] == [line for line, _ in problems]
    for problem, (_, words) in zip(verdict.problems, problems, strict=True):
        assert words in problem.message


@pytest.mark.parametrize(
    "sql",
    [
        "attach '{file}' as x;",
        "vacuum into '{file}';",
        "select load_extension('{file}');",
        "select writefile('{file}', 'x');",
        "create table a (id int);\nattach '{file}' as x;\ncreate table x.a (id int);",
        "pragma temp_store_directory='{folder}';",
        "pragma journal_mode=wal;",
    ],
)
def test_nothing_leaves_the_memory(sql, tmp_path):
    prove(sql.format(file=tmp_path / "out", folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_out_is_said():
    verdict = prove("create table a (id int);\nattach 'x' as y;")
    assert verdict.ok
    assert "1 statement accepted, 1 left out" in verdict.checked
    assert "s.sql:2" in verdict.notes[0]


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r;",
        "create table a (b); with recursive r as (select 1 union all select 1 from r) insert into a select zeroblob(100000) from r;",
    ],
    ids=["time", "memory"],
)
def test_limits(sql):
    verdict = prove(sql, limit=Limit(1.0))
    assert verdict.ok is not True


def test_counts():
    verdict = prove(
        "create table a (id integer primary key);\n"
        "create table b (id integer primary key, a int references a, c int references a);\n"
        "create virtual table f using fts5 (words);"
    )
    assert verdict.checked == "3 statements accepted: 3 tables, 2 foreign keys"
