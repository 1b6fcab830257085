"""Small tables that the tests of the searches share."""

import numpy as np
import pytest

from shareornot.search import SearchTable
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import NUM_CELLS, cell_features


def make_table(num_cells=2532, *, seed=0, known_share=1.0, space="all", levels=None) -> SearchTable:
    """Random values; `levels` makes ties common, `space` is `all` or the number of vertices that feed the output."""
    rng = np.random.default_rng(seed)
    validation, test = rng.random(num_cells), rng.random(num_cells)
    if levels:
        validation, test = np.round(validation * levels) / levels, np.round(test * levels) / levels
    member = np.ones(num_cells, bool)
    if space != "all":
        member = cell_features(np.arange(num_cells)).num_output_edges == space
    return SearchTable(
        validation=validation,
        test=test,
        time_s=rng.integers(1, 5, num_cells) * 100.0,
        known=rng.random(num_cells) < known_share,
        member=member,
        space=open_space("nasbench101"),
    )


@pytest.fixture(scope="session")
def made_up_table():
    return make_table


@pytest.fixture(scope="session")
def table():
    return make_table(levels=20)


@pytest.fixture(scope="session")
def full_size_table():
    return make_table(NUM_CELLS, space=2, known_share=0.4)
