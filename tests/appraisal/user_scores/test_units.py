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


def test_percentages_are_divided_and_reported():
    found, assumed = as_fractions("standalone", values(50, 94.1, np.nan), "auto")
    np.testing.assert_allclose(found, [0.5, 0.941, np.nan])
    assert assumed == "standalone: taken for percentages, since the highest is 94.1, and divided by 100."


def test_a_given_unit_is_used():
    assert as_fractions("standalone", values(0.5, 1), "percent")[0].tolist() == [0.005, 0.01]
    assert as_fractions("standalone", values(0.9, 60, 80, 95), "percent")[1] is None
    with pytest.raises(UnitError, match=r"at most 1, got 94; state that they are percentages \(--unit percent\)"):
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
    with pytest.raises(
        UnitError, match=r"row \d+: column 'standalone': expected one unit, got .* convert one kind, or name the unit"
    ):
        as_fractions("standalone", values(*mixed), "auto")


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ([0.5, -0.1], "row 2: .* got -0.1; for errors or losses use: --lower-is-better standalone"),
        ([50, 120], "row 2: .* got 120; for errors"),
        ([50, -1, 60, -1], "row 2: .* got -1; leave the cell empty where -1 stands for a missing one"),
    ],
)
def test_no_accuracies(odd, message):
    with pytest.raises(UnitError, match=message):
        as_fractions("standalone", values(*odd), "auto")


def test_errors_become_accuracies():
    found, assumed = as_fractions("standalone", values(0.1, np.nan, 0.3), "auto", errors=True)
    np.testing.assert_allclose(found, [0.9, np.nan, 0.7])
    assert assumed == "standalone: taken for errors in fractions; accuracies are 1 - error."
    found, assumed = as_fractions("standalone", values(8, 5.5), "auto", errors=True)
    np.testing.assert_allclose(found, [0.92, 0.945])
    assert "accuracies are 100 - error" in assumed


def test_losses_become_shares_of_their_range():
    found, assumed = as_fractions("standalone", values(250, 100, np.nan, 200), "auto", errors=True)
    np.testing.assert_allclose(found, [0, 1, np.nan, 1 / 3])
    assert "losses from 100 to 250" in assumed
    huge, _ = as_fractions("standalone", values(-1.7e308, 1.7e308), "auto", errors=True)
    assert huge.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("odd", "got"), [([np.nan], "got none"), ([], "got none"), ([np.inf, 0.5], "finite accuracy, got inf")]
)
def test_nothing_or_infinite(odd, got):
    with pytest.raises(DataError, match=got):
        as_fractions("standalone", values(*odd), "auto")


def test_unknown_unit():
    with pytest.raises((SettingsError, TypeCheckError), match="fraction"):
        as_fractions("standalone", values(0.5), "permille")
