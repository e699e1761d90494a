"""A run as values: events folded into what remains, and each part of it as text and as HTML."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import assert_never

from archnb import events
from archnb.conversation import Todo, Usage
from archnb.design.diagrams import Drawing
from archnb.design.elements import Design
from archnb.design.findings import Findings
from archnb.design.verdicts import Verdicts
from archnb.html import one_line, preformatted, text_html, visible
from archnb.permission.requests import SCOPES, Ask, Changes, Decision, Reply, Request, Shell
from archnb.session.previews import GREY, preview_html, preview_text, why_lines

RECORD = "archnb-record"
"""The output metadata key that marks a record of a call in a saved notebook."""

UNFINISHED = "did not finish"
_WORDS = {
    "asked": "waiting for a decision",
    "waiting": "waiting for its turn",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "refused": "refused",
}
_MARKS = {"asked": "?", "waiting": "…", "running": "…", "done": "✓", "failed": "✗", "refused": "✗"}
_BOX = (
    "border:1px solid var(--jp-border-color1,#c4ccd4);border-radius:4px;padding:6px 10px;"
    "margin:4px 0;overflow-wrap:anywhere"
)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One tool call as a person reads it afterwards."""

    id: str
    title: str
    tool: str = ""
    state: str = "waiting"  # asked, waiting (for its turn), running, done, failed, refused
    request: Request | None = None
    decision: Decision | None = None
    ask: Ask | None = None
    reply: Reply | None = None
    replied_at: dt.datetime | None = None
    waited: float = 0.0
    seconds: float = 0.0
    output: str = ""  # while it runs: the latest of it
    by: str = ""  # the subagent whose call it is

    def text(self) -> str:
        """The record as plain text."""
        lines = [one_line(f"{self._mark} {self._named}{self.title} · {self._ending}")]
        if self._acts:
            preview = preview_text(self.request.preview) if self.request else ""
            lines += [f"  {one_line(line)}" for line in self._decision_lines()]
            lines += [f"  | {line}" for line in preview.split("\n")]
        if self._output_shown:
            lines += [f"  > {line}" for line in self.output.split("\n")]
        return visible("\n".join(lines))

    def html(self) -> str:
        """The record as HTML built by us: what was asked, the decision, the outcome."""
        title, ending = text_html(one_line(self._named + self.title)), text_html(self._ending)
        head = f"{self._mark} <strong>{title}</strong> <span>· {ending}</span>"
        output = preformatted(self.output) if self.output else ""
        shown = " open" if self._output_shown else ""
        if not self._acts or self.request is None:
            inside = output or "<p>no output</p>"
            summary = f"<summary>{head}</summary>"
            return f'<details{shown} style="{GREY}">{summary}{inside}</details>'
        lines = map(one_line, self._decision_lines())
        decision = "".join(f"<div>{text_html(line)}</div>" for line in lines)
        preview = preview_html(self.request.preview)
        folded = f"<details{shown}><summary>output</summary>{output}</details>" if output else ""
        return f'<div style="{_BOX}"><div>{head}</div>{decision}{preview}{folded}</div>'

    def stopped(self) -> CallRecord:
        """The record once the run is over: what still ran did not finish."""
        if self.state not in ("asked", "waiting", "running"):
            return self
        return replace(self, state="failed", output=f"{self.output}\n{UNFINISHED}".strip())

    @property
    def _named(self) -> str:
        return f"{self.by}: " if self.by else ""

    @property
    def _acts(self) -> bool:
        """Whether the call wanted to change or run something: then the decision is part of it."""
        preview = self.request.preview if self.request else ""
        return self.ask is not None or isinstance(preview, Changes | Shell)

    @property
    def _exit_code(self) -> int:
        # The last such line is the tool's own; hints and notes may stand below it.
        found = re.findall(r"(?m)^\(exit code (-?\d+), [^()\n]*\)$", self.output)
        return int(found[-1]) if found and self.tool == "bash" else 0

    @property
    def _mark(self) -> str:
        return "✗" if self._exit_code else _MARKS[self.state]

    @property
    def _ending(self) -> str:
        word = f"exit code {self._exit_code}" if self._exit_code else _WORDS[self.state]
        return f"{word} in {self.seconds:.1f} s" if self.seconds >= 0.05 else word

    @property
    def _output_shown(self) -> bool:
        return bool(self.output) and (self.state in ("failed", "running") or self.tool == "bash")

    def _decision_lines(self) -> list[str]:
        lines = []
        if self.reply:
            word = "approved" if self.reply.approved else "denied"
            if self.reply.by == "interrupted":
                return [f"not decided: interrupted after {self.waited:.0f} s", *self._why]
            if self.reply.edited is not None and self.ask and self.request != self.ask.request:
                word += " with changes"
            when = f" on {self.replied_at:%Y-%m-%d at %H:%M:%S}" if self.replied_at else ""
            lines.append(f"{word} by {self.reply.by}{when}, after {self.waited:.0f} s")
            if self.reply.feedback:
                lines.append(f"reason: {self.reply.feedback}")
            if grant := self.reply.grant:
                lines.append(
                    f"from now on, for {SCOPES[grant.scope]}: {grant.permission} {grant.pattern}"
                )
        elif self.decision and self.decision.action != "ask":
            lines.append({"allow": "allowed", "deny": "denied"}[self.decision.action] + " by rule")
        return [*lines, *self._why]

    @property
    def _why(self) -> list[str]:
        return why_lines(self.decision) if self.decision else []


