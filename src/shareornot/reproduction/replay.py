"""Replay of what was published: the paper's tables and statements, from published or own evaluations.

Each section is computed by pure functions on arrays in a module of its own; here they are chosen, given their
randomness, and put into tables. A section's randomness depends on the seed and on the section alone, so that choosing
some sections does not change them.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from shareornot.errors import SettingsError
from shareornot.progress import Progress, Silent
from shareornot.reproduction import headings as headings
from shareornot.reproduction.agreement import (
    NUM_RESAMPLES,
    AgreementRow,
    describe_copies,
    find_diverged,
    replay_agreement,
)
from shareornot.reproduction.claims import printed_claims, printed_consistency, replay_size_correlation
from shareornot.reproduction.evaluations import Evaluations
from shareornot.reproduction.first_population import replay_first_populations
from shareornot.reproduction.quality import replay_ceilings, replay_quality
from shareornot.reproduction.result_table import ResultTable
from shareornot.reproduction.truth import choose_guide
from shareornot.reproduction.version1 import replay_version1
from shareornot.reproduction.version2 import replay_version2
from shareornot.storage import atomic_write
from shareornot.tables import BenchmarkTable

Section = Literal["agreement", "quality", "claims", "version-1", "version-2", "first-population"]
SECTIONS: tuple[Section, ...] = get_args(Section)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaySettings:
    """What is replayed, and how.

    Raises:
        SettingsError: an unknown section, or a number out of range.
    """

    sections: tuple[str, ...] = SECTIONS
    """Which of `SECTIONS`, in this order."""
    guide: str | None = None
    """Variant whose proxies guide the searches; by default BNS-FT, or the only one."""
    num_resamples: int = NUM_RESAMPLES
    """Of the bootstrap over super-nets and cells; 0 leaves it out."""
    num_redraws: int = 2_000
    """Random orders for each super-net in version 1's comparison."""
    num_runs: int = 500
    """Runs of random search and evolution in version 2's."""
    supernet_trainings: float = 4.0
    """What a super-net and its scoring cost in version 2's comparison, in average trainings of the space."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """All that a replay finds."""

    settings: ReplaySettings
    benchmark: str
    num_known: int
    """Cells that the table holds."""
    num_cells: int
    """Cells that the benchmark is about."""
    num_supernets: int
    num_evaluations: int
    tables: tuple[ResultTable, ...]

    def to_json(self) -> dict[str, Any]:
        """What JSON can hold: every row in full."""
        return {
            "settings": asdict(self.settings),
            "benchmark": {"name": self.benchmark, "num_known": self.num_known, "num_cells": self.num_cells},
            "evaluations": {"num_supernets": self.num_supernets, "num_evaluations": self.num_evaluations},
            "tables": [table.to_json() for table in self.tables],
        }


def replay(
    evaluations: Evaluations,
    table: BenchmarkTable,
    settings: ReplaySettings | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Replay the paper's tables and statements.

    Args:
        evaluations: of super-nets, see `read_evaluations`.
        table: what training each cell alone gave. The paper's figures stand beside where it is NASBench-101.
        settings: what is replayed, by default everything.
        progress: told of `num_steps(...)` steps.

    Raises:
        SettingsError: the variant that guides is unknown, or not given where it must be.
    """
    run = _Run(evaluations, table, settings or ReplaySettings(), progress or Silent())
    tables = [made for section in run.settings.sections for made in run.makers[section]()]
    return Replay(
        settings=run.settings,
        benchmark=table.info.name,
        num_known=len(table),
        num_cells=table.info.num_cells,
        num_supernets=len(evaluations.supernets),
        num_evaluations=sum(len(one.cells) for one in evaluations.supernets),
        tables=tuple(tables),
    )


def num_steps(evaluations: Evaluations, settings: ReplaySettings) -> int:
    """Steps of which `replay` tells its progress, at most."""
    num_spaces, sections = len(evaluations.spaces), settings.sections
    guides = len(evaluations.supernets) // len(evaluations.variants)
    needs_agreement = "agreement" in sections or "claims" in sections
    return (
        needs_agreement
        + ("quality" in sections)
        + guides * ("version-1" in sections)
        + num_spaces * (("version-2" in sections) + ("first-population" in sections))
    )


