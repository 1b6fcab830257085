"""Everything that a study found, as Parquet files that other programs read, and our own commands too.

- `evaluations.parquet`: one row per scored cell
- `scores.parquet`: the same with what training the cell alone gave and what the super-net cost, and the cells of the
  space that no super-net scored, so that an appraisal of the file gives the numbers of the study

`shareornot replay`, `audit` and `appraise` read both.

- `agreement.parquet`: a row per chapter; correlation, noise ceiling, verdict
- `comparisons.parquet`: a row per chapter and k; searches in the same time
- `regret.parquet`: a row per chapter, search and time; the curves
- `training.parquet`: a row per super-net and epoch; loss, images per second, correlation with the benchmark
- `jobs.parquet`: a row per finished job; what determines it, versions, duration
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.appraisal.rows import curve_columns
from shareornot.appraisal.scores_file import read_scores
from shareornot.appraisal.serialization import read_chapter
from shareornot.errors import MissingDataError
from shareornot.progress import ProgressBars, no_bars
from shareornot.spaces import open_space
from shareornot.storage import atomic_write
from shareornot.studies.appraisal_job import join_shards
from shareornot.studies.costs import evaluation_cost, scoring_cost, supernet_epochs
from shareornot.studies.execution import LOG_NAME, read_log
from shareornot.studies.job_execution import verify_or_set_aside
from shareornot.studies.naming import variant_name
from shareornot.studies.store import PlannedChapter, Store
from shareornot.studies.study_file import read_study
from shareornot.studies.summary import AGREEMENT, COMPARISONS, summary_rows, write_rows
from shareornot.tables import Table, open_table
from shareornot.tables.catalogue import standalone_epochs
from shareornot.tables.contract import TEST, TIME, VALIDATION


def finished_appraisals(folder: Path, bars: ProgressBars = no_bars) -> list[tuple[str, PlannedChapter]]:
    """The appraisals of the study's last run that are finished and undamaged: names and contents.

    Raises:
        MissingDataError: no study there, or nothing of it is finished.
        DataError: one is damaged; it was set aside, and `resume` computes it again.
    """
    store = Store(folder)
    found = [(one.name, one.chapter) for one in store.read_plan() if one.chapter and store.is_finished(one.name)]
    if not found:
        raise MissingDataError(
            f"{folder}: expected an appraisal that is finished, found none; run: shareornot study resume {folder}"
        )
    with bars("Checking results", len(found)) as progress:
        for name, _ in found:
            verify_or_set_aside(store, name)
            progress.advance()
    return found


def export_study(folder: Path, out: Path, bars: ProgressBars = no_bars) -> list[Path]:
    """Write the Parquet files.

    Args:
        folder: folder of the study; what is not finished is left out.
        out: folder for the files.
        bars: shows the progress in chapters.

    Returns:
        The files.

    Raises:
        MissingDataError: nothing is finished.
        DataError: a result is damaged; it was set aside, and `resume` computes it again.
        OSError: the files cannot be written.
    """
    store = Store(folder)
    found = finished_appraisals(folder, bars)
    table = open_table(read_study(folder).benchmark)
    names = chapter_variants([chapter for _, chapter in found])
    evaluations: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    curves: list[dict[str, Any]] = []
    with bars("Exporting", len(found)) as progress:
        for (job, chapter), variant in zip(found, names, strict=True):
            for shards in chapter.shards:
                for name in shards:
                    verify_or_set_aside(store, name)
            columns = _evaluations(store, chapter, variant)
            evaluations.append(columns)
            known = _with_standalone(columns, table)
            scores.append(known | _costs(store, job, chapter, table, known))
            regret = curve_columns(read_chapter(store.path(job)).appraisal)
            size = len(regret["search"])
            curves.append({"space": [chapter.space] * size, "variant": [variant] * size, **regret})
            progress.advance()
    agreement, comparisons = summary_rows([store.path(job) for job, _ in found])
    for rows, name in ((agreement, AGREEMENT), (comparisons, COMPARISONS)):
        write_rows(out / name, rows)
    scores += [_not_scored(space, scores, evaluations, table) for space in dict.fromkeys(one.space for _, one in found)]
    for parts, name in ((evaluations, "evaluations"), (scores, "scores"), (curves, "regret")):
        _write_columns(out / f"{name}.parquet", parts)
    write_rows(out / "jobs.parquet", _job_rows(store))
    write_rows(out / "training.parquet", _training_rows(store))
    files = ("evaluations", "scores", "agreement", "comparisons", "regret", "training", "jobs")
    return [out / f"{name}.parquet" for name in files]


def chapter_variants(chapters: Sequence[PlannedChapter]) -> list[str]:
    """A name for the variant of each chapter; with the experiment where a space has several of one name."""
    plain = [variant_name(one.variant, one.evaluation) for one in chapters]
    keys = [(one.space, name) for one, name in zip(chapters, plain, strict=True)]
    return [
        f"{name} ({one.experiment})" if keys.count(key) > 1 and one.experiment else name
        for one, name, key in zip(chapters, plain, keys, strict=True)
    ]


def _evaluations(store: Store, chapter: PlannedChapter, variant: str) -> dict[str, Any]:
    """Scored cells of all super-nets of a chapter, in the order of evaluation."""
    joined = [
        join_shards([read_scores(store.path(name) / "proxies.parquet") for name in shards]) for shards in chapter.shards
    ]
    sizes = [len(one.cells) for one in joined]
    return {
        "space": [chapter.space] * sum(sizes),
        "variant": [variant] * sum(sizes),
        "seed": np.repeat(np.array(chapter.seeds, np.int64), sizes),
        "position": np.concatenate([np.arange(size, dtype=np.int64) for size in sizes]),
        "cell": np.concatenate([one.cells for one in joined]),
        "proxy_validation_accuracy": np.concatenate([one.proxies for one in joined]),
    }


def _with_standalone(columns: dict[str, Any], table: Table) -> dict[str, Any]:
    """The same with every training of the cell alone."""
    rows, _ = table.rows_of(columns["cell"])
    validation = table.values(VALIDATION if VALIDATION in table.metrics else TEST)[rows]
    test = table.values(TEST if TEST in table.metrics else VALIDATION)[rows]
    distinct, positions = np.unique(columns["cell"], return_inverse=True)
    texts = np.array(table.space.texts(distinct), dtype=object)
    return {
        "space": columns["space"],
        "variant": columns["variant"],
        "supernet": [f"seed-{seed}" for seed in columns["seed"].tolist()],
        "architecture": texts[positions],
        "proxy": columns["proxy_validation_accuracy"],
        **{f"standalone_{run}": validation[:, run].astype(np.float64) for run in range(validation.shape[1])},
        **{f"test_{run}": test[:, run].astype(np.float64) for run in range(test.shape[1])},
        "cost": _training_times(table)[rows],
    }


def _costs(store: Store, job: str, chapter: PlannedChapter, table: Table, columns: dict[str, Any]) -> dict[str, Any]:
    """What trainings alone, the super-net and a score cost, as the appraisal counted them.

    The time of a training alone includes its evaluation where the appraisal counts that.
    """
    first = chapter.shards[0]
    trained = store.read_job(first[0])["identity"]["supernet"]
    training = store.read_job(trained)["identity"]["training"]
    search = store.read_job(job)["identity"]["search"]
    num_epochs = standalone_epochs(table)
    scored = join_shards([read_scores(store.path(name) / "proxies.parquet") for name in first])
    counted = search["count_scoring"]
    share = evaluation_cost(scored) / num_epochs if counted and search.get("times") is None else 0.0
    num_rows = len(columns["cost"])
    epochs = supernet_epochs(training, chapter.space, scored) / num_epochs
    return {
        "cost": columns["cost"] * (1 + share),
        "supernet_cost": np.full(num_rows, epochs / (1 + share)),
        "scoring_cost": np.full(num_rows, scoring_cost(scored) / num_epochs / (1 + share) if counted else 0.0),
    }


def _not_scored(
    space: str, scores: Sequence[dict[str, Any]], evaluations: Sequence[dict[str, Any]], table: Table
) -> dict[str, Any]:
    """The known cells of a space that no super-net scored: random search trains them too."""
    cells = open_space(space).members_below(table.num_architectures)
    scored = [one["cell"] for one in evaluations if one["space"][0] == space]
    rest = np.setdiff1d(cells[table.rows_of(cells)[1]], np.concatenate(scored))
    nothing = pa.nulls(len(rest), pa.string())
    columns = {"space": [space] * len(rest), "variant": nothing, "seed": np.zeros(len(rest), np.int64), "cell": rest}
    numbers = {name: pa.nulls(len(rest), pa.float64()) for name in ("proxy", "supernet_cost", "scoring_cost")}
    known = _with_standalone(columns | {"proxy_validation_accuracy": numbers["proxy"]}, table)
    # trainings alone take as long as those of the cells that were scored, with their evaluation or without
    scored_s = _training_times(table)[table.rows_of(evaluations[0]["cell"][:1])[0]]
    share = float(scores[0]["cost"][0] / scored_s[0])
    return known | numbers | {"supernet": nothing, "cost": known["cost"] * share}


def _training_times(table: Table) -> np.ndarray:
    """What training each architecture of the table took; 1 each where it is unknown."""
    return table.mean(TIME) if TIME in table.metrics else np.ones(len(table))


def _job_rows(store: Store) -> list[dict[str, Any]]:
    """What stands in each finished job's `job.json`."""
    plan = store.read_plan()
    finished = store.finished(one.name for one in plan)
    rows = []
    for one in plan:
        if one.name in finished:
            content = store.read_job(one.name)
            rows.append(
                {
                    "name": one.name,
                    "kind": one.kind,
                    "label": one.label,
                    "needs": list(one.needs),
                    "duration_s": float(content["duration_s"]),
                    "device": content.get("device"),
                    "identity": json.dumps(content["identity"], sort_keys=True),
                    "versions": json.dumps(content.get("versions", {}), sort_keys=True),
                    "files": json.dumps(content["files"], sort_keys=True),
                }
            )
    return rows


def _training_rows(store: Store) -> list[dict[str, Any]]:
    """The logs of the trainings; lines that cannot be read are left out."""
    measures = ("loss", "images_per_s", "proxy_correlation")
    return [
        {"job": one.name, "label": one.label, "epoch": int(line.done), "time": line.time}
        | {name: line.measures.get(name) for name in measures}
        for one in store.read_plan()
        if one.kind == "train"
        for line in read_log(store.path(one.name) / LOG_NAME).lines
    ]


def _write_columns(path: Path, parts: Sequence[dict[str, Any]]) -> None:
    """Write parts with equal columns one below the other."""
    table = pa.concat_tables([pa.table(part) for part in parts])
    with atomic_write(path) as file:
        pq.write_table(table, file, write_page_checksum=True)
