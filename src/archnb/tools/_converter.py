"""HTML becomes Markdown or plain text; large pages in a process that can be ended.

The converter holds the interpreter's lock while it works, so that no thread could go on meanwhile.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from archnb.execution.environment import clean_environment
from archnb.tools.base import ToolError

# It is quick (0.3 s per million characters of prose) but takes the square of the time for some
# nests of unclosed tags: 2.5 s for a million characters, 0.03 s for a hundred thousand.
MAX_CONVERTED = 1_000_000  # characters
MAX_DEPTH = 200  # elements in one another; deeper ones are left out
_AT_ONCE = 100_000  # characters that are converted right here
_LIMIT = 15.0  # seconds for more than that

_PROGRAM = """
import json, sys
sys.path.append(sys.argv[1])
from html_to_markdown import ConversionOptions, convert
given = json.load(sys.stdin)
result = convert(given["html"], ConversionOptions(**given["options"]))
kinds = [str(warning.kind) for warning in result.warnings]
json.dump([result.content or "", kinds], sys.stdout)
"""


async def converted(
    html: str, base: str, *, plain: bool, limit: float = _LIMIT
) -> tuple[str, list[str]]:
    """``html`` as Markdown or plain text without what a browser does not show, and what was cut.

    ``base`` is the page's address, ``limit`` the seconds. Raises :class:`ToolError`.
    """
    options = {
        "output_format": "plain" if plain else "markdown",
        "base_url": base,
        "max_depth": MAX_DEPTH,
        "extract_metadata": False,
        "inline_data_media": "alt_text_only",
    }
    part = html[:MAX_CONVERTED]
    content, warnings = (
        _here(part, options) if len(part) <= _AT_ONCE else await _elsewhere(part, options, limit)
    )
    notes = []
    if len(html) > MAX_CONVERTED:
        notes.append(f"only its first {MAX_CONVERTED:,} characters")
    if any("depth" in kind for kind in warnings):
        notes.append("without its deepest elements")
    return content, notes


def _here(html: str, options: dict[str, Any]) -> tuple[str, list[str]]:
    try:
        from html_to_markdown import ConversionError, ConversionOptions, convert
    except ImportError as error:  # no wheel for this machine
        raise ToolError(
            "HTML cannot be converted here (html-to-markdown is missing). Ask for format html."
        ) from error
    try:
        result = convert(html, ConversionOptions(**options))
    except (ConversionError, ValueError) as error:
        raise _failed() from error
    return result.content or "", [str(warning.kind) for warning in result.warnings]


async def _elsewhere(html: str, options: dict[str, Any], limit: float) -> tuple[str, list[str]]:
    """The same in a process of its own, without keys, for at most ``limit`` seconds."""
    found = importlib.util.find_spec("html_to_markdown")
    if found is None or found.origin is None:
        return _here("", options)  # says what is missing
    place = str(Path(found.origin).parent.parent)
    given = json.dumps({"html": html, "options": options}).encode()
    process = _started([sys.executable, "-I", "-c", _PROGRAM, place])
    try:
        async with asyncio.timeout(limit):
            said, _ = await asyncio.to_thread(process.communicate, given)
    except TimeoutError:
        raise ToolError(
            f"The page's HTML takes longer than {limit:g} s to convert. Ask for format html."
        ) from None
    finally:
        if process.poll() is None:
            process.kill()
    if process.returncode != 0:
        raise _failed()
    content, warnings = json.loads(said)
    return content, warnings


def _started(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # isolated: it imports nothing of the workspace
        arguments,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _failed() -> ToolError:
    return ToolError("The page's HTML cannot be converted. Ask for format html.")
