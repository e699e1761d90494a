"""The way in: files, folders, text; several files of one kind; what cannot be read."""

import pytest

import archnb
from archnb.errors import ReadError

WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - {name: web, image: web, env: [{name: ORDERS_URL, value: 'http://orders:80'}]}\n"
ORDERS = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders}\nspec:\n  selector: {matchLabels: {app: orders}}\n  template:\n    metadata: {labels: {app: orders}}\n    spec:\n      containers: [{name: orders, image: orders}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: orders}\nspec: {selector: {app: orders}}\n"


def test_kubernetes_objects_of_several_files_see_one_another(tmp_path):
    (tmp_path / "a.yaml").write_text(WEB)
    (tmp_path / "b.yaml").write_text(ORDERS)
    flows = [(flow.origin, flow.target) for flow in archnb.read(tmp_path).flows]
    assert flows == [("web", "orders")]


def test_a_folder_passes_over_what_is_no_design(tmp_path):
    (tmp_path / "s.sql").write_text("create table t (id int primary key);")
    (tmp_path / "notes.yaml").write_text("just: notes\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.sql").write_text("create table x (id int);")
    assert [entity.name for entity in archnb.read(tmp_path).entities] == ["t"]


def test_texts_and_files_are_joined(tmp_path):
    (tmp_path / "s.sql").write_text("create table t (id int primary key);")
    design = archnb.read(tmp_path / "s.sql", text="Web -> Orders")
    assert design.summary == "1 table, 2 services, 1 flow"


CANNOT = [
    ({"text": "hello there"}, "no format"),
    ({"text": "A -> B", "format": "klingon"}, "no format 'klingon'"),
    ({}, "nothing to read"),
]


@pytest.mark.parametrize(("given", "says"), CANNOT)
def test_what_cannot_be_read_says_so(given, says):
    with pytest.raises(ReadError, match=says):
        archnb.read(**given)


def test_an_empty_folder_says_so(tmp_path):
    (tmp_path / "a.yaml").write_text("x: 1")
    with pytest.raises(ReadError, match="holds a design"):
        archnb.read(tmp_path)


def test_the_front_door_draws_and_lints(tmp_path):
    (tmp_path / "s.sql").write_text("create table t (price float);")
    assert {"DB002", "DB004"} <= {finding.code for finding in archnb.lint(tmp_path / "s.sql")}
    drawing = archnb.draw(tmp_path / "s.sql")[0]
    drawing.save(tmp_path / "t.svg")
    assert "<svg" in (tmp_path / "t.svg").read_text()
