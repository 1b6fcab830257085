"""A table of simulated accuracies, for benchmarks and tests of the searches."""

import numpy as np

from shareornot.search.table import SearchTable
from shareornot.spaces.nasbench101 import NUM_CELLS


def simulated_table(rng: np.random.Generator, num_cells: int = NUM_CELLS) -> SearchTable:
    """Return a full table of simulated values whose spread is that of NASBench-101.

    Accuracies do not depend on the structure of a cell, so the table shows how fast a search is, not how good.
    """
    validation = 1 - np.clip(rng.lognormal(np.log(0.08), 0.3, num_cells), 0.05, 0.9)
    return SearchTable(
        validation=validation,
        test=np.clip(validation + rng.normal(-0.005, 0.003, num_cells), 0, 1),
        time_s=rng.uniform(300, 3000, num_cells),
        known=np.ones(num_cells, bool),
        member=np.ones(num_cells, bool),
    )
