"""The command, run within this process; a small table of NASBench-101's kind, and super-nets that are scored."""

from dataclasses import dataclass

import numpy as np
import pytest
from typer.testing import CliRunner

from shareornot.cli.app import app
from shareornot.spaces.nasbench101 import Cell, parameter_count
from shareornot.studies import StudySettings
from shareornot.tables import TableColumns, TableInfo, open_benchmark, write_table
from shareornot.tables.table_file import VALUE_COLUMNS


@dataclass(frozen=True, kw_only=True)
class Output:
    code: int
    out: str
    err: str


@pytest.fixture
def shareornot(monkeypatch, tmp_path):
    """Runs a command on a terminal of 80 columns, with an empty data folder."""
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        result = CliRunner().invoke(app, [str(one) for one in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Output(code=result.exit_code, out=result.stdout, err=result.stderr)

    return run


@pytest.fixture(autouse=True)
def few_runs(monkeypatch):
    """Searches are run few times: these tests look at what is shown, and not at the figures."""
    monkeypatch.setattr("shareornot.appraisal.appraisal.NUM_RUNS", 20)
    monkeypatch.setattr("shareornot.appraisal.user_scores.appraisals.NUM_RUNS", 20)


@pytest.fixture
def with_figures():
    """For a test that looks at the figures beside a page."""


@pytest.fixture(autouse=True)
def without_figures(request, monkeypatch):
    """Figures take most of the time of a report."""
    if "with_figures" not in request.fixturenames:
        monkeypatch.setattr("shareornot.report.page_files._figures", lambda chapter: ())  # noqa: ARG005


@pytest.fixture
def refused(shareornot):
    """Runs a command with a mistake, and returns the one line of its error."""

    def run(*arguments):
        result = shareornot(*arguments)
        lines = [line for line in result.err.splitlines() if not line.endswith(" ...")]  # progress without a terminal
        assert result.code == 2
        assert result.out == ""
        assert len(lines) == 1, result.err
        assert lines[0].startswith("shareornot: error: ")
        return lines[0]

    return run


@pytest.fixture(scope="session")
def table_path(tmp_path_factory):
    """The cells 0, 2, 4, ..., 180, with made-up values: budgets 4 and 108, two runs."""
    cells = np.arange(0, 182, 2, dtype=np.int32)
    rng = np.random.default_rng(0)
    hashes = "".join(Cell.from_index(cell).official_hash() for cell in cells.tolist())
    columns = TableColumns(
        cells=cells,
        module_hashes=np.frombuffer(bytes.fromhex(hashes), np.uint8).reshape(-1, 16),
        trainable_parameters=parameter_count(cells),
        values={name: rng.random((len(cells), 2, 2)).astype(np.float32) for name in VALUE_COLUMNS},
    )
    info = TableInfo(name="made up", budgets=(4, 108), num_runs=2, max_vertices=5, data_set="noise", network={})
    path = tmp_path_factory.mktemp("table") / "made-up.arrow"
    write_table(path, columns, info)
    return path


@pytest.fixture
def scored_study():
    """Two super-nets on A3 of the digits, each with 80 cells."""
    return StudySettings(
        name="scored",
        benchmark="digits",
        images="digits",
        spaces=("A3",),
        supernets=2,
        pool={"num_cells": 80},
        search={"num_runs": 20},
    )


@pytest.fixture
def scored(tmp_path, make_scored_folder, scored_study):
    """A folder of them, with scores that follow the embedded benchmark."""

    def proxies(cells, rng):
        truth = open_benchmark("digits").query_many(cells, "validation_accuracy")[0]
        return truth / 2 + rng.normal(0, 0.05, len(cells))

    return make_scored_folder(tmp_path / "scored", scored_study, proxies)
