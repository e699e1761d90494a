"""The same rooms from a shell, for scripts and CI; every command has ``--json``."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from archnb import __version__
from archnb.errors import ArchnbError, CellError
from archnb.html import visible

LEVELS = ("info", "warning", "error")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command. Exit codes: 0 fine, 1 findings at or above the level, 2 could not do it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow console shows ? instead of failing
    try:
        given = _parser().parse_args(arguments)
        code = given.act(given)
    except ArchnbError as error:
        print(f"archnb: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  hint: {error.hint}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        print("archnb: interrupted", file=sys.stderr)
        code = 2
    except BrokenPipeError:
        code = 0
    raise SystemExit(code)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CellError(f"{self.prog}: {message}.", hint=f"{self.prog} --help")


_Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def _parser() -> _Parser:
    parser = _Parser(
        prog="archnb", description="An architecture assistant that lives in a notebook."
    )
    parser.add_argument("--version", action="version", version=f"archnb {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def command(
        name: str, act: Callable[[argparse.Namespace], int], summary: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.add_argument("--json", action="store_true", help="print JSON")
        added.set_defaults(act=act)
        return added

    _add_conversing(command)
    _add_designing(command)
    agents = command("agents", _agents, "List the agents that can be named.")
    agents.add_argument("check", nargs="?", choices=("check",))
    agents.add_argument("file", nargs="?")

    command("doctor", _doctor, "Say what works here.")
    return parser


def _add_conversing(command: _Command) -> None:
    lab = command("lab", _lab, "Open JupyterLab on a notebook (needs archnb[lab]).")
    lab.add_argument("notebook", nargs="?", default="")
    lab.add_argument("options", nargs=argparse.REMAINDER, help="passed on to jupyter lab")

    run = command(
        "run", _run, "Execute a notebook with nobody there; asks are denied unless approved here."
    )
    run.add_argument("notebook")
    run.add_argument(
        "-o",
        "--output",
        default="",
        help="the executed notebook (default: NAME.executed.ipynb beside it)",
    )
    run.add_argument("--html", action="store_true", help="write an HTML page beside it")
    run.add_argument(
        "--approve",
        action="append",
        default=[],
        metavar="PERMISSION:PATTERN",
        help="approve these asks in this run, for example 'edit:shop/*'",
    )
    run.add_argument("--timeout", type=float, default=600.0, help="seconds for one cell")

    ask = command("ask", _ask, "Ask the architect on the terminal.")
    ask.add_argument("text", nargs="+")
    ask.add_argument("--agent", default="")
    ask.add_argument("--model", default="")
    ask.add_argument("--plan", action="store_true", help="read only: nothing can be changed")


def _add_designing(command: _Command) -> None:
    read = command("read", _read, "Read files and say what is in them.")
    read.add_argument("files", nargs="+")
    read.add_argument("--format", default=None)

    draw = command("draw", _draw, "Draw files.")
    draw.add_argument("kind", choices=("erd", "services"))
    draw.add_argument("files", nargs="+")
    draw.add_argument(
        "-o",
        "--output",
        default="",
        help=".svg, .png, .dot or .txt; without it the text form is printed",
    )

    lint = command("lint", _lint, "Review files by rules.")
    lint.add_argument("files", nargs="+")
    lint.add_argument("--select", default="", help="only these codes, by commas")
    lint.add_argument(
        "--fail-on",
        choices=(*LEVELS, "never"),
        default="error",
        help="exit 1 from this severity on (default: error)",
    )


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _read(given: argparse.Namespace) -> int:
    from archnb.design.reading import read
    from archnb.design.report import as_json, as_text

    design = read(*given.files, format=given.format)
    if given.json:
        _print_json(as_json(design))
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
        _print_json(
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
        _print_json([row(finding) for finding in findings])
        for problem in findings.problems:
            print(visible(f"not read: {problem.source}: {problem.message}"), file=sys.stderr)
    else:
        print(findings.text())
    if findings.problems:
        return 2  # what was not read may hold anything: no findings would be a promise
    bar = LEVELS.index(given.fail_on) if given.fail_on != "never" else len(LEVELS)
    return int(any(LEVELS.index(finding.severity) >= bar for finding in findings))


def _agents(given: argparse.Namespace) -> int:
    from archnb import agents

    if given.check:
        if not given.file:
            raise CellError("archnb agents check needs a file.")
        path = Path(given.file)
        checked = agents.load(path, path.stem)
        rules = [str(rule) for rule in checked.rules]
        if given.json:
            _print_json(
                {"name": checked.name, "model": checked.model, "mode": checked.mode, "rules": rules}
            )
        else:
            print(
                "\n".join(
                    [
                        f"{checked.name}: {checked.description}",
                        f"model {checked.model or '(default)'}, mode {checked.mode}",
                        *rules,
                    ]
                )
            )
        return 0
    rows = agents.available(Path.cwd())
    if given.json:
        _print_json([{"name": name, "origin": origin, "path": path} for name, origin, path in rows])
    else:
        for name, origin, place in rows:
            print(f"{name:<24} {origin:<10} {place}")
    return 0


def _ask(given: argparse.Namespace) -> int:
    from archnb.session.session import Session
    from archnb.terminal import Printer, approve_by_input, deny_unattended

    session = Session()
    printer = Printer(stream=sys.stderr if given.json else None)
    approver = approve_by_input if sys.stdin.isatty() else deny_unattended

    async def run() -> None:
        text = " ".join(given.text)
        async for event in session.run(
            text, approver, agent=given.agent, model=given.model, plan=given.plan
        ):
            printer.show(event)

    asyncio.run(run())
    result = printer.result
    if given.json:
        from archnb.design.findings import row

        calls = [
            {"title": call.title, "state": call.state, "output": call.output}
            for call in result.calls
        ]
        _print_json(
            {
                "text": result.text,
                "findings": [row(finding) for finding in result.findings],
                "calls": calls,
                "changed": list(result.changed),
                "ended": result.ended,
            }
        )
    else:
        print(repr(result))
    return 0 if result.ended == "done" else 2


def _run(given: argparse.Namespace) -> int:
    from archnb.session.execute import execute

    outcome = execute(
        Path(given.notebook),
        output=Path(given.output) if given.output else None,
        html=given.html,
        approve=given.approve,
        timeout=given.timeout,
        say=(lambda line: print(line, file=sys.stderr)) if given.json else print,
    )
    if given.json:
        _print_json(
            {
                "notebook": str(outcome.notebook),
                "html": str(outcome.html) if outcome.html else None,
                "decisions": list(outcome.decisions),
                "failed": outcome.failed,
            }
        )
    return 2 if outcome.failed else 0


def _lab(given: argparse.Namespace) -> int:
    from importlib.util import find_spec
    from subprocess import call

    if find_spec("jupyterlab") is None:
        raise CellError("JupyterLab is not installed here.", hint="pip install 'archnb[lab]'")
    notebook = [given.notebook] if given.notebook else []
    return call([sys.executable, "-m", "jupyterlab", *notebook, *given.options])


def _doctor(given: argparse.Namespace) -> int:
    from archnb.session.doctor import examine

    rows = examine()
    if given.json:
        _print_json([{"what": row.what, "ok": row.ok, "says": row.says} for row in rows])
    else:
        for row in rows:
            print(f"{'✓' if row.ok else '✗'} {row.what:<12} {row.says}")
    return 0 if all(row.ok for row in rows if row.needed) else 2
