"""From DOT to SVG and PNG: which graphviz engine, run as a child process."""

from __future__ import annotations

import functools
import html
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

from archnb.errors import DrawError

TIME_LIMIT = 60.0  # seconds for one diagram
LARGEST_SIDE = 8000  # pixels of a PNG: 1000 services in one column take 457 MB without a limit
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_FONTS = "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif"
_NEEDED = "PATH HOME LANG LC_ALL LC_CTYPE TMPDIR TEMP TMP SYSTEMROOT LD_LIBRARY_PATH".split()
_PIXELS = 96 / 72  # CSS pixels to a point


def engine() -> str:
    """The path of the engine: ``ARCHNB_DOT`` (a path or a name), else graphviz-pure, else dot.

    Never a program of the current folder: what lies in a project was not installed by the person.
    """
    wanted, search = os.environ.get("ARCHNB_DOT", ""), os.environ.get("PATH", os.defpath)
    try:
        here = str(Path.cwd())
    except OSError:  # it was deleted
        here = os.devnull
    # a kernel's PATH often lacks the folder of its own environment's programs
    return _engine(wanted, search, sysconfig.get_path("scripts"), here)


@functools.lru_cache(maxsize=16)
def _engine(wanted: str, search: str, scripts: str, here: str) -> str:
    if wanted:
        found = _program(wanted, search, scripts, here)
        if found is None:
            raise DrawError(
                f"ARCHNB_DOT names {wanted!r}, which is no program here, or one of this folder.",
                hint="Unset it, or give the whole path of an installed graphviz `dot`.",
            )
        return found
    found = (
        _program("graphviz-pure", scripts, scripts, here)
        or _program("graphviz-pure", search, scripts, here)
        or _program("dot", search, scripts, here)
    )
    if found is None:
        raise DrawError(
            "No graphviz engine was found.",
            hint="`pip install graphviz-pure`, or install graphviz, or set ARCHNB_DOT.",
        )
    return found


def _program(name: str, search: str, scripts: str, here: str) -> str | None:
    """The absolute path of a program, passing over those that lie in the folder ``here``."""
    whole = Path(name).is_absolute()
    for folder in [""] if whole else search.split(os.pathsep):
        found = shutil.which(name, path=folder) if whole or Path(folder).is_absolute() else None
        if found and Path(found).is_absolute() and not _theirs(Path(found), scripts, here):
            return found
    return None


def _theirs(program: Path, scripts: str, here: str) -> bool:
    """Whether a program came with the project in ``here``, and not with the machine.

    The programs of our own environment may lie there: they run already. A home folder, or all of
    the disk, is no project.
    """
    if program.is_relative_to(scripts):
        return False
    place, project = program.resolve(), Path(here).resolve()
    if Path.home().is_relative_to(project):
        return place.parent == project
    return place.is_relative_to(project) or program.is_relative_to(project)


@functools.lru_cache(maxsize=64)
def to_svg(source: str, program: str) -> tuple[str, float, float]:
    """The picture as SVG (as the engine writes it), with its width and height in points."""
    output = _run(program, ["-Tsvg"], source)
    text = output.decode("utf-8", "replace")
    size = re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', text)
    if size is None or not text.rstrip().endswith("</svg>"):
        raise DrawError(
            "The diagram engine gave no complete SVG.",
            hint=f"Is {program} a graphviz `dot`? ARCHNB_DOT chooses another one.",
        )
    return text, float(size[1]), float(size[2])


@functools.lru_cache(maxsize=32)
def to_png(source: str, program: str) -> bytes:
    """The picture as PNG at twice the SVG's pixels, less where a side would be too long."""
    _, width, height = to_svg(source, program)
    dpi = min(192.0, (LARGEST_SIDE - 8) * 72 / max(width, height, 1.0))
    output = _run(program, ["-Tpng", f"-Gdpi={dpi:.2f}"], source)
    if not output.startswith(_PNG_START) or not output.endswith(_PNG_END):
        raise DrawError(
            "The diagram engine gave no complete PNG.", hint="Draw a part of it (focus)."
        )
    return output


def pixels(points: float) -> int:
    """Points in CSS pixels."""
    return round(points * _PIXELS)


def finish(svg: str, title: str) -> str:
    """The engine's SVG made fit for a page: sized in pixels, with a name, and with more fonts.

    What only the engine needs is taken out: comments, numbers of nodes, and ids that would clash
    with those of the next drawing on the page.
    """
    start = svg.index("<svg")
    body = svg[svg.index(">", start) + 1 :]
    body = re.sub(r"<!--.*?-->\n?", "", body, flags=re.DOTALL)
    body = re.sub(r"<title>[^<]*</title>\n?", "", body)
    body = re.sub(r"<text [^>]*>(?:\s|&#160;|&nbsp;)*</text>\n?", "", body)
    body = re.sub(r'<g id="[^"]*" ', "<g ", body)
    body = body.replace(' xml:space="preserve"', "")
    body = re.sub(r'font-family="[^"]*"', f'font-family="{_FONTS}"', body)
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"\s+viewBox="([-\d. ]+)"', svg[start:])
    if size is None:
        raise DrawError("The diagram engine gave an SVG without a size.")
    name = html.escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}" '
        f'width="{pixels(float(size[1]))}" height="{pixels(float(size[2]))}" viewBox="{size[3]}" '
        f'style="max-width:100%;height:auto;background:#ffffff">\n<title>{name}</title>{body}'
    )


def _run(program: str, arguments: list[str], source: str) -> bytes:
    try:
        done = subprocess.run(
            [program, "-Kdot", *arguments],
            input=source.encode("utf-8", "replace"),
            capture_output=True,
            timeout=TIME_LIMIT,
            check=False,
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        )
    except subprocess.TimeoutExpired as late:
        raise DrawError(
            f"The diagram engine took more than {TIME_LIMIT:.0f} seconds.",
            hint="Draw a part of the design (focus).",
        ) from late
    except OSError as error:
        raise DrawError(
            f"The diagram engine {program} cannot be run: {error.strerror or error}.",
            hint="ARCHNB_DOT chooses another one.",
        ) from error
    # after "trouble in init_rank" the engine ends with 1, and yet has written everything;
    # after a syntax error in a label it writes a picture without that label
    broken = done.returncode not in (0, 1) or b"syntax error" in done.stderr
    if broken or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[0][:300] if said else f"exit code {done.returncode}"
        raise DrawError(
            f"The diagram engine failed: {reason}",
            hint="ARCHNB_DOT chooses another engine.",
        )
    return done.stdout
