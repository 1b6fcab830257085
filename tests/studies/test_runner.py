"""Studies run, resume, and report their state."""

from types import SimpleNamespace

import numpy as np
import pytest

from shareornot.appraisal.scores_file import read_scores
from shareornot.errors import DataError, Interrupted, MissingDataError, SettingsError
from shareornot.images import digits_images
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies import (
    Store,
    decode_study,
    job_execution,
    plan_jobs,
    read_study,
    run_study,
    scoring,
    study_status,
    training,
)
from shareornot.studies.data_hashes import DataHashes
from shareornot.studies.execution import InProcess, only_runner, read_log
from shareornot.studies.job_execution import do_job
from shareornot.studies.planning import draw_pool
from shareornot.studies.scoring import score_cells
from shareornot.studies.training import continue_training
from shareornot.tables import open_benchmark


def run(folder, study, **options):
    return run_study(folder, study, InProcess(), device="cpu", **options)


def jobs_of(study, kind):
    return [one for one in plan_jobs(study, DataHashes()) if one.kind == kind]


def test_a_study_gives_what_its_steps_give_one_by_one(study, finished, tmp_path):
    """The shards of a pool join to one scoring, bit by bit."""
    jobs = [one for one in jobs_of(study, "score") if one.spec.evaluation.adaptation == "average"]
    own = [one for one in jobs if one.needs == jobs[0].needs]
    supernet, evaluation = own[0].spec.supernet, own[0].spec.evaluation
    cells = space_cells(open_space(supernet.space), 5)
    network = continue_training(tmp_path, supernet, digits_images(), cells)
    pool = draw_pool(open_benchmark("digits"), supernet.space, own[0].spec.pool, supernet.training.seed)
    score_cells(tmp_path, network, 12, evaluation, digits_images(), pool)
    whole = read_scores(tmp_path / "proxies.parquet").proxies
    scores = [read_scores(Store(finished).path(one.name) / "proxies.parquet") for one in own]
    np.testing.assert_array_equal(np.concatenate([one.cells for one in scores]), pool)
    np.testing.assert_array_equal(np.concatenate([one.proxies for one in scores]), whole)
    assert [len(one.cells) for one in scores] == [7, 5]


def test_requesting_twice_computes_once(study, folder, monkeypatch):
    monkeypatch.setattr(training, "train_job", None)
    monkeypatch.setattr(scoring, "score_job", None)
    planned = []
    report = run(folder, study, on_plan=lambda jobs, finished: planned.append((len(jobs), len(finished))))
    assert (report.num_found, report.num_done, report.complete) == (13, 0, True)
    assert planned == [(13, 13)]
    assert read_study(folder) == study


def test_another_seed_of_the_searches_trains_and_scores_nothing(study, tiny, folder, monkeypatch):
    monkeypatch.setattr(training, "train_job", None)
    monkeypatch.setattr(scoring, "score_job", None)
    events = []
    other = decode_study(tiny, ["search.seed=5"])
    report = run(folder, other, watch=lambda event: events.append((event.name.partition("-")[0], event.what)))
    assert report.complete
    assert [name for name, what in events if what == "finished"] == ["appraise", "appraise", "summarise"]
    assert read_study(folder) == other
    assert run(folder, study).num_done == 0  # and the first ones are still there


def test_what_stands_beside_a_result(study, finished):
    store = Store(finished)
    for one in plan_jobs(study, DataHashes()):
        content = store.verify(one.name)
        assert content["identity"] == one.identity
        assert content["versions"]["shareornot"]
        assert content["duration_s"] >= 0
        assert content["files"]
    train = store.read_job(jobs_of(study, "train")[0].name)
    assert train["device"] == "cpu"
    assert train["identity"]["training"]["epochs"] == 3


def test_a_training_reports_loss_and_correlation_and_does_not_change(study, tiny, finished, same_numbers, tmp_path):
    name = jobs_of(study, "train")[0].name
    lines = read_log(finished / "jobs" / name / "log.jsonl").lines
    assert [(line.done, line.total, line.unit) for line in lines] == [
        (1, 3, "epochs"),
        (2, 3, "epochs"),
        (3, 3, "epochs"),
    ]
    assert all({"loss", "images_per_s"} <= line.measures.keys() for line in lines)
    assert -1 <= lines[-1].measures["proxy_correlation"] <= 1
    blind = decode_study(tiny, ["watching.num_times=0"])
    assert run(tmp_path / "blind", blind).complete
    same_numbers(tmp_path / "blind")


def test_a_shard_reports_its_progress(study, finished):
    lines = read_log(finished / "jobs" / jobs_of(study, "score")[0].name / "log.jsonl").lines
    assert (lines[-1].done, lines[-1].total, lines[-1].unit) == (7, 7, "cells")


