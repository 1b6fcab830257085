"""The command `audit`, on a folder of super-nets and on a long table."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
import typer
from typer.testing import CliRunner

from shareornot.appraisal.scores_file import ScoredCells, write_scores
from shareornot.cli.audit import audit
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import cell_features, space_cells
from shareornot.studies.settings import digits_settings, with_seed, write_settings
from shareornot.tables import open_benchmark

ORIGIN = {
    "evaluation": {"adaptation": "none", "num_batches": 4, "batch_size": 8, "seed": 0},
    "num_train_images": 100,
    "num_validation_images": 100,
}

app = typer.Typer()
app.command()(audit)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "80"})


def scored(space, seed):
    """What a super-net that likes residual edges says of 200 cells."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(space_cells(open_space(space), 5), 200, replace=False).astype(np.int32)
    truth = open_benchmark("digits").query_many(cells, "validation_accuracy")[0]
    return cells, np.clip(truth / 2 + 0.3 * cell_features(cells).residual + 0.02 * rng.random(200), 0, 1)


@pytest.fixture
def folder(tmp_path):
    for seed in range(4):
        settings = with_seed(digits_settings("A_FULL", epochs=1), seed)
        path = tmp_path / "nets" / f"seed-{seed}"
        path.mkdir(parents=True)
        write_settings(path / "settings.json", settings)
        cells, proxies = scored("A_FULL", seed)
        write_scores(path / "proxies.parquet", ScoredCells(cells=cells, proxies=proxies, origin=ORIGIN))
    return tmp_path / "nets"


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space", "A1"], "with a file of scores only"),
        (["--open"], "--out FOLDER"),
        (["--benchmark", "nowhere.arrow"], "nowhere.arrow"),
    ],
)
def test_mistakes_are_told_in_a_line(folder, arguments, message):
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_supernets_of_different_settings_are_refused(folder):
    path = folder / "seed-1" / "settings.json"
    write_settings(path, with_seed(digits_settings("A_FULL", epochs=2), 1))
    result = run(folder)
    assert result.exit_code == 2
    assert "differ in their seed only" in result.stderr
