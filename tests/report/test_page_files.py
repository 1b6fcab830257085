import csv
import io
import re

import pytest

from shareornot.report.chapter import Chapter
from shareornot.report.page_files import write_figure, write_files
from shareornot.report.verdict_figure import regret_figure

TABLES = [
    "agreement",
    "baselines",
    "supernets",
    "top-of-the-ranking",
    "architectures-to-train",
    "differences",
    "bias-effects",
    "bias-groups",
    "bias-costs",
    "noise-ceiling",
]


@pytest.fixture(scope="module")
def folder(chapter, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    paths = write_files(folder, [chapter])
    assert sorted(paths) == sorted(path for path in folder.rglob("*") if path.is_file())
    return folder


def test_every_figure_and_table_is_there(folder):
    assert {path.name for path in (folder / "figures").iterdir()} == {
        f"A-FULL-{figure}.{kind}" for figure in ("agreement", "regret", "audit") for kind in ("svg", "pdf", "png")
    }
    assert {path.name for path in (folder / "tables").iterdir()} == {
        f"{table}.{kind}" for table in TABLES for kind in ("csv", "tex")
    }


def test_drawings_refer_to_nothing_outside(folder):
    for path in (folder / "figures").glob("*.svg"):
        references = re.findall(r'(?:xlink:href|href|src)="([^"]*)"|url\(([^)]*)\)', path.read_text())
        assert references
        assert all((link or url).startswith(("#", "data:image/png;base64,")) for link, url in references)
    for path in (folder / "figures").glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF-")


def test_numbers_of_tables_are_full(folder, chapter):
    (row,) = csv.DictReader(io.StringIO((folder / "tables" / "agreement.csv").read_text()))
    assert float(row["spearman"]) == chapter.appraisal.agreement.mean
    assert row["num_diverged"] == "1"
    rows = list(csv.DictReader(io.StringIO((folder / "tables" / "bias-effects.csv").read_text())))
    assert len(rows) == len(chapter.audit.bias.effects)
    assert r"\begin{tabular}" in (folder / "tables" / "differences.tex").read_text()


def test_a_chapter_without_an_audit(make_appraisal, tmp_path):
    names = {path.name for path in write_files(tmp_path, [Chapter(appraisal=make_appraisal(space="$x^$ & <b>"))])}
    assert "x-b-regret.svg" in names
    assert not any("audit" in name or "bias" in name for name in names)


def test_the_same_figure_is_the_same_file(make_appraisal, tmp_path):
    appraisal = make_appraisal()
    first = [path.read_bytes() for path in write_figure(tmp_path / "a" / "regret", regret_figure(appraisal))]
    again = [path.read_bytes() for path in write_figure(tmp_path / "b" / "regret", regret_figure(appraisal))]
    assert first == again
