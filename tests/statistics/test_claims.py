"""What the bias audit claims, against a literal transcription of the formulas with plain loops."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from shareornot.statistics import feature_columns
from shareornot.statistics.feature_effects import structure_effects
from shareornot.statistics.rank_residuals import rank_fractions

NUM_CELLS, POOL = 400, 220


def effect_in_one(x, y, others):
    """Coefficient of x beside other columns, with the influence of each row on it and the squares of their weights."""
    design = np.column_stack([others, x])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    influence, squares = [], []
    for row, outcome in zip(design, y, strict=True):
        leverage = row @ inverse @ row
        weight = (inverse @ row)[-1]
        influence.append(weight * (outcome - row @ coefficients) / (1 - leverage))
        squares.append(weight**2)
    return coefficients[-1], influence, squares


def grouped(truth):
    """A level and a slope in each of five groups of equal size."""
    group = np.searchsorted(np.sort(truth)[[len(truth) * i // 5 for i in range(1, 5)]], truth, side="right")
    levels = np.eye(5)[group]
    return np.column_stack([levels, levels * truth[:, None]])


def mean_over_super_nets(columns, pools, outcomes, truths, equal):
    """For each structure the mean effect with the parts of its variances."""
    found = []
    for column in columns:
        effects, by_cell, weights_by_cell, within = [], {}, {}, []
        for pool, outcome, truth in zip(pools, outcomes, truths, strict=True):
            inside = ~np.isnan(column.values[pool])
            x = column.values[pool][inside]
            if column.is_number:
                x = x / x.std()
            elif min(x.sum(), len(x) - x.sum()) < 10:
                continue
            others = grouped(truth[inside]) if equal else np.ones((len(x), 1))
            effect, influence, squares = effect_in_one(x, outcome[inside], others)
            effects.append(effect)
            within.append(sum(one**2 for one in influence))
            for cell, one, square in zip(pool[inside].tolist(), influence, squares, strict=True):
                by_cell[cell] = by_cell.get(cell, 0) + one
                weights_by_cell[cell] = weights_by_cell.get(cell, 0) + square
        n = len(effects)
        clustered = sum(one**2 for one in by_cell.values()) / n**2
        all_weights = list(weights_by_cell.values())
        degrees = sum(all_weights) ** 2 / sum(one**2 for one in all_weights) - 1
        noise = sum(within) / n
        common = max((clustered - noise / n) / (1 - 1 / n), 0)
        variance = np.var(effects, ddof=1)
        found.append((np.mean(effects), n, variance, clustered, degrees, common, variance - (noise - common)))
    return found


def p_values(found):
    """For each structure the p-value for claims, and the level at which the interval over seeds ends at 0."""
    pooled = max(sum(one[-1] for one in found) / len(found), 0)
    both = []
    for mean, n, variance, clustered, degrees, common, _ in found:
        excess, excess_degrees = pooled / n, (n - 1) * len(found) / 4
        total = clustered + excess
        of_total = total**2 / (clustered**2 / degrees + excess**2 / excess_degrees)
        p = 2 * stats.t.sf(abs(mean) / math.sqrt(total), of_total)

        def outside(level, n=n, variance=variance, degrees=degrees, common=common, mean=mean):
            between = stats.t.isf(level / 2, n - 1) ** 2 * variance / n
            return math.sqrt(between + stats.t.isf(level / 2, degrees) ** 2 * common) - abs(mean)

        both.append((p, optimize.brentq(outside, 1e-12, 1 - 1e-9, xtol=1e-14)))
    return both


@pytest.mark.parametrize(
    ("num_supernets", "one_pool", "strength"), [(2, False, 0.3), (3, False, 0.1), (3, True, 0.2), (5, False, 0.05)]
)
def test_p_values_of_ratings_are_those_of_the_formulas(num_supernets, one_pool, strength):
    rng = np.random.default_rng([num_supernets, one_pool])
    accuracies = rng.random(NUM_CELLS)
    columns = feature_columns(
        {
            "liked": rng.random(NUM_CELLS) < 0.3,
            "good": accuracies + rng.normal(0, 0.3, NUM_CELLS) > 0.5,
            "rare": rng.random(NUM_CELLS) < 0.12,
            "depth": rng.integers(1, 6, NUM_CELLS),
            "operation": rng.choice(["a", "b", "c", ""], NUM_CELLS),
        }
    )
    first = rng.choice(NUM_CELLS, POOL, replace=False)
    pools = [first if one_pool else rng.choice(NUM_CELLS, POOL, replace=False) for _ in range(num_supernets)]
    common = rng.normal(0, 0.1, NUM_CELLS)
    ranks = [
        rank_fractions(
            (accuracies + (strength + 0.05 * rng.normal()) * columns[0].values + common)[pool]
            + rng.normal(0, 0.2, POOL)
        )
        for pool in pools
    ]
    truths = [rank_fractions(accuracies[pool]) for pool in pools]
    residuals = [rank - truth for rank, truth in zip(ranks, truths, strict=True)]
    raw = mean_over_super_nets(columns, pools, residuals, truths, False)
    equal = mean_over_super_nets(columns, pools, ranks, truths, True)
    tests, seeds = [], []
    for one, other, (p, seed_p), (p_equal, seed_p_equal) in zip(
        raw, equal, p_values(raw), p_values(equal), strict=True
    ):
        same_sign = one[0] * other[0] > 0
        tests.append(max(p / 2, p_equal) if same_sign else 1.0)
        seeds.append(max(seed_p / 2, seed_p_equal) if same_sign else 1.0)
    order = np.argsort(tests)
    expected = {}
    for place, number in enumerate(order):
        corrected = min(tests[later] * len(tests) / (rank + 1) for rank, later in enumerate(order) if rank >= place)
        expected[columns[number].name] = max(min(corrected, 1.0), seeds[number])
    found = structure_effects(columns, pools, ranks, truths, confidence=0.95)[0]
    assert {one.name for one in found} == set(expected)
    for one in found:
        assert one.corrected_p_of_rating == pytest.approx(expected[one.name], rel=1e-4)
        assert (one.rating == "over-rated") == (expected[one.name] < 0.05 and one.effect.d > 0)


def test_the_second_effect_is_tested_for_the_sign_of_the_first():
    """A structure that good cells have: liked, but by less than what noise takes from good cells, is not over-rated."""
    rng = np.random.default_rng(0)
    accuracies = rng.random(NUM_CELLS)
    good = accuracies + rng.normal(0, 0.2, NUM_CELLS) > 0.5
    truth = rank_fractions(accuracies)
    cells = [np.arange(NUM_CELLS)] * 5
    ranks = [rank_fractions(0.15 * good + rng.normal(0, 0.3, NUM_CELLS)) for _ in cells]
    (effect,) = structure_effects(feature_columns({"good": good}), cells, ranks, [truth] * 5, confidence=0.95)[0]
    assert effect.at_equal_accuracy.low > 0 > effect.effect.high
    assert effect.corrected_p < 0.05 < effect.corrected_p_of_rating == 1
    assert effect.rating == "not beyond noise"
