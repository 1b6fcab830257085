"""Studies from the command line, on a tiny study of the digits."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from shareornot.cli.app import app
from shareornot.studies import scoring

TINY = """
preset = "digits"
name = "tiny"
spaces = ["A3"]
variants = ["baseline"]
evaluations = ["bns-ft"]
supernets = 2
shard_size = 30
[network]
num_stacks = 2
cells_per_stack = 1
[training]
epochs = 2
[pool]
num_cells = 30
[search]
num_trained = [1, 5]
num_runs = 5
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study file, and the folder of its finished study."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "tiny.toml").write_text(TINY)
    ran = CliRunner().invoke(app, [*["study", "run", "--processes", "0", "--device", "cpu"], str(folder / "tiny.toml"),
                                   "--folder", str(folder / "tiny")])  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    assert "All 6 jobs are finished, 6 of them now." in ran.stdout
    assert "Next: shareornot study report" in ran.stdout
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished / "tiny", tmp_path / "tiny")


def test_presets_and_a_new_file(shareornot, refused, tmp_path):
    assert json.loads(shareornot("study", "presets", "--json").out).keys() == {
        "digits",
        "laptop",
        "laptop-cifar10",
        "methods",
        "methods-digits201",
        "methods-nasbench201",
        "recipe-cifar10",
        "paper-v1",
        "paper-v2",
    }
    assert "paper-v2\n    The paper's second version" in shareornot("study", "presets").out
    path = tmp_path / "a.toml"
    assert shareornot("study", "new", path).out == f"Wrote: {path}\nNext: shareornot study plan {path}\n"
    assert "expected the name of a new file" in refused("study", "new", path)
    assert "try 'digits'" in refused("study", "new", tmp_path / "b.toml", "--preset", "digit")


def test_a_plan_without_measuring(shareornot, finished):
    shown = shareornot("study", "plan", finished / "tiny.toml", "--no-measure", "--folder", finished / "tiny", "--each")
    assert re.search(r"train +2 +2 +0", shown.out)
    assert "train A3 baseline, seed 1" in shown.out
    content = json.loads(shareornot("study", "plan", finished / "tiny.toml", "--no-measure", "--json").out)
    assert len(content["jobs"]) == 6
    assert {one["finished"] for one in content["jobs"]} == {False}
    assert content["jobs"][0]["time_s"] is None


def test_a_dry_run_lists_what_is_missing(shareornot, finished):
    told = shareornot("study", "run", finished / "tiny.toml", "--dry-run", "--set", "supernets=3", "--folder",
                      finished / "tiny")  # fmt: skip
    assert [line.partition("-")[0] for line in told.out.splitlines()] == ["train", "score", "appraise", "summarise"]
    assert "4 of 8 jobs are not finished" in told.err


def test_what_is_finished_is_not_done_again(shareornot, folder):
    shown = shareornot("study", "resume", folder, "--device", "cpu")
    assert (shown.code, shown.out.splitlines()[0]) == (0, "All 6 jobs are finished, 0 of them now.")


def test_status(shareornot, folder):
    assert "6 of 6 jobs finished" in " ".join(shareornot("study", "status", folder).out.split())
    content = json.loads(shareornot("study", "status", folder, "--json").out)
    assert (content["finished"], content["num_jobs"], content["runner"]) == (6, 6, None)


