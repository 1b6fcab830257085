"""What happens to a study when processes are killed, bits flip, disks are full or read-only: nothing finished is lost.

A process that has everything loaded forks for each run, so that kills take seconds. It has computed nothing with
gradients by then, for a fork of a process that has may fail.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import cycle

import numpy as np
import pytest

from shareornot.appraisal.scores_file import read_scores
from shareornot.errors import DataError
from shareornot.studies import Store, run_study, study_status
from shareornot.studies.execution import InProcess
from shareornot.studies.job_execution import do_job

RUNS = """
import json, os, resource, signal, sys, time
import torch
torch.set_num_threads(1)
from pathlib import Path
from shareornot.studies import scoring, training
from shareornot.studies.execution import InProcess
from shareornot.studies import decode_study, run_study

training.SAVE_INTERVAL_S = scoring.SAVE_INTERVAL_S = 0.0  # after every epoch and every cell
# All that is computed without gradients is computed once, so that what is forked begins at once.
assert run_study(Path(sys.argv[2]), decode_study(json.loads(sys.argv[1])), InProcess(), device="cpu").complete
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 70
        try:
            if order.get("most_bytes"):
                resource.setrlimit(resource.RLIMIT_FSIZE, (order["most_bytes"],) * 2)
            report = run_study(Path(order["folder"]), decode_study(json.loads(sys.argv[1])), InProcess(), device="cpu")
            code = 0 if report.complete else 1
            if report.failed:
                print(*report.failed.values(), file=sys.stderr)
        except OSError as error:
            print(error, file=sys.stderr)
            code = 2
        finally:
            os._exit(code)
    deadline = time.monotonic() + order.get("kill_after_s", 1e9)
    ended = 0
    while not ended:
        ended, status = os.waitpid(child, os.WNOHANG)
        if not ended and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)  # nobody has waited for it, so the number is still its own
            ended, status = os.waitpid(child, 0)
        time.sleep(0.001)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.fixture(scope="module")
