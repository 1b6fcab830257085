import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.errors import DataError, UnitError
from shareornot.spaces.macro import FAMILY
from shareornot.tables import import_macro


def published(folder, **changes):
    texts = FAMILY.texts(np.array([5, 77, 6_560]))
    sizes = FAMILY.sizes(FAMILY.parse(texts))
    content = {
        text: {
            "test_acc": [90.0 + row, 91.0, 92.0],
            "mean_acc": 91.0,
            "std": 1.0,
            "params": int(sizes["number of parameters"][row]),
            "flops": int(sizes["number of operations"][row]),
        }
        | changes
        for row, text in enumerate(texts)
    }
    (folder / "macro.json").write_text(json.dumps(content))
    return folder / "macro.json"


def test_the_published_layout(tmp_path):
    table = import_macro(published(tmp_path), tmp_path / "macro.arrow")
    assert table.architectures.tolist() == [5, 77, 6_560]
    assert (table.metrics, table.settings) == (("test_accuracy",), ("cifar10",))
    np.testing.assert_allclose(table.values("test_accuracy")[1], [0.91, 0.91, 0.92], rtol=1e-6)


def test_the_real_columns(shared_data, tmp_path):
    table = import_macro(shared_data / "nas-bench-macro.parquet", tmp_path / "macro.arrow")
    assert (len(table), table.values("test_accuracy").shape) == (6_561, (6_561, 3))
    source = pq.read_table(shared_data / "nas-bench-macro.parquet")
    rows, _ = table.rows_of(FAMILY.parse(source["architecture"].to_pylist()))
    for run in range(3):
        expected = source[f"test_accuracy_{run}"].to_numpy() / 100
        np.testing.assert_allclose(table.values("test_accuracy")[rows, run], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"params": 12}, DataError, "params of 00000012: expected .* got 12"),
        ({"flops": 12}, DataError, "flops of 00000012"),
        ({"test_acc": [0.9, 0.9, 0.9]}, UnitError, "expected percentages"),
        ({"test_acc": "good"}, DataError, "expected a column 'test_acc_0'"),
    ],
)
def test_other_numbers_are_refused(tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        import_macro(published(tmp_path, **changes), tmp_path / "macro.arrow")
    assert not (tmp_path / "macro.arrow").exists()


@pytest.mark.parametrize("content", ["[]", "{", '{"01": {}}', '{"00000012": 3}'])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "odd.json").write_text(content)
    with pytest.raises(DataError):
        import_macro(tmp_path / "odd.json", tmp_path / "macro.arrow")
