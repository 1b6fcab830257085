"""Jobs are named by what determines their results: no more, no less."""

import os
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from shareornot.errors import MissingDataError, SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies import decode_study, job, plan_jobs
from shareornot.studies.data_hashes import DataHashes
from shareornot.studies.job import ScoreSpec
from shareornot.studies.planning import draw_pool, hash_of_cells
from shareornot.studies.settings import PoolSettings, identity_of
from shareornot.tables import BenchmarkTable, open_benchmark

BASE = {
    "preset": "digits",
    "spaces": ["A3"],
    "variants": ["baseline"],
    "supernets": 2,
    "shard_size": 20,
    "pool": {"num_cells": 50},
}
HASHES = DataHashes()


def names(*overrides, **values):
    """Names of the jobs of each kind."""
    jobs = plan_jobs(decode_study(BASE | values, overrides), HASHES)
    return {kind: {one.name for one in jobs if one.kind == kind} for kind in job.CODE_VERSIONS}


def test_a_study_is_cut_into_pieces_that_come_after_what_they_need():
    jobs = plan_jobs(decode_study(BASE), HASHES)
    seen = set()
    for one in jobs:
        assert seen.issuperset(one.needs)
        assert one.name not in seen
        seen.add(one.name)
    counts = {kind: sum(one.kind == kind for one in jobs) for kind in job.CODE_VERSIONS}
    assert counts == {"train": 2, "score": 2 * 2 * 3, "appraise": 2, "summarise": 1}


def test_planning_twice_gives_the_same_names():
    assert names() == names() == names(name="another")


def test_shards_join_to_the_pool():
    study = decode_study(BASE)
    jobs = [one for one in plan_jobs(study, HASHES) if isinstance(one.spec, ScoreSpec)]
    first = [one.spec for one in jobs if one.needs == jobs[0].needs and one.spec.evaluation.adaptation == "none"]
    assert [(one.start, one.stop) for one in first] == [(0, 20), (20, 40), (40, 50)]
    pool = draw_pool(open_benchmark("digits"), "A3", first[0].pool, 0)
    assert len(np.unique(pool)) == 50
    assert first[0].cells_sha256 == hash_of_cells(pool[:20])


def test_evaluations_share_the_training():
    both, one = names(), names("evaluations=['bns-ft']")
    assert both["train"] == one["train"]
    assert one["score"] < both["score"]
    assert one["appraise"] < both["appraise"]


def test_another_variant_reuses_the_rest():
    before, after = names(), names("variants=['baseline', 'single-k']")
    for kind in ("train", "score", "appraise"):
        assert before[kind] < after[kind]
        assert len(after[kind]) == 2 * len(before[kind])


def test_labels_start_with_the_name_of_the_experiment():
    experiments = {"uniform": {}, "fairnas": {"training": {"method": "fairnas"}}}
    jobs = plan_jobs(
        decode_study(BASE | {"experiments": experiments, "supernets": 1, "evaluations": ["bns-ft"]}), HASHES
    )
    labels = {kind: [one.label for one in jobs if one.kind == kind] for kind in ("train", "score")}
    assert labels["train"] == ["uniform: A3 baseline, seed 0", "fairnas: A3 baseline, seed 0"]
    assert labels["score"][-1] == "fairnas: A3 baseline bns-ft, seed 0, cells 40 to 49"


def test_more_supernets_reuse_those_that_are_there():
    before, after = names(), names("supernets=3")
    assert before["train"] < after["train"]
    assert before["score"] < after["score"]
    assert before["appraise"].isdisjoint(after["appraise"])


def test_settings_of_the_searches_change_the_appraisals_only():
    before, after = names(), names("search.seed=1")
    assert before["train"] == after["train"]
    assert before["score"] == after["score"]
    assert before["appraise"].isdisjoint(after["appraise"])
    assert before["summarise"].isdisjoint(after["summarise"])


@pytest.mark.parametrize(
    "override", ["evaluation.forward_size=7", "watching.num_times=0", "name=other", "shard_size=20"]
)
def test_what_changes_the_speed_changes_no_name(override):
    assert names(override) == names()


def test_batches_of_the_adaptation_matter_only_where_there_is_one():
    before, after = names(), names("evaluation.num_batches=2")
    assert before["train"] == after["train"]
    assert len(before["score"] & after["score"]) == 6  # NO-FT


@pytest.mark.parametrize("override", ["training.epochs=299", "network.num_filters=4", "seed=7", "spaces=['A2']"])
def test_what_changes_the_training_changes_all_that_rests_on_it(override):
    before, after = names(), names(override)
    for kind in ("train", "score", "appraise", "summarise"):
        assert before[kind].isdisjoint(after[kind])