def test_a_stopped_run_resumes(study, tmp_path, same_numbers):
    done = []

    def watch(event):
        if event.what == "finished":
            done.append(event.name)

    for number in (1, 4, 9):
        report = run(tmp_path, study, watch=watch, should_stop=lambda: len(done) >= number)  # noqa: B023
        assert (report.stopped, report.complete, report.failed) == (True, False, {})
        assert report.num_found + report.num_done == number == len(done)
    assert run(tmp_path, study, watch=watch).complete
    assert len(done) == 13
    same_numbers(tmp_path)


def test_a_stopped_job_reports_that(study, tmp_path):
    job = jobs_of(study, "train")[0]
    asked = iter([False, False, False, True, True, True])
    with pytest.raises(Interrupted, match="stopped after 2 of 12 steps"):
        do_job(tmp_path, job, "cpu", lambda: next(asked))
    assert not Store(tmp_path).is_finished(job.name)
    with pytest.raises(Interrupted, match="not started"):
        do_job(tmp_path, job, "cpu", lambda: True)


def test_a_piece_that_raises_leaves_the_others_alone(study, tmp_path, same_numbers, monkeypatch):
    score, bad = scoring.score_job, jobs_of(study, "score")[0]

    def raise_once(store, job, *rest):
        if job.name == bad.name:
            raise RuntimeError("no <b>luck</b>")
        return score(store, job, *rest)

    monkeypatch.setattr(scoring, "score_job", raise_once)
    report = run(tmp_path, study)
    assert list(report.failed) == [bad.name]
    assert "RuntimeError: no <b>luck</b>" in report.failed[bad.name]
    assert (report.num_done, report.num_blocked, report.complete, report.stopped) == (13 - 3, 2, False, False)
    status = study_status(tmp_path)
    assert (status.number("finished"), status.number("failed"), status.number("blocked")) == (10, 1, 2)
    assert [(one.name, one.state) for one in status.notable] == [(bad.name, "failed")]
    assert "in raise_once" in status.notable[0].traceback
    monkeypatch.setattr(scoring, "score_job", score)
    assert run(tmp_path, study).num_done == 3
    assert study_status(tmp_path).number("finished") == 13
    same_numbers(tmp_path)


def test_data_that_is_not_what_was_planned_with(study, tmp_path, monkeypatch):
    job = jobs_of(study, "train")[0]
    job_execution._images.cache_clear()
    monkeypatch.setattr(job_execution, "sha256_of", lambda _: "0" * 64)
    with pytest.raises(DataError, match="expected the images that the study was planned with, got others"):
        do_job(tmp_path, job, "cpu", lambda: False)
    monkeypatch.undo()
    monkeypatch.setattr(training, "hash_of_cells", lambda _: "0" * 64)
    with pytest.raises(DataError, match="expected the cells that the study was planned with, got others"):
        do_job(tmp_path, job, "cpu", lambda: False)


def test_status_while_somebody_runs_it(study, tmp_path):
    seen = []

    def watch(event):
        if event.what == "started" and event.name.startswith("score"):
            seen.append((event.name, study_status(tmp_path)))

    run(tmp_path, study, watch=watch, should_stop=lambda: len(seen) >= 1)
    name, status = seen[0]
    assert status.runner is not None
    assert status.runner.process
    assert [one.name for one in status.notable if one.state == "running"] == [name]
    assert status.counts["train"]["finished"] == 1
    assert status.as_dict()["running"] == 1
    after = study_status(tmp_path)
    assert after.runner is None
    assert after.number("running") == 0


def test_one_runner_at_a_time(study, folder):
    with only_runner(folder), pytest.raises(SettingsError, match="expected no other process in this folder"):
        run(folder, study)
    assert run(folder, study).complete


def test_a_folder_without_a_study(tmp_path):
    with pytest.raises(MissingDataError, match=r"found no plan\.json; run one with: shareornot study run FILE"):
        study_status(tmp_path)
    (tmp_path / "plan.json").write_text("[]")
    with pytest.raises(DataError, match="expected the plan of a study"):
        study_status(tmp_path)


def test_ten_thousand_finished_pieces_are_counted_without_opening_them(tmp_path):
    store = Store(tmp_path)
    jobs = [
        SimpleNamespace(name=f"score-{number}", kind="score", label="a shard", needs=()) for number in range(10_000)
    ]
    store.write_plan(jobs)
    (tmp_path / "jobs").mkdir()
    for one in jobs[:-1]:
        (tmp_path / "jobs" / one.name).mkdir()
        (tmp_path / "jobs" / one.name / "job.json").touch()  # nothing that anybody could read
    status = study_status(tmp_path)
    assert status.counts == {"score": {"finished": 9_999, "waiting": 1}}
    assert status.notable == ()
