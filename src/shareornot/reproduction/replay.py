"""Replay of what was published: the rows of the paper's tables and statements, from published or own evaluations.

Each section is computed by pure functions on arrays in a module of its own; here the sections are chosen and given
their randomness. A section's randomness depends on the seed and on the section alone, so that choosing some sections
does not change them. `shareornot.report.replay_columns` makes tables of the rows.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from shareornot.errors import SettingsError
from shareornot.progress import Progress, Silent
from shareornot.reproduction.agreement import (
    NUM_RESAMPLES,
    AgreementRow,
    Copy,
    Diverged,
    describe_copies,
    find_diverged,
    replay_agreement,
)
from shareornot.reproduction.claims import (
    Claim,
    ConsistencyRow,
    SizeRow,
    printed_claims,
    printed_consistency,
    replay_size_correlation,
)
from shareornot.reproduction.evaluations import Evaluations
from shareornot.reproduction.first_population import FirstPopulationRow, replay_first_populations
from shareornot.reproduction.quality import CeilingRow, QualityRow, replay_ceilings, replay_quality
from shareornot.reproduction.truth import choose_guide
from shareornot.reproduction.version1 import Version1Row, replay_version1
from shareornot.reproduction.version2 import Version2Row, replay_version2
from shareornot.tables import BenchmarkTable

Section = Literal["agreement", "quality", "claims", "version-1", "version-2", "first-population"]
SECTIONS: tuple[Section, ...] = get_args(Section)
SEARCHING = {"version-1", "version-2", "first-population"}
"""Sections in which the scores of a variant guide a search."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaySettings:
    """Settings of a replay.

    Raises:
        SettingsError: an unknown section, or a number out of range.
    """

    sections: tuple[str, ...] = SECTIONS
    """Which of `SECTIONS`, in this order."""
    guide: str | None = None
    """Variant whose proxies guide the searches; by default BNS-FT, or the only one."""
    num_resamples: int = NUM_RESAMPLES
    """Number of resamples of the bootstrap over super-nets and cells; 0 leaves it out."""
    num_redraws: int = 2_000
    """Random orders for each super-net in version 1's comparison."""
    num_runs: int = 500
    """Runs of random search and evolution in version 2's."""
    supernet_trainings: float = 4.0
    """What a super-net and its scoring cost in version 2's comparison, in average trainings of the space."""
    edge_flips: float = 1.0
    """Expected number of edges that a mutation of evolution flips, in the section on its first population."""
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.sections if name not in SECTIONS]
        if unknown or not self.sections:
            raise SettingsError(f"section: expected one of {', '.join(SECTIONS)}, got {', '.join(unknown) or 'none'}")
        if min(self.num_redraws, self.num_runs) < 2 or min(self.num_resamples, self.seed) < 0:
            raise SettingsError(
                "replay: expected at least 2 redraws and runs, and no negative number of resamples or seed, "
                f"got {self.num_redraws}, {self.num_runs}, {self.num_resamples} and {self.seed}"
            )
        if not 0 < self.supernet_trainings < 1e6:
            raise SettingsError(
                f"supernet_trainings: expected above 0, got {self.supernet_trainings}; a super-net that is trained "
                "four times as long as a cell, at the same cost a step, takes 4"
            )
        if not 0 < self.edge_flips < math.inf:
            raise SettingsError(f"edge_flips: expected above 0, got {self.edge_flips}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """Everything that a replay finds. The rows of a section that was not replayed are None."""

    settings: ReplaySettings
    benchmark: str
    num_known: int
    """Cells that the table holds."""
    num_cells: int
    """Cells that the benchmark is about."""
    num_supernets: int
    num_evaluations: int
    with_printed: bool
    """Whether the paper's figures stand beside, because the table is that of NASBench-101."""
    guide: str | None
    """Variant whose scores guide the searches; None if no search was replayed."""
    agreement: tuple[AgreementRow, ...] | None = None
    copies: tuple[Copy, ...] | None = None
    diverged: tuple[Diverged, ...] | None = None
    quality: tuple[QualityRow, ...] | None = None
    ceilings: tuple[CeilingRow, ...] | None = None
    sizes: tuple[SizeRow, ...] | None = None
    claims: tuple[Claim, ...] | None = None
    consistency: tuple[ConsistencyRow, ...] | None = None
    version1: tuple[Version1Row, ...] | None = None
    version2: tuple[Version2Row, ...] | None = None
    first_populations: tuple[FirstPopulationRow, ...] | None = None


def replay(
    evaluations: Evaluations,
    table: BenchmarkTable,
    settings: ReplaySettings | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Replay the paper's tables and statements.

    Args:
        evaluations: evaluations of super-nets, see `read_evaluations`.
        table: what training each cell alone gave. The paper's figures stand beside where it is NASBench-101.
        settings: what is replayed, by default everything.
        progress: advances by `num_steps(...)` steps.

    Returns:
        The rows of each replayed section.

    Raises:
        SettingsError: the variant that guides is unknown, or not given where it must be.
    """
    run = _Run(evaluations, table, settings or ReplaySettings(), progress or Silent())
    makers = {
        "agreement": run.agreement_rows,
        "quality": run.quality_rows,
        "claims": run.claim_rows,
        "version-1": run.version1_rows,
        "version-2": run.version2_rows,
        "first-population": run.first_population_rows,
    }
    rows: dict[str, Any] = {}
    for section in run.settings.sections:
        rows |= makers[section]()
    return Replay(
        settings=run.settings,
        benchmark=table.info.name,
        num_known=len(table),
        num_cells=table.info.num_cells,
        num_supernets=len(evaluations.supernets),
        num_evaluations=sum(len(one.cells) for one in evaluations.supernets),
        with_printed=run.with_printed,
        guide=run.guide if SEARCHING & set(run.settings.sections) else None,
        **rows,
    )


def num_steps(evaluations: Evaluations, settings: ReplaySettings) -> int:
    """The largest number of steps by which `replay` advances its progress."""
    num_spaces, sections = len(evaluations.spaces), settings.sections
    guides = len(evaluations.supernets) // len(evaluations.variants)
    needs_agreement = "agreement" in sections or "claims" in sections
    return (
        needs_agreement
        + ("quality" in sections)
        + guides * ("version-1" in sections)
        + num_spaces * (("version-2" in sections) + ("first-population" in sections))
    )


class _Run:
    """One replay; sections that need the same figures compute them once."""

    def __init__(
        self, evaluations: Evaluations, table: BenchmarkTable, settings: ReplaySettings, progress: Progress
    ) -> None:
        self.settings = settings
        self._evaluations = evaluations
        self._table = table
        self._progress = progress
        self.with_printed = "nasbench-101" in table.info.name.lower()

    @cached_property
    def _agreement(self) -> list[AgreementRow]:
        rows = replay_agreement(
            self._evaluations,
            self._table,
            self._rng("agreement"),
            with_printed=self.with_printed,
            num_resamples=self.settings.num_resamples if "agreement" in self.settings.sections else 0,
        )
        self._progress.advance(1, "agreement")
        return rows

    @cached_property
    def guide(self) -> str:
        return choose_guide(self._evaluations, self.settings.guide)

    def _rng(self, section: Section) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, SECTIONS.index(section)])

    def agreement_rows(self) -> dict[str, Any]:
        return {
            "agreement": tuple(self._agreement),
            "copies": tuple(describe_copies(self._evaluations)),
            "diverged": tuple(find_diverged(self._evaluations)),
        }

    def quality_rows(self) -> dict[str, Any]:
        if self._table.info.num_runs < 2:
            return {}  # a noise ceiling takes cells that were trained alone at least twice
        ceilings = replay_ceilings(self._evaluations, self._table, self._rng("quality"))
        quality = replay_quality(self._evaluations, self._table, ceilings)
        self._progress.advance(1, "quality")
        return {"quality": tuple(quality), "ceilings": tuple(ceilings)}

    def claim_rows(self) -> dict[str, Any]:
        sizes = replay_size_correlation(
            self._agreement, self._table.info.max_vertices, self._rng("claims"), with_printed=self.with_printed
        )
        if not self.with_printed:
            return {"sizes": tuple(sizes)}
        return {
            "sizes": tuple(sizes),
            "claims": tuple(printed_claims()),
            "consistency": tuple(printed_consistency()),
        }

    def version1_rows(self) -> dict[str, Any]:
        rows = replay_version1(
            self._evaluations,
            self._table,
            self._rng("version-1"),
            self._progress,
            guide=self.guide,
            num_redraws=self.settings.num_redraws,
            with_printed=self.with_printed,
        )
        return {"version1": tuple(rows)}

    def version2_rows(self) -> dict[str, Any]:
        rows = replay_version2(
            self._evaluations,
            self._table,
            self._rng("version-2"),
            self._progress,
            guide=self.guide,
            num_runs=self.settings.num_runs,
            supernet_trainings=self.settings.supernet_trainings,
            with_printed=self.with_printed,
        )
        return {"version2": tuple(rows)}

    def first_population_rows(self) -> dict[str, Any]:
        rows = replay_first_populations(
            self._evaluations,
            self._table,
            self._rng("first-population"),
            self._progress,
            guide=self.guide,
            num_runs=self.settings.num_runs,
            supernet_trainings=self.settings.supernet_trainings,
            edge_flips=self.settings.edge_flips,
            with_printed=self.with_printed,
        )
        return {"first_populations": tuple(rows)}
