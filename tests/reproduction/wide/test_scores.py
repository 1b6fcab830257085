import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.errors import ArchitectureError, DataError, SettingsError
from shareornot.reproduction.wide.scores import baseline_columns, is_wide, wide_scores
from shareornot.tables import open_table

NUM = 200


@pytest.fixture(scope="module")
def table(wide_folder):
    return open_table(wide_folder / "truth.arrow")


@pytest.fixture(scope="module")
def columns(wide_folder):
    return read_columns(wide_folder / "scores.parquet")


def changed(columns, **arrays):
    return read_columns({**{name: array.to_pylist() for name, array in columns.named.items()}, **arrays})


def test_a_column_is_a_super_net(columns, table):
    assert is_wide(columns)
    scores = wide_scores(columns, table)
    assert len(scores.names) == 12
    assert scores.scores.shape == (12, NUM)
    np.testing.assert_array_equal(np.sort(scores.architectures), table.architectures)
    np.testing.assert_array_equal(scores.scores[3], np.array(columns.named[scores.names[3]], float))
    assert wide_scores(columns, table, supernets=["seed-0-*"]).names == tuple(
        name for name in scores.names if name.startswith("seed-0-")
    )


def test_a_long_table_is_not_wide():
    assert not is_wide(read_columns({"architecture": ["a", "b"], "proxy": [0.1, 0.2]}))


def test_super_nets_that_rank_nothing_are_left_out(columns, table):
    gap, constant = [None] + [1.0] * (NUM - 1), [0.1] * NUM
    scores = wide_scores(changed(columns, gap=gap, constant=constant), table)
    assert scores.left_out == ("gap", "constant")
    assert len(scores.names) == 12
    assert any("Left out" in note and "gap, constant" in note for note in scores.notes)


def test_architectures_that_the_table_lacks_are_left_out(columns, table):
    text = table.space.texts(np.setdiff1d(np.arange(500), table.architectures)[:1])[0]
    more = changed(columns, architecture=[text, *columns.named["architecture"].to_pylist()[1:]])
    scores = wide_scores(more, table)
    assert len(scores.architectures) == NUM - 1
    assert scores.notes == ("1 architectures that the table made up does not hold are left out.",)


def test_bad_tables(columns, table):
    texts = columns.named["architecture"].to_pylist()
    with pytest.raises(DataError, match="row 2: expected each architecture once"):
        wide_scores(changed(columns, architecture=[texts[0], *texts[:-1]]), table)
    with pytest.raises(ArchitectureError, match="nonsense"):
        wide_scores(changed(columns, architecture=["nonsense", *texts[1:]]), table)
    with pytest.raises(SettingsError, match="super-net 'nobody'"):
        wide_scores(columns, table, supernets=["nobody"])
    with pytest.raises(DataError, match="a column of scores for each super-net"):
        wide_scores(read_columns({"architecture": texts, "index": list(range(NUM))}), table)
    with pytest.raises(DataError, match="at least 20 architectures"):
        wide_scores(columns.take(np.arange(5)), table)


def test_baselines_come_in_the_order_of_the_scores(columns, table, wide_folder):
    scores = wide_scores(columns, table)
    found = baseline_columns(wide_folder / "truth.parquet", ["zero_cost"], table, scores.architectures)["zero_cost"]
    truth = pq.read_table(wide_folder / "truth.parquet")
    by_text = dict(zip(truth["architecture"].to_pylist(), truth["zero_cost"].to_pylist(), strict=True))
    expected = np.array([by_text[text] for text in columns.named["architecture"].to_pylist()])
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[finite], expected[finite])
    assert (found[~finite] < found[finite].min()).all(), "minus infinity comes last"


def test_bad_baselines(columns, table, wide_folder, tmp_path):
    architectures = wide_scores(columns, table).architectures
    path = tmp_path / "few.parquet"
    pq.write_table(pq.read_table(wide_folder / "truth.parquet").slice(0, NUM - 1), path)
    with pytest.raises(DataError, match="all scored architectures, got 1 less"):
        baseline_columns(path, ["zero_cost"], table, architectures)
    truth = pq.read_table(wide_folder / "truth.parquet")
    pq.write_table(truth.append_column("gaps", pa.array([None] * NUM, pa.float64())), path)
    with pytest.raises(DataError, match="got 200 without"):
        baseline_columns(path, ["gaps"], table, architectures)
