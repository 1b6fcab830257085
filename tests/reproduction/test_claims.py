import numpy as np
import pytest
from scipy import stats

from shareornot.reproduction.agreement import replay_agreement
from shareornot.reproduction.claims import printed_claims, printed_consistency, replay_size_correlation


def test_size_correlation_of_the_printed_table():
    (row,) = replay_size_correlation([], 7, np.random.default_rng(0), with_printed=True)
    assert row.correlation == pytest.approx(-5 / 7)
    assert row.asymptotic_p == pytest.approx(0.0713, abs=5e-5)
    assert row.exact_p == pytest.approx(0.0881, abs=5e-5)
    assert (row.printed, row.printed_p) == (-0.71, 0.07)


def test_size_correlation_takes_four_spaces(replay_table, make_evaluations):
    few, many = ("A1", "A2", "A_FULL"), ("A1", "A2", "A_FULL", "A_FULL^RES", "A_FULL^NRES")
    rng = np.random.default_rng(0)
    for spaces, num_rows in ((few, 0), (many, 2)):
        evaluations = make_evaluations(replay_table, spaces=spaces)
        agreement = replay_agreement(evaluations, replay_table, rng, with_printed=False, num_resamples=0)
        rows = replay_size_correlation(agreement, 5, rng, with_printed=False)
        assert len(rows) == num_rows
        assert all(row.num_spaces == 5 and row.printed is None for row in rows)


def test_claims_against_their_formulas():
    claims = {claim.claim: claim for claim in printed_claims()}
    computed = {name: (claim.as_printed, round(claim.computed, 3)) for name, claim in claims.items()}
    assert computed == {
        "probability that guided beats random search at d = -0.39": (True, 0.609),
        "probability that guided beats random search at d = -1.16": (False, 0.794),
        "probability that guided beats random search at d = -0.52": (False, 0.643),
        "power of 30 against 500 runs at d = 0.5": (False, 0.757),
        "gain of BNS-FT over NO-FT, relative": (True, 2.735),
        "correlation on A_FULL^NRES, relative loss to A_FULL": (False, 0.179),
        "cells of A_FULL^NRES, relative loss to A_FULL": (False, 0.191),
    }
    assert "34 super-nets" in claims["power of 30 against 500 runs at d = 0.5"].remark


def test_printed_p_values_are_welchs():
    rows = printed_consistency()
    assert len(rows) == 42
    agree = [row.p_agrees_with for row in rows]
    assert agree.count("Welch") == 11
    assert agree.count("Student and Welch") == 31
    for row in rows:
        assert row.student_p_low <= row.student_p_high
        assert row.welch_p_low <= row.welch_p_high


def test_students_p_value_follows_from_d():
    row = next(row for row in printed_consistency() if (row.space, row.num_trained, row.method) == ("A3", 10, "guided"))
    t = 0.31 / np.sqrt(1 / 30 + 1 / 500)
    assert row.student_p_low < 2 * stats.t.sf(t, 528) < row.student_p_high
    assert row.printed_p == "0.23"
    assert row.student_p_high < 0.2 < row.welch_p_high
