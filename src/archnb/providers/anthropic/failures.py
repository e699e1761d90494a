"""What went wrong on the way to the model: in one sentence, what to do, whether to try again."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from archnb.providers.anthropic.answer import BrokenStreamError
from archnb.providers.anthropic.retry import Failure

_KEY = re.compile(r"sk-ant-[\w-]+|(?i:bearer)\s+\S+")
_AGAIN = "Run the cell again in a minute; what was said so far is kept."
# Error types that name a passing trouble, when they come within a stream that began with 200.
_PASSING = frozenset("overloaded_error rate_limit_error api_error timeout_error".split())
NO_KEY = Failure(
    "No model key found.",
    "Set ANTHROPIC_API_KEY, or a base URL for a local server, or use --model offline.",
)
_TRIES = 3  # where each try may cost, or where the server gives no sign that it will pass

# Status: what is said, what to do.
_REFUSED = {
    401: (
        "The model key was refused (401).",
        "Check ANTHROPIC_API_KEY (or the token or profile in force).",
    ),
    402: ("The account has no credit left (402).", "See the billing page of the account."),
    403: ("This key may not use that model (403).", "Choose another with %architect model."),
    404: ("The model was not found (404).", "Choose another with %architect model."),
    413: (
        "The conversation is too large for one request (413).",
        "Start afresh with --new, or refer to less.",
    ),
}
# Transient ones: what is said.
_PASSES = {
    408: "The model's server timed out (408)",
    409: "The model's server reports a conflict (409)",
    429: "The rate limit is reached (429)",
    504: "The model's server timed out (504)",
    529: "The model is overloaded at the moment (529)",
}


def diagnose(error: Exception, address: str) -> Failure:
    """``error`` of the SDK, its transport or the stream in words; nothing of a key is in them.

    ``address`` is the server's, as :func:`place` gives it.
    """
    import anthropic
    import httpx2

    match error:
        case BrokenStreamError():
            return Failure(f"The model's answer broke off: {error}.", _AGAIN, True, tries=_TRIES)
        case anthropic.APITimeoutError():
            return Failure(f"The model's server at {address} did not answer in time.", _AGAIN, True)
        case anthropic.APIConnectionError():
            hint = "Check the network, or ANTHROPIC_BASE_URL if it is set."
            return Failure(f"The model's server at {address} cannot be reached.", hint, True)
        case anthropic.APIStatusError():
            return _refused(error)
        case httpx2.TransportError() | UnicodeDecodeError() | json.JSONDecodeError():
            said = "The model's answer broke off: the connection was lost."
            return Failure(said, _AGAIN, True, tries=_TRIES)
        case anthropic.AnthropicError() | ImportError():
            return unequipped(error)
        case TypeError() | RuntimeError() if "Could not resolve" in str(error):
            return unequipped(error)
        case _:
            raise error


def _refused(error: Any) -> Failure:
    status, kind = error.status_code, error.type
    said = _words(error.api_message or (error.message if status >= 400 else ""))
    if status < 400:  # an error event within a stream
        passing = kind in _PASSING
        what = "The model is overloaded at the moment" if kind == "overloaded_error" else (
            f"The model's server failed within its answer ({kind or 'unknown'})"
        )  # fmt: skip
        return Failure(f"{what}.", _AGAIN, passing, voids=passing, tries=2 * _TRIES)
    asked = error.response.headers.get("x-should-retry")
    passing = status in _PASSES or status >= 500
    if asked in {"true", "false"}:
        passing = asked == "true"
    after = _retry_after(error.response.headers)
    if status in _PASSES or status >= 500:
        sentence = _PASSES.get(status) or f"The model's server failed ({status})"
        hint = _AGAIN
        if after is not None and after > 0:
            hint = f"The server asks to wait {_span(after)}; what was said so far is kept."
        elif status == 429:
            hint = "If it stays so, look at the account's limits; what was said so far is kept."
        tries = _TRIES if status == 429 and after is None else None
        return Failure(f"{sentence}.", hint, passing, retry_after=after, tries=tries)
    if status in _REFUSED:
        sentence, hint = _REFUSED[status]
        if status == 404 and said:
            hint = f"The server said: {said}. {hint}"
        return Failure(sentence, hint, passing, tries=_TRIES)
    sentence = f"The model's server refused the request ({status}): {said or 'no reason given'}"
    return Failure(sentence.rstrip(".") + ".", "", passing, tries=_TRIES)


def unequipped(error: Exception) -> Failure:
    """What is missing on this side: credentials, a region, a package."""
    said = str(error)
    if "authentication method" in said:
        return NO_KEY
    if isinstance(error, ImportError):
        extra = "bedrock" if str(error.name).startswith("boto") else "vertex"
        said = f"pip install anthropic[{extra}]"
    if missing := re.search(r"pip install (anthropic\[[\w,-]+\])", said):
        return Failure(f"This platform needs another package: pip install '{missing[1]}'.")
    return Failure(f"The model's client cannot be set up: {_words(said)}.".replace("..", "."))


def place(url: Any) -> str:
    """Scheme, host and port of an address, without whatever else stands in it.

    >>> place("http://me:secret@127.0.0.1:8080/v1?key=x")
    'http://127.0.0.1:8080'
    """
    parts = urlsplit(str(url))
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if host else "an unknown address"


def _words(text: str) -> str:
    """A server's words: one line, not long, no keys."""
    return _KEY.sub("(key)", " ".join(text.split()))[:300].rstrip(".")


def _retry_after(headers: Any) -> float | None:
    """Seconds that the server asks to wait; it may say so in milliseconds, seconds or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            value = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 <= value < float("inf"):
            return value
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        now = parsedate_to_datetime(headers.get("date", ""))
        return max((until - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
