"""What works without the extra `page`: everything but figures and pages."""

from importlib.util import find_spec

import pytest

from shareornot.errors import MissingExtraError
from shareornot.report.page_extra import check_page_extra, new_figure

REMEDY = "pip install 'shareornot[page]'"


@pytest.fixture(autouse=True)
def no_extra(monkeypatch):
    drawing = ("bokeh", "jinja2", "matplotlib")
    monkeypatch.setattr(
        "shareornot.report.page_extra.find_spec", lambda name: None if name in drawing else find_spec(name)
    )


def test_appraise_writes_numbers_and_tables(shareornot, scored, tmp_path):
    shown = shareornot("appraise", scored, "--out", tmp_path / "out", "--open")
    assert shown.code == 0
    assert REMEDY in shown.err
    assert "Picture" not in shown.out
    assert "Page" not in shown.out
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"appraisal.json", "scores.parquet", "regret.parquet", "tables"}


def test_audit_writes_its_numbers(shareornot, scored, tmp_path):
    shown = shareornot("audit", scored, "--out", tmp_path / "out", "--open")
    assert shown.code == 0
    assert REMEDY in shown.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["audit.json"]


def test_a_report_of_a_study_names_the_extra(shareornot, scored):
    shown = shareornot("study", "report", scored)
    assert shown.code == 2
    assert REMEDY in shown.err


def test_functions_that_draw_name_the_extra():
    for call in (check_page_extra, lambda: new_figure(1.0, 1.0)):
        with pytest.raises(MissingExtraError, match="figures and pages need bokeh and jinja2 and matplotlib"):
            call()
