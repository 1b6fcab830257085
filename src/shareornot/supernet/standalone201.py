"""An architecture of NAS-Bench-201 trained alone: its network, on the operations of the super-net.

The names of parameters and statistics are those of the super-net, so that the one can take weights from the other.
"""

from dataclasses import replace

from torch import nn

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench201 import EDGES
from shareornot.supernet.nasbench201 import (
    CONV1X1,
    CONV3X3,
    NASBench201SuperNet,
    ReLUConvBatchNorm,
    SuperCell201,
    single_path,
)
from shareornot.supernet.settings import NetworkSettings


class StandaloneCell201(SuperCell201):
    """A cell that has the convolutions of one architecture alone."""

    def __init__(self, num_channels: int, config: NetworkSettings, edges: list[list[int]]) -> None:
        nn.Module.__init__(self)
        self.units = {
            operation: {
                edge: ReLUConvBatchNorm(num_channels, num_channels, kernel_size, config)
                for edge in range(len(EDGES))
                if operation in edges[edge]
            }
            for operation, kernel_size in ((CONV1X1, 1), (CONV3X3, 3))
        }
        for name, operation in (("conv1x1", CONV1X1), ("conv3x3", CONV3X3)):
            self.add_module(name, nn.ModuleDict({str(edge): unit for edge, unit in self.units[operation].items()}))


class StandaloneNetwork201(NASBench201SuperNet):
    """The network that repeats one cell of NAS-Bench-201.

    Args:
        architecture: its number in the benchmark's order.
        config: size; what it states about sharing weights does not matter here.
        seed: seed of the initial weights, PyTorch's own of convolutions and dense layers.

    References: Dong and Yang 2020, arXiv:2001.00326, section 2.1.
    """

    def __init__(self, architecture: int, config: NetworkSettings, seed: int) -> None:
        self.architecture = architecture
        self.operations = [[operation for operation, _ in options] for options in single_path(architecture)]
        super().__init__(replace(config, single_kernel=False, bn_affine=True, bn_running_statistics=True), seed)

    def make_cell(self, num_channels: int) -> SuperCell201:
        """A cell for one place of the network."""
        return StandaloneCell201(num_channels, self.config, self.operations)

    def activate(self, architecture: int) -> None:
        """Accept the architecture that the network is for.

        Raises:
            SettingsError: another one.
        """
        if architecture != self.architecture:
            raise SettingsError(
                f"architecture {architecture}: the network is for architecture {self.architecture} alone"
            )
        super().activate(architecture)
