import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shareornot.appraisal.scores_file import ScoredCells, read_scores, write_scores
from shareornot.errors import DataError, MissingDataError, UnitError

ORIGIN = {
    "evaluation": {"adaptation": "average", "num_batches": 4, "batch_size": 50, "seed": 3},
    "num_train_images": 200,
    "num_validation_images": 797,
}


def scores(cells=(5, 5, 0, 423_623), proxies=(0.1, 0.1, 1.0, 0.0), origin=None):
    return ScoredCells(
        cells=np.array(cells, np.int32), proxies=np.array(proxies, float), origin=ORIGIN if origin is None else origin
    )


def write_columns(path, **columns):
    table = pa.table(columns).replace_schema_metadata({b"shareornot": json.dumps(ORIGIN)})
    pq.write_table(table, path)
    return path


@settings(max_examples=25)
@given(
    cells=hnp.arrays(np.int32, st.integers(0, 20), elements=st.integers(0, 423_623)),
    seed=st.integers(0, 1000),
)
def test_what_is_written_is_read(tmp_path_factory, cells, seed):
    path = tmp_path_factory.mktemp("scores") / "new" / "proxies.parquet"
    proxies = np.random.default_rng(seed).random(len(cells))
    write_scores(path, ScoredCells(cells=cells, proxies=proxies, origin=ORIGIN))
    read = read_scores(path)
    np.testing.assert_array_equal(read.cells, cells)
    np.testing.assert_array_equal(read.proxies, proxies)
    assert read.origin == ORIGIN


def test_a_diverged_super_net_keeps_its_scores_that_are_not_finite(tmp_path):
    write_scores(tmp_path / "p.parquet", scores(proxies=(np.nan, 0.1, np.inf, 0.2)))
    assert np.isfinite(read_scores(tmp_path / "p.parquet").proxies).tolist() == [False, True, False, True]


def test_a_missing_file_is_named_with_the_remedy(tmp_path):
    with pytest.raises(MissingDataError, match=r"expected proxies\.parquet, found none; score"):
        read_scores(tmp_path / "proxies.parquet")


def test_percentages_are_refused(tmp_path):
    write_scores(tmp_path / "p.parquet", scores(proxies=(0.1, 0.2, 0.3, 94.2)))
    with pytest.raises(UnitError, match=r"got 94\.2; divide percentages by 100"):
        read_scores(tmp_path / "p.parquet")


def test_negative_numbers_are_refused(tmp_path):
    write_scores(tmp_path / "p.parquet", scores(cells=(0, 1, 2, -1)))
    with pytest.raises(DataError, match="expected numbers of architectures from 0"):
        read_scores(tmp_path / "p.parquet")


def test_indices_of_another_type_are_refused(tmp_path):
    path = write_columns(tmp_path / "p.parquet", cell=pa.array([1.5]), proxy_validation_accuracy=[0.5])
    with pytest.raises(DataError, match="expected numbers of architectures"):
        read_scores(path)


def test_a_cell_that_is_missing_is_refused(tmp_path):
    cells = pa.array([1, None], pa.int32())
    path = write_columns(tmp_path / "p.parquet", cell=cells, proxy_validation_accuracy=[0.5, 0.5])
    with pytest.raises(DataError, match="expected numbers of architectures"):
        read_scores(path)


def test_other_columns_are_refused(tmp_path):
    path = write_columns(tmp_path / "p.parquet", cell=pa.array([1], pa.int32()), accuracy=[0.5])
    with pytest.raises(DataError, match="expected scored cells in Parquet format"):
        read_scores(path)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"PAR1" + bytes(40) + b"PAR1"])
def test_another_format_is_refused(tmp_path, content):
    path = tmp_path / "p.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match="delete it, score again"):
        read_scores(path)


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "p.parquet"
    write_scores(path, scores())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="expected scored cells in Parquet format"):
        read_scores(path)


def test_a_flipped_bit_among_the_scores_is_refused(tmp_path):
    path = tmp_path / "p.parquet"
    proxies = np.random.default_rng(0).random(1000)
    write_scores(path, scores(cells=range(1000), proxies=proxies))
    content = bytearray(path.read_bytes())
    content[content.index(proxies[500].tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected scored cells in Parquet format"):
        read_scores(path)


@pytest.mark.parametrize(
    "origin",
    [
        [1, 2],
        {},
        ORIGIN | {"evaluation": "average"},
        ORIGIN | {"evaluation": {"seed": 0}},
        {name: value for name, value in ORIGIN.items() if name != "num_train_images"},
    ],
)
def test_scores_without_a_record_of_their_settings_are_refused(tmp_path, origin):
    path = write_columns(tmp_path / "p.parquet", cell=pa.array([1], pa.int32()), proxy_validation_accuracy=[0.5])
    table = pq.read_table(path).replace_schema_metadata({b"shareornot": json.dumps(origin)})
    pq.write_table(table, path)
    with pytest.raises(DataError, match="expected how the scores were made"):
        read_scores(path)


def test_metadata_of_no_kind_is_refused(tmp_path):
    pq.write_table(pa.table({"cell": pa.array([1], pa.int32()), "proxy_validation_accuracy": [0.5]}), tmp_path / "p")
    with pytest.raises(DataError, match="expected scored cells"):
        read_scores(tmp_path / "p")


def test_the_half_of_the_images_goes_into_the_file_and_gives_the_reliability(tmp_path):
    rng = np.random.default_rng(0)
    true = rng.uniform(0.2, 0.8, 200)
    first, second = rng.binomial(51, true) / 51, rng.binomial(50, true) / 50
    origin = {
        "evaluation": {"adaptation": "average", "num_batches": 4, "batch_size": 8, "seed": 0},
        "num_train_images": 10,
        "num_validation_images": 101,
    }
    scores = ScoredCells(
        cells=np.arange(200, dtype=np.int32),
        proxies=(51 * first + 50 * second) / 101,
        origin=origin,
        first_half=first,
    )
    write_scores(tmp_path / "a.parquet", scores)
    read = read_scores(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read.first_half, first)
    r = np.corrcoef(first, second)[0, 1]
    assert read.reliability == pytest.approx(2 * r / (1 + r))
    write_scores(tmp_path / "b.parquet", ScoredCells(cells=scores.cells, proxies=scores.proxies, origin=origin))
    assert read_scores(tmp_path / "b.parquet").reliability is None
