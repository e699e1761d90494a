"""Fixes as exact edits: where they go, that they are found once, that they join."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archnb.design.elements import Column, Design, Edit, Entity, Port, Relation, Service, Source
from archnb.design.lint import edits, lint
from archnb.errors import ReadError


@pytest.mark.parametrize(
    ("edit", "text", "expected"),
    [
        (Edit("f", "b", "B"), "abc", "aBc"),
        (Edit("f", "", "new"), "", "new"),
        (Edit("f", "b\r\n", ""), "a\r\nb\r\nc", "a\r\nc"),
    ],
)
def test_apply(edit, text, expected):
    assert edit.apply(text) == expected


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (Edit("f", "b", "B"), "ac"),
        (Edit("f", "b", "B"), "abcb"),
        (Edit("f", "aa", "B"), "aaa"),
        (Edit("f", "", "new"), "old"),
    ],
)
def test_apply_refuses_what_is_not_there_exactly_once(edit, text):
    with pytest.raises(ReadError):
        edit.apply(text)


ENTITIES = (
    Entity("a", (Column("id", "bigint"),), key=("id",), source=Source("s.sql", 1), end=1),
    Entity("b", (Column("id"), Column("a_id")), key=("id",), source=Source("s.sql", 2), end=4),
)
INLINE = Relation("b", "a", ("a_id",), source=Source("s.sql", 3))
INDEX = "CREATE INDEX b_a_id_idx ON b (a_id);"


def fixed(text, relation=INLINE, entities=ENTITIES):
    design = Design(entities=entities, relations=(relation,))
    (finding,) = lint(design, {"s.sql": text}, select=["DB001"])
    return finding.fix.apply(text) if finding.fix else None


A = "CREATE TABLE a (id bigint);\n"
B = "CREATE TABLE b (id int,\n a_id int REFERENCES a\n)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{A}{B};\n-- end\n", f"{A}{B};\n{INDEX}\n-- end\n"),
        (f"{A}{B};", f"{A}{B};\n{INDEX}"),
        (f"{A}{B}", f"{A}{B};\n{INDEX}"),
        (f"{A}{B}\n\n", f"{A}{B};\n{INDEX}\n\n"),
        (f"{A}{B} -- open\n", None),
        (f"{A}{B}\n;\nSELECT 1;", f"{A}{B}\n;\n{INDEX}\nSELECT 1;"),
        (f"{A}{B}; -- the b's\n", f"{A}{B}; -- the b's\n{INDEX}\n"),
        (f"{A}{B}; CREATE TABLE c (\n);", f"{A}{B};\n{INDEX}\n CREATE TABLE c (\n);"),
        (f"{A}{B} /* ; */ WITH (x=';');\n", f"{A}{B} /* ; */ WITH (x=';');\n{INDEX}\n"),
        (f"{A}{B};\n".replace("\n", "\r\n"), f"{A}{B};\n{INDEX}\n".replace("\n", "\r\n")),
    ],
)
def test_the_index_follows_the_table(text, expected):
    assert fixed(text) == expected


def test_a_line_that_begins_inside_a_name_misleads_nobody():
    text = f'{A}CREATE TABLE b (id int,\n a_id int REFERENCES a, "x\n;y" int);\nSELECT 1;'
    assert fixed(text) == text.replace('y" int);', f'y" int);\n{INDEX}')


def test_the_index_follows_the_alter_table():
    text = f"{A}{B};\nALTER TABLE b\n ADD CONSTRAINT x CHECK (a <> ';'),\n ADD FOREIGN KEY (a_id)\n;\nend"
    relation = replace(INLINE, source=Source("s.sql", 6))
    assert fixed(text, relation) == text.replace("\n;\nend", f"\n;\n{INDEX}\nend")


def test_the_anchor_grows_until_it_is_unique():
    text = f"{A}{B};\nCREATE TABLE c (\n)\n;\n{A}x\n)\n;\n".replace("\n);", "\n)\n;")
    assert fixed(text) == text.replace(f"{B}\n;", f"{B}\n;").replace(
        "a\n)\n;", f"a\n)\n;\n{INDEX}", 1
    )


def test_equal_text_all_over_is_replaced_whole():
    text = "x;\n" * 50
    edit = edits.change("f", text, 5, 5, "!")
    assert edit.apply(text) == text[:5] + "!" + text[5:]


def test_names_are_quoted_and_not_taken_twice():
    entities = (
        replace(ENTITIES[0]),
        replace(ENTITIES[1], schema="My Shop", columns=(Column("order"),)),
        Entity("b_order_idx", (Column("id"),), key=("id",), schema="My Shop"),
    )
    relation = replace(INLINE, entity="My Shop.b", columns=("order", 'a"\nb'))
    design = Design(entities=entities, relations=(relation,))
    (finding,) = lint(design, select=["DB001"])
    assert 'ON "My Shop".b ("order", "a""\nb");' in finding.advice
    plain = Design(entities=entities, relations=(replace(relation, columns=("order",)),))
    (finding,) = lint(plain, select=["DB001"])
    assert "CREATE INDEX b_order_idx1 ON" in finding.advice


def test_without_the_text_or_the_line_there_is_no_fix():
    for relation, texts in ((INLINE, {}), (replace(INLINE, source=Source("s.sql")), {"s.sql": A})):
        (finding,) = lint(Design(entities=ENTITIES, relations=(relation,)), texts, select=["DB001"])
        assert finding.fix is None


def test_edits_join_in_file_order_and_refuse_to_overlap():
    text = "one\ntwo\none\nthree\n"
    first = edits.change("f", text, 3, 3, "!")
    second = edits.change("f", text, 12, 17, "3")
    again = edits.change("f", text, 3, 3, "?")
    assert edits.joined([second, first, again], text).apply(text) == "one!?\ntwo\none\n3\n"
    assert edits.joined([second, edits.change("f", text, 13, 14, "x")], text) is None


@pytest.mark.parametrize(
    ("line", "port", "expected"),
    [
        ('- "5432:5432"', Port("5432", "5432"), '- "127.0.0.1:5432:5432"'),
        ("- 15432:5432  # db", Port("5432", "15432"), "- 127.0.0.1:15432:5432  # db"),
        ("- '0.0.0.0:5432:5432'", Port("5432", "5432", "0.0.0.0"), "- '127.0.0.1:5432:5432'"),
        (
            'ports: ["80:80", "5432:5432"]',
            Port("5432", "5432"),
            'ports: ["80:80", "127.0.0.1:5432:5432"]',
        ),
        ('- "${P}:5432"', Port("5432", "${P}"), '- "127.0.0.1:${P}:5432"'),
        ("- 5432:5432/tcp", Port("5432/tcp", "5432"), "- 127.0.0.1:5432:5432/tcp"),
        ("published: 5432", Port("5432", "5432"), None),
        ('- "10.0.0.7:5432:5432"', Port("5432", "5432", "10.0.0.7"), None),
    ],
)
def test_a_published_port_is_bound_to_this_machine(line, port, expected):
    text = f"services:\n  db:\r\n      {line}\r\n  other:"
    service = Service("db", "store", ports=(replace(port, source=Source("c.yaml", 3)),))
    (finding,) = lint(Design(services=(service,)), {"c.yaml": text}, select=["SEC002"])
    result = finding.fix.apply(text) if finding.fix else None
    assert result == (text.replace(line, expected) if expected else None)
