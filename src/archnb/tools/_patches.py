"""Patches as text: the ``*** Begin Patch`` format and, by :mod:`._unified`, unified diffs."""

from __future__ import annotations

import re

from archnb.tools._hunks import FilePatch, Hunk, wrong
from archnb.tools._unified import parse_unified
from archnb.tools.base import ToolError

BEGIN, END, END_OF_FILE = "*** Begin Patch", "*** End Patch", "*** End of File"
_HEADER = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE = re.compile(r"\*\*\* Move to: (.+)")
_NUMBERS = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


def parse(text: str) -> tuple[FilePatch, ...]:
    """What ``text`` does to each file, in its order; :class:`ToolError` names the line."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    first = next((line.strip() for line in lines if line.strip()), "")
    patches = _parse_begin(lines) if first == BEGIN else parse_unified(lines)
    if not patches:
        raise ToolError(
            f"The patch changes nothing. Give '{BEGIN}' with file sections, or a unified diff "
            "with --- and +++ lines."
        )
    return patches


def _parse_begin(lines: list[str]) -> tuple[FilePatch, ...]:
    at = next(n for n, line in enumerate(lines) if line.strip()) + 1
    patches: list[FilePatch] = []
    while at < len(lines) and lines[at].strip() != END:
        if not lines[at].strip():
            at += 1
            continue
        header = _HEADER.fullmatch(lines[at].rstrip())
        if header is None:
            raise wrong(
                at, "expected '*** Add File: PATH', '*** Update File: PATH', "
                f"'*** Delete File: PATH' or '{END}', not {lines[at]!r}.",
            )  # fmt: skip
        path = header[2].strip()
        match header[1]:
            case "Add":
                patch, at = _added(lines, at + 1, path)
            case "Update":
                patch, at = _updated(lines, at + 1, path)
            case _:
                patch, at = FilePatch("delete", path), at + 1
        patches.append(patch)
    if at == len(lines):
        raise wrong(at - 1, f"the patch ends without '{END}'.")
    if any(line.strip() for line in lines[at + 1 :]):
        raise wrong(at + 1, f"nothing may follow '{END}'.")
    return tuple(patches)


def _added(lines: list[str], at: int, path: str) -> tuple[FilePatch, int]:
    added: list[tuple[str, str]] = []
    while at < len(lines) and not _ends_section(lines[at]):
        if not lines[at].startswith("+"):
            raise wrong(at, f"each line of the new file {path} begins with '+'.")
        added.append(("+", lines[at][1:]))
        at += 1
    return FilePatch("add", path, (Hunk(tuple(added)),)), at


def _updated(lines: list[str], at: int, path: str) -> tuple[FilePatch, int]:
    target = ""
    if at < len(lines) and (move := _MOVE.fullmatch(lines[at].rstrip())):
        target, at = move[1].strip(), at + 1
    hunks: list[Hunk] = []
    while at < len(lines) and not _ends_section(lines[at]):
        hunk, at = _hunk(lines, at, path)
        hunks.append(hunk)
    if not hunks and not target:
        raise wrong(at - 1, f"the section of {path} changes nothing.")
    return FilePatch("update", path, tuple(hunks), target), at


def _hunk(lines: list[str], at: int, path: str) -> tuple[Hunk, int]:
    """The hunk that begins at the index ``at``, and where it ends."""
    anchors: list[str] = []
    number: int | None = None
    while at < len(lines) and lines[at].startswith("@@"):
        if numbers := _NUMBERS.match(lines[at]):
            number = int(numbers[1])
        elif anchor := lines[at][2:].removesuffix("@@").strip():
            anchors.append(anchor)
        at += 1
    body: list[tuple[str, str]] = []
    while at < len(lines) and not lines[at].startswith("@@") and not _ends_section(lines[at]):
        line = lines[at] or " "
        if line.rstrip() == END_OF_FILE:
            break
        if line[0] not in " +-":
            raise wrong(at, f"a line of a hunk begins with ' ', '+' or '-', not {line!r}.")
        body.append((line[0], line[1:]))
        at += 1
    at_end = at < len(lines) and lines[at].rstrip() == END_OF_FILE
    at += at_end
    if not at_end and at < len(lines) and _ends_section(lines[at]):
        while body and body[-1] == (" ", "") and not lines[at - 1]:  # between two sections
            body.pop()
            at -= 1
        at = next(n for n in range(at, len(lines)) if lines[n])
    if all(sign == " " for sign, _ in body):
        raise wrong(at - 1, f"a hunk of {path} changes nothing.")
    return Hunk(tuple(body), number, tuple(anchors), at_end), at


def _ends_section(line: str) -> bool:
    return line.startswith("*** ") and line.rstrip() != END_OF_FILE
