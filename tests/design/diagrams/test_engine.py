"""The engine: which one is taken, and what becomes of its failures."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from archnb.design.diagrams import dot
from archnb.errors import DrawError

SVG = '<svg width="10pt" height="20pt" viewBox="0 0 10 20"></svg>'


def script(folder: Path, body: str) -> str:
    """A stand-in for a graphviz program."""
    path = folder / "engine"
    path.write_text(f"#!{sys.executable}\nimport sys\nsource = sys.stdin.read()\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_the_engine_of_the_environment_wins(tmp_path, monkeypatch) -> None:
    path = script(tmp_path, "")
    monkeypatch.setenv("ARCHNB_DOT", path)
    assert dot.engine() == path


def test_graphviz_pure_is_found_without_a_path(monkeypatch) -> None:
    monkeypatch.delenv("ARCHNB_DOT", raising=False)
    monkeypatch.setenv("PATH", "")
    assert Path(dot.engine()).stem == "graphviz-pure"


def test_no_engine_at_all_is_said(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("ARCHNB_DOT", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(dot.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(DrawError, match="No graphviz engine"):
        dot.engine()


def test_a_wrong_name_is_said(monkeypatch) -> None:
    monkeypatch.setenv("ARCHNB_DOT", "no-such-program")
    with pytest.raises(DrawError, match="no-such-program"):
        dot.engine()


def test_exit_code_1_after_a_whole_picture_is_success(tmp_path) -> None:
    body = f"print({SVG!r}); print('Error: trouble in init_rank', file=sys.stderr); sys.exit(1)"
    assert dot.to_svg("digraph{}", script(tmp_path, body)) == (f"{SVG}\n", 10.0, 20.0)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('Error: <stdin>: bad line', file=sys.stderr); sys.exit(1)", "bad line"),
        (f"print({SVG!r}); print('Error: syntax error in line 1', file=sys.stderr); sys.exit(1)", "syntax error"),
        ("sys.exit(3)", "exit code 3"),
        (f"print({SVG!r}); sys.exit(-11)", "failed"),
        ("print('hello')", "no complete SVG"),
        (f"print({SVG[:-3]!r})", "no complete SVG"),
    ],
)  # fmt: skip
def test_failures_are_told_in_the_engines_words(tmp_path, body: str, message: str) -> None:
    with pytest.raises(DrawError, match=message) as caught:
        dot.to_svg("digraph{}", script(tmp_path, body))
    assert caught.value.hint


def test_a_broken_png_is_said(tmp_path) -> None:
    path = script(tmp_path, f"print({SVG!r})")
    with pytest.raises(DrawError, match="no complete PNG"):
        dot.to_png("digraph{}", path)


def test_a_slow_engine_is_stopped(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(dot, "TIME_LIMIT", 0.2)
    with pytest.raises(DrawError, match="took more than"):
        dot.to_svg("digraph{}", script(tmp_path, "import time; time.sleep(30)"))


def test_a_file_that_cannot_run_is_said(tmp_path) -> None:
    path = tmp_path / "engine"
    path.write_text("no program")
    with pytest.raises(DrawError, match="cannot be run"):
        dot.to_svg("digraph{}", str(path))


def test_the_same_source_is_laid_out_once(tmp_path) -> None:
    path = script(tmp_path, f"open({str(tmp_path / 'log')!r}, 'a').write('x')\nprint({SVG!r})")
    assert dot.to_svg("digraph{}", path) == dot.to_svg("digraph{}", path)
    assert (tmp_path / "log").read_text() == "x"


def test_a_finished_svg_is_fit_for_a_page() -> None:
    raw = (
        '<?xml version="1.0"?><!DOCTYPE svg><!-- made by --><svg width="75pt" height="30pt"\n'
        ' viewBox="0.00 0.00 75.00 30.00" xmlns="http://www.w3.org/2000/svg">\n'
        '<g id="graph0" class="graph">\n<title>erd</title>\n<!-- t0 -->\n'
        '<text xml:space="preserve" x="1" font-family="Arial"> </text>\n'
        '<text xml:space="preserve" x="1" font-family="Arial">id</text></g></svg>'
    )
    page = dot.finish(raw, 'A "title" <b>')
    assert page.startswith("<svg ")
    assert 'width="100" height="40" viewBox="0.00 0.00 75.00 30.00"' in page
    assert "<title>A &quot;title&quot; &lt;b&gt;</title>" in page
    assert "Helvetica" in page
    assert page.count("<text") == 1
    assert not [word for word in ("<!--", "<?xml", "DOCTYPE", 'id="', "erd") if word in page]


def program(folder: Path, name: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="programs are told otherwise there")
@pytest.mark.parametrize(
    ("wanted", "search"),
    [
        ("", ".:{ws}:{ws}/bin::{system}"),
        ("dot", ".:{ws}:{ws}/bin::{system}"),
        ("{system}/dot", ""),
    ],
)
def test_a_program_of_the_project_is_never_the_engine(tmp_path, monkeypatch, wanted, search):
    places = {"ws": tmp_path / "ws", "system": tmp_path / "system"}
    program(tmp_path / "ws", "dot")
    program(tmp_path / "ws/bin", "dot")
    found = program(tmp_path / "system", "dot")
    monkeypatch.chdir(tmp_path / "ws")
    monkeypatch.setattr(dot.sysconfig, "get_path", lambda _: str(tmp_path / "none"))
    monkeypatch.setenv("PATH", search.format(**places))
    monkeypatch.setenv("ARCHNB_DOT", wanted.format(**places))
    assert dot.engine() == found


@pytest.mark.skipif(sys.platform == "win32", reason="programs are told otherwise there")
@pytest.mark.parametrize(
    "wanted", ["./dot", "dot", "bin/dot", "{ws}/dot", "{ws}/bin/dot", "{link}"]
)
def test_a_project_cannot_be_named_as_the_engine(tmp_path, monkeypatch, wanted):
    program(tmp_path / "ws/bin", "dot")
    path = program(tmp_path / "ws", "dot")
    (tmp_path / "link").symlink_to(path)
    monkeypatch.chdir(tmp_path / "ws")
    monkeypatch.setenv("PATH", f".:{tmp_path}/ws")
    monkeypatch.setenv("ARCHNB_DOT", wanted.format(ws=tmp_path / "ws", link=tmp_path / "link"))
    with pytest.raises(DrawError, match="no program here, or one of this folder"):
        dot.engine()


def test_in_a_home_folder_installed_programs_are_found(tmp_path, monkeypatch) -> None:
    path = program(tmp_path / "tools/bin", "dot")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHNB_DOT", path)
    assert dot.engine() == path


def test_the_engine_gets_no_keys(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-never")
    body = f"import os; print({SVG!r} if 'SOME_API_KEY' not in os.environ else 'leaked')"
    assert dot.to_svg("digraph{keys}", script(tmp_path, body))[1] == 10.0
