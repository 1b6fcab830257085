"""Numbers of a small study, pinned: whoever changes a result sees it here.

What is trained is trained in double precision, so that the numbers are the same on every machine to far less than the
tolerance. A change that is meant renews the numbers, and adds 1 to the version of the kind of job in `CODE_VERSIONS`.
"""

import numpy as np
import pytest

from shareornot.images import digits_images
from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies import CODE_VERSIONS, StudySettings, decode_study
from shareornot.studies.planning import draw_pool
from shareornot.studies.settings import PoolSettings
from shareornot.studies.supernets import appraise_supernets
from shareornot.supernet import EvaluationSettings, Evaluator, build_supernet
from shareornot.tables import open_benchmark

STUDY = {
    "preset": "digits",
    "spaces": ["A3"],
    "network": {"num_stacks": 2, "cells_per_stack": 1},
    "training": {"epochs": 2},
    "search": {"num_runs": 50},
}

LOSSES = [
    2.5615850881,
    2.4146435447,
    2.2980220882,
    2.5067553879,
    2.2403780724,
    2.2639528306,
    2.5142591942,
    2.3020238680,
]
POOL = [2005, 2193, 1864, 2181, 2187, 1865, 2162, 2141]
NUM_RIGHT = {"none": [64, 111, 89, 72, 68, 98, 76, 76], "average": [50, 66, 78, 91, 87, 66, 67, 71]}
"""Of 797 validation images."""
SPEARMANS = [0.9368881208, 0.9427359300, 0.9426904095]
AGREEMENT = [0.9407714868, 0.9282846240, 0.9532583496, 0.9737445507]
"""Mean, interval, noise ceiling."""
COMPARISONS = [
    (1, 55.4134893977, 0.0247222318, 0.0190891332, 0.0161011604),
    (10, 65.8759435830, 0.0218055712, 0.0180964490, 0.0130333436),
    (20, 76.4913522057, 0.0218055712, 0.0172333439, 0.0103951892),
]
"""k, average trainings of random search, regret of the guided search, of random search, of evolution."""
EFFECTS = {"operation_2 = conv1x1": 0.2874326467, "operation_1 = conv3x3": -0.0108905269, "residual": -0.2267477852}
BUDGET_S = 16.1715820649


@pytest.fixture(scope="module")
def trained():
    """The super-net of the study after its two epochs, in double precision, and the losses of its steps."""
    supernet = decode_study(STUDY).chapters()[0].supernet
    images, space = digits_images(), open_space(supernet.space)
    network = build_supernet(space.family, supernet.network, supernet.training.seed).double()
    trainer = make_trainer(network, space, space_cells(space, 5), images, supernet.training)
    trainer.network.train()
    return network, [trainer.step().item() for _ in range(trainer.num_steps)]


def test_the_training_of_a_super_net(trained):
    assert trained[1] == pytest.approx(LOSSES, rel=1e-6)


@pytest.mark.parametrize("adaptation", ["none", "average"])
def test_the_scores_of_a_super_net(trained, adaptation):
    pool = draw_pool(open_benchmark("digits"), "A3", PoolSettings(num_cells=8), 0)
    assert pool.tolist() == POOL
    evaluation = EvaluationSettings(adaptation=adaptation, batch_size=50)
    scores = list(Evaluator(trained[0], digits_images(), evaluation).scores(pool))
    assert scores == pytest.approx([number / 797 for number in NUM_RIGHT[adaptation]], abs=1e-6)


@pytest.fixture(scope="module")
def appraised(tmp_path_factory, make_scored_folder):
    """The appraisal of scores that follow the benchmark in part."""
    study = StudySettings(
        name="golden",
        benchmark="digits",
        images="digits",
        spaces=("A3",),
        supernets=3,
        pool={"num_cells": 100},
        search={"num_runs": 50},
    )

    def proxies(cells, rng):
        truth = open_benchmark("digits").query_many(cells, "validation_accuracy")[0]
        return 0.5 * truth + 0.1 * rng.random(len(cells))

    folder = make_scored_folder(tmp_path_factory.mktemp("golden") / "study", study, proxies)
    return appraise_supernets(folder, search={"num_runs": 50}).chapters[0]


def test_the_agreement_of_scores(appraised):
    appraisal = appraised.appraisal
    assert list(appraisal.spearmans) == pytest.approx(SPEARMANS, abs=1e-6)
    found = [appraisal.agreement.mean, appraisal.agreement.low, appraisal.agreement.high, appraisal.ceiling.ceiling]
    assert found == pytest.approx(AGREEMENT, abs=1e-6)


def test_the_searches_in_the_same_time(appraised):
    found = [
        (one.num_trained, one.num_random_trainings, one.guided_regret, one.random_regret, one.evolution_regret)
        for one in appraised.appraisal.comparisons
    ]
    np.testing.assert_allclose(found, COMPARISONS, atol=1e-6)


def test_the_bias_audit(appraised):
    effects = {one.name: one.effect.d for one in appraised.audit.bias.effects}
    assert {name: effects[name] for name in EFFECTS} == pytest.approx(EFFECTS, abs=1e-6)


def test_the_cost_of_a_super_net(appraised):
    assert appraised.appraisal.comparisons[0].budget_s == pytest.approx(BUDGET_S, rel=1e-6)


def test_versions_of_the_code():
    assert CODE_VERSIONS == {"train": 1, "score": 1, "appraise": 2, "summarise": 1}
