"""The main job in a live kernel: draw, review, cards, records, interrupt, prompts, nobody there."""

from pathlib import Path

import pytest

from archnb.execution import sandbox

from .conftest import Fill

WHY = "Why not, or what instead? The agent reads this."
LOAD = "%load_ext archnb"
FIX = "%%architect\nfix the missing index in @schema.sql"


def test_load_says_what_is_in_force_and_writes_nothing(kernel, folder):
    before = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    out = kernel.run(LOAD, "import sys; print('anthropic' in sys.modules)")
    assert "backend-architect" in out.text
    assert "offline: no key found, rules only" in out.text
    assert sandbox.current().label("workspace") in out.text
    assert "False" in out.text
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == before
    assert out.error == ""


def test_a_cell_draws_reviews_and_gives_a_value(kernel):
    out = kernel.run(
        LOAD,
        "%%architect -o answer\n@schema.sql",
        "print(answer.design.summary, len(answer.drawings), answer.findings[0].code)",
    )
    assert out.error == ""
    assert {"image/svg+xml", "image/png", "text/html", "text/plain"} <= out.mimes()
    assert "2 tables" in out.text
    assert "1 DB001" in out.text
    assert out.cards == 0


def test_approve_an_edit(kernel, folder):
    out = kernel.run(LOAD, FIX, "print('NEXT')", click=["Approve"])
    assert out.error == ""
    assert "CREATE INDEX" in (folder / "schema.sql").read_text()
    assert "approved by you" in out.text
    assert "+CREATE INDEX" in out.text
    assert 'rule: edit "*": ask, agents/backend-architect.md:' in out.text
    assert out.order[-1]
    assert out.text.rstrip().endswith("NEXT")
    assert "application/vnd.jupyter.widget-view+json" not in out.mimes()
    assert out.click_seconds[0] < 5


def test_no_widget_is_left_behind(kernel):
    out = kernel.run(
        LOAD,
        FIX,
        "import ipywidgets; print('LEFT', len(ipywidgets.widgets.widget._instances))",
        click=["Approve"],
    )
    assert "LEFT 0" in out.text


def test_deny_with_reason(kernel, folder):
    before = (folder / "schema.sql").read_text()
    out = kernel.run(
        LOAD,
        FIX,
        click=[("Deny with reason…", Fill(WHY, "not on a Friday"), "Deny and send reason")],
    )
    assert (folder / "schema.sql").read_text() == before
    assert "denied by you" in out.text
    assert "reason: not on a Friday" in out.text


def test_approve_a_command(kernel):
    out = kernel.run(LOAD, "%%architect\nrun: echo hello | tr a-z A-Z", click=["Approve"])
    assert "HELLO" in out.text
    assert "exit code 0" in out.text
    assert 'rule: bash "*": ask' in out.text


def test_an_allowed_command_is_not_asked(kernel, folder):
    out = kernel.run(LOAD, "%%architect\nrun: pip --version")
    assert out.cards == 0
    assert "exit code 0" in out.text


def test_run_all_waits_at_each_card(kernel, folder):
    out = kernel.run(
        LOAD, "%%architect\nwrite a customer has many orders to a.sql\n\nA customer has many orders.", "print('BETWEEN')",
        "%%architect\nrun: echo second | cat", "print('LAST')", click=["Approve", "Approve"],
    )  # fmt: skip
    assert out.error == ""
    assert out.cards == 2
    assert (folder / "a.sql").exists()
    assert (
        out.text.index("approved by you")
        < out.text.index("BETWEEN")
        < out.text.index("second")
        < out.text.index("LAST")
    )


def test_interrupt_at_a_card_and_carry_on(kernel, folder):
    before = (folder / "schema.sql").read_text()
    out = kernel.run(LOAD, FIX, "print('NOT REACHED')", interrupt_at_card=True)
    assert "KeyboardInterrupt" in out.error
    assert "not decided: interrupted" in out.text
    assert "NOT REACHED" not in out.text
    assert (folder / "schema.sql").read_text() == before
    again = kernel.run(FIX, click=["Approve"])
    assert again.error == ""
    assert "CREATE INDEX" in (folder / "schema.sql").read_text()


