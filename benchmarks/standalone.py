"""Measure the training of architectures alone: two epochs of the digits for each of some cells.

    python benchmarks/standalone.py
    python benchmarks/standalone.py --against ../before --api engines

With `--against`, another checkout of the package trains the same cells in a process of its own, in turns with this one.
"""

import argparse
from pathlib import Path

from supernet import ROOT, Worker, in_turns, spread


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=24, help="Cells.")
    parser.add_argument("--clock", choices=("wall", "processor"), default="processor")
    parser.add_argument("--against", type=Path, help="Root of another checkout of the package.")
    parser.add_argument("--api", choices=("current", "engines"), default="current", help="Of the other checkout.")
    options = parser.parse_args()
    common = ["--images", "digits", "--space", "A_FULL", "--clock", options.clock]
    workers = [Worker(ROOT, common)]
    if options.against:
        workers.append(Worker(options.against, [*common, "--api", options.api, "--engine", "compiled"]))
    seconds = in_turns(workers, "standalone", options.repeats, warm_up=2)
    for number, name in enumerate(("this checkout", "the other")[: len(workers)]):
        print(f"two epochs alone, {name}: {spread(1e3 * seconds[:, number], '.0f')} ms over {options.repeats} cells")
    if options.against:
        print(f"times as fast as the other: {spread(seconds[:, 1] / seconds[:, 0], '.2f')}")
    for worker in workers:
        worker.close()


if __name__ == "__main__":
    main()
