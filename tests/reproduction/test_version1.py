import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shareornot.progress import Silent
from shareornot.reproduction.published_tables import TABLE_2_V1
from shareornot.reproduction.version1 import (
    SUPERNET_TRAININGS,
    one_sided_p,
    rank_sums_of,
    replay_version1,
    verdicts,
)


def plain_p(differences):
    """One row of differences, by scipy where it has the test."""
    nonzero = np.round(differences, 12)
    nonzero = nonzero[nonzero != 0]
    if not nonzero.size:
        return 1.0
    return stats.wilcoxon(nonzero, method="approx", correction=False).pvalue / 2


@given(st.lists(st.lists(st.integers(-3, 3), min_size=5, max_size=5), min_size=1, max_size=10))
def test_p_values_equal_scipys_with_ties_and_zeros(rows):
    differences = np.array(rows) / 10
    np.testing.assert_allclose(one_sided_p(differences), [plain_p(row) for row in differences])


def test_five_pairs_that_agree_give_what_is_printed_as_0_02():
    assert one_sided_p(np.array([[1.0, 2, 3, 4, 5]]))[0] == pytest.approx(0.0216, abs=5e-5)


def test_verdicts_have_the_sign_of_the_differences():
    better, worse = verdicts(np.array([[-1.0, -2, -3, -4, -5], [1, 2, 3, 4, 5], [1, -2, 3, -4, 5], [0, 0, 0, 0, 0]]))
    assert better.tolist() == [True, False, False, False]
    assert worse.tolist() == [False, True, False, False]


@pytest.mark.parametrize("key", TABLE_2_V1)
def test_every_printed_p_value_is_a_halved_one_of_five_or_four_pairs(key):
    printed = TABLE_2_V1[key].p_value
    assert rank_sums_of(printed)
    for smaller, pairs in rank_sums_of(printed):
        signs = next(
            np.array(signs)
            for signs in itertools.product([1, -1], repeat=pairs)
            if (np.arange(1, pairs + 1) * (np.array(signs) > 0)).sum() == smaller
        )
        (p_value,) = one_sided_p((signs * np.arange(1.0, pairs + 1))[None])
        assert f"{p_value:.2f}" == f"{printed:.2f}"


def test_no_rank_sum_gives_any_p_value():
    assert rank_sums_of(0.99) == []


def rows_of(evaluations, table, *, num_redraws=200, seed=0, with_printed=False):
    rng = np.random.default_rng(seed)
    return replay_version1(
        evaluations, table, rng, Silent(), guide="BNS-FT", num_redraws=num_redraws, with_printed=with_printed
    )


def test_rows_add_up(replay_table, make_evaluations):
    rows = rows_of(make_evaluations(replay_table), replay_table)
    assert [(row.space, row.num_trained) for row in rows] == [("A1", 1), ("A1", 10), ("A_FULL", 1), ("A_FULL", 10)]
    for row in rows:
        assert row.share_better + row.share_worse + row.share_none == pytest.approx(1)
        assert row.difference == pytest.approx(row.guided_regret - row.random_regret)
        assert row.redraw_low <= row.difference <= row.redraw_high
        assert row.least_exact_p == 0.25
        assert row.printed_verdict is row.share_printed is None


def test_exact_and_simulated_agree_where_all_trainings_are_equally_long(equal_times_table, make_evaluations):
    rows = rows_of(make_evaluations(equal_times_table), equal_times_table, num_redraws=3_000)
    for row in rows:
        assert row.num_random_trainings == SUPERNET_TRAININGS + row.num_trained
        error = row.redraw_std / np.sqrt(3_000)
        assert row.difference == pytest.approx(row.exact_difference, abs=5 * error)


def test_the_printed_verdict_has_its_share(partial_table, make_evaluations):
    rows = rows_of(make_evaluations(partial_table), partial_table, with_printed=True)
    shares = {(row.space, row.num_trained): row for row in rows}
    assert shares["A1", 1].share_printed == shares["A1", 1].share_better
    assert shares["A_FULL", 10].share_printed == shares["A_FULL", 10].share_worse
    assert shares["A_FULL", 1].share_printed == shares["A_FULL", 1].share_none


def test_another_seed_gives_other_orders_and_the_same_seed_the_same(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table, spaces=("A1",))
    first, again, other = (rows_of(evaluations, replay_table, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other
