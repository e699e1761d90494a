"""The way in: files, folders or text become one Design, whatever format each is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from pathlib import Path

from archnb.design.elements import Design, Problem, Source
from archnb.design.formats.base import Format
from archnb.errors import ReadError

MAX_BYTES = 30_000_000
_SKIPPED_FOLDERS = frozenset(
    {"node_modules", "vendor", "build", "dist", "__pycache__", "venv", "site-packages"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A design together with the texts it was read from (file name -> text), which fixes need."""

    design: Design
    texts: Mapping[str, str] = field(default_factory=dict)


@cache
def formats() -> tuple[Format, ...]:
    """Every format there is, in the folder and from the entry points ``archnb.formats``."""
    import archnb.design.formats as folder
    from archnb.parts import collect, installed

    extra = installed("archnb.formats")
    return (*collect(folder, Format), *extra)


def read(*paths: str | Path, text: str | None = None, format: str | None = None) -> Design:  # noqa: A002
    r"""The design that ``paths`` (files or folders) or ``text`` describe.

    ``format`` names the format where it should not be recognised: ddl, openapi, compose,
    kubernetes, sketch or prose. What could not be read stands in ``Design.problems``; a file that
    is missing, or that no format recognises, raises :class:`~archnb.errors.ReadError`.

    >>> read(text="Web -> Orders\nOrders -> Orders DB").summary
    '3 services, 2 flows'
    """
    return read_all(*paths, text=text, format=format).design


def read_all(*paths: str | Path, text: str | None = None, format: str | None = None) -> Reading:  # noqa: A002
    """Like :func:`read`, with the texts."""
    if not paths and text is None:
        raise ReadError("There is nothing to read.", hint="Give a file, a folder, or text=…")
    texts: dict[str, str] = {}
    skipped: list[Problem] = []
    for path in map(Path, paths):
        for file in files_below(path) if path.is_dir() else [path]:
            try:
                texts |= text_of(file)
            except ReadError as error:
                if not path.is_dir():
                    raise
                skipped.append(Problem(Source(file.as_posix()), error.message))
    folders = any(Path(path).is_dir() for path in paths)
    named = read_texts(texts, format=format, whole_folder=folders)
    named = Reading(named.design | Design(problems=tuple(skipped)), named.texts)
    if text is None:
        return named
    typed = read_texts({"": text}, format=format)
    return Reading(named.design | typed.design, {**named.texts, "": text})


def read_texts(
    texts: Mapping[str, str],
    *,
    format: str | None = None,  # noqa: A002
    whole_folder: bool = False,
) -> Reading:
    """Read texts by name. In a whole folder a file of no known format is passed over."""
    found: dict[Format, list[tuple[str, str]]] = {}
    for name, content in texts.items():
        known = _named(format) if format else recognise(name, content)
        if known is not None:
            found.setdefault(known, []).append((content, name))
        elif not whole_folder:
            raise ReadError(
                f"{name or 'this text'} is in no format that archnb reads.", hint=_known()
            )
    if texts and not found:
        raise ReadError("No file there holds a design.", hint=_known())
    designs: list[Design] = []
    for known, files in found.items():
        try:
            designs += _read(known, files)
        except ReadError as error:
            if not whole_folder:
                raise
            place = Source(files[0][1])
            designs.append(Design(problems=(Problem(place, error.message),)))
    return Reading(reduce(Design.__or__, designs, Design()), texts)


def recognise(name: str, text: str) -> Format | None:
    """The format that claims a text most strongly, or None."""
    scored = [(known.recognise(name, text), known) for known in formats()]
    score, best = max(scored, key=lambda pair: pair[0])
    return best if score > 0 else None


def _read(known: Format, files: Sequence[tuple[str, str]]) -> list[Design]:
    """The files of one format: together where they refer to one another, else one by one."""
    try:
        if known.read_many is not None and len(files) > 1:
            return [known.read_many(files)]
        return [known.read(text, name) for text, name in files]
    except RecursionError:
        message = f"nested too deeply to be read as {known.name}"
        return [Design(problems=(Problem(Source(files[0][1], 1), message),))]


def _named(name: str) -> Format:
    for known in formats():
        if known.name == name:
            return known
    raise ReadError(f"There is no format {name!r}.", hint=_known())


def _known() -> str:
    return f"archnb reads {', '.join(sorted(known.name for known in formats()))}."


def text_of(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReadError(
                f"{path} is larger than {MAX_BYTES // 1_000_000} MB.", hint="Read a part of it."
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise ReadError(f"{path} does not exist.", hint=_did_you_mean(path)) from None
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from error
    if b"\0" in content[:8192]:
        raise ReadError(f"{path} is a binary file.", hint=_known())
    return {path.as_posix(): content.decode("utf-8", "replace").removeprefix("\ufeff")}


def files_below(folder: Path) -> Iterable[Path]:
    """The files of a folder whose names a format claims; hidden and generated ones passed over."""
    suffixes = {suffix for known in formats() for suffix in known.suffixes}
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in below)
        if (
            not hidden
            and path.suffix.lower() in suffixes
            and path.is_file()
            and path.stat().st_size <= MAX_BYTES
        ):
            yield path


def _did_you_mean(path: Path) -> str:
    import difflib

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return "Check the path."
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    return f"Did you mean {', '.join(close)}?" if close else "Check the path."
