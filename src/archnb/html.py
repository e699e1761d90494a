"""The only way hostile text becomes HTML: Markdown without raw HTML, then a strict allow-list."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# No img (an address fetched is a message sent), no style, class, id or form: text and structure.
_TAGS = frozenset(
    "a b blockquote br code del details em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong summary"
    " table tbody td th thead tr ul".split()
)
_SCHEMES = frozenset({"http", "https", "mailto"})
# A page that is not JupyterLab (an export, another viewer) needs to be told.
FIXED = (
    "font-family:var(--jp-code-font-family,monospace);font-size:90%;white-space:pre-wrap;"
    "max-height:420px;overflow:auto"
)
_BLOCK_LIMIT = (
    20_000  # characters; longer than this is shown as plain text (the renderer is superlinear)
)

UNSEEN = (
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that show nothing or reorder others, as the inside of a character class.

Unicode's Default_Ignorable_Code_Point, controls and blank letters; without line feed and tab, and
without the selectors U+FE00 to U+FE0F, which choose how an emoji looks.
"""

_HIDDEN = re.compile(f"[{UNSEEN}\ud800-\udfff]")  # halves of pairs cannot be sent


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render_markdown(text: str) -> str:
    """The HTML of a Markdown text, with nothing active in it.

    Raw HTML stands as text, images and addresses other than http(s) and mailto are dropped.

    >>> render_markdown("**bold** <img src=x onerror=alert(1)>").strip()
    '<p><strong>bold</strong> &lt;img src=x onerror=alert(1)&gt;</p>'
    >>> render_markdown("[x](javascript:alert(1)) ![t](http://example.org/?secret)").strip()
    '<p>[x](javascript:alert(1)) </p>'
    """
    if len(text) > _BLOCK_LIMIT:
        return preformatted(text)
    return _without_math(sanitise(_markdown().render(visible(text))))


def sanitise(html: str) -> str:
    """``html`` with everything outside the allow-list removed."""
    import nh3

    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href", "title"}},
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer",
    )


def text_html(text: str) -> str:
    """``text`` escaped, hidden characters made visible as ``<U+202E>``."""
    return _without_math(escape(visible(text)))


def _without_math(html: str) -> str:
    """``html`` in which a page's MathJax finds no formula: ``$`` in a command is a dollar sign."""
    return re.sub(r"(?<!<)(\$|\\(?=[(\[]))(?![^<>]*>)", r"<span>\1</span>", html)


def visible(text: str) -> str:
    r"""``text`` with every character that shows nothing, or reorders others, spelled out.

    >>> visible("rm\u202e x\x1b[0m")
    'rm<U+202E> x<U+001B>[0m'
    """
    text = text.replace("\r\n", "\n")
    return _HIDDEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)


def one_line(text: str) -> str:
    r"""``text`` as :func:`visible` has it, in one line: nothing in it can start another.

    >>> one_line("a\nb")
    'a<U+000A>b'
    """
    return visible(text).replace("\n", "<U+000A>")


def preformatted(text: str) -> str:
    """``text`` as it stands, in a fixed font."""
    return f'<pre style="{FIXED}">{text_html(text)}</pre>'
