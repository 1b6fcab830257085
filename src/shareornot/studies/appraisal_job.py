"""The piece that judges: the super-nets of one space, variant and evaluation, from their scores."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from shareornot.appraisal.appraisal import Appraisal, appraise
from shareornot.appraisal.audit import audit_space
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.paired_comparison import PairedComparison, compare_on_pools
from shareornot.appraisal.rows import agreement_row, comparison_rows, paired_rows
from shareornot.appraisal.scores_file import ScoredCells, read_scores
from shareornot.appraisal.serialization import write_chapter
from shareornot.appraisal.truth import search_table
from shareornot.errors import DataError
from shareornot.spaces import open_space
from shareornot.storage import atomic_write
from shareornot.studies.job import AppraiseWork, Piece
from shareornot.studies.naming import variant_name
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
    space, search = open_space(work.settings.space), work.chapter.search
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
    folder, found = store.path(piece.name), Chapter(appraisal=appraisal, audit=audit, pairs=pairs)
    files = write_chapter(folder, found)
    with atomic_write(folder / NUMBERS) as file:
        file.write(json.dumps(_numbers(work, found), indent=1, allow_nan=False).encode() + b"\n")
    return [*files, NUMBERS]


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
    good = [pool for pool, value in zip(appraisal.pools, appraisal.spearmans, strict=True) if value is not None]
    return compare_on_pools(
        search_table(table, open_space(work.settings.space), time_s=costs.time_s),
        good,
        costs,
        np.random.default_rng([work.chapter.search.seed, 1]),
        num_trained=work.chapter.search.num_trained,
    )


def _numbers(work: AppraiseWork, found: Chapter) -> dict[str, Any]:
    """What the tables of a study's results take from this appraisal; accuracies are fractions."""
    return {
        "space": found.appraisal.space,
        "variant": work.chapter.variant,
        "evaluation": work.chapter.evaluation,
        "recipe": work.settings.recipe,
        **agreement_row(found.appraisal),
        "spearmans": list(found.appraisal.spearmans),
        "comparisons": [
            *({"against": "space", **row} for row in comparison_rows(found.appraisal)),
            *({"against": "pool", **row} for row in paired_rows(found)),
        ],
        "settings": {"training": asdict(work.settings.training), "network": asdict(work.settings.network)},
    }
