"""``python -m tests.fuzz --lines 200000 --seed 1``: the whole run, with its rate and findings."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz.confined import available, repository
from tests.fuzz.oracles import Finding, chunk, rule_sets, shortened

CHUNK = 2_000  # lines that one process makes, judges and runs at a time
SHOWN = 40


def fuzz(lines: int, seed: int, processes: int) -> int:
    """Run it all and print it; the number of findings."""
    began = time.monotonic()
    counts = [min(CHUNK, lines - at) for at in range(0, lines, CHUNK)]
    allowed = real = done = 0
    found: list[tuple[int, Finding]] = []
    with ProcessPoolExecutor(processes) as pool:
        results = pool.map(chunk, [seed] * len(counts), range(len(counts)), counts)
        for count, result in zip(counts, results, strict=True):
            allowed, real, found = allowed + result[0], real + result[1], found + result[2]
            done += count
            if not done % 20_000:
                print(f"{done:,} lines, {allowed:,} allowed, {len(found)} findings", flush=True)
            for _, finding in result[2]:
                print(f"found after {done:,}: {finding.kind}: {finding.line[:300]!r}", flush=True)
    seconds = time.monotonic() - began
    print(f"seed {seed}: {lines:,} lines in {seconds:.0f} s ({lines / seconds:.0f} a second)")
    print(f"{allowed:,} allowed ({allowed / lines:.1%}), {real:,} of them carried out for real")
    print(f"{len(found)} findings")
    with tempfile.TemporaryDirectory() as name:
        template = repository(Path(name, "w"))
        for which, finding in found[:SHOWN]:
            short = shortened(finding, rule_sets()[which], template)
            print(
                f"- {short.kind}: {short.line!r}\n  {short.told[:300]}\n  from {finding.line[:300]!r}"
            )
    return len(found)


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args(given)
    if not available():
        print("bubblewrap does not work here, so nothing was run")
        return 2
    return 1 if fuzz(options.lines, options.seed, options.processes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
