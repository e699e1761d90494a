r"""Unified diffs as text, as diff and git write them and as models do.

Own code because the libraries lose what they do not understand: a hunk whose header counts fewer
lines than follow is cut short without a word (unidiff 1.0, whatthepatch 1.0). Here the counts
are a hint, and whatever is neither header nor hunk is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from archnb.tools._hunks import FilePatch, Hunk, wrong
from archnb.tools.base import ToolError

NULL = "/dev/null"
_NUMBERS = re.compile(r"@@+ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")')
_PREFIXES = re.compile(r"[a-z12]/")
_IGNORED = ("index ", "similarity index ", "dissimilarity index ", "Index: ", "=====")
_MODES = ("old mode ", "new mode ")
_EXISTENCE = ("new file mode ", "deleted file mode ")


@dataclass(slots=True)
class _File:
    """The headers of one file as they are read; names as they are written, prefixes and all."""

    at: int  # index of its first line
    git: tuple[str, str] | None = None
    old: str = ""
    new: str = ""
    moved: dict[str, str] = field(default_factory=dict)
    made: str = ""  # "new" or "deleted", by git's header
    hunks: list[Hunk] = field(default_factory=list)


def parse_unified(lines: list[str]) -> tuple[FilePatch, ...]:
    """What the diff does to each file; text before the first header is passed over."""
    files: list[_File] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("diff --git "):
            files.append(_File(at, git=_git_names(line.removeprefix("diff --git "))))
            at += 1
        elif _is_head(lines, at):
            if not files or files[-1].old or files[-1].hunks:
                files.append(_File(at))
            files[-1].old, files[-1].new = _name(line[4:]), _name(lines[at + 1][4:])
            at += 2
        elif not files and not line.startswith("@@"):
            at += 1
        elif line.startswith("@@"):
            if not files or not files[-1].old:
                raise wrong(at, "a hunk stands before any --- and +++ lines.")
            hunk, at = _hunk(lines, at)
            files[-1].hunks.append(hunk)
        elif line in ("-- ", "--") and files[-1].hunks:  # git's signature ends a mail
            at = next((n for n in range(at, len(lines)) if _starts(lines, n)), len(lines))
        else:
            _header(files[-1], line, at)
            at += 1
    return tuple(_file_patch(file) for file in files)


def _header(file: _File, line: str, at: int) -> None:
    """One of git's lines about a file."""
    if line.startswith(("GIT binary patch", "Binary files ")):
        raise wrong(at, "a binary file cannot be patched here.")
    if line.startswith(_MODES):
        raise wrong(at, "the mode of a file cannot be patched here. Leave these lines out.")
    if line.startswith(_EXISTENCE):
        file.made = "new" if line.startswith("new") else "deleted"
        if file.made == "new" and not line.endswith(" 100644"):
            raise wrong(at, "only plain files (mode 100644) can be created by a patch.")
    elif renamed := re.fullmatch(r"rename (from|to) (.+)", line):
        file.moved[renamed[1]] = _name(renamed[2])
    elif line.startswith("copy "):
        raise wrong(at, "copies cannot be made by a patch. Add the file with its content.")
    elif line.strip() and not line.startswith(_IGNORED):
        raise wrong(at, f"this is neither a header nor part of a hunk: {line!r}.")


def _hunk(lines: list[str], at: int) -> tuple[Hunk, int]:
    """The hunk whose header has the index ``at``, and where it ends."""
    numbers = _NUMBERS.match(lines[at])
    start, stop = at + 1, at + 1
    if numbers:
        old, new = (1 if numbers[n] is None else int(numbers[n]) for n in (2, 4))
        stop = _counted(lines, start, old, new)
    if not numbers or not _is_boundary(lines, stop):  # the counts are wrong, or there are none
        stop = start
        while stop < len(lines) and lines[stop][:1] in ("", *" +-\\") and not _starts(lines, stop):
            stop += 1
        while stop > start and not lines[stop - 1]:
            stop -= 1
    body: list[tuple[str, str]] = []
    bare: dict[str, bool] = {}
    for line in lines[start:stop]:
        if line.startswith("\\"):
            bare |= {body[-1][0]: True} if body else {}
        else:
            body.append((line[:1] or " ", line[1:]))
    if all(sign == " " for sign, _ in body) and not bare:
        raise wrong(at, "this hunk changes nothing.")
    end = None if not bare else bool(bare.get("+") or bare.get(" "))
    number = int(numbers[1]) if numbers else None
    return Hunk(tuple(body), number, at_end=bool(bare), bare=end), stop


