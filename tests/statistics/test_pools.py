import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shareornot.statistics import first_evaluations, num_repeats
from shareornot.statistics.pools import distinct_cells, first_of_each, places_among

pools = st.lists(st.integers(0, 9), min_size=1, max_size=30).map(lambda cells: np.array(cells, dtype=np.int32))


@given(pools)
def test_repeats(cells):
    firsts = [position for position, cell in enumerate(cells) if cell not in cells[:position]]
    assert first_evaluations(cells).tolist() == firsts
    assert num_repeats(cells) == len(cells) - len(firsts)


@given(pools, st.sampled_from([1, 1000]))
def test_distinct_cells_and_their_places(cells, step):
    cells = cells * step  # far apart, they are sorted rather than marked
    distinct = distinct_cells(cells)
    expected, places = np.unique(cells, return_inverse=True)
    np.testing.assert_array_equal(distinct, expected)
    assert distinct.dtype == cells.dtype
    np.testing.assert_array_equal(places_among(distinct, cells), places)
    first = first_of_each(places, len(distinct))
    np.testing.assert_array_equal(first, np.unique(cells, return_index=True)[1])
