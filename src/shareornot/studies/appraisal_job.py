"""The job that judges: the super-nets of one space, variant and evaluation, from their scores."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shareornot.appraisal.appraisal import Appraisal, appraise
from shareornot.appraisal.audit import audit_space
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.own_word import OWN, read_own
from shareornot.appraisal.paired_comparison import PairedComparison, compare_on_pools
from shareornot.appraisal.rows import agreement_row, comparison_rows, paired_rows
from shareornot.appraisal.scores_file import ScoredCells, read_scores
from shareornot.appraisal.serialization import write_chapter
from shareornot.appraisal.truth import search_table
from shareornot.errors import DataError
from shareornot.spaces import open_space
from shareornot.storage import atomic_write
from shareornot.studies.costs import supernet_costs
from shareornot.studies.job import AppraiseSpec, Job
from shareornot.studies.naming import variant_name
from shareornot.studies.scoring import PROXIES
from shareornot.studies.settings import ChapterSettings, as_values
from shareornot.studies.store import Store
from shareornot.studies.training import has_learnt
from shareornot.tables import Table, open_table

NUMBERS = "numbers.json"


def appraise_job(store: Store, job: Job, spec: AppraiseSpec) -> list[str]:
    """Judge a chapter, and write the results.

    Returns:
        The names of the files.

    Raises:
        SettingsError: all super-nets diverged.
        DataError: a shard is no file of scores.
    """
    folder, found = store.path(job.name), appraise_chapter(store, spec)
    files = write_chapter(folder, found)
    with atomic_write(folder / NUMBERS) as file:
        file.write(json.dumps(_numbers(spec.chapter, found), indent=1, allow_nan=False).encode() + b"\n")
    return [*files, NUMBERS]


def appraise_chapter(store: Store, spec: AppraiseSpec) -> Chapter:
    """Judge the super-nets of a chapter from their scores; nothing is written.

    Args:
        store: holds the scores.
        spec: what to judge.

    Raises:
        MissingDataError: scores are missing.
        SettingsError: all super-nets diverged.
        DataError: a shard is no file of scores.
    """
    chapter, search = spec.chapter, spec.chapter.search
    table, space = open_table(chapter.supernet.benchmark), open_space(chapter.supernet.space)
    pools, first = scored_pools(store, spec)
    costs = supernet_costs(
        table,
        chapter.supernet,
        first,
        times=None if search.times is None else Path(search.times),
        supernet_times=None if search.supernet_times is None else Path(search.supernet_times),
        count_scoring=search.count_scoring,
    )
    variant = variant_name(chapter.supernet.variant, chapter.evaluation)
    appraisal = appraise(
        table,
        space,
        pools,
        costs,
        np.random.default_rng(search.seed),
        num_trained=search.num_trained,
        top=search.top,
        num_runs=search.num_runs,
        variant=variant,
    )
    appraisal = replace(appraisal, method=chapter.supernet.training.method, training_cost=costs.training)
    rng = np.random.default_rng(search.seed)
    try:
        audit = audit_space(table, space, pools, rng, num_trained=search.num_trained, variant=variant)
    except DataError as error:  # too few distinct cells for an audit, which an appraisal does without
        audit = None
        appraisal = replace(appraisal, notes=(*appraisal.notes, f"No bias audit: {error}"))
    pairs = _pairs(table, appraisal, costs, chapter) if search.random_search == "pool" else ()
    return Chapter(appraisal=appraisal, audit=audit, pairs=pairs)


def scored_pools(store: Store, spec: AppraiseSpec) -> tuple[list[ScoredPool], ScoredCells]:
    """The scored pool of each super-net of a chapter, and the scores of the first one with their record.

    Raises:
        MissingDataError: scores are missing.
        DataError: a shard is no file of scores.
    """
    scores = [join_shards([read_scores(store.path(name) / PROXIES) for name in names]) for names in spec.shards]
    trainings = {one.name: one.needs for one in store.read_plan() if one.kind == "score"}
    num_classes = spec.chapter.supernet.network.num_classes
    pools = [
        ScoredPool(
            name=f"seed-{seed}",
            cells=one.cells,
            proxies=one.proxies,
            reliability=one.reliability,
            **_own(store, names),
            learnt=all(has_learnt(store, training, num_classes) for training in trainings.get(names[0], ())),
        )
        for seed, one, names in zip(spec.chapter.seeds, scores, spec.shards, strict=True)
    ]
    return pools, scores[0]


def _own(store: Store, shards: Sequence[str]) -> dict[str, Any]:
    """The own preference and choice of a super-net's method, if it has any."""
    files = [store.path(name) / OWN for name in shards]
    if not all(file.exists() for file in files):
        return {}
    own = [read_own(file) for file in files]
    numbers = [one.own_preferences for one in own if one.own_preferences is not None]
    return {
        "own_choice": next((one.choice for one in own if one.choice is not None), None),
        "own_preferences": np.concatenate(numbers) if len(numbers) == len(own) else None,
    }


def settings_used(store: Store, spec: AppraiseSpec) -> dict[str, Any]:
    """The settings behind a chapter, for a report.

    How the cells were scored is taken from the record of the scores.

    Args:
        store: holds the scores.
        spec: specification of the chapter.

    Raises:
        MissingDataError: scores are missing.
    """
    first = join_shards([read_scores(store.path(name) / PROXIES) for name in spec.shards[0]])
    pool = as_values(spec.chapter.pool) | {"num_cells": len(first.cells)}
    return {
        **as_values(spec.chapter.supernet),
        "evaluation": dict(first.origin["evaluation"]),
        "pool": pool,
        "search": as_values(spec.chapter.search),
    }


def join_shards(shards: Sequence[ScoredCells]) -> ScoredCells:
    """The scores of one super-net, as one scoring of its whole pool would have given them."""
    halves = [one.first_half for one in shards if one.first_half is not None]
    return ScoredCells(
        cells=np.concatenate([one.cells for one in shards]),
        proxies=np.concatenate([one.proxies for one in shards]),
        origin=shards[0].origin,
        first_half=np.concatenate(halves) if len(halves) == len(shards) else None,
    )


def _pairs(
    table: Table, appraisal: Appraisal, costs: SupernetCosts, chapter: ChapterSettings
) -> tuple[PairedComparison, ...]:
    """The comparison of the paper's first version, of the super-nets that converged."""
    good = [pool for pool, value in zip(appraisal.pools, appraisal.spearmans, strict=True) if value is not None]
    return compare_on_pools(
        search_table(table, open_space(chapter.supernet.space), time_s=costs.time_s),
        good,
        costs,
        np.random.default_rng([chapter.search.seed, 1]),
        num_trained=chapter.search.num_trained,
    )


def _numbers(chapter: ChapterSettings, found: Chapter) -> dict[str, Any]:
    """What the tables of a study's results take from this appraisal; accuracies are fractions."""
    supernet = chapter.supernet
    return {
        "space": found.appraisal.space,
        "variant": supernet.variant,
        "evaluation": chapter.evaluation,
        "recipe": supernet.recipe,
        **agreement_row(found.appraisal),
        "spearmans": list(found.appraisal.spearmans),
        "comparisons": [
            *({"against": "space", **row} for row in comparison_rows(found.appraisal)),
            *({"against": "pool", **row} for row in paired_rows(found)),
        ],
        "settings": {"training": as_values(supernet.training), "network": as_values(supernet.network)},
    }
