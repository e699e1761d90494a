"""What each Claude can take and give, and what that costs; figures with their source and date."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archnb.conversation import Usage


@dataclass(frozen=True, slots=True)
class Limits:
    """``context`` and ``output`` in tokens, ``image_edge`` in pixels.

    ``adaptive``: the model decides how much it thinks, and takes being asked for summaries of it.
    """

    context: int
    output: int
    adaptive: bool = False
    image_edge: int = 1568


# What any server takes that says nothing of itself.
LOCAL = Limits(32_000, 16_000)
# A Claude that neither this table nor the Models API knows.
UNKNOWN = Limits(200_000, 32_000)

# platform.claude.com, pages of 2026-08 to 2026-11: models overview, images, thinking.
_LIMITS = {
    "claude-opus-5-5": Limits(1_000_000, 128_000, True, 2576),
    "claude-sonnet-5-5": Limits(1_000_000, 128_000, True, 2576),
    "claude-fable-5-1": Limits(1_000_000, 128_000, True, 2576),
    "claude-haiku-4-5": Limits(200_000, 64_000),
}


def known_limits(model: str) -> Limits | None:
    """The limits of ``model`` (a plain id) from the table; None where it has to be asked for."""
    return _LIMITS.get(model)


def limits_from(info: Any) -> Limits:
    """The limits that the Models API tells of a model; ``info`` is the SDK's ``ModelInfo``."""
    able = info.capabilities
    return Limits(
        info.max_input_tokens or UNKNOWN.context,
        info.max_tokens or UNKNOWN.output,
        bool(able and able.thinking.types.adaptive.supported),
    )


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens; cache writes cost by how long they are kept."""

    input: float
    output: float
    read: float
    five_minutes: float
    one_hour: float


# platform.claude.com/docs pricing as of 2026-11. Sonnet 5.5's cache read is printed as 0.20 and as
# 0.10: the dearer one stands here. Fable's cache by the general rule: 1.25, 2 and 0.1 of input.
_PRICES = {
    "claude-opus-5-5": Price(4, 20, 0.20, 5, 8),
    "claude-sonnet-5-5": Price(2, 10, 0.20, 2.5, 4),
    "claude-fable-5-1": Price(10, 50, 1, 12.5, 20),
    "claude-sonnet-4-6": Price(3, 15, 0.30, 3.75, 6),
    "claude-sonnet-4-5": Price(3, 15, 0.30, 3.75, 6),
    "claude-haiku-4-5": Price(1, 5, 0.10, 1.25, 2),
}


def price(model: str) -> Price | None:
    """What ``model`` (a plain id) costs at Anthropic; None where that is not known."""
    return _PRICES.get(model)


def estimated_tokens(text: str) -> int:
    """About how many tokens ``text`` is, rather too many: one for 3.5 characters.

    >>> estimated_tokens("entity Order has many OrderLine")
    9
    """
    return math.ceil(len(text) / 3.5)


def estimated_cost(model: str, tokens: int) -> float | None:
    """US dollars for reading ``tokens`` with nothing cached; None where the price is not known."""
    known = price(model)
    return tokens * known.input / 1e6 if known else None


def usage_of(known: Price | None, given: Mapping[str, Any]) -> Usage:
    """The API's ``usage`` (start and end merged) with its cost; no price, no cost.

    Where it is not said how long a cache write is kept, the dearer hour is counted.
    """

    def count(name: str, within: Mapping[str, Any] = given) -> int:
        value = within.get(name)
        return value if isinstance(value, int) and value > 0 else 0

    read = count("cache_read_input_tokens")
    written = count("cache_creation_input_tokens")
    kept = given.get("cache_creation")
    briefly = count("ephemeral_5m_input_tokens", kept) if isinstance(kept, Mapping) else 0
    briefly = min(briefly, written)
    fresh, output = count("input_tokens"), count("output_tokens")
    cost = None
    if known:
        cost = (
            fresh * known.input
            + output * known.output
            + read * known.read
            + briefly * known.five_minutes
            + (written - briefly) * known.one_hour
        ) / 1e6
    return Usage(fresh, output, read, written, cost)
