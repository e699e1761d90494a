"""What the words behind ``%architect`` do: show or change a setting of the session, as text."""

from __future__ import annotations

from typing import Any

from archnb import agents
from archnb.errors import CellError
from archnb.notebook.cell import session_of
from archnb.notebook.magics import LAST, status
from archnb.notebook.screen import show_again
from archnb.permission.report import decision_text
from archnb.permission.requests import SCOPES
from archnb.session.session import Session
from archnb.session.todos import todos_text
from archnb.session.transcript import Result


def command(shell: Any, verb: str, rest: str) -> str:
    """Do what ``%architect VERB REST`` says; gives what to say."""
    session = session_of(shell)
    match verb, rest:
        case "config", "":
            choices = session.choices()
            return "\n".join(f"{made.name:<11} {made.value}   ({made.source})" for made in choices)
        case "agents", "":
            return "\n".join(
                f"{row.name:<24} {row.origin:<10} {row.problem or row.path}"
                for row in agents.listing(session.workspace.root)
            )
        case "agent", name if name:
            session.agent(name)
            session.agent_name = name
            return status(shell)
        case "model", name if name:
            session.model = name
            return status(shell)
        case "why" | "agent" | "model", "":
            raise CellError(f"%architect {verb} needs a word behind it.", hint="%architect help")
        case "why", line:
            return f"{line}\n{decision_text(session.why(line))}"
        case "permissions", "":
            return _permissions(session)
        case "permissions", words:
            return _revoked(session, words.split())
        case "last", "":
            return _again(shell)
        case "todo", "":
            return todos_text(session.todos) if session.todos else "The to-do list is empty."
        case "new", "":
            session.forget()
            return "The conversation starts afresh."
        case _:
            raise CellError(
                f"%architect {verb} {rest}".rstrip() + ": I do not know that.",
                hint="%architect help lists what there is.",
            )


def _again(shell: Any) -> str:
    """Show what the last ``%%architect`` cell gave; its last line."""
    result: Result | None = getattr(shell, LAST, None)
    if result is None:
        return "No %%architect cell has run in this kernel."
    show_again(result)
    return result.summary


def _permissions(session: Session) -> str:
    lines = [
        f"{grant.permission} {grant.pattern}   (for {SCOPES[grant.scope]}; asked by {grant.agent})"
        for grant in session.granted()
    ]
    lines += [
        f"{entry.path} as it stood   (trusted agent file of this workspace)"
        for entry in session.trusted()
    ]
    if not lines:
        return "Nothing is allowed beyond the agent's own rules."
    numbered = [f"{number:>3}  {line}" for number, line in enumerate(lines, start=1)]
    return "\n".join([*numbered, "Take one back: %architect permissions revoke N"])


def _revoked(session: Session, words: list[str]) -> str:
    count = len(session.granted()) + len(session.trusted())
    match words:
        case ["revoke", "all"]:
            for _ in range(count):
                _revoke(session, 1)
            return f"{count} taken back."
        case ["revoke", number] if number.isdigit():
            return f"Taken back: {_revoke(session, int(number))}"
        case _:
            raise CellError(
                f"%architect permissions {' '.join(words)}: I do not know that.",
                hint="%architect permissions revoke N, or revoke all",
            )


def _revoke(session: Session, number: int) -> str:
    granted, trusted = session.granted(), session.trusted()
    if len(granted) < number <= len(granted) + len(trusted):
        entry = trusted[number - len(granted) - 1]
        session.distrust(entry)
        return f"the trust in {entry.path}"
    grant = session.revoke(number)
    return f"{grant.permission} {grant.pattern}"
