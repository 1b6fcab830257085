"""How fast the searches are on this machine, on a table of full size."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from shareornot.errors import SettingsError
from shareornot.search.evolution import evolution_runs
from shareornot.search.local_search import local_search_runs
from shareornot.search.random_search import random_search_runs
from shareornot.search.table import SearchTable
from shareornot.spaces.nasbench101 import NUM_CELLS


def simulated_table(rng: np.random.Generator, num_cells: int = NUM_CELLS) -> SearchTable:
    """A full table of made-up values, spread like those of NASBench-101, to measure speed and to test on.

    Accuracies do not depend on the structure of a cell, so nothing can be learnt from what a search finds here.
    """
    validation = 1 - np.clip(rng.lognormal(np.log(0.08), 0.3, num_cells), 0.05, 0.9)
    return SearchTable(
        validation=validation,
        test=np.clip(validation + rng.normal(-0.005, 0.003, num_cells), 0, 1),
        time_s=rng.uniform(300, 3000, num_cells),
        known=np.ones(num_cells, bool),
        member=np.ones(num_cells, bool),
    )


def time_searches(
    *, num_runs: int = 500, num_evaluations: int = 10_000, num_repeats: int = 5, num_threads: int | None = None
) -> dict[str, Any]:
    """Measure the compiled searches on a simulated table of all 423,624 cells.

    Args:
        num_runs: runs of each search.
        num_evaluations: evaluations in each run.
        num_repeats: measurements, taken in turns; compilation and tables come before the first.
        num_threads: threads, by default one a core.

    Returns:
        For each search `median_s`, `fastest_s`, `slowest_s` and `evaluations_per_s` at the median, and the settings.

    Raises:
        SettingsError: fewer than one measurement.
    """
    if num_repeats < 1:
        raise SettingsError(f"num_repeats: expected at least 1, got {num_repeats}; a median takes a measurement")
    rng = np.random.default_rng(0)
    landscape = simulated_table(rng).landscape()
    sizes = {"num_runs": num_runs, "num_evaluations": num_evaluations}
    searches: dict[str, Callable[..., Any]] = {
        "regularized_evolution": lambda **kwargs: evolution_runs(landscape, rng, **kwargs),
        "random_search": lambda **kwargs: random_search_runs(landscape.candidates, rng, **kwargs),
        "local_search": lambda **kwargs: local_search_runs(landscape, rng, **kwargs),
    }
    measured_s: dict[str, list[float]] = {name: [] for name in searches}
    for search in searches.values():
        search(num_runs=1, num_evaluations=10)
    for _ in range(num_repeats):
        for name, search in searches.items():
            start = time.perf_counter()
            search(**sizes, num_threads=num_threads)
            measured_s[name].append(time.perf_counter() - start)
    return {
        "settings": {**sizes, "num_cells": NUM_CELLS, "num_repeats": num_repeats, "num_threads": num_threads or "all"},
        **{
            name: {
                "median_s": float(np.median(seconds)),
                "fastest_s": min(seconds),
                "slowest_s": max(seconds),
                "evaluations_per_s": num_runs * num_evaluations / float(np.median(seconds)),
            }
            for name, seconds in measured_s.items()
        },
    }
