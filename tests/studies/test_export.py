import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.appraisal.serialization import read_chapter
from shareornot.appraisal.user_scores import appraise_scores
from shareornot.errors import DataError, MissingDataError
from shareornot.reproduction.evaluations import read_evaluations
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import Cell, space_cells
from shareornot.studies import decode_study, run_study
from shareornot.studies.execution import InProcess
from shareornot.studies.export import chapter_variants, export_study, finished_appraisals
from shareornot.studies.store import Store
from shareornot.tables import open_benchmark


def test_everything_is_exported(finished, tmp_path):
    files = {path.stem: pq.read_table(path) for path in export_study(finished, tmp_path)}
    num_not_scored = len(space_cells(open_space("A3"), 5)) - len(set(files["evaluations"]["cell"].to_pylist()))
    assert {name: table.num_rows for name, table in files.items() if name != "regret"} == {
        "evaluations": 2 * 2 * 12,
        "scores": 2 * 2 * 12 + num_not_scored,
        "agreement": 2,
        "comparisons": 2 * 2,
        "training": 2 * 3,
        "jobs": 13,
    }
    table = open_benchmark("digits")
    read = read_evaluations(tmp_path / "evaluations.parquet", table)
    assert (read.variants, read.spaces, len(read.supernets)) == (("NO-FT", "BNS-FT"), ("A3",), 4)
    scores = files["scores"].to_pylist()
    for row, cell in zip(scores[:3], files["evaluations"]["cell"].to_pylist(), strict=False):
        assert Cell.parse(row["architecture"]).index == cell
        trained = table.query(cell)
        assert np.mean([row[f"standalone_{run}"] for run in range(3)]) == pytest.approx(trained.validation_accuracy)
    assert set(files["regret"]["search"].to_pylist()) >= {"guided", "random", "evolution"}


def test_an_appraisal_of_the_scores_gives_the_numbers_of_the_study(finished, tmp_path):
    export_study(finished, tmp_path)
    store = Store(finished)
    expected = {
        chapter.evaluation: read_chapter(store.path(name)).appraisal for name, chapter in finished_appraisals(finished)
    }
    found = appraise_scores(tmp_path / "scores.parquet", num_trained=(1, 5))
    assert [one.appraisal.variant for one in found] == ["NO-FT", "BNS-FT"]
    for one, other in zip(found, expected.values(), strict=True):
        mine = one.appraisal
        assert mine.spearmans == pytest.approx(other.spearmans, abs=1e-12)
        assert (mine.num_cells, mine.num_known) == (other.num_cells, other.num_known)
        assert mine.baselines == pytest.approx(other.baselines, abs=1e-9)
        for here, there in zip(mine.comparisons, other.comparisons, strict=True):
            assert here.num_trained == there.num_trained
            assert here.budget_s == pytest.approx(there.budget_s, rel=1e-6)
            assert here.guided_regret == pytest.approx(there.guided_regret, abs=1e-7)
            assert here.random_regret == pytest.approx(there.random_regret, abs=0.05)
    audited = read_evaluations(tmp_path / "scores.parquet", open_benchmark("digits"))
    assert len(audited.supernets) == 4


def test_damage_is_found_before_anything_is_exported(folder, tmp_path):
    path = next((folder / "jobs").glob("score-*/proxies.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="was damaged and is computed again"):
        export_study(folder, tmp_path)
    assert not list(tmp_path.glob("*.parquet"))


def test_nothing_finished(folder, tmp_path):
    for path in (folder / "jobs").glob("appraise-*/job.json"):
        path.unlink()
    with pytest.raises(MissingDataError, match="expected an appraisal that is finished, found none"):
        export_study(folder, tmp_path)


def test_chapters_of_two_experiments_have_names_of_their_own(tiny, folder, tmp_path):
    """And random search on the pools adds the paired comparison of the paper's first version."""
    experiments = {
        "small": {"evaluations": ["bns-ft"]},
        "paired": {"evaluations": ["bns-ft"], "search": {"random_search": "pool", "count_scoring": False}},
    }
    study = decode_study(tiny | {"experiments": experiments})
    report = run_study(folder, study, InProcess(), device="cpu")
    assert (report.complete, report.num_done) == (True, 2)  # the paired appraisal, and the summary
    chapters = [one for _, one in finished_appraisals(folder)]
    assert chapter_variants(chapters) == ["BNS-FT (small)", "BNS-FT (paired)"]
    export_study(folder, tmp_path)
    rows = pq.read_table(tmp_path / "comparisons.parquet").to_pylist()
    assert [(one["against"], one["num_trained"]) for one in rows] == [
        ("space", 1),
        ("space", 5),
        ("space", 1),
        ("space", 5),
        ("pool", 1),
        ("pool", 5),
    ]
    paired = rows[-1]
    assert paired["guided_difference"] == pytest.approx(paired["guided_regret"] - paired["random_regret"])
    assert 0 <= paired["guided_p_value"] <= 1
