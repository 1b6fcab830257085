"""The own preference and choice of methods, judged by a table whose accuracies are known."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.appraisal.appraisal import appraise
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.own_word import OwnScores, read_own, write_own
from shareornot.appraisal.rows import agreement_row, supernet_rows
from shareornot.appraisal.serialization import read_chapter, write_chapter
from shareornot.errors import DataError
from shareornot.spaces import open_space


@pytest.fixture(scope="module")
def appraised(replay_table):
    """Two methods that return the best and the worst architecture, and prefer by accuracy and against it."""
    test, validation = replay_table.mean("test_accuracy"), replay_table.mean("validation_accuracy")
    rng = np.random.default_rng(0)
    pools = []
    for seed, (choice, sign) in enumerate(((test.argmax(), 1), (test.argmin(), -1), (None, None))):
        rows = rng.choice(len(replay_table.cells), 100, replace=False)
        pools.append(
            ScoredPool(
                name=f"seed-{seed}",
                cells=replay_table.cells[rows],
                proxies=np.clip(validation[rows] + rng.normal(0, 0.02, 100), 0, 1),
                own_choice=None if choice is None else int(replay_table.cells[choice]),
                own_preferences=None if sign is None else sign * validation[rows],
            )
        )
    costs = SupernetCosts(training=4.0, scoring=0.01)
    found = appraise(replay_table, open_space("A_FULL"), pools, costs, np.random.default_rng(0), num_runs=20)
    return found, float(test.max() - test.min())


def test_the_own_choice_has_its_test_regret(appraised):
    found, worst = appraised
    assert found.own.regrets == (0, pytest.approx(worst), None)
    assert found.own.regret.mean == pytest.approx(worst / 2)
    assert found.own.regret.n == 2
    row = agreement_row(found)
    assert row["own_regret"] == found.own.regret.mean
    assert row["own_regret_low"] == found.own.regret.low


def test_the_own_preference_has_its_correlation(appraised):
    found, _ = appraised
    assert found.own.preferences == (pytest.approx(1), pytest.approx(-1), None)
    assert found.own.preference.mean == pytest.approx(0)
    assert (found.own.preference.low, found.own.preference.high) == (-1, 1)  # where it is cut


def test_the_verdict_and_the_rows_name_it(appraised):
    found, worst = appraised
    words = " ".join(found.verdict.details)
    assert f"The architecture that the method itself returns has a test regret of {worst * 50:.2f} (" in words
    assert "points, mean over 2 super-nets; random search in the time of the verdict reaches " in words
    assert "The method's own preference ranks the architectures with a Spearman correlation of 0.00" in words
    texts = [row["own_choice"] for row in supernet_rows(found)]
    assert texts[2] is None
    choices = np.array(found.own.choices[:2])
    assert texts[:2] == found.architectures.texts(choices)


def test_a_record_keeps_it(appraised, tmp_path):
    found, _ = appraised
    write_chapter(tmp_path, Chapter(appraisal=found))
    again = read_chapter(tmp_path).appraisal
    assert again.own == found.own
    np.testing.assert_array_equal(again.pools[0].own_preferences, found.pools[0].own_preferences)
    stored = json.loads((tmp_path / "record.json").read_bytes())  # as an earlier version wrote it
    for name in ("own", "method", "training_cost"):
        del stored["appraisal"][name]
    (tmp_path / "record.json").write_text(json.dumps(stored))
    assert read_chapter(tmp_path).appraisal.own is None


@pytest.mark.parametrize("choice", [None, 7])
@pytest.mark.parametrize("numbers", [None, np.array([-1.5, -2.5])])
def test_the_file_gives_back_what_was_written(choice, numbers, tmp_path):
    cells = np.array([3, 5], np.int32)
    write_own(tmp_path / "own.parquet", OwnScores(cells=cells, own_preferences=numbers, choice=choice))
    found = read_own(tmp_path / "own.parquet")
    np.testing.assert_array_equal(found.cells, cells)
    assert found.choice == choice
    if numbers is None:
        assert found.own_preferences is None
    else:
        np.testing.assert_array_equal(found.own_preferences, numbers)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "own.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="expected the preference of a method, got"):
        read_own(path)
    pq.write_table(pa.table({"cell": pa.array([-1], pa.int32()), "preference": [0.0]}), path)
    with pytest.raises(DataError, match="expected numbers of architectures from 0"):
        read_own(path)