def runs(tiny, finished, tmp_path_factory):
    """Does a run of the study in a process of its own, and gives its exit code."""
    warm = tmp_path_factory.mktemp("warm") / "tiny"
    shutil.copytree(finished, warm)
    for kind in ("score", "appraise", "summarise"):
        shutil.rmtree(next((warm / "jobs").glob(f"{kind}-*")))
    process = subprocess.Popen(
        [sys.executable, "-c", RUNS, json.dumps(tiny), str(warm)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert process.stdout.readline() == "ready\n", process.stderr.read()

    def run(folder, **order):
        process.stdin.write(json.dumps({"folder": str(folder), **order}) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield run
    process.stdin.close()
    process.wait(60)
    process.stdout.close()
    process.stderr.close()


def num_finished(folder):
    return len(list(folder.glob("jobs/*/job.json")))


def resume(folder, study, **options):
    return run_study(folder, study, InProcess(), device="cpu", **options)


NUM_KILLS = 5
SEED = 20


def test_killed_at_random_moments(runs, tmp_path, same_numbers, study):
    rng = np.random.default_rng(SEED)  # the moments; what a process has done by then depends on the machine
    started = time.monotonic()
    assert runs(tmp_path / "0") == 0
    whole_s = time.monotonic() - started
    same_numbers(tmp_path / "0")
    kills, number, longest_s = [], 1, whole_s / 3
    while len(kills) < NUM_KILLS:
        folder = tmp_path / str(number)
        before, after_s = num_finished(folder), rng.uniform(0, longest_s)
        if runs(folder, kill_after_s=after_s) == -signal.SIGKILL:
            kills.append(num_finished(folder))
            print(f"seed {SEED}: killed after {after_s:.3f} s with {kills[-1]} jobs finished")  # noqa: T201
            # On a busy machine a run needs longer to get anywhere.
            longest_s = longest_s * 1.25 if kills[-1] == before else whole_s / 3
        else:
            same_numbers(folder)
            number += 1  # it was faster; the next one begins again
    for last in range(1, number + 1):
        report = resume(tmp_path / str(last), study)
        assert report.complete, report.failed
        same_numbers(tmp_path / str(last))
        assert not list((tmp_path / str(last)).rglob("*.part"))


RESULTS = ["checkpoint.safetensors", "proxies.parquet", "record.json", "arrays.npz", "agreement.parquet", "job.json"]


@pytest.mark.parametrize(
    ("name", "damage"),
    [*zip(RESULTS, cycle(["truncated", "flipped"]), strict=False), ("checkpoint.safetensors", "gone")],
)
def test_a_damaged_result_is_named_set_aside_and_computed_anew(name, damage, folder, study, same_numbers):
    path = sorted((folder / "jobs").glob(f"*/{name}"))[0]
    _damage(path, damage)
    told = []
    report = resume(folder, study, on_set_aside=told.append)
    assert (report.complete, report.num_done) == (True, 1)
    assert [one.name for one in told] == [one.name for one in report.set_aside] == [path.parent.name]
    assert str(path) in str(told[0])
    assert (folder / "damaged" / f"{path.parent.name}.0" / "why.txt").read_text().startswith(str(path))
    same_numbers(folder)
    assert study_status(folder).set_aside[0].name == path.parent.name
    assert Store(folder).set_aside(path.parent.name, "again").place.name == f"{path.parent.name}.1"


@pytest.mark.parametrize(("kind", "damage"), [("train", "truncated"), ("score", "flipped")])
def test_a_damaged_checkpoint_of_an_unfinished_piece_is_set_aside(kind, damage, folder, study, same_numbers):
    job = sorted((folder / "jobs").glob(f"{kind}-*"))[0]
    (job / "job.json").unlink()
    path = job / {"train": "checkpoint.safetensors", "score": "proxies.parquet"}[kind]
    _damage(path, damage, None if kind == "train" else 30)
    told = []
    report = resume(folder, study, on_set_aside=told.append)
    assert (report.complete, report.num_done) == (True, 1)
    assert [one.name for one in told] == [job.name]
    assert path.name in told[0].why
    same_numbers(folder)


def test_damage_that_a_reader_finds_is_repaired_in_the_same_run(tmp_path, study, same_numbers):
    """The checkpoint is damaged after it was finished, while the run continues."""
    damaged = []

    def watch(event):
        if event.what == "finished" and event.name.startswith("train-") and not damaged:
            damaged.append(event.name)
            _damage(tmp_path / "jobs" / event.name / "checkpoint.safetensors", "flipped")

    told = []
    report = resume(tmp_path, study, watch=watch, on_set_aside=told.append)
    assert report.complete
    assert report.failed == {}
    assert [one.name for one in told] == damaged
    same_numbers(tmp_path)


def test_a_piece_never_reads_a_damaged_one(folder, study):
    from shareornot.studies import plan_jobs
    from shareornot.studies.data_hashes import DataHashes

    job = next(one for one in plan_jobs(study, DataHashes()) if one.kind == "score")
    shutil.rmtree(folder / "jobs" / job.name)
    _damage(folder / "jobs" / job.needs[0] / "checkpoint.safetensors", "flipped")
    with pytest.raises(DataError, match="was damaged and is computed again"):
        do_job(folder, job, "cpu", lambda: False)
    assert not (folder / "jobs" / job.needs[0]).exists()


def test_a_damaged_plan_is_written_anew(folder, study):
    (folder / "plan.json").write_text("{")
    (folder / "study.toml").write_text("damaged = ")
    (folder / "data-hashes.json").write_bytes(b"\xff")
    assert resume(folder, study).num_done == 0
    assert study_status(folder).number("finished") == 13


def test_temporary_files_of_dead_writers_go_away(folder, study):
    job = sorted((folder / "jobs").glob("score-*"))[0]
    (job / "job.json").unlink()
    for place in (job, folder):
        (place / ".proxies.parquet.abc123.part").write_text("half")
    assert resume(folder, study).complete
    assert not list(folder.rglob("*.part"))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 128 kB in memory."""
    place = tmp_path / "small"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=128k,nr_inodes=400", "tmpfs", str(place)]
    try:
        subprocess.run(options, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_stops_what_does_not_fit_and_loses_nothing(small_disk, study, same_numbers, tmp_path):
    report = resume(small_disk / "tiny", study)
    assert not report.complete
    assert report.num_done >= 1
    assert any("No space left on device" in text for text in report.failed.values())
    shutil.copytree(small_disk / "tiny", tmp_path / "larger")
    again = resume(tmp_path / "larger", study)
    assert (again.complete, again.num_found, again.set_aside) == (True, report.num_done, ())
    same_numbers(tmp_path / "larger")


def test_files_that_may_not_grow_are_like_a_full_disk(runs, study, tmp_path, same_numbers):
    assert runs(tmp_path, most_bytes=20_000) == 1  # a checkpoint takes more
    status = study_status(tmp_path)
    assert status.number("failed") == 2
    assert "File too large" in status.notable[0].traceback
    assert not list(tmp_path.rglob("*.part"))
    assert resume(tmp_path, study).complete
    same_numbers(tmp_path)


@pytest.fixture
def read_only(folder):
    """The folder of the finished study, in which not even root can write."""
    try:
        subprocess.run(["mount", "--bind", "-o", "ro", str(folder), str(folder)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a folder read-only here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_folder_is_reported_and_read(read_only, study):
    with pytest.raises(OSError, match="Read-only file system"):
        resume(read_only, study)
    assert study_status(read_only).number("finished") == 13


def test_no_flipped_bit_changes_a_score(finished, tmp_path):
    """Of a job that is not finished there is no checksum but that within the file."""
    path = sorted((finished / "jobs").glob("score-*/proxies.parquet"))[0]
    right, content = read_scores(path), path.read_bytes()
    num_refused = 0
    for place in range(0, len(content), 11):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        (tmp_path / "proxies.parquet").write_bytes(flipped)
        try:
            read = read_scores(tmp_path / "proxies.parquet")
        except DataError:
            num_refused += 1
            continue
        np.testing.assert_array_equal(read.cells, right.cells)
        np.testing.assert_array_equal(read.proxies, right.proxies)
        assert read.origin == right.origin
    assert num_refused > 20


def _damage(path, how, place=None):
    content = bytearray(path.read_bytes())
    place = len(content) // 2 if place is None else place
    if how == "gone":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[place] ^= 4
        path.write_bytes(content)
