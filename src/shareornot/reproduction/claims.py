"""Replay of the paper's statements: figures that follow from others, compared with their formulas.

References: Pourchot et al. 2020, arXiv:2002.04289, versions 1 and 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from shareornot.reproduction.agreement import AgreementRow, rounds_to
from shareornot.reproduction.published_tables import (
    BNS_GAIN,
    NRES_FEWER,
    NRES_LOSS,
    NUM_RUNS_V2,
    PAPER_SPACES,
    POWER,
    POWER_EFFECT,
    SIZE_CORRELATION,
    SIZE_CORRELATION_P,
    SUPERIORITY,
    TABLE_1,
    TABLES_V2,
    Method,
    PrintedDifference,
)
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import MAX_VERTICES, space_cells
from shareornot.statistics import (
    correlation_test,
    num_supernets_needed,
    smallest_detectable_effect,
    superiority_from_d,
    t_test_power,
)

_HALF_REGRET, _HALF_D = 0.00005, 0.005
"""Half of the last digit that the paper prints, of regrets as fractions and of d."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeRow:
    """Rank correlation of agreement with the size of the space, over the spaces of a variant."""

    variant: str
    source: str
    """Whether agreement is that of the evaluations or as printed."""
    num_spaces: int
    correlation: float | None
    """None if all spaces have the same agreement."""
    asymptotic_p: float | None
    """Two-sided, by the t approximation."""
    exact_p: float | None
    """Two-sided, by permutation: over all assignments where there are at most 8 spaces."""
    printed: float | None
    printed_p: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A printed figure and the result of the formula."""

    claim: str
    printed: float
    computed: float
    as_printed: bool
    """Whether the computed figure rounds to the printed one."""
    remark: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsistencyRow:
    """A printed row of version 2: which test do its difference, interval, d and p-value belong to?"""

    space: str
    num_trained: int
    method: Method
    printed_difference: float
    printed_half_width: float
    printed_d: float
    printed_p: str
    student_half_width: float
    """Half width that the printed d implies, with the pooled variance of Student's test; a fraction."""
    student_p_low: float
    """Student's p-value from the printed d, at one end of what d was rounded from."""
    student_p_high: float
    welch_p_low: float
    """P-value from difference and interval, at one end of what they were rounded from; Welch's if the interval is."""
    welch_p_high: float
    p_agrees_with: str
    """The test or tests whose p-value rounds to the printed one."""


def replay_size_correlation(
    agreement: Sequence[AgreementRow], max_vertices: int, rng: np.random.Generator, *, with_printed: bool
) -> list[SizeRow]:
    """Correlate agreement with the size of the space, for each variant with at least four spaces.

    Args:
        agreement: agreement of all variants and spaces.
        max_vertices: largest number of vertices of the cells that count for the size of a space.
        rng: source of permutations, for more than 8 spaces.
        with_printed: whether to do it with the paper's Table 1 too.
    """
    rows = []
    if with_printed:
        printed = {space: TABLE_1["BNS-FT", space].mean for space in PAPER_SPACES}
        rows.append(_size_row("BNS-FT", "as printed", printed, MAX_VERTICES, rng, with_printed=True))
    for variant in dict.fromkeys(row.variant for row in agreement):
        means = {row.space: row.mean for row in agreement if row.variant == variant and row.mean is not None}
        if len(means) >= 4:
            rows.append(
                _size_row(
                    variant,
                    "these evaluations",
                    means,
                    max_vertices,
                    rng,
                    with_printed=with_printed and variant == "BNS-FT",
                )
            )
    return rows


