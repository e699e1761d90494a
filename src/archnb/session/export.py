"""A notebook as something to pass on: one file that fetches nothing and in which nothing can act.

Every cell is cleaned again, whoever wrote it: an export is read on machines that trust nobody.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any, Literal, get_args

from archnb.credentials import Secrets
from archnb.credentials.names import of_environment
from archnb.errors import CellError
from archnb.html import preformatted, render_markdown, sanitise_foreign, visible
from archnb.session.transcript import RECORD

Form = Literal["html", "md", "ipynb"]
FORMS: tuple[Form, ...] = get_args(Form)

_RASTER = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
}
_SVG = "image/svg+xml"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NAME = re.compile(r"[\w+#. -]{1,40}")
# Tags that Markdown may hold as they are: without attributes they can do nothing.
_PLAIN_TAG = r"</?(?:b|br|code|em|i|kbd|p|s|strong|sub|summary|details|sup|u)\s*/?>"
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'"
)


def export(notebook: Path, form: Form, output: Path | None = None) -> Path:
    """Write ``notebook`` in another form beside it, or to ``output``; gives where.

    Raises ``CellError`` where it cannot be read, or would take the place of the notebook itself.
    """
    target = output or notebook.with_suffix(".exported.ipynb" if form == "ipynb" else f".{form}")
    if target.resolve() == notebook.resolve():
        raise CellError(f"{target} is the notebook itself.", hint="Name another file with -o.")
    text = exported(read_notebook(notebook), form, title=notebook.stem)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def read_notebook(notebook: Path) -> Any:
    """What stands in the file, as nbformat's nodes; every cell has an id of its own.

    Raises ``CellError`` where there is no such file or it holds no notebook.
    """
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ids that are missing or stand twice are mended below
            content = nbformat.read(notebook, as_version=4)
    except FileNotFoundError:
        raise CellError(f"{notebook} does not exist.") from None
    except (
        OSError,
        nbformat.reader.NotJSONError,
        nbformat.ValidationError,
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
    ) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CellError(f"{notebook} is not a notebook: {reason}.") from error
    _name_cells(content)
    return content


def exported(content: Any, form: Form, *, title: str = "Notebook") -> str:
    """The notebook ``content`` as the text of a file; ``content`` stays as it is."""
    clean = _Cleaning(form).notebook(content)
    match form:
        case "ipynb":
            import nbformat

            return str(nbformat.writes(clean)) + "\n"
        case "html":
            return _page(clean, title)
        case "md":
            return _transcript(clean)


def _name_cells(content: Any) -> None:
    """Give a cell that has no valid id, or another's, a new one."""
    from uuid import uuid4

    content.nbformat_minor = max(5, content.get("nbformat_minor", 0))
    known: set[str] = set()
    for cell in content.cells:
        name = cell.get("id")
        if not isinstance(name, str) or not re.fullmatch(r"[\w-]{1,64}", name) or name in known:
            cell["id"] = uuid4().hex[:8]
        known.add(cell["id"])


