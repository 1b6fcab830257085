"""After 200 steps on real images the masked engine ranks cells as the plain one does."""

from dataclasses import replace

import numpy as np

from shareornot.images import digits_images
from shareornot.spaces.nasbench101 import parse_space, space_cells
from shareornot.statistics import spearman
from shareornot.studies.settings import digits_settings, with_seed
from shareornot.supernet import Evaluator, SuperNet, Trainer
from shareornot.supernet.masked.training import MaskedTrainer, SideBySide
from shareornot.tables import open_benchmark

SEEDS = (0, 1)


def test_agreement_with_standalone_accuracy():
    settings = digits_settings("num_vertices<=4", epochs=50)
    images, cells = digits_images(), space_cells(parse_space("num_vertices<=4"), 5)
    few = replace(
        images, validation_images=images.validation_images[:300], validation_labels=images.validation_labels[:300]
    )
    table = open_benchmark("digits")
    pool = cells[::4]
    standalone = table.mean("validation_accuracy")[table.rows_of(pool)[0]]

    def trainers(kind):
        configs = [with_seed(settings, seed).training for seed in SEEDS]
        return [kind(SuperNet(settings.network, one.seed), images, cells, one) for one in configs]

    plain, masked = trainers(Trainer), trainers(MaskedTrainer)
    for trainer in plain:
        list(trainer.run())
    list(SideBySide(masked).run())
    agreement = np.array(
        [
            [spearman(np.array(list(Evaluator(one.network, few, settings.evaluation).scores(pool))), standalone).value]
            for one in (*plain, *masked)
        ]
    ).reshape(2, len(SEEDS))
    # In 200 steps rounding grows to differences up to 0.07, and 0.03 in the mean; seeds differ by 0.19.
    assert np.abs(agreement[0] - agreement[1]).max() <= 0.2
    assert np.abs(np.diff(agreement.mean(axis=1))) <= 0.1
    assert agreement.mean() > 0.2
