"""Every hostile output and notebook of the shared cases has a test, and the whole source obeys them.

A case is found by its id; what it needs a page for is in ``tests/browser/test_hostile.py``.
"""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CASES = ROOT.parent / "shared" / "cases" / "hostile_inputs.json"
PAGE = "browser/test_hostile.py::test_hostile_text_of_every_kind_stays_text"
NEVER = "test_hostile_output.py::test_what_runs_in_a_page_is_never_made"
CLICKS = "kernel/test_card.py::test_a_click_counts_once"

CHECKED = {
    "o104": (PAGE, "test_html.py::test_nothing_active_comes_out"),
    "o105": (PAGE,),
    "o107": (NEVER,),
    "o108": (NEVER, PAGE),
    "o109": (PAGE,),
    "o111": (NEVER,),
    "o112": (
        PAGE,
        "session/test_export.py::test_the_page_holds_nothing_active_and_fetches_nothing",
    ),
    "o114": (NEVER,),
    "o115": (NEVER, PAGE),
    "o116": (PAGE,),
    "o117": (PAGE, "test_html.py::test_an_image_is_words"),
    "o119": (PAGE,),
    "o120": (PAGE,),
    "o121": (PAGE,),
    "o122": (PAGE,),
    "o123": (PAGE,),
    "o125": (
        PAGE,
        "browser/test_hostile.py::test_the_code_word_is_on_the_card_and_not_in_the_file",
        "kernel/test_card.py::test_every_card_bears_the_kernel_s_code_word_and_nothing_that_stays_does",
    ),
    "o126": (PAGE, "test_html.py::test_what_cannot_be_seen_is_spelled_out"),
    "o127": (PAGE,),
    "o130": ("kernel/test_authority.py::test_half_a_gigabyte_of_output_leaves_a_small_notebook",),
    "o133": (PAGE, "test_html.py::test_a_page_finds_no_formula"),
    "o135": (
        "kernel/test_card.py::test_what_is_not_in_sight_cannot_be_approved",
        "browser/test_hostile.py::test_a_long_command_is_approved_only_when_all_of_it_was_shown",
    ),
    "o136": (CLICKS,),
    "o137": (CLICKS,),
    "o139": (
        "kernel/test_card.py::test_nothing_approves_before_the_card_was_in_sight_for_a_while",
        "browser/test_hostile.py::test_keys_approve_nothing_when_cards_appear",
    ),
    "o140": (
        "kernel/test_authority.py::test_an_old_approval_in_a_notebook_decides_nothing",
        "kernel/test_authority.py::test_running_it_all_asks_anew",
    ),
    "o142": ("session/test_export.py::test_the_page_holds_nothing_active_and_fetches_nothing",),
    "o171": ("browser/test_hostile.py::test_a_saved_script_in_a_foreign_notebook_does_not_run",),
    "o172": (PAGE,),
    "o175": ("kernel/test_authority.py::test_an_old_approval_in_a_notebook_decides_nothing",),
    "o178": ("kernel/test_authority.py::test_words_in_a_cell_approve_nothing",),
    "o180": ("session/test_export.py::test_the_words_stay_and_nothing_acts",),
    "o181": (
        "session/test_export.py::test_ids_that_are_missing_or_stand_twice",
        "browser/test_hostile.py::test_cells_without_ids_or_with_the_same_load",
    ),
    "o185": (
        "kernel/test_authority.py::test_two_notebooks_over_one_folder_have_nothing_in_common",
    ),
    "o187": ("session/test_export.py::test_the_words_stay_and_nothing_acts",),
    "o188": ("browser/test_hostile.py::test_only_the_cell_that_ran_changes_in_the_file",),
}


def test_every_case_has_its_check():
    if not CASES.exists():
        pytest.skip("the shared cases are not here")
    cases = json.loads(CASES.read_text("utf-8"))["cases"]
    ids = {case["id"] for case in cases if case["kind"] in ("output", "notebook")}
    assert ids
    assert ids - CHECKED.keys() == set()


@pytest.mark.parametrize("name", sorted({test for tests in CHECKED.values() for test in tests}))
def test_every_check_is_there(name):
    file, test = name.split("::")
    assert f"def {test}(" in (ROOT / "tests" / file).read_text("utf-8")


# What JupyterLab runs, or renders with what is active in it.
ACTIVE = (
    r"HTMLMath|\bJavascript\b|application/javascript|IFrame|<iframe|allow-same-origin|Accordion"
    r"|\bTab\(|description_allow_html|tooltip_allow_html|\bMarkdown\(|\"text/markdown\"|text/latex"
)
READERS = {  # they take these out, or read pages
    "session/export.py",
    "execution/content.py",
}


def test_what_runs_in_a_page_is_never_made():
    """o107, o108, o111, o114, o115: no such widget and no such output in the whole package."""
    found = [
        f"{path.relative_to(ROOT / 'src' / 'archnb').as_posix()}: {match[0]}"
        for path in sorted((ROOT / "src" / "archnb").rglob("*.py"))
        for match in re.finditer(ACTIVE, path.read_text("utf-8"))
        if path.relative_to(ROOT / "src" / "archnb").as_posix() not in READERS
    ]
    assert found == []
