"""Curves as figures draw them: the guided search begins at its first budget, and a baseline has its name."""

from dataclasses import replace

import numpy as np

from shareornot.report.curves import drawn_curves


def test_the_guided_curve_reaches_its_first_budget(make_appraisal):
    found = make_appraisal()
    late = replace(
        found.curves["guided"],
        **{name: getattr(found.curves["guided"], name)[20:] for name in ("time_s", "mean", "low", "high")},
    )
    found = replace(found, curves=found.curves | {"guided": late})
    first = found.comparisons[0]
    assert first.budget_s < late.time_s[0]
    drawn = drawn_curves(found)["guided"]
    assert (drawn.time[0], drawn.mean[0]) == (first.budget_s, first.guided_regret)
    assert np.isnan(drawn.low[0])
    assert (np.diff(drawn.time) > 0).all()
    np.testing.assert_array_equal(drawn.mean[-len(late.mean) :], late.mean)


def test_nothing_is_put_before_a_curve_that_begins_in_time(make_appraisal):
    found = make_appraisal()
    np.testing.assert_array_equal(drawn_curves(found)["guided"].time, found.curves["guided"].time_s)


def test_the_most_important_search_comes_first_and_a_baseline_has_its_name(make_appraisal):
    found = make_appraisal()
    assert list(drawn_curves(found)) == ["guided", "random", "evolution", "local", "baseline"]
    assert drawn_curves(found)["baseline"].label == "by number of parameters, no super-net"
    few = replace(found, curves={"random": found.curves["random"]})
    assert list(drawn_curves(few)) == ["random"]