def _counted(lines: list[str], at: int, old: int, new: int) -> int:
    """Where a hunk ends that has so many old and new lines."""
    while at < len(lines) and (old > 0 or new > 0):
        sign = lines[at][:1] or " "
        if sign not in " +-\\":
            break
        old -= sign in " -"
        new -= sign in " +"
        at += 1
    if at < len(lines) and lines[at].startswith("\\"):
        at += 1
    return at if old == new == 0 else -1


def _is_boundary(lines: list[str], at: int) -> bool:
    """Whether what stands at ``at`` cannot belong to a hunk any more."""
    if at < 0:
        return False
    rest = next((n for n in range(at, len(lines)) if lines[n]), len(lines))
    return rest == len(lines) or _starts(lines, rest) or lines[rest][:1] not in " +-\\" or (
        lines[rest] in ("-- ", "--")
    )  # fmt: skip


def _starts(lines: list[str], at: int) -> bool:
    """Whether a hunk or file begins at ``at``."""
    return lines[at].startswith(("@@", "diff --git ")) or _is_head(lines, at)


def _is_head(lines: list[str], at: int) -> bool:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return lines[at].startswith("--- ") and following.startswith("+++ ")


def _git_names(written: str) -> tuple[str, str] | None:
    """Both names of git's first line; unquoted they are alike but for their prefixes.

    >>> _git_names("a/x y.sql b/x y.sql"), _git_names("a/x b/y")
    (('a/x y.sql', 'b/x y.sql'), None)
    """
    if quoted := _QUOTED.fullmatch(written):
        return _name(quoted[1]), _name(quoted[2])
    half = len(written) // 2
    old, new = written[:half], written[half + 1 :]
    alike = old[2:] == new[2:]
    return (old, new) if alike and written[half : half + 1] == " " else None


def _name(written: str) -> str:
    r"""A name without its time stamp and without git's quotes.

    >>> _name('"a/\\303\\251.sql"'), _name("a/x.sql\t2026-01-01")
    ('a/é.sql', 'a/x.sql')
    """
    name = written.split("\t", 1)[0].strip()
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        return name
    named = {"n": "\n", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "r": "\r", "v": "\v"}

    def plain(escape: re.Match[str]) -> str:
        code = escape[1]
        return chr(int(code, 8)) if code[0].isdigit() else named.get(code, code)

    # Octal escapes are the bytes of UTF-8; other characters stand for themselves.
    quoted = name[1:-1].encode().decode("latin-1")
    octets = re.sub(r"\\([0-3][0-7]{2}|.)", plain, quoted)
    return octets.encode("latin-1").decode("utf-8", "replace")


def _file_patch(file: _File) -> FilePatch:
    hunks = tuple(file.hunks)
    if len(file.moved) == 2:
        return FilePatch("update", file.moved["from"], hunks, file.moved["to"])
    old, new = file.git or (file.old, file.new)
    if not old or not new:
        raise wrong(file.at, "the file's name cannot be read. Give --- and +++ lines.")
    source, target = _without_prefixes(old, new)
    if NULL in (old, file.old) or file.made == "new":
        return FilePatch("add", target, tuple(replace(hunk, line=None) for hunk in hunks))
    if NULL in (new, file.new) or file.made == "deleted":
        return FilePatch("delete", source, hunks)
    if source != target:
        raise ToolError(
            f"The patch names two files, {source} and {target}. To move a file give git's "
            "'rename from' and 'rename to' lines. Nothing was changed."
        )
    if not hunks:
        raise wrong(file.at, f"the section of {source} has no hunk.")
    return FilePatch("update", source, hunks)


def _without_prefixes(old: str, new: str) -> tuple[str, str]:
    """Both names without ``a/`` and ``b/``, where the diff was written with such prefixes."""
    prefixed = all(name == NULL or _PREFIXES.match(name) for name in (old, new))
    if NULL in (old, new):
        prefixed = prefixed and (old[:2] in ("a/", "/d") and new[:2] in ("b/", "/d"))
    elif prefixed:
        prefixed = old[:2] != new[:2] and old[2:] == new[2:]
    return (old[2:], new[2:]) if prefixed else (old, new)