def test_a_larger_pool_keeps_the_shards_that_are_full():
    before, after = names(), names("pool.num_cells=60")
    assert before["train"] == after["train"]
    assert len(before["score"] & after["score"]) == 2 * 2 * 2  # of three shards, the last one grows
    grown = {one.rpartition("-")[0] for one in before["score"] - after["score"]}
    assert grown == {one.rpartition("-")[0] for one in after["score"] - before["score"]}


def test_a_pool_is_the_whole_space_or_some_of_it():
    table = open_benchmark("digits")
    space = space_cells(open_space("num_vertices<=4"), 5)

    def pool(num_cells, seed=0, **changes):
        return draw_pool(table, "num_vertices<=4", PoolSettings(num_cells=num_cells, **changes), seed)

    np.testing.assert_array_equal(pool("all"), space)
    np.testing.assert_array_equal(pool(1_000), space)
    assert len(np.unique(pool(40))) == 40
    assert np.isin(pool(40), space).all()
    np.testing.assert_array_equal(pool(60)[:40], pool(40))  # a larger pool extends a smaller one
    assert not np.array_equal(pool(40), pool(40, seed=1))
    twice = pool(300, with_replacement=True)
    assert (len(twice), len(np.unique(twice)) <= 91) == (300, True)
    np.testing.assert_array_equal(pool(400, with_replacement=True)[:300], twice)


def test_a_pool_of_a_partial_table_holds_known_cells_only(partial_table):
    pool = draw_pool(partial_table, "num_vertices<=4", PoolSettings(num_cells="all"), 0)
    np.testing.assert_array_equal(pool, np.arange(0, 91, 2))


@dataclass(frozen=True)
class Later:
    """Settings that got a field after results had been computed."""

    NOT_IDENTITY: ClassVar = frozenset({"speed"})
    NEUTRAL: ClassVar = {"added": 0}

    old: int = 1
    speed: int = 2
    added: int = 0


def test_a_field_that_was_added_later_renames_nothing_with_its_neutral_value():
    assert identity_of(Later()) == {"old": 1}
    assert identity_of(Later(added=3, speed=9)) == {"old": 1, "added": 3}


@pytest.mark.parametrize(("kind", "same"), [("train", ()), ("score", ("train",)), ("appraise", ("train", "score"))])
def test_a_new_version_of_the_code_renames_what_it_computes(kind, same, monkeypatch):
    before = names()
    monkeypatch.setitem(job.CODE_VERSIONS, kind, 99)
    after = names()
    for one in job.CODE_VERSIONS:
        assert (before[one] == after[one]) == (one in same)


def test_data_is_hashed_once_until_it_changes(tmp_path, monkeypatch):
    (tmp_path / "data").write_text("a")
    calls = []
    monkeypatch.setattr("shareornot.studies.data_hashes.sha256_of", lambda path: calls.append(path) or "0" * 64)
    for _ in range(2):
        assert DataHashes(tmp_path / "cache.json").of(tmp_path / "data") == "0" * 64
    assert len(calls) == 1
    os.utime(tmp_path / "data", ns=(0, 1))
    DataHashes(tmp_path / "cache.json").of(tmp_path / "data")
    assert len(calls) == 2
    (tmp_path / "cache.json").write_text("damaged")
    DataHashes(tmp_path / "cache.json").of(tmp_path / "data")
    assert len(calls) == 3


def test_data_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match="run: shareornot data fetch nasbench101"):
        plan_jobs(decode_study({"preset": "laptop"}), DataHashes())
    with pytest.raises(MissingDataError, match="run: shareornot data fetch cifar10"):
        plan_jobs(decode_study({"preset": "laptop", "benchmark": "digits"}), DataHashes())
    with pytest.raises(MissingDataError, match="search times: expected nowhere, found no file"):
        names("search.times=nowhere")


def test_images_are_looked_up_when_they_are_needed():
    study = decode_study(BASE | {"images": "imagenet"})
    with pytest.raises(SettingsError, match="images: expected one of digits, cifar10, got 'imagenet'"):
        plan_jobs(study, HASHES)


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"batch_size": 201}, "training.batch_size: expected at most the 200 training images, got 201"),
        ({"method": "of-a-package"}, "method: expected one of .*, got 'of-a-package'"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(training, message):
    with pytest.raises(SettingsError, match=message):
        plan_jobs(decode_study(BASE | {"training": training}), HASHES)


def test_a_benchmark_of_larger_cells_than_the_network_has_room_for(monkeypatch, replay_table):
    info = replace(replay_table.info, max_vertices=7)
    table = BenchmarkTable(replay_table._columns, replay_table._hash_order, info)
    monkeypatch.setattr("shareornot.studies.planning.open_table", lambda _: table)
    with pytest.raises(SettingsError, match="expected cells with at most 5 vertices"):
        plan_jobs(decode_study(BASE), HASHES)
