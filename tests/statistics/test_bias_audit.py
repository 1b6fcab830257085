import numpy as np
import pytest

from shareornot.errors import DataError
from shareornot.statistics import audit_bias, rank_residuals

NUM_CELLS = 600


def features_of(rng, num_cells=NUM_CELLS):
    return {
        "residual": rng.random(num_cells) < 0.3,
        "depth": rng.integers(1, 6, num_cells),
        "operation_1": rng.choice(["conv3x3", "conv1x1", "maxpool3x3", ""], num_cells),
        "shape": rng.normal(size=num_cells),
    }


@pytest.fixture
def planted():
    """Four super-nets that like residual edges and dislike pooling first; good cells have pooling first."""
    rng = np.random.default_rng(0)
    features = features_of(rng)
    accuracies = rng.normal(size=NUM_CELLS) + 1.0 * (features["operation_1"] == "maxpool3x3")
    liking = 1.5 * features["residual"] - 2.5 * (features["operation_1"] == "maxpool3x3")
    return accuracies + liking + 0.5 * rng.normal(size=(4, NUM_CELLS)), accuracies, features


def test_finds_what_was_planted(planted):
    audit = audit_bias(*planted, np.random.default_rng(1))
    ratings = {effect.name: effect.rating for effect in audit.effects}
    assert ratings.pop("residual") == "over-rated"
    assert ratings.pop("operation_1 = maxpool3x3") == "under-rated"
    assert {effect.name for effect in audit.effects[:2]} == {"residual", "operation_1 = maxpool3x3"}
    assert all(effect.num_same_sign == 4 for effect in audit.effects[:2])
    assert {ratings["depth"], ratings["shape"]} <= {"none", "not beyond noise"}
    best, worst = audit.groups[0], audit.groups[-1]
    assert best.residual > 0.1 > -0.1 > worst.residual
    assert "residual" in map(str, best.conditions)
    assert "operation_1 = maxpool3x3" in map(str, worst.conditions)
    assert audit.explained_share > 0.5
    assert audit.linear_share > 0.5


def test_scores_without_the_bias_agree_better(planted):
    proxies, accuracies, features = planted
    audit = audit_bias(proxies, accuracies, features, np.random.default_rng(1))
    for one in audit.scores:
        truth = accuracies[one.cells]
        before, after = (np.abs(rank_residuals(scores, truth)).mean() for scores in (one.ranks, one.unbiased))
        assert after < 0.7 * before


@pytest.mark.parametrize(("seed", "num_supernets"), [(0, 5), (1, 5), (2, 5), (3, 2), (4, 3)])
def test_scores_by_lot_have_no_bias_although_they_under_rate_good_structures(seed, num_supernets):
    rng = np.random.default_rng(seed)
    features = features_of(rng)
    accuracies = rng.normal(size=NUM_CELLS) + 2.0 * features["residual"]
    audit = audit_bias(rng.random((num_supernets, NUM_CELLS)), accuracies, features, rng)
    effect = next(effect for effect in audit.effects if effect.name == "residual")
    assert effect.effect.d < -0.5
    assert effect.corrected_p < 0.05
    assert not [effect for effect in audit.effects if effect.rating in ("over-rated", "under-rated")]
    assert max(abs(group.residual) for group in audit.groups) > 0.1
    assert max(abs(group.at_equal_accuracy) for group in audit.groups) < 0.25 / num_supernets
    # taking the bias back does not change random scores; taking the residual back reveals the truth
    for one in audit.scores:
        assert np.corrcoef(one.unbiased, one.ranks)[0, 1] > 0.95
        assert np.corrcoef(one.corrected, accuracies[one.cells])[0, 1] > 0.2


def test_nothing_is_explained_on_held_out_cells_where_nothing_is_there():
    rng = np.random.default_rng(4)
    accuracies = rng.random(NUM_CELLS)
    audit = audit_bias(rng.random((1, NUM_CELLS)), accuracies, features_of(rng), rng, max_depth=3)
    assert audit.explained_share < 0.02
    assert audit.linear_share < 0.02


