"""The only way hostile text becomes HTML: Markdown without raw HTML, then a strict allow-list."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

# No img (an address fetched is a message sent), no style, class, id or form: text and structure.
_TAGS = frozenset(
    "a b blockquote br code del details em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong summary"
    " table tbody td th thead tr ul".split()
)
_SCHEMES = frozenset({"http", "https", "mailto"})
_FOREIGN_TAGS = frozenset(
    "caption center col colgroup dd div dl dt figcaption figure i img ins kbd mark q samp small"
    " span sub sup tfoot u var".split()
)
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "details": {"open"},
    "ol": {"start"},
}
_STYLES = frozenset(
    "background background-color border border-bottom border-collapse border-left border-radius"
    " border-right border-top color float font font-family font-size font-style font-weight height"
    " line-height margin max-height max-width overflow overflow-wrap padding padding-left"
    " padding-right text-align vertical-align white-space width".split()
)
# No address, no negative length, no function but colours and JupyterLab's own variables.
_STYLE_VALUE = re.compile(
    r"(?:(?:rgba?|hsla?|var)\([-\w\s.,#%]*\)|(?<![\w.])-(?=[a-z])|(?<=\w)-|[\w\s.,#%'\"])*"
)
_HELD_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]+\Z")
_ABSOLUTE = re.compile(r"https?://|mailto:", re.IGNORECASE)
# A page that is not JupyterLab (an export, another viewer) needs to be told.
FIXED = (
    "font-family:var(--jp-code-font-family,monospace);font-size:90%;white-space:pre-wrap;"
    "overflow-wrap:anywhere"
)
SCROLLED = "max-height:420px;overflow:auto"
_PARAGRAPH = 20_000  # characters of one paragraph or cell; a longer one is shown as plain text
_TEXT = 400_000  # characters of a whole answer; a longer one is shown as plain text

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

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.core.ruler.at("inline", _inline)
    markdown.add_render_rule("image", _image)
    return markdown


def _inline(state: StateCore) -> None:
    """Parse each paragraph, heading and cell by itself; one without end stays plain text."""
    from markdown_it.token import Token

    for token in state.tokens:
        if token.type != "inline":
            continue
        if len(token.content) > _PARAGRAPH:
            token.children = [Token("code_inline", "code", 0, content=token.content)]
            continue
        token.children = []
        state.md.inline.parse(token.content, state.md, state.env, token.children)
        depth = 0
        for child in token.children:
            depth += child.nesting if child.type.startswith("link_") else 0
            if child.type == "image":
                child.meta["linked"] = depth > 0


def _image(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: object, env: object
) -> str:
    """An image in words: an address that is fetched is a message that is sent."""
    del renderer, options, env
    token = tokens[index]
    source = str(token.attrs.get("src", ""))
    try:
        named = urlsplit(source).hostname or "no host"
    except ValueError:
        named = "no address"
    words = escape(f"image blocked: {named}" + (f" ({token.content})" if token.content else ""))
    return words if token.meta.get("linked") else f'<a href="{escape(source)}">{words}</a>'


def render_markdown(text: str) -> str:
    """The HTML of a Markdown text, with nothing active in it.

    Raw HTML stands as text, an image as words with its address behind them, an address other
    than http(s) and mailto as text. The time it takes grows with the length, no faster.

    >>> render_markdown("**bold** <img src=x onerror=alert(1)>").strip()
    '<p><strong>bold</strong> &lt;img src=x onerror=alert(1)&gt;</p>'
    >>> print(render_markdown("![t](http://example.org/?secret)").strip())  # doctest: +ELLIPSIS
    <p><a href="http://example.org/?secret" rel="...">image blocked: example.org (t)</a></p>
    """
    if len(text) > _TEXT:
        return preformatted(text)
    return _without_math(sanitise(_markdown().render(visible(text))))


def sanitise(html: str) -> str:
    """``html`` with everything outside the allow-list removed."""
    import nh3

    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href"}},
        attribute_filter=_absolute,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer",
    )


def sanitise_foreign(html: str, images: Mapping[str, str] | None = None) -> str:
    """HTML that others wrote, such as a data frame's, with its looks and nothing else.

    ``images`` stand for addresses; no other image is kept than one that the text itself holds.

    >>> sanitise_foreign('<p style="color:red;background:url(//x)">1<img src="//x"></p>')
    '<p style="color:red">1<img></p>'
    """
    import nh3

    known = images or {}

    def kept(tag: str, attribute: str, value: str) -> str | None:
        match attribute:
            case "style":
                return _harmless_style(value)
            case "src":
                held = known.get(value, value)
                return held if _HELD_IMAGE.match(held) else None
            case _:
                return _absolute(tag, attribute, value)

    return nh3.clean(
        html,
        tags=set(_TAGS | _FOREIGN_TAGS),
        attributes={"*": {"style"}, **{tag: set(names) for tag, names in _ATTRIBUTES.items()}},
        attribute_filter=kept,
        url_schemes={*_SCHEMES, "data", "attachment"},
        link_rel="noopener noreferrer",
    )


def _harmless_style(style: str) -> str | None:
    """The declarations that only colour and space what they stand on, and fetch nothing."""
    said = [part.partition(":")[::2] for part in style.split(";")]
    kept = [
        f"{name.strip().lower()}:{value.strip()}"
        for name, value in said
        if (name.strip().lower() in _STYLES and _STYLE_VALUE.fullmatch(value.strip()))
        or (name.strip().lower(), value.strip()) == ("display", "block")  # the lines of a diff
    ]
    return ";".join(kept) or None


def _absolute(tag: str, attribute: str, value: str) -> str | None:
    """A link that leaves this page's server: one within it would act with the person's rights."""
    del tag
    return None if attribute == "href" and not _ABSOLUTE.match(value) else value


def text_html(text: str) -> str:
    """``text`` escaped, hidden characters made visible as ``<U+202E>``."""
    return _without_math(escape(visible(text)))


def _without_math(html: str) -> str:
    """``html`` in which a page's MathJax finds no formula: ``$`` in a command is a dollar sign.

    What MathJax 4 looks for: dollars, brackets, environments and references, never across a tag.
    """
    return re.sub(r"(?<!<)(\$|\\(?=[(\[]|begin|(?:eq)?ref))(?![^<>]*>)", r"<span>\1</span>", html)


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
    return f'<pre style="{FIXED};{SCROLLED}">{text_html(text)}</pre>'
