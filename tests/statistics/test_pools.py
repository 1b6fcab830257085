import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shareornot.statistics import average_repeats, common_cells, first_evaluations, num_repeats

pools = st.lists(st.integers(0, 9), min_size=1, max_size=30).map(lambda cells: np.array(cells, dtype=np.int32))


@given(pools)
def test_repeats(cells):
    firsts = [position for position, cell in enumerate(cells) if cell not in cells[:position]]
    assert first_evaluations(cells).tolist() == firsts
    assert num_repeats(cells) == len(cells) - len(firsts)


@given(pools, st.integers(0, 2**32 - 1))
def test_average_matches_plain_loop(cells, seed):
    scores = np.random.default_rng(seed).uniform(size=cells.size)
    distinct, means = average_repeats(cells, scores)
    assert distinct.tolist() == sorted(set(cells.tolist()))
    np.testing.assert_allclose(means, [scores[cells == cell].mean() for cell in distinct])


@given(pools, pools)
def test_common_cells(cells_a, cells_b):
    in_a, in_b = common_cells(cells_a, cells_b)
    assert cells_a[in_a].tolist() == cells_b[in_b].tolist() == sorted(set(cells_a.tolist()) & set(cells_b.tolist()))
    assert set(in_a) <= set(first_evaluations(cells_a))
    assert set(in_b) <= set(first_evaluations(cells_b))
