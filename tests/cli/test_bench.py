import json

import pytest

from shareornot.progress import progress_bar
from shareornot.studies.speed import Measure, SpeedReport


@pytest.fixture
def asked(monkeypatch):
    """What was to be measured; the figures are made up."""
    calls = []
    measures = (
        Measure(
            what="adjacency and operations to unique index", unit="cells/s", median=12_345_678.9, low=1e7, high=2e7
        ),
        Measure(what="a training step", unit="s", median=0.04567, low=0.01, high=150.4),
    )

    def measure(what, **options):
        calls.append((what, options))
        notes = ("A sentence that says what the figures mean, and that is longer than eighty characters wide.",)
        return SpeedReport(measures=measures, machine="a machine", notes=notes, date="2026-01-01T00:00")

    monkeypatch.setattr("shareornot.studies.speed.measure_speed", measure)
    return calls


def test_figures_for_people(shareornot, asked):
    options = ["--space", "A4", "--repeats", "2", "--device", "cpu", "--threads", "1"]
    options += ["--images", "digits", "--supernets", "8"]
    shown = shareornot("bench", "supernet", *options).out
    expected = {"space": "A4", "num_repeats": 2, "device": "cpu", "num_threads": 1}
    assert asked == [("supernet", expected | {"images": "digits", "num_supernets": 8, "bars": progress_bar})]
    assert shown.startswith("Speed of supernet\n")
    assert "12,345,679" in shown
    assert "0.0457" in shown
    assert "a machine" in shown
    assert "what the figures mean" in shown
    assert "Measured 2026-01-01T00:00." in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_figures_for_programs(shareornot, asked):
    shown = json.loads(shareornot("bench", "cells", "--json").out)
    assert shown["measures"][1]["median"] == 0.04567
    assert asked[0][0] == "cells"


def test_figures_in_a_file(shareornot, asked, tmp_path):
    shareornot("bench", "cells", "--out", str(tmp_path / "speed.json"))
    written = json.loads((tmp_path / "speed.json").read_text())
    assert written["measures"][1]["median"] == 0.04567
    assert written["machine"] == "a machine"
    assert len(asked) == 1
