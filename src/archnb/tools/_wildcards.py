"""File name patterns as people type them: ``*.sql``, ``src/**/*.{ts,tsx}``, ``v[0-9]?.md``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

from archnb.tools.base import ToolError

MAX_FORMS = 1_000  # what one pattern with braces may stand for


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a name below the searched folder (``src/a.py``) matches ``pattern``.

    ``*`` and ``?`` stay within one folder, ``**`` crosses any number of them, ``{a,b}`` is either.
    A pattern without a slash is about the last part of the name, wherever it lies. Time grows with
    the length of pattern times name, whatever the pattern. Raises :class:`ToolError`.

    >>> matches = matcher("src/**/*.{ts,tsx}")
    >>> matches("src/a.ts"), matches("src/ui/b.tsx"), matches("a.ts")
    (True, True, False)
    """
    if not pattern or "\0" in pattern:
        raise ToolError(f"{pattern!r} is no pattern. Give one such as *.sql or src/**/*.py.")
    written = _forms(pattern)
    if any(_leaves(form) for form in written):
        raise ToolError(
            f"The pattern {pattern!r} leaves the folder that is searched. Give a pattern relative "
            "to path, without .. and without a leading slash."
        )
    forms = [_compiled(form.split("/")) for form in written]

    def matches(name: str) -> bool:
        names = name.split("/")
        return any(
            _matches(form, names if len(form) > 1 or form[0] is None else names[-1:])
            for form in forms
        )

    return matches


def _leaves(form: str) -> bool:
    parts = form.split("/")
    return parts[0] in ("", "~") or ".." in parts or re.match(r"[A-Za-z]:", form) is not None


_Parts = list[re.Pattern[str] | None]  # None: **


def _compiled(parts: list[str]) -> _Parts:
    """One expression per folder level; those of :mod:`fnmatch` do not backtrack over stars."""
    if parts[0] == ".":
        parts = parts[1:]
    if parts and parts[-1] == "":  # `src/` means what is in it
        parts[-1] = "**"
    return [
        None if part == "**" else re.compile(translate(part.replace("[^", "[!")))
        for part in parts or ["**"]
    ]


def _matches(form: _Parts, names: Sequence[str]) -> bool:
    """Leftmost matching: after a later ``**`` no earlier one has to be tried again."""
    at = here = 0
    star = -1
    begin = 0
    while here < len(names):
        part = form[at] if at < len(form) else None
        if at < len(form) and part is None:
            star, begin = at, here
            at += 1
        elif part is not None and part.match(names[here]):
            at += 1
            here += 1
        elif star >= 0:
            begin += 1
            at, here = star + 1, begin
        else:
            return False
    return all(part is None for part in form[at:])


def _forms(pattern: str) -> list[str]:
    """``pattern`` with its braces spelled out.

    >>> _forms("{a,b{1,2}}.sql")
    ['a.sql', 'b1.sql', 'b2.sql']
    """
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        if len(done) + len(waiting) > MAX_FORMS:
            raise ToolError(
                f"The pattern stands for more than {MAX_FORMS} forms. Use fewer braces."
            )
        form = waiting.pop()
        braces = re.search(r"\{([^{}]*)\}", form)  # an innermost pair
        if braces is None:
            done.append(form)
            continue
        before, after = form[: braces.start()], form[braces.end() :]
        waiting += [f"{before}{choice}{after}" for choice in reversed(braces[1].split(","))]
    if any("{" in form or "}" in form for form in done):
        raise ToolError(f"{pattern!r} has a brace without its partner. Write {{a,b}} or leave it.")
    return list(dict.fromkeys(done))
