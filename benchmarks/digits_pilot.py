"""Compares sizes of network for the embedded benchmark: a few cells, trained alone under several settings.

    python benchmarks/digits_pilot.py
    python benchmarks/digits_pilot.py --settings "8 filters, 3 x 2, 20 epochs" --cells 20

Prints for each setting, over the same cells: the rank correlation of the mean accuracy with the number of parameters
and with having a residual edge, that of one run with the mean of the others, and the seconds of a training. The first
should be small and the third large, so that ranking cells takes more than counting parameters.
"""

import argparse
import re
from dataclasses import replace

import numpy as np
import torch

from shareornot.images import ImageSet, digits_images
from shareornot.spaces.nasbench101 import cell_features, parameter_count, unique_codes
from shareornot.statistics import spearman
from shareornot.studies.recipes import digits_network
from shareornot.supernet.settings import NetworkSettings, StandaloneTrainingSettings
from shareornot.supernet.standalone_training import train_standalone

SETTINGS = (
    "8 filters, 2 x 1, 20 epochs",
    "8 filters, 2 x 2, 20 epochs",
    "8 filters, 3 x 1, 20 epochs",
    "8 filters, 3 x 2, 20 epochs",
)
FORM = re.compile(r"(\d+) filters, (\d+) x (\d+), (\d+) epochs")
MAX_VERTICES, NUM_RUNS = 5, 3


def parsed(text: str) -> tuple[NetworkSettings, StandaloneTrainingSettings]:
    """The settings that a text such as `8 filters, 3 x 2, 20 epochs` stands for: three stacks of two cells each.

    Raises:
        argparse.ArgumentTypeError: another form.
    """
    match = FORM.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"expected a text such as {SETTINGS[0]!r}, got {text!r}")
    filters, stacks, cells, epochs = map(int, match.groups())
    network = replace(digits_network(), num_filters=filters, num_stacks=stacks, cells_per_stack=cells)
    return network, StandaloneTrainingSettings(epochs=epochs)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation, NaN where a column is constant."""
    value = spearman(first, second).value
    return np.nan if value is None else value


def figures(cells: np.ndarray, images: ImageSet, text: str) -> tuple[float, float, float, float]:
    """The four figures of a setting."""
    network, training = parsed(text)
    found = [train_standalone(int(cell), range(NUM_RUNS), images, network, training) for cell in cells]
    accuracies = np.array([[last.validation_accuracy for _, last in runs] for runs in found])
    seconds = np.array([[last.training_time_s for _, last in runs] for runs in found])
    size = parameter_count(
        cells.astype(np.int32),
        num_filters=network.num_filters,
        num_stacks=network.num_stacks,
        cells_per_stack=network.cells_per_stack,
        num_classes=network.num_classes,
        image_channels=network.image_channels,
    )
    residual = cell_features(cells.astype(np.int32)).residual
    mean = accuracies.mean(axis=1)
    others = [
        correlation(accuracies[:, run], np.delete(accuracies, run, axis=1).mean(axis=1)) for run in range(NUM_RUNS)
    ]
    return (
        correlation(size.astype(float), mean),
        correlation(np.asarray(residual, float), mean),
        float(np.mean(others)),
        float(seconds.mean()),
    )


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=90, help="cells drawn at random (default: 90)")
    parser.add_argument("--settings", nargs="+", default=SETTINGS, help="such as the default ones")
    parser.add_argument("--seed", type=int, default=0, help="of the cells (default: 0)")
    options = parser.parse_args()
    for text in options.settings:
        parsed(text)
    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    cells = np.sort(rng.choice(len(unique_codes(MAX_VERTICES)), options.cells, replace=False))
    images = digits_images()
    print(
        f"{options.cells} cells, {NUM_RUNS} runs each; standard error of a correlation about {len(cells) ** -0.5:.2f}"
    )
    print(f"{'setting':30} {'parameters':>10} {'residual':>9} {'one run':>8} {'s':>6}")
    for text in options.settings:
        size, residual, run, seconds = figures(cells, images, text)
        print(f"{text:30} {size:10.2f} {residual:9.2f} {run:8.2f} {seconds:6.3f}", flush=True)


if __name__ == "__main__":
    main()
