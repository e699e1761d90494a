"""What a person does: a real JupyterLab, a real Chromium, real clicks, and the file that remains."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..kernel.scripts import HEARD, bash, edit, script, write  # noqa: TID252  (no package)
from .lab import Lab, LabServer, expect, read_notebook, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCHEMA = (
    "CREATE TABLE customers (\n  id bigint PRIMARY KEY,\n  email text NOT NULL UNIQUE\n);\n\n"
    "CREATE TABLE orders (\n  id bigint PRIMARY KEY,\n"
    "  customer_id bigint NOT NULL REFERENCES customers (id)\n);\n"
)
LOAD = "%load_ext archnb"
FIX = "%%architect\nfix the missing index in @schema.sql"
GO = "%%architect\ngo on"
WIDGET = "application/vnd.jupyter.widget-view+json"
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
# Where to leave pictures for a person to look at; nothing is written without it.
PICTURES = os.environ.get("ARCHNB_PICTURES")


def picture(lab: Lab, name: str) -> None:
    if PICTURES:
        for theme in ("light", "dark"):
            lab.set_theme(theme)
            lab.page.wait_for_timeout(500)
            lab.screenshot(Path(PICTURES) / f"{name}-{theme}.png")
        lab.set_theme("light")


@pytest.fixture
def notebook(folder: Path) -> Any:
    """Write a notebook beside the schema; gives its path."""
    (folder / "schema.sql").write_text(SCHEMA, encoding="utf-8")

    def write(*cells: str) -> Path:
        return write_notebook(folder / "design.ipynb", LOAD, *cells)

    return write


def plain(cell: Any) -> str:
    return "\n".join(str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs)


def start(lab: Lab, notebook: Path) -> None:
    """Open, run all, and wait for the first card."""
    lab.open(notebook)
    lab.run_all()
    lab.page.get_by_role("button", name="Approve").first.wait_for(timeout=40_000)


def finish(lab: Lab) -> Any:
    """Wait for the end, save, and check what every saved notebook must hold."""
    lab.wait_until_done()
    saved = lab.save()
    bundles = [output.get("data", {}) for cell in saved.cells for output in cell.get("outputs", [])]
    assert not any(WIDGET in bundle for bundle in bundles)
    assert "widgets" not in saved.metadata
    assert not any(
        "text/markdown" in bundle or "application/javascript" in bundle for bundle in bundles
    )
    assert lab.errors == []
    assert lab.strangers == []
    return saved


def test_approve_an_edit_and_run_all_carries_on(lab: Lab, notebook: Any) -> None:
    path = notebook(FIX, "print('the next cell')")
    start(lab, path)
    assert lab.prompt(2) == "[*]:"
    expect(lab.cell(1).get_by_role("button", name="Approve", exact=True)).to_be_enabled()
    picture(lab, "card-edit")
    before = (path.parent / "schema.sql").read_text(encoding="utf-8")
    assert before == SCHEMA
    lab.click("Approve", cell=1)
    saved = finish(lab)
    picture(lab, "record-edit")
    after = (path.parent / "schema.sql").read_text(encoding="utf-8")
    assert "CREATE INDEX orders_customer_id_idx ON orders (customer_id);" in after
    record = plain(saved.cells[1])
    assert "approved by you on" in record
    assert "+CREATE INDEX" in record
    assert 'rule: edit "*": ask' in record
    assert lab.output(2) == "the next cell"


def test_deny_with_reason(lab: Lab, notebook: Any) -> None:
    path = notebook(FIX)
    start(lab, path)
    lab.click("Deny with reason…", cell=1)
    lab.cell(1).locator("textarea:visible").fill("wait for the release")
    lab.click("Deny and send reason", cell=1)
    saved = finish(lab)
    assert (path.parent / "schema.sql").read_text(encoding="utf-8") == SCHEMA
    assert "denied by you on" in plain(saved.cells[1])
    assert "reason: wait for the release" in plain(saved.cells[1])


def test_approve_edited(lab: Lab, notebook: Any) -> None:
    proposed = edit("schema.sql", "email text NOT NULL UNIQUE", "email text NOT NULL")
    path = notebook(script([proposed], ["done"]), GO, HEARD)
    start(lab, path)
    lab.click("Approve edited…", cell=2)
    field = lab.cell(2).locator("textarea:visible")
    expect(field).to_be_focused()
    expect(field).to_have_value(SCHEMA.replace(" UNIQUE", ""))
    wanted = SCHEMA.replace("text NOT NULL UNIQUE", "citext NOT NULL UNIQUE")
    field.fill(wanted)
    lab.wait_for_text(2, "citext NOT NULL UNIQUE")
    picture(lab, "card-edited")
    lab.click("Approve this text", cell=2)
    saved = finish(lab)
    assert (path.parent / "schema.sql").read_text(encoding="utf-8") == wanted
    record = plain(saved.cells[2])
    assert "approved with changes by you" in record
    assert "+  email citext NOT NULL UNIQUE" in record
    assert "The person changed your text before approving it" in lab.output(3)


def test_always_with_a_narrowed_pattern(lab: Lab, notebook: Any) -> None:
    commands = ["sort -u schema.sql", "sort -u -r schema.sql", "sort -o out.sql schema.sql"]
    path = notebook(script(*([bash(line)] for line in commands), ["done"]), GO)
    start(lab, path)
    lab.click("Always…", cell=2)
    field = lab.cell(2).locator("textarea:visible")
    expect(field).to_have_value(commands[0])
    remember = lab.cell(2).get_by_role("button", name="Approve for this session")
    field.fill("uniq *")
    lab.wait_for_text(2, "does not cover what is asked now")
    expect(remember).to_be_disabled()
    field.fill("sort -u *")
    lab.wait_for_text(2, "* stands for any text")
    picture(lab, "card-always")
    remember.click()
    lab.wait_for_text(2, "$ sort -o out.sql")
    assert lab.output(2).count("exit code 0") == 2  # the second one passed unasked
    lab.click("Deny", cell=2)
    saved = finish(lab)
    record = plain(saved.cells[2])
    assert "from now on, for this session: bash sort -u *" in record
    assert record.count("approved by you") == 1
    assert not (path.parent / "out.sql").exists()


def test_deny_with_reason_by_keyboard_reaches_the_model(lab: Lab, notebook: Any) -> None:
    path = notebook(script([write("a.txt", "a")], ["as you like"]), GO, HEARD)
    start(lab, path)
    approve = lab.cell(2).get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_enabled()
    approve.focus()
    keys = lab.page.keyboard
    for _ in range(3):  # past Approve edited… and Deny
        keys.press("Tab")
    keys.press("Enter")
    expect(lab.cell(2).locator("textarea:visible")).to_be_focused()
    keys.type("call it b.txt")
    keys.press("Tab")
    keys.press("Enter")
    saved = finish(lab)
    assert not (path.parent / "a.txt").exists()
    assert "reason: call it b.txt" in plain(saved.cells[2])
    assert "call it b.txt" in lab.output(3)


def test_three_cards_at_once_and_approve_all(lab: Lab, notebook: Any) -> None:
    calls = [*(write(f"{name}.txt", name) for name in "ab"), bash("touch c.txt")]
    path = notebook(script(calls, ["done"]), GO)
    start(lab, path)
    lab.wait_for_text(2, "3 of 3 waiting")
    together = lab.cell(2).get_by_role("button", name="Approve all (3)")
    expect(together).to_have_count(1)
    picture(lab, "cards-three")
    together.click()
    saved = finish(lab)
    assert sorted(made.name for made in path.parent.glob("*.txt")) == ["a.txt", "b.txt", "c.txt"]
    assert plain(saved.cells[2]).count("approved by you, 3 at once") == 3


def test_a_file_that_changed_while_the_card_waited(lab: Lab, notebook: Any) -> None:
    path = notebook(script([edit("schema.sql", "email text", "email citext")], ["done"]), GO)
    start(lab, path)
    schema = path.parent / "schema.sql"
    theirs = SCHEMA + "-- somebody else's line\n"
    schema.write_text(theirs.replace("  email", "  name text,\n  email"), encoding="utf-8")
    lab.click("Approve", cell=2)
    lab.wait_for_text(2, "Something changed while this waited")
    lab.wait_for_text(2, "name text,")
    assert "citext" not in schema.read_text(encoding="utf-8")
    picture(lab, "card-changed")
    lab.click("Approve", cell=2)
    finish(lab)
    after = schema.read_text(encoding="utf-8")
    assert "somebody else's line" in after
    assert "  name text,\n  email citext" in after


def test_a_card_in_a_hidden_tab_waits_there(lab: Lab, notebook: Any) -> None:
    path = notebook(
        "import archnb.notebook.approval as approval; approval.PATIENCE = 4",
        "import asyncio; await asyncio.sleep(3)",
        script([write("a.txt", "a")], ["done"]),
        GO,
    )
    lab.open(path)
    lab.run_all()
    lab.command("launcher:create")
    lab.page.wait_for_timeout(10_000)
    lab.command("docmanager:open", path=lab.server.path(path))
    lab.click("Approve", cell=4)
    finish(lab)
    assert (path.parent / "a.txt").exists()


def test_a_card_whose_kernel_was_restarted_is_dead_and_says_so(lab: Lab, notebook: Any) -> None:
    path = notebook(FIX)
    start(lab, path)
    lab.page.evaluate(RESTART)
    box = lab.cell(1).locator(".archnb-card")
    expect(box.get_by_role("button", name="Approve", exact=True)).to_be_hidden()
    said = box.evaluate("box => getComputedStyle(box, '::before').content")
    assert "This card is dead" in said


def test_approve_a_command_by_keyboard(lab: Lab, notebook: Any) -> None:
    path = notebook("%%architect\nrun: echo hello | tr a-z A-Z")
    start(lab, path)
    expect(lab.cell(1).get_by_role("button", name="Approve", exact=True)).to_be_enabled()
    picture(lab, "card-command")
    button = lab.cell(1).get_by_role("button", name="Approve", exact=True)
    expect(button).to_be_enabled()
    button.focus()
    lab.page.keyboard.press("Enter")
    saved = finish(lab)
    assert "HELLO" in plain(saved.cells[1])
    assert "exit code 0" in plain(saved.cells[1])
    assert "HELLO" in lab.output(1)


def test_run_all_across_two_cards(lab: Lab, notebook: Any) -> None:
    path = notebook(FIX, "print('between')", "%%architect\nrun: touch made", "print('last')")
    start(lab, path)
    lab.click("Approve", cell=1)
    lab.cell(3).get_by_role("button", name="Deny", exact=True).wait_for(timeout=20_000)
    assert lab.output(2) == "between"
    assert lab.prompt(4) == "[*]:"
    lab.cell(3).get_by_role("button", name="Deny", exact=True).click()
    finish(lab)
    assert lab.output(4) == "last"
    assert not (path.parent / "made").exists()


def test_interrupt_at_a_card(lab: Lab, notebook: Any) -> None:
    path = notebook(FIX, "print('not reached')")
    start(lab, path)
    lab.interrupt()
    lab.wait_for_text(1, "KeyboardInterrupt")
    lab.wait_until_done()
    assert "not decided: interrupted" in lab.output(1)
    assert lab.output(2) == ""
    assert (path.parent / "schema.sql").read_text(encoding="utf-8") == SCHEMA
    lab.run_cell(2)
    lab.wait_for_text(2, "not reached")


def test_a_saved_notebook_reads_the_same_with_no_kernel(
    lab: Lab, browser: Browser, lab_server: LabServer, notebook: Any
) -> None:
    path = notebook("%%architect\ndraw and review @schema.sql", FIX)
    start(lab, path)
    lab.click("Approve", cell=2)
    finish(lab)
    live = [lab.output(index) for index in (1, 2)]
    picture(lab, "live")
    lab.close()
    saved = read_notebook(path)
    drawn = [
        output.data for output in saved.cells[1].outputs if "image/png" in output.get("data", {})
    ]
    assert drawn
    assert all("image/svg+xml" in data and "customers" in data["text/plain"] for data in drawn)
    fresh = Lab(browser, lab_server)
    fresh.open(path, kernel=False)
    fresh.wait_for_text(2, "approved by you")
    assert [words(fresh.output(index)) for index in (1, 2)] == [words(text) for text in live]
    images = fresh.cell(1).locator("img")
    assert images.count() == len(drawn)
    assert images.first.evaluate("image => image.naturalWidth") > 300
    picture(fresh, "no-kernel")
    fresh.close()


def words(text: str) -> str:
    return " ".join(text.split())
