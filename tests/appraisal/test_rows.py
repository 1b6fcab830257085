"""Flat rows carry the numbers of the nested classes under their own names."""

import numpy as np
import pytest

from shareornot.appraisal.appraisal import appraise
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.rows import agreement_row, comparison_rows, curve_columns, score_columns, supernet_rows
from shareornot.spaces import open_space


@pytest.fixture(scope="module")
def found(replay_table):
    rng = np.random.default_rng(0)
    cells = np.arange(0, 2_500, 25, dtype=np.int32)
    truth = replay_table.query_many(cells, "validation_accuracy")[0]
    pools = [ScoredPool(name="a", cells=cells, proxies=truth + rng.normal(0, 0.05, 100))]
    others = cells + 1
    truth = replay_table.query_many(others, "validation_accuracy")[0]
    pools.append(ScoredPool(name="b", cells=others, proxies=truth + rng.normal(0, 0.05, 100)))
    pools.append(ScoredPool(name="c", cells=cells[:50], proxies=np.zeros(50)))
    costs = SupernetCosts(training=1.0)
    return appraise(replay_table, open_space("A_FULL"), pools, costs, rng, num_trained=(1, 5), num_runs=10)


def test_agreement(found):
    row = agreement_row(found)
    assert row["spearman"] == found.agreement.mean
    assert row["spearman_high"] - row["spearman_low"] == pytest.approx(2 * row["spearman_half_width"])
    assert (row["num_supernets"], row["num_diverged"], row["num_cells_scored"]) == (3, 1, 100)
    assert row["answer"] == found.verdict.answer


def test_supernets(found):
    rows = supernet_rows(found)
    assert [(row["name"], row["num_scored"], row["diverged"]) for row in rows] == [
        ("a", 100, False),
        ("b", 100, False),
        ("c", 50, True),
    ]
    assert rows[0]["highest_score"] == found.pools[0].proxies.max()


def test_comparisons(found):
    for row, one in zip(comparison_rows(found), found.comparisons, strict=True):
        assert row["num_trained"] == one.num_trained
        assert row["guided_difference"] == pytest.approx(row["guided_regret"] - row["random_regret"])
        assert row["evolution_difference"] == pytest.approx(row["evolution_regret"] - row["random_regret"])
        assert row["guided_p_value"] == one.p_value


def test_columns_are_of_equal_length(found):
    scores, curves = score_columns(found), curve_columns(found)
    assert {len(column) for column in scores.values()} == {250}
    np.testing.assert_array_equal(scores["cell"][200:], found.pools[2].cells)
    assert {len(column) for column in curves.values()} == {sum(len(curve.time_s) for curve in found.curves.values())}
    np.testing.assert_array_equal(curves["mean"][curves["search"] == "guided"], found.curves["guided"].mean)
