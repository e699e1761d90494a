"""When a failed request is made again, and how long that waits: pure, the clock is given."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer did not come, or broke off: ``said`` and ``hint`` in words for a person.

    ``transient``: another try may succeed. ``voids``: also when part of the answer was shown
    already. ``retry_after`` is the server's wish in seconds; ``tries`` limits the requests.
    """

    said: str
    hint: str = ""
    transient: bool = False
    voids: bool = False
    retry_after: float | None = None
    tries: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, as a value: seconds that only grow, a sleep that a cancellation ends, and chance."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on, in seconds.

    ``first`` pause, doubled each time up to ``longest``; the server's own wish counts up to
    ``obeyed``, and who asks for more than that is not asked again; ``deadline`` for all of it.
    """

    first: float = 1.0
    longest: float = 30.0
    obeyed: float = 60.0
    deadline: float = 300.0

    def pause(self, failure: Failure, tries: int, elapsed: float, chance: float) -> float | None:
        """Seconds until the next try after ``tries`` failed ones; None: give up.

        ``elapsed`` seconds went by since the first failure; ``chance`` in [0, 1) spreads clients.

        >>> busy = Failure("overloaded", transient=True)
        >>> [Patience().pause(busy, tries, 0.0, 0.5) for tries in (1, 2, 3, 9)]
        [0.75, 1.5, 3.0, 22.5]
        >>> Patience().pause(Failure("rate", transient=True, retry_after=3600), 1, 0.0, 0.5)
        """
        if not failure.transient or (failure.tries is not None and tries >= failure.tries):
            return None
        if failure.retry_after is not None:
            if failure.retry_after > self.obeyed:
                return None
            pause = max(failure.retry_after, 0.0) * (1 + chance / 20)
        else:
            pause = min(self.longest, self.first * 2.0 ** min(tries - 1, 16)) * (1 + chance) / 2
        return pause if elapsed + pause <= self.deadline else None
