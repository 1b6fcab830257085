import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata

import pytest

from shareornot.studies import provenance
from shareornot.studies.provenance import installed_versions, make_provenance, used_data


def test_all_warnings_are_kept(tmp_path):
    (tmp_path / "table.arrow").write_bytes(b"rows")
    made = make_provenance(
        "A4",
        command="shareornot appraise results/a4",
        seeds=[3, 4],
        settings={"epochs": 432, "space": "A4"},
        data_files={"nasbench101": tmp_path / "table.arrow"},
        duration_s=12.5,
        now=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        notes=["Times are the table's."],
    )
    assert made.date == "2026-03-01T12:30:00+00:00"
    assert made.seeds == (3, 4)
    (data,) = made.data_sets
    assert (data.name, data.size_bytes) == ("nasbench101", 4)
    assert data.sha256 == hashlib.sha256(b"rows").hexdigest()
    assert json.loads(json.dumps(asdict(made)))["settings"] == {"epochs": 432, "space": "A4"}


def test_a_file_is_called_by_its_own_name(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("a")
    assert used_data(path).name == "scores.csv"
    with pytest.raises(FileNotFoundError):
        used_data(tmp_path / "missing")


def test_versions_of_what_is_installed(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package"))
    assert installed_versions().keys() == {"python", "numpy"}
    assert installed_versions()["numpy"] == metadata.version("numpy")


def test_the_clock_is_read_where_no_time_is_given():
    assert datetime.fromisoformat(make_provenance("now").date).tzinfo is not None
