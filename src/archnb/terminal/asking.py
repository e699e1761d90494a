"""The questions of a card by ``input()``: the same choices, typed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from archnb.html import visible
from archnb.permission.requests import SCOPES, Ask, Changes, Grant, Reply, Request, Scope, Shell
from archnb.session.previews import preview_text
from archnb.session.questions import editable_text, first_pattern, question_text, reach

SETTLING = 0.25  # seconds before a question: an "always" may answer it, others may come with it


@dataclass(slots=True)
class InputApprover:
    """The approver of a terminal: one question after another, in the order they were asked.

    Each bears ``code_word``, where there is one.
    """

    code_word: str = ""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0
    _interrupted: bool = False

    async def __call__(self, ask: Ask) -> Reply:
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(SETTLING)
                if self._interrupted:  # an interrupt is meant for all that wait
                    raise asyncio.CancelledError
                self._interrupted = True
                reply = ask_by_input(ask, waiting=self._waiting, code_word=self.code_word)
                self._interrupted = False
                return reply
        finally:
            self._waiting -= 1


async def deny_unattended(ask: Ask) -> Reply:
    """The approver where nobody is there."""
    del ask
    return Reply("reject", by="nobody: unattended, asks are denied")


def ask_by_input(ask: Ask, *, waiting: int = 1, code_word: str = "") -> Reply:
    """Ask on the terminal; ``waiting`` questions are open, this one among them.

    An interrupt cancels the run that asks. It blocks, as ``input()`` does.
    """
    _say(f"\n{question_text(ask, code_word)}")
    if waiting > 1:
        _say(f"({waiting} questions wait; this is the first of them)")
    try:
        with _interruptible():
            while (reply := _answered(ask)) is None:
                pass
            return reply
    except KeyboardInterrupt:
        raise asyncio.CancelledError from None
    except (EOFError, NotImplementedError, RuntimeError):
        return Reply("reject", by="nobody: no input possible")


def _answered(ask: Ask) -> Reply | None:
    """One answer; None where the person came back to the question."""
    offers = {"e": editable_text(ask.request) is not None, "a": bool(ask.request.always)}
    words = "".join(
        f", {key} = {word}" for key, word in (("e", "edit"), ("a", "always")) if offers[key]
    )
    said = input(f"approve? [y = yes, n = no{words}, or say why not] ").strip()
    match said.lower():
        case "y" | "yes":
            return Reply("once")
        case "" | "n" | "no":
            return Reply("reject")
        case "e" | "edit":
            if offers["e"]:
                return _edited(ask.request)
            _say("There is no text to edit here.")
        case "a" | "always":
            if offers["a"]:
                return _always(ask)
            _say("This can only be answered once.")
        case _:
            return Reply("reject", feedback=said)
    return None


def _edited(request: Request) -> Reply | None:
    before = editable_text(request) or ""
    text = _new_text(request, before)
    if text is None:
        return None
    if text == before:
        _say("The text is as it was.")
        return None
    _say(preview_text(request.edited(text).preview))
    if input("approve this text? [y = yes, anything else = back] ").strip().lower() in ("y", "yes"):
        return Reply("once", edited=text)
    return None


def _new_text(request: Request, text: str) -> str | None:
    """The text as the person wants it; None where it cannot be edited here or was left empty."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if editor and sys.stdin is not None and sys.stdin.isatty():
        return _in_editor(shlex.split(editor), request, text)
    match request.preview:
        case Shell():
            return input("the command that is approved: ").strip() or None
        case _:
            _say(
                "A file is edited in an editor: set EDITOR and run this in a terminal. "
                "Or say here what should be different; the agent reads it."
            )
            return None


def _in_editor(editor: list[str], request: Request, text: str) -> str | None:
    match request.preview:
        case Changes((diff,)):
            suffix = PurePosixPath(diff.path).suffix
        case _:
            suffix = ".sh"
    with tempfile.TemporaryDirectory(prefix="archnb-") as folder:  # readable by its owner only
        path = Path(folder) / f"approve{suffix}"
        path.write_bytes(text.encode())
        try:
            subprocess.run([*editor, str(path)], check=True)
            edited = path.read_bytes().decode()
        except (OSError, subprocess.CalledProcessError, UnicodeDecodeError) as error:
            _say(f"The editor gave nothing back: {error}")
            return None
    edited = edited.replace("\r\n", "\n")
    # An editor ends the last line; a command that had no end keeps none.
    return edited.removesuffix("\n") if isinstance(request.preview, Shell) else edited


def _always(ask: Ask) -> Reply | None:
    """The pattern to remember and how far; None where the person came back."""
    request = ask.request
    start = first_pattern(request)
    for other in request.always:
        if other != start:
            _say(f"  also possible: {_shown(other)}")
    pattern = input(f"pattern [{_shown(start)}]: ").strip() or start
    covered, said = reach(pattern, request)
    _say(f"  {said}")
    if not covered:
        return None
    scopes: dict[str, Scope] = {scope[0]: scope for scope in SCOPES}
    choices = ", ".join(f"{key} = {SCOPES[scope]}" for key, scope in scopes.items())
    for_what = input(f"approve and remember for [{choices}; anything else = back]: ").strip()
    scope = scopes.get(for_what.lower()[:1])
    if scope is None:
        _say("Nothing is remembered.")
        return None
    return Reply("always", grant=Grant(request.permission, pattern, scope, ask.agent))


def _shown(text: str) -> str:
    return visible(text).replace("\n", "<U+000A>")


def _say(text: str) -> None:
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a waiting ``input()``; an event loop's handler would only note it."""
    try:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