@dataclass(slots=True)
class _Cleaning:
    """What every cell goes through: secrets out, active content out, the words kept."""

    form: Form
    secrets: Secrets = field(default_factory=lambda: Secrets(of_environment(os.environ)))

    def notebook(self, content: Any) -> Any:
        from nbformat import v4

        language = content.metadata.get("language_info", {}).get("name", "")
        language = language if isinstance(language, str) and _NAME.fullmatch(language) else "python"
        kernel = {"name": "python3", "display_name": "Python 3", "language": language}
        metadata = {"kernelspec": kernel, "language_info": {"name": language}}
        clean: Any = v4.new_notebook(cells=list(map(self.cell, content.cells)), metadata=metadata)
        _name_cells(clean)
        return clean

    def cell(self, cell: Any) -> Any:
        from nbformat import v4

        source = self.text(_joined(cell.get("source", "")))
        named = {"id": cell["id"]} if "id" in cell else {}
        if cell.cell_type != "code":
            attached = _attachments(cell)
            if cell.cell_type == "raw":
                source = _fenced(source)
            if self.form == "html":  # rendered here, since nobody else may render it
                source = sanitise_foreign(_markdown_html(source), attached)
            elif cell.cell_type == "markdown":
                source = _inert_markdown(source, attached)
            return v4.new_markdown_cell(source, **named)
        count = cell.get("execution_count")
        return v4.new_code_cell(
            source,
            outputs=[self.output(output) for output in cell.get("outputs", [])],
            execution_count=count if isinstance(count, int) else None,
            metadata=_times(cell.get("metadata", {})),
            **named,
        )

    def output(self, output: Any) -> Any:
        from nbformat import v4

        match output.get("output_type"):
            case "stream":
                name = "stderr" if output.get("name") == "stderr" else "stdout"
                text = self.plain(_joined(output.get("text", "")))
                return v4.new_output("stream", name=name, text=text)
            case "error":
                lines = [self.plain(_joined(line)) for line in output.get("traceback", [])]
                name, value = (self.plain(str(output.get(key, ""))) for key in ("ename", "evalue"))
                return v4.new_output("error", ename=name, evalue=value, traceback=lines)
            case _:
                given = output.get("metadata", {})
                metadata: dict[str, Any] = {RECORD: True} if given.get(RECORD) is True else {}
                data = self.bundle(output.get("data", {}))
                for mime in _RASTER:
                    sizes = given.get(mime, {})
                    if mime in data and isinstance(sizes, dict):
                        metadata[mime] = {
                            key: sizes[key]
                            for key in ("width", "height")
                            if isinstance(sizes.get(key), int)
                        }
                return v4.new_output("display_data", data=data, metadata=metadata)

    def bundle(self, data: Mapping[str, Any]) -> dict[str, str]:
        """A display in the forms that hold nothing active; the best of them survives."""
        clean = {mime: data[mime] for mime in _RASTER if _is_image(data.get(mime), mime)}
        if "text/html" in data:
            clean["text/html"] = sanitise_foreign(self.text(_joined(data["text/html"])))
        elif "text/markdown" in data:
            clean["text/html"] = render_markdown(self.text(_joined(data["text/markdown"])))
        words = self.plain(_joined(data.get("text/plain", "")))
        if _SVG in data and (self.form == "html" or not clean):
            held = base64.b64encode(self.text(_joined(data[_SVG])).encode()).decode()
            clean = {"text/html": _described(f"data:{_SVG};base64,{held}", words)}
        if not words and not clean:
            kinds = ", ".join(sorted(visible(str(mime))[:80] for mime in data)) or "nothing"
            words = f"(left out: {kinds})"
        return clean | ({"text/plain": words} if words else {})

    def plain(self, text: str) -> str:
        """``text`` without its colours; what else is hidden in it is spelled out."""
        return visible(_COLOURS.sub("", self.text(text)))

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        return self.secrets.removed(text)


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _times(metadata: Any) -> dict[str, Any]:
    """When the cell was run, of all that its metadata say."""
    times = metadata.get("execution", {}) if isinstance(metadata, dict) else {}
    if not isinstance(times, dict):
        return {}
    kept = {
        key: value
        for key, value in times.items()
        if re.fullmatch(r"[\w.]{1,60}", str(key)) and re.fullmatch(r"[\d:T.Z+-]{1,40}", str(value))
    }
    return {"execution": kept} if kept else {}


def _is_image(encoded: Any, mime: str) -> bool:
    """Whether this is base64 of what the type says."""
    try:
        return base64.b64decode(_joined(encoded or ""), validate=False).startswith(_RASTER[mime])
    except (binascii.Error, ValueError):
        return False


def _described(image: str, words: str) -> str:
    """A picture, and below it what it shows in words."""
    text = f"<details><summary>As text</summary>{preformatted(words)}</details>" if words else ""
    return f'<img src="{image}" alt="{escape(words[:200])}">{text}'


