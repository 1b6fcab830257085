"""Tables of a replay: the paper's headings beside the paper's figures, and neither where nothing is printed."""

import json

import pytest

from shareornot.report.replay_columns import replay_tables, replay_to_json, write_replay
from shareornot.reproduction.replay import ReplaySettings, replay

QUICK = {"num_redraws": 20, "num_runs": 10, "num_resamples": 5}


@pytest.fixture(scope="module")
def own(replay_table, make_evaluations):
    return replay(make_evaluations(replay_table), replay_table, ReplaySettings(**QUICK))


@pytest.fixture(scope="module")
def printed(partial_table, make_evaluations):
    return replay(make_evaluations(partial_table, spaces=("A_FULL",)), partial_table, ReplaySettings(**QUICK))


def test_own_evaluations_have_no_heading_and_no_column_of_the_paper(own):
    for table in replay_tables(own):
        assert "Table" not in table.title
        assert "Version" not in table.title
        titles = [column.title for column in table.shown_columns()] if table.rows else []
        assert not {"printed", "ours", "as printed", "same sign", "implied"} & set(titles)


def test_the_papers_figures_stand_beside(printed):
    tables = {table.name: table for table in replay_tables(printed)}
    assert tables["table-1"].title.startswith("Table 1")
    assert {"printed", "ours"} <= {column.title for column in tables["table-1"].shown_columns()}
    assert any("entries round to what is printed" in note for note in tables["table-1"].notes)
    assert {"claims", "consistency"} <= tables.keys()


def test_every_row_is_written_in_full(own, tmp_path):
    written = write_replay(own, tmp_path / "out")
    tables = replay_tables(own)
    assert len(written) == 1 + 2 * len(tables)
    read = json.loads((tmp_path / "out" / "replay.json").read_text())
    assert read == json.loads(json.dumps(replay_to_json(own)))
    assert read["evaluations"] == {"num_supernets": 12, "num_evaluations": 720}
    by_name = {table["name"]: table["rows"] for table in read["tables"]}
    assert [row["difference"] for row in by_name["version-2"]] == [row.difference for row in own.version2]
    header, first = (tmp_path / "out" / "version-2.csv").read_text().splitlines()[:2]
    position = header.split(",").index("difference_points")
    assert float(first.split(",")[position]) == pytest.approx(own.version2[0].difference * 100)


def test_tables_come_in_the_order_of_the_sections(own):
    assert [table.name for table in replay_tables(own)] == [
        "table-1",
        "without-copies",
        "copies",
        "diverged",
        "quality",
        "ceilings",
        "size-correlation",
        "version-1",
        "version-2",
        "first-population",
    ]
