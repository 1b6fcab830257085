"""The piece that judges: the super-nets of one space, variant and evaluation, from their scores."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from shareornot.appraisal.appraisal import Appraisal, appraise
from shareornot.appraisal.audit import SpaceAudit, audit_space
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.paired_comparison import PairedComparison
from shareornot.appraisal.scores_file import ScoredCells, read_scores
from shareornot.appraisal.truth import search_table
from shareornot.errors import DataError
from shareornot.search import PAPER_V1, compare_searches, supernet_cost
from shareornot.spaces.nasbench101 import parse_space
from shareornot.statistics import student_interval, wilcoxon_signed_rank
from shareornot.storage import atomic_write
from shareornot.studies.job import AppraiseWork, Piece
from shareornot.studies.naming import variant_name
from shareornot.studies.record import read_record, write_record
from shareornot.studies.store import Store
from shareornot.studies.supernets import supernet_costs
from shareornot.tables import BenchmarkTable, open_benchmark

NUMBERS = "numbers.json"


def appraise_piece(store: Store, piece: Piece, work: AppraiseWork) -> list[str]:
    """Judge, and write what was found.

    Returns:
        The names of the files.

    Raises:
        SettingsError: all super-nets diverged.
        DataError: a shard is no file of scores.
    """
    table = open_benchmark(work.settings.benchmark)
    space, search = parse_space(work.settings.space), work.chapter.search
    scores = [
        join_shards([read_scores(store.path(name) / "proxies.parquet") for name in names]) for names in work.shards
    ]
    pools = [
        ScoredPool(name=f"seed-{seed}", cells=one.cells, proxies=one.proxies)
        for seed, one in zip(work.chapter.seeds, scores, strict=True)
    ]
    costs = supernet_costs(
        table,
        work.settings,
        scores[0],
        times=None if search.times is None else Path(search.times),
        supernet_times=None if search.supernet_times is None else Path(search.supernet_times),
        count_scoring=search.count_scoring,
    )
    variant = variant_name(work.chapter.variant, work.chapter.evaluation)
    ks = search.num_trained
    appraisal = appraise(
        table,
        space,
        pools,
        costs,
        np.random.default_rng(search.seed),
        num_trained=ks,
        num_runs=search.num_runs,
        variant=variant,
    )
    try:
        audit = audit_space(table, space, pools, np.random.default_rng(search.seed), num_trained=ks, variant=variant)
    except DataError:  # too few distinct cells for an audit
        audit = None
    pairs = _pairs(table, appraisal, costs, work) if search.random_search == "pool" else ()
    folder = store.path(piece.name)
    files = write_record(folder, (appraisal, audit, pairs))
    with atomic_write(folder / NUMBERS) as file:
        file.write(json.dumps(_numbers(work, appraisal, pairs), indent=1).encode() + b"\n")
    return [*files, NUMBERS]


def read_appraisal(store: Store, name: str) -> tuple[Appraisal, SpaceAudit | None, tuple[PairedComparison, ...]]:
    """What a finished piece found.

    Raises:
        DataError: damaged.
    """
    appraisal, audit, pairs = read_record(store.path(name))
    if not isinstance(appraisal, Appraisal) or not isinstance(audit, SpaceAudit | None):
        raise DataError(f"{store.path(name)}: expected an appraisal, got something else")
    return appraisal, audit, pairs


def join_shards(shards: Sequence[ScoredCells]) -> ScoredCells:
    """The scores of one super-net, as one scoring of its whole pool would have given them."""
    return ScoredCells(
        cells=np.concatenate([one.cells for one in shards]),
        proxies=np.concatenate([one.proxies for one in shards]),
        origin=shards[0].origin,
    )


def _pairs(
    table: BenchmarkTable, appraisal: Appraisal, costs: SupernetCosts, work: AppraiseWork
) -> tuple[PairedComparison, ...]:
    """The comparison of the paper's first version, of the super-nets that converged."""
    landscape = search_table(table, parse_space(work.settings.space), time_s=costs.time_s)
    good = [pool for pool, value in zip(appraisal.pools, appraisal.spearmans, strict=True) if value is not None]
    smallest = min(len(np.unique(pool.cells)) for pool in good)
    size = max(len(pool.cells) for pool in good)
    ks = tuple(k for k in work.chapter.search.num_trained if k <= smallest)
    start_s = supernet_cost(landscape, epochs_ratio=costs.training, narrow_time_s=costs.narrow_time_s).total_s
    found = compare_searches(
        landscape,
        [pool.cells for pool in good],
        [pool.proxies for pool in good],
        np.random.default_rng([work.chapter.search.seed, 1]),
        protocol=replace(PAPER_V1, num_trained=ks, pool_size=size),
        start_s=start_s,
    )
    return tuple(
        PairedComparison(
            num_trained=k,
            guided_regret=float(found.guided[:, column].mean()),
            random_regret=float(found.random[:, column].mean()),
            difference=student_interval(found.guided[:, column] - found.random[:, column]),
            test=wilcoxon_signed_rank(found.guided[:, column], found.random[:, column]),
        )
        for column, k in enumerate(ks)
    )


def _numbers(work: AppraiseWork, appraisal: Appraisal, pairs: Sequence[PairedComparison]) -> dict[str, Any]:
    """What the table of all appraisals takes of this one; accuracies are fractions."""
    return {
        "space": appraisal.space,
        "variant": work.chapter.variant,
        "evaluation": work.chapter.evaluation,
        "recipe": work.settings.recipe,
        "num_supernets": len(appraisal.pools),
        "num_diverged": appraisal.spearmans.count(None),
        "num_cells_scored": max(len(pool.cells) for pool in appraisal.pools),
        "spearman": appraisal.agreement.mean,
        "spearman_low": appraisal.agreement.low,
        "spearman_high": appraisal.agreement.high,
        "spearman_paper_half_width": appraisal.paper_agreement.half_width,
        "spearmans": list(appraisal.spearmans),
        "noise_ceiling": None if appraisal.ceiling is None else appraisal.ceiling.ceiling,
        "answer": appraisal.verdict.answer,
        "verdict": appraisal.verdict.sentence,
        "comparisons": [
            {
                "against": "space",
                "num_trained": one.num_trained,
                "num_random_trainings": one.num_random_trainings,
                "guided_regret": one.guided_regret,
                "random_regret": one.random_regret,
                "evolution_regret": one.evolution_regret,
                "difference": one.difference.mean,
                "difference_low": one.difference.low,
                "difference_high": one.difference.high,
                "p_value": one.p_value,
                "cohens_d": None if one.effect is None or not np.isfinite(one.effect.d) else one.effect.d,
            }
            for one in appraisal.comparisons
        ]
        + [
            {
                "against": "pool",
                "num_trained": one.num_trained,
                "num_random_trainings": None,
                "guided_regret": one.guided_regret,
                "random_regret": one.random_regret,
                "evolution_regret": None,
                "difference": one.difference.mean,
                "difference_low": one.difference.low,
                "difference_high": one.difference.high,
                "p_value": one.test.p_value,
                "cohens_d": None,
            }
            for one in pairs
        ],
        "settings": {"training": asdict(work.settings.training), "network": asdict(work.settings.network)},
    }
