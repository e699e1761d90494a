"""What a person types: ``%%architect``, ``%architect`` and the magics that need no model."""

from __future__ import annotations

import argparse
import asyncio
import shlex
from typing import Any, NoReturn

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display

import archnb
from archnb import agents
from archnb.errors import ArchnbError, CellError
from archnb.execution import sandbox
from archnb.html import visible
from archnb.notebook.approval import CardApprover
from archnb.notebook.clicks import heartbeat, surface
from archnb.notebook.screen import Screen
from archnb.notebook.values import as_text
from archnb.permission.policy import PolicyApprover, policy_from
from archnb.session import Result, Session
from archnb.session.prompt import insert_variables
from archnb.session.transcript import why_lines

_CELL = "%%architect"
_SESSION = "_archnb_session"

HELP = """\
%%architect [--agent NAME] [--model ID] [--plan] [--new] [-o VAR]
    the cell's text goes to the agent; @path names a file, {{name}} inserts a variable
%architect                 what is in force here
%architect help            this page
%architect agents          the agents that can be named
%architect agent NAME      choose the agent for the cells that follow
%architect model ID        choose the model (offline: rules only, no key)
%architect config          each setting with its source
%architect why COMMAND     which rule decides over a bash command, and why
%architect new             start the conversation afresh
%%design NAME              read the cell as a schema, sketch or spec; draw and check it; bind NAME
%erd FILE…   %services FILE…   %review FILE…      one thing each, with no model
"""


class _Arguments(argparse.ArgumentParser):
    """A parser whose complaint is one sentence instead of an exit."""

    def error(self, message: str) -> NoReturn:
        raise CellError(f"{self.prog}: {message}.", hint="%architect help lists the options.")


def _cell_arguments() -> _Arguments:
    parser = _Arguments(prog=_CELL, add_help=False)
    parser.add_argument("--agent", default="")
    parser.add_argument("--model", default="")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--new", action="store_true")
    parser.add_argument("-o", "--output", default="", metavar="VAR")
    return parser


def transform(lines: list[str]) -> list[str]:
    """A cell that starts with ``%%architect`` becomes one awaited call.

    A magic function cannot await, and only an awaiting cell hears a click while it runs.

    >>> transform(["%%architect --plan\\n", "hello\\n"])
    ["await __import__('archnb.notebook.magics', fromlist=['run_cell']).run_cell('--plan', 'hello\\\\n')\\n"]
    """
    if not lines or lines[0].split()[:1] != [_CELL]:
        return lines
    options, text = lines[0].strip().removeprefix(_CELL).strip(), "".join(lines[1:])
    return [
        f"await __import__({__name__!r}, fromlist=['run_cell']).run_cell({options!r}, {text!r})\n"
    ]


async def run_cell(options: str, text: str) -> Result:
    """Run one ``%%architect`` cell; the value is what the next cell can use."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    given = _cell_arguments().parse_args(_split(options, _CELL))
    if not text.strip():
        raise CellError(
            f"This {_CELL} cell says nothing.", hint="Write below the first line what is wanted."
        )
    if given.output and not given.output.isidentifier():
        raise CellError(f"-o {given.output}: that is no variable name.")
    session = session_of(shell)
    screen = Screen()
    policy = policy_from(session.environment)
    approver = PolicyApprover(policy) if policy else CardApprover(screen.slot)
    prompt = insert_variables(
        text, lambda name: as_text(shell.user_ns[name]) if name in shell.user_ns else None
    )
    clock = asyncio.ensure_future(screen.keep_time())
    started = asyncio.get_running_loop().time()
    try:
        with heartbeat():
            async for event in session.run(
                prompt,
                approver,
                agent=given.agent,
                model=given.model,
                plan=given.plan,
                new=given.new,
            ):
                screen.show(event)
    finally:
        clock.cancel()
    result = screen.result.timed(asyncio.get_running_loop().time() - started)
    if given.output:
        shell.user_ns[given.output] = result
    if result.ended == "interrupted":
        raise KeyboardInterrupt
    if result.ended == "failed":
        raise ArchnbError(result.message)
    return result


def session_of(shell: Any) -> Session:
    """The notebook's one conversation; kept with the shell so that reloading the extension keeps it."""
    session = getattr(shell, _SESSION, None)
    if not isinstance(session, Session):
        session = Session()
        setattr(shell, _SESSION, session)
    return session


