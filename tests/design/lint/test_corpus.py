"""Foreign keys without an index in real schemas, counted against a real PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archnb.design.lint import edits, lint

SQL = Path(__file__).parents[4] / "shared" / "corpus" / "sql"

pytestmark = pytest.mark.skipif(not SQL.is_dir(), reason="the corpus of real schemas is not here")


@pytest.mark.parametrize(
    ("name", "apart"),
    [
        ("chinook_pg", 0),
        ("northwind", 0),
        ("musicbrainz_all", 0),
        ("roundcube_postgres", 0),
        ("gisia_gitlab", 0),
        ("adventureworks_pg", 1),  # a key that the rows on that server broke
        ("pagila", -6),  # partitions, left out here
        ("sakila_postgres", -6),  # inherited children, left out here
    ],
)
def test_foreign_keys_without_index(name, apart, read):
    truth = json.loads((SQL / "truth_postgresql.json").read_text())[name]
    file = f"{name}.sql"
    text = (SQL / file).read_bytes().decode()
    hits = lint(read(text, file), {file: text}, select=["DB001"], collapse=False)
    assert len(hits) == truth["foreign_keys_without_index"] + apart
    if hits:
        mended = edits.joined([hit.fix for hit in hits], text).apply(text)
        assert lint(read(mended, file), select=["DB001"]) == []
