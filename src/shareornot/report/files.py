"""An appraisal as files: picture, numbers, and the scores behind them."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.rows import curve_columns, score_columns, supernet_rows
from shareornot.appraisal.serialization import numbers
from shareornot.report.verdict_figure import verdict_figure
from shareornot.storage import atomic_write

ROWS_AT_ONCE = 100_000
"""Rows of a Parquet file, which are in memory together while they are written."""
PICTURE_FORMATS = ("png", "svg", "pdf")


def write_report(folder: Path, appraisal: Appraisal, *, picture: bool = True) -> Path | None:
    """Write `appraisal.png`, `appraisal.json`, `scores.parquet` and `regret.parquet`.

    Args:
        folder: created if need be.
        appraisal: what to write.
        picture: False writes the numbers alone.

    Returns:
        The path of the picture, or None without one.

    Raises:
        MissingExtraError: there is a picture to draw, and Matplotlib is not installed.
        OSError: a file cannot be written.
    """
    if picture:
        _write_picture(folder, appraisal)
    with atomic_write(folder / "appraisal.json") as file:
        file.write(json.dumps(to_json(appraisal), indent=2, allow_nan=False).encode() + b"\n")
    _write_parquet(folder / "scores.parquet", score_columns(appraisal))
    _write_parquet(folder / "regret.parquet", curve_columns(appraisal))
    return folder / "appraisal.png" if picture else None


def _write_picture(folder: Path, appraisal: Appraisal) -> None:
    buffer = io.BytesIO()
    verdict_figure(appraisal).savefig(buffer, format="png", dpi=150)
    with atomic_write(folder / "appraisal.png") as file:
        file.write(buffer.getvalue())


def to_json(appraisal: Appraisal) -> dict[str, Any]:
    """The numbers of an appraisal without its scores and curves.

    The keys are the fields of `Appraisal`. Accuracies and regrets are fractions, times have the unit `time_unit`, and
    a number that is not finite is null.
    """
    left_out = ("architectures", "pools", "curves", "thing")
    fields = {name: value for name, value in numbers(appraisal).items() if name not in left_out}
    return {
        **fields,
        "supernets": supernet_rows(appraisal),
        "sign": "difference = method - random search in test regret; negative = better than random search",
    }


def _write_parquet(path: Path, columns: dict[str, Any]) -> None:
    with atomic_write(path) as file:
        pq.write_table(pa.table(columns), file, row_group_size=ROWS_AT_ONCE)
