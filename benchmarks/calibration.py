"""How often is a claim of an appraisal false, and how often does an interval cover the truth?

    python benchmarks/calibration.py                     # the embedded digits
    python benchmarks/calibration.py --table FILE        # A4 and A_FULL of that NASBench-101 table as well
    python benchmarks/calibration.py --small             # a fixed seed and few simulations, as in the tests

Appraisals are simulated by the very functions that the product calls: the test behind the verdict, the intervals, and
the bias audit. Every line gives a figure with its Monte Carlo error and the bar that it must keep; the exit code is 0
only if every bar holds. A bar is broken where the figure is beyond it by more than two Monte Carlo errors.

With `--results FILE`, the figures of every finished setting are kept there, a line each in JSON, and a second run
simulates only what is missing. Delete that file when the package has changed.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from simulated_appraisals import PARTS, Extent, Ground, Line, random_numbers

from shareornot.appraisal.truth import benchmark_truth
from shareornot.spaces import open_space
from shareornot.storage import sha256_of
from shareornot.tables import open_benchmark
from shareornot.tables.catalogue import benchmark_path

SMALL = Extent(num=40, supernets=(2, 5), costs=(0.0, 4.0))


class Results:
    """Figures of finished settings, in memory and in a file that grows by a line for each.

    Args:
        path: the file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.found = path, dict[str, list[Line]]()
        if path is not None and path.exists():
            for text in path.read_text().splitlines():
                record = json.loads(text)
                self.found[record["setting"]] = [Line(**line) for line in record["figures"]]

    def add(self, setting: str, lines: list[Line], seconds: float) -> None:
        """Keep the figures of a setting."""
        self.found[setting] = lines
        if self.path is not None:
            record = {"setting": setting, "seconds": round(seconds, 1), "figures": [asdict(line) for line in lines]}
            with self.path.open("a") as file:
                file.write(json.dumps(record) + "\n")


def simulated(
    ground: Ground, parts: list[str], extent: Extent, seed: int, data: str, results: Results
) -> Iterator[Line]:
    """The figures of all settings on a space, those that are known first in their places."""
    for part in parts:
        begin = time.process_time()
        for setting in PARTS[part](ground, extent, seed):
            name = f"{ground.name}, {setting.name}"
            key = f"{name}; {extent.num} appraisals, seed {seed}, table {data[:12]}"
            if key not in results.found:
                started = time.process_time()
                lines = setting.simulate(random_numbers(seed, name))
                results.add(key, lines, time.process_time() - started)
            yield from results.found[key]
        seconds = time.process_time() - begin
        print(f"{ground.name}: {part} took {seconds:.0f} s of processor time", file=sys.stderr, flush=True)


def main() -> int:
    """Simulate, print every figure as it comes, and those that break their bars at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="few simulations, two numbers of super-nets, fixed seed")
    parser.add_argument("--table", help="file of a NASBench-101 table, for A4 and A_FULL; default: digits alone")
    parser.add_argument("--spaces", nargs="+", choices=["digits", "A4", "A_FULL"], help="default: all that can be")
    parser.add_argument("--simulations", type=int, default=500, help="appraisals in each setting (default: 500)")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="what to simulate")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    parser.add_argument("--results", type=Path, help="file of finished settings, which is read first and added to")
    options = parser.parse_args()
    extent, seed = (SMALL, 0) if options.small else (Extent(num=options.simulations), options.seed)
    grounds = [("digits", "A_FULL", None)]
    if options.table:
        grounds += [("A4", "A4", options.table), ("A_FULL", "A_FULL", options.table)]
    grounds = [one for one in grounds if not options.spaces or one[0] in options.spaces]
    results, lines = Results(options.results), list[Line]()
    for name, space, file in grounds:
        path = benchmark_path(file or "digits")
        truth = replace(benchmark_truth(open_benchmark(path), open_space(space)), space=name)
        ground = Ground(truth, np.random.default_rng(seed), 2_000)
        data = sha256_of(path)
        for line in simulated(ground, options.parts, extent, seed, data, results):
            lines.append(line)
            print(line, flush=True)
    broken = [line for line in lines if not line.holds]
    print(f"\n{len(lines)} figures, of which {len(broken)} break their bars")
    for line in broken:
        print(line)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
