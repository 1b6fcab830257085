"""Train, evaluate and appraise a folder: a study of one chapter, step by step."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from shareornot.appraisal.scores_file import read_scores, write_scores
from shareornot.errors import DataError, JobError, MissingDataError, SettingsError
from shareornot.images import digits_images
from shareornot.report import write_report
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies import Store, StudySettings, decode_study, training
from shareornot.studies.costs import scoring_cost
from shareornot.studies.data_hashes import DataHashes
from shareornot.studies.execution import only_runner
from shareornot.studies.score_notes import score_notes
from shareornot.studies.supernets import (
    appraise_supernets,
    audit_supernets,
    evaluate_supernets,
    larger_than_space,
    read_folder,
    train_supernets,
    training_warnings,
)
from shareornot.supernet import EvaluationSettings, Evaluator, load_supernet
from shareornot.tables import open_benchmark

SEARCH = {"num_runs": 10}


def tiny(space="num_vertices<=4", epochs=2, **values):
    values = {
        "supernets": 2,
        "network": {"num_stacks": 2, "cells_per_stack": 1},
        "training": {"epochs": epochs},
    } | values
    return StudySettings(name="tiny", benchmark="digits", images="digits", spaces=(space,), **values)


class Counting:
    """A bar that adds up."""

    def __init__(self, description, total):
        self.description, self.total, self.num_done = description, total, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def advance(self, num_done=1, *_):
        self.num_done += num_done


@pytest.fixture
def bars():
    """Opens bars, and keeps them in a list."""
    opened = []

    def open_bar(description, total):
        opened.append(Counting(description, total))
        return opened[-1]

    open_bar.opened = opened
    return open_bar


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two super-nets, trained in this process and scored on 25 cells each."""
    folder = tmp_path_factory.mktemp("two") / "nets"
    train_supernets(folder, tiny(), device="cpu", num_processes=1)
    evaluate_supernets(folder, num_cells=25, device="cpu", num_processes=1)
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """The same, to be changed."""
    return shutil.copytree(trained, tmp_path / "nets")


def jobs(folder, kind):
    return sorted((folder / "jobs").glob(f"{kind}-*"))


def contents(folder):
    return {path: path.read_bytes() for path in sorted((folder / "jobs").rglob("*")) if path.is_file()}


def evaluate(folder, **options):
    return evaluate_supernets(folder, **{"num_cells": 25, "device": "cpu", "num_processes": 1} | options)


def test_super_nets_of_the_network_of_an_earlier_version_are_refused(copied):
    path = copied / "study.toml"
    stated = "num_stacks = 2"
    assert stated in path.read_text()
    path.write_text(path.read_text().replace(stated, "num_stacks = 3"))
    for use in (appraise_supernets, audit_supernets, evaluate):
        with pytest.raises(DataError, match=r"got an earlier one \(num_stacks 2, not 3\); train in another folder"):
            use(copied)


def test_from_images_to_a_report(copied, tmp_path):
    found = appraise_supernets(copied, search=SEARCH)
    (chapter,) = found.chapters
    assert [pool.name for pool in chapter.appraisal.pools] == ["seed-0", "seed-1"]
    assert (chapter.appraisal.benchmark, chapter.appraisal.num_cells) == ("digits", 91)
    assert chapter.appraisal.variant == "BNS-FT"
    assert (found.settings[0]["evaluation"]["adaptation"], found.settings[0]["pool"]["num_cells"]) == ("average", 25)
    assert write_report(tmp_path / "out", chapter.appraisal).is_file()
    assert appraise_supernets(copied, search=SEARCH).chapters[0].appraisal.spearmans == chapter.appraisal.spearmans
    assert [one.num_scores for one in audit_supernets(copied)] == [50]


def test_super_nets_differ_in_seed_and_pool(trained):
    first, second = (load_file(path / "checkpoint.safetensors") for path in jobs(trained, "train"))
    name = next(name for name, tensor in first.items() if "network" in name and tensor.ndim == 4)
    assert not np.array_equal(first[name], second[name])
    assert not np.array_equal(*(read_scores(path / "proxies.parquet").cells for path in jobs(trained, "score")))


