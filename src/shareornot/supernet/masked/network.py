"""The super-net with its cells as data: every operation of every vertex, and masks that choose among them.

All projections of a cell's input are one 1x1 convolution. A vertex is one 3x3 convolution, whose kernel and batch norm
are selected (a 1x1 kernel is a 3x3 one that is zero around its centre), beside one max pooling. Several networks, or
several cells, are the groups of grouped convolutions. What a cell does not use is 0: its kernels, scales and shifts are
masked, which costs no pass over the feature maps, lets no gradient through, and keeps out numbers that are none.

Shape suffixes as in `choice`; B images, X pixels of all images, C channels, H height, W width, K classes. Feature maps
are in channels-last layout, so that (B, L C, H, W) and (X, L, C) are views of the same memory.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.supernet.masked.choice import Choice, Sizes, StackChoice
from shareornot.supernet.masked.layout import Leaf

Maps = Float[Tensor, "B LC H W"]
Output = Float[Tensor, "B LD H W"]
Pixels = Float[Tensor, "X L C"]
Leaves = Mapping[str, Tensor]
Unit = Callable[[str, Tensor, Tensor, Tensor, Tensor], Tensor]
"""Convolution, batch norm and ReLU: where, the maps, kernels, scales and shifts."""
Selected = tuple[Tensor, Tensor, Tensor]
"""Kernels, scales and shifts of a vertex, for each lane."""


class _Land(torch.autograd.Function):
    """Bring the channels of the vertices to where they land in the output, by indices that are data.

    Each output channel comes from one place, so the gradient is a selection too, and needs no sums.
    """

    @staticmethod
    def forward(ctx: Any, states_XS: Tensor, choice: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        origins, landings, lands = choice
        ctx.save_for_backward(landings, lands)
        return states_XS.index_select(1, origins)

    @staticmethod
    def backward(ctx: Any, gradient_XD: Tensor) -> tuple[Tensor, None]:
        landings, lands = ctx.saved_tensors
        return gradient_XD.index_select(1, landings) * lands, None


def forward(images_BCHW: Maps, parameters: Leaves, choice: Choice, unit: Unit, sizes: Sizes) -> Float[Tensor, "B L K"]:
    """Logits of every lane on its own images.

    Args:
        images_BCHW: the images of all lanes, whose channels follow each other; or those that all lanes share.
        parameters: leaves of as many lanes, or of one that all share.
        choice: what each lane does.
        unit: with which statistics batch norm normalizes.
        sizes: of the network.
    """
    config = sizes.config
    num_lanes = len(choice.slots)
    x = unit("stem", images_BCHW, parameters["stem.weight"], parameters["stem.gamma"], parameters["stem.beta"])
    if x.shape[1] < num_lanes * config.num_filters:  # what all lanes share was done once
        x = _maps(_pixels(x, 1).expand(-1, num_lanes, -1), x)
    for stack, chosen in enumerate(choice.stacks):
        if stack:
            x = F.max_pool2d(x, 2)
        operations = _select(parameters, stack, chosen, sizes)
        for depth in range(config.cells_per_stack):
            position = stack * config.cells_per_stack + depth
            x = _cell(x, position, stack, parameters, operations[depth], chosen, unit, sizes)
    pooled = _pixels(x, num_lanes).view(len(x), -1, num_lanes, x.shape[1] // num_lanes).mean(dim=1)
    weight, bias = parameters["classifier.weight"], parameters["classifier.bias"]
    return torch.einsum("blc,lkc->blk", pooled, weight.expand(num_lanes, -1, -1)) + bias


def _select(parameters: Leaves, stack: int, chosen: StackChoice, sizes: Sizes) -> list[list[Selected]]:
    """Of all cells of a stack, and all their vertices: what the operation that is chosen computes with."""
    if not sizes.interior:
        return [[] for _ in range(sizes.config.cells_per_stack)]
    name = f"operations.{stack}"
    kernels = parameters[f"{name}.conv3x3"]
    is_conv1x1 = chosen.is_conv1x1[..., None, None, None, None]
    if sizes.config.single_kernel:
        border = torch.ones(3, 3, dtype=torch.bool, device=kernels.device)
        border[1, 1] = False
        kernels = kernels.masked_fill(is_conv1x1 & border, 0)
    else:
        padded = F.pad(parameters[f"{name}.conv1x1"][..., None, None], (1, 1, 1, 1))
        kernels = torch.where(is_conv1x1, padded, kernels)
    kernels = kernels.masked_fill(~chosen.kernels[..., None, None], 0)
    vectors = []
    for what in ("gamma", "beta"):
        of_each = parameters[f"{name}.{what}"]
        first, last = of_each[:, :, 0], of_each[:, :, -1]
        selected = torch.where(chosen.is_conv1x1[..., None], last, first)
        vectors.append(selected.masked_fill(~chosen.convolved, 0))
    of_cells = zip(kernels.unbind(), *(vector.unbind() for vector in vectors), strict=True)
    return [list(zip(*(part.unbind() for part in parts), strict=True)) for parts in of_cells]


def _cell(
    x: Maps,
    position: int,
    stack: int,
    parameters: Leaves,
    operations: Sequence[Selected],
    chosen: StackChoice,
    unit: Unit,
    sizes: Sizes,
) -> Output:
    """One cell of every lane."""
    num_lanes = chosen.projected.shape[0]
    widest, interior = sizes.widest(stack), sizes.interior
    name = f"projections.{position}"
    unused = ~chosen.projected
    projected = unit(
        name,
        x,
        parameters[f"{name}.weight"].masked_fill(unused[..., None], 0)[..., None, None],
        parameters[f"{name}.gamma"].masked_fill(unused, 0),
        parameters[f"{name}.beta"].masked_fill(unused, 0),
    )
    # Slices that are taken together are put together on the way back in one pass.
    *from_input, output = torch.split(
        _pixels(projected, num_lanes), [widest] * interior + [sizes.out_channels(stack)], dim=2
    )
    states: list[Pixels] = []
    for vertex, (total, selected) in enumerate(zip(from_input, operations, strict=True)):
        for edge, (source, target) in enumerate(sizes.pairs):
            if target == vertex:
                total = torch.addcmul(total, states[source], chosen.edges[edge])
        summed = _maps(total, x)
        convolved = unit(f"operations.{position}.{vertex}", summed, *selected)
        pooled = F.max_pool2d(summed, 3, stride=1, padding=1)
        states.append(torch.addcmul(_pixels(convolved, num_lanes), _pixels(pooled, num_lanes), chosen.pooled[vertex]))
    if states:
        landing = (chosen.origins, chosen.landings, chosen.lands)
        landed = _Land.apply(torch.cat(states, dim=2).flatten(1), landing)  # type: ignore[no-untyped-call]
        output = output + landed.view(output.shape)
    return _maps(output, x)


def convolve(x: Maps, kernels: Float[Tensor, "L D C h w"], num_lanes: int) -> Output:
    """A convolution in each lane, with the kernels of that lane, that keeps height and width."""
    kernels = kernels.expand(num_lanes, *kernels.shape[1:]).flatten(0, 1)
    return F.conv2d(x, kernels, padding=kernels.shape[-1] // 2, groups=num_lanes)


class BatchStatistics:
    """A `Unit` that normalizes by the batch, and keeps the statistics of the batch.

    Args:
        epsilon: of batch norm.
    """

    def __init__(self, epsilon: float) -> None:
        self.epsilon = epsilon
        self.kept: dict[str, tuple[Tensor, Tensor]] = {}

    def __call__(self, name: str, x: Maps, kernels: Tensor, gamma: Tensor, beta: Tensor) -> Output:
        """One unit."""
        num_lanes = x.shape[1] // kernels.shape[2]
        x = convolve(x, kernels, num_lanes)
        gamma, beta = (vector.expand(num_lanes, -1).flatten() for vector in (gamma, beta))
        # Statistics that start at 0 and learn with weight 1 are those of the batch, variances unbiased.
        mean, variance = torch.zeros_like(gamma.detach()), torch.zeros_like(gamma.detach())
        x = F.batch_norm(x, mean, variance, gamma, beta, True, 1.0, self.epsilon)
        self.kept[name] = (mean, variance)
        return F.relu_(x)

    def flat(self, leaves: Mapping[str, Leaf], sizes: Sizes) -> tuple[Tensor, Tensor]:
        """Means and variances in the order of the flat vectors; those of a vertex stand at each of its convolutions."""
        return tuple(self._flat(which, leaves, sizes) for which in range(2))  # type: ignore[return-value]

    def _flat(self, which: int, leaves: Mapping[str, Leaf], sizes: Sizes) -> Tensor:
        depth = sizes.config.cells_per_stack
        parts = []
        for name, leaf in leaves.items():
            if name.startswith("operations."):
                first = int(name.partition(".")[2]) * depth
                if not sizes.interior:
                    continue
                rows = [
                    self.kept[f"operations.{position}.{vertex}"][which]
                    for position in range(first, first + depth)
                    for vertex in range(sizes.interior)
                ]
                part = torch.stack(rows).view(depth, sizes.interior, 1, *leaf.shape[3:]).expand(leaf.shape)
            else:
                part = self.kept[name][which]
                if part.numel() < leaf.shape[0] * leaf.shape[1]:  # the stem, which all lanes share
                    part = part.repeat(leaf.shape[0])
            parts.append(part.flatten())
        return torch.cat(parts)


class FixedStatistics:
    """A `Unit` that normalizes by given statistics: a scale and a shift, which go into the convolution.

    Args:
        statistics: flat means and variances.
        leaves: where each is.
        choice: the convolution of each vertex.
        sizes: of the network.
    """

    def __init__(
        self,
        statistics: tuple[Tensor, Tensor],
        leaves: Mapping[str, Leaf],
        choice: Choice,
        sizes: Sizes,
    ) -> None:
        self.epsilon = sizes.config.bn_epsilon
        self.of: dict[str, tuple[Tensor, Tensor]] = {}
        for name, leaf in leaves.items():
            both = tuple(leaf.view(flat) for flat in statistics)
            if not name.startswith("operations."):
                self.of[name] = both[0], both[1]
                continue
            stack = int(name.partition(".")[2])
            chosen = choice.stacks[stack].is_conv1x1[..., None]
            both = tuple(torch.where(chosen, one[:, :, -1], one[:, :, 0]) for one in both)
            for depth in range(sizes.config.cells_per_stack):
                for vertex in range(sizes.interior):
                    position = stack * sizes.config.cells_per_stack + depth
                    self.of[f"operations.{position}.{vertex}"] = both[0][depth, vertex], both[1][depth, vertex]

    def __call__(self, name: str, x: Maps, kernels: Tensor, gamma: Tensor, beta: Tensor) -> Output:
        """One unit."""
        mean, variance = self.of[name]
        if x.shape[1] == kernels.shape[2]:  # images that all lanes share
            mean, variance = mean[:1], variance[:1]
        # Of what is not used, the statistics may be no numbers.
        unused = gamma == 0
        scale = (gamma * torch.rsqrt(variance + self.epsilon)).masked_fill(unused, 0)
        shift = beta - (mean * scale).masked_fill(unused, 0)
        kernels = (kernels * scale[..., None, None, None]).flatten(0, 1)
        num_lanes = len(scale)
        return F.relu_(F.conv2d(x, kernels, shift.flatten(), padding=kernels.shape[-1] // 2, groups=num_lanes))


def _pixels(x: Maps, num_lanes: int) -> Pixels:
    """Maps as pixels with the channels of each lane; a view where the layout is channels-last."""
    return x.permute(0, 2, 3, 1).reshape(-1, num_lanes, x.shape[1] // num_lanes)


def _maps(x: Pixels, like: Maps) -> Output:
    """The inverse of `_pixels`, for maps of the height and width of others."""
    batch, _, height, width = like.shape
    return x.reshape(batch, height, width, x.shape[1] * x.shape[2]).permute(0, 3, 1, 2)
