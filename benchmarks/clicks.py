"""How long a click takes to reach a waiting cell, and an interrupt to end one, in a live kernel.

Seconds from sending the comm message to the record's update on iopub, and from the signal to the
cell's end. No browser.
"""

import importlib.util
import json
import statistics
import tempfile
import time
from pathlib import Path

ROUNDS = 7
LIMITS = {"click": 0.1, "interrupt": 2.0}
CELL = "%%architect\nrun: echo {number} | cat"


def kernel_class():
    """The driver that the tests use."""
    path = Path(__file__).parents[1] / "tests" / "kernel" / "conftest.py"
    spec = importlib.util.spec_from_file_location("live_kernel", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Kernel


def main() -> int:
    """Measure both in one kernel and print JSON; exit 1 above a limit."""
    kernel = kernel_class()(Path(tempfile.mkdtemp()))
    try:
        kernel.run("%load_ext archnb", CELL.format(number=0), click=["Approve"])
        clicks = [
            kernel.run(CELL.format(number=number), click=["Approve"]).click_seconds[0]
            for number in range(1, ROUNDS + 1)
        ]
        interrupts = []
        for number in range(ROUNDS):
            out = kernel.run(CELL.format(number=f"i{number}"), interrupt_at_card=True)
            interrupts.append(time.monotonic() - out.interrupted_at)
    finally:
        kernel.close()
    medians = {"click": statistics.median(clicks), "interrupt": statistics.median(interrupts)}
    worst = {"click": max(clicks), "interrupt": max(interrupts)}
    print(json.dumps({"median_seconds": medians, "worst_seconds": worst, "limits": LIMITS}))
    return int(any(medians[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    raise SystemExit(main())