def test_doing_it_again_does_nothing(copied, bars):
    before = contents(copied)
    train_supernets(copied, tiny(), device="cpu", num_processes=1, bars=bars)
    evaluate(copied, bars=bars)
    assert contents(copied) == before
    assert [(bar.description, bar.num_done, bar.total) for bar in bars.opened] == [
        ("Training 2 super-nets", 16, 16),
        ("Scoring 50 cells with 2 super-nets", 50, 50),
    ]


def test_processes_change_nothing(trained, tmp_path, bars):
    train_supernets(tmp_path, tiny(), device="cpu", num_processes=2, bars=bars)
    assert [(bar.num_done, bar.total) for bar in bars.opened] == [(16, 16)]
    assert [path.name for path in jobs(trained, "train")] == [path.name for path in jobs(tmp_path, "train")]
    for ours, theirs in zip(jobs(trained, "train"), jobs(tmp_path, "train"), strict=True):
        first, second = load_file(ours / "checkpoint.safetensors"), load_file(theirs / "checkpoint.safetensors")
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first)


def test_more_super_nets_join_those_that_are_there(copied):
    before = contents(copied)
    assert train_supernets(copied, tiny(supernets=1, seed=2), device="cpu", num_processes=1).supernets == 3
    assert before.items() <= contents(copied).items()
    assert len(jobs(copied, "train")) == 3
    assert train_supernets(copied, tiny(supernets=1), device="cpu", num_processes=1).supernets == 3  # none is lost
    with pytest.raises(MissingDataError, match="found none whose cells are all scored; score them with: shareornot ev"):
        appraise_supernets(copied)
    with pytest.raises(SettingsError, match="expected seeds that continue 0 to 2, got 9 to 9; use consecutive seeds"):
        train_supernets(copied, tiny(supernets=1, seed=9), device="cpu", num_processes=1)


def test_other_settings_are_refused_by_name_with_both_values(copied):
    before = contents(copied)
    message = r"holds super-nets of other settings \(variant: baseline, now pro-rata; training.method: uniform, now pro"
    with pytest.raises(SettingsError, match=message):
        train_supernets(copied, tiny(variants=("pro-rata",)), device="cpu")
    with pytest.raises(SettingsError, match=r"\(training.epochs: 2, now 3\); choose another folder"):
        train_supernets(copied, tiny(epochs=3), device="cpu")
    assert contents(copied) == before


def test_the_same_space_in_other_words(copied):
    train_supernets(copied, tiny("num_vertices <= 4"), device="cpu", num_processes=1)
    assert len(jobs(copied, "train")) == 2


@pytest.mark.parametrize("name", ["", "missing"])
@pytest.mark.parametrize("do", [evaluate, appraise_supernets, audit_supernets])
def test_a_folder_without_super_nets(do, name, tmp_path):
    with pytest.raises(MissingDataError, match="expected super-nets, found none; train some with: shareornot train"):
        do(tmp_path / name)


@pytest.mark.parametrize("file", ["seed-0/settings.json", "pieces/train-0/piece.json"])
def test_a_folder_of_an_older_version_is_refused_and_left_alone(file, tmp_path):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("{}")
    for do in (evaluate, appraise_supernets, lambda folder: train_supernets(folder, tiny(), device="cpu")):
        with pytest.raises(DataError, match="got the super-nets of an older one, which this version cannot read"):
            do(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [file.rpartition("/")[2]]


def test_damaged_settings_are_reported_with_a_remedy_and_the_same_command_restores_them(copied, bars):
    (copied / "study.toml").write_text("{}")
    with pytest.raises(DataError, match="delete it and run the command again that made the folder: finished jobs"):
        appraise_supernets(copied)
    (copied / "study.toml").unlink()
    train_supernets(copied, tiny(), device="cpu", num_processes=1, bars=bars)
    evaluate(copied)
    assert len(jobs(copied, "train")) == len(jobs(copied, "score")) == 2


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (
            {"training": {"batch_size": 1000}},
            "training.batch_size: expected at most the 200 training images",
        ),
        ({"training": {"method": "none"}}, "method: expected one of"),
        ({"space": "A4"}, "space A4: "),
    ],
)
def test_a_refused_training_leaves_nothing_behind(study, message, tmp_path):
    with pytest.raises(SettingsError, match=message):
        train_supernets(tmp_path / "new", tiny(**study), device="cpu")
    with pytest.raises(MissingDataError, match="expected a table"):
        train_supernets(tmp_path / "new", replace(tiny(), benchmark=str(tmp_path / "no.arrow")), device="cpu")
    assert not (tmp_path / "new").exists()


