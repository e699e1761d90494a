"""What stands in a cell's text besides words: ``@path``, ``@agent`` and ``{{variable}}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from archnb.errors import CellError
from archnb.references import CODE_BLOCK, HANDED_ON, references
from archnb.workspace import Workspace

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


def check_references(text: str, workspace: Workspace, agents: Collection[str]) -> None:
    """Raise :class:`CellError` where an ``@`` that looks like a path names nothing."""
    for name in references(text):
        if name in agents or not re.search(r"\.\w{1,6}$", name):
            continue  # an agent, or a word such as @Entity or @scope/package: nobody's business
        if not workspace.resolve(name).exists():
            raise CellError(
                f"@{name} names no file or folder of the workspace {workspace.root}, and no agent.",
                hint="Complete the name with Tab, or write it without @.",
            )


def handed_to(text: str, agents: Collection[str]) -> str:
    r"""``text``, and for each ``@agent`` in it a line that asks for the work to be handed on.

    >>> handed_to("Ask @dba about keys.", {"dba"})
    'Ask @dba about keys.\n\n(@dba is an agent: hand on its part with the task tool.)'
    """
    named = [name for name in references(text) if name in agents]
    lines = [HANDED_ON.format(name) for name in named]
    return "\n\n".join([text.rstrip(), "\n".join(lines)]) if lines else text


def insert_variables(text: str, lookup: Callable[[str], str | None]) -> str:
    """``{{name}}`` replaced by what ``lookup`` says of it, outside code blocks.

    A value of several lines is put into a code block: it is material, whatever it says. Raises
    :class:`CellError` where there is no such variable.
    """
    parts: list[str] = []
    end = 0
    for fence in CODE_BLOCK.finditer(text):
        parts += [_inserted(text[end : fence.start()], lookup), fence[0]]
        end = fence.end()
    return "".join([*parts, _inserted(text[end:], lookup)])


def _inserted(text: str, lookup: Callable[[str], str | None]) -> str:
    def value(match: re.Match[str]) -> str:
        found = lookup(match[1])
        if found is None:
            raise CellError(
                f"{{{{{match[1]}}}}}: there is no variable {match[1]}.",
                hint="Define it in a cell above, or put text with such braces into a code block.",
            )
        if "\n" not in found.strip():
            return found.strip()
        mark = "`" * (max((len(run) for run in re.findall(r"`{3,}", found)), default=2) + 1)
        return f"\n{mark}\n{found.rstrip()}\n{mark}\n"

    return _VARIABLE.sub(value, text)
