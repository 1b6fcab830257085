"""The bias audit of published super-nets, space by space."""

import numpy as np

from shareornot.appraisal.audit import SpaceAudit, audit_space
from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.errors import SettingsError
from shareornot.reproduction.evaluations import Evaluations
from shareornot.reproduction.truth import choose_guide
from shareornot.spaces import open_space
from shareornot.tables import BenchmarkTable


def audit_evaluations(
    evaluations: Evaluations,
    table: BenchmarkTable,
    *,
    space: str | None = None,
    variant: str | None = None,
    seed: int = 0,
) -> tuple[SpaceAudit, ...]:
    """Audit the super-nets of a long table, space by space.

    Args:
        evaluations: evaluations of super-nets, see `read_evaluations`.
        table: what training each cell alone gave.
        space: audit this one alone; by default all.
        variant: variant whose super-nets are audited; by default BNS-FT, or the only one.
        seed: random seed; a space's results do not depend on the others.

    Returns:
        One audit per space, in the order of the spaces.

    Raises:
        SettingsError: the variant or the space is unknown, or a variant must be given.
        DataError: too few cells in a pool, or no super-net of a space converged.
    """
    chosen = choose_guide(evaluations, variant)
    spaces = evaluations.spaces if space is None else (open_space(space).name,)
    with_scores = [name for name in spaces if evaluations.of(chosen, name)]
    if not with_scores:
        raise SettingsError(
            f"space: expected one of {', '.join(evaluations.spaces)}, of which {chosen} has scores, got {space}"
        )
    return tuple(
        audit_space(
            table,
            open_space(name),
            [
                ScoredPool(name=f"seed {one.seed}", cells=one.cells, proxies=one.proxies)
                for one in evaluations.of(chosen, name)
            ],
            np.random.default_rng(seed),
            variant=chosen,
        )
        for name in with_scores
    )
