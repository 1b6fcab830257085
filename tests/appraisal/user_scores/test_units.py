import numpy as np
import pytest
from jaxtyping import TypeCheckError

from shareornot.appraisal.user_scores.units import as_fractions
from shareornot.errors import DataError, SettingsError, UnitError


def values(*numbers):
    return np.array(numbers, np.float64)


def test_fractions_stay():
    found, assumed = as_fractions("standalone", values(0.1, np.nan, 1.0000005), "auto")
    np.testing.assert_array_equal(found, [0.1, np.nan, 1])
    assert assumed is None


def test_percentages_are_divided_and_told():
    found, assumed = as_fractions("standalone", values(50, 94.1, np.nan), "auto")
    np.testing.assert_allclose(found, [0.5, 0.941, np.nan])
    assert assumed == "standalone: taken for percentages, since the highest is 94.1, and divided by 100."


def test_what_is_said_is_taken():
    assert as_fractions("standalone", values(0.5, 1), "percent")[0].tolist() == [0.005, 0.01]
    assert as_fractions("standalone", values(0.9, 60, 80, 95), "percent")[1] is None
    with pytest.raises(UnitError, match=r"at most 1, got 94; say that they are percentages"):
        as_fractions("standalone", values(0.5, 94), "fraction")


def test_networks_that_failed_among_percentages():
    found, _ = as_fractions("standalone", values(0.1, 0.1, *np.linspace(50, 75, 20)), "auto")
    assert found.min() == pytest.approx(0.001)


@pytest.mark.parametrize(
    "mixed",
    [
        [0.6, 0.9, *np.linspace(50, 95, 20)],  # among the others if multiplied by 100
        [*np.linspace(0.5, 0.95, 20), 70, 80],  # most are fractions
        [0.93, 0.95, 1.2],
    ],
)
def test_mixed_units(mixed):
    with pytest.raises(UnitError, match=r"standalone: expected one unit, got .* convert one kind, or say the unit"):
        as_fractions("standalone", values(*mixed), "auto")


@pytest.mark.parametrize(("odd", "got"), [([-0.1, 0.5], "got -0.1"), ([50, 120], "got 120")])
def test_no_accuracies(odd, got):
    with pytest.raises(UnitError, match=f"{got}; of an error give 1 - error"):
        as_fractions("standalone", values(*odd), "auto")


@pytest.mark.parametrize(("odd", "got"), [([np.nan], "got none"), ([], "got none"), ([np.inf, 0.5], "an infinite one")])
def test_nothing_or_infinite(odd, got):
    with pytest.raises(DataError, match=got):
        as_fractions("standalone", values(*odd), "auto")


def test_unknown_unit():
    with pytest.raises((SettingsError, TypeCheckError), match="fraction"):
        as_fractions("standalone", values(0.5), "permille")