def printed_claims() -> list[Claim]:
    """The paper's figures that follow from its own tables or from a formula alone."""
    sizes = {space: len(space_cells(open_space(space))) for space in ("A_FULL", "A_FULL^NRES")}
    bns, no_ft = (np.array([TABLE_1[variant, space].mean for space in PAPER_SPACES]) for variant in ("BNS-FT", "NO-FT"))
    gain = float((bns / no_ft).mean()) - 1
    full, nres = TABLE_1["BNS-FT", "A_FULL"].mean, TABLE_1["BNS-FT", "A_FULL^NRES"].mean
    fewer = 1 - sizes["A_FULL^NRES"] / sizes["A_FULL"]
    num_guided, num_random = NUM_RUNS_V2["guided"], NUM_RUNS_V2["random"]
    needed = num_supernets_needed(POWER_EFFECT, target=POWER, num_random=num_random)
    detectable = smallest_detectable_effect(num_guided, num_random, target=POWER)
    return [
        *(
            _claim(
                f"probability that guided beats random search at d = -{d}",
                printed,
                superiority_from_d(-d),
                f"Phi(d / sqrt 2) for normal regrets of equal spread; Phi(d) is {stats.norm.cdf(d):.3f}",
            )
            for d, printed in SUPERIORITY.items()
        ),
        _claim(
            f"power of {num_guided} against {num_random} runs at d = {POWER_EFFECT}",
            POWER,
            t_test_power(POWER_EFFECT, num_guided, num_random),
            f"{needed} super-nets would reach it; {num_guided} detect d = {detectable:.2f} with that power",
        ),
        _claim(
            "gain of BNS-FT over NO-FT, relative",
            BNS_GAIN,
            gain,
            f"mean of the ratios of Table 1 less one; of their means: {bns.mean() / no_ft.mean() - 1:.2f}",
            digits=1,
        ),
        _claim(
            "correlation on A_FULL^NRES, relative loss to A_FULL",
            NRES_LOSS,
            1 - nres / full,
            f"{full} on A_FULL and {nres} on A_FULL^NRES; A_FULL has {(full / nres - 1) * 100:.0f} % more",
        ),
        _claim(
            "cells of A_FULL^NRES, relative loss to A_FULL",
            NRES_FEWER,
            fewer,
            f"A_FULL has {(sizes['A_FULL'] / sizes['A_FULL^NRES'] - 1) * 100:.1f} % more cells",
        ),
    ]


def printed_consistency() -> list[ConsistencyRow]:
    """Version 2's printed rows against Student's test, which its text names, and Welch's.

    From d follow Student's t = d / sqrt(1/n1 + 1/n2), its p-value and, with the difference, its interval. From the
    difference and its interval follows the t of whatever test made the interval. Each printed figure is rounded, so
    each p-value is a range; Welch's also ranges over all degrees of freedom that two such samples can have.
    """
    return [_consistency(*key, printed) for key, printed in TABLES_V2.items()]


def _size_row(
    variant: str,
    source: str,
    means: dict[str, float],
    max_vertices: int,
    rng: np.random.Generator,
    *,
    with_printed: bool,
) -> SizeRow:
    sizes = np.array([len(space_cells(open_space(space), max_vertices)) for space in means])
    values = np.array(list(means.values()))
    approximate = correlation_test(sizes, values, method="asymptotic")
    exact = correlation_test(sizes, values, rng=rng)
    return SizeRow(
        variant=variant,
        source=source,
        num_spaces=len(means),
        correlation=exact.value,
        asymptotic_p=approximate.p_value,
        exact_p=exact.p_value,
        printed=SIZE_CORRELATION if with_printed else None,
        printed_p=SIZE_CORRELATION_P if with_printed else None,
    )


def _claim(claim: str, printed: float, computed: float, remark: str, *, digits: int = 2) -> Claim:
    return Claim(
        claim=claim,
        printed=printed,
        computed=computed,
        as_printed=rounds_to(computed, printed, digits),
        remark=remark,
    )


def _consistency(space: str, k: int, method: Method, printed: PrintedDifference) -> ConsistencyRow:
    num_method, num_random = NUM_RUNS_V2[method], NUM_RUNS_V2["random"]
    degrees = num_method + num_random - 2
    scale = np.sqrt(1 / num_method + 1 / num_random)
    size = abs(printed.d)
    student = [float(2 * stats.t.sf(max(size + shift, 0.0) / scale, degrees)) for shift in (_HALF_D, -_HALF_D)]
    welch = [
        float(2 * stats.t.sf(max(abs(printed.difference) + shift, 0.0) / (printed.half_width + widening) * t, free))
        for free, t in ((free, stats.t.ppf(0.975, free)) for free in (num_method - 1, degrees))
        for shift in (_HALF_REGRET, -_HALF_REGRET)
        for widening in (_HALF_REGRET, -_HALF_REGRET)
    ]
    agree = [
        name
        for name, p_values in (("Student", student), ("Welch", welch))
        if _could_print(min(p_values), max(p_values), printed.p_value)
    ]
    return ConsistencyRow(
        space=space,
        num_trained=k,
        method=method,
        printed_difference=printed.difference,
        printed_half_width=printed.half_width,
        printed_d=printed.d,
        printed_p="< 0.01" if printed.p_value is None else f"{printed.p_value:.2f}",
        student_half_width=float(stats.t.ppf(0.975, degrees) * abs(printed.difference) / size * scale),
        student_p_low=min(student),
        student_p_high=max(student),
        welch_p_low=min(welch),
        welch_p_high=max(welch),
        p_agrees_with=" and ".join(agree) or "neither",
    )


def _could_print(low: float, high: float, printed: float | None) -> bool:
    """Whether a p-value in a range could have been printed so."""
    if printed is None:
        return low < 0.01
    return low <= printed + 0.005 and high >= printed - 0.005
