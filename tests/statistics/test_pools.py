import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shareornot.statistics import first_evaluations, num_repeats

pools = st.lists(st.integers(0, 9), min_size=1, max_size=30).map(lambda cells: np.array(cells, dtype=np.int32))


@given(pools)
def test_repeats(cells):
    firsts = [position for position, cell in enumerate(cells) if cell not in cells[:position]]
    assert first_evaluations(cells).tolist() == firsts
    assert num_repeats(cells) == len(cells) - len(firsts)
