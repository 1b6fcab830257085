"""An architecture trained alone: the network of one NASBench-101 cell, on the operations of super-nets.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width, K classes.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Int64, UInt8
from torch import Tensor, nn

from shareornot.errors import SettingsError
from shareornot.images import Draws, ImageSet
from shareornot.spaces.nasbench101 import CONV3X3, MAXPOOL3X3
from shareornot.supernet.cell_plan import CellPlan, plan_cell
from shareornot.supernet.contract import Regions, SuperNet
from shareornot.supernet.evaluation import PIXELS_AT_A_TIME
from shareornot.supernet.nasbench101 import NASBench101SuperNet, SuperCell
from shareornot.supernet.network import ConvBatchNorm
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.settings import NetworkSettings, OptimizerSettings, StandaloneTrainingSettings
from shareornot.supernet.usual_weights import draw_dense


class StandaloneCell(SuperCell):
    """A cell that has the units of one architecture alone, each with the channels that it needs."""

    def __init__(
        self, plan: CellPlan, stack: int, in_channels: int, config: NetworkSettings, generator: torch.Generator
    ) -> None:
        nn.Module.__init__(self)
        self.stack, self.out_channels = stack, config.num_filters << stack
        channels = plan.channels[stack]
        self.projection = {
            vertex: ConvBatchNorm(in_channels, num_channels, 1, config, generator)
            for vertex, (num_channels, sources) in enumerate(zip(channels, plan.sources, strict=True), start=1)
            if 0 in sources
        }
        units = {f"projection{vertex}": unit for vertex, unit in self.projection.items()}
        if plan.residual:
            units["output"] = ConvBatchNorm(in_channels, self.out_channels, 1, config, generator)
        self.operation = {
            (vertex, operation): ConvBatchNorm(
                num_channels, num_channels, 3 if operation == CONV3X3 else 1, config, generator
            )
            for vertex, (num_channels, operation) in enumerate(zip(channels, plan.operations, strict=True), start=1)
            if operation != MAXPOOL3X3
        }
        units |= {f"operation{vertex}": unit for (vertex, _), unit in self.operation.items()}
        self.units = nn.ModuleDict(units)

    @property
    def output_projection(self) -> ConvBatchNorm:  # type: ignore[override]
        """The unit that projects the input to the output."""
        unit = self.units["output"]
        assert isinstance(unit, ConvBatchNorm)
        return unit


class StandaloneNetwork(NASBench101SuperNet):
    """The network that repeats one cell.

    Args:
        index: unique index of the cell.
        config: size; what it states about spaces does not matter here.
        seed: seed of the initial weights, PyTorch's own of convolutions and dense layers.

    References: Ying et al. 2019, arXiv:1902.09635, section 2.2.
    """

    def __init__(self, index: int, config: NetworkSettings, seed: int) -> None:
        nn.Module.__init__(self)
        self.config = config
        self.active = plan_cell(index, config.num_filters, config.num_stacks)
        generator = torch.Generator().manual_seed(seed)
        self.stem = ConvBatchNorm(config.image_channels, config.num_filters, 3, config, generator)
        cells, in_channels = [], config.num_filters
        for stack in range(config.num_stacks):
            for _ in range(config.cells_per_stack):
                cells.append(StandaloneCell(self.active, stack, in_channels, config, generator))
                in_channels = config.num_filters << stack
        self.cells = nn.ModuleList(cells)
        self.classifier = nn.Linear(in_channels, config.num_classes)
        draw_dense(self.classifier, generator)
        self.outside = [*self.stem.parameters(), *self.classifier.parameters()]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def activate(self, architecture: int) -> None:
        """Accept the cell that the network is for.

        Raises:
            SettingsError: another one.
        """
        if architecture != self.active.index:
            raise SettingsError(f"cell {architecture}: the network is for cell {self.active.index} alone")


class StandaloneTrainer:
    """One run of an architecture in training.

    Args:
        network: changed in place.
        images: image set on the device of the network.
        config: how to train.
    """

    def __init__(self, network: SuperNet, images: ImageSet, config: StandaloneTrainingSettings) -> None:
        self.network, self.images, self.config = network, images, config
        self.parameters = [parameter for _, parameter in network.named_parameters()]
        self.dtype = self.parameters[0].dtype
        descent = OptimizerSettings(
            name="sgd",
            learning_rate=config.learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
        )
        self.optimizer = PartialOptimizer(dict(network.named_parameters()), descent)

    @property
    def starts(self) -> range:
        """Start positions of the mini-batches of an epoch; an incomplete last batch is left out."""
        return range(0, len(self.images.train_images) - self.config.batch_size + 1, self.config.batch_size)

    def epoch(self, draws: Draws, learning_rate: float) -> None:
        """One pass over the training images.

        Args:
            draws: order and augmentation of the images.
            learning_rate: learning rate of all steps.
        """
        self.network.train()
        for start in self.starts:
            batch, labels = self.images.training_batch(draws, start, start + self.config.batch_size)
            loss = F.cross_entropy(self.network(batch.to(self.dtype)), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            used: Regions = {parameter: [] for parameter in self.parameters if parameter.grad is not None}
            self.optimizer.step(used, learning_rate)

    @torch.inference_mode()
    def accuracy(self, images: UInt8[Tensor, "N C H W"], labels: Int64[Tensor, " N"]) -> float:
        """Share of images that the network classifies right, with the running statistics."""
        self.network.train(False)
        x = self.images.normalize(images).to(self.dtype)
        size = max(1, PIXELS_AT_A_TIME // (x.shape[2] * x.shape[3]))
        predictions = torch.cat([self.network(part).argmax(dim=1) for part in torch.split(x, size)])
        return float((predictions == labels).double().mean())
