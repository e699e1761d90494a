"""``read``, ``draw``, ``lint`` and ``verify``: designs from files, with no model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from archnb.cli.commands import Commands, print_json
from archnb.errors import CellError
from archnb.html import visible

LEVELS = ("info", "warning", "error")


def add(commands: Commands) -> None:
    """Add the commands of this room."""
    read = commands.add("read", _read, "Read files and say what is in them.")
    read.add_argument("files", nargs="+")
    read.add_argument("--format", default=None)

    draw = commands.add("draw", _draw, "Draw files.")
    draw.add_argument("kind", choices=("erd", "services"))
    draw.add_argument("files", nargs="+")
    draw.add_argument(
        "-o",
        "--output",
        default="",
        help=".svg, .png, .dot or .txt; without it the text form is printed",
    )

    lint = commands.add("lint", _lint, "Review files by rules.")
    lint.add_argument("files", nargs="+")
    lint.add_argument("--select", default="", help="only these codes, by commas")
    lint.add_argument(
        "--fail-on",
        choices=(*LEVELS, "never"),
        default="error",
        help="exit 1 from this severity on (default: error)",
    )

    verify = commands.add("verify", _verify, "Apply a schema to a real, throw-away database.")
    verify.add_argument("files", nargs="+")
    verify.add_argument(
        "--engine",
        choices=("auto", "sqlite", "postgres"),
        default="auto",
        help="which database (default: by the dialect of the SQL)",
    )


def _read(given: argparse.Namespace) -> int:
    from archnb.design.reading import read
    from archnb.design.report import as_json, as_text

    design = read(*given.files, format=given.format)
    if given.json:
        print_json(as_json(design))
    else:
        print(as_text(design))
    return 2 if design.problems and not design else 0


def _draw(given: argparse.Namespace) -> int:
    from archnb.design.diagrams import draw
    from archnb.design.lint import lint
    from archnb.design.reading import read_all

    reading = read_all(*given.files)
    drawings = draw(reading.design, given.kind, findings=lint(reading.design, texts=reading.texts))
    if not drawings:
        files = ", ".join(given.files)
        raise CellError(
            f"There is nothing to draw as {given.kind} in {files} ({reading.design.summary})."
        )
    saved = []
    for number, drawing in enumerate(drawings):
        target = Path(given.output) if given.output else None
        if target and number:
            target = target.with_stem(f"{target.stem}-{number + 1}")
        if target:
            drawing.save(target)
            saved.append(str(target))
        if given.json:
            continue
        print(f"{drawing.title}: {target}" if target else drawing.text)
    if given.json:
        print_json(
            [
                {
                    "kind": drawing.kind,
                    "title": drawing.title,
                    "text": drawing.text,
                    "file": saved[n] if saved else None,
                }
                for n, drawing in enumerate(drawings)
            ]
        )
    for problem in reading.design.problems:
        print(visible(f"not read: {problem.source}: {problem.message}"), file=sys.stderr)
    return 0


def _lint(given: argparse.Namespace) -> int:
    from archnb.design.findings import Findings, row
    from archnb.design.lint import lint
    from archnb.design.reading import read_all

    reading = read_all(*given.files)
    select = [code.strip().upper() for code in given.select.split(",") if code.strip()] or None
    found = tuple(lint(reading.design, texts=reading.texts, select=select))
    findings = Findings(found, reading.design.summary, reading.design.problems)
    if given.json:
        print_json([row(finding) for finding in findings])
        for problem in findings.problems:
            print(visible(f"not read: {problem.source}: {problem.message}"), file=sys.stderr)
    else:
        print(findings.text())
    if findings.problems:
        return 2  # what was not read may hold anything: no findings would be a promise
    bar = LEVELS.index(given.fail_on) if given.fail_on != "never" else len(LEVELS)
    return int(any(LEVELS.index(finding.severity) >= bar for finding in findings))


def _verify(given: argparse.Namespace) -> int:
    from archnb.design.verdicts import Verdicts
    from archnb.design.verify import verify

    verdicts = Verdicts(verify(*given.files, engine=given.engine))
    if given.json:
        print_json(verdicts.rows())
    else:
        print(verdicts.text())
    return {True: 0, False: 1, None: 2}[verdicts.ok]
