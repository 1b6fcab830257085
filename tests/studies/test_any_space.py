"""Super-nets of other families than NASBench-101, from their training to the page, on made-up tables."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.studies import StudySettings, decode_study
from shareornot.studies.export import export_study
from shareornot.studies.planning import check_supernet
from shareornot.studies.supernets import appraise_supernets, audit_supernets, evaluate_supernets, train_supernets
from shareornot.tables import ArchitectureTableInfo, Column, open_table
from shareornot.tables.architecture_table_file import write_architecture_table
from shareornot.tables.catalogue import benchmark_path, default_space, standalone_epochs

NUM_CELLS = 30


def make_table(folder, family, *, epochs=20, metrics=("test_accuracy",), data_sets=("digits",)):
    """Accuracies that grow with the size, with three runs; without validation accuracies or times unless requested."""
    space, rng = open_space(family), np.random.default_rng(0)
    sizes = space.sizes(space.members)["number of parameters"]
    good = 0.5 + 0.4 * np.argsort(np.argsort(sizes)) / len(space)
    columns = [
        Column(metric=metric, data_set=data_set, epochs=epochs, runs=("0", "1", "2"))
        for data_set in data_sets
        for metric in metrics
    ]
    values = [np.clip(good[:, None] + 0.01 * rng.standard_normal((len(space), 3)), 0, 1) for _ in columns]
    info = ArchitectureTableInfo(
        name=f"made-up-{family}", family=family, num_architectures=len(space), columns=tuple(columns)
    )
    path = folder / f"{family}.arrow"
    write_architecture_table(path, info, space.members, values)
    return path


def study_of(path, space, **changes):
    tiny = {
        "supernets": 2,
        "training": {"epochs": 2},
        "network": {"num_filters": 4, "cells_per_stack": 1},
        "search": {"num_trained": [1, 5], "num_runs": 10},
        "watching": {"num_times": 1, "num_cells": 4, "num_images": 50},
    }
    return decode_study({"name": "t", "benchmark": str(path), "images": "digits", "spaces": [space], **tiny, **changes})


@pytest.mark.parametrize("family", ["nasbench201", "macro"])
def test_a_super_net_of_another_family_goes_all_the_way(family, tmp_path):
    path, folder = make_table(tmp_path, family), tmp_path / "study"
    train_supernets(folder, study_of(path, family), device="cpu", num_processes=1)
    evaluate_supernets(folder, evaluation={"num_images": 100}, num_cells=NUM_CELLS, device="cpu", num_processes=1)
    found = appraise_supernets(folder)
    appraisal, audit = found.chapters[0].appraisal, found.chapters[0].audit
    assert appraisal.space == family
    assert appraisal.num_known == len(open_space(family))
    assert len(appraisal.pools[0].cells) == NUM_CELLS
    assert appraisal.time_unit == "trainings"
    assert set(appraisal.baselines) == {"number of parameters", "number of operations"}
    assert appraisal.baselines["number of parameters"] > 0.9
    assert {"random search", "evolution", "local search", "number of parameters"} <= {
        rival.name for comparison in appraisal.comparisons for rival in comparison.rivals
    }
    assert any("test accuracies" in note for note in appraisal.notes)
    assert any("counted in trainings" in note for note in appraisal.notes)
    features = set(open_space(family).features(np.arange(3)))
    assert audit is not None
    assert {effect.feature for effect in audit.bias.effects} <= features
    assert [one.num_scores for one in audit_supernets(folder)] == [NUM_CELLS * found.study.supernets]
    scores = pq.read_table(export_study(folder, tmp_path / "out")[1]).to_pydict()
    assert scores["architecture"][0] in open_space(family).texts(open_space(family).members)
    assert len(scores["architecture"]) == NUM_CELLS * found.study.supernets + len(open_space(family)) - len(
        {text for text, name in zip(scores["architecture"], scores["supernet"], strict=True) if name}
    )


def test_what_a_suffix_selects_is_trained_on(tmp_path):
    metrics = ("validation_accuracy", "test_accuracy")
    path = make_table(tmp_path, "nasbench201", metrics=metrics, data_sets=("one", "two"))
    assert benchmark_path(f"{path}:one:20") == path
    table = open_table(f"{path}:two")
    assert table.settings == ("two:20",)
    supernet = study_of(f"{path}:one:20", "nasbench201").chapters()[0].supernet
    check_supernet(supernet, open_table(supernet.benchmark))
    assert standalone_epochs(table) == 20


def test_networks_have_the_sizes_of_their_family_and_images(tmp_path):
    path = make_table(tmp_path, "nasbench201")
    digits = StudySettings(name="t", benchmark=str(path), images="digits", spaces=("nasbench201",)).chapters()[0]
    cifar = StudySettings(name="t", benchmark=str(path), images="cifar10", spaces=("nasbench201",)).chapters()[0]
    assert (digits.supernet.network.num_stacks, digits.supernet.network.image_channels) == (3, 1)
    assert (cifar.supernet.network.num_filters, cifar.supernet.network.cells_per_stack) == (16, 5)
    assert cifar.supernet.network.initial_weights == "random"
    assert default_space(open_table(path)) == "nasbench201"


def test_a_space_of_another_family_than_the_table_is_refused(tmp_path):
    path = make_table(tmp_path, "macro")
    with pytest.raises(SettingsError, match="space A3: expected a space of macro, as the benchmark made-up-macro"):
        train_supernets(tmp_path / "study", study_of(path, "A3"), device="cpu")


def test_a_table_without_epochs_has_no_costs(tmp_path):
    path = make_table(tmp_path, "macro", epochs=None)
    with pytest.raises(SettingsError, match=r"expected the number of epochs .*; add the table again with --epochs"):
        standalone_epochs(open_table(path))
