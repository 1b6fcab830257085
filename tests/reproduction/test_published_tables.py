"""Figures that the paper's text repeats from its tables show whether those were copied correctly."""

import numpy as np
import pytest

from shareornot.reproduction.published_tables import PAPER_SPACES, PAPER_VARIANTS, TABLE_1, TABLE_2_V1, TABLES_V2


def test_every_cell_of_every_table_is_there():
    assert len(TABLE_1) == len(PAPER_VARIANTS) * len(PAPER_SPACES) == 42
    assert len(TABLE_2_V1) == 21
    assert len(TABLES_V2) == 42


def test_asterisks():
    marked = {key for key, printed in TABLE_1.items() if printed.diverged}
    assert marked == {
        ("NO-FT", "A_FULL^NRES"),
        ("BNS-FT", "A_FULL^NRES"),
        ("SINGLE-K", "A_FULL"),
        ("SINGLE-K", "A_FULL^NRES"),
        ("AVG-3", "A4"),
    }


def test_verdicts_are_those_of_version_1s_text():
    better = {key for key, printed in TABLE_2_V1.items() if printed.verdict == "better"}
    worse = {key for key, printed in TABLE_2_V1.items() if printed.verdict == "worse"}
    assert better == {("A2", 1), ("A1", 1), ("A3", 10), ("A1", 10), ("A_FULL^NRES", 10)}
    assert worse == {("A4", 1), ("A4", 10), ("A_FULL", 10)}
    assert all((printed.p_value < 0.05) == (printed.verdict != "none") for printed in TABLE_2_V1.values())


@pytest.mark.parametrize(("key", "d"), [(("A_FULL^RES", 1), -0.39), (("A1", 1), -1.16), (("A_FULL", 10), -0.52)])
def test_effect_sizes_are_those_of_version_2s_text(key, d):
    assert TABLES_V2[*key, "guided"].d == d


def test_differences_are_fractions_with_the_sign_of_their_effect():
    for printed in TABLES_V2.values():
        assert abs(printed.difference) < 0.02
        assert np.sign(printed.difference) == np.sign(printed.d)
