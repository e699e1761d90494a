"""What a long answer costs: 120 KB rendered, as a ratio to ten times what 12 KB cost.

CPU seconds, best of 3, for a text of each kind. Prints JSON; exits 1 above the limit.
"""

import json
import time

from archnb.html import render_markdown

LIMIT = 2.0
SIZE = 12_000
KINDS = {
    "bold": ("**x** " * 100 + "\n\n") * 200,
    "one paragraph of bold": "**x** " * 20_000,
    "prose": ("An order has many items. " * 12 + "\n\n") * 400,
    "list": "- an item with `code`\n" * 6_000,
    "table": "| a | b |\n|---|---|\n" + "| one | two |\n" * 9_000,
    "fence": "```\n" + "code\n\n" * 20_000,
    "brackets": "[a](" * 30_000,
    "images": "![" * 60_000,
    "references": "[a]: b\n" * 17_000,
}


def cpu(text: str) -> float:
    """Seconds to render ``text``."""
    taken = []
    for _ in range(3):
        before = time.process_time()
        render_markdown(text)
        taken.append(time.process_time() - before)
    return min(taken)


def main() -> int:
    """Measure each kind and print JSON; exit 1 above the limit."""
    render_markdown("warm")
    long = {name: cpu(text[: SIZE * 10]) for name, text in KINDS.items()}
    ratios = {name: long[name] / (cpu(text[:SIZE]) * 10) for name, text in KINDS.items()}
    print(json.dumps({"seconds": long, "ratios": ratios, "limit": LIMIT}))
    return int(max(ratios.values()) > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
