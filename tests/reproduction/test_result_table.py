import csv
import io
import json
from dataclasses import dataclass

import numpy as np
import pytest

from shareornot.reproduction.result_table import Column, ResultTable


@dataclass(frozen=True)
class Row:
    name: str
    share: float
    count: int
    flag: bool
    nothing: float | None = None


COLUMNS = (
    Column("name", "name & more"),
    Column("share", "share, %", digits=1, scale=100.0),
    Column("count", "count"),
    Column("flag", "flag"),
    Column("nothing", "nothing"),
)


@pytest.fixture
def table():
    rows = [Row("A_1^x, <b>", 0.12345, 1234, True), Row("[red]", -0.00001, -1, False, nothing=float("nan"))]
    return ResultTable.of("some-rows", "Some rows", COLUMNS, rows, ["a note"])


def test_texts_are_rounded_for_people(table):
    assert table.texts() == [["A_1^x, <b>", "12.3", "1,234", "yes", ""], ["[red]", "0.0", "-1", "", "nan"]]


def test_csv_holds_every_field_in_full(table):
    rows = list(csv.DictReader(io.StringIO(table.to_csv())))
    assert [float(row["share"]) for row in rows] == [0.12345, -0.00001]
    assert [row["name"] for row in rows] == ["A_1^x, <b>", "[red]"]


def test_json_holds_no_number_that_json_lacks(table):
    found = json.loads(json.dumps(table.to_json(), allow_nan=False))
    assert found["rows"][0] == {"name": "A_1^x, <b>", "share": 0.12345, "count": 1234, "flag": True, "nothing": None}
    assert found["rows"][1]["nothing"] == "nan"
    assert found["notes"] == ["a note"]


def test_latex_escapes_what_it_would_interpret(table):
    text = table.to_latex()
    assert r"A\_1\textasciicircum{}x, \textless{}b\textgreater{} & 12.3 & 1,234 & yes &  \\" in text
    assert r"name \& more & share, \% & count" in text
    assert r"\begin{tabular}{lrrrl}" in text
    assert text.count("\n% ") == 1  # the note; the title begins the text


def test_numpy_scalars_become_plain_ones():
    @dataclass(frozen=True)
    class Numpy:
        value: object

    row = ResultTable.of("t", "t", (Column("value", "value"),), [Numpy(np.float32(0.5))]).rows[0]
    assert type(row["value"]) is float


def test_arrays_are_refused():
    @dataclass(frozen=True)
    class Array:
        value: object

    with pytest.raises(TypeError, match="ndarray"):
        ResultTable.of("t", "t", (Column("value", "value"),), [Array(np.zeros(2))])


def test_a_table_without_rows_has_a_header():
    empty = ResultTable.of("none", "None", COLUMNS, [])
    assert empty.to_csv() == "name,share,count,flag,nothing\n"
    assert empty.texts() == []
    assert r"\toprule" in empty.to_latex()
