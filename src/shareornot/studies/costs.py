"""Cost of a super-net in standalone trainings: its training, and everything done to score a cell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shareornot.appraisal.budget_comparison import SupernetCosts
from shareornot.appraisal.scores_file import ScoredCells
from shareornot.methods.costs import Training, steps_per_epoch, training_cost
from shareornot.spaces import open_space
from shareornot.studies.measured_times import read_times
from shareornot.studies.settings import SupernetSettings, as_values
from shareornot.tables import Table
from shareornot.tables.catalogue import standalone_epochs


def supernet_costs(
    table: Table,
    supernet: SupernetSettings,
    scores: ScoredCells,
    *,
    times: Path | None = None,
    supernet_times: Path | None = None,
    count_scoring: bool = True,
) -> SupernetCosts:
    """Costs of training one of these super-nets, scoring its cells, and evaluating a cell.

    Args:
        table: states what a training alone is.
        supernet: its settings.
        scores: state how a cell was scored.
        times: measured training times of cells alone; by default those of the table.
        supernet_times: the same at the width of the super-net; by default a step of it counts as one of a cell alone.
        count_scoring: whether scoring is paid for.

    Raises:
        MissingDataError: a file of times is not there.
        DataError: it is damaged, or of another universe.
        SettingsError: the table does not state for how many epochs architectures were trained alone.
    """
    num_epochs = standalone_epochs(table)
    return SupernetCosts(
        training=supernet_epochs(as_values(supernet.training), supernet.space, scores) / num_epochs,
        scoring=scoring_cost(scores) / num_epochs if count_scoring else 0.0,
        # measured times include the evaluation
        evaluation=evaluation_cost(scores) / num_epochs if count_scoring and times is None else 0.0,
        time_s=None if times is None else read_times(times, table.num_architectures).time_s,
        narrow_time_s=None if supernet_times is None else read_times(supernet_times, table.num_architectures).time_s,
    )


def supernet_epochs(training: Mapping[str, Any], space: str, scores: ScoredCells) -> float:
    """Cost of training a super-net, in epochs of training one architecture, see `shareornot.methods.costs`.

    Args:
        training: settings as JSON has them.
        space: space that it was trained on.
        scores: state how many training images there are.
    """
    num_train_images = int(scores.origin["num_train_images"])
    return training_cost(
        Training(
            method=training.get("method", "uniform"),
            options=training.get("options", {}),
            epochs=training["epochs"],
            steps_per_epoch=steps_per_epoch(num_train_images, min(training["batch_size"], num_train_images)),
            paths_per_step=training["paths_per_step"],
        ),
        open_space(space),
    )


def evaluation_cost(scores: ScoredCells) -> float:
    """Cost of evaluating a cell that was trained alone on the images that scores are measured on, in epochs."""
    return float(scores.origin["num_validation_images"] / (3 * scores.origin["num_train_images"]))


def scoring_cost(scores: ScoredCells) -> float:
    """Cost of scoring one cell, in epochs of training it: everything that was done to get the score.

    A backward pass costs about two forward passes, so an image in a fine-tuning step costs three images that are only
    passed forward, in validation or to adapt batch norm.
    """
    evaluation, num_train_images = scores.origin["evaluation"], scores.origin["num_train_images"]
    batch_size = min(evaluation["batch_size"], num_train_images)
    num_images = scores.origin["num_validation_images"]
    if evaluation["adaptation"] != "none":
        num_images += evaluation["num_batches"] * batch_size
    num_images += 3 * evaluation.get("fine_tuning_steps", 0) * batch_size
    return float(evaluation.get("num_checkpoints", 1) * num_images / (3 * num_train_images))