@dataclass(frozen=True, slots=True)
class Result:
    """What a cell gave the next one: ``design``, ``findings``, ``drawings``, ``cost``, ``text``.

    ``calls`` are the tool calls with their decisions; ``changed`` the files written.
    """

    agent: str = ""
    label: str = ""
    text: str = ""
    drawings: tuple[Drawing, ...] = ()
    findings: Findings = field(default_factory=Findings)
    verdicts: Verdicts = field(default_factory=Verdicts)
    design: Design = field(default_factory=Design)
    calls: tuple[CallRecord, ...] = ()
    changed: tuple[str, ...] = ()
    todos: tuple[Todo, ...] = ()
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    ended: str = ""
    message: str = ""
    settled: int = 0  # characters of the text that stand: a new try voids what came after

    def timed(self, seconds: float) -> Result:
        """The same result, with how long the whole took."""
        return replace(self, seconds=seconds)

    @property
    def cost(self) -> float | None:
        """US dollars spent; None where the model's price is unknown."""
        return self.usage.cost

    @property
    def decisions(self) -> tuple[CallRecord, ...]:
        """The calls that somebody was asked about."""
        return tuple(call for call in self.calls if call.ask)

    @property
    def summary(self) -> str:
        """One line: who answered, what there is, what it took."""
        counted = [
            (len(self.drawings), "drawing"),
            (len(self.findings), "finding"),
            (len(self.changed), "file changed" if len(self.changed) == 1 else "files changed"),
        ]
        things = [
            f"{count} {noun}{'s' * (count != 1 and 'file' not in noun)}"
            for count, noun in counted
            if count
        ]
        denied = sum(not (call.reply and call.reply.approved) for call in self.decisions)
        if denied:
            things.append(f"{denied} denied")
        tokens = (
            f"{self.usage.input + self.usage.cache_read:,} tokens in, {self.usage.output:,} out"
            if self.usage.output
            else ""
        )
        money = (
            ""
            if not self.usage.output
            else f"${self.cost:.2f}"
            if self.cost is not None
            else "price unknown"
        )
        end = {"done": "", "": "", "steps": "stopped at the step limit"}.get(self.ended, self.ended)
        return " · ".join(
            word
            for word in (
                self.agent,
                self.label,
                *things,
                tokens,
                money,
                f"{self.seconds:.1f} s",
                end,
            )
            if word
        )

    def __repr__(self) -> str:
        return f"<{visible(self.summary)}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        html = f'<div style="{GREY}">{text_html(self.summary)}</div>'
        return {"text/plain": repr(self), "text/html": html}


def fold(result: Result, event: events.Event) -> Result:
    """``result`` after one more event."""
    match event:
        case events.RunStarted(agent, _, label, _):
            return replace(result, agent=agent, label=label)
        case events.TextDelta(text):
            return replace(result, text=result.text + text)
        case events.ToolCalled(call, title, request, decision, by):
            record = CallRecord(
                call.id, title, call.name, request=request, decision=decision, by=by
            )
            return replace(result, calls=(*result.calls, record))
        case events.PermissionAsked(ask):
            return _with_call(
                result,
                ask.call_id,
                state="asked",
                ask=ask,
                request=ask.request,
                decision=ask.decision,
            )
        case events.PermissionReplied(ask, reply, seconds):
            now = dt.datetime.now().astimezone()
            done = ask.request if reply.edited is None else ask.request.edited(reply.edited)
            return _with_call(
                result,
                ask.call_id,
                state="waiting" if reply.approved else "refused",
                reply=reply,
                replied_at=now,
                waited=seconds,
                request=done,
            )
        case events.ToolStarted(call_id):
            return _with_call(result, call_id, state="running")
        case events.ToolProgress(call_id, text):
            return _with_call(result, call_id, output=text)
        case events.TodosChanged(_, todos):
            return replace(result, todos=todos)
        case events.ToolReturned(call_id, state, text, shown, seconds, design):
            drawings = (*result.drawings, *(item for item in shown if isinstance(item, Drawing)))
            findings = [item for item in shown if isinstance(item, Findings)]
            verdicts = [item for item in shown if isinstance(item, Verdicts)]
            result = _with_call(result, call_id, state=state, output=text, seconds=seconds)
            return replace(
                result,
                drawings=drawings,
                findings=findings[-1] if findings else result.findings,
                verdicts=verdicts[-1] if verdicts else result.verdicts,
                design=result.design.updated(design) if design else result.design,
            )
        case events.FileChanged(_, change):
            return replace(result, changed=tuple(dict.fromkeys((*result.changed, change.path))))
        case events.TurnEnded(usage, _):
            return replace(result, usage=result.usage + usage, settled=len(result.text))
        case events.Retrying():
            return replace(result, text=result.text[: result.settled])
        case events.RunEnded(reason, message):
            calls = tuple(call.stopped() for call in result.calls)
            return replace(result, ended=reason, message=message, calls=calls)
        case events.ThinkingDelta():
            return result
        case _:
            assert_never(event)


def fold_all(stream: Iterable[events.Event]) -> Result:
    return reduce(fold, stream, Result())


def _with_call(result: Result, call_id: str, **changes: object) -> Result:
    calls = tuple(replace(call, **changes) if call.id == call_id else call for call in result.calls)  # type: ignore[arg-type]
    return replace(result, calls=calls)
