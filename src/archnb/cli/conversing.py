"""``ask``, ``run``, ``export``, ``lab``, ``doctor``: the architect without a notebook."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from archnb.cli.commands import Commands, print_json
from archnb.errors import CellError


def add(commands: Commands) -> None:
    """Add the commands of this room."""
    lab = commands.add("lab", _lab, "Open JupyterLab on a notebook (needs archnb[lab]).")
    lab.add_argument("notebook", nargs="?", default="")
    lab.add_argument("options", nargs=argparse.REMAINDER, help="passed on to jupyter lab")

    run = commands.add(
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
        help="approve these asks in this run, for example 'edit:shop/*'; a command stays in the "
        "workspace unless the entry says more: 'bash+network:git fetch *', 'bash+full:docker ps'",
    )
    run.add_argument("--timeout", type=float, default=600.0, help="seconds for one cell")

    export = commands.add(
        "export", _export, "Write a notebook as one clean file: nothing active, nothing fetched."
    )
    export.add_argument("notebook")
    export.add_argument("--to", choices=["html", "md", "ipynb"], default="html")
    export.add_argument("-o", "--output", default="", help="default: beside the notebook")

    ask = commands.add("ask", _ask, "Ask the architect on the terminal.")
    ask.add_argument("text", nargs="+")
    ask.add_argument("--agent", default="")
    ask.add_argument("--model", default="")
    ask.add_argument("--plan", action="store_true", help="read only: nothing can be changed")

    commands.add("doctor", _doctor, "Say what works here.")


def _ask(given: argparse.Namespace) -> int:
    from archnb.session.session import Session
    from archnb.terminal import Printer
    from archnb.terminal.asking import InputApprover, deny_unattended

    session = Session()
    printer = Printer(stream=sys.stderr if given.json else None)
    approver = InputApprover() if sys.stdin.isatty() else deny_unattended

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
        print_json(
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
        print_json(
            {
                "notebook": str(outcome.notebook),
                "html": str(outcome.html) if outcome.html else None,
                "decisions": list(outcome.decisions),
                "failed": outcome.failed,
            }
        )
    return 2 if outcome.failed else 0


def _export(given: argparse.Namespace) -> int:
    from archnb.session.export import export

    output = Path(given.output) if given.output else None
    written = export(Path(given.notebook), given.to, output)
    print_json({"file": str(written)}) if given.json else print(written)
    return 0


def _lab(given: argparse.Namespace) -> int:
    from importlib.util import find_spec
    from subprocess import call

    if find_spec("jupyterlab") is None:
        raise CellError("JupyterLab is not installed here.", hint="pip install 'archnb[lab]'")
    notebook = [given.notebook] if given.notebook else []
    return call([sys.executable, "-P", "-m", "jupyterlab", *notebook, *given.options])


def _doctor(given: argparse.Namespace) -> int:
    from archnb.session.doctor import examine

    rows = examine()
    if given.json:
        print_json([{"what": row.what, "ok": row.ok, "says": row.says} for row in rows])
    else:
        for row in rows:
            print(f"{'✓' if row.ok else '✗'} {row.what:<12} {row.says}")
    return 0 if all(row.ok for row in rows if row.needed) else 2
