"""The command `audit`, on a folder of super-nets and on a long table."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
import typer
from typer.testing import CliRunner

from shareornot.cli.audit import audit
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import cell_features, space_cells
from shareornot.studies import StudySettings
from shareornot.tables import benchmark_path, open_benchmark

app = typer.Typer()
app.command()(audit)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "80"})


def proxies_of(cells, rng):
    """Scores of a super-net that favours residual edges."""
    truth = open_benchmark("digits").query_many(cells, "validation_accuracy")[0]
    return np.clip(truth / 2 + 0.3 * cell_features(cells).residual + 0.02 * rng.random(len(cells)), 0, 1)


def scored(space, seed):
    """Its scores of 200 cells."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(space_cells(open_space(space), 5), 200, replace=False).astype(np.int32)
    return cells, proxies_of(cells, rng)


@pytest.fixture
def folder(tmp_path, make_scored_folder):
    study = StudySettings(
        name="nets",
        benchmark="digits",
        images="digits",
        supernets=4,
        evaluations=("no-ft",),
        pool={"num_cells": 200},
    )
    return make_scored_folder(tmp_path / "nets", study, proxies_of)


@pytest.fixture
def long_table(tmp_path):
    columns = {"variant": [], "space": [], "seed": [], "cell": [], "proxy_validation_accuracy": []}
    for space in ("A1", "A_FULL"):
        for seed in range(2):
            cells, proxies = scored(space, seed)
            columns["variant"] += ["mine"] * len(cells)
            columns["space"] += [space] * len(cells)
            columns["seed"] += [seed] * len(cells)
            columns["cell"] += cells.tolist()
            columns["proxy_validation_accuracy"] += proxies.tolist()
    pacsv.write_csv(pa.table(columns), tmp_path / "scores.csv")
    return tmp_path / "scores.csv"


def test_a_folder_fits_a_narrow_terminal(folder):
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert "Most over-rated: edge input to output" in " ".join(result.output.split())
    assert "Cost of the bias" in result.output
    assert "A_FULL, NO-FT: 800 scores by 4 super-nets" in result.output
    assert max(map(len, result.output.splitlines())) <= 80
    assert "…" not in result.output


def test_json_and_pictures(folder, tmp_path):
    result = run(folder, "--json", "--out", tmp_path / "out")
    (told,) = json.loads(result.output)
    assert told["effects"][0]["name"] == "residual"
    assert (tmp_path / "out" / "audit-A-FULL.svg").exists()
    assert json.loads((tmp_path / "out" / "audit.json").read_text()) == [told]


def test_a_long_table_space_by_space(long_table):
    result = run(long_table, "--benchmark", "digits")
    assert result.exit_code == 0, result.output
    assert "A1, mine: 400 scores" in result.output
    assert "A_FULL, mine: 400 scores" in result.output
    assert "Cost of the bias" not in result.output  # all about one space on request
    one = run(long_table, "--benchmark", "digits", "--space", "A1")
    assert "Cost of the bias" in one.output
    assert "A_FULL" not in one.output


def test_a_table_named_by_its_path_is_audited_as_one_named_by_its_name(long_table):
    """Published names of spaces are understood, and one variant is chosen, whichever way the table is named."""
    published = pacsv.read_csv(long_table)
    names = pa.array([{"A1": "1", "A_FULL": "full"}[name] for name in published["space"].to_pylist()])
    pacsv.write_csv(published.set_column(published.column_names.index("space"), "space", names), long_table)
    by_name = run(long_table, "--benchmark", "digits", "--space", "A1", "--json")
    by_path = run(long_table, "--benchmark", benchmark_path("digits"), "--space", "A1", "--json")
    assert by_path.exit_code == 0, by_path.output
    assert json.loads(by_path.output) == json.loads(by_name.output)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space", "A1"], "apply only to a file of scores"),
        (["--open"], "--out FOLDER"),
        (["--benchmark", "nowhere.arrow"], "nowhere.arrow"),
    ],
)
def test_mistakes_are_reported_in_one_line(folder, arguments, message):
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
