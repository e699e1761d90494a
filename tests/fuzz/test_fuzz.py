"""A sample of the fuzzer's lines in every test run; the whole of it is ``python -m tests.fuzz``."""

from pathlib import Path

import pytest
from tests.fuzz import confined, oracles
from tests.fuzz.confined import Seen
from tests.fuzz.mutations import SEEDS

SAMPLE = 1_000  # lines of each chunk; three chunks take a few seconds
confinement = pytest.mark.skipif(not confined.available(), reason="bubblewrap does not work here")


@pytest.mark.parametrize("line", SEEDS)
def test_a_seed_is_allowed(line):
    assert oracles.rule_sets()[0].allows(line)


@confinement
@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_allowed_is_what_bash_builds_and_does_nothing(number):
    allowed, real, found = oracles.chunk(20, number, SAMPLE)
    assert [finding for _, finding in found] == []
    assert allowed > SAMPLE * 0.08
    assert real > 20


@confinement
def test_bash_is_seen_through():
    lines = ["git log 'a b' | wc -l", "true || ls", "echo $'\\x41", "ls >made", "cat *", "a\\ b c"]
    seen = confined.recorded(lines)
    assert seen[0].runs == [[("git", "log", "a b"), ("wc", "-l")]] or seen[0].runs == [
        [("wc", "-l"), ("git", "log", "a b")]
    ]
    assert seen[1].runs == [[("true",)], [("true",), ("ls",)]]
    assert "unexpected EOF" in seen[2].fault
    assert [one.made for one in seen] == [False, False, False, True, False, False]
    assert seen[4].spread is not None
    assert "--output=made" in seen[4].spread[0]
    assert seen[5].runs == [[("a b", "c")]]


WRONG = [
    ("ls 'a", Seen(fault="unexpected EOF"), "bash -n"),
    ("ls", Seen(runs=[[("ls",)]], made=True), "made a file"),
    ("ls a", Seen(runs=[[("ls", "b")]]), "other words"),
    ("ls; pwd", Seen(runs=[[("pwd",), ("ls",)]]), "other words"),
    ("ls; pwd", Seen(runs=[[("ls",)]]), "did not run"),
    (
        "sort x*",
        Seen(runs=[[("sort", "x*")]], spread=[("sort", "-o")]),
        "pattern becomes an option",
    ),
]


@pytest.mark.parametrize(("line", "seen", "kind"), WRONG)
def test_what_is_wrong_is_found(line, seen, kind):
    assert kind in {finding.kind for finding in oracles.judged_as_built(line, seen)}


@confinement
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("sort -o made a.txt", "changed a file"),
        ("find . -delete", "changed a file"),
        ("find . -name a.txt -exec canary +", ""),
        ("find . -name a.txt -exec canary {} +", "ran a program"),
        ("git -c core.pager=./canary -p log", ""),  # there is no terminal, so no pager either
        ("git diff --no-index /dev/null /outside/secret.txt", "printed what lies outside"),
        ("cat linked.txt", "printed what lies outside"),
        ("git log -p", ""),
    ],
)
def test_an_effect_is_found(line, kind, tmp_path: Path):
    template = confined.repository(tmp_path / "w")
    harmless = ["ls", "git status"]
    found = list(oracles.without_effect([*harmless, line, *harmless], template))
    assert {(one.kind, one.line) for one in found} == ({(kind, line)} if kind else set())
