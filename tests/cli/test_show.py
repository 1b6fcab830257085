import json
import re

import pytest

from shareornot.cli.show import show_json, show_table


def test_numbers_that_json_does_not_know_are_our_bug():
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
