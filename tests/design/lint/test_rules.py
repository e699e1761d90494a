"""How the rules are found, chosen, silenced, gathered and sorted; each on its own examples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archnb.design.elements import (
    Column,
    Design,
    Endpoint,
    Entity,
    Index,
    Relation,
    Response,
    Source,
)
from archnb.design.lint import lint, rules
from archnb.errors import ReadError

CODES = [rule.code for rule in rules()]


def test_codes_are_unique_and_every_rule_has_its_page():
    assert len(set(CODES)) == len(CODES) >= 14
    for rule in rules():
        assert rule.examples, rule.code
        for part in ("Mend:", "Source:", "Ignore:"):
            assert part in rule.page, (rule.code, part)


@pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(rule, each, id=rule.code) for rule in rules() for each in rule.examples],
)
def test_every_rule_on_its_own_examples(rule, example, read):
    for text, told in ((example.bad, True), (example.good, False)):
        design = read(text, example.file)
        assert not design.problems
        hits = lint(design, {example.file: text}, select=[rule.code])
        assert bool(hits) == told
        assert {(hit.code, hit.source.file) for hit in hits} <= {(rule.code, example.file)}
        for hit in hits:
            assert hit.source.line >= 1
            assert hit.message.endswith(".")
            if rule.fix:
                mended = read(hit.fix.apply(text), example.file)
                assert lint(mended, select=[rule.code]) == []


def some(count, *, of=8, file="a.sql"):
    """A design where ``count`` of the tables have no primary key."""
    return Design(
        entities=tuple(
            Entity(f"a{n}", (Column("id"),), () if n <= count else ("id",), source=Source(file, n))
            for n in range(1, of + 1)
        )
    )


@pytest.mark.parametrize(
    ("hits", "total", "findings"),
    [(4, 5, 4), (4, 8, 4), (5, 8, 1), (5, 10, 5), (8, 8, 1), (0, 8, 0)],
)
def test_a_rule_that_hits_most_speaks_once(hits, total, findings):
    assert len(lint(some(hits, of=total), select=["DB002"])) == findings
    assert len(lint(some(hits, of=total), select=["DB002"], collapse=False)) == hits


def test_a_collapsed_finding_counts_names_and_points():
    (finding,) = lint(some(7), select=["DB002"])
    assert finding.message == "7 of 8 tables have no primary key (a1, a2, a3, a4, a5, ...)."
    assert (finding.where, finding.source) == ("a1 and 6 more", Source("a.sql", 1))


def test_files_collapse_apart():
    hits = lint(some(8) | some(1, file="b.sql"), select=["DB002"])
    assert [(hit.source.file, hit.where) for hit in hits] == [
        ("a.sql", "a1 and 7 more"),
        ("b.sql", "a1"),
    ]


@pytest.mark.parametrize(("notes", "findings"), [(4, 6), (5, 3)])
def test_many_notes_are_gathered_beside_the_warnings(notes, findings):
    required, unique = (Column("id", nullable=False),), (Index(("id",), unique=True),)
    entities = tuple(
        replace(each, columns=required, indexes=unique) if n < notes else each
        for n, each in enumerate(some(notes + 2, of=30).entities)
    )
    hits = lint(Design(entities=entities), select=["DB002"])
    assert len(hits) == findings
    assert [hit.severity for hit in hits].count("warning") == 2


def test_a_collapsed_finding_mends_all_at_once():
    text = "".join(f"CREATE TABLE t{n} (t0_id int REFERENCES t0);\n" for n in range(6))
    entities = tuple(
        Entity(
            f"t{n}",
            tuple(Column(f"c{i}") for i in range(6)),
            source=Source("s.sql", n + 1),
            end=n + 1,
        )
        for n in range(6)
    )
    relations = tuple(
        Relation(f"t{n}", "t0", ("t0_id",), source=Source("s.sql", n + 1)) for n in range(6)
    )
    design = Design(entities=entities, relations=relations)
    (finding,) = lint(design, {"s.sql": text}, select=["DB001"])
    lines = finding.fix.apply(text).splitlines()
    assert lines[1::2] == [f"CREATE INDEX t{n}_t0_id_idx ON t{n} (t0_id);" for n in range(6)]
    assert lines[::2] == text.splitlines()


def test_select_and_ignore_take_codes_and_families():
    design = some(1)
    assert {hit.code for hit in lint(design)} == {"DB002"}
    assert lint(design, ignore=["DB"]) == []
    assert lint(design, select=["DB"], ignore=["DB002"]) == []
    assert lint(design, select=["API", "SEC"]) == []
    assert lint(design, select=[]) == []


@pytest.mark.parametrize("code", ["DB9", "XYZ", "", "db001"])
def test_a_code_that_names_no_rule_is_an_error(code):
    with pytest.raises(ReadError, match="No rule"):
        lint(Design(), select=[code])
    with pytest.raises(ReadError, match="No rule"):
        lint(Design(), ignore=[code])


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("create -- archnb: ignore DB002 a log", 1, False),
        ("create # archnb: ignore DB001, DB002", 1, False),
        ("create -- archnb: ignore DB0021", 1, True),
        ("create -- archnb ignore DB002", 1, True),
        ("  # archnb: ignore DB002\ncreate", 2, False),
        ("-- archnb: ignore DB002 because\r\ncreate\r\n", 2, False),
        ("drop -- archnb: ignore DB002\ncreate", 2, True),
        ("-- archnb: ignore DB002\n\ncreate", 3, True),
        ("create\n-- archnb: ignore DB002", 1, True),
        ("-- archnb: ignore DB002", 9, True),
    ],
)
def test_a_comment_silences_its_line_or_the_one_below(text, line, told):
    table = replace(some(1).entities[0], source=Source("a.sql", line))
    assert bool(lint(Design(entities=(table,)), {"a.sql": text})) == told


def test_findings_come_by_file_line_and_code():
    late = Endpoint(
        "GET", "/a", responses=(Response("200"),), secured=False, source=Source("a.yaml", 40)
    )
    first = replace(late, source=Source("a.yaml", 9))
    second = replace(late, source=Source("Z.yaml", 50))
    hits = lint(Design(endpoints=(late, first, second)))
    assert [(hit.source.file, hit.source.line, hit.code) for hit in hits] == sorted(
        (hit.source.file, hit.source.line, hit.code) for hit in hits
    )
    assert len(hits) == 5


def test_an_empty_design_has_no_faults():
    assert lint(Design()) == []
