import numpy as np
import pytest

from shareornot.statistics import feature_columns
from shareornot.statistics.feature_effects import mean_effects, structure_effects
from shareornot.statistics.rank_residuals import rank_fractions

NUM_CELLS = 400


@pytest.fixture(scope="module")
def truth():
    return rank_fractions(np.random.default_rng(0).random(NUM_CELLS))


@pytest.fixture(scope="module")
def columns(truth):
    """A structure that good cells have, one without information, a number, and one that few cells have at all."""
    rng = np.random.default_rng(1)
    good = truth + rng.normal(0, 0.3, NUM_CELLS) > 0.5
    rare = np.where(rng.random(NUM_CELLS) < 0.3, "a", np.where(rng.random(NUM_CELLS) < 0.5, "b", ""))
    return feature_columns(
        {"good": good, "nothing": rng.random(NUM_CELLS) < 0.4, "depth": rng.integers(1, 6, NUM_CELLS), "rare": rare}
    )


def effects_of(columns, truth, scores, pools=None):
    pools = pools or [np.arange(NUM_CELLS)] * len(scores)
    ranks = [rank_fractions(one) for one in scores]
    truths = [rank_fractions(truth[pool]) for pool in pools]
    return structure_effects(columns, pools, ranks, truths, confidence=0.95)[0]


def test_one_super_net_gives_least_squares(columns, truth):
    rng = np.random.default_rng(2)
    outcome = rng.normal(size=NUM_CELLS) + 0.5 * columns[0].values
    found = mean_effects(columns, [np.arange(NUM_CELLS)], [outcome], [truth], at_equal_accuracy=False)
    has = columns[0].values == 1
    assert found.mean[0] == pytest.approx(outcome[has].mean() - outcome[~has].mean())
    depth = columns[2].values
    assert found.mean[2] == pytest.approx(np.polyfit(depth, outcome, 1)[0] * depth.std())
    applies = columns[3].applies  # a level is compared among the cells that have the feature
    level = columns[3].values == 1
    assert found.mean[3] == pytest.approx(outcome[level].mean() - outcome[applies & ~level].mean())
    variance = outcome[has].var(ddof=1) / has.sum() + outcome[~has].var(ddof=1) / (~has).sum()
    assert found.variance[0] == pytest.approx(variance, rel=0.05)


def test_at_equal_accuracy_five_groups_have_a_level_and_a_slope_each(columns, truth):
    rng = np.random.default_rng(3)
    outcome = rng.normal(size=NUM_CELLS) + 0.5 * columns[0].values
    found = mean_effects(columns, [np.arange(NUM_CELLS)], [outcome], [truth], at_equal_accuracy=True)
    group = np.minimum((truth * 5).astype(int), 4)
    design = np.concatenate([np.eye(5)[group], np.eye(5)[group] * truth[:, None], columns[0].values[:, None]], axis=1)
    assert found.mean[0] == pytest.approx(np.linalg.lstsq(design, outcome, rcond=None)[0][-1])


def test_without_common_cells_the_interval_is_students(columns, truth):
    rng = np.random.default_rng(4)
    pools = np.split(rng.permutation(NUM_CELLS), 4)
    outcomes = [rng.normal(size=100) for _ in pools]
    found = mean_effects(columns, pools, outcomes, [truth[pool] for pool in pools], at_equal_accuracy=False)
    each = found.each[:, 1]
    assert found.variance[1] == pytest.approx(each.var(ddof=1) / 4, rel=0.5)
    assert found.variance[1] >= each.var(ddof=1) / 4 * (1 - 1e-9)


def test_noise_that_super_nets_share_widens_the_interval(columns, truth):
    rng = np.random.default_rng(5)
    shared = rng.normal(size=NUM_CELLS)
    outcomes = [shared + 0.1 * rng.normal(size=NUM_CELLS) for _ in range(5)]
    pools = [np.arange(NUM_CELLS)] * 5
    found = mean_effects(columns, pools, outcomes, [truth] * 5, at_equal_accuracy=False)
    of_one = mean_effects(columns, pools[:1], outcomes[:1], [truth], at_equal_accuracy=False)
    assert found.variance[1] == pytest.approx(of_one.variance[1], rel=0.2)
    assert found.each[:, 1].var(ddof=1) / 5 < found.variance[1] / 10


@pytest.mark.parametrize(
    "score",
    [
        lambda truth, rng: truth + rng.normal(0, 0.3, NUM_CELLS),
        lambda truth, rng: np.minimum(truth, 0.4) + rng.normal(0, 0.1, NUM_CELLS),
        lambda _truth, rng: rng.random(NUM_CELLS),
    ],
    ids=["noisy", "saturated", "random"],
)
def test_scores_without_a_liking_are_not_blamed(columns, truth, score):
    rng = np.random.default_rng(6)
    effects = effects_of(columns, truth, [score(truth, rng) for _ in range(5)])
    assert {effect.rating for effect in effects} <= {"none", "not beyond noise"}


def test_a_liking_is_found_in_one_unit(columns, truth):
    rng = np.random.default_rng(7)
    liked = columns[1].values
    scores = [truth + 0.3 * liked + rng.normal(0, 0.2, NUM_CELLS) for _ in range(3)]
    effects = effects_of(columns, truth, scores)
    found = effects[0]
    assert (found.name, found.level, found.rating) == ("nothing", None, "over-rated")
    assert (found.num_same_sign, len(found.each)) == (3, 3)
    std = found.effect.points / found.effect.d
    assert found.at_equal_accuracy.points / found.at_equal_accuracy.d == pytest.approx(std)
    residuals = [rank_fractions(score) - truth for score in scores]
    assert std == pytest.approx(np.sqrt(np.mean([one.var() for one in residuals])))
    assert found.points == found.effect.points
    assert found.effect.low > 0


def test_a_claim_needs_an_interval_without_zero(columns, truth):
    rng = np.random.default_rng(8)
    scores = [truth + strength * columns[1].values + rng.normal(0, 0.1, NUM_CELLS) for strength in (0.4, -0.05)]
    effect = next(effect for effect in effects_of(columns, truth, scores) if effect.name == "nothing")
    assert effect.effect.low < 0 < effect.effect.d  # two super-nets of different mind
    assert effect.rating == "none"


def test_what_too_few_cells_have_is_not_tested(truth):
    few = np.zeros(NUM_CELLS, bool)
    few[:9] = True
    columns = feature_columns({"few": few, "half": np.arange(NUM_CELLS) % 2 == 0})
    ranks = [rank_fractions(np.random.default_rng(9).random(NUM_CELLS))]
    effects, untested = structure_effects(columns, [np.arange(NUM_CELLS)], ranks, [truth], confidence=0.95)
    assert ([effect.name for effect in effects], untested) == (["half"], ("few",))
