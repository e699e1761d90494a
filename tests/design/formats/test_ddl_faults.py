"""Broken and hostile scripts: what cannot be read is told with its line, and costs nothing else."""

import subprocess
import sys
import textwrap

import pytest

from archnb.design.formats import ddl
from archnb.errors import ReadError

READERS = pytest.mark.parametrize("native", [True, False], ids=["parser", "lexer"])


def read(text, *, native=True):
    return ddl.read(text, "s.sql", "postgres", native=native)


def shape(design):
    """Tables with the names of their columns and indexed columns."""
    return {
        table.name: " ".join(
            [one.name for one in table.columns]
            + [f"index({','.join(one.columns)})" for one in table.indexes]
        )
        for table in design.entities
    }


FAULTS = [
    ("create table a (x int,\n y in t);\ncreate table b (x int);", 2, 'at or near "in"'),
    ("create table a (x int\ncreate table b (x int);", 1, "syntax error"),
    ("creat table a (x int);\ncreate table b (x int);", 1, '"creat"'),
    ("create table z (x text default 'oops);\ncreate table b (x int);\n", 1, "quote"),
    ("create table a (x int) /* oops\n;\ncreate table b (x int);\n", 1, "comment"),
    ("create table b (x int);\n\nalter table nowhere add x int;", 3, "nowhere is not defined"),
    ("create table b (x int);\ncreate table b (y int);", 2, "b is already there (line 1)"),
    ("create table b (x int);\nalter table b drop column y;", 2, "b has no column y"),
    ("create table b (x int);\nalter table b inherit b;", 1, "b cannot inherit from b"),
    ("create table a (x int check (" + "(" * 5000 + "x" + ")" * 5000 + "));\ncreate table b (x int)", 1, "too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), FAULTS)
def test_one_bad_statement_is_told_and_costs_no_other(text, line, message):
    design = read(text)
    assert shape(design) == {"b": "x"}
    assert [(problem.source.file, problem.source.line) for problem in design.problems] == [
        ("s.sql", line)
    ]
    assert message in design.problems[0].message


@READERS
def test_a_forgotten_semicolon_costs_nothing(native):
    design = read(
        "create table a (x int)\ncreate table b (y int)\ncreate index on b (y)", native=native
    )
    assert shape(design) == {"a": "x", "b": "y index(y)"}
    assert [(one.source.line, "is missing" in one.message) for one in design.problems] == [
        (2, True),
        (3, True),
    ]


def test_expressions_too_deep_for_the_parser_are_read_by_the_lexer():
    design = read("create view v as select " + " || ".join(f"c{i}" for i in range(300)) + " as z")
    assert shape(design) == {"v": "z"}


HOSTILE = [
    "", ";", "\0", "\ud800", "create", "create table", "create table \0 (x int)", "create table a (", "'", '"', "$$", "/*",
    "\\", "\\copy x from stdin\n", "create table a (x int default \ud800)", "alter table", "comment on", "drop", "(" * 10000,
    "create schema s create", "create index on", "create table a (x int) partition by", "create type t as enum (",
]  # fmt: skip


@pytest.mark.parametrize("dialect", ddl.DIALECTS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_survived(text, dialect):
    for native in (True, False):
        assert ddl.read(text, "s.sql", dialect, native=native).relations == ()


def test_an_unknown_dialect_is_refused():
    with pytest.raises(ReadError, match="no SQL dialect called cobol"):
        ddl.read("create table a (x int)", "s.sql", "cobol")


def test_without_the_parser_the_lexer_reads_and_nothing_is_said():
    script = """
        import sys
        sys.modules["postgast"] = None
        from archnb.design.formats import ddl
        design = ddl.read("create table a (id serial primary key); create table b (a_id int references a);", "s.sql", "postgres")
        print([entity.name for entity in design.entities], design.relations[0].name)
        design = ddl.read("create table c (x int) nonsense", "s.sql", "mysql")
        assert "sqlglot" in sys.modules
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("['a', 'b'] b_a_id_fkey\n", "")


def test_reading_another_dialect_leaves_no_trace_in_the_log(caplog, capfd):
    ddl.read("alter table a frobnicate; create table b (x int); garbage in, out", "s.sql", "mysql")
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


SLOW = {
    "comments before a word": "create " + "/**/" * 5000 + "table a (x int);",
    "comments and no end": "create " + "/**/ " * 5000 + "x",
    "blank lines": "\n" * 100_000,
    "versioned comments": "/*!" * 20_000,
    "quotes": "create table a (x text default 'q\n" * 4_001,
    "open comments": "create table a (x /* \n" * 4_000,
    "endless routines": "create trigger x begin case a; \n" * 5000,
    "no semicolons": "create table a (x int)\n" * 1000,
    "definers": "create definer=x" + " " * 900 + "\n" * 900,
}


@pytest.mark.parametrize("dialect", [*ddl.DIALECTS, None])
@pytest.mark.parametrize("case", SLOW)
def test_no_text_takes_time_out_of_proportion(case, dialect):
    """A reader that goes back and forth would not come to an end here."""
    assert ddl.read(SLOW[case], "s.sql", dialect).relations == ()
