"""Every choice of the card in a live kernel: what is on disk, what was asked, what the model heard."""

import re

import pytest

from .conftest import At, Do, Fill, Front, Lacks, Press, See, Wait
from .scripts import HEARD, bash, edit, script, write

LOAD = "%load_ext archnb"
GO = "%%architect\ngo on"
TEXT = "The text that is approved"
WHY = "Why not, or what instead? The agent reads this."
PATTERN = "Pattern for {}"
LEFT = "import ipywidgets; print('LEFT', len(ipywidgets.widgets.widget._instances))"


def edited(text):
    return ("Approve edited…", Fill(TEXT, text), "Approve this text")


def test_approve_an_edited_file_keeps_its_line_endings(kernel, folder):
    (folder / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    out = kernel.run(
        LOAD,
        script([edit("a.txt", "two", "2")], ["done"]),
        GO,
        HEARD,
        LEFT,
        click=[
            ("Approve edited…", Fill(TEXT, "one\ntwo\nthree\n"), See("+three"), "Approve this text")
        ],
    )
    assert out.error == ""
    assert (folder / "a.txt").read_bytes() == b"one\r\ntwo\r\nthree\r\n"
    assert "approved with changes by you" in out.text
    assert "+three" in out.text
    assert "The person changed your text before approving it" in out.text
    assert "LEFT 0" in out.text


def test_approve_an_edited_command(kernel, folder):
    out = kernel.run(
        LOAD,
        script([bash("touch wrong")], ["done"]),
        GO,
        click=[
            (
                "Approve edited…",
                Fill(TEXT, "touch right && ls"),
                See("touch right"),
                "Approve this text",
            )
        ],
    )
    assert (folder / "right").exists()
    assert not (folder / "wrong").exists()
    assert "approved with changes" in out.text


def test_an_edited_command_that_a_rule_denies_asks_again(kernel, folder):
    (folder / "agents").mkdir()
    (folder / "agents" / "careful.md").write_text(
        "---\ndescription: careful\npermission:\n  bash:\n    '*': ask\n    'touch *': deny\n---\nBe careful.\n"
    )
    out = kernel.run(
        LOAD,
        script([bash("ls -la > listing")], ["done"]),
        "%%architect --agent careful\ngo on",
        click=[edited("touch x"), (See("is denied by a rule"), "Deny")],
    )
    assert out.cards == 2
    assert not (folder / "x").exists()
    assert not (folder / "listing").exists()


def test_the_same_text_is_a_plain_approval(kernel, folder):
    out = kernel.run(
        LOAD,
        script([write("a.txt", "as proposed\n")], ["done"]),
        GO,
        click=[
            ("Approve edited…", See("+as proposed"), "Back", "Approve edited…", "Approve this text")
        ],
    )
    assert (folder / "a.txt").read_text() == "as proposed\n"
    assert "with changes" not in out.text


def test_a_click_that_overtakes_the_last_keys_waits_for_them(kernel, folder):
    out = kernel.run(
        LOAD,
        script([write("a.txt", "first\n")], ["done"]),
        GO,
        click=[("Approve edited…", Fill(TEXT, "l"), Fill(TEXT, "last\n"), "Approve this text")],
    )
    assert out.error == ""
    assert (folder / "a.txt").read_text() == "last\n"


def test_deny_with_reason_reaches_the_model(kernel, folder):
    out = kernel.run(
        LOAD,
        script([write("a.txt", "x")], ["well then"]),
        GO,
        HEARD,
        click=[("Deny with reason…", Fill(WHY, "use another name"), "Deny and send reason")],
    )
    assert not (folder / "a.txt").exists()
    assert "reason: use another name" in out.text
    assert "use another name" in out.text[out.text.index("HEARD") :]


def test_always_narrowed_lets_what_it_covers_pass_and_asks_for_the_rest(kernel, folder):
    (folder / "a.txt").write_text("b\na\n")
    commands = ["sort -u a.txt", "sort -r a.txt", "uniq a.txt"]
    out = kernel.run(
        LOAD,
        script(*([bash(command)] for command in commands), ["done"]),
        GO,
        click=[
            (
                "Always…",
                See("Exactly this command"),
                Fill(PATTERN.format("bash"), "uniq *"),
                See("does not cover what is asked now"),
                Fill(PATTERN.format("bash"), "sort *"),
                See("* stands for any text"),
                "Approve for this session",
            ),
            "Deny",
        ],
    )
    assert out.error == ""
    assert out.cards == 2
    assert out.text.count("exit code 0") == 2
    assert "from now on, for this session: bash sort *" in out.text
    assert "denied by you" in out.text


def test_a_pattern_that_does_not_cover_cannot_be_sent(kernel, folder):
    out = kernel.run(
        LOAD,
        script([write("a.txt", "x")], ["done"]),
        GO,
        click=[
            (
                "Always…",
                Fill(PATTERN.format("edit"), "b*"),
                See("cannot be remembered"),
                "Back",
                "Deny",
            )
        ],
    )
    assert "denied by you" in out.text
    assert not (folder / "a.txt").exists()


THREE = script([write(f"{name}.txt", name) for name in "abc"], ["done"])


def test_three_cards_stand_at_once_and_are_answered_in_any_order(kernel, folder):
    out = kernel.run(
        LOAD,
        THREE,
        GO,
        LEFT,
        click=[
            (
                See("1 of 3 waiting"),
                At(1, See("2 of 3 waiting")),
                At(1, "Deny"),
                At(2, See("2 of 2 waiting")),
                At(2, "Approve"),
                "Approve",
            )
        ],
    )
    assert out.error == ""
    assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt", "c.txt"]
    assert "LEFT 0" in out.text


def test_approve_all(kernel, folder):
    out = kernel.run(LOAD, THREE, GO, LEFT, click=[(At(2, "Approve all (3)"),)])
    assert out.error == ""
    assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt", "b.txt", "c.txt"]
    assert out.text.count("approved by you, 3 at once") == 3
    assert "LEFT 0" in out.text


def test_approve_all_is_not_offered_before_each_card_was_shown(kernel, folder):
    hidden = (Wait(2), See("1 of 3 waiting"), Lacks("Approve all (3)"), Lacks("Approve all (2)"))
    out = kernel.run(
        LOAD, THREE, GO, page="hidden", click=[(*hidden, Front(), "Approve"), "Deny", "Approve"]
    )
    assert out.error == ""
    assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt", "c.txt"]


def test_approve_all_leaves_out_a_card_whose_edit_was_begun(kernel, folder):
    out = kernel.run(
        LOAD,
        THREE,
        GO,
        click=[
            (
                At(1, "Approve edited…"),
                At(2, "Approve all (2)"),
                At(1, Fill(TEXT, "B")),
                At(1, "Approve this text"),
            )
        ],
    )
    assert out.error == ""
    assert [(folder / f"{name}.txt").read_text() for name in "abc"] == ["a", "B", "c"]


def test_a_file_that_changed_while_the_card_waited_is_asked_again(kernel, folder):
    (folder / "a.txt").write_text("one\ntwo\n")
    change = Do(lambda: (folder / "a.txt").write_text("zero\none\ntwo\n"))
    out = kernel.run(
        LOAD,
        script([edit("a.txt", "two", "2")], ["done"]),
        GO,
        click=[(change, "Approve"), (See("changed while this waited"), See(" zero"), "Approve")],
    )
    assert out.cards == 2
    assert (folder / "a.txt").read_text() == "zero\none\n2\n"


def test_a_page_that_does_not_show_the_card_is_waited_for(kernel, folder):
    out = kernel.run(
        LOAD,
        "import archnb.notebook.approval as approval; approval.PATIENCE = 0.5",
        script([write("a.txt", "x")], ["done"]),
        GO,
        page="hidden",
        click=[(Wait(2), Front(), Wait(2), "Approve")],
    )
    assert out.prompts == []
    assert (folder / "a.txt").read_text() == "x"


def test_hidden_characters_and_markup_stay_text(kernel):
    out = kernel.run(
        LOAD,
        script([bash("echo '\u202e<img src=x onerror=alert(1)>'  ")], ["done"]),
        GO,
        click=[(See("<U+202E>"), See("<img src=x"), "Deny")],
    )
    assert "<U+202E>" in out.text
    for bundle in out.bundles.values():
        assert "<img" not in str(bundle.get("text/html", ""))


TYPED = [
    (["y"], "a.txt", "approved by you"),
    (["n"], None, "denied by you"),
    (["shorter, please"], None, "reason: shorter, please"),
    (["a", "", "c"], "a.txt", "from now on, for this cell: edit a.txt"),
    (["a", "b*", "n"], None, "denied by you"),
    (["e", "y"], "a.txt", "approved by you"),
]


@pytest.mark.parametrize(("answers", "made", "says"), TYPED)
def test_the_same_choices_by_input(kernel, folder, answers, made, says):
    out = kernel.run(LOAD, script([write("a.txt", "x\n")], ["done"]), GO, page=False, stdin=answers)
    assert out.error == ""
    assert len(out.prompts) == len(answers)
    assert [path.name for path in folder.glob("*.txt")] == ([made] if made else [])
    assert says in out.text


def test_an_edited_command_by_input(kernel, folder):
    answers = ["e", "touch right", "y"]
    out = kernel.run(LOAD, script([bash("touch wrong")], ["done"]), GO, page=False, stdin=answers)
    assert (folder / "right").exists()
    assert not (folder / "wrong").exists()
    assert "approved with changes" in out.text


def test_several_questions_by_input_come_one_after_another(kernel, folder):
    out = kernel.run(LOAD, THREE, GO, page=False, stdin=["y", "n", "y"])
    assert len(out.prompts) == 3
    assert "questions wait; this is the first of them" in out.text
    assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt", "c.txt"]


WRITE = script([write("a.txt", "x\n")], ["done"])


@pytest.mark.parametrize("words", ["Approve", "Approve this text"])
def test_nothing_approves_before_the_card_was_in_sight_for_a_while(kernel, folder, words):
    """o139: a click on its way, or a key held down, when the card appears."""
    opened = ["Approve edited…"] if words == "Approve this text" else []
    out = kernel.run(
        LOAD,
        "import archnb.notebook.card as card; card.ARMING = 3",
        WRITE,
        GO,
        click=[(*opened, Press(words, times=30), Wait(1), *(["Back"] * len(opened)), "Deny")],
    )
    assert out.error == ""
    assert "denied by you" in out.text
    assert not (folder / "a.txt").exists()


def test_approve_all_is_armed_anew_for_each_set_of_cards(kernel, folder):
    out = kernel.run(
        LOAD,
        "import archnb.notebook.card as card; card.ARMING = 1",
        THREE,
        GO,
        click=[
            (
                At(2, Press("Approve all (3)", times=9)),
                At(0, "Deny"),
                At(2, Press("Approve all (2)", times=9)),
                At(1, "Deny"),
                At(2, "Deny"),
            )
        ],
    )
    assert out.error == ""
    assert not list(folder.glob("*.txt"))


def test_a_page_that_gives_no_sign_gives_it_by_a_first_press(kernel, folder):
    out = kernel.run(
        LOAD,
        "import archnb.notebook.approval as approval; approval.PATIENCE = 0.5",
        WRITE,
        GO,
        page="hidden",
        click=[("Approve", Wait(1.5), See("x"), "Approve")],
    )
    assert out.error == ""
    assert (folder / "a.txt").exists()


LONG = [
    ("many lines", bash("echo start\n" + "true\n" * 80 + "touch a.txt"), "82 lines"),
    ("white space", bash(f"echo start;{' ' * 3000}touch a.txt"), "1 line, 3,0"),
    ("a diff", write("a.txt", "line\n" * 60), "62 lines"),
]


@pytest.mark.parametrize(("name", "call", "says"), LONG, ids=[name for name, *_ in LONG])
def test_what_is_not_in_sight_cannot_be_approved(kernel, folder, name, call, says):
    """o135: text hidden behind many lines or much white space."""
    unseen = (See(says), Wait(1), Press("Approve", times=3), Press("Always…"), Wait(0.5))
    out = kernel.run(LOAD, script([call], ["done"]), GO, click=[(*unseen, "Deny")])
    assert "denied by you" in out.text
    assert not (folder / "a.txt").exists()
    out = kernel.run(script([call], ["done"]), GO, click=[(See(says), "Show all", "Approve")])
    assert out.error == ""
    assert (folder / "a.txt").exists()


def test_approve_all_leaves_out_what_is_not_in_sight(kernel, folder):
    calls = [write("a.txt", "a"), write("b.txt", "line\n" * 60), write("c.txt", "c")]
    out = kernel.run(
        LOAD,
        script(calls, ["done"]),
        GO,
        click=[(At(2, "Approve all (2)"), At(1, "Deny"))],
    )
    assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt", "c.txt"]
    assert "2 at once" in out.text


def test_a_click_counts_once(kernel, folder):
    """o136, o137: the same click again: at once, for the next card, after the end, and restarted."""
    append = "echo again >> a.txt"
    turns = ([bash(append)], [bash(append)], ["done"])
    first = {}
    out = kernel.run(
        LOAD,
        script(*turns),
        GO,
        click=[
            (Wait(1), Press("Approve", times=5)),
            (
                Do(lambda: [kernel.click(first["page"].clicked[0]) for _ in range(5)]),
                Wait(1.5),
                "Deny",
            ),
        ],
        watch=lambda page: first.setdefault("page", page),
    )
    assert out.error == ""
    assert (folder / "a.txt").read_text() == "again\n"
    old = out.page.clicked
    for comm_id in old:
        kernel.click(comm_id)
    again = kernel.run(
        "print('ALIVE')",
        script([bash(append)], ["done"]),
        GO,
        click=[(Wait(1), Do(lambda: [kernel.click(comm_id) for comm_id in old]), Wait(1), "Deny")],
    )
    assert "ALIVE" in again.text
    kernel.restart()
    for comm_id in old:
        kernel.click(comm_id)
    last = kernel.run(
        LOAD,
        script([bash(append)], ["done"]),
        GO,
        click=[(Wait(1), Do(lambda: [kernel.click(comm_id) for comm_id in old]), Wait(1), "Deny")],
    )
    assert "denied by you" in last.text
    assert (folder / "a.txt").read_text() == "again\n"


def code_words(out):
    return {
        found
        for text in out.page.values
        for found in re.findall(r"code word: <strong>([^<]+)<", text)
    }


def test_every_card_bears_the_kernel_s_code_word_and_nothing_that_stays_does(kernel, folder):
    """o125: text that looks like a card cannot bear it."""
    out = kernel.run(LOAD, THREE, GO, HEARD, click=["Approve", "Deny", "Approve"])
    (word,) = code_words(out)
    again = kernel.run("%reload_ext archnb", WRITE, GO, "%architect", click=["Deny"])
    assert code_words(again) == {word}
    for run in (out, again):
        assert word not in repr(run.bundles)
    assert "%architect shows it again" in again.text
    for path in folder.rglob("*"):
        assert not path.is_file() or word.encode() not in path.read_bytes()
    kernel.restart()
    print_it = "print('KNOWN', hasattr(get_ipython(), '_archnb_code_word'))"
    assert "KNOWN False" in kernel.run(LOAD, print_it).text


def test_a_prompt_in_a_page_is_saved_and_so_bears_no_code_word(kernel):
    out = kernel.run(LOAD, WRITE, GO, "%architect", page=False, stdin=["n"])
    assert len(out.prompts) == 1
    (word,) = code_words(out)
    assert word not in out.text + "".join(out.prompts)
