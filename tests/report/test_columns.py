"""The tables of a report: the numbers of the appraisal under the titles and in the units that they promise."""

import csv
import io
from dataclasses import replace

import pytest

from shareornot.report.chapter import Chapter
from shareornot.report.columns import (
    AGREEMENT,
    BEST,
    CEILING,
    DIFFERENCES,
    SUPERNETS,
    TABLES,
    TOP,
    audit_tables,
    ceiling_table,
    report_tables,
    tone_of_difference,
    tone_of_rating,
)


def csv_rows(table):
    return list(csv.DictReader(io.StringIO(table.to_csv())))


def test_every_column_finds_its_value(chapter):
    for kind in TABLES:
        table = kind.of([chapter])
        assert table.rows or kind.name == "paired-differences"
        assert len(csv_rows(table)) == len(table.rows)


def test_agreement(chapter):
    (row,) = csv_rows(AGREEMENT.of([chapter]))
    found = chapter.appraisal
    assert float(row["spearman"]) == found.agreement.mean
    assert float(row["share_of_ceiling_percent"]) == found.share_of_ceiling * 100
    assert (row["num_supernets"], row["num_diverged"]) == ("4", "1")


def test_differences_are_in_points(chapter):
    rows = csv_rows(DIFFERENCES.of([chapter]))
    comparisons = chapter.appraisal.comparisons
    assert len(rows) == sum(len(one.rivals) for one in comparisons)
    row, one, rival = rows[1], comparisons[0], comparisons[0].rivals[1]
    assert row["rival"] == rival.name
    assert float(row["difference_points"]) == rival.difference.mean * 100
    assert float(row["guided_regret_points"]) == one.guided_regret * 100
    assert float(row["rival_regret_points"]) == rival.regret * 100
    assert float(row["p_value"]) == rival.p_value
    table = DIFFERENCES.of([chapter])
    titles = [column.title for column in table.shown_columns()]
    assert table.texts()[1][titles.index("guided \u2212 rival")] == f"{rival.difference.mean * 100:+.2f}"


def test_the_best_by_score_are_ranked_by_the_super_nets_that_scored_them(chapter):
    rows = csv_rows(BEST.of([chapter]))
    assert len(rows) == 60
    assert [float(row["rank_by_score_percent"]) for row in rows] == sorted(
        (float(row["rank_by_score_percent"]) for row in rows), reverse=True
    )
    assert sorted(int(row["true_rank"]) for row in rows) == list(range(1, 61))
    assert {row["num_supernets"] for row in rows} == {"3"}  # the one that diverged does not count


def test_supernets_that_diverged_are_named(chapter):
    rows = csv_rows(SUPERNETS.of([chapter], ()))
    assert [row["diverged"] for row in rows] == ["False"] * 3 + ["True"]
    assert rows[3]["spearman"] == ""


def test_shares_are_in_percent(chapter):
    rows = csv_rows(TOP.of([chapter]))
    for row, top in zip(rows, chapter.appraisal.quality.top, strict=True):
        assert float(row["precision_percent"]) == pytest.approx(top.precision.mean * 100)


def test_a_space_has_one_ceiling(make_appraisal):
    chapters = [Chapter(appraisal=make_appraisal(variant=name)) for name in ("a", "b")]
    assert len(ceiling_table(chapters).rows) == 1
    without = Chapter(appraisal=make_appraisal(ceiling=None, share_of_ceiling=None))
    assert CEILING.of([without]).rows == ()
    assert "noise-ceiling" not in [table.name for table in report_tables([without])]


def test_the_audit_on_a_terminal_shows_what_is_rated(audit):
    effects, groups, costs = audit_tables(audit, num_effects=2)
    assert len(effects.rows) == 2
    assert effects.rows[0]["rating"] in ("over-rated", "under-rated")
    assert len(groups.rows) == len(audit.bias.groups)
    assert len(costs.rows) == len(audit.costs)


@pytest.mark.parametrize(
    ("p_value", "d", "tone"),
    [
        (0.01, -0.6, "much-less"),
        (0.01, -0.3, "less"),
        (0.01, -0.1, ""),
        (0.05, -0.6, ""),
        (0.01, 0.3, "more"),
        (0.01, 0.7, "much-more"),
        (0.01, None, "much-less"),  # samples that do not vary
        (None, None, ""),
    ],
)
def test_tones_are_those_of_the_paper(p_value, d, tone):
    row = {"p_value": p_value, "d": d, "difference": d / 100 if d else -0.02}
    for name in ("difference", "half_width", "p_value", "d"):
        assert tone_of_difference(row, name) == tone
    assert tone_of_difference(row, "guided_regret") == ""


def test_tones_of_ratings():
    assert tone_of_rating({"rating": "over-rated"}, "rating") == "over"
    assert tone_of_rating({"rating": "explained by noise"}, "rating") == ""
    assert tone_of_rating({"rating": "over-rated"}, "structure") == ""


def test_text_of_a_user_is_no_column(chapter):
    hostile = replace(chapter, appraisal=replace(chapter.appraisal, space='a"b,c\nd', variant="=cmd()"))
    row = csv_rows(AGREEMENT.of([hostile]))[0]
    assert (row["space"], row["variant"]) == ('a"b,c\nd', "=cmd()")
