"""Replay of a wide table: many super-nets that all scored one space, by how they were trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
from jaxtyping import Float64

from shareornot.appraisal.audit import SpaceAudit, audit_on
from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.appraisal.rivals import simulate_rivals
from shareornot.appraisal.truth import Truth, benchmark_truth
from shareornot.errors import DataError, SettingsError
from shareornot.progress import Progress, Silent
from shareornot.reproduction.wide.index import SupernetIndex
from shareornot.reproduction.wide.measures import Ground, Measures, measure
from shareornot.reproduction.wide.scores import WideScores
from shareornot.reproduction.wide.sections import (
    Row,
    TopCeiling,
    agreement_rows,
    baseline_rows,
    effect_rows,
    search_rows,
    supernet_rows,
    top_ceilings,
    top_rows,
)
from shareornot.reproduction.wide.settings import SupernetSetting, contrasts_of, settings_of
from shareornot.tables import Table
from shareornot.tables.contract import TEST, VALIDATION

SECTIONS = ("agreement", "baselines", "top", "effects", "search", "bias", "super-nets")
DEFAULT_SECTIONS = SECTIONS[:-1]
"""All but the list of every super-net."""
MOST_AUDITED = 4
"""Settings whose bias is audited: those with the most super-nets."""
LEAST_REPEATED = 100
"""Architectures with repeated trainings that are needed to distinguish the best."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WideSettings:
    """Settings of a replay.

    Raises:
        SettingsError: an unknown section, or a number out of range.
    """

    sections: tuple[str, ...] = DEFAULT_SECTIONS
    num_trained: tuple[int, ...] = (1, 10, 100)
    """k of the TOP-k searches."""
    top_share: float = 0.01
    """Fraction of the architectures that are the best."""
    num_runs: int = 500
    """Runs of random search, evolution and local search."""
    supernet_trainings: float = 4.0
    """What a super-net and its scoring cost, in average trainings."""
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.sections if name not in SECTIONS]
        if unknown or not self.sections:
            near = get_close_matches(unknown[0], SECTIONS, 1) if unknown else []
            raise SettingsError(
                f"section: expected one of {', '.join(SECTIONS)} for a table with a column for each super-net, got "
                f"{', '.join(unknown) or 'none'}{f'; try {near[0]}' if near else ''}"
            )
        if not 0 < self.top_share < 1:
            raise SettingsError(
                f"top: expected a fraction between 0 and 1, got {self.top_share:g}; the best 1 % are 0.01"
            )
        if self.num_runs < 2 or self.seed < 0 or not 0 <= self.supernet_trainings < 1e6:
            raise SettingsError(
                f"replay: expected at least 2 runs, a seed of at least 0 and a cost from 0 to a million trainings, got "
                f"{self.num_runs}, {self.seed} and {self.supernet_trainings:g}"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class WideReplay:
    """Everything that the replay of a wide table finds; empty for sections that were not replayed."""

    settings: WideSettings
    benchmark: str
    metric: str
    """Scores are compared with this metric of the table."""
    num_architectures: int
    num_known: int
    """Architectures of the family that the table holds."""
    num_supernets: int
    groups: tuple[SupernetSetting, ...]
    time_unit: str
    agreement: tuple[Row, ...] = ()
    baselines: tuple[Row, ...] = ()
    ceilings: tuple[TopCeiling, ...] = ()
    top: tuple[Row, ...] = ()
    effects: tuple[Row, ...] = ()
    search: tuple[Row, ...] = ()
    supernets: tuple[Row, ...] = ()
    audits: tuple[tuple[str, SpaceAudit], ...] = ()
    """Audits of the settings with the most super-nets: label and audit."""
    notes: tuple[str, ...] = field(default=())


def replay_wide(
    scores: WideScores,
    index: SupernetIndex,
    table: Table,
    settings: WideSettings | None = None,
    progress: Progress | None = None,
    *,
    baselines: Mapping[str, Float64[np.ndarray, " architectures"]] | None = None,
    repeats: Table | None = None,
) -> WideReplay:
    """Replay a wide table.

    Args:
        scores: scores of super-nets, see `wide_scores`.
        index: a row for each of these super-nets, in their order.
        table: what training each architecture alone gave.
        settings: what is replayed.
        progress: advances by `num_steps(...)` steps.
        baselines: what costs nothing besides the sizes, in the order of the scored architectures.
        repeats: table with the single trainings, where `table` holds means alone; by default `table`.

    Returns:
        The rows of each replayed section, with notes.

    Raises:
        SettingsError: the table of single trainings is of another family, or a k above the number of architectures.
    """
    settings, progress = settings or WideSettings(), progress or Silent()
    truth = _scored_part(benchmark_truth(table, table.space), scores)
    ground, notes = _ground(scores, truth, baselines or {}, table if repeats is None else repeats)
    groups = settings_of(index)
    start_s = settings.supernet_trainings * _mean_training(truth)

    def measured(columns: Float64[np.ndarray, "rows architectures"], own: Progress, cost_s: float) -> Measures:
        rng = np.random.default_rng([settings.seed, 0])
        return measure(
            columns,
            ground,
            rng,
            own,
            num_trained=settings.num_trained,
            top_share=settings.top_share,
            start_s=cost_s,
        )

    found = measured(scores.scores, progress, start_s)
    names = list(ground.baselines)
    free = measured(np.stack([ground.baselines[name] for name in names]), Silent(), 0.0)
    wanted = set(settings.sections)
    ceilings = top_ceilings(ground, (1.0, 0.1, settings.top_share)) if "top" in wanted else []
    contrasts = contrasts_of(index) if "effects" in wanted else []
    rivals = _rivals(truth, ground, found, settings) if "search" in wanted else []
    progress.advance(1)
    audits: list[tuple[str, SpaceAudit]] = []
    if "bias" in wanted:
        audits, audit_notes = _audits(scores, truth, groups, settings, progress)
        notes += audit_notes

    def when(section: str, make: Callable[[], Sequence[Row]]) -> tuple[Row, ...]:
        return tuple(make()) if section in wanted else ()

    at_top = next((one for one in ceilings if one.share == settings.top_share), None)
    return WideReplay(
        settings=settings,
        benchmark=table.name,
        metric=(VALIDATION if VALIDATION in table.metrics else TEST).replace("_", " "),
        num_architectures=len(scores.architectures),
        num_known=len(table),
        num_supernets=len(scores.names),
        groups=tuple(groups),
        time_unit=truth.time_unit,
        agreement=when("agreement", lambda: agreement_rows(groups, found, free)),
        baselines=when("baselines", lambda: baseline_rows(names, free, settings.num_trained)),
        ceilings=tuple(ceilings),
        top=when("top", lambda: top_rows(groups, found, names, free, at_top)),
        effects=when("effects", lambda: effect_rows(contrasts, found, settings.num_trained)),
        search=when(
            "search",
            lambda: search_rows(
                groups, found, rivals, settings.num_trained, lambda time_s: time_s / _mean_training(truth)
            ),
        ),
        supernets=when("super-nets", lambda: supernet_rows(scores.names, groups, found, settings.num_trained)),
        audits=tuple(audits),
        notes=(*scores.notes, *truth.notes, *notes),
    )


def num_steps(scores: WideScores, settings: WideSettings) -> int:
    """The largest number of steps by which `replay_wide` advances its progress."""
    return len(scores.names) + 1 + MOST_AUDITED * ("bias" in settings.sections)


def _scored_part(truth: Truth, scores: WideScores) -> Truth:
    """The same truth, in which searches train only scored architectures where these are fewer.

    Evolution and local search, which move through a whole space, are left out then.
    """
    scored = np.zeros(len(truth.table.known), bool)
    scored[scores.architectures] = True
    known = truth.table.known & truth.table.member & scored
    if known.sum() == truth.table.member.sum():
        return truth
    note = f"Searches are among the {int(known.sum()):,} scored architectures, without evolution and local search."
    return replace(
        truth,
        table=replace(truth.table, known=known, optimum=None),
        evolution_table=None,
        notes=(*truth.notes, note),
    )


def _mean_training(truth: Truth) -> float:
    return float(truth.table.time_s[truth.table.cells].mean())


def _ground(
    scores: WideScores, truth: Truth, baselines: Mapping[str, np.ndarray], repeats: Table
) -> tuple[Ground, list[str]]:
    """What the scores are judged on, and notes.

    Raises:
        SettingsError: the table of single trainings is of another family.
    """
    if repeats.space.family != truth.architectures.family:
        raise SettingsError(
            f"repeats: expected a table of {truth.architectures.family}, got {repeats.name}, which is of "
            f"{repeats.space.family}"
        )
    sizes = {name: np.asarray(values[scores.architectures], np.float64) for name, values in truth.baselines.items()}
    free = {name: values for name, values in {**sizes, **baselines}.items() if np.ptp(values) > 0}
    rows, held = repeats.rows_of(scores.architectures)
    runs = repeats.values(VALIDATION if VALIDATION in repeats.metrics else TEST).astype(np.float64)
    own = np.full((len(rows), runs.shape[1]), np.nan)
    own[held] = runs[rows[held]]
    complete = np.flatnonzero(~np.isnan(own).any(axis=1)).astype(np.int32)
    notes = []
    enough = runs.shape[1] > 1 and len(complete) >= LEAST_REPEATED
    if enough:
        notes.append(
            f"The best by a training that does not judge are those of the {len(complete):,} architectures with all "
            f"{runs.shape[1]} trainings in {repeats.name}."
        )
    else:
        notes.append(
            f"No ceiling among the best: it needs {LEAST_REPEATED} architectures with repeated trainings, and "
            f"{repeats.name} has {len(complete) if runs.shape[1] > 1 else 0}; name a table that has: --repeats NAME."
        )
    return (
        Ground(
            architectures=scores.architectures,
            truth=truth,
            baselines=free,
            repeats=own[complete] if enough else None,
            repeated=complete,
        ),
        notes,
    )


def _rivals(
    truth: Truth, ground: Ground, found: Measures, settings: WideSettings
) -> list[tuple[str, Float64[np.ndarray, " budgets"]]]:
    """Expected regret at each budget of every search without a super-net."""
    rivals = simulate_rivals(
        truth.table,
        {name: _scattered(values, ground, truth) for name, values in ground.baselines.items()},
        [ground.architectures],
        found.time_s[None],
        np.random.default_rng([settings.seed, 1]),
        num_runs=settings.num_runs,
        evolution_table=truth.evolution_table,
    )
    return [(rival.name, rival.expected) for rival in rivals]


def _scattered(values: np.ndarray, ground: Ground, truth: Truth) -> Float64[np.ndarray, " rows"]:
    column = np.full(len(truth.table.known), np.nan)
    column[ground.architectures] = values
    return column


def _audits(
    scores: WideScores, truth: Truth, groups: Sequence[SupernetSetting], settings: WideSettings, progress: Progress
) -> tuple[list[tuple[str, SpaceAudit]], list[str]]:
    """Bias audits of the settings with the most super-nets, and notes."""
    most = max(len(group.supernets) for group in groups)
    chosen = [group for group in groups if len(group.supernets) == most][:MOST_AUDITED]
    found, notes = [], []
    if len(chosen) < len(groups):
        notes.append(f"The bias audit looks at {len(chosen)} settings with {most} super-nets each. Others: --where.")
    for group in chosen:
        pools = [
            ScoredPool(name=scores.names[place], cells=scores.architectures, proxies=scores.scores[place])
            for place in group.supernets
        ]
        rng = np.random.default_rng([settings.seed, 2])
        try:
            found.append((group.label, audit_on(truth, pools, rng, num_trained=settings.num_trained)))
        except DataError as error:
            return [], [f"No bias audit: {error}."]
        progress.advance(1, group.label)
    return found, notes
