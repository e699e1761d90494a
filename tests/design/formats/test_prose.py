"""Sentences become designs; what is not understood is said, never guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from archnb.design.formats.prose import FORMAT

GROUPS = ("entities", "relations", "types", "services", "flows", "events", "problems")
CASES = yaml.safe_load(Path(__file__).with_name("prose_cases.yaml").read_text("utf-8"))
DOMAIN, RUNNING = {"entities", "relations", "types"}, {"services", "flows", "events"}


def shown(design):
    """The design in the short notation of the cases."""

    def column(entity, col):
        unique = any(index.unique and index.columns == (col.name,) for index in entity.indexes)
        marks = "*" * (col.name in entity.key) + "!" * (not col.nullable) + "~" * unique
        return " ".join(filter(None, (col.name, col.type, marks)))

    return {
        "entities": {e.name: ", ".join(column(e, c) for c in e.columns) for e in design.entities},
        "relations": [
            " ".join(
                filter(
                    None,
                    (
                        f"{r.entity} -> {r.references}",
                        r.label,
                        "" if r.many else "one",
                        "optional" * r.optional,
                        "required" * r.required_child,
                    ),
                )
            )
            for r in design.relations
        ],
        "types": [f"{t.name}: {' '.join(t.values)}" for t in design.types],
        "services": [f"{s.name} {s.kind} {s.technology}".strip() for s in design.services],
        "flows": [f"{f.origin} -> {f.target} {f.style} {f.label}".strip() for f in design.flows],
        "events": [
            " ".join(filter(None, (e.name, *e.publishers, ">", *e.consumers, "@", e.channel)))
            for e in design.domain_events
        ],
        "problems": [
            f"{p.source.line}: {p.message.removeprefix('not understood: ')}"
            for p in design.problems
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:50])
def test_sentences(case):
    found = shown(FORMAT.read(case["text"], "cell"))
    assert found["problems"] == case.get("problems", [])
    for side in (DOMAIN, RUNNING):
        named = side & case.keys()
        for group in named:
            assert found[group] == case[group], group
        if not named:
            assert not any(found[group] for group in side)


def test_there_are_enough_cases():
    assert len(CASES) >= 60


def test_every_element_knows_its_line():
    design = FORMAT.read("\nA customer has an email.\n\nOrders calls\nPayments.", "notes.md")
    assert [str(entity.source) for entity in design.entities] == ["notes.md:2"]
    assert [str(flow.source) for flow in design.flows] == ["notes.md:4"]


def test_concepts_are_marked_as_such():
    design = FORMAT.read("A customer places many orders.", "")
    assert {entity.kind for entity in design.entities} == {"concept"}


def test_recognised_only_where_a_sentence_is_understood():
    assert 0 < FORMAT.recognise("notes.txt", "Hello. A customer places many orders.") < 0.5
    assert FORMAT.recognise("notes.txt", "Review the schema, please.") == 0
    assert FORMAT.recognise("x", "") == 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("A customer%d places many orders.\n", 10_000),
        ("nothing %d to see here\n", 10_000),
        ("- id%d\n", 10_000),
        ("A has b and c%d has d, \n\n", 1000),
        ("(" * 300 + "%d\n", 1000),
    ],
)
def test_long_texts(text, count):
    design = FORMAT.read("".join(text % number for number in range(count)), "")
    assert max(len(design.problems), len(design.entities)) >= count / 2


def test_one_endless_line():
    assert len(FORMAT.read("a b " * 200_000, "").problems) == 1
