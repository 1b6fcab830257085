import json
import re

import pytest

from shareornot.cli.show import blocks_that_fit, show, show_json, show_table
from shareornot.report.table import Table


def test_numbers_that_json_cannot_hold_are_our_bug():
    with pytest.raises(ValueError, match="JSON"):
        show_json(float("nan"))


def test_json(capsys):
    show_json({"a": [1, None]})
    assert json.loads(capsys.readouterr().out) == {"a": [1, None]}


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_table_keeps_its_numbers_whole(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = [["a rather long description of what was measured here", "1,234,567", "8.90 s"], ["[b]b[/b]", "2", "3"]]
    show_table("A title [bold]as it is[/bold]", ["", "number", "time"], rows, "a note")
    shown = capsys.readouterr().out
    assert "A title [bold]as it is[/bold]" in " ".join(shown.split())
    assert re.search(r"1,234,567 +8\.90 s", shown)
    assert "[b]b[/b]" in shown
    assert max(map(len, shown.splitlines())) <= columns


def test_no_colours_where_nobody_watches(capsys):
    show_table("title", ["", "b"], [["1", "2"]], "note")
    assert "\x1b" not in capsys.readouterr().out


WIDE = ["a label of some length", "1,234,567.89", "-0.25", "< 0.001", "1,234,567.89", "another text", "9"]


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_columns_that_do_not_fit_are_named_and_values_stay_whole(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal
    titles = ["", "first number", "change", "p", "a second number", "words", "last"]
    show_table("Many columns", titles, [WIDE] * 3)
    shown = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, shown.splitlines())) <= columns
    assert "a label" in shown
    assert "1,234,567.89" in shown
    assert "\u2026" not in shown
    assert ("Columns that do not fit:" in shown) is (columns < 100)
    assert ("another text" in shown) is (columns == 100)


def test_a_pipe_gets_all_columns_in_blocks_of_80_characters(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    titles = ["k", "rival", *(f"column {number}" for number in range(20))]
    rows = [[k, rival, *[f"{place}.{k}{rival[0]}" for place in range(20)]] for k in "12" for rival in ("ab", "cd")]
    show_table("t", titles, rows)
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert all(shown.count(f" {value}") == 1 for row in rows for value in row[2:])
    assert "do not fit" not in shown
    blocks = shown.count("rival")
    assert blocks > 1
    assert shown.count("ab") == 2 * blocks  # every block has the labels of its rows


@pytest.mark.parametrize("width", [20, 40, 80])
def test_blocks_hold_every_column_once(width):
    rows = [["same", "same", "same", "a text that is longer than others"], ["same", "same", "same", "b"]]
    blocks = list(blocks_that_fit(["a", "b", "c", "d"], rows, width))
    assert blocks[0][0] == 0
    assert sorted({number for block in blocks for number in block}) == [0, 1, 2, 3]
    assert all(len(set(block)) == len(block) for block in blocks)


def test_on_a_narrow_terminal_labels_stay_whole_and_a_long_text_is_folded(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = "011001000;input,conv1x1-bn-relu,output"
    show_table("t", ["", "value"], [["architecture", text], ["num vertices", "3"]])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert any(line.startswith("architecture ") for line in lines)
    assert text in "".join(line.split()[-1] for line in lines[3:5])
    assert "\u2026" not in "".join(lines)


def test_a_table_without_a_row_reports_that(capsys):
    show(Table(name="t", title="Super-nets that diverged", columns=(), rows=()))
    assert capsys.readouterr().out.startswith("Super-nets that diverged: none")