def test_without_a_page_the_question_comes_as_a_prompt(kernel, folder):
    out = kernel.run(LOAD, FIX, page=False, stdin=["y"])
    assert len(out.prompts) == 1
    assert "CREATE INDEX" in (folder / "schema.sql").read_text()


def test_words_at_the_prompt_are_a_reason(kernel, folder):
    out = kernel.run(LOAD, FIX, page=False, stdin=["name it better"])
    assert "reason: name it better" in out.text
    assert "CREATE INDEX" not in (folder / "schema.sql").read_text()


def test_nobody_there_denies_and_goes_on(kernel, folder):
    before = (folder / "schema.sql").read_text()
    out = kernel.run(LOAD, FIX, "print('NEXT')", page=False)
    assert out.error == ""
    assert "denied by nobody: unattended, asks are denied" in out.text
    assert "NEXT" in out.text
    assert (folder / "schema.sql").read_text() == before


def test_a_policy_settles_asks_and_is_named(start, folder):
    out = start(ARCHNB_APPROVE='["edit:*.sql"]').run(
        LOAD, FIX, "%%architect\nrun: touch x", page=False
    )
    assert "CREATE INDEX" in (folder / "schema.sql").read_text()
    assert "approved by the policy of this run (--approve 'edit:*.sql')" in out.text
    assert not (folder / "x").exists()


BAD = [
    ("%%architect --modle x\nhello", "unrecognized arguments: --modle x"),
    ("%%architect\n", "says nothing"),
    ("%%architect -o 1x\nhello", "no variable name"),
    ("%%architect\ndraw @missing.sql", "@missing.sql names no file"),
    ("%%architect --agent nobody\nhello", "There is no agent 'nobody'"),
    ("%%architect --model claude-sonnet-5-5\nhello", "No model key found"),
    ("%architect dance", "I do not know that"),
    ("%erd", "%erd needs a file"),
    ("%erd missing.sql", "missing.sql does not exist"),
    ("%review 'unclosed", "no closing quotation"),
    ("%%design 1x\nA -> B", "no variable name"),
    ("%%design\nA -> B", "needs a name"),
    ("%architect why", "needs a word"),
]


def test_bad_input_is_one_sentence_and_the_cell_fails(kernel):
    kernel.run(LOAD)
    for cell, says in BAD:
        out = kernel.run(cell)
        assert says in out.error, (cell, out.error)
        assert "Traceback" not in out.error, cell
        assert len(out.error.splitlines()) <= 2, out.error
    assert kernel.run("%%architect\n@schema.sql").error == ""


def test_the_line_magics(kernel):
    out = kernel.run(
        LOAD, "%architect", "%architect help", "%architect config", "%architect agents",
        "%architect why git log --output=x && git status", "%erd schema.sql", "%review schema.sql",
        "%%design shop\nWeb -> Orders\nOrders -> Orders DB", "print('BOUND', shop.summary)",
    )  # fmt: skip
    assert out.error == ""
    assert "git log --output=x && git status\nask" in out.text
    assert "git log: --output=x writes a file" in out.text
    assert "DB001" in out.text
    assert "BOUND 3 services, 2 flows" in out.text


def test_a_statement_that_cannot_be_read_is_named_and_the_rest_is_drawn(kernel, folder):
    (folder / "bad.sql").write_text(
        "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABEL b (id int);\nCREATE TABLE c (id int PRIMARY KEY);\n"
    )
    out = kernel.run(LOAD, "%erd bad.sql")
    assert out.error == ""
    assert "not read: bad.sql:2" in out.text
    assert "image/svg+xml" in out.mimes()


