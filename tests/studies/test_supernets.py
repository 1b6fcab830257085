import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from shareornot.appraisal.scores_file import read_scores, write_scores
from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.report import write_report
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies.settings import digits_settings, read_settings, write_settings
from shareornot.studies.supernets import (
    appraise_supernets,
    audit_supernets,
    draw_pool,
    evaluate_supernets,
    settings_used,
    supernet_folders,
    train_supernets,
)
from shareornot.supernet.settings import EvaluationSettings
from shareornot.tables import open_benchmark


def tiny(**changes):
    return digits_settings("num_vertices<=4", epochs=2, **changes)


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
    folder = tmp_path_factory.mktemp("two")
    train_supernets(folder, tiny(), num_supernets=2, device="cpu", num_processes=1)
    evaluate_supernets(folder, num_cells=25, device="cpu", num_processes=1)
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """The same, to be changed."""
    for path in trained.glob("seed-*/*"):
        (tmp_path / path.parent.name).mkdir(exist_ok=True)
        (tmp_path / path.parent.name / path.name).write_bytes(path.read_bytes())
    return tmp_path


def contents(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_from_images_to_a_report(trained, tmp_path):
    appraisal = appraise_supernets(trained)
    assert [pool.name for pool in appraisal.pools] == ["seed-0", "seed-1"]
    assert (appraisal.benchmark, appraisal.num_cells, appraisal.num_known) == ("digits", 91, 91)
    picture = write_report(tmp_path, appraisal)
    assert picture.is_file()
    assert json.loads((tmp_path / "appraisal.json").read_text())["space"] == "num_vertices<=4"


def test_super_nets_differ_in_seed_and_pool(trained):
    first, second = (load_file(path / "checkpoint.safetensors") for path in supernet_folders(trained))
    name = next(name for name, tensor in first.items() if "network" in name and tensor.ndim == 4)
    assert not np.array_equal(first[name], second[name])
    pools = [read_scores(path / "proxies.parquet").cells for path in supernet_folders(trained)]
    assert not np.array_equal(*pools)


def test_doing_it_again_does_nothing(copied, bars):
    before = {path: content for path, content in contents(copied).items() if path.name != "checkpoint.safetensors"}
    weights = [load_file(path / "checkpoint.safetensors") for path in supernet_folders(copied)]
    train_supernets(copied, tiny(), num_supernets=2, device="cpu", num_processes=1, bars=bars)
    evaluate_supernets(copied, num_cells=25, device="cpu", num_processes=1, bars=bars)
    after = contents(copied)
    assert {path: after[path] for path in before} == before
    for path, tensors in zip(supernet_folders(copied), weights, strict=True):
        again = load_file(path / "checkpoint.safetensors")
        assert all(np.array_equal(again[name], tensor) for name, tensor in tensors.items())
    assert [(bar.description, bar.num_done, bar.total) for bar in bars.opened] == [
        ("Training 2 super-nets", 16, 16),
        ("Scoring 50 cells with 2 super-nets", 50, 50),
    ]


def test_processes_change_nothing(trained, tmp_path, bars):
    train_supernets(tmp_path, tiny(), num_supernets=2, device="cpu", num_processes=2, bars=bars)
    assert [bar.num_done for bar in bars.opened] == [16]
    for ours, theirs in zip(supernet_folders(trained), supernet_folders(tmp_path), strict=True):
        first, second = load_file(ours / "checkpoint.safetensors"), load_file(theirs / "checkpoint.safetensors")
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first)


def test_more_super_nets_join_those_that_are_there(copied):
    before = contents(copied / "seed-0")
    train_supernets(copied, tiny(), num_supernets=3, device="cpu", num_processes=1)
    assert [path.name for path in supernet_folders(copied)] == ["seed-0", "seed-1", "seed-2"]
    assert contents(copied / "seed-0").keys() == before.keys()
    with pytest.raises(MissingDataError, match=r"seed-2: expected proxies\.parquet, found none; score"):
        appraise_supernets(copied)


