import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from shareornot.errors import (
    CellError,
    DataError,
    MissingDataError,
    SettingsError,
    UnitError,
    UnknownCellError,
)
from shareornot.reproduction.evaluations import read_evaluations
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import Cell, space_cells

A1 = space_cells(open_space("A1"), 5)


def rows(**changes):
    """Two super-nets with three evaluations each, as columns."""
    columns = {
        "variant": ["baseline_ft_bn"] * 6,
        "space": ["1"] * 6,
        "seed": [0, 0, 0, 1, 1, 1],
        "position": [0, 1, 2, 0, 1, 2],
        "cell": A1[[5, 3, 5, 9, 8, 7]].tolist(),
        "proxy_validation_accuracy": [0.5, 0.6, 0.7, 0.1, 0.2, 0.3],
    } | changes
    return {name: values for name, values in columns.items() if values is not None}


@pytest.fixture(params=["parquet", "csv"])
def write(request, tmp_path):
    """Write columns to a file of either format."""

    def to_file(columns):
        path = tmp_path / "evaluations"
        (pq.write_table if request.param == "parquet" else pacsv.write_csv)(pa.table(columns), path)
        return path

    return to_file


def test_published_names_become_those_of_the_paper(write, replay_table):
    found = read_evaluations(write(rows()), replay_table)
    assert [(one.variant, one.space, one.seed) for one in found.supernets] == [("BNS-FT", "A1", 0), ("BNS-FT", "A1", 1)]
    np.testing.assert_array_equal(found.supernets[0].cells, A1[[5, 3, 5]])
    np.testing.assert_array_equal(found.supernets[1].proxies, [0.1, 0.2, 0.3])
    assert found.supernets[0].cells.dtype == np.int32


def test_rows_may_come_in_any_order(write, replay_table):
    shuffled = np.random.default_rng(0).permutation(6)
    columns = {name: np.array(values)[shuffled] for name, values in rows().items()}
    found = read_evaluations(write(columns), replay_table)
    expected = read_evaluations(write(rows()), replay_table)
    for one, other in zip(found.supernets, expected.supernets, strict=True):
        np.testing.assert_array_equal(one.cells, other.cells)
        np.testing.assert_array_equal(one.proxies, other.proxies)


def test_without_positions_the_order_of_rows_counts(write, replay_table):
    found = read_evaluations(write(rows(position=None, seed=[0, 1, 0, 1, 0, 1])), replay_table)
    np.testing.assert_array_equal(found.supernets[0].proxies, [0.5, 0.7, 0.2])


@pytest.mark.parametrize("name", ["module_hash", "architecture"])
def test_cells_by_hash_and_by_text(write, replay_table, name):
    cells = [Cell.from_index(index) for index in rows()["cell"]]
    texts = [cell.official_hash().upper() if name == "module_hash" else str(cell) for cell in cells]
    found = read_evaluations(write(rows(cell=None) | {name: texts}), replay_table)
    np.testing.assert_array_equal(found.supernets[0].cells, A1[[5, 3, 5]])


def test_own_variants_and_spaces_keep_their_names_after_the_papers(write, replay_table):
    columns = rows(variant=["mine"] * 3 + ["BNS-FT"] * 3, space=["num_output_edges=1"] * 3 + ["a1"] * 3)
    found = read_evaluations(write(columns), replay_table)
    assert found.variants == ("BNS-FT", "mine")
    assert found.spaces == ("A1", "num_output_edges=1")
    np.testing.assert_array_equal(found.cells_of("num_output_edges=1"), A1[[3, 5]])


