"""What PostgreSQL says, at our line; and that its server harms nothing and leaves nothing behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from archnb.design.databases import postgres
from archnb.design.databases._server import server
from archnb.design.databases.base import Limit
from archnb.design.verify import verify_texts

pytestmark = pytest.mark.skipif(
    bool(postgres.DATABASE.missing()), reason=f"no PostgreSQL here: {postgres.DATABASE.missing()}"
)
SQL = Path(__file__).parents[4] / "shared" / "corpus" / "sql"


def prove(sql, **options):
    [verdict] = verify_texts({"s.sql": sql}, engine="postgres", **options)
    return verdict


CASES = [
    (
        "a good schema",
        "create table a (id bigint primary key);\ncreate table b (a bigint references a);",
        True, [], [],
    ),
    (
        "each problem at its line, in order, and the rest goes on",
        "create table a (\n  id bigint,\n  b nosuch\n);\ncreate tabel c ();\ncreate table d (id int);\nselect * from\n  d\n  where nope = 1;",
        False, [(3, 'type "nosuch" does not exist'), (5, 'syntax error at or near "tabel"'), (9, 'column "nope" does not exist')], [],
    ),
    (
        "in a transaction one statement undoes only itself",
        "begin;\ncreate table a (id int);\ncreate index on a (nope);\ninsert into a values (1);\nsavepoint x;\nselect 1/0;\nrollback to x;\ncommit;\nselect 1/count(*) from a;",
        False, [(3, 'column "nope" does not exist'), (6, "division by zero")], [],
    ),
    (
        "what is deferred is checked though there is no commit",
        "create table a (id int primary key);\ncreate table b (a int references a deferrable initially deferred);\nbegin;\ninsert into b values (1);",
        False, [(4, "violates foreign key constraint")], ["no COMMIT"],
    ),
    (
        "functions, quotes and psql's commands",
        "\\set x 1\ncreate function f() returns int language plpgsql as $$ begin return 1; end; $$;\n\\echo hi\nselect f();\ncreate function g() returns int begin atomic select 1; end;",
        True, [], [],
    ),
    (
        "roles and extensions that are not there",
        'create extension "uuid-ossp";\ncreate table a (id uuid default uuid_generate_v4());\nalter table a owner to shop;\ngrant select on a to reader, "Wri""ter";\ncomment on extension "uuid-ossp" is \'x\';',
        True, [], ["role shop", "extension uuid-ossp"],
    ),
    (
        "an extension that nothing stands in for decides nothing",
        "create extension postgis;\ncreate table a (place geometry(point, 4326));\ncreate index on a (place);",
        None, [(2, 'type "geometry" does not exist'), (3, 'relation "a" does not exist')], ["extension postgis"],
    ),
    (
        "and yet a syntax error stays one",
        "create extension postgis;\ncreate tabel a ();",
        False, [(2, "syntax error")], ["extension postgis"],
    ),
    (
        "an extension for superusers only that is harmless",
        "create schema other;\ncreate extension vector;\ncreate table a (v vector(3));\ndrop extension if exists vector;",
        True, [], [],
    ),
    (
        "COPY brings no rows, so no rows are checked",
        "create table p (id int primary key);\ncreate table a (p int references p);\ncopy p (id) from stdin;\n1\n\\.\ninsert into a values (1);\nalter table a add column q int;",
        True, [], ["rows are not checked"],
    ),
    ("a column that COPY names", "create table p (id int);\ncopy p (nope) from stdin;\n1\n\\.\n", False, [(2, 'column "nope"')], ["rows"]),
    ("a database of its own", "create database shop;\n\\c shop\ncreate table a (id int);", True, [], ["only one"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sql", "ok", "problems", "notes"), CASES, ids=[case[0] for case in CASES]
)
def test_words_and_lines(name, sql, ok, problems, notes):
    verdict = prove(sql)
    assert verdict.ok is ok, verdict
    assert [problem.source.line for problem in verdict.problems] == [line for line, _ in problems]
    for problem, (_, words) in zip(verdict.problems, problems, strict=True):
        assert words in problem.message
    assert len(verdict.notes) == len(notes) + (name == CASES[5][0]) * 2  # three roles
    for words in notes:
        assert any(words in note for note in verdict.notes)


HOSTILE = """
copy (select 1) to program 'touch {folder}/program';
copy (select 1) to '{folder}/file';
create table secrets (line text);
copy secrets from '/etc/passwd';
copy secrets from program 'id';
alter role postgres superuser;
alter role archnb_superuser login password 'x';
create role a superuser;
create role b in role pg_execute_server_program;
grant pg_execute_server_program, pg_read_server_files to postgres;
set role archnb_superuser;
set session authorization archnb_superuser;
create extension dblink;
create extension file_fdw;
create extension plpython3u;
create function f(text) returns int language c as 'libc', 'system';
create subscription s connection 'host=127.0.0.1 dbname=x' publication p;
alter system set archive_command = 'touch {folder}/archive';
create tablespace t location '{folder}';
select pg_read_file('/etc/passwd');
select lo_export(lo_from_bytea(0, 'x'), '{folder}/large');
"""


def test_a_script_reaches_nothing_outside(tmp_path):
    tmp_path.chmod(0o777)
    verdict = prove(HOSTILE.format(folder=tmp_path))
    assert "1 statement accepted" in verdict.checked  # the table
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select pg_sleep(1000);", "time limit"),
        ("do $$ begin loop end loop; end $$;", "time limit"),
        ("select pg_terminate_backend(pg_backend_pid());", "the engine ended"),
    ],
)
def test_limits(sql, reason):
    verdict = prove(
        f"create table a (id int);\n{sql}",
        limit=Limit(8.0),
    )
    assert verdict.ok is None
    assert reason in verdict.reason


def folders():
    return {
        path.name for path in Path(tempfile.gettempdir()).glob("archnb-proof-*") if path.is_dir()
    }


def test_the_server_is_private_and_goes(tmp_path):
    with server(Limit()) as running:
        folder = running.socket.parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_uid != 0
        text = (folder / "data" / "postmaster.pid").read_text().splitlines()
        assert text[5] == ""  # it listens on no address
        process = int(text[0])
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_stopped_from_outside():
    limit = Limit()
    threading.Timer(2.0, limit.stop.set).start()
    before = folders()
    verdict = prove("select pg_sleep(1000);", limit=limit)
    assert (verdict.ok, verdict.reason) == (None, "stopped")
    assert folders() <= before


def test_killed_from_outside(tmp_path):
    """A killed kernel takes its server along."""
    code = (
        "import json, sys, time\n"
        "from archnb.design.databases._server import server\n"
        "from archnb.design.databases.base import Limit\n"
        "with server(Limit()) as running:\n"
        "    folder = running.socket.parent\n"
        "    pid = (folder / 'data' / 'postmaster.pid').read_text().splitlines()[0]\n"
        "    print(json.dumps([str(folder), int(pid)]), flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        folder, pid = json.loads(process.stdout.readline())
        assert Path(folder).exists()
        process.send_signal(signal.SIGKILL)
    for _ in range(200):
        if not Path(folder).exists():
            break
        time.sleep(0.1)
    assert not Path(folder).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_event_loop_goes_on():
    async def both():
        proof = asyncio.create_task(asyncio.to_thread(prove, "create table a (id int);"))
        beats = 0
        while not proof.done():
            await asyncio.sleep(0.01)
            beats += 1
        return (await proof).ok, beats

    ok, beats = asyncio.run(both())
    assert ok
    assert beats > 10


@pytest.mark.skipif(not SQL.exists(), reason="the shared corpus is not beside the project")
@pytest.mark.parametrize(
    ("name", "beyond"),
    [
        ("chinook_pg", 0),
        ("pagila", 0),
        ("gisia_gitlab", 0),
        ("roundcube_postgres", 0),
        ("sakila_postgres", 0),
        ("adventureworks_pg", 1),  # the key that rows of the script broke: here it has none
    ],
)
def test_real_schemas_are_accepted(name, beyond):
    file = SQL / f"{name}.sql"
    [verdict] = verify_texts({file.name: file.read_text()}, engine="auto")
    truth = json.loads((SQL / "truth_postgresql.json").read_text())[name]
    tables, keys = len(truth["tables"]), len(truth["foreign_keys"]) + beyond
    assert verdict.ok, verdict.problems
    assert verdict.checked.endswith(f": {tables} tables, {keys} foreign keys")
