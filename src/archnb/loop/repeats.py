"""The same call again and again without progress: a person is asked before it goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archnb.permission.requests import Request
from archnb.tools.base import Output

# How long a command took is no answer.
_TOOK = re.compile(r", \d+\.\d s\)")


@dataclass(slots=True)
class Repeats:
    """How often each request was made since anything changed, however the call was spelled."""

    _counts: dict[str, int] = field(default_factory=dict)
    _answers: dict[str, str] = field(default_factory=dict)

    def made(self, request: Request) -> int:
        """Count ``request``; gives how often it was made before."""
        key = request.digest
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] - 1

    def answered(self, request: Request, output: Output) -> None:
        """A file that changed, or another answer to the same request, is progress."""
        key, answer = request.digest, _TOOK.sub("", output.text)
        if output.changes:
            self._counts.clear()
        elif self._answers.get(key, answer) != answer:
            self._counts[key] = 1
        self._answers[key] = answer
