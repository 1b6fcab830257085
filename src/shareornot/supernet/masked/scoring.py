"""Scoring several cells at once, as lanes that share the weights of one super-net."""

from collections.abc import Iterator
from copy import deepcopy
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from shareornot.images import ImageSet
from shareornot.supernet.config import EvaluationConfig
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.masked.choice import Choice, describe_cells, expand
from shareornot.supernet.masked.layout import Layout, Storage
from shareornot.supernet.masked.network import BatchStatistics, FixedStatistics, Unit, forward
from shareornot.supernet.masked.replay import Replay
from shareornot.supernet.network import SuperNet
from shareornot.supernet.sampling import Indices


class MaskedEvaluator(Evaluator):
    """Scores cells with a trained super-net, some at a time; does what the plain `Evaluator` does.

    Args:
        network: trained; copied, and left as it is.
        images: on the device of the network.
        config: how to score. `forward_size` counts the images that all cells pass together.
        num_lanes: cells at a time; the scores do not depend on it but for rounding.
    """

    engine: ClassVar[str] = "masked"

    def __init__(self, network: SuperNet, images: ImageSet, config: EvaluationConfig, num_lanes: int = 8) -> None:
        super().__init__(network, images, config)
        self.num_lanes, device = num_lanes, images.device
        # Fine-tuned weights differ from cell to cell; else all cells share them.
        self.storage = Storage([deepcopy(network) for _ in range(num_lanes if config.fine_tuning_steps else 1)])
        self.sizes = self.storage.layout.sizes
        self.layout = Layout(network.config, num_lanes)
        dtype = self.storage.parameters.dtype
        chosen = self.batches[-1:] if config.adaptation == "last-batch" else self.batches
        self.training_images = [batch.to(dtype) for batch in chosen]
        self.validation = self.validation.to(dtype)
        self.rows = torch.zeros((num_lanes, self.sizes.num_columns), dtype=torch.int32, device=device)
        self.correct = torch.zeros(num_lanes, dtype=torch.int64, device=device)
        self._replay = Replay(self.work, device)

    @property
    def notes(self) -> list[str]:
        """What did not go as it should have and only costs time."""
        return [self._replay.note] if self._replay.note is not None else []

    def scores(self, cells: Indices) -> Iterator[float]:
        """Proxy accuracy of each cell in turn, on the validation images."""
        for start in range(0, len(cells), self.num_lanes):
            chunk = np.asarray(cells[start : start + self.num_lanes])
            # The last chunk is filled up with a cell that it has, so that there is one graph for all.
            filled = np.concatenate([chunk, np.repeat(chunk[-1:], self.num_lanes - len(chunk))])
            for count in self._num_correct(filled)[: len(chunk)].tolist():
                yield count / len(self.validation)

    def _num_correct(self, cells: Indices) -> Int64[Tensor, " L"]:
        """Validation images that each cell classifies rightly."""
        self.rows.copy_(torch.from_numpy(describe_cells(cells, self.network.config)))
        if self.config.fine_tuning_steps:
            for network, index in zip(self.storage.networks, cells.tolist(), strict=True):
                network.load_state_dict(self.network.state_dict())
                self._fine_tune(network, index)
        self._replay()
        return self.correct

    def work(self) -> None:
        """Adapt the statistics to the cells, and count the images that each classifies rightly."""
        # PyTorch computes with inference tensors faster, but a captured graph must not hold any.
        with torch.no_grad():
            choice = expand(self.rows, self.sizes, self.validation.dtype)
            unit = FixedStatistics(self._statistics(choice), self.layout.statistics, choice, self.sizes)
            size = self.config.forward_size or (256 if self.images.device.type == "cpu" else 4_000)
            size = max(1, size // self.num_lanes)
            correct = torch.zeros_like(self.correct)
            for images, labels in zip(
                torch.split(self.validation, size), torch.split(self.images.validation_labels, size), strict=True
            ):
                predictions = self._logits(images, choice, unit).argmax(dim=2)
                correct += (predictions == labels[:, None]).sum(dim=0)
            self.correct.copy_(correct)

    def _statistics(self, choice: Choice) -> tuple[Tensor, Tensor]:
        """The statistics to normalize by, for each cell: running ones, or those of training batches."""
        if not self.training_images:
            return self._spread(self.storage.means), self._spread(self.storage.variances)
        means = torch.zeros(self.layout.num_statistics, dtype=self.validation.dtype, device=self.images.device)
        variances = torch.zeros_like(means)
        for number, batch in enumerate(self.training_images, start=1):
            unit = BatchStatistics(self.sizes.config.bn_epsilon)
            self._logits(batch, choice, unit)
            batch_statistics = unit.flat(self.layout.statistics, self.sizes)
            for mean, new in zip((means, variances), batch_statistics, strict=True):
                mean.mul_(1 - 1 / number).add_(new, alpha=1 / number)
        return means, variances

    def _spread(self, flat: Tensor) -> Tensor:
        """Statistics of the super-net, for every lane."""
        parts = []
        for name, leaf in self.layout.statistics.items():
            parts.append(self.storage.layout.statistics[name].view(flat).expand(leaf.shape).flatten())
        return torch.cat(parts)

    def _logits(self, images: Tensor, choice: Choice, unit: Unit) -> Tensor:
        if self.config.fine_tuning_steps:
            images = images.repeat(1, self.num_lanes, 1, 1).contiguous(memory_format=torch.channels_last)
        leaves = {name: leaf.view(self.storage.parameters) for name, leaf in self.storage.layout.parameters.items()}
        return forward(images, leaves, choice, unit, self.sizes)