def test_two_at_once(copied):
    with only_runner(copied), pytest.raises(SettingsError, match="expected no other process in this folder"):
        train_supernets(copied, tiny(), device="cpu", num_processes=1)


def test_a_failed_job_reports_the_reason_in_one_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "checkpoint.safetensors")

    monkeypatch.setattr(training, "continue_training", full)
    monkeypatch.setattr(training, "_train", full)
    with pytest.raises(JobError, match=r"^checkpoint.safetensors: No space left on device; free some space"):
        train_supernets(tmp_path, tiny(), device="cpu", num_processes=1)


def test_a_training_that_has_not_ended_is_not_scored(copied):
    (jobs(copied, "train")[0] / "job.json").unlink()
    with pytest.raises(SettingsError, match="expected super-nets that are trained to the end, got some that are not"):
        evaluate(copied, num_cells=26)


def test_scores_are_kept_for_each_way_of_scoring(copied):
    before = contents(copied)
    assert evaluate(copied, evaluation={"adaptation": "none"}) == "no-ft"
    assert evaluate(copied, evaluation={"num_batches": 2, "adaptation": "average"}) == "bns-ft num_batches=2"
    assert before.items() <= contents(copied).items()
    found = appraise_supernets(copied, search=SEARCH)
    assert [one.appraisal.variant for one in found.chapters] == ["NO-FT", "BNS-FT", "BNS-FT (num_batches=2)"]
    assert [one["evaluation"]["adaptation"] for one in found.settings] == ["none", "average", "average"]
    assert len({one.appraisal.spearmans for one in found.chapters}) == 3


def test_more_cells_extend_and_fewer_lose_nothing(copied):
    small = {path.name.split("-")[1]: read_scores(path / "proxies.parquet") for path in jobs(copied, "score")}
    evaluate(copied, num_cells=40)
    found = {len(read_scores(path / "proxies.parquet").cells): path for path in jobs(copied, "score")}
    assert found.keys() == {25, 40}
    for path in jobs(copied, "score"):
        scores, before = read_scores(path / "proxies.parquet"), small[path.name.split("-")[1]]
        np.testing.assert_array_equal(scores.cells[:25], before.cells)
        np.testing.assert_array_equal(scores.proxies[:25], before.proxies)
    evaluate(copied, num_cells=10)
    assert read_folder(copied).experiments["bns-ft"]["pool"]["num_cells"] == 40


def test_requesting_more_cells_than_exist_is_reported(copied):
    assert larger_than_space(copied, 91) is None
    assert larger_than_space(copied, None) is None
    assert larger_than_space(copied, 92) == (
        "space num_vertices<=4: 92 cells were requested, and the benchmark holds 91; all of these are scored"
    )
    with pytest.raises(SettingsError, match="cells: expected at least 1, got 0"):
        evaluate(copied, num_cells=0)


def test_chapters_that_are_not_scored_to_the_end_are_left_out_with_a_note(copied):
    evaluate(copied, evaluation={"adaptation": "none"})
    plan = {one.name: one.label for one in Store(copied).read_plan()}
    first = next(name for name, label in plan.items() if name.startswith("score") and "no-ft" in label)
    (copied / "jobs" / first / "job.json").unlink()
    found = appraise_supernets(copied, search=SEARCH)
    assert [one.appraisal.variant for one in found.chapters] == ["BNS-FT"]
    assert found.notes == ("num_vertices<=4 baseline no-ft: left out, because not all of its cells are scored",)


def test_a_read_only_folder_is_appraised_without_a_trace(copied):
    before = {path: path.stat().st_mtime_ns for path in copied.rglob("*")}
    found = appraise_supernets(copied, search=SEARCH, read_only=True)
    assert {path: path.stat().st_mtime_ns for path in copied.rglob("*")} == before
    again = appraise_supernets(copied, search=SEARCH)
    assert again.chapters[0].appraisal.comparisons == found.chapters[0].appraisal.comparisons


