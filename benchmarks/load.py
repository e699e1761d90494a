"""What `%load_ext archnb` costs in a fresh process, as a ratio to `import ipywidgets` there.

CPU seconds, median of 5. Both run in a process that has already built an InteractiveShell, as a
kernel has. Prints JSON; exits 1 above the limit.
"""

import json
import statistics
import subprocess
import sys

LIMIT = 1.3
ROUNDS = 5

PROGRAM = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.display_pub = type(shell.display_pub)(parent=shell)
shell.display_pub.publish = lambda *given, **named: None
before = time.process_time()
{what}
print("CPU", time.process_time() - before)
import sys
print("ANTHROPIC", "anthropic" in sys.modules)
"""
WHAT = {"ipywidgets": "import ipywidgets", "archnb": "shell.run_line_magic('load_ext', 'archnb')"}


def cpu(what: str) -> float:
    """CPU seconds of one fresh process for ``what``."""
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(what=what)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "ANTHROPIC False" in said, "the SDK was imported at load"
    return float(said.split("CPU ")[1].split()[0])


def main() -> int:
    """Alternate the two, so that a noisy machine is noisy for both."""
    times: dict[str, list[float]] = {name: [] for name in WHAT}
    for _ in range(ROUNDS):
        for name, what in WHAT.items():
            times[name].append(cpu(what))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["archnb"] / medians["ipywidgets"]
    print(json.dumps({"cpu_seconds": medians, "ratio": round(ratio, 2), "limit": LIMIT}))
    return int(ratio > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
