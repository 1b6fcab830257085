"""One table in all its forms: texts, CSV, LaTeX, JSON and what the page takes."""

import csv
import io
import json
from dataclasses import dataclass

import numpy as np
import pytest

from shareornot.report.table import Column, Format, Table, latex, p_text


@dataclass(frozen=True)
class Row:
    name: str
    share: float
    count: int
    flag: bool
    p: float = 0.5
    nothing: float | None = None


COLUMNS = (
    Column("name", "name & more"),
    Column("share", "share", Format(1, "percent")),
    Column("count", "count"),
    Column("flag", "flag"),
    Column("p", "p", Format(3, is_p=True)),
    Column("nothing", "nothing"),
    Column("twice", "", get=lambda row: row.count * 2),
)
ROWS = (Row("A_1^x, <b>", 0.12345, 1234, True, 0.0002), Row("[red]", -0.00001, -1, False))


@pytest.fixture
def table():
    return Table(name="some-rows", title="Some rows", columns=COLUMNS, rows=ROWS, notes=("a note",))


def test_texts_are_rounded_and_columns_without_a_value_are_left_out(table):
    assert table.texts() == [["A_1^x, <b>", "12.3", "1,234", "yes", "< 0.001"], ["[red]", "0.0", "-1", "", "0.500"]]
    assert [column.title for column in table.shown_columns()] == ["name & more", "share", "count", "flag", "p"]


def test_csv_holds_every_column_in_full_in_the_unit_that_it_names(table):
    rows = list(csv.DictReader(io.StringIO(table.to_csv())))
    assert list(rows[0]) == ["name", "share_percent", "count", "flag", "p", "nothing", "twice"]
    assert [float(row["share_percent"]) for row in rows] == [12.345, -0.001]
    assert (rows[0]["p"], rows[0]["twice"], rows[1]["nothing"]) == ("0.0002", "2468", "")


def test_json_holds_every_field_as_the_project_has_it(table):
    found = json.loads(json.dumps(table.to_json(), allow_nan=False))
    assert found["rows"][0]["share"] == 0.12345
    assert found["rows"][0]["nothing"] is None
    assert "twice" not in found["rows"][0]
    assert found["notes"] == ["a note"]


def test_latex_needs_no_package(table):
    text = table.to_latex()
    assert r"A\_1\textasciicircum{}x, $<$b$>$ & 12.3 & 1,234 & yes & $<$ 0.001 \\" in text
    assert r"name \& more & share (\%) & count" in text
    assert r"\begin{tabular}{lrrrr}" in text
    assert text.startswith("% Some rows\n% a note\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5 \u00b1 0.1", r"0.5 $\pm$ 0.1"),
        ("-0.25", "$-$0.25"),
        ("\u22120.25", "$-$0.25"),
        ("Zürich", "Zurich"),
        ("two\nlines\t\x00", "two lines  "),
        ("\u6df1\u5ea6", "??"),
        ("{\\input|x}", r"\{\textbackslash{}input\textbar{}x\}"),
        ("conv3x3-bn-relu", "conv3x3-bn-relu"),
    ],
)
def test_latex_is_ascii_and_commands_nothing(text, expected):
    assert latex(text) == expected


def test_a_title_of_several_lines_stays_a_comment():
    table = Table(name="t", title="one\n\\input{x}", columns=COLUMNS, rows=ROWS, notes=("a\n\\end",))
    assert not [line for line in table.to_latex().splitlines() if line.startswith(("\\input", "\\end{document"))]
    assert table.to_latex().splitlines()[:2] == ["% one \\input{x}", "% a \\end"]


def test_a_page_has_true_minus_signs_and_keys_to_sort_by(table):
    page = table.to_page(chosen=lambda row: row.count < 0, tones=lambda _, name: "over" if name == "share" else "")
    assert page["rows"][1][:3] == ["[red]", "0.0", "\u22121"]
    assert page["keys"][0] == ["A_1^x, <b>", 0.12345, 1234, 1, 0.0002]
    assert page["tones"][0] == ["", "over", "", "", ""]
    assert page["chosen"] == [False, True]
    assert [column["numeric"] for column in page["columns"]] == [False, True, True, True, True]


def test_numpy_scalars_become_plain_ones_and_infinity_a_word():
    column = Column("value", "value")
    assert type(column.value({"value": np.float32(0.5)})) is float
    assert column.value({"value": float("inf")}) == "inf"
    with pytest.raises(TypeError, match="ndarray"):
        column.value({"value": np.zeros(2)})


def test_small_p_values_are_not_distinguished():
    assert (p_text(0.0), p_text(0.00099), p_text(0.001), p_text(1.0)) == ("< 0.001", "< 0.001", "0.001", "1.000")


def test_a_table_without_rows_has_a_header():
    empty = Table(name="none", title="None", columns=COLUMNS, rows=())
    assert empty.to_csv() == "name,share_percent,count,flag,p,nothing,twice\n"
    assert empty.texts() == []
    assert empty.to_page() is None
    assert r"\hline" in empty.to_latex()


def test_notes_of_columns_that_are_not_shown_are_left_out():
    rows = ({"a": 1.0, "no": False, "all": None},)
    notes = ("Mean over runs.", "A: first.", "No: second.", "All: third.")
    columns = (Column("a", "a"), Column("no", "no", Format(no="no")), Column("all", "all"))
    table = Table(name="t", title="t", columns=columns, rows=rows, notes=notes)
    assert table.shown_notes() == ["Mean over runs.", "A: first.", "No: second."]
    assert table.texts() == [["1.00", "no"]]
    assert "third" not in table.to_latex()
    assert table.to_json()["notes"] == list(notes)
