"""Where parameters and statistics live: in one flat vector each, for all lanes, of which the plain networks hold views.

So there is nothing to convert: what the masked engine trains, the plain network holds, and a checkpoint that is loaded
into the plain network is there. The masked network sees other views, *leaves*, which hold what it needs at a time:
all projections of a cell in one tensor, all vertices of all cells of a stack in another.

Shape suffixes as in `choice`; N cells of a stack, O convolutions that a vertex chooses from, P all parameters of all
lanes, Q all pairs of batch-norm statistics of all lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from shareornot.supernet.config import NetworkConfig
from shareornot.supernet.masked.choice import Sizes, Slots
from shareornot.supernet.network import ConvBatchNorm, SuperCell, SuperNet

Place = tuple[Any, ...]
"""An index into a leaf: the lane, the vertex, ..."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One block of a flat vector."""

    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        """The position after its last."""
        return self.start + int(np.prod(self.shape))

    def view(self, flat: Tensor) -> Tensor:
        """The block, with its shape."""
        return flat[self.start : self.stop].view(self.shape)


def _leaves(shapes: dict[str, tuple[int, ...]]) -> tuple[dict[str, Leaf], int]:
    leaves, start = {}, 0
    for name, shape in shapes.items():
        leaves[name] = Leaf(shape, start)
        start = leaves[name].stop
    return leaves, start


