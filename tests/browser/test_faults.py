"""Faults of a real page: reloaded while a card waits, renamed and copied meanwhile.

What JupyterLab 4.6 does on a reload: it shows the notebook as it was last saved and asks the
kernel for the widgets there are. A card that was saved is live again; one that was not is nowhere.
Whatever the running cell displays from then on is shown nowhere, since the page that sent the cell
is gone. So a card that comes back answers and then names ``%architect last``; where none comes
back, the cell is stopped after a while, as by an interrupt, and the kernel is free.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..kernel.scripts import script, write  # noqa: TID252  (no package)
from .lab import APP_READY, KERNEL_READY, Lab, LabServer, expect, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOAD = "%load_ext archnb"
SHORT = "import archnb.notebook.approval as approval; approval.ANEW = 3"
GO = "%%architect\ngo on"
TURNS = script([write("a.txt", "a")], ["asked anew ", write("a.txt", "a")], ["done, all of it"])


@pytest.fixture
def notebook(folder: Path) -> Path:
    return write_notebook(folder / "design.ipynb", LOAD, SHORT, TURNS, GO, "%architect last")


def start(lab: Lab, notebook: Path) -> None:
    """Run to the card; the cell after it stays unrun."""
    lab.open(notebook)
    for cell in range(3):
        lab.run_cell(cell)
        lab.wait_until_done()
    lab.run_cell(3)
    expect(approve(lab)).to_be_enabled()


def approve(lab: Lab) -> Any:
    return lab.cell(3).get_by_role("button", name="Approve", exact=True)


def reload(lab: Lab) -> None:
    """Load the page anew, without waiting for a kernel that is busy."""
    lab.page.on("dialog", lambda dialog: dialog.accept())
    lab.page.reload(wait_until="domcontentloaded")
    lab.page.wait_for_function(APP_READY)
    lab.cell(0).wait_for(timeout=60_000)


def test_f17_f18_a_saved_card_is_live_again_after_a_reload(lab: Lab, notebook: Path) -> None:
    start(lab, notebook)
    lab.save()
    reload(lab)
    expect(approve(lab)).to_be_enabled()
    approve(lab).click()
    lab.wait_for_text(3, "%architect last, in a cell of its own, shows it")
    expect(lab.cell(3).locator(".jp-Cell-outputArea").get_by_role("button")).to_have_count(0)
    assert (notebook.parent / "a.txt").read_text(encoding="utf-8") == "a"


def test_f17_f18_a_card_that_was_not_saved_frees_the_kernel(lab: Lab, notebook: Path) -> None:
    start(lab, notebook)
    reload(lab)
    lab.page.wait_for_function(KERNEL_READY, timeout=40_000)
    assert not (notebook.parent / "a.txt").exists()
    lab.run_cell(4)
    lab.wait_for_text(4, "not decided: interrupted")
    lab.wait_until_done()
    lab.run_cell(3)
    expect(approve(lab)).to_be_enabled()
    approve(lab).click()
    lab.wait_for_text(3, "done, all of it")
    assert (notebook.parent / "a.txt").exists()
    assert lab.errors == []


def test_f17_a_copy_made_meanwhile_has_no_live_card(
    lab: Lab, browser: Browser, lab_server: LabServer, notebook: Path
) -> None:
    start(lab, notebook)
    lab.save()
    copy = notebook.with_name("copy.ipynb")
    copy.write_bytes(notebook.read_bytes())
    other = Lab(browser, lab_server)
    other.open(copy)
    other.wait_for_text(3, "1 decision waiting, on a card that ends with this cell")
    other.wait_for_text(3, "model not found")  # the page's own words for a widget of another kernel
    expect(approve(other)).to_have_count(0)
    other.page.context.close()
    notebook.rename(notebook.with_name("renamed.ipynb"))
    approve(lab).click()
    lab.wait_for_text(3, "asked anew")
    assert (notebook.parent / "a.txt").exists()
    assert lab.errors == []
