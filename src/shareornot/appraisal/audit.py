"""The bias audit of super-nets: which structures they misjudge, and what that costs a search."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int32

from shareornot.appraisal.appraisal import check_pools
from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.appraisal.truth import Truth, benchmark_truth
from shareornot.search import SearchTable, guided_regret
from shareornot.spaces import Space
from shareornot.statistics import BiasAudit, Interval, audit_bias, holm, student_interval
from shareornot.tables import Table

ROUNDING = 1e-12
"""Differences of regret up to here are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BiasCost:
    """Test regret of the guided search by the scores as they are, and by scores without the explained bias."""

    num_trained: int
    """k: how many of its best cells a search trains."""
    as_scored: float
    """Mean over super-nets, a fraction, as all of these."""
    unbiased: float
    """Regret by ranks less the rating of each group of cells at equal accuracy."""
    difference: Interval
    """Unbiased minus as scored, paired by super-net: positive where the bias helps the search, negative where it costs.
    Student's interval, None for one super-net."""
    p_value: float | None
    """Student's paired test, corrected over the budgets after Holm; None for one super-net."""
    corrected: float
    """Regret by ranks less all of the explained residual, which also contain the mean accuracy of each group."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SpaceAudit:
    """The bias audit of the super-nets of one space."""

    benchmark: str
    space: str
    variant: str | None
    """How the super-nets were trained, where that has a name."""
    supernets: tuple[str, ...]
    """Names, the diverged ones included."""
    architectures: Space
    """The family or list that numbers the architectures in `cells`."""
    cells: Int32[np.ndarray, " distinct"]
    """All scored ones, unique indices or rows of a list, to whose positions `bias.scores` refers."""
    standalone: Float64[np.ndarray, " distinct"]
    """Their mean standalone validation accuracies."""
    bias: BiasAudit
    costs: tuple[BiasCost, ...]

    @property
    def num_scores(self) -> int:
        """Number of scores of all super-nets that converged, each cell counted once."""
        return sum(len(one.cells) for one in self.bias.scores)


def audit_space(
    table: Table,
    space: Space,
    pools: Sequence[ScoredPool],
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int] = (1, 10, 20),
    variant: str | None = None,
) -> SpaceAudit:
    """Audit the super-nets of one space of a benchmark.

    Args:
        table: what training each cell alone gave.
        space: space that the super-nets were trained on.
        pools: the scored cells of each super-net, all of which the table holds.
        rng: chooses which cells are held out together, and breaks ties in the searches.
        num_trained: k of the TOP-k searches.
        variant: how the super-nets were trained, a name.

    Returns:
        The audit, and what the bias costs the guided search at each budget, in fractions of accuracy.

    Raises:
        SettingsError: no super-net, or one that scored cells unknown to the table.
        DataError: too few cells in a pool, or no super-net converged.
    """
    return audit_on(benchmark_truth(table, space, variant=variant), pools, rng, num_trained=num_trained)


def audit_on(
    truth: Truth,
    pools: Sequence[ScoredPool],
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int] = (1, 10, 20),
) -> SpaceAudit:
    """Audit super-nets by the known accuracies of their architectures.

    Args:
        truth: what is known besides the scores.
        pools: the scored architectures of each super-net, all of which have a known accuracy.
        rng: chooses which are held out together, and breaks ties in the searches.
        num_trained: k of the TOP-k searches.

    Raises:
        SettingsError: no super-net, or one that scored an architecture without a known accuracy.
        DataError: too few architectures in a pool, no feature, or no super-net converged.
    """
    check_pools(truth, pools)
    cells = np.unique(np.concatenate([pool.cells for pool in pools]))
    standalone = truth.table.validation[cells]
    bias = audit_bias(
        [pool.proxies for pool in pools],
        standalone,
        truth.architectures.features(cells),
        rng,
        pools=[np.searchsorted(cells, pool.cells) for pool in pools],
    )
    return SpaceAudit(
        benchmark=truth.benchmark,
        space=truth.space,
        variant=truth.variant,
        supernets=tuple(pool.name for pool in pools),
        architectures=truth.architectures,
        cells=cells,
        standalone=standalone,
        bias=bias,
        costs=_costs(truth.table, cells, bias, num_trained, rng),
    )


def _costs(
    landscape: SearchTable,
    cells: Int32[np.ndarray, " distinct"],
    bias: BiasAudit,
    num_trained: Sequence[int],
    rng: np.random.Generator,
) -> tuple[BiasCost, ...]:
    """Regret of the guided search by three scores of the same pools, for the cells that searches can train."""
    known = [landscape.known[cells[one.cells]] for one in bias.scores]
    smallest = min(int(own.sum()) for own in known)
    ks = [k for k in num_trained if k <= smallest]

    def regrets(scores: Sequence[np.ndarray]) -> Float64[np.ndarray, "supernets budgets"]:
        return np.stack(
            [
                guided_regret(landscape, cells[one.cells][inside], own[inside], rng, num_trained=ks).regret
                for one, own, inside in zip(bias.scores, scores, known, strict=True)
            ]
        )

    as_scored = regrets([one.ranks for one in bias.scores])
    unbiased = regrets([one.unbiased for one in bias.scores])
    corrected = regrets([one.corrected for one in bias.scores])
    differences = unbiased - as_scored
    corrected_p = _paired_p_values(differences) if len(differences) > 1 else None
    return tuple(
        BiasCost(
            num_trained=k,
            as_scored=float(as_scored[:, column].mean()),
            unbiased=float(unbiased[:, column].mean()),
            difference=student_interval(differences[:, column]),
            p_value=None if corrected_p is None else float(corrected_p[column]),
            corrected=float(corrected[:, column].mean()),
        )
        for column, k in enumerate(ks)
    )


def _paired_p_values(differences: Float64[np.ndarray, "supernets budgets"]) -> Float64[np.ndarray, " budgets"]:
    """P-values of no mean difference at each budget, corrected after Holm; 1 where no super-net's search changes.

    Differences that are all equal, but for rounding, have no spread to test against: Student's test would give 0. The
    smallest p-value that the exact test of their signs can give, 2 to the power of 1 - n, stands for it.
    """
    from scipy import stats

    spread, size = differences.std(axis=0), np.abs(differences).max(axis=0)
    changes = (spread > 1e-9 * size) & (size > ROUNDING)
    p_values = np.where(size <= ROUNDING, 1.0, 2.0 ** (1 - len(differences)))
    p_values[changes] = stats.ttest_1samp(differences[:, changes], 0.0, axis=0).pvalue
    return holm(p_values)
