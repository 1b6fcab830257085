"""A space of a benchmark as searches see it: arrays over all cells of the benchmark's universe."""

import numpy as np
from jaxtyping import Float64

from shareornot.benchmarks import BenchmarkTable, Space, space_cells
from shareornot.search import SearchTable


def search_table(
    table: BenchmarkTable, space: Space, *, time_s: Float64[np.ndarray, " cells"] | None = None
) -> SearchTable:
    """Means over runs at the end of the largest budget, for the cells that the table holds.

    Args:
        table: of trainings alone.
        space: which of its cells a search may propose.
        time_s: training times of all cells of the universe in place of the table's, in seconds.

    Raises:
        SettingsError: the table holds no cell of the space.
    """
    num_cells = table.info.num_cells
    member = np.zeros(num_cells, bool)
    member[space_cells(space, table.info.max_vertices)] = True
    known = np.zeros(num_cells, bool)
    known[table.cells] = True

    def scattered(values: np.ndarray) -> np.ndarray:
        column = np.zeros(num_cells)
        column[table.cells] = values
        return column

    return SearchTable(
        validation=scattered(table.mean("validation_accuracy")),
        test=scattered(table.mean("test_accuracy")),
        time_s=scattered(table.mean("training_time")) if time_s is None else time_s,
        known=known,
        member=member,
    )
