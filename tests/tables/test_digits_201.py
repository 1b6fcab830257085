"""The embedded benchmark of NAS-Bench-201: what it must be worth as a table."""

from itertools import groupby

import numpy as np
import pytest

from shareornot.spaces.nasbench201 import FAMILY
from shareornot.statistics import highest_spearman, spearman
from shareornot.tables import open_table
from shareornot.tables.catalogue import benchmark_path


@pytest.fixture(scope="module")
def table():
    return open_table("digits-201")


@pytest.fixture(scope="module")
def distinct(table):
    """Row of one architecture of each isomorphism class."""
    return np.unique(FAMILY.isomorphism_classes(table.architectures), return_index=True)[1]


def test_it_is_whole_and_small(table, distinct):
    table.verify()
    assert (len(table), len(distinct)) == (15_625, 6_466)
    assert all(table.values(f"{part}_accuracy").shape == (15_625, 3) for part in ("train", "validation", "test"))
    assert (table.values("training_time") > 0).all()
    assert benchmark_path("digits-201").stat().st_size < 1e6


def test_isomorphic_architectures_have_one_result(table):
    classes = FAMILY.isomorphism_classes(table.architectures)
    order = np.argsort(classes, kind="stable")
    values = table.values("validation_accuracy")
    for _, rows in groupby(order.tolist(), key=lambda row: classes[row]):
        same = values[list(rows)]
        assert (same == same[0]).all()


def test_there_is_something_to_rank(table, distinct):
    runs = table.values("validation_accuracy")[distinct]
    assert highest_spearman(runs) >= 0.95
    parameters = FAMILY.sizes(table.architectures[distinct])["number of parameters"]
    assert abs(spearman(parameters, runs.mean(axis=1)).value) < 0.8
    best = np.sort(runs.mean(axis=1))[-len(runs) // 10 :]
    assert best.max() - best.min() > 0.03
    assert best.max() < 0.97
