"""Measure the searches on simulated tables of NASBench-101 and NAS-Bench-201: many runs at once, compiled before.

python benchmarks/search.py
python benchmarks/search.py --runs 100 --evaluations 1000 --threads 1
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from shareornot.search import (
    SearchTable,
    evolution_runs,
    guided_runs,
    local_search_runs,
    random_search_runs,
    simulated_table,
)
from shareornot.spaces import open_space


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="Independent runs of each search.")
    parser.add_argument("--evaluations", type=int, default=10_000, help="Evaluations in each run.")
    parser.add_argument("--threads", type=int, help="Threads that share the runs; by default one per core.")
    parser.add_argument("--repeats", type=int, default=3, help="How often each is measured.")
    options = parser.parse_args()
    start = time.perf_counter()
    table = simulated_table(np.random.default_rng(0))
    landscape = table.landscape()
    print(f"simulated table: {time.perf_counter() - start:.2f} s, {len(table.cells):,} architectures")
    other = made_up_table("nasbench201").landscape()
    pools = [np.random.default_rng(run).permutation(table.cells)[: options.evaluations] for run in range(options.runs)]
    scores = [np.random.default_rng(run).random(len(pool)) for run, pool in enumerate(pools)]
    more = {"num_threads": options.threads}
    searches: dict[str, Callable[..., object]] = {
        "random search": lambda **sizes: random_search_runs(table.cells, np.random.default_rng(1), **sizes, **more),
        "evolution": lambda **sizes: evolution_runs(landscape, np.random.default_rng(1), **sizes, **more),
        "local search": lambda **sizes: local_search_runs(landscape, np.random.default_rng(1), **sizes, **more),
        "evolution on NAS-Bench-201": lambda **sizes: evolution_runs(other, np.random.default_rng(1), **sizes),
        "local search on NAS-Bench-201": lambda **sizes: local_search_runs(other, np.random.default_rng(1), **sizes),
        "guided search": lambda num_runs, num_evaluations: guided_runs(
            pools[:num_runs], scores[:num_runs], np.random.default_rng(1), num_evaluations=num_evaluations
        ),
    }
    for name, search in searches.items():
        search(num_runs=2, num_evaluations=100)  # compiles
        seconds = []
        for _ in range(options.repeats):
            start = time.perf_counter()
            search(num_runs=options.runs, num_evaluations=options.evaluations)
            seconds.append(time.perf_counter() - start)
        print(
            f"{name}: {min(seconds):.2f} to {max(seconds):.2f} s for {options.runs} runs of {options.evaluations:,}"
            f" evaluations"
        )


def made_up_table(name: str) -> SearchTable:
    """A space with random values, where evolution and local search go by mutations and neighbours of the space."""
    space = open_space(name)
    values = np.random.default_rng(0).random(len(space))
    everything = np.ones(len(space), bool)
    return SearchTable(
        validation=values,
        test=values,
        time_s=np.ones(len(space)),
        known=everything,
        member=everything,
        space=space,
    )


if __name__ == "__main__":
    main()
