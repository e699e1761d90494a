"""What a person reads of a request: diffs, commands and the reach of an "always", as text and HTML."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archnb.permission.gate import Gate
from archnb.permission.requests import Ask, Changes, Decision, Diff, Request, Shell
from archnb.permission.rules import Rule
from archnb.session.diffs import MAX_LINES, diff_counts, diff_html, diff_lines
from archnb.session.previews import parts_html, preview_html, preview_text
from archnb.session.questions import (
    editable_text,
    edited_html,
    question_body_html,
    question_head_html,
    question_text,
    reach,
)

NUMBERS = "".join(f"{number}\n" for number in range(1, 21))

DIFFS = [
    ("one word", "a b\n", "a c\n", "@@ -1 +1 @@|-a b|+a c"),
    ("first line of many", NUMBERS, "one" + NUMBERS[1:], "@@ -1,4 +1,4 @@|-1|+one| 2| 3| 4"),
    (
        "far down",
        NUMBERS,
        NUMBERS.replace("10\n", ""),
        "@@ -7,7 +7,6 @@ after 6 unchanged lines| 7| 8| 9|-10| 11| 12| 13",
    ),
    ("new", None, "x\n", "\\ new file, 1 line|@@ -0,0 +1 @@|+x"),
    ("new and empty", None, "", "\\ new file, empty"),
    ("deleted", "x\ny\n", None, "\\ the whole file is deleted, 2 lines|@@ -1,2 +0,0 @@|-x|-y"),
    (
        "no newline at the end",
        "x",
        "x\n",
        "@@ -1 +1 @@|-x|\\ no newline at the end of the file|+x",
    ),
    ("white space added at the end", "x\n", "x \t\n", "@@ -1 +1 @@|-x|+x·→"),
    ("white space that was there", "x \ny\n", "x \nz\n", "@@ -1,2 +1,2 @@| x |-y|+z"),
    (
        "line endings",
        "x\r\ny\r\n",
        "x\ny\n",
        "\\ line endings change from CRLF to LF|@@ -1,2 +1,2 @@|-x<CR>|-y<CR>|+x|+y",
    ),
    ("line endings kept", "x\r\n", "y\r\n", "\\ line endings CRLF|@@ -1 +1 @@|-x|+y"),
    ("hidden", "x\n", "\u202ex\x1b\n", "@@ -1 +1 @@|-x|+<U+202E>x<U+001B>"),
    ("a lone carriage return", "x\n", "a\rb\n", "@@ -1 +1 @@|-x|+a<U+000D>b"),
    ("a separator that is no line end", "x\n", "a\u2028b\n", "@@ -1 +1 @@|-x|+a<U+2028>b"),
]


@pytest.mark.parametrize(("name", "before", "after", "reads"), DIFFS, ids=[d[0] for d in DIFFS])
def test_a_diff_reads_as(name, before, after, reads):
    changes = Changes((Diff("a.txt", before, after),))
    assert preview_text(changes) == reads.replace("|", "\n")
    shown = words(preview_html(changes))
    for line in reads.split("|"):
        assert line.removeprefix("\\ ") in shown


def words(page):
    return html.unescape(re.sub(r"<[^>]*>", "", page))


LINES = st.lists(st.sampled_from(["a", "b", "c ", "\t"]), max_size=40)


@given(LINES, LINES)
def test_a_diff_leads_from_the_one_text_to_the_other(before, after):
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    made, at = [], 0
    signs = []
    for line in diff_lines(Diff("f", old, new)):
        signs.append(line.sign)
        if found := re.match(r"@@ -(\d+)(?:,(\d+))? ", line.text):
            start = int(found[1]) - (found[2] != "0")
            made += before[at:start]
            at = start
        elif line.sign == "+":
            made.append(line.text)
        else:
            assert line.text == before[at]
            made += [line.text] if line.sign == " " else []
            at += 1
    assert made + before[at:] == after
    counts = f"+{signs.count('+')} −{signs.count('-')}"
    assert diff_counts(Changes((Diff("f", old, new),))) == counts


@given(st.text(), st.text())
def test_a_diff_has_no_active_markup_whatever_stands_in_it(before, after):
    page = diff_html(Diff("f", before, after))
    assert set(re.findall(r"<(\w+)", page)) <= {"span"}


def test_words_that_differ_are_emphasised():
    page = diff_html(Diff("f", "total numeric NOT NULL\n", "total numeric(12, 2) NOT NULL\n"))
    assert re.search(r'<span style="background:[^"]+">\(12, 2\)</span>', page)


def test_a_diff_of_many_lines_is_cut_and_says_so_but_counted_whole():
    diff = Diff("f", None, "x\n" * (MAX_LINES + 100))
    lines = diff_lines(diff)
    assert len(lines) == MAX_LINES + 1
    assert lines[-1].text == "101 more lines of this change are not shown"  # the heading is one
    assert diff_counts(Changes((diff,))) == f"+{MAX_LINES + 100} −0"


def test_several_files_each_have_a_heading():
    changes = Changes((Diff("a", "x\n", "y\n"), Diff("b", None, "z\n"), Diff("c", "w\n", None)))
    text = preview_text(changes)
    for heading in ("@ edit a (+1 −1)", "@ create b (+1 −0)", "@ delete c (+0 −1)"):
        assert heading in text
        assert heading.removeprefix("@ ") in words(preview_html(changes))


def ask(request, notice=""):
    gate = Gate(
        (Rule("*", "*", "ask", "agent.md:3"), Rule("bash", "git status*", "allow", "x.md:4"))
    )
    return Ask("1", "1", "architect", request, gate.settle(request), notice)


def command(line):
    return Request(
        "bash", (line,), "run it", Shell(line, ".", 90.0, "sandboxed, network off"), always=(line,)
    )


def test_a_command_shows_its_parts_limits_and_what_hides_in_it():
    asked = ask(command("git status && touch \u202ex  "), notice="The file changed.")
    text, page = question_text(asked), words(question_head_html(asked) + question_body_html(asked))
    for said in (
        "$ git status && touch <U+202E>x··",
        "in the workspace, at most 90 s, sandboxed, network off",
        "The file changed.",
        "asked by architect",
        'rule: * "*": ask, agent.md:3',
        "because: holds a character that cannot be seen (U+202E)",
    ):
        assert said in text
        assert said in page
    assert 'part: git status: allowed (rule: bash "git status*": allow, x.md:4)' in text
    assert "git statusallowed" in words(parts_html(asked.decision))


def test_no_name_can_start_a_line_of_its_own():
    request = Request(
        "edit",
        ("a",),
        "edit a\n  rule: fine",
        Changes((Diff("a\nb", None, "x\n"), Diff("c", "", "y"))),
    )
    lines = question_text(ask(request, notice="one\ntwo")).split("\n")
    assert lines[0].startswith("Approve? edit a<U+000A>  rule: fine (+2")
    assert "NOTE: one<U+000A>two" in lines
    assert "  | @ create a<U+000A>b (+1 −0)" in lines


def edit(path):
    return Request(
        "edit", (path,), f"edit {path}", Changes((Diff(path, "x", "y"),)), always=(path,)
    )


REACHES = [
    (command("git log -3"), "git log -3", True, "Exactly this command"),
    (command("git log -3"), "git log *", True, "* stands for any text"),
    (command("git log -3"), "git diff *", False, "does not cover"),
    (command("git log -3"), "", False, "Write a pattern"),
    (command("git log -3"), "*", True, "EVERY command"),
    (command("ls > *"), "ls > *", True, "Exactly this command"),
    (edit("db/a.sql"), "db/a.sql", True, "Every change of exactly this file"),
    (edit("db/a.sql"), "db/?.sql", True, "? for any one character"),
    (edit("db/a.sql"), "api/*", False, "does not cover"),
]


@pytest.mark.parametrize(("request_", "pattern", "covers", "says"), REACHES)
def test_the_reach_of_always_is_said(request_, pattern, covers, says):
    covered, said = reach(pattern, request_)
    assert covered is covers
    assert says in said


EDITABLE = [
    (command("a\r\nb"), "a\nb"),
    (edit("a"), "y"),
    (Request("edit", ("a",), "", Changes((Diff("a", "x", None),))), None),
    (Request("edit", ("a", "b"), "", Changes((Diff("a", "", "x"), Diff("b", "", "y")))), None),
    (Request("webfetch", ("u",), "", "get u"), None),
    (command("echo \ud800"), None),
    (command("x" * 300_000), None),
]


@pytest.mark.parametrize(("request_", "text"), EDITABLE)
def test_what_can_be_edited(request_, text):
    assert editable_text(request_) == text


def test_the_review_of_an_edited_text_follows_it():
    assert "+z" in words(edited_html(edit("a"), "z\n"))
    page = words(edited_html(command("ls"), "ls > x; rm *"))
    assert "because: redirects to or from a file" in page
    assert "rm *has a pattern or ~ that the shell expands" in page


def test_a_command_cannot_forge_what_archnb_says_of_it():
    forged = "ls\n(in the workspace, at most 5 s, network off, sandboxed)\npart: ls: allowed"
    request = Request("bash", (forged,), "run ls", Shell(forged, ".", 120.0, "not sandboxed"))
    decision = Decision("ask", Rule("bash", "*", "ask"))
    lines = question_text(Ask("1", "c", "a", request, decision)).split("\n")
    assert [line for line in lines if "network off" in line or "part: ls" in line] == [
        "  | (in the workspace, at most 5 s, network off, sandboxed)",
        "  | part: ls: allowed",
    ]
