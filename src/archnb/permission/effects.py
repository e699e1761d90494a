"""What a plain-looking command can still do: the forms known to be harmless, a row per program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from archnb.permission.commands import SHELLS, WRAPPERS

# A word, option or not, that names nothing absolute, upward, at home, remote or secret.
_INSIDE = re.compile(r"(?![/~])(?!.*[=:,][/~])(?!(.*[/=])?\.\.(/|$))(?!.*\.env)[^\0-\x1f]*")

# A word that is no option, not absolute, not upwards, and no file of keys.
_PATH = r"(?!-)(?!/)(?!~)(?!.*\.\.(/|$))(?!.*\.env)[^:]*"


@dataclass(frozen=True, slots=True)
class Form:
    """A harmless form of a (sub)command: ``options`` and ``words`` are full-match patterns.

    ``valued`` are options whose value is the next word. Whatever matches none of them asks.
    """

    options: str = r"(?!)"
    words: str = r"(?!)"
    valued: frozenset[str] = field(default_factory=frozenset)


def _valued(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A revision or a path inside: absolute, upward and home paths would make git read any file.
_GIT_WORDS = (
    r"(?![/~-])(?!(.*/)?\.\.(/|$))(?!.*\.env)([A-Za-z0-9_.@{}^~/-]*[A-Za-z0-9_@}^~/.-]|:/.+)"
)
_GIT_SHOWN = (
    r"--(oneline|graph|all|decorate(=\w+)?|stat(=[\d,]+)?|shortstat|numstat|name-only|name-status|patch|no-patch"
    r"|no-merges|merges|follow|reverse|cached|staged|color(=\w+)?|no-color|word-diff(=\w+)?|summary|abbrev-commit"
    r"|first-parent|(since|until|after|before|author|grep|date|max-count|skip|diff-filter|unified)=.*"
    r"|(format|pretty)=(?!.*%G).*|ignore-all-space|ignore-space-change|exit-code|quiet|raw|minimal|patience|histogram|relative|no-renames|"
    r"branches|tags|remotes|no-ext-diff|no-textconv|check|compact-summary|dirstat)|-[pbwsuqz]|-\d+|-n\d*|-U\d+|-[MC]\d*|-i|--"
)

# program -> subcommand ("" for none) -> the harmless form. Sources: each program's manual.
_PROGRAMS: dict[str, dict[str, Form]] = {
    "git": {
        "status": Form(
            r"-[sbzv]+|-u(no|normal|all)?|--(short|branch|long|verbose|show-stash|ahead-behind|porcelain(=v?[12])?"
            r"|untracked-files(=\w+)?|ignored(=\w+)?|no-renames|column(=\w+)?)|--",
            _PATH,
        ),
        "log": Form(
            _GIT_SHOWN, _GIT_WORDS, _valued("-n --since --until --author --grep --max-count")
        ),
        "diff": Form(_GIT_SHOWN, _GIT_WORDS),
    },
    "npm": {
        "ls": Form(r"--(depth=\d+|all|long|json|parseable|prod|dev)|-[ag]", r"[@\w./-]+"),
        "list": Form(r"--(depth=\d+|all|long|json|parseable|prod|dev)|-[ag]", r"[@\w./-]+"),
        "view": Form(r"--json", r"[@\w./-]+"),
        "outdated": Form(r"--(json|long|all)", r"[@\w./-]+"),
        "--version": Form(),
        "-v": Form(),
        # Scripts and registry packages run third-party code: that is what the rule `npm*` allows.
        "install": Form(
            r"--(save-dev|save|save-exact|no-audit|no-fund|omit=dev|production)|-[DES]",
            r"(?!.*\.(?i:tgz|tar|gz|zip)$)(@[A-Za-z0-9][\w-]*/)?[A-Za-z0-9][\w-]*(\.[\w-]+)*(@[\^~]?[\w.-]+)?",
        ),
        "ci": Form(r"--(no-audit|no-fund|omit=dev)"),
        "test": Form(),
        "run": Form(r"--silent|-s", r"[A-Za-z][\w:-]*"),
    },
    "pip": {
        "list": Form(r"--(outdated|format=\w+|user|local|not-required)|-o"),
        "show": Form(r"-f|--files", r"[A-Za-z0-9][\w.-]*"),
        "freeze": Form(r"--(all|local|user)|-l"),
        "check": Form(),
        "--version": Form(),
        "install": Form(
            r"--(upgrade|quiet|no-deps|user)|-[Uq]",
            r"[A-Za-z0-9](?:[\w-]|\.(?!/|(?i:zip|whl|tar|tgz|tbz|txz|tlz)))*(\[[\w,-]+\])?([=<>~!]=?[\w.*]+(,[=<>!~]=?[\w.*]+)*)?",
        ),
    },
    "pwd": {"": Form()},
    "true": {"": Form()},
    "echo": {"": Form(words=r".*")},
    "ls": {"": Form(r"-[alhtrRS1F]+|--(all|color(=\w+)?|human-readable|recursive|reverse)", _PATH)},
}


def effects(argv: Sequence[str], pattern: str, *, named: bool = False) -> list[str]:
    """Why ``argv``, matched by an allow rule's ``pattern``, must still be asked; empty if harmless.

    ``named``: a person wrote the pattern on a card with the command before their eyes; then a
    program that is not known here may run as well, if the pattern names it, with arguments that
    stay inside the workspace.

    >>> effects(["git", "log", "--oneline", "-5"], "git log*")
    []
    >>> effects(["git", "diff", "--output=x"], "git diff*")
    ['git diff: --output=x is not among the forms known to be harmless']
    """
    if boundary := _beyond_pattern(argv, pattern):
        return [boundary]
    program = argv[0]
    forms = _PROGRAMS.get(program)
    if forms is None:
        if pattern == shell_words(argv):
            return []  # the rule spells out this very command
        known = program in WRAPPERS | SHELLS
        if named and not known and pattern.split(maxsplit=1)[0].rstrip("*") == program:
            return [f"{word}: may lie outside" for word in argv[1:] if not _INSIDE.fullmatch(word)]
        return [f"{program}: what it can do is not known here, and the rule does not spell it out"]
    sub = argv[1] if len(argv) > 1 and "" not in forms else ""
    form = forms.get(sub)
    if form is None:
        return [f"{program} {sub}".strip() + ": this form is not among those known to be harmless"]
    name = f"{program} {sub}".strip()
    return _against(form, name, list(argv[2:] if sub else argv[1:]))


def shell_words(argv: Sequence[str]) -> str:
    """The command as a rule would spell it."""
    return " ".join(argv)


def _against(form: Form, name: str, words: list[str]) -> list[str]:
    reasons: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if (
            word in form.valued
            and position + 1 < len(words)
            and not words[position + 1].startswith("-")
        ):
            position += 2
            continue
        if word == "--" and re.fullmatch(form.options, word):
            form = Form(words=_PATH)  # only paths follow
            position += 1
            continue
        allowed = form.options if word.startswith("-") else form.words
        if not re.fullmatch(allowed, word):
            reasons.append(f"{name}: {word} is not among the forms known to be harmless")
        position += 1
    return reasons


def _beyond_pattern(argv: Sequence[str], pattern: str) -> str:
    """An allow rule means the program it names: ``npm*`` is npm, not npmx."""
    for word, wanted in zip(argv, pattern.split(), strict=False):
        literal = wanted.split("*")[0].split("?")[0]
        if literal and "*" in wanted and wanted == literal + "*" and word != literal:
            return f'{word}: the rule "{pattern}" names {literal}'
    return ""
