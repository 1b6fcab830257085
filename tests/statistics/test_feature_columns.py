import numpy as np
import pytest

from shareornot.errors import DataError
from shareornot.statistics import feature_columns
from shareornot.statistics.feature_columns import MAX_LEVELS


def test_truth_values_numbers_and_words():
    columns = feature_columns(
        {
            "residual": np.array([True, False, True, False]),
            "depth": np.array([2, 3, 4, 2], np.int8),
            "operation": np.array(["pool", "conv", "", "skip"]),
        }
    )
    assert [column.name for column in columns] == [
        "residual",
        "depth",
        "operation = conv",
        "operation = pool",
        "operation = skip",
    ]
    assert [column.is_number for column in columns] == [False, True, False, False, False]
    np.testing.assert_array_equal(columns[2].values, [0, 1, np.nan, 0])
    np.testing.assert_array_equal(columns[2].applies, [True, True, False, True])


def test_of_two_words_one_column_suffices():
    assert [column.name for column in feature_columns({"act": np.array(["relu", "gelu", ""])})] == ["act = gelu"]


def test_of_many_words_the_frequent_ones_are_kept():
    words = np.array([f"w{number}" for number in range(100)] + ["w42", "w77"])
    levels = {column.level for column in feature_columns({"name": words})}
    assert len(levels) == MAX_LEVELS
    assert {"w42", "w77"} <= levels


def test_words_may_come_as_objects():
    (column,) = feature_columns({"act": np.array(["a", "b"], object)})
    assert column.name == "act = a"


@pytest.mark.parametrize(
    ("features", "match"),
    [
        ({"a": np.array([1, 2]), "b": np.array([1])}, "one length"),
        ({"a": np.array([1.0, np.inf])}, "infinite"),
        ({"a": np.array(["x", None], object)}, "words"),
        ({"a": np.array([1j])}, "complex"),
    ],
)
def test_refuses(features, match):
    with pytest.raises(DataError, match=match):
        feature_columns(features)
