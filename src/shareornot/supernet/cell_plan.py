"""Plan of a cell for a network: lists instead of matrices, and channels for each stack."""

from dataclasses import dataclass
from functools import lru_cache

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import OPERATIONS, decode, unique_codes, vertex_channels
from shareornot.supernet.settings import NetworkSettings


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One pruned cell, ready to run."""

    index: int
    operations: tuple[int, ...]
    """Operation of each interior vertex; vertex v is at v - 1."""
    sources: tuple[tuple[int, ...], ...]
    """Earlier vertices that feed each interior vertex; 0 is the input."""
    feeding: tuple[int, ...]
    """Interior vertices that feed the output."""
    residual: bool
    """Whether the input feeds the output."""
    channels: tuple[tuple[int, ...], ...]
    """Channels of each interior vertex for each stack."""


@lru_cache(maxsize=1 << 14)
def plan_cell(index: int, num_filters: int, num_stacks: int) -> CellPlan:
    """The published specification of a unique cell, as a plan for a network of this width.

    Args:
        index: unique index.
        num_filters: output channels of the stem; they double with each stack.
        num_stacks: stacks of the network.
    """
    adjacency, names = decode(int(unique_codes()[index]))
    last = len(adjacency) - 1
    return CellPlan(
        index=index,
        operations=tuple(OPERATIONS.index(name) for name in names[1:-1]),
        sources=tuple(tuple(x for x in range(v) if adjacency[x, v]) for v in range(1, last)),
        feeding=tuple(v for v in range(1, last) if adjacency[v, last]),
        residual=bool(adjacency[0, last]),
        channels=tuple(
            tuple(vertex_channels(adjacency, num_filters, num_filters << stack)[1:-1]) for stack in range(num_stacks)
        ),
    )


def fitting_plan(index: int, config: NetworkSettings) -> CellPlan:
    """The plan of a unique cell for a network of these settings.

    Raises:
        SettingsError: the network is too small for the cell.
    """
    plan = plan_cell(index, config.num_filters, config.num_stacks)
    if len(plan.operations) > config.max_vertices - 2 or (
        plan.operations and len(plan.feeding) < config.min_output_edges
    ):
        raise SettingsError(
            f"cell {index}: the super-net is for at most {config.max_vertices} vertices and at least "
            f"{config.min_output_edges} edges into the output, got {len(plan.operations) + 2} and "
            f"{len(plan.feeding)}; take one trained on a space that contains the cell"
        )
    if 0 in plan.channels[0]:
        raise SettingsError(
            f"cell {index}: {len(plan.feeding)} vertices share the output's channels, expected num_filters of at "
            f"least as many, got {config.num_filters}"
        )
    return plan
