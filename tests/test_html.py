"""Hostile text becomes HTML in which nothing can act."""

import re

import pytest

from archnb.html import FIXED, preformatted, render_markdown, text_html, visible

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
    for tag in re.findall(r"<[a-zA-Z][^>]*>", html.replace(f' style="{FIXED}"', "")):
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


def test_a_very_long_answer_is_not_parsed():
    assert render_markdown("**x** " * 10_000).startswith("<pre")