def test_seeds_are_in_numerical_order(tmp_path):
    for seed in (10, 9, 0, 100):
        write_settings(tmp_path / f"seed-{seed}" / "settings.json", tiny(seed=seed))
    assert [path.name for path in supernet_folders(tmp_path)] == ["seed-0", "seed-9", "seed-10", "seed-100"]


def test_the_folder_of_one_super_net(trained):
    assert supernet_folders(trained / "seed-1") == [trained / "seed-1"]


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_super_nets(tmp_path, name):
    with pytest.raises(MissingDataError, match="expected super-nets, found none; train some with: shareornot train"):
        supernet_folders(tmp_path / name)


def test_other_settings_in_the_same_folder(copied):
    with pytest.raises(SettingsError, match="holds a super-net of other settings"):
        train_supernets(copied, tiny(variant="pro-rata"), device="cpu")


def test_a_folder_of_mixed_settings(copied):
    path = copied / "seed-1" / "settings.json"
    settings = read_settings(path)
    write_settings(path, replace(settings, training=replace(settings.training, epochs=3)))
    with pytest.raises(SettingsError, match="differ in their seed only; keep others in another folder"):
        appraise_supernets(copied)


def test_a_folder_of_scores_made_in_different_ways(copied):
    path = copied / "seed-1" / "proxies.parquet"
    scores = read_scores(path)
    other = scores.origin["evaluation"] | {"adaptation": "none"}
    write_scores(path, replace(scores, origin=scores.origin | {"evaluation": other}))
    with pytest.raises(SettingsError, match="expected super-nets scored in one way; run again: shareornot evaluate"):
        appraise_supernets(copied)


def test_damaged_settings(copied):
    (copied / "seed-0" / "settings.json").write_text("{}")
    with pytest.raises(DataError, match="expected the settings of a super-net"):
        appraise_supernets(copied)


def test_a_training_that_has_not_ended(copied):
    train_supernets(copied, tiny(), num_supernets=2, device="cpu", num_processes=1)
    path = copied / "seed-0" / "settings.json"
    settings = read_settings(path)
    write_settings(path, replace(settings, training=replace(settings.training, epochs=3)))
    with pytest.raises(SettingsError, match="trained to the end, got one after 8 of 12 steps"):
        evaluate_supernets(copied, num_cells=26, device="cpu", num_processes=1)


def test_no_super_net_asked_for(tmp_path):
    with pytest.raises(SettingsError, match="num_supernets: expected at least 1, got 0"):
        train_supernets(tmp_path, tiny(), num_supernets=0)


def test_an_unknown_benchmark_fails_before_anything_is_written(tmp_path):
    with pytest.raises(MissingDataError, match="expected a table"):
        train_supernets(tmp_path / "new", replace(tiny(), benchmark=str(tmp_path / "no.arrow")))
    assert not (tmp_path / "new").exists()


def test_scoring_in_another_way(copied):
    before = read_scores(copied / "seed-0" / "proxies.parquet")
    evaluation = EvaluationSettings(adaptation="none", batch_size=50)
    evaluate_supernets(copied, evaluation=evaluation, num_cells=25, device="cpu", num_processes=1)
    after = read_scores(copied / "seed-0" / "proxies.parquet")
    np.testing.assert_array_equal(after.cells, before.cells)
    assert after.origin["evaluation"]["adaptation"] == "none"
    assert not np.array_equal(after.proxies, before.proxies)


def test_scoring_costs_what_it_passes(trained):
    """Images passed through the network, a training image counted three times, over those of a training alone."""
    table = open_benchmark("digits")
    budget = appraise_supernets(trained).comparisons[0]
    epochs = table.info.budgets[-1]
    cells = space_cells(open_space("num_vertices<=4"), 5)
    mean_s = table.mean("training_time")[cells].mean()
    overhead_s = mean_s * (2 / epochs + 25 * (797 + 4 * 50) / (3 * 200 * epochs))
    assert overhead_s < budget.budget_s < overhead_s + table.mean("training_time")[cells].max()


