"""Mixed text falls into the right pieces, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from archnb.design.text import passages

CASES = yaml.safe_load(Path(__file__).with_name("passages_cases.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_passages(case):
    found = passages(case["text"])
    assert [(p.kind, p.line) for p in found] == [(kind, line) for kind, line, _ in case["passages"]]
    for passage, (_, _, text) in zip(found, case["passages"], strict=True):
        if text is not None:
            assert passage.text == text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_passages_stand_where_they_say(case):
    lines = case["text"].replace("\r\n", "\n").split("\n")
    for passage in passages(case["text"]):
        for number, line in enumerate(passage.text.split("\n"), passage.line):
            assert line.strip() in lines[number - 1]


def test_there_are_enough_cases():
    assert len(CASES) >= 20


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (
            "A customer places many orders.\nCREATE TABLE a (id int);\nA → B\nfoo bar baz\n" * 2500,
            10_000,
        ),
        ("CREATE TABLE a (\n\n" * 5000, None),
        ("CREATE TABLE a ($x$\n" * 1000, None),
        ("name: x\n" * 10_000, 1),
        ("---\n" * 10_000, None),
        ("{\n" * 5000, None),
        ('{"a":' * 100_000, None),
        ("```\n" * 9999, 0),
        ("-- only comments\n" * 10_000, 1),
        ("( [ { ' \" ` $a$ /* \n" * 2000, None),
        ("x" * 3_000_000, 1),
        ("→" * 300_000, None),
        (" " * 5000 + "A → B", None),
    ],
    ids=range(13),
)
def test_long_and_hostile_texts_end(text, kinds):
    found = passages(text)
    assert kinds is None or len(found) == kinds
