"""Scores from Python: data frames, tables, mappings, arrays; right values are SciPy's."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from made_up_score_files import NAMES, NUM, PROXY, TRUTH, features, is_right

from shareornot.appraisal.user_scores import read_user_scores
from shareornot.errors import DataError, ShareOrNotError


def python_sources():
    polars, torch = pytest.importorskip("polars"), pytest.importorskip("torch")
    columns = {"architecture": NAMES, "proxy": PROXY, "standalone": TRUTH}
    lists = {name: list(values) for name, values in columns.items()}
    frame = pd.DataFrame(columns)
    structured = np.array(
        list(zip(NAMES, PROXY, TRUTH, strict=True)), [("architecture", "U9"), ("proxy", "f8"), ("standalone", "f8")]
    )
    return {
        "lists": lists,
        "numpy": columns,
        "columns": columns
        | {"proxy": PROXY[:, None], "standalone": np.stack([TRUTH, TRUTH[::-1], TRUTH], axis=1)[:, [0]]},
        "torch": columns
        | {"proxy": torch.tensor(PROXY, requires_grad=True), "standalone": torch.tensor(TRUTH)[:, None]},
        "scalars of torch": lists | {"proxy": [torch.tensor(value) for value in PROXY]},
        "scalars of numpy": lists | {"proxy": [np.float64(value) for value in PROXY]},
        "pandas": frame,
        "pandas by architecture": frame.set_index("architecture"),
        "pandas without a name": frame.set_index("architecture").rename_axis(None),
        "objects of pandas": frame.astype(object),
        "polars": polars.DataFrame(columns),
        "table": pa.table(columns),
        "batch": pa.RecordBatch.from_pydict(columns),
        "records": [dict(zip(columns, row, strict=True)) for row in zip(NAMES, PROXY, TRUTH, strict=True)],
        "structured": structured,
        "by architecture": {
            name: {"proxy": p, "standalone": t} for name, p, t in zip(NAMES, PROXY, TRUTH, strict=True)
        },
    }


@pytest.mark.parametrize(
    "name",
    [
        "lists",
        "numpy",
        "columns",
        "torch",
        "scalars of torch",
        "scalars of numpy",
        "pandas",
        "pandas by architecture",
        "pandas without a name",
        "objects of pandas",
        "polars",
        "table",
        "batch",
        "records",
        "structured",
        "by architecture",
    ],
)
def test_python_objects(name):
    assert is_right(read_user_scores(python_sources()[name]))


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_columns_of_torch_in_half_precision(kind):
    torch = pytest.importorskip("torch")
    proxies = torch.tensor(PROXY, dtype=getattr(torch, kind))
    scores = read_user_scores({"architecture": NAMES, "proxy": proxies, "standalone": TRUTH})
    assert is_right(scores, proxy=proxies.double().numpy())


def test_two_dimensions_are_super_nets_and_trainings():
    proxies, runs = np.stack([PROXY, -PROXY], axis=1), np.stack([TRUTH, TRUTH[::-1]], axis=1)
    scores = read_user_scores({"architecture": NAMES, "proxy": proxies, "standalone": runs})
    assert len(scores.variants[0].pools) == 2
    assert scores.variants[0].truth.runs.shape == (NUM, 2)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, "expected a file, a data frame, a table or a mapping of columns, got int"),
        ({}, "expected named columns, got none"),
        ({"architecture": ["a"], "proxy": [1, 2], "standalone": [1]}, "architecture 1, proxy 2, standalone 1"),
        ({"architecture": "abc", "proxy": [1], "standalone": [1]}, "got one text; give a list"),
        (
            {"architecture": ["a"], "proxy": ["x"], "standalone": [1]},
            "row 1: column 'proxy': expected numbers, got 'x'",
        ),
        ({"architecture": [], "proxy": [], "standalone": []}, "got a header only"),
        ({"architecture": ["a"], "proxy": np.ones((1, 1, 1)), "standalone": [1]}, "one or two dimensions, got 3"),
        ({"architecture": ["a"], "proxy": [1], "standalone": 0.5}, "expected a value for each row, got float"),
    ],
)
def test_python_objects_that_are_refused(source, message):
    with pytest.raises(ShareOrNotError, match=message):
        read_user_scores(source)


def test_polars_in_every_kind_of_text_and_lazily():
    polars = pytest.importorskip("polars")
    operations = polars.Series([f"op {n % 2}" for n in range(NUM)], dtype=polars.Categorical)
    frame = polars.DataFrame({"architecture": NAMES, "proxy": PROXY, "standalone": TRUTH, "operation": operations})
    for source in (frame, frame.lazy()):
        scores = read_user_scores(source)
        assert is_right(scores)
        assert features(scores)["operation"].tolist() == [f"op {n % 2}" for n in range(NUM)]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_single_column_is_refused(kind):
    with pytest.raises(DataError, match="got Series"):
        read_user_scores(pytest.importorskip(kind).Series([0.1, 0.2]))
