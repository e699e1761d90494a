"""Names of models: what is meant, and what is used."""

from datetime import date

import pytest

from archnb import models


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("github-copilot/claude-sonnet-4.5", "claude-sonnet-5-5"),
        ("openrouter/anthropic/claude-opus-4.1", "claude-opus-5-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-5-5"),
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-5-5"),
        ("claude-sonnet-4-0", "claude-sonnet-5-5"),
        ("claude-3-5-haiku-latest", "claude-haiku-5-5"),
        ("claude-haiku-4.5", "claude-haiku-4-5"),
        ("claude-sonnet-4-6[1m]", "claude-sonnet-4-6"),
        ("anthropic/claude-sonnet-5-5", "claude-sonnet-5-5"),
        ("sonnet", "claude-sonnet-5-5"),
        ("azure-foundry/claude-opus-5.5", "claude-opus-5-5"),
        ("offline", "offline"),
        ("openai/gpt-5.2", "openai/gpt-5.2"),
        ("openrouter/openai/gpt-5.2", "openai/gpt-5.2"),
        ("qwen3:8b", "qwen3:8b"),
        ("", ""),
    ],
)
def test_what_is_used(name, used):
    assert models.resolve(name) == used


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 11, 22), "ends on 2026-11-30 (in 8 days)"),
        (date(2026, 11, 30), "ends on 2026-11-30;"),
        (date(2026, 12, 1), "ended on 2026-11-30"),
    ],
)
def test_the_end_of_a_model(day, says):
    assert says in models.fate("vercel/claude-sonnet-4.5", day)
    assert models.fate("claude-sonnet-5-5", day) == ""


@pytest.mark.parametrize("text", ["../x", "a/../b", "a//b", "/a", "a b", "a/", "a\nb", "x" * 300])
def test_what_is_no_id(text):
    assert not models.is_id(text)