def test_a_folder_with_an_unknown_method_is_appraised(copied):
    """As a colleague's folder, whose package is not installed here."""
    path = copied / "study.toml"
    path.write_text(path.read_text().replace("epochs = 2", 'epochs = 2\nmethod = "of-a-package"'))
    assert appraise_supernets(copied, search=SEARCH).chapters[0].appraisal.num_known == 91
    with pytest.raises(SettingsError, match="method: expected one of"):
        evaluate(copied, num_cells=30)


def test_damaged_scores_are_refused(copied):
    path = jobs(copied, "score")[0] / "proxies.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"proxies\.parquet: the checksum does not match"):
        appraise_supernets(copied, read_only=True)
    with pytest.raises(DataError, match="was damaged and is computed again"):
        appraise_supernets(copied)
    evaluate(copied)
    assert len(appraise_supernets(copied, search=SEARCH).chapters) == 1


def test_scoring_costs_what_it_passes(copied):
    """Images passed through the network, a training image counted three times, over those of a training alone."""
    table = open_benchmark("digits")
    budget = appraise_supernets(copied, search=SEARCH).chapters[0].appraisal.comparisons[0]
    epochs = table.info.budgets[-1]
    cells = space_cells(open_space("num_vertices<=4"), 5)
    mean_s = table.mean("training_time")[cells].mean()
    overhead_s = mean_s * (2 / epochs + 25 * (200 + 4 * 50) / (3 * 200 * epochs))
    assert overhead_s < budget.budget_s < overhead_s + table.mean("training_time")[cells].max()


def test_fine_tuning_is_a_part_of_the_cost(copied):
    """40 steps with 50 images are 10 epochs of 200 images."""
    scores = read_scores(jobs(copied, "score")[0] / "proxies.parquet")
    evaluation = scores.origin["evaluation"] | {"fine_tuning_steps": 40}
    tuned = replace(scores, origin=scores.origin | {"evaluation": evaluation})
    assert scoring_cost(tuned) - scoring_cost(scores) == pytest.approx(10)
    plain = replace(scores, origin=scores.origin | {"evaluation": evaluation | {"adaptation": "none"}})
    assert scoring_cost(plain) == pytest.approx((200 + 3 * 40 * 50) / (3 * 200))


def test_a_report_states_how_the_scores_were_made(copied):
    """Even where the record differs from the study."""
    for path in jobs(copied, "score"):
        scores = read_scores(path / "proxies.parquet")
        evaluation = scores.origin["evaluation"] | {"num_batches": 3}
        write_scores(path / "proxies.parquet", replace(scores, origin=scores.origin | {"evaluation": evaluation}))
        record = json.loads((path / "job.json").read_text())
        (path / "job.json").write_text(json.dumps(record))
    settings = appraise_supernets_unverified(copied)
    assert settings["evaluation"]["num_batches"] == 3


def appraise_supernets_unverified(folder):
    """The settings behind the first chapter, without a look at checksums."""
    from shareornot.studies.appraisal_job import settings_used
    from shareornot.studies.supernets import _appraise_jobs

    store = Store(folder)
    return settings_used(store, _appraise_jobs(store, read_folder(folder), DataHashes())[0][0].spec)


def test_a_training_that_learns_nothing_and_a_damaged_log_are_reported(copied):
    study = read_folder(copied)
    path = jobs(copied, "train")[0] / "log.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(lines[0] + b"\n\xff\xfe\n" + lines[1].replace(b'"loss": ', b'"loss": 9') + b"\n")
    found = training_warnings(copied, study)
    assert any("damaged lines in log.jsonl are ignored (1)" in one for one in found)
    assert any(
        "has learnt nothing: its loss in epoch 2 was 9" in one and "guessing gives 2.303" in one for one in found
    )


PROGRAM = "from shareornot.cli import main; main()"


