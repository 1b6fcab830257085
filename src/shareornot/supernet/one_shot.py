"""The super-net over the choices of NAS-Bench-1Shot1: that of NASBench-101, which can also mix options.

A decision is the operation of a vertex, or the combination of its parents. All options of all decisions by their
weights make one network: a vertex gets every earlier vertex times the weights of the combinations that it is in, and
the output is the sum of the concatenations of all combinations. An option is computed where its weight is not 0 and its
result reaches the output. A vertex has as many channels as the widest use of it among these, so that one-hot weights
give the channels of the cell. Vertices keep the places that they have in the choices, unlike in the super-net of
NASBench-101, which numbers those of the pruned cell; a cell that several combinations of choices give is computed as
the first of them.

Shape suffixes: B batch, C channels, H height, W width.

References: Zela et al. 2020, arXiv:2001.10422, section 3.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench1shot1 import OneShotSpace
from shareornot.spaces.nasbench101 import CONV3X3, MAXPOOL3X3
from shareornot.supernet.contract import Region, Regions
from shareornot.supernet.mixing import weighted_options
from shareornot.supernet.nasbench101 import NASBench101SuperNet, SuperCell
from shareornot.supernet.network import ConvBatchNorm
from shareornot.supernet.operations import Images, Output, concatenate, first_channels, max_pool_3x3
from shareornot.supernet.settings import NetworkSettings

Parents = tuple[int, ...]
Maps = Float[Tensor, "B _ H W"]


@dataclass(frozen=True, slots=True)
class MixedPlan:
    """The options that are computed, each with its factor; None stands for 1."""

    operations: tuple[tuple[tuple[int, Tensor | None], ...], ...]
    """Operations of each interior vertex, of which the first is at 0."""
    parents: tuple[tuple[tuple[Parents, Tensor | None], ...], ...]
    """Parents of each interior vertex, and of the output last."""
    channels: tuple[tuple[int, ...], ...]
    """Channels of each interior vertex for each stack; 0 where it is not computed."""

    def sources(self, place: int) -> Iterator[tuple[int, Tensor | None]]:
        """The vertices that feed one, each with the sum of the weights of the combinations that it is in."""
        for source in range(place + 1):
            weights = [weight for combination, weight in self.parents[place] if source in combination]
            if weights:
                known = [weight for weight in weights if weight is not None]
                yield source, torch.stack(known).sum() if known else None


class OneShotCell(SuperCell):
    """All mixtures at one place of the network."""

    def forward(self, x_BCHW: Images, plan: MixedPlan) -> Output:  # type: ignore[override]
        """Run one mixture."""
        states: list[Maps | None] = [x_BCHW]
        for place, num_channels in enumerate(plan.channels[self.stack]):
            states.append(self._vertex(states, plan, place, num_channels) if num_channels else None)
        output: Maps | None = None
        for combination, weight in plan.parents[-1]:
            shares = zip(combination, _shares(combination, self.out_channels), strict=True)
            part = concatenate([first_channels(_there(states[one]), share) for one, share in shares if one])
            assert part is not None, "every combination has a parent besides the input"
            output = _add(output, part, weight)
        for source, weight in plan.sources(len(plan.parents) - 1):
            if source == 0:
                output = _add(output, self.output_projection(x_BCHW, self.out_channels, 1), weight)
        return _zeros(x_BCHW, self.out_channels) if output is None else output

    def _vertex(self, states: Sequence[Maps | None], plan: MixedPlan, place: int, num_channels: int) -> Maps:
        total: Maps | None = None
        for source, weight in plan.sources(place):
            given = first_channels(_there(states[source]), num_channels) if source else None
            if given is None:
                given = self.projection[place + 1](_there(states[0]), num_channels, 1)
            total = _add(total, given, weight)
        if total is None:
            total = _zeros(_there(states[0]), num_channels)
        output: Maps | None = None
        for operation, weight in plan.operations[place]:
            if operation == MAXPOOL3X3:
                result = max_pool_3x3(total)
            else:
                unit = self.operation[place + 1, operation]
                result = unit(total, num_channels, 3 if operation == CONV3X3 else 1)
            output = _add(output, result, weight)
        return _zeros(total, num_channels) if output is None else output

    def used(self, plan: MixedPlan) -> list[tuple[ConvBatchNorm, tuple[Region, Region]]]:  # type: ignore[override]
        """The units that a mixture uses, with the part of their weight and of their vectors."""
        used = []
        in_channels = self.output_projection.weight.shape[1]
        for place, num_channels in enumerate(plan.channels[self.stack]):
            if not num_channels:
                continue
            if any(source == 0 for source, _ in plan.sources(place)):
                unit = self.projection[place + 1]
                used.append((unit, unit.regions(in_channels, num_channels, 1)))
            for operation, _ in plan.operations[place]:
                if operation != MAXPOOL3X3:
                    unit = self.operation[place + 1, operation]
                    used.append((unit, unit.regions(num_channels, num_channels, 3 if operation == CONV3X3 else 1)))
        if any(source == 0 for source, _ in plan.sources(len(plan.parents) - 1)):
            used.append((self.output_projection, self.output_projection.regions(in_channels, self.out_channels, 1)))
        return used


class OneShotSuperNet(NASBench101SuperNet):
    """A super-net of NASBench-101 whose cells compute the choices of a space of NAS-Bench-1Shot1.

    Args:
        config: size and kind; `choices` names the space.
        seed: seed of the initial weights.

    Raises:
        SettingsError: `choices` names no such space, or one with more vertices than the network has.
    """

    cell_class = OneShotCell

    def __init__(self, config: NetworkSettings, seed: int) -> None:
        space = open_space(config.choices)
        if not isinstance(space, OneShotSpace) or len(space.parents) > config.max_vertices:
            raise SettingsError(
                "network.choices: expected a space of NAS-Bench-1Shot1 with at most "
                f"{config.max_vertices} vertices, such as S1 or S3-5, got {config.choices}"
            )
        self.space = space
        super().__init__(config, seed)

    def first_architecture(self) -> int:
        """The first cell of the space."""
        return int(self.space.members[0])

    def activate(self, architecture: int) -> None:
        """Let `forward` compute this cell.

        Args:
            architecture: unique index of the cell.

        Raises:
            ArchitectureError: the space does not hold the cell.
        """
        self.active = self._plan(_choices(self.space.name, architecture))  # type: ignore[assignment]

    def mix(self, weights: Sequence[Float[Tensor, " _"]]) -> None:
        """Let `forward` compute the sum of the options of all decisions by these weights.

        Args:
            weights: a vector for each decision of the space. Options whose weight is 0 are not computed.

        Raises:
            SettingsError: another number of vectors, or of options.
        """
        options = weighted_options(weights, [len(decision.options) for decision in self.space.decisions])
        self.active = self._plan(options)  # type: ignore[assignment]

    def used_regions(self) -> Regions:
        """The parameters that the active mixture uses: those on which its output depends, where options are missing."""
        return {parameter: parts for parameter, parts in super().used_regions().items() if parameter.grad is not None}

    def _plan(self, options: Sequence[Sequence[tuple[int, Tensor | None]]]) -> MixedPlan:
        """What to compute, from the options of each decision."""
        places = {decision.name: place for place, decision in enumerate(self.space.decisions)}
        num_interior = len(self.space.parents) - 2
        parents = []
        for vertex in range(1, num_interior + 2):
            word = "output" if vertex == num_interior + 1 else str(vertex)
            of_vertex = list(combinations(range(vertex), self.space.parents[vertex]))
            chosen = options[places[f"parents_{word}"]] if len(of_vertex) > 1 else ((0, None),)
            parents.append(tuple((of_vertex[option], weight) for option, weight in chosen))
        operations = tuple(tuple(options[places[f"operation_{vertex}"]]) for vertex in range(1, num_interior + 1))
        widths = [self.config.num_filters << stack for stack in range(self.config.num_stacks)]
        return MixedPlan(operations, tuple(parents), tuple(_channels(parents, width) for width in widths))


@lru_cache(maxsize=1 << 14)
def _choices(space: str, architecture: int) -> tuple[tuple[tuple[int, None], ...], ...]:
    """The one option of each decision."""
    opened = open_space(space)
    assert isinstance(opened, OneShotSpace)
    return tuple(((option, None),) for option in opened.choices(np.array([architecture]))[0].tolist())


def _shares(combination: Parents, num_channels: int) -> list[int]:
    """How many of the output's channels each parent gives: equally many, the remainder one each to the first."""
    interior = [vertex for vertex in combination if vertex]
    if not interior:
        return [0] * len(combination)
    share, rest = divmod(num_channels, len(interior))
    return [0 if not vertex else share + (interior.index(vertex) < rest) for vertex in combination]


def _channels(parents: Sequence[Sequence[tuple[Parents, Tensor | None]]], num_channels: int) -> tuple[int, ...]:
    """The channels of each interior vertex: the most that anything that it feeds takes of it."""
    needed = [0] * len(parents)  # the input first
    for combination, _ in parents[-1]:
        for vertex, share in zip(combination, _shares(combination, num_channels), strict=True):
            needed[vertex] = max(needed[vertex], share)
    for place in reversed(range(len(parents) - 1)):
        for combination, _ in parents[place]:
            for vertex in combination:
                needed[vertex] = max(needed[vertex], needed[place + 1])
    return tuple(needed[1:])


def _add(total: Maps | None, maps: Maps, weight: Tensor | None) -> Maps:
    maps = maps if weight is None else maps * weight
    return maps if total is None else total + maps


def _zeros(like: Maps, num_channels: int) -> Maps:
    """What a vertex is to which nothing leads, or that has no operation."""
    batch, _, height, width = like.shape
    return like.new_zeros((height, width, num_channels, batch)).permute(3, 2, 0, 1)


def _there(maps: Maps | None) -> Maps:
    assert maps is not None, "an option that is computed feeds on vertices that are"
    return maps