def test_the_linear_share_is_that_of_least_squares_on_held_out_cells_in_any_unit(planted):
    proxies, accuracies, features = planted
    shares = [
        audit_bias(proxies, accuracies, {**features, "depth": depth}, np.random.default_rng(1)).linear_share
        for depth in (features["depth"], 1e9 + 1e6 * features["depth"].astype(float))
    ]
    assert shares[0] == pytest.approx(shares[1], abs=1e-6)
    fold = np.random.default_rng(1).permutation(np.arange(NUM_CELLS) % 5)
    del features["operation_1"]
    x = np.stack([np.ones(NUM_CELLS), *features.values()], axis=1)
    residual = rank_residuals(proxies[0], accuracies)
    predicted = np.empty(NUM_CELLS)
    for number in range(5):
        weights = np.linalg.lstsq(x[fold != number], residual[fold != number], rcond=None)[0]
        predicted[fold == number] = x[fold == number] @ weights
    expected = 1 - ((residual - predicted) ** 2).sum() / ((residual - residual.mean()) ** 2).sum()
    single = audit_bias(proxies[:1], accuracies, features, np.random.default_rng(1))
    assert single.linear_share == pytest.approx(expected, abs=1e-6)


def test_pools_hold_cells_twice_and_differ(planted):
    proxies, accuracies, features = planted
    rng = np.random.default_rng(2)
    pools = [rng.integers(NUM_CELLS, size=size) for size in (300, 200)]
    audit = audit_bias(
        [row[pool] for row, pool in zip(proxies, pools, strict=False)], accuracies, features, rng, pools=pools
    )
    for one, pool in zip(audit.scores, pools, strict=True):
        assert len(one.cells) == len(np.unique(pool)) < len(pool)
        np.testing.assert_allclose(
            one.residuals, rank_residuals(proxies[one.supernet][one.cells], accuracies[one.cells])
        )


def test_scores_of_a_cell_are_corrected_by_other_cells(planted):
    """Changing one cell's truth moves its own correction only as far as it moves the ranks of others."""
    proxies, accuracies, features = planted
    changed = accuracies.copy()
    changed[7] = accuracies.max() + 1
    before, after = (
        audit_bias(proxies[:1], truth, features, np.random.default_rng(1)).scores[0].unbiased
        for truth in (accuracies, changed)
    )
    assert abs(before[7] - after[7]) < 2e-3


def test_diverged_supernets_are_left_out(planted):
    proxies, accuracies, features = planted
    proxies[1], proxies[3, 5] = 0.1, np.nan
    audit = audit_bias(proxies, accuracies, features, np.random.default_rng(0))
    assert audit.diverged == (1, 3)
    assert [one.supernet for one in audit.scores] == [0, 2]


def test_one_supernet_has_the_intervals_of_its_cells(planted):
    proxies, accuracies, features = planted
    audit = audit_bias(proxies[:1], accuracies, features, np.random.default_rng(0))
    residual = next(effect for effect in audit.effects if effect.name == "residual")
    assert residual.spread is None
    assert residual.rating == "over-rated"
    assert residual.effect.low < residual.effect.d < residual.effect.high


def test_structures_of_too_few_cells_are_not_tested(planted):
    proxies, accuracies, features = planted
    features["rare"] = np.arange(NUM_CELLS) < 9
    features["same"] = np.ones(NUM_CELLS)
    audit = audit_bias(proxies, accuracies, features, np.random.default_rng(0))
    assert audit.untested == ("rare", "same")


def test_groups_are_described_without_what_is_implied():
    rng = np.random.default_rng(5)
    depth = rng.integers(1, 9, 2000)
    accuracies = rng.random(2000)
    audit = audit_bias((accuracies + 0.2 * depth)[None], accuracies, {"depth": depth}, rng)
    texts = [" and ".join(map(str, group.conditions)) for group in audit.groups]
    assert len(texts) > 3
    assert {"depth > 6", "depth <= 2"} <= set(texts)
    assert all(text.count(">") <= 1 and text.count("<=") <= 1 for text in texts)


def test_refuses(planted):
    proxies, accuracies, features = planted
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="at least 20 distinct cells"):
        audit_bias([proxies[0, :30]], accuracies, features, rng, pools=[np.arange(30) % 19])
    with pytest.raises(DataError, match="diverged"):
        audit_bias(np.ones((2, NUM_CELLS)), accuracies, features, rng)
    with pytest.raises(DataError, match="for each cell of its pool"):
        audit_bias([proxies[0, :30]], accuracies, features, rng)
    with pytest.raises(DataError, match="features"):
        audit_bias(proxies, accuracies, {}, rng)
    with pytest.raises(DataError, match="finite and differ"):
        audit_bias(proxies, np.ones(NUM_CELLS), features, rng)
