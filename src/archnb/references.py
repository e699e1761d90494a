"""What ``@`` names in a text: files, folders and agents."""

from __future__ import annotations

import re

# A reference starts a word; `a@b.c`, `@app.get(...)` and quoted ones are none.
_REFERENCE = re.compile(r"(?<![\w@./`'\"])@(?:\"([^\"\n]+)\"|([\w./\\~-]*[\w/])(?![\w(*]))")
CODE_BLOCK = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE)


HANDED_ON = "(@{} is an agent: hand on its part with the task tool.)"
"""The line by which the session says of a name in a prompt that it is an agent."""


def references(text: str) -> list[str]:
    """The paths and names behind each ``@`` outside code blocks, in order, each once.

    >>> references("Review @db/schema.sql and @compose.yaml, ask ops@example.org")
    ['db/schema.sql', 'compose.yaml']
    """
    found = _REFERENCE.findall(CODE_BLOCK.sub("", text))
    return list(dict.fromkeys(quoted or bare for quoted, bare in found))


def without_references(text: str) -> str:
    """``text`` with its references taken out."""
    return _REFERENCE.sub("", text)
