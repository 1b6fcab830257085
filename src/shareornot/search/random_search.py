"""Random search: distinct architectures in random order, none twice."""

import numpy as np
from jaxtyping import Integer

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.kernels import random_search_kernel
from shareornot.search.random_stream import stream_states
from shareornot.search.threads import run_in_blocks

Cells = Integer[np.ndarray, " cells"]


def random_search_runs(
    cells: Cells,
    rng: np.random.Generator,
    *,
    num_runs: int = 500,
    num_evaluations: int = 10_000,
    num_threads: int | None = None,
) -> SearchRuns:
    """Many runs of random search at once, compiled.

    Args:
        cells: unique indices to draw from without replacement; a pool, or all candidates of a landscape.
        rng: source of the randomness, one stream per run.
        num_runs: independent runs.
        num_evaluations: evaluations in each, at most as many as there are cells.
        num_threads: threads that share the runs, by default one per core; results do not depend on it.

    Returns:
        The evaluated cells of each run, in the order of their evaluation.

    Raises:
        SettingsError: fewer than one run or evaluation, or no cell.
    """
    if min(num_runs, num_evaluations, len(cells)) < 1:
        raise SettingsError(
            f"random search: expected at least 1 run, evaluation and cell, got {num_runs}, {num_evaluations} and "
            f"{len(cells)}; take a space with known cells"
        )
    num_evaluations = min(num_evaluations, len(cells))
    states = stream_states(rng, num_runs)
    evaluated = np.empty((num_runs, num_evaluations), np.int32)
    pool = cells.astype(np.int32)

    def block(start: int, stop: int) -> None:
        random_search_kernel(states[start:stop], pool.copy(), evaluated[start:stop])

    run_in_blocks(block, num_runs, num_threads)
    return SearchRuns(cells=evaluated, num_evaluations=np.full(num_runs, num_evaluations, np.int32))
