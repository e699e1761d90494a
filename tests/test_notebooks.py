"""Every notebook that ships is executed, to its end, with nobody there."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from archnb.session.execute import execute

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
KEYS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_PROFILE",
    "ARCHNB_MODEL",
    "ARCHNB_AGENT",
)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(NOTEBOOKS, tmp_path / "n")
    return tmp_path / "n"


def texts(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n".join(
        str(o.get("data", {}).get("text/plain", "")) for c in cells for o in c.get("outputs", [])
    )


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_unattended_every_ask_is_denied_and_nothing_changes(name, copy):
    before = {path: path.read_bytes() for path in (copy / "shop").rglob("*") if path.is_file()}
    done = execute(copy / name, say=lambda line: None)
    assert done.failed == ""
    assert "denied by nobody: unattended, asks are denied" in texts(done.notebook)
    assert "approved by" not in texts(done.notebook)
    assert {
        path: path.read_bytes() for path in (copy / "shop").rglob("*") if path.is_file()
    } == before


def test_the_policy_of_a_run_is_shown_and_kept_in_the_file(copy):
    said = []
    done = execute(copy / "quickstart.ipynb", html=True, approve=["edit:shop/*"], say=said.append)
    assert done.failed == ""
    assert "approve edit:shop/*; everything else is denied" in said[1]
    words = texts(done.notebook)
    assert "approved by the policy of this run (--approve 'edit:shop/*')" in words
    assert "denied by the policy of this run" in words
    assert "reviews_customer_id_idx" in (copy / "shop/db/schema.sql").read_text()
    assert (copy / "shop/db/returns.sql").exists()


def test_what_remains_needs_no_kernel_no_widget_and_no_script(copy):
    done = execute(
        copy / "quickstart.ipynb", html=True, approve=["edit:shop/*"], say=lambda line: None
    )
    notebook = nbformat.read(done.notebook, as_version=4)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    bundles = [
        output.data
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    for bundle in bundles:
        assert set(bundle) <= {"text/plain", "text/html", "image/svg+xml", "image/png"}, set(bundle)
        assert "<script" not in bundle.get("text/html", "")
        if "image/png" in bundle:
            assert "image/svg+xml" in bundle
            assert len(bundle["text/plain"]) > 100
    assert sum("image/png" in bundle for bundle in bundles) >= 5
    page = re.sub(r"</?span[^>]*>", "", done.html.read_text(encoding="utf-8"))
    for words in ("approved by the policy of this run", "DB001", "+CREATE INDEX"):
        assert words in page
    assert json.dumps(bundles).count("/home/") == 0


def test_a_failing_cell_is_said_and_the_rest_is_kept(copy):
    broken = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell("%load_ext archnb"), nbformat.v4.new_code_cell("%erd missing.sql"),
        nbformat.v4.new_code_cell("print('never')"),
    ])  # fmt: skip
    nbformat.write(broken, copy / "broken.ipynb")
    done = execute(copy / "broken.ipynb", say=lambda line: None)
    assert "missing.sql does not exist" in done.failed
    assert "backend-architect" in texts(done.notebook)
