"""What a prompt cache would serve of a request, by the API's rules for marks."""

import json
import math
from dataclasses import dataclass, field

from .rules import digest, marked, unmarked

LOOKBACK = 20
LEAST = {"claude-sonnet-4-6": 1024, "claude-haiku-4-5": 4096}  # tokens; the rest 512


@dataclass
class Cache:
    """Prefixes that were written, by their digest; nothing expires here."""

    entries: set = field(default_factory=set)

    def usage(self, body, output=1):
        """The ``usage`` of a request, and what it adds to the cache."""
        blocks = list(marked(body))
        seed = digest(body["model"], body.get("thinking"), body.get("tool_choice"))
        prefixes, sizes = [], []
        for block in blocks:
            seed = digest(seed, block)
            prefixes.append(seed)
            size = math.ceil(len(json.dumps(unmarked(block)).encode()) / 3.5)
            sizes.append(size + (sizes[-1] if sizes else 0))
        marks = {
            i: block["cache_control"]
            for i, block in enumerate(blocks)
            if block.get("cache_control")
        }
        if body.get("cache_control"):
            marks[len(blocks) - 1] = body["cache_control"]
        least = LEAST.get(body["model"], 512)
        hit = max(
            (
                place
                for mark in marks
                for place in range(max(mark - LOOKBACK, 0), mark + 1)
                if prefixes[place] in self.entries
            ),
            default=-1,
        )
        read = sizes[hit] if hit >= 0 else 0
        written, place = {"5m": 0, "1h": 0}, read
        for mark in sorted(marks):
            if sizes[mark] >= least:
                self.entries.add(prefixes[mark])
                if sizes[mark] > place:
                    written[marks[mark].get("ttl", "5m")] += sizes[mark] - place
                    place = sizes[mark]
        return {
            "input_tokens": (sizes[-1] if sizes else 0) - place,
            "output_tokens": output,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": sum(written.values()),
            "cache_creation": {
                "ephemeral_5m_input_tokens": written["5m"],
                "ephemeral_1h_input_tokens": written["1h"],
            },
        }
