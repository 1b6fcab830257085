"""What a super-net writes down while it trains: a line an epoch, in `training.jsonl`."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shareornot.supernet import EpochReport, SuperNet

LOG_NAME = "training.jsonl"
LEARNT = 0.99
"""A loss above this part of that of guessing is no better than guessing."""


class TrainingLog:
    """A line for each epoch; epochs that are done again, because a kill lost them, are written again.

    Args:
        folder: of the super-net.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self.begun = folder / LOG_NAME, False

    def write(self, _network: "SuperNet", report: "EpochReport", images_per_s: float) -> None:
        """Append the line of an epoch."""
        if not self.begun and self.path.exists():
            lines = self.path.read_text().splitlines(keepends=True)
            self.path.write_text("".join(lines[: report.epoch - 1]))
        self.begun = True
        with self.path.open("a") as file:
            file.write(json.dumps({"epoch": report.epoch, "loss": report.loss, "images_per_s": images_per_s}) + "\n")


def warning(folder: Path, num_classes: int) -> str | None:
    """A sentence about a super-net that has learnt nothing; None for others, and where there is no log.

    Args:
        folder: of the super-net.
        num_classes: of the images; guessing among them gives a cross-entropy of its logarithm.
    """
    try:
        last: dict[str, Any] = json.loads((folder / LOG_NAME).read_text().splitlines()[-1])
        epoch, loss = int(last["epoch"]), float(last["loss"])
    except (OSError, ValueError, LookupError, TypeError):
        return None  # the log is for people, and nothing depends on it
    guessing = math.log(num_classes)
    if loss <= LEARNT * guessing:  # not so where it is not a number
        return None
    return f"{folder}: has learnt nothing: its loss in epoch {epoch} was {loss:.3f}, and guessing gives {guessing:.3f}"
