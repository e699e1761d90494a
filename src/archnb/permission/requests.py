"""What a call wants and what was decided about it: the values that the gate and people pass on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from archnb.permission.rules import Action, Rule


@dataclass(frozen=True, slots=True)
class Diff:
    """A proposed change of one file: ``before`` None creates it, ``after`` None deletes it."""

    path: str
    before: str | None
    after: str | None
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Changes:
    """Proposed changes of one or more files, made all together or not at all."""

    diffs: tuple[Diff, ...]


Access = Literal["workspace", "network", "full"]
"""What a command can reach: the workspace, the network besides, or all that the person can."""
ACCESSES: dict[Access, str] = {
    "workspace": "network off",
    "network": "network on",
    "full": "outside the sandbox",
}
"""Every access in words, the narrowest first."""


def widest(*accesses: Access) -> Access:
    """The one that reaches furthest.

    >>> widest("network", "workspace")
    'network'
    """
    return max(accesses, key=list(ACCESSES).index)


@dataclass(frozen=True, slots=True)
class Shell:
    """A proposed command line: the exact text, the folder and the limits it would run with."""

    command: str
    folder: str
    timeout: float  # seconds
    sandbox: str  # what the operating system enforces, in words
    access: Access = "workspace"


Preview = Changes | Shell | str


@dataclass(frozen=True, slots=True)
class Request:
    """What a tool call wants: ``patterns`` are matched against the rules of ``permission``.

    ``always`` are the patterns that a person is offered for "always"; ``outside`` the folders
    outside the workspace that the call names, as OpenCode's ``external_directory`` has them;
    ``warning`` says why a person is asked although a rule would allow it; ``demand`` that the call
    itself asks for more access than a rule gives. ``by_rule`` is the command as it runs where a
    rule allows it and nobody is asked (None: as in ``preview``).
    """

    permission: str
    patterns: tuple[str, ...]
    title: str
    preview: Preview
    always: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    warning: str = ""
    demand: str = ""
    by_rule: Shell | None = None

    @property
    def access(self) -> Access:
        """What the command that is shown can reach; "workspace" for everything else."""
        return self.preview.access if isinstance(self.preview, Shell) else "workspace"

    @property
    def digest(self) -> str:
        """SHA-256 over all of it but the title, in hexadecimal: an approval covers exactly this.

        The title may count what another call of the same answer has changed meanwhile.
        """
        wanted = repr(replace(self, title=""))
        return hashlib.sha256(wanted.encode("utf-8", "surrogatepass")).hexdigest()

    def edited(self, text: str) -> Request:
        """The same request with a person's ``text`` as the command or as the file's content."""
        match self.preview:
            case Shell():
                shell = replace(self.preview, command=text)
                title = shell_title(text)
                return replace(self, patterns=(text,), title=title, preview=shell, by_rule=None)
            case Changes((diff,)) if diff.after is not None:
                after = keep_line_endings(diff.after, text)
                return replace(self, preview=Changes((replace(diff, after=after),)))
            case _:
                return self

    def unasked(self) -> Request:
        """The request as it is carried out where a rule allows it and nobody was asked."""
        return replace(self, preview=self.by_rule, by_rule=None) if self.by_rule else self

    def within(self, shown: Request) -> Request:
        """The request with no more access than the card of ``shown`` named."""
        match self.preview, shown.preview:
            case Shell() as own, Shell() as other if own.access != other.access:
                if widest(own.access, other.access) == own.access:
                    own = replace(own, access=other.access, sandbox=other.sandbox)
                return replace(self, preview=own)
            case _:
                return self

    @property
    def editable(self) -> str | None:
        """The text that a person may change before approving; None where there is none."""
        match self.preview:
            case Shell(command):
                return command
            case Changes((diff,)):
                return diff.after
            case _:
                return None


def shell_title(command: str) -> str:
    """One line that names a command."""
    return f"run {' '.join(command.split())}"[:300]


def keep_line_endings(original: str, edited: str) -> str:
    r"""``edited`` (line feeds only, as a page's text field gives it) with ``original``'s endings.

    >>> keep_line_endings("a\r\nb\r\n", "a\nB\nc\n")
    'a\r\nB\r\nc\r\n'
    """
    if "\r" not in original:
        return edited
    from difflib import SequenceMatcher

    old = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", original)
    new = re.findall(r"[^\n]*\n|[^\n]+", re.sub(r"\r\n?", "\n", edited))
    usual = "\r\n" if original.count("\r\n") * 2 >= original.count("\n") else "\n"
    shown = [re.sub(r"\r\n?$", "\n", line) for line in old]
    result = [line.replace("\n", usual) for line in new]
    for block in SequenceMatcher(None, shown, new, autojunk=False).get_matching_blocks():
        result[block.b : block.b + block.size] = old[block.a : block.a + block.size]
    return "".join(result)


@dataclass(frozen=True, slots=True)
class PartDecision:
    """One part of a request with the rule that decides it and archnb's own reasons."""

    text: str
    action: Action
    rule: Rule
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """``action`` is archnb's; ``rule`` is the one that decided; ``reasons`` make it stricter.

    ``rules_action`` is what the rules say alone, as OpenCode reads them; ``action`` is never
    looser, except through what a person granted: then it is ``granted``.
    """

    action: Action
    rule: Rule
    reasons: tuple[str, ...] = ()
    parts: tuple[PartDecision, ...] = ()
    rules_action: Action = "ask"
    granted: bool = False


Scope = Literal["cell", "session", "agent"]
SCOPES: dict[Scope, str] = {
    "cell": "this cell",
    "session": "this session",
    "agent": "this agent file, on this machine",
}
"""How far an "always" reaches, in words."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed beyond one call: requests of ``permission`` that ``pattern`` covers.

    ``agent`` is who asked; a grant of scope ``agent`` holds for it alone. ``folder`` is where a
    command may run, ``warning`` what the person had been warned of, ``access`` how far it reaches
    at most: all as the card showed them.
    """

    permission: str
    pattern: str
    scope: Scope
    agent: str = ""
    folder: str = ""
    warning: str = ""
    access: Access = field(default="workspace", kw_only=True)

    @property
    def rule(self) -> Rule:
        """The grant as the rule that decides."""
        reach = "" if self.access == "workspace" else f", {ACCESSES[self.access]}"
        source = f"always, for {SCOPES[self.scope]}{reach}"
        return Rule(self.permission, self.pattern, "allow", source)


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's answer. ``by`` says who or what answered; ``feedback`` goes to the model.

    ``edited`` is the text that was approved instead of the proposed one; ``grant`` comes with
    ``always``.
    """

    answer: Literal["once", "always", "reject"]
    feedback: str = ""
    by: str = "you"
    edited: str | None = None
    grant: Grant | None = None

    @property
    def approved(self) -> bool:
        return self.answer != "reject"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question put to a person: the request, why it is asked, and by which agent.

    ``notice`` says why it is asked once more (the file changed, an edited command is denied).
    """

    id: str
    call_id: str
    agent: str
    request: Request
    decision: Decision
    notice: str = ""


Approver = Callable[[Ask], Awaitable[Reply]]
