"""Replay of Table 1: agreement by variant and space, beside what is printed, and with copied evaluations left out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from shareornot.reproduction.evaluations import EvaluatedSupernet, Evaluations
from shareornot.reproduction.published_tables import TABLE_1
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.statistics import (
    Interval,
    bootstrap_interval,
    diverged,
    first_evaluations,
    num_repeats,
    paper_interval,
    spearman,
    student_interval,
)
from shareornot.tables import BenchmarkTable

NUM_RESAMPLES = 400
"""Resamples of the bootstrap for each variant and space, by default."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementRow:
    """Spearman's correlation of the super-nets of one variant and space with mean standalone validation accuracy."""

    variant: str
    space: str
    num_supernets: int
    num_diverged: int
    """Super-nets with constant or non-finite proxies, left out of all figures: an asterisk in the paper."""
    mean: float | None
    """None if all diverged."""
    paper_half_width: float | None
    student_half_width: float | None
    bootstrap_low: float | None
    bootstrap_high: float | None
    printed_mean: float | None
    printed_half_width: float | None
    printed_diverged: bool | None
    as_printed: str
    """`yes` where mean, half width and asterisk round to what is printed; else what does not; empty if nothing is
    printed."""
    num_repeats: int
    """Evaluations of cells that the same pool had held already, all super-nets together."""
    expected_repeats: float
    """Number that pools of this size have on average when they are drawn with replacement from the whole space."""
    mean_distinct: float | None
    """The mean with the first evaluation of each cell alone."""
    num_copies: int
    """Super-nets whose evaluations are those of another one."""
    mean_without_copies: float | None
    paper_half_width_without_copies: float | None
    student_half_width_without_copies: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """Two super-nets whose evaluations are the same, cell by cell and digit by digit."""

    first: str
    second: str
    num_evaluations: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Diverged:
    """A super-net whose proxies rank nothing."""

    name: str
    proxies: str
    """The constant, or that they are not finite."""


def find_copies(supernets: Sequence[EvaluatedSupernet]) -> list[tuple[EvaluatedSupernet, EvaluatedSupernet]]:
    """Pairs of the first super-net with some evaluations, and each later one with the same.

    Super-nets with constant proxies count too: a pool of random cells in the same order is no coincidence.
    """
    seen: dict[tuple[bytes, bytes], EvaluatedSupernet] = {}
    copies = []
    for one in supernets:
        key = (one.cells.tobytes(), one.proxies.tobytes())
        if key in seen:
            copies.append((seen[key], one))
        else:
            seen[key] = one
    return copies


def find_diverged(evaluations: Evaluations) -> list[Diverged]:
    """The super-nets whose proxies are constant or not all finite."""
    return [
        Diverged(name=one.name, proxies=_what(one.proxies)) for one in evaluations.supernets if diverged(one.proxies)
    ]


def describe_copies(evaluations: Evaluations) -> list[Copy]:
    """The copies among all super-nets, by name."""
    return [
        Copy(first=first.name, second=second.name, num_evaluations=len(second.cells))
        for first, second in find_copies(evaluations.supernets)
    ]


def replay_agreement(
    evaluations: Evaluations,
    table: BenchmarkTable,
    rng: np.random.Generator,
    *,
    with_printed: bool,
    num_resamples: int = NUM_RESAMPLES,
) -> list[AgreementRow]:
    """Spearman's correlations of all variants and spaces with three intervals, as they are and without copies.

    Args:
        evaluations: evaluations of super-nets.
        table: what training each cell alone gave.
        rng: source of the bootstrap's resamples.
        with_printed: whether the paper's figures are for this benchmark.
        num_resamples: number of resamples of the bootstrap, which takes most of the time; 0 leaves it out.

    References: Pourchot et al. 2020, Table 1.
    """
    copies = {id(second) for _, second in find_copies(evaluations.supernets)}
    rows = []
    for variant in evaluations.variants:
        for space in evaluations.spaces:
            supernets = evaluations.of(variant, space)
            if supernets:
                is_copy = np.array([id(one) in copies for one in supernets])
                rows.append(_row(supernets, is_copy, table, rng, num_resamples, with_printed=with_printed))
    return rows


def agreement_of(one: EvaluatedSupernet, table: BenchmarkTable) -> float | None:
    """Spearman's correlation of a super-net's proxies with standalone accuracy, None if it is undefined."""
    return spearman(one.proxies, table.query_many(one.cells, "validation_accuracy")[0]).value


