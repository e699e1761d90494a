"""Which of the SDK's clients reaches a model, and by which id it goes there."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import Any

from archnb.models import is_claude, resolve
from archnb.providers import access


def connect(model: str) -> Any:
    """The SDK's client for ``model``; it makes no tries of its own and opens nothing yet.

    Raises the SDK's own errors where credentials, a region or a package are missing.
    """
    import anthropic

    platform = access.platform(model, os.environ)
    if platform is access.BEDROCK:
        # Ids with a version ("…-v1:0") and profiles (ARNs) belong to Bedrock's older interface.
        if re.search(r"-v\d+:\d+$|^arn:", wire_id(model)):
            return anthropic.AsyncAnthropicBedrock(max_retries=0)
        return anthropic.AsyncAnthropicBedrockMantle(max_retries=0)
    if platform is access.VERTEX:
        return anthropic.AsyncAnthropicVertex(max_retries=0)
    if platform is access.FOUNDRY:
        return anthropic.AsyncAnthropicFoundry(max_retries=0)
    # A local server ignores the key, but the SDK wants one.
    local = os.environ.get("ANTHROPIC_BASE_URL") and not access.has_key(os.environ)
    return anthropic.AsyncAnthropic(
        api_key="none" if local else None,
        max_retries=0,
        http_client=anthropic.DefaultAsyncHttpxClient(verify=_tls()),
    )


def wire_id(model: str) -> str:
    """The id of ``model`` where it is asked: on a cloud its own spelling, else Anthropic's."""
    platform = access.platform(model, os.environ)
    if platform is None:
        return resolve(model)
    name = model.partition("/")[2]
    if platform is access.BEDROCK and name.startswith("claude"):
        return "anthropic." + name.replace(".", "-")
    return name.replace(".", "-") if name.startswith("claude") else name


def label(model: str) -> str:
    """How a model is named to a person: what is asked, where, and for which name.

    >>> label("github-copilot/claude-sonnet-4.5"), label("claude-opus-5-5")
    ('claude-sonnet-5-5 (for github-copilot/claude-sonnet-4.5)', 'claude-opus-5-5')
    """
    asked = wire_id(model)
    if platform := access.platform(model, os.environ):
        return f"{asked} on {platform.name}"
    given = model.split("/", 1)[-1].replace(".", "-")
    return asked if given in (asked, "") or not is_claude(model) else f"{asked} (for {model})"


@cache
def _tls() -> Any:
    """The settings for TLS, which take longer to make (70 ms) than a client (1 ms)."""
    import httpx2

    return httpx2.create_ssl_context()
