import numpy as np
import pytest
from jaxtyping import TypeCheckError
from plain_searches import LocalSearch, RandomStream, run_search

from shareornot.errors import SettingsError
from shareornot.search import local_search_runs
from shareornot.search.nasbench101.specification import SpecificationSpace
from shareornot.search.random_stream import stream_states
from shareornot.spaces.nasbench101 import find_index, unique_codes


@pytest.mark.parametrize("improvement", ["first", "best"])
@pytest.mark.parametrize("unknown", ["outside", "score-zero"])
@pytest.mark.parametrize(("num_cells", "num_evaluations"), [(91, 100), (2532, 120)])
def test_kernel_equals_plain_twin(made_up_table, improvement, unknown, num_cells, num_evaluations):
    landscape = made_up_table(num_cells, space=2, known_share=0.7, levels=15).landscape(unknown=unknown)
    runs = local_search_runs(
        landscape, np.random.default_rng(2), improvement=improvement, num_runs=3, num_evaluations=num_evaluations
    )
    for run, state in enumerate(stream_states(np.random.default_rng(2), 3)):
        search = LocalSearch(landscape, RandomStream(state), improvement)
        plain = run_search(search, landscape, num_evaluations=num_evaluations)
        assert runs.cells[run, : runs.num_evaluations[run]].tolist() == plain


def test_kernel_equals_plain_twin_at_full_size(full_size_table):
    landscape = full_size_table.landscape()
    runs = local_search_runs(landscape, np.random.default_rng(0), num_runs=2, num_evaluations=100)
    for run, state in enumerate(stream_states(np.random.default_rng(0), 2)):
        plain = run_search(LocalSearch(landscape, RandomStream(state)), landscape, num_evaluations=100)
        assert runs.cells[run].tolist() == plain


def test_all_cells_are_met_once_in_the_end(table):
    runs = local_search_runs(table.landscape(), np.random.default_rng(0), num_runs=3, num_evaluations=10_000)
    assert (np.sort(runs.cells, axis=1) == np.arange(2532)).all()


def neighbours(code):
    """Specifications that differ in one edge or one operation, with the cell of each that is one."""
    edges = [code ^ 1 << int(bit) for bit in SpecificationSpace.up_to(5).edge_bits]
    labels = code >> 21
    digits = [labels // 3**vertex % 3 for vertex in range(3)]
    operations = [
        code + ((digit - digits[vertex]) * 3**vertex << 21)
        for vertex in range(3)
        for digit in range(3)
        if digit != digits[vertex]
    ]
    codes = np.array(edges + operations, np.uint32)
    indices, valid = find_index(codes)
    return dict(zip(codes[valid].tolist(), indices[valid].tolist(), strict=True))


@pytest.mark.parametrize("improvement", ["first", "best"])
def test_a_climb_followed_by_hand(table, improvement):
    scores = table.landscape().scores
    runs = local_search_runs(
        table.landscape(), np.random.default_rng(5), improvement=improvement, num_runs=6, num_evaluations=60
    )
    for cells in runs.cells.tolist():
        seen, current, position = {cells[0]}, int(unique_codes()[cells[0]]), 1
        while position < len(cells):
            here = scores[find_index(np.array([current], np.uint32))[0][0]]
            around = {code: cell for code, cell in neighbours(current).items() if cell not in seen}
            tried = []
            while set(around.values()) - set(tried) and position < len(cells):
                tried.append(cells[position])
                assert tried[-1] in around.values()
                position += 1
                if improvement == "first" and scores[tried[-1]] > here:
                    break
            seen.update(tried)
            better = [cell for cell in tried if scores[cell] > here]
            if not better or position == len(cells):
                break  # a local optimum: what follows is a new start
            best = max(better, key=lambda cell: scores[cell])  # the first of equals, as max takes it
            [*candidates] = (code for code, cell in around.items() if cell == best)
            if len(candidates) > 1:
                break  # isomorphic neighbours: which of them was taken cannot be seen from the cells
            current = candidates[0]


def test_an_unknown_choice_is_refused(table):
    with pytest.raises((SettingsError, TypeCheckError), match=r"'?first'?, '?best'?"):
        local_search_runs(table.landscape(), np.random.default_rng(0), improvement="steepest")