@magics_class
class ArchitectMagics(Magics):
    """The line magics, and ``%%design``."""

    @no_var_expand  # type: ignore[untyped-decorator, unused-ignore]
    @line_magic  # type: ignore[untyped-decorator, unused-ignore]
    def architect(self, line: str) -> None:
        """Show or change what is in force; `%architect help` lists it."""
        words = line.split(maxsplit=1)
        verb, rest = (
            (words[0], words[1].strip() if len(words) > 1 else "") if words else ("status", "")
        )
        session = session_of(self.shell)
        match verb, rest:
            case "status", "":
                _say(status(session))
            case "help", "":
                _say(HELP)
            case "config", "":
                _say(
                    "\n".join(
                        f"{choice.name:<11} {choice.value}   ({choice.source})"
                        for choice in session.choices()
                    )
                )
            case "agents", "":
                known = agents.available(session.workspace.root)
                _say("\n".join(f"{name:<24} {origin:<10} {path}" for name, origin, path in known))
            case "agent", name if name:
                session.agent(name)
                session.agent_name = name
                _say(status(session))
            case "model", name if name:
                session.model = name
                _say(status(session))
            case "why", command if command:
                decision = session.why(command)
                parts = [f"  {part.text}: {part.action} ({part.rule})" for part in decision.parts]
                _say("\n".join([f"{decision.action}: {command}", *why_lines(decision), *parts]))
            case "new", "":
                session.forget()
                _say("The conversation starts afresh.")
            case _:
                raise CellError(
                    f"%architect {line}: I do not know that.",
                    hint="%architect help lists what there is.",
                )

    @cell_magic  # type: ignore[untyped-decorator, unused-ignore]
    def design(self, line: str, cell: str) -> archnb.Design:
        """Read the cell as a schema, sketch or specification, draw it, check it, and bind NAME."""
        parser = _Arguments(prog="%%design", add_help=False)
        parser.add_argument("name")
        parser.add_argument("--format", default=None)
        given = parser.parse_args(_split(line, "%%design"))
        if not given.name.isidentifier():
            raise CellError(f"%%design {given.name}: that is no variable name.")
        design = archnb.read(text=cell, format=given.format)
        findings = archnb.lint(design)
        for drawing in archnb.draw(design, title=given.name, findings=findings):
            display(drawing)
        display(findings)
        _say_problems(design)
        if self.shell is not None:
            self.shell.user_ns[given.name] = design
        return design

    @line_magic  # type: ignore[untyped-decorator, unused-ignore]
    def erd(self, line: str) -> None:
        """Draw the tables of the files named."""
        self._draw("erd", line)

    @line_magic  # type: ignore[untyped-decorator, unused-ignore]
    def services(self, line: str) -> None:
        """Draw the services of the files named."""
        self._draw("services", line)

    @line_magic  # type: ignore[untyped-decorator, unused-ignore]
    def review(self, line: str) -> Any:
        """Review the files named by archnb's rules."""
        findings = archnb.lint(*_files(line, "%review"))
        display(findings)

    def _draw(self, kind: str, line: str) -> None:
        design = archnb.read(*_files(line, f"%{kind}"))
        drawings = archnb.draw(design, kind=kind, findings=archnb.lint(design))
        if not drawings:
            raise CellError(
                f"%{kind} {line}: there is nothing of that kind in it ({design.summary})."
            )
        for drawing in drawings:
            display(drawing)
        _say_problems(design)


def _files(line: str, magic: str) -> list[str]:
    names = [name.removeprefix("@") for name in _split(line, magic)]
    if not names:
        raise CellError(
            f"{magic} needs a file or folder.", hint=f"For example: {magic} db/schema.sql"
        )
    return names


def _split(line: str, magic: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise CellError(f"{magic}: {str(error).lower()} in {line!r}.") from error


def status(session: Session) -> str:
    """The quiet line of ``%load_ext``: version, agent, model, workspace, approvals, sandbox."""
    agent = session.agent()
    model = session.model_choice(agent=agent)
    named = "offline: no key found, rules only" if model.source == "no key found" else model.value
    approvals = {"unattended": "unattended: asks are denied"}.get(surface(), surface())
    if policy_from(session.environment):
        approvals = "policy of this run"
    words = (
        f"archnb {archnb.__version__}",
        agent.name,
        named,
        str(session.workspace.root),
        f"approvals: {approvals}",
        sandbox.LABEL,
    )
    return " · ".join(words)


def _say(text: str) -> None:
    display({"text/plain": visible(text)}, raw=True)


def _say_problems(design: archnb.Design) -> None:
    if design.problems:
        _say(
            "\n".join(
                f"not read: {problem.source}: {problem.message}" for problem in design.problems
            )
        )


def load(shell: InteractiveShell) -> None:
    """Register the magics and the transformer, once, and say what is in force."""
    shell.register_magics(ArchitectMagics)
    transformers = shell.input_transformers_cleanup
    transformers[:] = [
        known
        for known in transformers
        if getattr(known, "__name__", "") != "transform" or known.__module__ != __name__
    ]
    transformers.append(transform)
    _say(status(session_of(shell)))


def unload(shell: InteractiveShell) -> None:
    """Take the transformer away again."""
    transformers = shell.input_transformers_cleanup
    transformers[:] = [
        known for known in transformers if getattr(known, "__module__", "") != __name__
    ]