def rounds_to(value: float, printed: float, digits: int = 2) -> bool:
    """Whether a value rounds to a printed one; either neighbour will do where it lies half-way."""
    return abs(value - printed) <= 0.5 * 10.0**-digits + 1e-12


def _row(
    supernets: Sequence[EvaluatedSupernet],
    is_copy: Bool[np.ndarray, " supernets"],
    table: BenchmarkTable,
    rng: np.random.Generator,
    num_resamples: int,
    *,
    with_printed: bool,
) -> AgreementRow:
    variant, space = supernets[0].variant, supernets[0].space
    num_cells = len(space_cells(open_space(space), table.info.max_vertices))
    values = [agreement_of(one, table) for one in supernets]
    kept = np.array([value is not None for value in values])
    numbers = np.array([math.nan if value is None else value for value in values])
    distinct = [agreement_of(_without_repeats(one), table) for one in supernets]
    all_paper, all_student = _intervals(numbers[kept])
    paper, student = _intervals(numbers[kept & ~is_copy])
    low, high = _bootstrap([one for one, good in zip(supernets, kept, strict=True) if good], table, rng, num_resamples)
    printed = TABLE_1.get((variant, space)) if with_printed else None
    num_diverged = int(np.count_nonzero(~kept))
    half_width = all_paper.half_width if all_paper else None
    wrong = []
    if printed is not None:
        checks = {
            "mean": all_paper is not None and rounds_to(all_paper.mean, printed.mean),
            "±": half_width is not None and rounds_to(half_width, printed.half_width),
            "asterisk": printed.diverged == (num_diverged > 0),
        }
        wrong = [name for name, right in checks.items() if not right]
    return AgreementRow(
        variant=variant,
        space=space,
        num_supernets=len(supernets),
        num_diverged=num_diverged,
        mean=all_paper.mean if all_paper else None,
        paper_half_width=half_width,
        student_half_width=all_student.half_width if all_student else None,
        bootstrap_low=low,
        bootstrap_high=high,
        printed_mean=printed.mean if printed else None,
        printed_half_width=printed.half_width if printed else None,
        printed_diverged=printed.diverged if printed else None,
        as_printed="" if printed is None else f"not {', '.join(wrong)}" if wrong else "yes",
        num_repeats=sum(num_repeats(one.cells) for one in supernets),
        expected_repeats=sum(_expected_repeats(len(one.cells), num_cells) for one in supernets),
        mean_distinct=_mean([value for value in distinct if value is not None]),
        num_copies=int(is_copy.sum()),
        mean_without_copies=paper.mean if paper else None,
        paper_half_width_without_copies=paper.half_width if paper else None,
        student_half_width_without_copies=student.half_width if student else None,
    )


def _intervals(values: Float[np.ndarray, " supernets"]) -> tuple[Interval | None, Interval | None]:
    """The paper's interval and Student's, where there is a value."""
    return (paper_interval(values), student_interval(values)) if values.size else (None, None)


def _bootstrap(
    supernets: Sequence[EvaluatedSupernet], table: BenchmarkTable, rng: np.random.Generator, num_resamples: int
) -> tuple[float | None, float | None]:
    """The bootstrap's interval, where there are several super-nets with pools of one size."""
    if num_resamples == 0 or len(supernets) < 2 or len({len(one.cells) for one in supernets}) > 1:
        return None, None
    accuracies = np.stack([table.query_many(one.cells, "validation_accuracy")[0] for one in supernets])
    proxies = np.stack([one.proxies for one in supernets])
    interval = bootstrap_interval(proxies, accuracies, rng, num_resamples=num_resamples)
    return interval.low, interval.high


def _expected_repeats(num_drawn: int, num_cells: int) -> float:
    """Draws with replacement less the distinct cells among them, N (1 - (1 - 1/N)^n)."""
    return num_drawn - num_cells * (1 - (1 - 1 / num_cells) ** num_drawn)


def _without_repeats(one: EvaluatedSupernet) -> EvaluatedSupernet:
    first = first_evaluations(one.cells)
    return EvaluatedSupernet(
        variant=one.variant, space=one.space, seed=one.seed, cells=one.cells[first], proxies=one.proxies[first]
    )


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _what(proxies: Float[np.ndarray, " evaluations"]) -> str:
    return f"all {proxies[0]:.4f}" if np.isfinite(proxies).all() else "not all finite"