def _attachments(cell: Any) -> dict[str, str]:
    """The pictures that a Markdown cell holds itself, by the address it names them with."""
    found = {}
    for name, bundle in (cell.get("attachments") or {}).items():
        for mime in _RASTER:
            if _is_image(bundle.get(mime), mime):
                held = "".join(_joined(bundle[mime]).split())
                found[f"attachment:{name}"] = f"data:{mime};base64,{held}"
    return found


def _markdown_html(source: str) -> str:
    """A Markdown cell as HTML, its raw HTML with it: to be sanitised."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(markdown.render(visible(source)))


def _inert_markdown(source: str, attached: Mapping[str, str]) -> str:
    """Markdown with its raw HTML as text and its images as links, whatever renders it."""
    from markdown_it import MarkdownIt

    source = visible(source)
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = [each for token in markdown.parse(source) for each in (token, *(token.children or ()))]
    raw = {token.content for token in tokens if token.type in ("html_block", "html_inline")}
    for html in sorted(raw, key=len, reverse=True):
        source = source.replace(html, re.sub(rf"<(?!(?<=<){_PLAIN_TAG[1:]})", "&lt;", html))
    if any(token.type == "image" for token in tokens):
        source = source.replace("![", "\\![")
        for address, held in attached.items():  # these it may show: they are in the file
            source = re.sub(rf"\\(!\[[^\[\]\n]*\])\({re.escape(address)}\)", rf"\1({held})", source)
    return re.sub(r"(?i)\b(javascript|vbscript|data:text)\s*:", r"\1 :", source)


def _fenced(text: str, language: str = "") -> str:
    """``text`` as a code block that it cannot end."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _page(clean: Any, title: str) -> str:
    """The cleaned notebook as one page; its Markdown cells hold HTML by now."""
    from nbconvert import HTMLExporter

    # Held back from the template, which would take the cells for Markdown again.
    exporter = HTMLExporter(template_name="lab", filters={"markdown2html": _as_it_is})
    exporter.mathjax_url = exporter.require_js_url = exporter.jquery_url = ""
    body, _ = exporter.from_notebook_node(
        clean, resources={"metadata": {"name": visible(title), "path": ""}}
    )
    # The template's own: what is in the cells has none. No script, nothing that is fetched.
    body = re.sub(r"<script\b.*?</script\s*>", "", body, flags=re.DOTALL | re.IGNORECASE)
    body = re.sub(r"<link\b[^>]*>", "", body, flags=re.IGNORECASE)
    # A wide diagram scales to the page instead of being cut off.
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        "<style>.jp-OutputArea-output img{max-width:100%;height:auto}</style>"
    )
    return re.sub(r"<head[^>]*>", lambda found: f"{found[0]}{head}", body, count=1)


def _as_it_is(html: str) -> str:
    return html


def _transcript(clean: Any) -> str:
    """The cleaned notebook as Markdown: sources, words, and pictures as data."""
    parts = []
    for cell in clean.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        if cell.source.strip():
            parts.append(_fenced(cell.source, clean.metadata.language_info.name))
        parts += map(_output_markdown, cell.outputs)
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _output_markdown(output: Any) -> str:
    match output.output_type:
        case "stream":
            return _fenced(output.text.rstrip("\n"), "text")
        case "error":
            return _fenced(
                "\n".join(output.traceback) or f"{output.ename}: {output.evalue}", "text"
            )
        case _:
            data = output.data
            words = _fenced(data["text/plain"], "text") if data.get("text/plain") else ""
            for mime in _RASTER:
                if mime in data:
                    held = "".join(_joined(data[mime]).split())
                    words = f"![picture](data:{mime};base64,{held})\n\n{words}"
            shown = unescape(re.sub(r"<[^>]*>", " ", data.get("text/html", "")))
            return words or _fenced(shown.strip(), "text")