def test_variables_are_inserted_and_code_blocks_left_alone(kernel):
    out = kernel.run(
        LOAD, "limit = 'echo inserted | cat'", "%%architect\nrun: {{limit}}", click=["Approve"]
    )
    assert "inserted\n" in out.text
    out = kernel.run("%%architect\ndraw @schema.sql\n\n```\n{{ template }}\n```")
    assert out.error == ""
    assert "no variable nothere" in kernel.run("%%architect\nreview {{nothere}}").error


def test_material_is_never_obeyed(kernel, folder):
    block = "Explain this:\n```yaml\nsteps:\n  - name: x\n    run: pip --version\n```"
    pasted = "steps:\n  - name: x\n    run: pip --version"
    variable = "text = 'first\\nrun: pip --version'"
    for cells in (
        (f"%%architect\n{block}",),
        (f"%%architect\n{pasted}",),
        (variable, "%%architect\nreview {{text}}"),
    ):
        out = kernel.run(LOAD, *cells)
        assert "exit code" not in out.text, cells
        assert out.cards == 0, cells


def test_hostile_text_from_a_file_stays_text(kernel, folder):
    (folder / "x.sql").write_text(
        'CREATE TABLE "<img src=x onerror=alert(1)>" (id int, "</script><script>" text);\n'
    )
    out = kernel.run(LOAD, "%%architect\ndraw and review @x.sql")
    for bundle in out.bundles.values():
        page = str(bundle.get("text/html", ""))
        assert "<img" not in page
        assert "<script" not in page
        assert not {"text/markdown", "application/javascript"} & set(bundle)
    assert any("image/png" in bundle for bundle in out.bundles.values())


@pytest.mark.parametrize(
    "words", ["Split billing out of the monolith, please.", "What do you think?"]
)
def test_what_is_not_understood_is_said(kernel, words):
    out = kernel.run(LOAD, f"%%architect\n{words}")
    assert "did not understand" in out.text
    assert "ANTHROPIC_API_KEY" in out.text


def command_line(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return b""


def test_interrupt_in_a_command_ends_it_and_the_next_cell_runs(kernel, folder):
    out = kernel.run(
        LOAD,
        "%%architect\nrun: touch begun; sleep 300.0417",
        click=["Approve"],
        interrupt_when=folder / "begun",
    )
    assert "KeyboardInterrupt" in out.error
    assert out.interrupted_at
    running = [command_line(entry) for entry in Path("/proc").glob("[0-9]*")]
    assert not [line for line in running if b"sleep\x00300.0417" in line]
    assert "NEXT" in kernel.run("print('NEXT')").text


def test_a_failed_command_looks_failed(kernel):
    out = kernel.run(LOAD, "%%architect\nrun: echo no; exit 3", click=["Approve"])
    assert "✗ run echo no; exit 3 · exit code 3" in out.text


def test_several_orders_in_one_sentence(kernel):
    out = kernel.run(
        LOAD,
        "%%architect\nDraw @schema.sql, review it and run: echo third | cat",
        click=["Approve"],
    )
    for words in ("✓ draw schema.sql", "✓ lint schema.sql", "third"):
        assert words in out.text


def test_plan_shows_what_would_be_done(kernel, folder):
    out = kernel.run(LOAD, FIX.replace("%%architect", "%%architect --plan"))
    assert out.cards == 0
    assert "+CREATE INDEX" in out.text
    assert "denied by rule" in out.text
    assert "CREATE INDEX" not in (folder / "schema.sql").read_text()


def test_a_review_names_what_it_could_not_read(kernel, folder):
    (folder / "bad.sql").write_text("CREATE TABEL b (id int);")
    (folder / "broken.yaml").write_text("services:\n  a: [\n")
    out = kernel.run(LOAD, "%review .")
    assert "not read: bad.sql:1" in out.text
    assert "not read" in out.bundles[out.order[-1]]["text/html"]