def scored_as(copied, **changes):
    """The same scores, with a record that they were made in another way."""
    for path in copied.glob("seed-*/proxies.parquet"):
        scores = read_scores(path)
        evaluation = scores.origin["evaluation"] | changes
        write_scores(path, replace(scores, origin=scores.origin | {"evaluation": evaluation}))


def test_fine_tuning_is_a_part_of_the_cost(copied):
    """40 steps with 50 images cost what 10 of the 20 epochs of a training alone cost, for each of 25 cells."""
    before = appraise_supernets(copied).comparisons[0].num_random_trainings
    scored_as(copied, fine_tuning_steps=40)
    after = appraise_supernets(copied).comparisons[0].num_random_trainings
    assert after - before == pytest.approx(25 * 10 / 20)


def test_a_report_states_how_the_scores_were_made(copied):
    assert settings_used(copied)["evaluation"]["adaptation"] == "average"
    assert appraise_supernets(copied).variant == audit_supernets(copied).variant == "BNS-FT"
    scored_as(copied, adaptation="none")
    assert (settings_used(copied)["evaluation"]["adaptation"], settings_used(copied)["num_cells"]) == ("none", 25)
    assert appraise_supernets(copied).variant == "NO-FT"
    scored_as(copied, fine_tuning_steps=40)
    assert settings_used(copied)["evaluation"]["fine_tuning_steps"] == 40
    assert audit_supernets(copied).variant == "FT"


def test_a_pool_is_the_whole_space_or_some_of_it():
    table = open_benchmark("digits")
    space = space_cells(open_space("num_vertices<=4"), 5)
    np.testing.assert_array_equal(draw_pool(table, tiny()), space)
    np.testing.assert_array_equal(draw_pool(table, replace(tiny(), num_cells=1_000)), space)
    some = draw_pool(table, replace(tiny(), num_cells=40))
    assert len(np.unique(some)) == 40
    assert np.isin(some, space).all()
    np.testing.assert_array_equal(some, draw_pool(table, replace(tiny(), num_cells=40)))
    assert not np.array_equal(some, draw_pool(table, replace(tiny(seed=1), num_cells=40)))


def test_a_pool_with_replacement_holds_some_cells_twice():
    pool = draw_pool(open_benchmark("digits"), replace(tiny(), num_cells=300, with_replacement=True))
    assert len(pool) == 300
    assert len(np.unique(pool)) <= 91


def test_a_pool_of_a_partial_table_holds_known_cells_only(partial_table):
    pool = draw_pool(partial_table, replace(tiny(), num_cells=None))
    np.testing.assert_array_equal(pool, np.arange(0, 91, 2))


def start(folder, epochs, log):
    program = [sys.executable, "-c", "from shareornot.cli import main; main()"]
    command = [*program, "train", folder, "--benchmark", "digits", "--epochs", str(epochs)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, text=True)


def test_ctrl_c_saves_and_the_same_command_goes_on_bit_for_bit(tmp_path):
    epochs = 40
    with (tmp_path / "log").open("w+") as log:
        running = start(tmp_path / "stopped", epochs, log)
        deadline = time.monotonic() + 60
        while not (tmp_path / "stopped" / "seed-0" / "training.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
        log.seek(0)
        lines = [line for line in log.read().splitlines() if not line.endswith("...")]
    assert len(lines) == 1
    assert "they are saved; run the same command again to resume" in lines[0]
    log_path = tmp_path / "stopped" / "seed-0" / "training.jsonl"
    assert 1 <= len(log_path.read_text().splitlines()) < epochs
    settings = digits_settings(epochs=epochs)
    for name in ("stopped", "whole"):
        train_supernets(tmp_path / name, settings, device="cpu")
    assert len(log_path.read_text().splitlines()) == epochs
    stopped, whole = (load_file(tmp_path / name / "seed-0" / "checkpoint.safetensors") for name in ("stopped", "whole"))
    assert stopped.keys() == whole.keys()
    assert all(np.array_equal(stopped[name], whole[name]) for name in whole)
