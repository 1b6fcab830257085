import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from shareornot.cli.replay import replay
from shareornot.spaces.nasbench101 import Cell, parameter_count
from shareornot.tables.table_file import VALUE_COLUMNS, TableColumns, TableInfo, write_table

app = typer.Typer()
app.command()(replay)
CELLS = np.arange(91, dtype=np.int32)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A benchmark of all cells with at most 4 vertices, and evaluations of three super-nets on it."""
    folder, rng = tmp_path_factory.mktemp("files"), np.random.default_rng(0)
    hashes = [bytes.fromhex(Cell.from_index(int(cell)).official_hash()) for cell in CELLS]
    columns = TableColumns(
        cells=CELLS,
        module_hashes=np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 16),
        trainable_parameters=parameter_count(CELLS),
        values={name: rng.random((91, 1, 3)).astype(np.float32) for name in VALUE_COLUMNS},
    )
    info = TableInfo(name="noise", budgets=(1,), num_runs=3, max_vertices=4, data_set="noise", network={})
    write_table(folder / "noise.arrow", columns, info)
    rows = {
        "variant": ["[red]mine"] * 150,
        "space": ["A_FULL"] * 150,
        "seed": np.repeat([0, 1, 2], 50),
        "cell": rng.choice(CELLS, 150),
        "proxy_validation_accuracy": rng.random(150),
    }
    pq.write_table(pa.table(rows), folder / "evaluations.parquet")
    return folder


def run(files, *options):
    paths = [str(files / "evaluations.parquet"), "--benchmark", str(files / "noise.arrow")]
    return CliRunner().invoke(app, [*paths, "--redraws", "10", "--runs", "10", *options])


def test_json_is_all_there_is_on_standard_output(files):
    result = run(files, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["evaluations"] == {"num_supernets": 3, "num_evaluations": 150}
    assert found["tables"][0]["rows"][0]["variant"] == "[red]mine"


def test_tables_for_people_and_files_for_programs(files, tmp_path):
    result = run(files, "--section", "version-2", "--section", "agreement", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    assert "91 of 91 cells known (100 %)" in result.stdout
    assert "[red]mine" in result.stdout
    assert "Guided search and evolution against random search" in result.stdout
    assert "printed" not in result.stdout
    assert "Super-nets that did not converge: none" in result.stdout
    assert (tmp_path / "out" / "version-2.csv").read_text().startswith("space,num_trained,method")
    assert (tmp_path / "out" / "table-1.tex").exists()


def test_the_same_seed_gives_the_same_figures(files):
    first, again, other = (run(files, "--json", "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == again
    assert json.loads(first)["tables"] != json.loads(other)["tables"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--section", "nothing"], "section: expected one of agreement"),
        (["--guide", "nobody"], "guide: expected one of [red]mine"),
        (["--redraws", "1"], "at least 2 redraws"),
        (["--benchmark", "nowhere.arrow"], "nowhere.arrow"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(files, options, message):
    result = run(files, *options)
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("shareornot: error")]
    assert message in line


def wide(folder, *options, scores="scores.parquet"):
    paths = [str(folder / scores), "--benchmark", str(folder / "truth.arrow"), "--runs", "20", "--top", "0.1"]
    return CliRunner().invoke(app, [*paths, *options])


def test_a_wide_table_with_an_index(wide_folder, tmp_path):
    index = ["--index", str(wide_folder / "index.parquet"), "--where", "balanced=yes"]
    free = ["--baselines", str(wide_folder / "truth.parquet"), "--baseline", "zero_*"]
    sections = ["--section", "agreement", "--section", "baselines", "--section", "effects"]
    result = wide(wide_folder, *index, *free, *sections, "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert "6 super-nets in 2 settings, 200 architectures each; made up: test accuracy" in result.stdout
    assert "zero_cost" in result.stdout
    assert "What a change of one setting brings" in result.stdout
    assert "Notes on the data" in result.stdout
    assert (tmp_path / "out" / "effects.csv").is_file()


def test_a_wide_table_alone(wide_folder):
    result = wide(wide_folder, "--section", "super-nets", "--supernet", "seed-*-one*", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["scores"] == {"num_supernets": 6, "num_architectures": 200}
    assert {row["setting"] for row in found["tables"][0]["rows"]} == {"one", "one-balanced"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--guide", "mine"], "expected a long table"),
        (["--section", "claims"], "for a table with a column for each super-net"),
        (["--repeats", "nowhere.arrow"], "nowhere.arrow"),
        (["--index", "nowhere.csv"], "nowhere.csv"),
        (["--baseline", "nothing"], "--baseline 'nothing'"),
    ],
)
def test_mistakes_with_a_wide_table(wide_folder, options, message):
    result = wide(wide_folder, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_options_of_wide_tables_are_refused_for_long_ones(files):
    result = run(files, "--where", "epochs=1")
    assert result.exit_code == 2
    assert "expected a wide table" in " ".join(result.stderr.split())
