"""The command line: its JSON, its exit codes, and one sentence for what cannot be done."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from archnb.cli import main
from archnb.execution import sandbox

ROOT = Path(__file__).parents[1]
SHOP = ROOT / "notebooks" / "shop"
CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.fixture
def archnb(capsys):
    """Run a command in this process; gives (exit code, stdout, stderr)."""

    def run(*words):
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return stopped.value.code, out, err

    return run


def test_read_json_has_the_promised_shape(archnb):
    code, out, _ = archnb("read", SHOP, "--json")
    read = json.loads(out)
    assert code == 0
    assert list(read) == [
        "tables", "columns", "foreign_keys", "indexes", "services", "flows", "endpoints", "events", "problems",
    ]  # fmt: skip
    assert {"schema": "sales", "name": "sales.orders"} in read["tables"]
    assert {"table": "sales.orders", "name": "id", "type": "bigint", "nullable": False} in read[
        "columns"
    ]
    key = next(
        key
        for key in read["foreign_keys"]
        if key["table"] == "sales.reviews" and key["columns"] == ["customer_id"]
    )
    assert key == {
        "table": "sales.reviews", "columns": ["customer_id"], "references": "sales.customers",
        "name": "reviews_customer_id_fkey",
    }  # fmt: skip
    assert {"name": "gateway", "kind": "gateway"} in read["services"]
    assert set(read["flows"][0]) == {"source", "target", "style", "label", "inferred"}
    assert read["problems"] == []


def test_lint_json_and_the_level_that_fails(archnb):
    code, out, _ = archnb("lint", SHOP, "--json")
    rows = json.loads(out)
    assert code == 1
    assert set(rows[0]) == {
        "code",
        "severity",
        "file",
        "line",
        "where",
        "message",
        "advice",
        "fixable",
    }
    assert archnb("lint", SHOP, "--fail-on", "never")[0] == 0
    assert archnb("lint", SHOP, "--select", "DB001")[0] == 0
    assert archnb("lint", SHOP, "--select", "DB001", "--fail-on", "warning")[0] == 1


def test_draw_writes_the_file_that_its_name_says(archnb, tmp_path):
    for suffix, start in ((".svg", b"<svg"), (".png", b"\x89PNG"), (".dot", b"digraph")):
        target = tmp_path / f"x{suffix}"
        assert archnb("draw", "erd", SHOP / "db/schema.sql", "-o", target)[0] == 0
        assert start in target.read_bytes()[:200]
    code, out, _ = archnb("draw", "services", SHOP / "compose.yaml")
    assert (code, "gateway" in out) == (0, True)


def test_agents(archnb, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, out, _ = archnb("agents", "--json")
    assert (code, [row["name"] for row in json.loads(out)]) == (0, ["backend-architect"])
    code, out, _ = archnb("agents", "check", ROOT / "agents/backend-architect.md")
    assert (code, "git log*" in out) == (0, True)


def test_doctor(archnb):
    code, out, _ = archnb("doctor", "--json")
    rows = {row["what"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["diagrams"]["ok"]
    current = sandbox.current()
    rung = f" ({current.rung})" if current.limits() else ""
    assert rows["sandbox"]["says"] == current.label("workspace") + rung
    assert rows["sandbox"]["ok"] is current.limits()


def test_ask_offline_denies_with_nobody_there(archnb, monkeypatch, tmp_path):
    for name in (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_PROFILE",
        "ARCHNB_MODEL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: SIM115, PTH123
    code, out, _ = archnb("ask", "run: touch made")
    sys.stdin.close()
    assert code == 0
    assert "denied by nobody: unattended" in out
    assert not (tmp_path / "made").exists()


CANNOT = [
    (["read", "missing.sql"], "missing.sql does not exist"),
    (["draw", "erd"], "the following arguments are required"),
    (["dance"], "invalid choice"),
    (["lint", "x.bin"], "binary"),
    (["run", "missing.ipynb"], "missing.ipynb does not exist"),
    (["run", "broken.ipynb"], "is not a notebook"),
    (["run", "broken.ipynb", "--approve", "edit"], "PERMISSION:PATTERN"),
    (["run", "broken.ipynb", "--approve", "bash+netwrk:ls"], "names no access"),
    (["agents", "check", "nobody.md"], "cannot be read"),
    (["draw", "erd", "plain.txt"], "no format"),
    (["lint", "ok.sql", "--select", "XX999"], "XX999"),
]


@pytest.mark.parametrize(("words", "says"), CANNOT)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    archnb, monkeypatch, tmp_path, words, says
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.bin").write_bytes(b"\0\1\2")
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "plain.txt").write_text("qwertz 12345")
    (tmp_path / "ok.sql").write_text("create table t (id int primary key);")
    code, _, err = archnb(*words)
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 2


def test_it_starts_as_a_program_and_imports_nothing_heavy():
    program = "import sys, archnb, archnb.cli; print(sorted({'anthropic', 'IPython', 'sqlglot', 'postgast', 'yaml'} & set(sys.modules)))"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == "[]"


TRUTH = {
    "pagila": (71, 37),
    "chinook_pg": (11, 11),
    "northwind": (14, 13),
    "musicbrainz_all": (375, 762),
}


@pytest.mark.parametrize("name", TRUTH)
def test_the_shared_schemas_read_as_a_real_postgresql_has_them(archnb, name):
    if not CORPUS.exists():
        pytest.skip("../shared/corpus is not here")
    code, out, _ = archnb("read", CORPUS / "sql" / f"{name}.sql", "--json")
    read = json.loads(out)
    truth = json.loads((CORPUS / "sql" / "truth_postgresql.json").read_text())[name]
    assert code == 0
    assert (len(read["tables"]), len(read["foreign_keys"])) == TRUTH[name]
    inside = {table["name"].split(".")[-1] for table in read["tables"]}
    assert inside == {table[1] for table in truth["tables"]}
    columns = sorted(
        (c["table"].split(".")[-1], c["name"], c["type"], not c["nullable"])
        for c in read["columns"]
    )
    assert columns == sorted(tuple(column[1:]) for column in truth["columns"])
    keys = sorted(
        (k["table"].split(".")[-1], k["references"].split(".")[-1], k["name"], k["columns"])
        for k in read["foreign_keys"]
    )
    bare = [
        (key[0].split(".")[-1], key[1].split(".")[-1], key[2], key[3])
        for key in truth["foreign_keys"]
    ]
    assert keys == sorted(bare)


def test_a_file_that_could_not_be_read_is_no_clean_bill(archnb, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.sql").write_text("CREATE TABEL x (i int);")
    code, out, _ = archnb("lint", "bad.sql")
    assert (code, "not read: bad.sql:1" in out) == (2, True)
    code, out, err = archnb("lint", "bad.sql", "--json")
    assert (code, out.strip(), "not read: bad.sql:1" in err) == (2, "[]", True)
