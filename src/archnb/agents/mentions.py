"""Other agents that an agent's text names, in the lists where it hands work on."""

from __future__ import annotations

import re

from archnb.references import CODE_BLOCK

_KEBAB = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+"
# How agents are called; a bare word in a list counts only with such an end.
_ROLE = (
    "administrator agent analyst analyzer architect auditor builder coordinator coder debugger"
    " designer developer engineer expert guardian lead manager master modernizer optimizer"
    " planner pro researcher responder reviewer scientist specialist tester writer".split()
)
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ABOUT = re.compile(r"\b(sub)?agents?\b|\bhand-?offs?\b|\bcollaborat|\bdelegat", re.IGNORECASE)
_MARKED = re.compile(rf"(?:\*\*|__|`)@?({_KEBAB})(?:\*\*|__|`)")
_AT = re.compile(rf"(?<![\w@./`'\"-])@({_KEBAB})(?![\w/.@(-])")


def mentions(body: str, offset: int = 0) -> dict[str, int]:
    """Each agent that ``body`` names, with the line of its first mention; code does not count.

    Looked at are `@name` anywhere, and in a section about agents also names in bold or backticks
    and plain ones such as api-designer. ``offset`` is the number of lines before the body.

    >>> mentions("## Other agents: ask **db-tuner**, @qa and api-designer about end-to-end tests")
    {'db-tuner': 1, 'api-designer': 1}
    """
    found: dict[str, int] = {}
    depth = 0  # of the heading of the section about agents that we are in
    lines = CODE_BLOCK.sub(lambda block: "\n" * block[0].count("\n"), body).split("\n")
    for number, line in enumerate(lines, start=offset + 1):
        heading = _HEADING.match(line)
        if heading and (not depth or len(heading[1]) <= depth):
            depth = len(heading[1]) if _ABOUT.search(heading[2]) else 0
        for name in _names(line, within=depth > 0):
            found.setdefault(name, number)
    return found


def _names(line: str, *, within: bool) -> list[str]:
    names = [(found.start(), found[1]) for found in _AT.finditer(line)]
    if within:
        names += [(found.start(), found[1]) for found in _MARKED.finditer(line)]
        names += [
            (found.start(), found[0])
            for found in re.finditer(rf"(?<![\w@./`*-]){_KEBAB}(?![\w/@`*-])", line)
            if found[0].rpartition("-")[2] in _ROLE
        ]
    return [name for _, name in sorted(names)]
