"""The fixtures themselves, proven on cells that have nothing to do with archnb."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .lab import Lab, read_notebook, write_notebook

WIDGET = """
import asyncio, ipywidgets
pressed = asyncio.get_running_loop().create_future()
button = ipywidgets.Button(description="Approve")
button.on_click(lambda _: pressed.set_result("pressed"))
display(button)
while not pressed.done():
    await asyncio.wait({pressed}, timeout=0.2)
print(pressed.result())
"""
ENDLESS = "import time\nprint('started', flush=True)\ntime.sleep(600)"


def stream(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_what_a_cell_prints_is_in_the_saved_file(
    lab: Lab, workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    write_notebook(
        tmp_path / "plain.ipynb", "#%% md\n# Title", "print(1+1)", "print(open('data.txt').read())"
    )
    (tmp_path / "data.txt").write_text("beside the notebook", encoding="utf-8")
    notebook = workspace(tmp_path) / "plain.ipynb"
    lab.open(notebook)
    assert lab.output(1) == ""
    lab.run_all()
    lab.wait_until_done()
    assert lab.output(1) == "2"
    assert lab.prompt(1) == "[1]:"
    saved = lab.save()
    assert [stream(cell) for cell in saved.cells[1:]] == ["2\n", "beside the notebook\n"]
    assert read_notebook(tmp_path / "plain.ipynb").cells[1].outputs == []
    assert lab.errors == []
    assert lab.strangers == []


def test_a_button_reaches_a_waiting_cell_and_the_next_cell_waits(lab: Lab, folder: Path) -> None:
    notebook = write_notebook(folder / "wait.ipynb", WIDGET, "print('next')")
    lab.open(notebook)
    lab.run_all()
    lab.cell(0).get_by_role("button", name="Approve").wait_for(timeout=20_000)
    assert lab.prompt(1) == "[*]:"
    lab.click("Approve", cell=0)
    lab.wait_for_text(0, "pressed")
    lab.wait_until_done()
    assert lab.output(1) == "next"


def test_interrupt_ends_a_cell_and_the_kernel_lives_on(lab: Lab, folder: Path) -> None:
    notebook = write_notebook(folder / "long.ipynb", ENDLESS, "print('alive')")
    lab.open(notebook)
    lab.run_cell(0)
    lab.wait_for_text(0, "started")
    lab.interrupt()
    lab.wait_for_text(0, "KeyboardInterrupt", timeout=10)
    lab.wait_until_done()
    lab.run_cell(1)
    lab.wait_for_text(1, "alive")


def test_a_saved_notebook_opens_without_a_kernel_in_both_themes(lab: Lab, folder: Path) -> None:
    notebook = write_notebook(folder / "kept.ipynb", "print('kept')")
    content = json.loads(notebook.read_text(encoding="utf-8"))
    kept = {"output_type": "stream", "name": "stdout", "text": "kept from before\n"}
    content["cells"][0]["outputs"] = [kept]
    notebook.write_text(json.dumps(content), encoding="utf-8")
    lab.open(notebook, kernel=False)
    assert lab.output(0) == "kept from before"
    assert (
        lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session")
        is None
    )
    pictures = []
    for theme in ("dark", "light"):
        lab.set_theme(theme)
        pictures.append(lab.screenshot(folder / f"{theme}.png", cell=0).read_bytes())
    assert pictures[0] != pictures[1]
