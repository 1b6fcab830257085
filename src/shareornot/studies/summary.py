"""The job that puts the numbers of all appraisals into two tables: agreement, and comparisons of searches."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.errors import DataError
from shareornot.storage import atomic_write
from shareornot.studies.appraisal_job import NUMBERS
from shareornot.studies.job import Job, SummariseSpec
from shareornot.studies.store import Store

AGREEMENT, COMPARISONS = "agreement.parquet", "comparisons.parquet"
CHAPTER = ("space", "variant", "evaluation", "recipe")


def summarise_job(store: Store, job: Job, spec: SummariseSpec) -> list[str]:
    """Write the two tables.

    Returns:
        The names of the files.
    """
    folder = store.path(job.name)
    agreement, comparisons = summary_rows([store.path(name) for name in spec.appraisals])
    write_rows(folder / AGREEMENT, agreement)
    write_rows(folder / COMPARISONS, comparisons)
    return [AGREEMENT, COMPARISONS]


def summary_rows(folders: list[Path]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A row for each appraisal, and one for each of its comparisons.

    Args:
        folders: folders of finished appraisal jobs.

    Raises:
        DataError: one of them holds something else.
    """
    agreement, comparisons = [], []
    for folder in folders:
        try:
            numbers = json.loads((folder / NUMBERS).read_bytes())
            chapter = {name: numbers[name] for name in CHAPTER}
            row = {
                name: value for name, value in numbers.items() if name not in ("comparisons", "settings", "spearmans")
            }
            comparisons += [{**chapter, **one} for one in numbers["comparisons"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{folder / NUMBERS}: expected the numbers of an appraisal, got a damaged file: {error}"
            ) from error
        agreement.append(row)
    return agreement, comparisons


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows of equal names as Parquet."""
    with atomic_write(path) as file:
        pq.write_table(pa.Table.from_pylist(rows), file, write_page_checksum=True)
