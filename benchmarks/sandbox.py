"""What a rung costs: `true` run through each, as a ratio to plain bash under its supervisor.

Seconds of waiting, median of 15, the rungs in turn; "bare" is bash with nothing around it. Prints
JSON; exits 1 above the limit.
"""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from archnb.execution.environment import clean_environment
from archnb.execution.sandbox import Room, Sandbox, chosen

LIMIT = 4.0
TEST_LIMIT = 8.0  # choosing a rung, once per process, to the same
ROUNDS = 15


def seconds(argv: list[str], folder: Path) -> float:
    """How long ``argv`` takes from its start to its end."""
    before = time.perf_counter()
    with subprocess.Popen(
        argv, cwd=folder, env=clean_environment(), stdin=subprocess.PIPE
    ) as process:
        process.wait()  # its standard input stays open, as a supervisor wants it
    return time.perf_counter() - before


def main() -> int:
    """Alternate the rungs, so that a noisy machine is noisy for all."""
    tests: dict[str, float] = {}
    rungs = {"none": Sandbox("none")}
    for name in ("landlock", "bwrap"):
        before = time.perf_counter()
        rung = chosen(name)
        if rung.limits():
            tests[name] = round(time.perf_counter() - before, 3)
            rungs[name] = rung
    times: dict[str, list[float]] = {"bare": [], **{name: [] for name in rungs}}
    with tempfile.TemporaryDirectory() as place:
        work, scratch = Path(place, "work").resolve(), Path(place, "scratch").resolve()
        work.mkdir()
        scratch.mkdir()
        room = Room(work, scratch, network=False)
        for _ in range(ROUNDS):
            times["bare"].append(seconds(["bash", "--noprofile", "--norc", "-c", "true"], work))
            for name, rung in rungs.items():
                times[name].append(seconds(rung.argv("true", work, room), work))
    medians = {name: round(statistics.median(values), 4) for name, values in times.items()}
    ratios = {name: round(medians[name] / medians["none"], 2) for name in rungs}
    tested = {name: round(value / medians["none"], 2) for name, value in tests.items()}
    report = {"seconds": medians, "ratio": ratios, "limit": LIMIT}
    print(json.dumps(report | {"test_seconds": tests, "test_ratio": tested}))
    return int(max(ratios.values()) > LIMIT or max(tested.values(), default=0) > TEST_LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