def start(folder, epochs, log):
    command = [sys.executable, "-c", PROGRAM, "train", folder, "--benchmark", "digits", "--epochs", str(epochs)]
    command += ["--set", "network.num_stacks=2", "--set", "network.cells_per_stack=1"]
    return subprocess.Popen([*command, "--space", "num_vertices<=4"], stdout=subprocess.DEVNULL, stderr=log, text=True)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_or_killed_the_same_command_resumes_bit_for_bit(how, tmp_path):
    epochs = 40
    with (tmp_path / "log").open("w+") as log:
        running = start(tmp_path / "stopped", epochs, log)
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("stopped/jobs/*/log.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.01)
        if how == signal.SIGKILL:
            part = next(tmp_path.glob("stopped/jobs/*")) / ".checkpoint.safetensors.x.part"
            part.touch()
        os.kill(running.pid, how)
        code = running.wait(60)
        log.seek(0)
        lines = [line for line in log.read().splitlines() if not line.endswith("...")]
    if how == signal.SIGINT:
        assert code == 130
        assert len(lines) == 1
        assert "; run the same command again to resume" in lines[0]
    study = tiny(epochs=epochs, supernets=1)
    for name in ("stopped", "whole"):
        train_supernets(tmp_path / name, study, device="cpu")
    assert not list(tmp_path.rglob("*.part"))
    stopped, whole = (
        load_file(jobs(tmp_path / name, "train")[0] / "checkpoint.safetensors") for name in ("stopped", "whole")
    )
    assert stopped.keys() == whole.keys()
    assert all(np.array_equal(stopped[name], whole[name]) for name in whole)


def test_the_own_choice_of_a_method_goes_all_the_way(tmp_path):
    study = decode_study(
        {
            "preset": "digits",
            "spaces": ["A3"],
            "variants": ["baseline"],
            "supernets": 2,
            "shard_size": 7,
            "training": {"epochs": 2, "method": "rsws", "options": {"num_candidates": 5, "num_finalists": 2}},
        }
    )
    folder = tmp_path / "rsws"
    train_supernets(folder, study, device="cpu", num_processes=1)
    name = evaluate_supernets(folder, num_cells=12, device="cpu", num_processes=1)
    lines, _ = score_notes(folder, name)
    assert sum(": the method itself returns " in line for line in lines) == 2
    (chapter,) = appraise_supernets(folder, search={"num_trained": [1, 5], "num_runs": 5}).chapters
    own, found = chapter.appraisal.own, chapter.appraisal
    assert found.method == "rsws"
    assert all(choice in open_space("A3").members for choice in own.choices)
    table = open_benchmark("digits")
    test = dict(zip(table.cells.tolist(), table.mean("test_accuracy").tolist(), strict=True))
    best = max(test[cell] for cell in open_space("A3").members_below(len(table)).tolist())
    assert own.regrets == tuple(pytest.approx(best - test[choice]) for choice in own.choices)
    assert own.preference is None


def test_scores_are_averaged_over_the_last_checkpoints(tmp_path):
    """Against the scores of each checkpoint alone, and what that costs."""
    folder = tmp_path / "kept"
    train_supernets(
        folder, tiny(supernets=1, training={"epochs": 3, "keep_checkpoints": 2}), device="cpu", num_processes=1
    )
    one = evaluate_supernets(folder, num_cells=6, device="cpu", num_processes=1)
    two = evaluate_supernets(folder, evaluation={"num_checkpoints": 2}, num_cells=6, device="cpu", num_processes=1)
    assert two == "bns-ft num_checkpoints=2"
    plan = Store(folder).read_plan()
    (trained,) = (job.name for job in plan if job.kind == "train")
    jobs = Store(folder).path(trained).parent
    found = {}
    for job in plan:
        if job.kind == "score":
            scores = read_scores(jobs / job.name / "proxies.parquet")
            found[scores.origin["evaluation"].get("num_checkpoints", 1)] = scores
    earlier, num_steps = load_supernet(jobs / trained / "after-2.safetensors")
    assert num_steps == 2 * load_supernet(jobs / trained / "checkpoint.safetensors")[1] / 3
    evaluation = EvaluationSettings(batch_size=50, num_images=200)
    alone = np.array(list(Evaluator(earlier, digits_images(), evaluation).scores(found[1].cells)))
    np.testing.assert_allclose(found[2].proxies, (found[1].proxies + alone) / 2, atol=1e-12)
    assert not np.array_equal(found[1].proxies, alone)
    assert scoring_cost(found[2]) == pytest.approx(2 * scoring_cost(found[1]))
    with pytest.raises(SettingsError, match=r"evaluation\.num_checkpoints: expected at most .* 2 of 3 epochs, got 3"):
        evaluate_supernets(folder, evaluation={"num_checkpoints": 3}, num_cells=6, device="cpu", num_processes=1)
    assert one == "bns-ft"
