"""Studies run, go on, and tell how they stand."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from shareornot.appraisal.scores_file import read_scores
from shareornot.errors import DataError, Interrupted, MissingDataError, SettingsError
from shareornot.images import digits_images
from shareornot.progress import Silent
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies import (
    CODE_VERSIONS,
    Store,
    decode_study,
    job_execution,
    plan_pieces,
    read_study,
    run_study,
    study_status,
)
from shareornot.studies.data_hashes import DataHashes
from shareornot.studies.execution import InProcess, only_runner, read_log
from shareornot.studies.job_execution import do_piece
from shareornot.studies.supernet_run import evaluate_supernet, train_supernet
from shareornot.studies.supernets import draw_pool
from shareornot.tables import open_benchmark


def run(folder, study, **options):
    return run_study(folder, study, InProcess(), device="cpu", **options)


def pieces_of(study, kind):
    return [one for one in plan_pieces(study, DataHashes()) if one.kind == kind]


def test_a_study_gives_what_its_steps_give_one_by_one(study, finished, tmp_path):
    """The shards of a pool join to one scoring, bit by bit, and the training is that of `train_supernet`."""
    pieces = [one for one in pieces_of(study, "score") if one.work.evaluation.adaptation == "average"]
    own = [one for one in pieces if one.needs == pieces[0].needs]
    settings, evaluation = own[0].work.settings, own[0].work.evaluation
    cells = space_cells(open_space(settings.space), 5)
    train_supernet(tmp_path, settings, digits_images(), cells, Silent())
    pool = draw_pool(open_benchmark("digits"), settings)
    whole = evaluate_supernet(tmp_path, evaluation, digits_images(), pool, Silent())
    scores = [read_scores(Store(finished).path(one.name) / "proxies.parquet") for one in own]
    np.testing.assert_array_equal(np.concatenate([one.cells for one in scores]), pool)
    np.testing.assert_array_equal(np.concatenate([one.proxies for one in scores]), whole)
    assert [len(one.cells) for one in scores] == [7, 5]


def test_asking_twice_computes_once(study, folder, monkeypatch):
    monkeypatch.setattr(job_execution, "_train", None)
    monkeypatch.setattr(job_execution, "_score", None)
    planned = []
    report = run(folder, study, on_plan=lambda pieces, finished: planned.append((len(pieces), len(finished))))
    assert (report.num_found, report.num_done, report.complete) == (13, 0, True)
    assert planned == [(13, 13)]
    assert read_study(folder) == study


def test_another_seed_of_the_searches_trains_and_scores_nothing(study, tiny, folder, monkeypatch):
    monkeypatch.setattr(job_execution, "_train", None)
    monkeypatch.setattr(job_execution, "_score", None)
    events = []
    other = decode_study(tiny, ["search.seed=5"])
    report = run(folder, other, watch=lambda event: events.append((event.name.partition("-")[0], event.what)))
    assert report.complete
    assert [name for name, what in events if what == "finished"] == ["appraise", "appraise", "summarise"]
    assert read_study(folder) == other
    assert run(folder, study).num_done == 0  # and the first ones are still there


def test_what_stands_beside_a_result(study, finished):
    store = Store(finished)
    for one in plan_pieces(study, DataHashes()):
        content = store.verify(one.name)
        assert content["spec"] == one.spec
        assert content["versions"]["shareornot"]
        assert content["duration_s"] >= 0
        assert content["files"]
    train = store.read_piece(pieces_of(study, "train")[0].name)
    assert train["device"] == "cpu"
    assert train["spec"]["training"]["epochs"] == 3


def test_a_training_tells_loss_and_correlation_and_stays_what_it_is(study, tiny, finished, same_numbers, tmp_path):
    name = pieces_of(study, "train")[0].name
    lines = list(read_log(finished / "pieces" / name / "log.jsonl"))
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


def test_a_shard_tells_how_far_it_is(study, finished):
    lines = list(read_log(finished / "pieces" / pieces_of(study, "score")[0].name / "log.jsonl"))
    assert (lines[-1].done, lines[-1].total, lines[-1].unit) == (7, 7, "cells")


def test_a_run_that_is_stopped_goes_on(study, tmp_path, same_numbers):
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


def test_a_piece_that_was_asked_to_stop_says_so(study, tmp_path):
    piece = pieces_of(study, "train")[0]
    asked = iter([False, False, False, True, True, True])
    with pytest.raises(Interrupted, match="stopped after 2 of 12 steps"):
        do_piece(tmp_path, piece, "cpu", lambda: next(asked))
    assert not Store(tmp_path).is_finished(piece.name)
    with pytest.raises(Interrupted, match="not begun"):
        do_piece(tmp_path, piece, "cpu", lambda: True)


def test_a_piece_that_raises_leaves_the_others_alone(study, tmp_path, same_numbers, monkeypatch):
    score, bad = job_execution._score, pieces_of(study, "score")[0]

    def raise_once(store, piece, *rest):
        if piece.name == bad.name:
            raise RuntimeError("no <b>luck</b>")
        return score(store, piece, *rest)

    monkeypatch.setattr(job_execution, "_score", raise_once)
    report = run(tmp_path, study)
    assert list(report.failed) == [bad.name]
    assert "RuntimeError: no <b>luck</b>" in report.failed[bad.name]
    assert (report.num_done, report.num_blocked, report.complete, report.stopped) == (13 - 3, 2, False, False)
    status = study_status(tmp_path)
    assert (status.number("finished"), status.number("failed"), status.number("blocked")) == (10, 1, 2)
    assert [(one.name, one.state) for one in status.notable] == [(bad.name, "failed")]
    assert "in raise_once" in status.notable[0].traceback
    monkeypatch.setattr(job_execution, "_score", score)
    assert run(tmp_path, study).num_done == 3
    assert study_status(tmp_path).number("finished") == 13
    same_numbers(tmp_path)


def test_data_that_is_not_what_was_planned_with(study, tmp_path, monkeypatch):
    piece = pieces_of(study, "train")[0]
    job_execution._images.cache_clear()
    monkeypatch.setattr(job_execution, "sha256_of", lambda _: "0" * 64)
    with pytest.raises(DataError, match="expected the images that the study was planned with, got others"):
        do_piece(tmp_path, piece, "cpu", lambda: False)
    monkeypatch.undo()
    monkeypatch.setattr(job_execution, "hash_of_cells", lambda _: "0" * 64)
    with pytest.raises(DataError, match="expected the cells that the study was planned with, got others"):
        do_piece(tmp_path, piece, "cpu", lambda: False)


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
    with only_runner(folder), pytest.raises(SettingsError, match="expected nobody to run it at the moment"):
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
    pieces = [
        SimpleNamespace(name=f"score-{number}", kind="score", label="a shard", needs=()) for number in range(10_000)
    ]
    store.write_plan(pieces)
    (tmp_path / "pieces").mkdir()
    for one in pieces[:-1]:
        (tmp_path / "pieces" / one.name).mkdir()
        (tmp_path / "pieces" / one.name / "piece.json").touch()  # nothing that anybody could read
    status = study_status(tmp_path)
    assert status.counts == {"score": {"finished": 9_999, "waiting": 1}}
    assert status.notable == ()


def test_the_numbers_of_the_parts_are_remembered(finished):
    """Whoever changes what a part computes changes these: add 1 to its number in `CODE_VERSIONS`, and renew them."""
    store = Store(finished)
    plan = store.read_plan()
    lines = read_log(store.path(plan[0].name) / "log.jsonl")
    assert [line.measures["loss"] for line in lines] == pytest.approx([2.4453, 2.3283, 2.3645], rel=2e-3)
    shards = [one.name for one in plan if one.kind == "score" and "bns-ft, seed 0" in one.label]
    proxies = np.concatenate([read_scores(store.path(name) / "proxies.parquet").proxies for name in shards])
    np.testing.assert_allclose(proxies[:7], [0.1, 0.08, 0.11, 0.09, 0.09, 0.07, 0.07], atol=0.02)
    judged = next(one.name for one in plan if one.kind == "appraise" and "no-ft" in one.label)
    numbers = json.loads((store.path(judged) / "numbers.json").read_bytes())
    assert numbers["spearmans"] == pytest.approx([0.0998, -0.0312], abs=0.15)  # of few images and cells
    assert [one["random_regret"] for one in numbers["comparisons"]] == pytest.approx([0.1166, 0.0503], abs=1e-4)
    assert CODE_VERSIONS == {"train": 1, "score": 1, "appraise": 1, "summarise": 1}
