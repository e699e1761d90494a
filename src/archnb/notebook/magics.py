"""What a person types: ``%%architect``, ``%architect`` and the magics that need no model.

Loaded by ``%load_ext``, so it imports little; the rest is imported by the magic that needs it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display

import archnb
from archnb import agents
from archnb.errors import CellError
from archnb.execution import sandbox
from archnb.html import visible
from archnb.notebook.clicks import surface
from archnb.session.choices import NO_KEY, agent_choice, model_choice

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from archnb.session.session import Session

_CELL = "%%architect"
_UNDO = ["%architect", "undo"]
_RUN = "archnb.notebook.cell"
SESSION = "_archnb_session"
"""The shell's attribute that holds the notebook's one conversation."""
LAST = "_archnb_last"
"""The shell's attribute that holds what the last cell gave, for a page that did not hear it."""
CODE_WORD = "_archnb_code_word"
"""The shell's attribute that holds the word that every real question bears."""

HELP = """\
%%architect [--agent NAME] [--model ID] [--plan] [--new] [-o VAR]
    the cell's text goes to the agent; @path names a file, {{name}} inserts a variable
%architect                 what is in force here, and this kernel's code word
%architect help            this page
%architect agents          the agents that can be named
%architect agent NAME      choose the agent for the cells that follow
%architect model ID        choose the model (offline: rules only, no key)
%architect config          each setting with its source
%architect why COMMAND     which rule decides over a bash command, and why
%architect permissions     what is allowed from now on; `permissions revoke N` takes it back
%architect undo [N]        put back the last change (or the last N), after showing what comes back
%architect last            what the last cell did, once more: for a page that was reloaded meanwhile
%architect todo            the agent's to-do list
%architect new             start the conversation afresh
%%design NAME              read the cell as a schema, sketch or spec; draw and check it; bind NAME
%erd FILE…   %services FILE…   %review FILE…   %verify FILE…      one thing each, with no model
"""


def transform(lines: list[str]) -> list[str]:
    r"""A cell that starts with ``%%architect`` becomes one awaited call; so does an undo.

    A magic function cannot await, and only an awaiting cell hears a click while it runs.

    >>> transform(["%%architect --plan", "hello"])
    ["await __import__('archnb.notebook.cell', fromlist=['run']).run('--plan', 'hello')\n"]
    >>> transform(["%architect undo 2"])
    ["await __import__('archnb.notebook.cell', fromlist=['undo']).undo('2')\n"]
    """
    words = lines[0].split() if lines else []
    if words[:1] == [_CELL]:
        options, text = lines[0].strip().removeprefix(_CELL).strip(), "".join(lines[1:])
        return [f"await __import__({_RUN!r}, fromlist=['run']).run({options!r}, {text!r})\n"]
    if words[:2] == _UNDO and not "".join(lines[1:]).strip():
        count = " ".join(words[2:])
        return [f"await __import__({_RUN!r}, fromlist=['undo']).undo({count!r})\n"]
    return lines


# A terminal asks whether a cell is complete by transforming what is typed so far: with this mark it
# leaves the cell as it is, and knows that a cell magic ends with an empty line.
transform.has_side_effects = True  # type: ignore[attr-defined]


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
        match verb, rest:
            case "status", "":
                from archnb.notebook.code_word import tell

                _say(status(self.shell))
                tell(self.shell)
            case "help", "":
                _say(HELP)
            case "undo", _:
                raise CellError("%architect undo must stand alone in its cell.")
            case _:
                from archnb.notebook.commands import command

                _say(command(self.shell, verb, rest))

    @cell_magic  # type: ignore[untyped-decorator, unused-ignore]
    def design(self, line: str, cell: str) -> archnb.Design:
        """Read the cell as a schema, sketch or specification, draw it, check it, and bind NAME."""
        from archnb.notebook.lines import design_arguments

        given = design_arguments(line)
        if not given.name:
            raise CellError("%%design needs a name for the result.", hint="%%design shop")
        if not given.name.isidentifier():
            raise CellError(f"%%design {given.name}: that is no variable name.")
        design = archnb.read(text=cell, format=given.format)
        findings = archnb.lint(design)
        for drawing in archnb.draw(design, title=given.name, findings=findings):
            display(drawing)
        display(findings)
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
    def review(self, line: str) -> None:
        """Review the files named by archnb's rules."""
        from archnb.notebook.lines import file_arguments

        display(archnb.lint(*file_arguments(line, "%review")))

    @line_magic  # type: ignore[untyped-decorator, unused-ignore]
    def verify(self, line: str) -> None:
        """Apply the schemas named to a real, throw-away database."""
        from archnb.notebook.lines import file_arguments

        display(archnb.verify(*file_arguments(line, "%verify")))

    def _draw(self, kind: str, line: str) -> None:
        from archnb.notebook.lines import file_arguments

        design = archnb.read(*file_arguments(line, f"%{kind}"))
        drawings = archnb.draw(design, kind=kind, findings=archnb.lint(design))
        if not drawings:
            raise CellError(
                f"%{kind} {line}: there is nothing of that kind in it ({design.summary})."
            )
        for drawing in drawings:
            display(drawing)
        _say_problems(design)


def status(shell: Any) -> str:
    """The quiet line of ``%load_ext``: version, agent, model, workspace, approvals, sandbox."""
    session: Session | None = getattr(shell, SESSION, None)
    root = session.workspace.root if session else Path.cwd()
    named = agent_choice(session.agent_name if session else "", os.environ).value
    agent = agents.find(named, root)
    model = model_choice(
        os.environ, asked=session.model if session else "", agent=(agent.model, agent.path)
    )
    words = (
        f"archnb {archnb.__version__}",
        agent.name,
        f"offline: {NO_KEY}, rules only" if model.source == NO_KEY else model.value,
        str(root),
        f"approvals: {_approvals()}",
        sandbox.current().label("workspace"),
    )
    return " · ".join(words)


def _approvals() -> str:
    if os.environ.get("ARCHNB_APPROVE", "[]") != "[]":
        return "policy of this run"
    found = surface()
    return "unattended: asks are denied" if found == "unattended" else found


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
    _say(status(shell))


def unload(shell: InteractiveShell) -> None:
    """Take the transformer away again."""
    transformers = shell.input_transformers_cleanup
    transformers[:] = [
        known for known in transformers if getattr(known, "__module__", "") != __name__
    ]
