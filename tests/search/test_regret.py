import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student_t

from shareornot.errors import SettingsError
from shareornot.search import (
    RegretCurves,
    SearchRuns,
    SearchTable,
    finish_times,
    incumbent_regret,
    regret_at,
    time_grid,
)


def small_table(seed, known_share=0.8):
    rng = np.random.default_rng(seed)
    return SearchTable(
        validation=rng.integers(0, 5, 91) / 4,
        test=rng.random(91),
        time_s=rng.integers(1, 9, 91) * 1.0,
        known=rng.random(91) < known_share,
        member=np.ones(91, bool),
    )


def random_runs(seed, num_runs=4, num_evaluations=15):
    rng = np.random.default_rng(seed + 1000)
    return SearchRuns(
        cells=rng.integers(0, 91, (num_runs, num_evaluations), dtype=np.int32),
        num_evaluations=rng.integers(1, num_evaluations + 1, num_runs, dtype=np.int32),
    )


def replay(table, cells, price_s, time_s, *, repeats, unfinished, start_s):
    """Regret, whether there is one, and the number of finished trainings at a time, one training after the other."""
    elapsed, seen, best, finished = start_s, set(), None, 0
    for cell in cells:
        begins = elapsed
        elapsed += 0.0 if repeats == "free" and cell in seen else price_s[cell]
        if elapsed > time_s and not (unfinished == "counted" and begins <= time_s):
            break
        seen.add(cell)
        finished += 1
        if table.known[cell] and (best is None or table.validation[cell] > table.validation[best]):
            best = cell
        if elapsed > time_s:
            break
    if best is None:
        return table.worst_regret, False, finished
    return table.best_test - table.test[best], True, finished


@given(
    seed=st.integers(0, 10_000),
    repeats=st.sampled_from(["charged", "free"]),
    unfinished=st.sampled_from(["ignored", "counted"]),
    start_s=st.sampled_from([0.0, 6.0]),
)
def test_regret_equals_a_replay_training_by_training(seed, repeats, unfinished, start_s):
    table, runs = small_table(seed, known_share=0.5), random_runs(seed)
    price_s = table.landscape(unknown="score-zero").price_s
    finish_s = finish_times(runs, price_s, repeats=repeats, start_s=start_s)
    time_s = np.array([0.5, 3.0, 6.0, 6.5, 11.0, 25.5, 200.0])
    curves = regret_at(table, runs, finish_s, time_s, unfinished=unfinished, start_s=start_s)
    for run, count in enumerate(runs.num_evaluations):
        for column, moment in enumerate(time_s):
            regret, defined, finished = replay(
                table,
                runs.cells[run, :count].tolist(),
                price_s,
                moment,
                repeats=repeats,
                unfinished=unfinished,
                start_s=start_s,
            )
            assert curves.num_finished[run, column] == finished
            assert curves.defined[run, column] == defined
            assert curves.regret[run, column] == pytest.approx(regret)


@given(seed=st.integers(0, 10_000))
def test_incumbent_is_the_earliest_of_the_best_so_far(seed):
    table, runs = small_table(seed, known_share=1.0), random_runs(seed)
    regret, defined = incumbent_regret(table, runs)
    assert defined.all()
    for run, count in enumerate(runs.num_evaluations):
        for last in range(count):
            cells = runs.cells[run, : last + 1]
            incumbent = cells[np.argmax(table.validation[cells])]
            assert regret[run, last] == table.best_test - table.test[incumbent]


def test_times_add_up_and_end():
    runs = SearchRuns(cells=np.array([[1, 2, 1], [2, 2, 0]], np.int32), num_evaluations=np.array([3, 2], np.int32))
    price_s = np.array([5.0, 10.0, 1.0])
    assert finish_times(runs, price_s).tolist() == [[10, 11, 21], [1, 2, np.inf]]
    assert finish_times(runs, price_s, repeats="free", start_s=4.0).tolist() == [[14, 15, 15], [5, 5, np.inf]]


def test_summary_begins_when_all_runs_have_finished_a_training():
    regret = np.array([[0.5, 0.3, 0.1], [0.5, 0.5, 0.2], [0.5, 0.1, 0.0]])
    defined = np.array([[False, True, True], [False, False, True], [True, True, True]])
    curves = RegretCurves(
        time_s=np.array([1.0, 2.0, 3.0]), regret=regret, defined=defined, num_finished=defined.astype(np.int32)
    )
    summary = curves.summarize(confidence=0.9)
    assert summary.time_s.tolist() == [3.0]
    low, high = student_t.interval(0.9, 2, loc=0.1, scale=0.1 / np.sqrt(3))
    assert (summary.mean[0], summary.low[0], summary.high[0]) == pytest.approx((0.1, low, high))


def test_one_run_has_no_band():
    curves = RegretCurves(
        time_s=np.array([1.0, 2.0]),
        regret=np.array([[0.3, 0.1]]),
        defined=np.ones((1, 2), bool),
        num_finished=np.ones((1, 2), np.int32),
    )
    summary = curves.summarize()
    assert summary.mean.tolist() == [0.3, 0.1]
    assert np.isnan([summary.low, summary.high]).all()
    assert summary.num_runs == 1


@pytest.mark.parametrize("case", ["never", "confidence"])
def test_a_band_without_ground_is_refused(case):
    num_runs = 3
    curves = RegretCurves(
        time_s=np.array([1.0]),
        regret=np.full((num_runs, 1), 0.1),
        defined=np.full((num_runs, 1), case != "never"),
        num_finished=np.ones((num_runs, 1), np.int32),
    )
    with pytest.raises(SettingsError, match="band"):
        curves.summarize(confidence=95.0 if case == "confidence" else 0.95)


def test_grid_spans_all_trainings_in_equal_steps_of_the_logarithm():
    grid = time_grid(np.array([[10.0, 40.0, np.inf]]), np.array([[5.0, 80.0]]), num_times=5)
    np.testing.assert_allclose(grid, [5, 10, 20, 40, 80])
    assert grid[0] == 5.0
    assert grid[-1] == 80.0


def test_grid_over_nothing_is_refused():
    with pytest.raises(SettingsError, match="time grid"):
        time_grid(np.full((1, 2), np.inf))


def test_times_that_do_not_ascend_are_refused():
    table, runs = small_table(0), random_runs(0)
    with pytest.raises(SettingsError, match="ascending"):
        regret_at(table, runs, finish_times(runs, table.time_s), np.array([2.0, 1.0]))
