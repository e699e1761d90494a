"""What a plain-looking command can still do: harmless forms, a table per program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from archnb.permission.effects import git, node, python, services, system, text
from archnb.permission.effects.forms import Form, Forms, against
from archnb.permission.effects.words import inside
from archnb.permission.effects.wrappers import (
    INTERPRETERS,
    REMOTE,
    RUNNING,
    SCRIPTED,
    SHELLS,
    STATEFUL,
    WRAPPERS,
)

_PROGRAMS: Mapping[str, Forms] = {
    **git.PROGRAMS,
    **node.PROGRAMS,
    **python.PROGRAMS,
    **services.PROGRAMS,
    **system.PROGRAMS,
    **text.PROGRAMS,
}
_KNOWN: Mapping[str, Mapping[str, str]] = {
    **git.KNOWN,
    **node.KNOWN,
    **python.KNOWN,
    **services.KNOWN,
    **system.KNOWN,
    **text.KNOWN,
}
_RUNNERS = WRAPPERS | SHELLS | INTERPRETERS | REMOTE | STATEFUL
_SAME = {"pip3": "pip", "python3": "python"}  # other names of what a rule names


def effects(argv: Sequence[str], pattern: str) -> list[str]:
    """Why ``argv``, matched by an allow rule's ``pattern``, must still be asked; empty if harmless.

    A program that is not known here may run if the pattern names it, with arguments that stay
    inside the workspace; a subcommand that is not known, if the pattern names it and its options.

    >>> effects(["git", "log", "--oneline", "-5"], "git log*")
    []
    >>> effects(["git", "diff", "--output=x"], "git diff*")
    ['git diff: --output=x writes a file']
    """
    if boundary := _beyond_pattern(argv, pattern):
        return [boundary]
    if pattern.split() == list(argv) and not re.search(r"[*?]", pattern):
        return []  # the rule spells out this very command
    program = argv[0]
    forms = _PROGRAMS.get(program)
    spelled = pattern.split()
    if forms is None:
        return _unknown(argv, spelled)
    form, depth = _resolve(forms, argv)
    name = " ".join(argv[:depth])
    if form is None and program in SCRIPTED and _names_script(spelled, argv):
        return _unknown(argv, spelled)
    if form is None:
        if _spelled_out(argv, spelled):
            return [f"{word}: may lie outside" for word in argv[1:] if not inside(word)]
        return [_no_form(program, argv)]
    if form.code and not _names(spelled, program):
        return [f'{name}: runs code, and the rule "{pattern}" does not name {program}']
    return against(form, name, argv[depth:], _KNOWN.get(program, {}))


def _resolve(forms: Forms, argv: Sequence[str]) -> tuple[Form | None, int]:
    """The form of ``argv`` and how many of its words name it."""
    depth = 1
    while not isinstance(forms, Form):
        if depth < len(argv) and argv[depth] in forms and argv[depth]:
            forms = forms[argv[depth]]
            depth += 1
        elif "" in forms:
            forms = forms[""]
        else:
            return None, depth
    return forms, depth


def _no_form(program: str, argv: Sequence[str]) -> str:
    known = _KNOWN.get(program, {})
    for word in argv[1:]:
        if word.startswith("-") and (why := known.get(word.partition("=")[0])):
            return f"{program}: {word} {why}"
    name = " ".join(argv[:2])
    return f"{name}: this form is not among those known to be harmless"


def _unknown(argv: Sequence[str], spelled: Sequence[str]) -> list[str]:
    program = argv[0]
    runs = program in WRAPPERS | SHELLS | REMOTE | STATEFUL
    runs = runs or ("/" in program and (spelled[0] != program or not inside(program)))
    if re.sub(r"[\d.]+$", "", program) in INTERPRETERS or program in INTERPRETERS:
        runs = program not in SCRIPTED or not _names_script(spelled, argv)
    if runs or not _names(spelled, program):
        return [f"{program}: what it can do is not known here, and the rule does not spell it out"]
    return [f"{word}: may lie outside" for word in argv[1:] if not inside(word)]


def _names_script(spelled: Sequence[str], argv: Sequence[str]) -> bool:
    """Whether a rule such as ``python tool.py *`` names the file that is run."""
    script = re.compile(r"(?!-)[\w./-]+\.\w+")
    return bool(len(spelled) > 1 and spelled[1:2] == list(argv[1:2]) and script.fullmatch(argv[1]))


def _names(spelled: Sequence[str], program: str) -> bool:
    return bool(spelled) and spelled[0].rstrip("*") in (program, _SAME.get(program))


def _spelled_out(argv: Sequence[str], spelled: Sequence[str]) -> bool:
    """Whether a rule such as ``git commit -m *`` names the subcommand and each option given."""
    if len(spelled) < 2 or len(argv) < 2 or argv[0] in _RUNNERS:
        return False
    literal = {word.rstrip("*") for word in spelled}
    options = [word for word in argv[1:] if word.startswith("-")]
    return (
        spelled[1].rstrip("*") == argv[1]
        and not argv[1].startswith("-")
        and argv[1] not in RUNNING
        and all(option in literal for option in options)
    )


def _beyond_pattern(argv: Sequence[str], pattern: str) -> str:
    """An allow rule means the words it names: ``npm*`` is npm, not npmx."""
    same = _SAME.get(argv[0])
    program = same if same and not pattern.startswith(argv[0]) else argv[0]
    for word, wanted in zip((program, *argv[1:]), pattern.split(), strict=False):
        literal = wanted.split("*")[0].split("?")[0]
        if literal and wanted == literal + "*" and literal[-1].isalnum() and word != literal:
            return f'{word}: the rule "{pattern}" names {literal}'
    return ""
