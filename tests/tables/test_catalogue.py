"""Benchmarks by name."""

import pytest

from shareornot.errors import MissingDataError
from shareornot.tables.catalogue import benchmark_path, open_benchmark
from shareornot.tables.table_file import write_table


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("nasbench101", "nasbench101.arrow, found none; run: shareornot data fetch nasbench101"),
        ("nasbench201", "nasbench201.arrow, found none; run: shareornot data fetch nasbench201 --from FILE"),
        ("nasbench101-full", "nasbench101-full.arrow, found none; run: shareornot data fetch nasbench101 --full"),
        (
            "nasbench102",
            "name a file or one of digits, digits-201, nasbench101, nasbench101-full, nasbench201, macro; try",
        ),
    ],
)
def test_missing_tables_are_reported_with_a_remedy(name, remedy):
    with pytest.raises(MissingDataError, match=remedy):
        open_benchmark(name)


def test_the_full_table_answers_for_the_other(data_folder, make_columns, info):
    write_table(data_folder / "nasbench101-full.arrow", make_columns(), info)
    assert benchmark_path("nasbench101") == data_folder / "nasbench101-full.arrow"
    write_table(data_folder / "nasbench101.arrow", make_columns(), info)
    assert benchmark_path("nasbench101") == data_folder / "nasbench101.arrow"
    assert benchmark_path("nasbench101-full") == data_folder / "nasbench101-full.arrow"


def test_a_path_is_a_name_too(tmp_path, make_columns, info):
    write_table(tmp_path / "mine.arrow", make_columns(), info)
    assert open_benchmark(tmp_path / "mine.arrow").info == open_benchmark(str(tmp_path / "mine.arrow")).info == info
