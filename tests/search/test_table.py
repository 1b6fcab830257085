import numpy as np
import pytest
from jaxtyping import TypeCheckError

from shareornot.errors import SettingsError, UnitError
from shareornot.search import Answer, SearchTable, evolution_runs, local_search_runs, random_search_runs
from shareornot.spaces import open_space


def columns(num_cells=91, **changes):
    everything = np.ones(num_cells, bool)
    values = {name: np.full(num_cells, 0.5) for name in ("validation", "test", "time_s")}
    return {**values, "known": everything, "member": everything, **changes}


CELLS = open_space("nasbench101")


def test_best_and_worst_are_those_of_known_cells_of_the_space():
    test = np.linspace(0.1, 1.0, 91)
    known, member = np.arange(91) < 80, np.arange(91) >= 10
    table = SearchTable(**columns(test=test, known=known, member=member))
    assert table.best_test == test[79]
    assert table.worst_regret == test[79] - test[10]
    assert table.cells.tolist() == list(range(10, 80))
    assert SearchTable(**columns(test=test, known=known, optimum=0.99)).best_test == 0.99


def test_values_of_unknown_cells_are_never_looked_at():
    known = np.arange(91) > 0
    hole = np.where(known, 0.5, np.nan)
    table = SearchTable(**columns(validation=hole, test=hole, time_s=hole, known=known))
    assert np.isfinite(table.landscape(unknown="score-zero").price_s).all()


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"validation": np.full(91, 94.2)}, UnitError, "validation.*94.2"),
        ({"test": np.full(91, np.nan)}, UnitError, "test.*nan"),
        ({"time_s": np.full(91, -1.0)}, UnitError, "time_s.*-1"),
        ({"time_s": np.full(91, np.inf)}, UnitError, "time_s.*inf"),
        ({"optimum": 94.0}, UnitError, "optimum"),
        ({"known": np.zeros(91, bool)}, SettingsError, "known cell in the space"),
    ],
)
def test_impossible_values_are_refused(changes, error, match):
    with pytest.raises(error, match=match):
        SearchTable(**columns(**changes))


def test_a_length_of_no_universe_is_refused():
    with pytest.raises(SettingsError, match=r"2,532.*architectures of nasbench101, got 100"):
        SearchTable(**columns(100), space=CELLS)


@pytest.mark.parametrize(
    ("unknown", "answer", "price_s"), [("outside", 2, 0.0), ("redraw", 1, 0.0), ("score-zero", 3, 200.0)]
)
def test_unknown_cells_count_as_chosen(unknown, answer, price_s):
    known, member = np.arange(91) < 40, np.arange(91) < 60
    time_s = np.where(np.arange(91) % 2, 100.0, 300.0)
    landscape = SearchTable(**columns(time_s=time_s, known=known, member=member)).landscape(unknown=unknown)
    assert set(landscape.answers[:40]) == {Answer.EVALUATED}
    assert set(landscape.answers[40:60]) == {answer}
    assert set(landscape.answers[60:]) == {Answer.OUTSIDE}
    assert set(landscape.price_s[40:60]) == {price_s}
    assert not landscape.scores[40:].any()
    assert len(landscape.candidates) == (60 if unknown == "score-zero" else 40)


def test_an_unknown_choice_is_refused(made_up_table):
    with pytest.raises((SettingsError, TypeCheckError), match="score-zero"):
        made_up_table().landscape(unknown="impute")


def test_a_list_of_any_length():
    table = SearchTable(**columns(num_cells=7, known=np.arange(7) < 5))
    assert table.space is None
    assert table.cells.tolist() == [0, 1, 2, 3, 4]
    landscape = table.landscape()
    assert landscape.candidates.tolist() == [0, 1, 2, 3, 4]
    assert random_search_runs(landscape.candidates, np.random.default_rng(0), num_runs=2).cells.shape == (2, 5)


@pytest.mark.parametrize("search", [evolution_runs, local_search_runs])
def test_searches_that_change_cells_refuse_a_list(search):
    landscape = SearchTable(**columns()).landscape()
    with pytest.raises(SettingsError, match="got a list without neighbours; a search that changes"):
        search(landscape, np.random.default_rng(0), num_runs=1, num_evaluations=5)


def test_a_list_is_checked_as_any_table():
    with pytest.raises(UnitError, match=r"validation.*94\.2"):
        SearchTable(**columns(num_cells=7, validation=np.full(7, 94.2)))
    with pytest.raises(SettingsError, match="known cell in the space"):
        SearchTable(**columns(num_cells=7, known=np.zeros(7, bool)))