def write_replay(replay: Replay, folder: Path) -> list[Path]:
    """Write `replay.json`, and each table as CSV with all fields and as LaTeX as shown.

    Returns:
        The files, each of them whole.

    Raises:
        OSError: the folder cannot be written.
    """
    contents = {"replay.json": json.dumps(replay.to_json(), indent=2, allow_nan=False) + "\n"}
    for table in replay.tables:
        contents[f"{table.name}.csv"] = table.to_csv()
        contents[f"{table.name}.tex"] = table.to_latex()
    for name, text in contents.items():
        with atomic_write(folder / name) as file:
            file.write(text.encode())
    return [folder / name for name in contents]


class _Run:
    """One replay; sections that need the same figures compute them once."""

    def __init__(
        self, evaluations: Evaluations, table: BenchmarkTable, settings: ReplaySettings, progress: Progress
    ) -> None:
        self.settings = settings
        self._evaluations = evaluations
        self._table = table
        self._progress = progress
        self._with_printed = "nasbench-101" in table.info.name.lower()
        self.makers: dict[str, Callable[[], list[ResultTable]]] = {
            "agreement": self._agreement_tables,
            "quality": self._quality_tables,
            "claims": self._claim_tables,
            "version-1": self._version1_tables,
            "version-2": self._version2_tables,
            "first-population": self._first_population_tables,
        }

    @cached_property
    def _agreement(self) -> list[AgreementRow]:
        rows = replay_agreement(
            self._evaluations,
            self._table,
            self._rng("agreement"),
            with_printed=self._with_printed,
            num_resamples=self.settings.num_resamples if "agreement" in self.settings.sections else 0,
        )
        self._progress.advance(1, "agreement")
        return rows

    @cached_property
    def _guide(self) -> str:
        return choose_guide(self._evaluations, self.settings.guide)

    def _rng(self, section: Section) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, SECTIONS.index(section)])

    def _agreement_tables(self) -> list[ResultTable]:
        return [
            headings.agreement_table(self._agreement),
            headings.without_copies_table(self._agreement),
            headings.copies_table(describe_copies(self._evaluations)),
            headings.diverged_table(find_diverged(self._evaluations)),
        ]

    def _quality_tables(self) -> list[ResultTable]:
        if self._table.info.num_runs < 2:
            return []  # a noise ceiling takes cells that were trained alone at least twice
        ceilings = replay_ceilings(self._evaluations, self._table, self._rng("quality"))
        quality = replay_quality(self._evaluations, self._table, ceilings)
        self._progress.advance(1, "quality")
        return [headings.quality_table(quality), headings.ceilings_table(ceilings)]

    def _claim_tables(self) -> list[ResultTable]:
        sizes = replay_size_correlation(
            self._agreement, self._table.info.max_vertices, self._rng("claims"), with_printed=self._with_printed
        )
        tables = [headings.sizes_table(sizes)]
        if self._with_printed:
            tables += [headings.claims_table(printed_claims()), headings.consistency_table(printed_consistency())]
        return tables

    def _version1_tables(self) -> list[ResultTable]:
        rows = replay_version1(
            self._evaluations,
            self._table,
            self._rng("version-1"),
            self._progress,
            guide=self._guide,
            num_redraws=self.settings.num_redraws,
            with_printed=self._with_printed,
        )
        return [headings.version1_table(rows, self._guide, self.settings.num_redraws)]

    def _version2_tables(self) -> list[ResultTable]:
        rows = replay_version2(
            self._evaluations,
            self._table,
            self._rng("version-2"),
            self._progress,
            guide=self._guide,
            num_runs=self.settings.num_runs,
            supernet_trainings=self.settings.supernet_trainings,
            with_printed=self._with_printed,
        )
        return [headings.version2_table(rows, self._guide, self.settings.supernet_trainings)]

    def _first_population_tables(self) -> list[ResultTable]:
        rows = replay_first_populations(
            self._evaluations,
            self._table,
            self._rng("first-population"),
            self._progress,
            guide=self._guide,
            num_runs=self.settings.num_runs,
            supernet_trainings=self.settings.supernet_trainings,
            with_printed=self._with_printed,
        )
        return [headings.first_population_table(rows)]
