"""Methods beside each other: the table and the matrix at the top of the page."""

import numpy as np
import pytest
from scipy import stats

from shareornot.appraisal.method_comparison import method_rows
from shareornot.appraisal.own_word import OwnWord
from shareornot.report.chapter import Chapter
from shareornot.report.columns import report_tables
from shareornot.report.method_grid import method_grid
from shareornot.report.page import render_page
from shareornot.statistics import student_interval
from shareornot.text import MINUS


@pytest.fixture(scope="module")
def chapters(make_appraisal):
    """Uniform sampling, one method that is better with every seed, one that is as good, and one on another space."""
    uniform = make_appraisal(method="uniform", variant="BNS-FT (uniform)", training_cost=3.0)
    values = np.array(uniform.spearmans)
    made = [Chapter(appraisal=uniform)]
    own = OwnWord(choices=(1, 2, 3), regrets=(0.01,) * 3, regret=student_interval(np.array([0.01, 0.02, 0.03])),
                  preferences=(None,) * 3, preference=None)  # fmt: skip
    for name, moved in (("better", np.array([0.1, 0.11, 0.12])), ("alike", np.array([-0.02, 0.03, -0.012]))):
        found = make_appraisal(
            method=name,
            variant=f"BNS-FT ({name})",
            spearmans=tuple((values + moved).tolist()),
            agreement=student_interval(values + moved),
            own=own if name == "better" else None,
        )
        made.append(Chapter(appraisal=found))
    return [*made, Chapter(appraisal=make_appraisal(method="alone", variant="BNS-FT (alone)", space="A2"))]


def test_methods_are_tested_against_uniform_sampling_seed_by_seed(chapters):
    rows = {row.method: row for row in method_rows(chapters)}
    pairs = {name: stats.ttest_rel(chapters[n].appraisal.spearmans, chapters[0].appraisal.spearmans).pvalue
             for n, name in ((1, "better"), (2, "alike"))}  # fmt: skip
    assert rows["better"].p_value == pytest.approx(2 * pairs["better"])  # Holm: the smaller of two
    assert rows["alike"].p_value == pytest.approx(pairs["alike"])
    assert rows["better"].difference == pytest.approx(0.11)
    assert (rows["better"].differs, rows["alike"].differs) == (True, False)
    assert rows["uniform"].difference is None
    assert rows["alone"].p_value is None  # nothing to compare with on its space


def test_the_best_method_of_each_space_comes_first(chapters):
    rows = method_rows(chapters)
    assert [row.space for row in rows] == ["A_FULL"] * 3 + ["A2"]
    assert rows[0].method == "better"
    grid = method_grid(chapters)
    assert grid["spaces"] == ["A_FULL", "A2"]
    assert grid["rows"][0][0] == "better"
    name, cells = (
        grid["rows"][-1] if grid["rows"][-1][0] == "alone" else next(r for r in grid["rows"] if r[0] == "alone")
    )
    assert (name, cells[0]) == ("alone", None)


def test_a_cell_states_what_was_found(chapters):
    cells = dict(method_grid(chapters)["rows"])["better"][0]
    facts = dict(cells["facts"])
    assert facts[f"{MINUS} uniform"].startswith("+0.11, p ")
    assert cells["differs"]
    assert (facts["TOP-k regret"], facts["random search"], facts["own choice"]) == ("1.00", "2.00", "2.00")
    assert cells["number"] == 1


def test_the_page_opens_with_the_matrix(chapters, provenance):
    text = render_page(chapters, provenance)
    assert text.index('<section id="methods"') < text.index('<section id="verdict"')
    assert '<span class="mean">' in text.split('<section id="methods"')[1].split("</section>")[0]
    assert "methods" in [table.name for table in report_tables(chapters)]


def test_one_method_has_no_matrix(chapters, provenance):
    assert method_rows(chapters[:1]) == []
    assert method_grid(chapters[:1]) is None
    assert '<section id="methods"' not in render_page(chapters[:1], provenance)
    assert "methods" not in [table.name for table in report_tables(chapters[:1])]
