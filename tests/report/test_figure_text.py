import io
import math
from dataclasses import replace

import numpy as np
import pytest

from shareornot.report.audit_figure import audit_figure
from shareornot.report.figure_text import number_text, round_numbers, shortened, width_in
from shareornot.report.verdict_figure import agreement_figure, regret_figure


@pytest.mark.parametrize("seed", range(20))
def test_round_numbers_are_within_the_limits_and_few(seed):
    rng = np.random.default_rng(seed)
    low = 10 ** rng.uniform(-6, 6)
    high = low * 10 ** rng.uniform(0.8, 20)
    numbers = round_numbers(low, high)
    assert 1 <= len(numbers) <= 9
    assert all(low <= number <= high for number in numbers)
    assert all(round(number / 10 ** math.floor(math.log10(number) + 1e-9), 6) in (1, 2, 3, 5) for number in numbers)


@pytest.mark.parametrize("power", range(-9, 10))
@pytest.mark.parametrize("first", [1, 2, 3, 5])
def test_the_text_of_a_number_is_the_number(first, power):
    text = number_text(float(f"{first}e{power}"))
    factor, _, digits = text.partition("10") if "·" in text or power not in range(-5, 5) else (text, "", "0")
    exponent = int(digits.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    assert float(factor.strip("·").replace(",", "") or 1) * 10.0**exponent == pytest.approx(first * 10.0**power)


def test_long_names_lose_their_middle():
    assert shortened("short", 5) == "short"
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert len(shortened("x" * 100, 36)) == 36


def test_wider_texts_are_wider():
    assert 0 < width_in(["i"]) < width_in(["i", "W"]) < width_in(["WW"])
    assert width_in([]) == 0


def check_that_nothing_is_cut_off(figure):
    """All that is drawn is on the figure, which is drawn at the resolution of drawings."""
    figure.savefig(io.BytesIO(), format="png", dpi=72)
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= 0, box


@pytest.mark.parametrize("unit", ["fraction", "any"])
@pytest.mark.parametrize("space", ["A_FULL", "a space with a name of a sentence " * 4])
def test_nothing_is_cut_off_by_the_edge_of_a_figure(make_appraisal, make_audit, space, unit):
    appraisal = make_appraisal(space=space, proxy_unit=unit)
    check_that_nothing_is_cut_off(agreement_figure(appraisal))
    check_that_nothing_is_cut_off(regret_figure(appraisal))
    for liking in ("residual", "num_maxpool3x3"):
        check_that_nothing_is_cut_off(audit_figure(replace(make_audit(liking=liking), space=space)))


def test_a_factor_of_all_scores_stands_in_the_label(make_appraisal):
    appraisal = make_appraisal(num_supernets=1, proxy_unit="any")
    pools = tuple(replace(pool, proxies=pool.proxies * 1e9) for pool in appraisal.pools)
    figure = agreement_figure(replace(appraisal, pools=pools))
    assert "score (own unit x 1e8)" in [axes.get_ylabel() for axes in figure.axes]
