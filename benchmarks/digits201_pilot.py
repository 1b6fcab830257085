"""A pilot of the benchmark digits-201: is a setting of the standalone trainings fit for a table?

    python benchmarks/digits201_pilot.py --filters 4 --cells 3 --epochs 12

Trains some random architectures of NAS-Bench-201 alone, one of each isomorphism class, three times each, and prints
what a table of them would be worth: its noise ceiling, how well one run ranks the mean of the others, the spread of
accuracies, how much runs of the best tenth differ, how well the number of parameters ranks, and the time of a training.
A setting will do where the ceiling is at least 0.95 and the number of parameters reaches at most 0.8.
"""

import argparse
import time

import numpy as np
import torch

from shareornot.errors import DataError
from shareornot.images import digits_images
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.statistics import highest_spearman, one_run_against_others, spearman
from shareornot.supernet.settings import NetworkSettings, StandaloneTrainingSettings
from shareornot.supernet.standalone_training import train_standalone

NUM_RUNS = 3


def main() -> None:
    """Train, and print a line every ten architectures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", type=int, default=200)
    parser.add_argument("--filters", type=int, default=8)
    parser.add_argument("--cells", type=int, default=1, help="in each of the three stages")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    network = NetworkSettings(
        num_filters=options.filters, cells_per_stack=options.cells, image_channels=1, bn_momentum=0.1
    )
    training = StandaloneTrainingSettings(
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
    )
    distinct = np.unique(FAMILY.isomorphism_classes(FAMILY.members))
    chosen = np.random.default_rng(0).choice(distinct, min(options.architectures, len(distinct)), replace=False)
    images, runs, times_s = digits_images(), [], []
    for number, architecture in enumerate(chosen.tolist(), start=1):
        started_s = time.process_time()
        results = train_standalone(
            architecture, range(NUM_RUNS), images, network, training, family=FAMILY.name, half_way=False
        )
        runs.append([final.validation_accuracy for (final,) in results])
        times_s.append((time.process_time() - started_s) / NUM_RUNS)
        if number % 10 == 0 or number == len(chosen):
            show(np.array(runs), chosen[:number], times_s)


def show(runs: np.ndarray, architectures: np.ndarray, times_s: list[float]) -> None:
    """One line about the architectures so far."""
    means = runs.mean(axis=1)
    parameters = FAMILY.sizes(architectures)["number of parameters"]
    best = np.argsort(-means)[: max(1, len(means) // 10)]
    try:
        worth = f"ceiling {highest_spearman(runs):.3f}, one run {one_run_against_others(runs):.3f}"
    except DataError as error:
        worth = str(error)
    quantiles = " ".join(f"{value:.3f}" for value in np.quantile(means, [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]))
    print(
        f"{len(runs)} architectures: {worth}; parameters {spearman(parameters, means).value:.2f}; accuracies at 0, 10, "
        f"25, 50, 75, 90, 100 %: {quantiles}; runs differ by {runs.std(axis=1, ddof=1).mean():.4f}, of the best by "
        f"{runs[best].std(axis=1, ddof=1).mean():.4f}; {1e3 * np.mean(times_s):.0f} ms a training",
        flush=True,
    )


if __name__ == "__main__":
    main()
