"""Local search on cells of NASBench-101, compiled."""

import numpy as np

from shareornot.search.contract import SearchRuns
from shareornot.search.nasbench101.kernels import local_search_kernel
from shareornot.search.nasbench101.specification import SpecificationSpace
from shareornot.search.random_stream import stream_states
from shareornot.search.table import Landscape
from shareornot.search.threads import run_in_blocks
from shareornot.spaces.nasbench101 import index_tables, unique_codes


def cell_local_search_runs(
    landscape: Landscape,
    rng: np.random.Generator,
    take_first: bool,
    num_runs: int,
    num_evaluations: int,
    num_threads: int | None,
) -> SearchRuns:
    """Runs with a stream of random numbers each; arguments as in `local_search.local_search_runs`.

    Neighbours are those of specifications, which may be isomorphic to each other.
    """
    space = SpecificationSpace.of_universe(len(landscape.answers))
    tables = index_tables()
    states = stream_states(rng, num_runs)
    evaluated = np.zeros((num_runs, min(num_evaluations, len(landscape.candidates))), np.int32)
    num_evaluated = np.empty(num_runs, np.int32)

    def block(start: int, stop: int) -> None:
        local_search_kernel(
            states[start:stop],
            (tables.raw_table, tables.labels_in_place, tables.slots),
            (landscape.answers, landscape.scores),
            landscape.candidates.copy(),
            unique_codes()[landscape.candidates],
            (space.edge_bits, space.num_interior),
            take_first,
            evaluated[start:stop],
            num_evaluated[start:stop],
        )

    run_in_blocks(block, num_runs, num_threads)
    return SearchRuns(cells=evaluated, num_evaluations=num_evaluated)
