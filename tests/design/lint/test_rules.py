"""How the rules are found, chosen, silenced, gathered and sorted; each on its own examples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archnb.design.elements import Column, Design, Endpoint, Entity, Relation, Response, Source
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


OPEN = Design(
    endpoints=tuple(
        Endpoint(
            "GET", f"/a{n}", responses=(Response("200"),), secured=True, source=Source("a.yaml", n)
        )
        for n in range(1, 9)
    )
)


def some(count, *, of=8):
    """A design where ``count`` of the operations promise success only."""
    good = Response("404")
    return Design(
        endpoints=tuple(
            replace(each, responses=(*each.responses, good)) if n >= count else each
            for n, each in enumerate(OPEN.endpoints[:of])
        )
    )


@pytest.mark.parametrize(
    ("hits", "total", "findings"), [(4, 5, 4), (4, 8, 4), (5, 8, 1), (8, 8, 1), (0, 8, 0)]
)
def test_a_rule_that_hits_most_speaks_once(hits, total, findings):
    assert len(lint(some(hits, of=total), select=["API010"])) == findings
    assert len(lint(some(hits, of=total), select=["API010"], collapse=False)) == hits


def test_a_collapsed_finding_counts_names_and_points():
    (finding,) = lint(some(7), select=["API010"])
    assert finding.message == (
        "7 of 8 operations promise success only (GET /a1, GET /a2, GET /a3, GET /a4, GET /a5, ...)."
    )
    assert (finding.where, finding.source) == ("GET /a1 and 6 more", Source("a.yaml", 1))


def test_files_collapse_apart():
    other = replace(some(1), endpoints=(replace(some(1).endpoints[0], source=Source("b.yaml", 3)),))
    assert [hit.source.file for hit in lint(some(8) | other, select=["API010"])] == [
        "a.yaml",
        "b.yaml",
    ]


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
    assert {hit.code for hit in lint(design)} == {"API010"}
    assert lint(design, ignore=["API"]) == []
    assert lint(design, select=["API"], ignore=["API010"]) == []
    assert lint(design, select=["DB", "SEC"]) == []
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
        ("get: # archnb: ignore API010 a probe", 1, False),
        ("get: # archnb: ignore DB001, API010", 1, False),
        ("get: # archnb: ignore API0101 a probe", 1, True),
        ("get: # archnb ignore API010", 1, True),
        ("  # archnb: ignore API010\nget:", 2, False),
        ("-- archnb: ignore API010 because\r\nget:\r\n", 2, False),
        ("put: # archnb: ignore API010\nget:", 2, True),
        ("# archnb: ignore API010\n\nget:", 3, True),
        ("get:\n# archnb: ignore API010", 1, True),
        ("# archnb: ignore API010", 9, True),
    ],
)
def test_a_comment_silences_its_line_or_the_one_below(text, line, told):
    endpoint = replace(OPEN.endpoints[0], source=Source("a.yaml", line))
    assert bool(lint(Design(endpoints=(endpoint,)), {"a.yaml": text})) == told


def test_findings_come_by_file_line_and_code():
    late = replace(OPEN.endpoints[0], secured=False, security=(), source=Source("a.yaml", 40))
    first = replace(late, source=Source("a.yaml", 9))
    second = replace(late, source=Source("Z.yaml", 50))
    hits = lint(Design(endpoints=(late, first, second)))
    assert [(hit.source.file, hit.source.line, hit.code) for hit in hits] == sorted(
        (hit.source.file, hit.source.line, hit.code) for hit in hits
    )
    assert len(hits) == 5


def test_an_empty_design_has_no_faults():
    assert lint(Design()) == []