class Layout:
    """The leaves of a network, and to which slots of a choice each of their numbers belongs.

    Args:
        config: of the network.
        num_lanes: networks side by side.
    """

    def __init__(self, config: NetworkConfig, num_lanes: int) -> None:
        self.config, self.num_lanes = config, num_lanes
        self.sizes = Sizes(config)
        sizes, lanes, depth = self.sizes, num_lanes, config.cells_per_stack
        filters, classes = config.num_filters, config.num_classes
        parameters: dict[str, tuple[int, ...]] = {"stem.weight": (lanes, filters, config.image_channels, 3, 3)}
        vectors: dict[str, tuple[int, ...]] = {"stem": (lanes, filters)}
        in_channels = filters
        for stack in range(config.num_stacks):
            widest, interior = sizes.widest(stack), sizes.interior
            for position in range(stack * depth, (stack + 1) * depth):
                parameters[f"projections.{position}.weight"] = (lanes, sizes.projected(stack), in_channels)
                vectors[f"projections.{position}"] = (lanes, sizes.projected(stack))
                in_channels = sizes.out_channels(stack)
            parameters[f"operations.{stack}.conv3x3"] = (depth, interior, lanes, widest, widest, 3, 3)
            if not config.single_kernel:
                parameters[f"operations.{stack}.conv1x1"] = (depth, interior, lanes, widest, widest)
            vectors[f"operations.{stack}"] = (depth, interior, sizes.num_kernels, lanes, widest)
        parameters["classifier.weight"] = (lanes, classes, in_channels)
        parameters["classifier.bias"] = (lanes, classes)
        for name, shape in vectors.items():
            parameters |= {f"{name}.gamma": shape, f"{name}.beta": shape}
        self.parameters, self.num_parameters = _leaves(parameters)
        self.statistics, self.num_statistics = _leaves(vectors)

    def places(self, network: SuperNet) -> tuple[dict[str, tuple[str, Place]], dict[str, tuple[str, Place]]]:
        """Where each parameter of a plain network is, by its name there; and each unit of batch norm.

        The lane is left out of a place: it is the first number of it, but for operations, where it is the third.
        """
        parameters: dict[str, tuple[str, Place]] = {
            "classifier.weight": ("classifier.weight", ()),
            "classifier.bias": ("classifier.bias", ()),
        }
        units: dict[str, tuple[str, Place]] = {}

        def add(unit: str, leaf: str, weight: str, weight_place: Place, vector_place: Place) -> None:
            parameters[f"{unit}.weight"] = (weight, weight_place)
            parameters[f"{unit}.gamma"] = (f"{leaf}.gamma", vector_place)
            parameters[f"{unit}.beta"] = (f"{leaf}.beta", vector_place)
            units[unit] = (leaf, vector_place)

        add("stem", "stem", "stem.weight", (), ())
        for position, cell in enumerate(network.cells):
            assert isinstance(cell, SuperCell)
            widest = self.sizes.widest(cell.stack)
            leaf = f"projections.{position}"
            for vertex in range(self.sizes.interior):
                channels = (slice(vertex * widest, (vertex + 1) * widest),)
                add(f"cells.{position}.projections.{vertex}", leaf, f"{leaf}.weight", channels, channels)
            channels = (slice(self.sizes.interior * widest, None),)
            add(f"cells.{position}.output_projection", leaf, f"{leaf}.weight", channels, channels)
            leaf, depth = f"operations.{cell.stack}", position % self.config.cells_per_stack
            for kernel, name in enumerate(("conv3x3", "conv1x1")[: self.sizes.num_kernels]):
                for vertex in range(self.sizes.interior):
                    unit = f"cells.{position}.{name}.{vertex}"
                    add(unit, leaf, f"{leaf}.{name}", (depth, vertex), (depth, vertex, kernel))
        return parameters, units

    def used_by(self, slots: Slots, *, whole: bool) -> tuple[Int64[np.ndarray, "2 P"], Int64[np.ndarray, " Q"]]:
        """The slots of every number: two for each parameter, its output and its input channel; one for a statistic.

        A number is in use where all its slots are; slots are numbered through all lanes.

        Args:
            slots: their numbers.
            whole: whether parameters count as used where any part of their tensor is.
        """
        pairs = np.zeros((2, self.num_parameters), np.int64)
        one = np.zeros(self.num_statistics, np.int64)
        for name, leaf in self.parameters.items():
            out_slots, in_slots = self._slots_of(name, leaf, slots, whole=whole)
            pairs[0, leaf.start : leaf.stop] = np.broadcast_to(out_slots, leaf.shape).ravel()
            pairs[1, leaf.start : leaf.stop] = np.broadcast_to(in_slots, leaf.shape).ravel()
        for name, leaf in self.statistics.items():
            vector, _ = self._slots_of(f"{name}.gamma", leaf, slots, whole=False)
            one[leaf.start : leaf.stop] = np.broadcast_to(vector, leaf.shape).ravel()
        for array, leaves in ((pairs, self.parameters), (one, self.statistics)):
            array += slots.num_slots * self._lanes(leaves)
        return pairs, one

    def _slots_of(self, name: str, leaf: Leaf, slots: Slots, *, whole: bool) -> tuple[np.ndarray, np.ndarray]:
        """Slots of the output and the input channels of one leaf, which broadcast to its shape."""
        kind, _, rest = name.partition(".")
        always = np.array(Slots.ALWAYS)
        if kind in ("stem", "classifier"):
            return always, always
        number, _, what = rest.partition(".")
        is_vector = what in ("gamma", "beta")

        def of_vertices(stack: int, which: int) -> np.ndarray:
            channels = slots.of_vertices(stack, which)
            return np.broadcast_to(channels[:, :1], channels.shape) if whole else channels

        if kind == "projections":
            to_vertices = of_vertices(int(number) // self.config.cells_per_stack, Slots.PROJECTED).ravel()
            to_output = np.full(leaf.shape[1] - len(to_vertices), Slots.RESIDUAL)
            vector = np.concatenate([to_vertices, to_output])
            return (vector if is_vector else vector[:, None]), always
        stack = int(number)
        first = Slots.CONVOLVED if self.config.single_kernel else Slots.CONV3X3
        if is_vector:
            kernels = [of_vertices(stack, which) for which in (first, Slots.CONV1X1)[: self.sizes.num_kernels]]
            return np.stack(kernels, axis=1)[:, :, None], always
        kernel = of_vertices(stack, Slots.CONV1X1 if what == "conv1x1" else first)[:, None, :, None]
        inputs = always if whole else of_vertices(stack, Slots.VERTEX)[:, None, None, :]
        if what == "conv1x1":
            return kernel, inputs
        kernel = np.broadcast_to(kernel[..., None, None], (*kernel.shape, 3, 3)).copy()
        if self.config.single_kernel and not whole:
            # The border of the one kernel is used by a 3x3 convolution alone, its centre by both.
            centre = kernel[..., 1, 1].copy()
            kernel[:] = of_vertices(stack, Slots.CONV3X3)[:, None, :, None, None, None]
            kernel[..., 1, 1] = centre
        return kernel, inputs if whole else inputs[..., None, None]

    def _lanes(self, leaves: dict[str, Leaf]) -> Int64[np.ndarray, " numbers"]:
        """The lane of every number of a flat vector."""
        parts = []
        for name, leaf in leaves.items():
            axis = lane_axis(name)
            lanes = np.arange(self.num_lanes, dtype=np.int64)
            lanes = lanes.reshape([-1 if place == axis else 1 for place in range(len(leaf.shape))])
            parts.append(np.broadcast_to(lanes, leaf.shape).ravel())
        return np.concatenate(parts)


def lane_axis(name: str) -> int:
    """Which axis of a leaf counts the lanes."""
    if not name.startswith("operations."):
        return 0
    return 2 if name.endswith(("conv3x3", "conv1x1")) else 3


class Storage:
    """The flat vectors of some networks, which from then on hold views of them.

    Args:
        networks: of the same settings, on the same device; their parameters and running statistics move into the flat
            vectors, values and all.
        num_states: vectors of optimizer state to keep.
    """

    def __init__(self, networks: Sequence[SuperNet], num_states: int = 0) -> None:
        self.layout = Layout(networks[0].config, len(networks))
        self.networks = list(networks)
        like = networks[0].classifier.weight.detach()
        self.parameters = like.new_zeros(self.layout.num_parameters)
        self.states = [torch.zeros_like(self.parameters) for _ in range(num_states)]
        self.means = like.new_zeros(self.layout.num_statistics)
        self.variances = torch.zeros_like(self.means)
        for lane, network in enumerate(networks):
            self._adopt(lane, network)

    @torch.no_grad()
    def _adopt(self, lane: int, network: SuperNet) -> None:
        parameters, units = self.layout.places(network)
        for name, parameter in network.named_parameters():
            view = self._view(self.parameters, self.layout.parameters, *parameters[name], lane).view(parameter.shape)
            view.copy_(parameter)
            parameter.data = view
        for unit, (leaf, place) in units.items():
            module = network.get_submodule(unit)
            assert isinstance(module, ConvBatchNorm)
            for flat, name in ((self.means, "running_mean"), (self.variances, "running_var")):
                view = self._view(flat, self.layout.statistics, leaf, place, lane)
                view.copy_(getattr(module, name))
                setattr(module, name, view)

    def states_of(self, lane: int, states: dict[str, list[Tensor]]) -> dict[str, list[Tensor]]:
        """The optimizer state of each parameter of one network, by its name there: views, which take over the values.

        Args:
            lane: the number of the network.
            states: tensors of state of each of its parameters.
        """
        parameters, _ = self.layout.places(self.networks[lane])
        views: dict[str, list[Tensor]] = {}
        for name, kept in states.items():
            views[name] = []
            for flat, state in zip(self.states, kept, strict=True):
                view = self._view(flat, self.layout.parameters, *parameters[name], lane).view(state.shape)
                views[name].append(view.copy_(state))
        return views

    def leaves(self) -> dict[str, Tensor]:
        """The parameters as the masked network takes them: views that ask for gradients."""
        flat = self.parameters.detach()
        return {name: leaf.view(flat).requires_grad_() for name, leaf in self.layout.parameters.items()}

    def _view(self, flat: Tensor, leaves: dict[str, Leaf], leaf: str, place: Place, lane: int) -> Tensor:
        axis = lane_axis(leaf)
        place = (*place[:axis], lane, *place[axis:])
        return leaves[leaf].view(flat)[place]