def test_commands_find_the_results_of_a_study_file(shareornot, refused, folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "tiny.toml"
    shutil.copy(folder / "study.toml", file)
    message = refused("study", "status", file)
    assert "shareornot-results/tiny: expected the folder of a study, found none" in message
    assert f"shareornot study run {file}" in message
    shutil.copytree(folder, tmp_path / "shareornot-results" / "tiny")
    assert "6 of 6 jobs finished" in " ".join(shareornot("study", "status", file).out.split())
    assert "All 6 jobs are finished" in shareornot("study", "resume", file, "--device", "cpu").out


def test_a_failed_job_shows_its_traceback_and_sets_the_exit_code(shareornot, folder, monkeypatch):
    shutil.rmtree(next((folder / "jobs").glob("score-*")))

    def fail(*_):
        raise RuntimeError("[bold]no luck[/bold]")

    monkeypatch.setattr(scoring, "score_job", fail)
    shown = shareornot("study", "resume", folder, "--processes", "0", "--device", "cpu")
    assert shown.code == 1
    assert "failed: RuntimeError: [bold]no luck[/bold]" in shown.err
    assert "1 of 6 jobs failed" in shown.err
    status = shareornot("study", "status", folder)
    assert status.code == 1
    assert "RuntimeError: [bold]no luck[/bold]" in status.out
    assert "Resume with: shareornot study resume" in status.out.replace("\n", " ")


def test_report_and_export(shareornot, folder, tmp_path):
    page = folder / "report" / "index.html"
    assert shareornot("study", "report", folder).out == f"Page: {page}\n"
    assert "BNS-FT" in page.read_text()
    assert list((folder / "report" / "tables").glob("*.csv"))
    told = shareornot("study", "export", folder, "--out", tmp_path / "out").out
    assert told.count("Wrote: ") == 7
    assert pq.read_table(tmp_path / "out" / "evaluations.parquet").num_rows == 60
    jobs = pq.read_table(tmp_path / "out" / "jobs.parquet").to_pylist()
    assert [one["kind"] for one in jobs] == ["train", "score", "train", "score", "appraise", "summarise"]
    for command in (["appraise", tmp_path / "out" / "scores.parquet"],
                    ["replay", tmp_path / "out" / "evaluations.parquet", "--benchmark", "digits"]):  # fmt: skip
        shown = shareornot(*command)
        assert shown.code == 0, shown.err
        assert "A3" in shown.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.toml"], "nowhere.toml: expected a study file or folder, found none"),
        (
            ["run", "FILE", "--set", "epochs=3"],
            "epochs: expected a known setting, got an unknown one; try 'training.ep",
        ),
        (["run", "FILE", "--processes", "1", "--ray", "local"], "--processes: expected only one of"),
        (["run", "FILE", "--device", "gpu"], "device: expected auto, cpu, cuda or another accelerator"),
        (["resume", "nowhere"], "nowhere: expected the folder of a study, found none"),
        (["status", "nowhere"], "nowhere: expected the folder of a study, found none"),
        (["report", "nowhere"], "nowhere: expected the folder of a study, found none"),
        (["export", "nowhere"], "nowhere: expected the folder of a study, found none"),
    ],
)
def test_mistakes(arguments, message, refused, finished):
    file = str(finished / "tiny.toml")
    assert message in refused("study", *(file if one == "FILE" else one for one in arguments))


def test_nothing_finished_is_nothing_to_report(refused, folder):
    shutil.rmtree(folder / "jobs")
    assert "expected an appraisal that is finished, found none" in refused("study", "report", folder)


def test_a_damaged_result_is_not_reported(refused, folder):
    path = next((folder / "jobs").glob("appraise-*/record.json"))
    path.write_bytes(path.read_bytes()[:-1])
    assert "was damaged and is computed again" in refused("study", "report", folder)
    assert "found none; run: shareornot study resume" in refused("study", "report", folder)


def test_control_c_stops_and_shows_how_to_resume(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    command = "import sys; from shareornot.cli import main; sys.argv[0] = 'shareornot'; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "study", "run", "tiny.toml", "--folder", "out", "--device", "cpu",
         "--processes", "0", "--set", "training.epochs=100000"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("out/jobs/train-*/log.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "resume with: shareornot study resume out" in told
    assert "Traceback" not in told
    assert time.monotonic() - started < 30
    assert list(tmp_path.glob("out/jobs/train-*/checkpoint.safetensors"))
