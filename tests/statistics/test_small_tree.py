import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.statistics import grow_tree


def brute_force_split(matrix, target, least_rows):
    """The squared error after the best question, trying every value of every column."""
    errors = [((target - target.mean()) ** 2).sum()]
    for column in matrix.T:
        for threshold in np.unique(column)[:-1]:
            sides = [target[column > threshold], target[column <= threshold]]
            if min(map(len, sides)) >= least_rows:
                errors.append(sum(((side - side.mean()) ** 2).sum() for side in sides))
    return min(errors)


@pytest.mark.parametrize("seed", range(5))
def test_first_question_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 4, (60, 5)).astype(float)
    target = rng.normal(size=60) + matrix[:, seed] * matrix[:, (seed + 1) % 5]
    tree = grow_tree(matrix, target, max_depth=1, min_gain=0.0)
    assert ((target - tree.predict(matrix)) ** 2).sum() == pytest.approx(brute_force_split(matrix, target, 3))


def test_finds_what_was_planted():
    rng = np.random.default_rng(0)
    matrix = rng.integers(0, 2, (400, 6)).astype(float)
    target = np.where(matrix[:, 4] == 1, np.where(matrix[:, 1] == 1, 3.0, 1.0), 0.0)
    tree = grow_tree(matrix, target)
    np.testing.assert_allclose(tree.predict(matrix), target)
    assert sorted(leaf.value for leaf in tree.leaves) == [0, 1, 3]


def test_leaves_part_the_rows_and_are_large_enough():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(500, 3))
    tree = grow_tree(matrix, matrix @ [1.0, 2.0, 3.0], min_share=0.1, min_gain=0.0)
    sizes = np.bincount(tree.leaf_of(matrix), minlength=len(tree.leaves))
    assert [leaf.num_rows for leaf in tree.leaves] == sizes.tolist()
    assert sizes.min() >= 50
    assert len(tree.leaves) > 4
    assert max(len(leaf.answers) for leaf in tree.leaves) == 3


def test_where_there_is_no_value_the_answer_is_no():
    column = np.repeat([np.nan, 1.0, 2.0], 30)
    target = np.repeat([5.0, 0.0, 0.0], 30)
    tree = grow_tree(column[:, None], target)
    assert [leaf.value for leaf in tree.leaves] == [0.0, 5.0]
    np.testing.assert_allclose(tree.predict(column[:, None]), target)


def test_noise_and_constants_are_not_split():
    rng = np.random.default_rng(2)
    matrix = rng.integers(0, 2, (5000, 10)).astype(float)
    assert len(grow_tree(matrix, rng.normal(size=5000)).leaves) == 1
    assert len(grow_tree(matrix, np.full(5000, 0.1)).leaves) == 1
    assert len(grow_tree(matrix[:, :0], rng.normal(size=5000)).leaves) == 1


@pytest.mark.parametrize("settings", [{"max_depth": -1}, {"min_share": 0.0}, {"min_share": 0.6}, {"min_gain": -1.0}])
def test_refuses_settings_out_of_range(settings):
    with pytest.raises(SettingsError, match="tree"):
        grow_tree(np.ones((5, 1)), np.ones(5), **settings)


@pytest.mark.parametrize("num_values", [2, 300])
def test_targets_may_share_the_rows_of_a_matrix(num_values):
    rng = np.random.default_rng(4)
    matrix = rng.integers(0, num_values, (400, 3)).astype(float)
    matrix[rng.random((400, 3)) < 0.1] = np.nan
    places = rng.integers(0, 350, 2_000)  # some rows have several targets, some none
    target = np.nan_to_num(matrix[places, 1]) / num_values + rng.normal(0, 0.3, 2_000)
    assert grow_tree(matrix, target, places=places) == grow_tree(matrix[places], target)
