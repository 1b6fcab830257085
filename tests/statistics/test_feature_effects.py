import numpy as np
import pytest

from shareornot.errors import DataError, SettingsError
from shareornot.statistics import benjamini_hochberg, cohens_d, mean_effects, standardized_effect, student_interval


@pytest.fixture
def sample():
    rng = np.random.default_rng(3)
    structure = (rng.random(80) < 0.3).astype(float)
    truth = rng.random(80) + 0.3 * structure
    return rng.normal(size=80) + 0.8 * structure + truth, structure, truth


def test_with_against_without_is_cohens_d(sample):
    outcome, structure, _ = sample
    found = standardized_effect(outcome, structure)
    expected = cohens_d(outcome[structure == 1], outcome[structure == 0])
    assert found.d == pytest.approx(expected)
    assert found.low < found.d < found.high


@pytest.mark.parametrize("is_number", [False, True])
def test_at_equal_accuracy_is_least_squares(sample, is_number):
    outcome, structure, truth = sample
    found = standardized_effect(outcome, structure, equal=truth, is_number=is_number)
    x = structure / structure.std() if is_number else structure
    design = np.column_stack([np.ones(80), truth, x])
    coefficients, (squares,), *_ = np.linalg.lstsq(design, outcome, rcond=None)
    assert found.d == pytest.approx(coefficients[2] / np.sqrt(squares / 77))
    assert found.low < found.d < found.high


def test_a_number_counts_per_standard_deviation(sample):
    outcome, _, truth = sample
    found, scaled = (standardized_effect(outcome, factor * truth, is_number=True) for factor in (1.0, 50.0))
    assert found.d == pytest.approx(scaled.d)


def test_p_value_and_interval_agree(sample):
    outcome, structure, _ = sample
    found = standardized_effect(outcome, structure)
    at_its_p = standardized_effect(outcome, structure, confidence=1 - found.p_value)
    assert at_its_p.low == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "sides",
    [
        (np.arange(9.0), np.ones(9), None),  # the structure does not vary
        (np.ones(9), np.arange(9) % 2.0, None),  # nor does the outcome
        (np.arange(2.0), np.arange(2.0), None),  # nothing is left to estimate a spread from
        (np.arange(9.0) ** 2, np.arange(9) % 2.0, np.arange(9) % 2.0),  # the structure is what is held equal
    ],
)
def test_no_effect_without_variation(sides):
    outcome, structure, equal = sides
    assert standardized_effect(outcome, structure, equal=equal) is None


def test_several_supernets_have_students_interval(sample):
    outcome, structure, truth = sample
    effects = [standardized_effect(outcome + shift * truth, structure) for shift in (0.0, 0.7, -1.0)]
    (found,) = mean_effects([effects])
    interval = student_interval(np.array([effect.d for effect in effects]))
    np.testing.assert_allclose([found.d, found.low, found.high], [interval.mean, interval.low, interval.high])
    assert 0 < found.p_value < 1
    assert mean_effects([effects[:1]]) == (effects[0],)
    with pytest.raises(DataError):
        mean_effects([effects, []])


def test_equal_effects_of_all_supernets_are_certain(sample):
    outcome, structure, _ = sample
    effect = standardized_effect(outcome, structure)
    assert mean_effects([[effect, effect]])[0].p_value == 0


def test_refuses_a_percentage(sample):
    with pytest.raises(SettingsError, match=r"95 % is 0\.95"):
        standardized_effect(sample[0], sample[1], confidence=95.0)


def test_benjamini_hochberg_by_definition():
    p_values = np.random.default_rng(0).random(12) ** 2
    ordered = np.sort(p_values)
    plain = [min(ordered[j] * 12 / (j + 1) for j in range(int(np.searchsorted(ordered, p)), 12)) for p in p_values]
    np.testing.assert_allclose(benjamini_hochberg(p_values), np.minimum(plain, 1))
    assert benjamini_hochberg(np.empty(0)).size == 0
    with pytest.raises(DataError, match=r"in \[0, 1\]"):
        benjamini_hochberg(np.array([0.1, 1.2]))


def test_two_supernets_and_many_structures_show_what_is_plain():
    """With one degree of freedom Student's test would need effects 25 times as large as their error."""
    rng = np.random.default_rng(0)
    outcomes = rng.normal(size=(2, 300))
    structures = (rng.random((20, 300)) < 0.5).astype(float)
    outcomes += structures[0]
    effects = [[standardized_effect(outcome, structure) for outcome in outcomes] for structure in structures]
    plain, *others = mean_effects(effects)
    assert plain.p_value < 1e-4
    assert plain.high - plain.low < 1
    assert np.mean([other.p_value < 0.05 for other in others]) < 0.25
