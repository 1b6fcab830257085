import numpy as np
import pytest
from scipy import stats

from shareornot.errors import SettingsError
from shareornot.statistics import RivalRuns, more_supernets, student_t_test, verdict_power, welch_t_test
from shareornot.statistics.rival_tests import decided, decisions, independent_p_value, paired_p_value


@pytest.fixture
def random_regrets():
    return np.random.default_rng(0).exponential(0.02, 500)


@pytest.mark.parametrize("spread", [0.001, 0.02, 0.2])
def test_the_p_value_is_that_of_the_cautious_test(random_regrets, spread):
    guided = np.random.default_rng(1).normal(0.01, spread, (4, 3))
    rival = RivalRuns.of(random_regrets)
    found = independent_p_value(guided, rival)
    expected = [max(t(row, random_regrets).p_value for t in (student_t_test, welch_t_test)) for row in guided]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_paired_p_values_are_students(random_regrets):
    guided, rival = np.array([0.01, 0.02, 0.04]), np.array([0.02, 0.035, 0.045])
    spread = RivalRuns.of(random_regrets)
    assert paired_p_value(guided, rival, spread) == pytest.approx(stats.ttest_rel(guided, rival).pvalue)


def test_super_nets_that_end_alike_are_no_certainty(random_regrets):
    guided, rival = np.full(2, 0.01), np.full(2, 0.012)
    assert paired_p_value(guided, rival, RivalRuns.of(random_regrets)) > 0.5
    assert paired_p_value(guided, guided, RivalRuns.of(random_regrets)) == 1


def test_helped_means_against_every_rival():
    p_values = np.array([[0.01, 0.01, 0.01, 0.20, 0.04], [0.04, 0.20, 0.01, 0.20, 0.60]])
    differences = np.array([[-1, -1, -1, -1, 1.0], [-1, -1, 1, 1, 1.0]])
    better, worse = decided(p_values, differences)
    assert better.tolist() == [True, False, False, False, False]
    assert worse.tolist() == [False, False, True, False, False]  # 0.04 is not enough where two are tested


def test_many_appraisals_at_once_are_what_each_is(random_regrets):
    rng = np.random.default_rng(2)
    guided, free = rng.normal(0.01, 0.01, (50, 4)), rng.normal(0.01, 0.01, (50, 4))
    rival = RivalRuns.of(random_regrets)
    together = decisions(guided, [rival], [free], rival)
    alone = [int(decisions(a, [rival], [b], rival)) for a, b in zip(guided, free, strict=True)]
    assert together.tolist() == alone
    assert len(set(alone)) > 1


def test_power_grows_with_effect_and_super_nets():
    rng = np.random.default_rng(3)
    power = [
        verdict_power(effect, num, rng, num_simulations=4_000)
        for effect, num in ((0.0, 5), (1.0, 5), (1.7, 5), (1.0, 10))
    ]
    assert power[0] < 0.03
    assert power[1] < power[2] == pytest.approx(0.8, abs=0.03)
    assert power[3] == pytest.approx(0.79, abs=0.03)
    with pytest.raises(SettingsError, match="at least 2"):
        verdict_power(1.0, 1, rng)


def test_the_stated_number_of_more_super_nets_decides(random_regrets):
    rng = np.random.default_rng(4)
    rival = RivalRuns.of(random_regrets)
    guided = rival.mean + rival.std * np.array([-1.6, 0.0])  # the mean is 0.8 standard deviations better
    more = more_supernets(guided, [rival], [], rival, rng)
    covariance = guided.var(ddof=1)
    for total, reached in ((2 + more, True), (2 + more // 2, False)):
        drawn = rng.normal(guided.mean(), np.sqrt(covariance), (4_000, total))
        assert (np.mean(decisions(drawn, [rival], [], rival) == -1) > 0.77) == reached


def test_no_difference_is_never_decided(random_regrets):
    rival = RivalRuns.of(random_regrets)
    guided = np.array([rival.mean - 0.01, rival.mean + 0.01])
    assert more_supernets(guided, [rival], [], rival, np.random.default_rng(5)) is None
