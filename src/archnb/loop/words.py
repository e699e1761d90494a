"""What the model is told of a decision: why a call was not run, or what a person made of it."""

from __future__ import annotations

import difflib

from archnb.permission.requests import Changes, Decision, Reply, Request, Shell

INTERRUPTED = "Interrupted by the person; the outcome is unknown where it had begun."
NOT_BEGUN = "Interrupted by the person before this was run; nothing was done."
CHANGED = "Something changed while this waited, and nothing was done. This is how it is now."


def unread(path: str) -> str:
    """Why a file may not be worked on: the same sentence whatever is in it."""
    return (
        f"{path} was not read in this conversation, and reading it is not allowed unasked. "
        "Read it first with the read tool; the person is asked."
    )


def refusal(decision: Decision, reply: Reply | None) -> str:
    """What the model is told when a call may not be run; empty when it may."""
    if decision.action == "deny":
        return (
            f"A rule denies this call ({decision.rule}). "
            "Do not try it another way; say what you would have done."
        )
    if reply is None or reply.approved:
        return ""
    if reply.feedback:
        return f"The person denied this call with the following feedback: {reply.feedback}"
    if reply.by != "you":
        return (
            f"This call was denied by {reply.by}. Do not repeat it; say what you would have done."
        )
    return "The person denied this call. Do not repeat it; go on without it or ask what they want."


def told(request: Request) -> str:
    """What the model must know of a person's edit before the approval."""
    match request.preview:
        case Shell(command):
            return f"The person changed the command before approving it. This was run: {command}"
        case Changes((diff,)):
            written = _as_diff(diff.before or "", diff.after or "")
            return f"The person changed your text before approving it. What was written:\n{written}"
        case _:
            return ""


def _as_diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return "\n".join(list(lines)[2:])
