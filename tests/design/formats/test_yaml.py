"""YAML and JSON into plain values: lines kept, numbers as written, hostile documents refused."""

from __future__ import annotations

import pytest

from archnb.design.formats._values import dig, line_of, text_of
from archnb.design.formats._yaml import read_documents
from archnb.errors import ReadError


def root(text: str, file: str = "a.yaml"):
    documents, problems = read_documents(text, file)
    assert not problems
    return documents[0].root


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1.10", {"a": "1.10"}),
        ("a: 0755", {"a": "0755"}),
        ("a: 22:22", {"a": "22:22"}),
        ("a: yes", {"a": "yes"}),
        ("a: 2026-11-22", {"a": "2026-11-22"}),
        ("a: true\nb: False\nc: 'true'", {"a": True, "b": False, "c": "true"}),
        ("a:\nb: ~\nc: ''\nd: null", {"a": None, "b": None, "c": "", "d": None}),
        ("404: x\ntrue: y\nnull: z", {"404": "x", "true": "y", "null": "z"}),
        ("a: !reset null\nb: !custom x", {"a": None, "b": "x"}),
        ("a: !!python/object/apply:os.system [ls]", {"a": ["ls"]}),
        ("- 1\n- [a, {b: c}]", ["1", ["a", {"b": "c"}]]),
        ("a: &x [1]\nb: *x", {"a": ["1"], "b": ["1"]}),
        (
            "b: &b {k: 1, j: 2}\nc: {<<: *b, k: 3}",
            {"b": {"k": "1", "j": "2"}, "c": {"k": "3", "j": "2"}},
        ),
        ("x: {<<: [{a: 1}, {a: 2, b: 2}]}", {"x": {"a": "1", "b": "2"}}),
        ('{"a": 1.10, "b": [true, null, "x"]}', {"a": "1.10", "b": [True, None, "x"]}),
        ("{a: 1}", {"a": "1"}),
        ("\ufeffa: 1", {"a": "1"}),
        ('\ufeff{"a": 1}', {"a": "1"}),
    ],
)
def test_values(text, value):
    assert root(text) == value


def test_lines_of_keys_and_items():
    tree = root("# top\na:\n  - x\n  - b: 1\n    c:\n      d: 2\n")
    assert line_of(tree, "a") == 2
    assert [line_of(tree["a"], 0), line_of(tree["a"], 1)] == [3, 4]
    assert line_of(dig(tree["a"][1], "c"), "d") == 6
    assert line_of(tree, "missing", 7) == 7


def test_a_merged_key_keeps_the_line_it_was_written_on():
    tree = root("base: &b\n  k: 1\nuse:\n  <<: *b\n  j: 2\n")
    assert line_of(tree["use"], "k") == 2
    assert line_of(tree["use"], "j") == 5


@pytest.mark.parametrize("depth", [1, 2, 60])
def test_json_lines_as_deep_as_asked(depth):
    text = '{\n "a": {\n  "b": {\n   "c": 1}},\n "d": [\n  1,\n  2]\n}'
    (document,), problems = read_documents(text, "a.json", depth=depth)
    assert not problems
    assert document.root == {"a": {"b": {"c": "1"}}, "d": ["1", "2"]}
    assert line_of(document.root, "d") == 5
    assert line_of(document.root["a"], "b") == (3 if depth > 1 else 0)
    assert line_of(document.root["d"], 1) == (7 if depth > 1 else 0)


def test_several_documents_know_their_lines():
    documents, problems = read_documents("a: 1\n---\n# c\nb: 2\n---\n", "a.yaml")
    assert [document.root for document in documents] == [{"a": "1"}, {"b": "2"}, None]
    assert line_of(documents[1].root, "b") == 4
    assert not problems


def test_a_broken_document_costs_only_itself():
    documents, problems = read_documents(
        "a: 1\n---\nb: [1\n---\nc: 3\n---\nd: }\n---\ne: 5\n", "m.yaml"
    )
    assert [document.root for document in documents] == [{"a": "1"}, {"c": "3"}, {"e": "5"}]
    assert line_of(documents[2].root, "e") == 9
    assert [problem.source.line for problem in problems] == [4, 7]
    assert all("not valid YAML" in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\na: 2\n", 2, "'a' stands twice"),
        ('{"a": 1,\n "a": 2}', 2, "'a' stands twice"),
        ("a: *nobody\n", 1, "stands for nothing"),
        ("a: &x\n  b: *x\n", 2, "stands for nothing"),
        ("? [a]\n: 1\nb: 2\n", 1, "stands as a key"),
    ],
)
def test_problems_that_cost_nothing_else(text, line, says):
    documents, problems = read_documents(text, "f.yaml")
    assert isinstance(documents[0].root, dict)
    assert [(problem.source.file, problem.source.line) for problem in problems] == [
        ("f.yaml", line)
    ]
    assert says in problems[0].message


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "file", "says"),
    [
        ("a: [1\nb: 2", "f.yaml", "f.yaml:"),
        ("a:\n\t- b", "f.yaml", "f.yaml:2"),
        ("a: b: c", "f.yaml", "f.yaml:1"),
        (
            "a: 1\nb: \x07",
            "f.yaml",
            r"f.yaml:2: this is not valid YAML (the control character '\x07')",
        ),
        ("a: \x00", "f.yaml", "f.yaml:1"),
        (LAUGHS, "f.yaml", "stand for more than 1,000,000 values"),
        ("[" * 5000 + "]" * 5000, "f.yaml", "levels deep"),
        ("- " * 5000 + "x", "f.yaml", "levels deep"),
        ("[" * 5000 + "]" * 5000, "f.json", "nested too deep"),
        ('{"a": 1\n "b": 2}', "f.json", "f.json:2: this is not valid JSON"),
        ('{"a": 1,}', "f.json", "f.json:1"),
        ('{"a": "\x01"}', "f.json", "f.json:1"),
        ('{"a": 1} x', "f.json", "Extra data"),
        ('{"a": [1, 2', "f.json", "f.json:1"),
        ("[1 2]", "f.json", "f.json:1"),
        ("{'a': 1}", "f.json", "a property name"),
        ("a: [", "", "line 1: this is not"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text, file, says):
    with pytest.raises(ReadError) as caught:
        read_documents(text, file)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_template_is_told_from_a_slip():
    with pytest.raises(ReadError) as caught:
        read_documents("a: {{ .Values.x }}\nb: {{- if y }}\n", "t.yaml")
    assert "template" in caught.value.hint


def test_lone_surrogates_and_emptiness_are_survived():
    assert root("a: \ud800") == {"a": "\ufffd"}
    assert read_documents("", "e.yaml") == ([], [])
    assert read_documents("# only words\n", "e.yaml") == ([], [])


@pytest.mark.parametrize(("value", "text"), [("x", "x"), (True, "true"), (None, ""), (["a"], "")])
def test_text_of(value, text):
    assert text_of(value) == text
