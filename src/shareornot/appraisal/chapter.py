"""A chapter: everything that is found about one space with one variant of super-nets."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.audit import SpaceAudit
from shareornot.appraisal.paired_comparison import PairedComparison


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Chapter:
    """The appraisal of a space and variant, with its bias audit where there is one."""

    appraisal: Appraisal
    audit: SpaceAudit | None = None
    pairs: tuple[PairedComparison, ...] = ()
    """Comparisons in the manner of the paper's first version, where they were requested."""
    losses: dict[str, Float64[np.ndarray, " epochs"]] = field(default_factory=dict)
    """Mean training loss in each epoch of a super-net, by its name, if known."""

    @property
    def title(self) -> str:
        """Space and variant, as people call them."""
        variant = self.appraisal.variant
        return f"{self.appraisal.space}, {variant}" if variant else self.appraisal.space

    @property
    def variant(self) -> str:
        """How the super-nets were trained; empty if that has no name."""
        return self.appraisal.variant or ""