def test_proxies_that_are_not_finite_are_kept(write, replay_table):
    proxies = [float("nan"), 0.6, 0.7, 0.1, 0.2, float("inf")]
    found = read_evaluations(write(rows(proxy_validation_accuracy=proxies)), replay_table)
    np.testing.assert_array_equal(found.supernets[0].proxies, proxies[:3])
    np.testing.assert_array_equal(found.supernets[1].proxies, proxies[3:])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"proxy_validation_accuracy": None}, DataError, "expected the columns proxy"),
        ({"cell": None}, DataError, "expected the columns architecture"),
        ({"seed": [0, 0, 0, 1, 1, None]}, DataError, "column 'seed': .* 1 gap, the first in row 6"),
        (
            {"proxy_validation_accuracy": ["a"] * 6},
            DataError,
            "row 1.*column 'proxy_validation_accuracy': expected num",
        ),
        ({"proxy_validation_accuracy": [50.0] * 6}, UnitError, "divide percentages by 100"),
        ({"proxy_validation_accuracy": [-0.1] * 6}, UnitError, "got -0.1"),
        ({"position": [0, 1, 1, 0, 1, 2]}, DataError, "got 1 twice"),
        ({"space": ["nowhere"] * 6}, SettingsError, "space: expected one of"),
        ({"space": ["2"] * 6}, DataError, "expected cells of A2"),
        ({"space": ["red\nalert"] * 6}, SettingsError, "space: expected one of"),
        ({"variant": [" "] * 6}, DataError, "6 gaps, the first in row 1"),
        ({"variant": ["BNS-FT", "baseline_ft_bn", "BNS-FT"] * 2}, DataError, "got two for BNS-FT A1 seed 0"),
        ({"seed": [0, 0, 0, 0, 0, 1], "position": None}, DataError, "at least 2 evaluations"),
        ({"cell": [-1] * 6}, UnknownCellError, "row 1.*such as cell -1"),
        ({"cell": [2**40] * 6}, UnknownCellError, "such as cell 1099511627776"),
        ({"cell": [400_000] * 6}, UnknownCellError, "such as cell 400000"),
        ({"cell": None, "module_hash": ["0" * 32] * 6}, UnknownCellError, "got 1 others, such as '000"),
        ({"cell": None, "architecture": ["[red]"] * 6}, CellError, "expected text like"),
    ],
)
def test_hostile_columns(write, replay_table, changes, error, message):
    with pytest.raises(error, match=message):
        read_evaluations(write(rows(**changes)), replay_table)


def test_a_file_of_scores_is_read_as_well(write, replay_table):
    texts = [str(Cell.from_index(index)) for index in rows()["cell"]]
    columns = rows(cell=None, seed=None, position=None, variant=None, space=None, proxy_validation_accuracy=None)
    columns |= {
        "architecture": texts,
        "supernet": [*["seed-3"] * 3, *["seed-12"] * 3],
        "proxy": rows()["proxy_validation_accuracy"],
    }
    found = read_evaluations(write(columns | {"standalone": [0.5] * 6}), replay_table)
    assert [(one.variant, one.space, one.seed) for one in found.supernets] == [
        ("own", "A_FULL", 3),
        ("own", "A_FULL", 12),
    ]
    np.testing.assert_array_equal(found.supernets[0].cells, A1[[5, 3, 5]])


def test_seeds_that_were_read_as_real_numbers(write, replay_table):
    found = read_evaluations(write(rows(seed=[0.0, 0.0, 0.0, 1.0, 1.0, 1.0])), replay_table)
    assert [one.seed for one in found.supernets] == [0, 1]
    named = read_evaluations(write(rows(seed=["a", "a", "a", "b", "b", "b"])), replay_table)
    assert [one.seed for one in named.supernets] == [0, 1]


def test_a_cell_that_a_partial_table_lacks(write, partial_table):
    with pytest.raises(UnknownCellError, match="NASBench-101 made up"):
        read_evaluations(write(rows()), partial_table)


def test_missing_file(tmp_path, replay_table):
    with pytest.raises(MissingDataError, match="found none"):
        read_evaluations(tmp_path / "nothing.parquet", replay_table)


def test_folder_in_place_of_a_file(tmp_path, replay_table):
    with pytest.raises(DataError, match="name a file"):
        read_evaluations(tmp_path, replay_table)


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"\x00\xff\xfe", b"<html>not found</html>\n"])
def test_something_else_than_a_table(tmp_path, replay_table, content):
    path = tmp_path / "evaluations.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected"):
        read_evaluations(path, replay_table)


def test_a_table_without_rows(tmp_path, replay_table):
    path = tmp_path / "evaluations.parquet"
    pq.write_table(pa.table(rows()).slice(0, 0), path)
    with pytest.raises(DataError, match="got a header only"):
        read_evaluations(path, replay_table)


def test_truncated_parquet(tmp_path, replay_table):
    path = tmp_path / "evaluations.parquet"
    pq.write_table(pa.table(rows()), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"expected a Parquet file of scores, got: .*write it again"):
        read_evaluations(path, replay_table)
