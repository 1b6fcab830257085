"""Spaces at a glance: how many architectures, how many distinct ones, and what they are products of."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shareornot.spaces.contract import Space, is_product

MOST_DRAWN = 0.01
"""The part of the architectures whose share of the draws is reported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceOverview:
    """A space in numbers."""

    name: str
    family: str
    description: str
    num_architectures: int
    num_distinct: int
    """Classes of isomorphic architectures."""
    product: str | None
    """Options of the decisions, such as `5^6`; None for a space that is no product."""
    num_choices: int | None
    """Combinations of options."""
    most_drawn_share: float | None
    """Share of uniform combinations that give the 1 % of the architectures that are drawn most: 0.01 where each
    architecture is given by one combination."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def overview(space: Space) -> SpaceOverview:
    """A space in numbers; no table is needed."""
    members = space.members
    product = num_choices = share = None
    if is_product(space):
        sizes = Counter(len(decision.options) for decision in space.decisions)
        product = " x ".join(f"{size}^{count}" if count > 1 else str(size) for size, count in sorted(sizes.items()))
        counts = np.sort(space.num_choices(members))[::-1]
        num_choices = int(counts.sum())
        share = float(counts[: max(1, round(MOST_DRAWN * len(counts)))].sum() / num_choices)
    return SpaceOverview(
        name=space.name,
        family=space.family,
        description=space.description,
        num_architectures=len(space),
        num_distinct=len(np.unique(space.isomorphism_classes(members))),
        product=product,
        num_choices=num_choices,
        most_drawn_share=share,
    )
