"""Measure super-nets on this machine: training steps, scorings, and how exact single precision is.

    python benchmarks/supernet.py --space A4 --batch 256 --threads 2
    python benchmarks/supernet.py --space A4 --batch 256 --threads 2 --against ../before --api engines --engine fused

With `--against`, another checkout of the package does the same work in a process of its own, in turns with this one:
every repeat is one step of each, over the same architecture, and what is reported are the ratios of the two times.
So whatever slows down the machine for a while slows down both.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SERVED = ("space", "images", "batch", "validation", "threads", "clock")


class Worker:
    """A process that runs `worker.py` on one checkout of the package.

    Args:
        checkout: root of the checkout.
        arguments: of `worker.py`.
    """

    def __init__(self, checkout: Path, arguments: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "worker.py"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(checkout / "src")},
        )
        self._answer()

    def send(self, command: str) -> Any:
        """Send a command and wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("benchmarks/worker.py ended; its message is above")
        return json.loads(line)


def in_turns(workers: list[Worker], command: str, num_repeats: int, warm_up: int) -> np.ndarray:
    """Seconds of each repeat of each worker, (repeats, workers); the order of the workers alternates."""
    for _ in range(warm_up):
        for worker in workers:
            worker.send(command)
    seconds = np.empty((num_repeats, len(workers)))
    for repeat in range(num_repeats):
        order = range(len(workers)) if repeat % 2 == 0 else reversed(range(len(workers)))
        for number in order:
            seconds[repeat, number] = workers[number].send(command)
    return seconds


def spread(values: np.ndarray, form: str) -> str:
    """Median and quartiles as text."""
    low, median, high = (format(value, form) for value in np.percentile(values, (25, 50, 75)))
    return f"{median} (quartiles {low} to {high})"


def first_steps(arguments: list[str], checkout: Path, other: list[str]) -> float:
    """Distance of the first step in single precision from that in double, as a part of the length of the latter."""
    ends = {}
    for precision in ("float32", "float64"):
        worker = Worker(checkout, [*arguments, *other, "--precision", precision])
        start = np.array(worker.send("parameters"))
        worker.send("train")
        ends[precision] = np.array(worker.send("parameters")) - start
        worker.close()
    exact = ends["float64"]
    return float(np.linalg.norm(ends["float32"] - exact) / np.linalg.norm(exact))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", default="A4", help="Space of the super-net.")
    parser.add_argument(
        "--images",
        choices=("cifar10", "digits"),
        default="cifar10",
        help="cifar10: the paper's setting on random images of that size; digits: that of the demo.",
    )
    parser.add_argument("--batch", type=int, default=0, help="Images of a mini-batch; by default those of the setting.")
    parser.add_argument("--threads", type=int, default=1, help="Threads of PyTorch.")
    parser.add_argument("--validation", type=int, default=1_000, help="Images on which an architecture is scored.")
    parser.add_argument("--repeats", type=int, default=24, help="Measured steps and scorings.")
    parser.add_argument("--scorings", type=int, default=12, help="Measured scorings.")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall", help="processor: of the process.")
    parser.add_argument("--exactness", action="store_true", help="Compare a first step with double precision.")
    parser.add_argument("--against", type=Path, help="Root of another checkout of the package.")
    parser.add_argument("--api", choices=("current", "engines"), default="current", help="Of the other checkout.")
    parser.add_argument("--engine", default="fused", help="Of the other checkout, with --api engines.")
    options = parser.parse_args()
    arguments = [part for name in SERVED for part in (f"--{name}", str(getattr(options, name)))]
    checkouts = {"this checkout": (ROOT, list[str]())}
    if options.against:
        checkouts["the other"] = (options.against, ["--api", options.api, "--engine", options.engine])
    workers = [Worker(checkout, arguments + other) for checkout, other in checkouts.values()]
    print(f"{options.space}, {options.images}, batch {options.batch or 'of the setting'}, {options.threads} threads")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {options.clock} clock")
    for command, unit, repeats in (("train", "step", options.repeats), ("score", "scoring", options.scorings)):
        seconds = in_turns(workers, command, repeats, warm_up=3 if command == "train" else 1)
        for number, name in enumerate(checkouts):
            print(f"{unit}, {name}: {spread(1e3 * seconds[:, number], '.1f')} ms over {repeats} architectures")
        if options.against:
            print(f"{unit}, times as fast as the other: {spread(seconds[:, 1] / seconds[:, 0], '.2f')}")
            print(f"{unit}, over all together: {seconds[:, 1].sum() / seconds[:, 0].sum():.2f}")
    for worker in workers:
        worker.close()
    if options.exactness:
        for name, (checkout, other) in checkouts.items():
            print(
                f"first step off double precision, {name}: {first_steps(arguments, checkout, other):.2%} of its length"
            )


if __name__ == "__main__":
    main()
