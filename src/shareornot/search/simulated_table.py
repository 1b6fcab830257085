"""A table of simulated accuracies, for benchmarks and tests of the searches."""

import numpy as np

from shareornot.search.table import SearchTable
from shareornot.spaces import open_space


def simulated_table(
    rng: np.random.Generator, num_architectures: int | None = None, *, family: str = "nasbench101"
) -> SearchTable:
    """Return a full table of simulated values whose spread is that of NASBench-101.

    Accuracies do not depend on the structure of an architecture, so the table shows how fast a search is, not how good.

    Args:
        rng: source of the randomness.
        num_architectures: the first architectures of the family that the table is about; all if None.
        family: name of the family.

    Raises:
        SettingsError: no such family, or not a number of architectures that tables of it have.
    """
    space = open_space(family)
    number = len(space) if num_architectures is None else num_architectures
    validation = 1 - np.clip(rng.lognormal(np.log(0.08), 0.3, number), 0.05, 0.9)
    return SearchTable(
        validation=validation,
        test=np.clip(validation + rng.normal(-0.005, 0.003, number), 0, 1),
        time_s=rng.uniform(300, 3000, number),
        known=np.ones(number, bool),
        member=np.ones(number, bool),
        space=space,
    )
