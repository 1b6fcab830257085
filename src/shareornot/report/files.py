"""An appraisal as files: picture, numbers, and the scores behind them."""

import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.appraisal.appraisal import Appraisal
from shareornot.report.verdict_figure import verdict_figure
from shareornot.spaces.architectures import CellArchitectures
from shareornot.storage import atomic_write

PICTURE_FORMATS = ("png", "svg", "pdf")


def write_report(folder: Path, appraisal: Appraisal, *, picture: bool = True) -> Path:
    """Write `appraisal.png`, `.svg`, `.pdf`, `appraisal.json`, `scores.parquet` and `regret.parquet`.

    Args:
        folder: created if need be.
        appraisal: what to write.
        picture: False writes the numbers alone.

    Returns:
        Where the picture is that a person would open.
    """
    if picture:
        _write_picture(folder, appraisal)
    with atomic_write(folder / "appraisal.json") as file:
        file.write(json.dumps(to_json(appraisal), indent=2, allow_nan=False).encode() + b"\n")
    _write_parquet(folder / "scores.parquet", _scores(appraisal))
    _write_parquet(folder / "regret.parquet", _regret(appraisal))
    return folder / "appraisal.png"


def _write_picture(folder: Path, appraisal: Appraisal) -> None:
    figure = verdict_figure(appraisal)
    for kind in PICTURE_FORMATS:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=150)
        with atomic_write(folder / f"appraisal.{kind}") as file:
            file.write(buffer.getvalue())


def to_json(appraisal: Appraisal) -> dict[str, Any]:
    """The numbers of an appraisal, without the scores and curves; accuracies are fractions, times in `time_unit`.

    JSON knows no infinity, such as the effect size of samples that do not vary: it becomes null.
    """
    numbers: dict[str, Any] = _finite(
        {
            "benchmark": appraisal.benchmark,
            "space": appraisal.space,
            "variant": appraisal.variant,
            "num_cells": appraisal.num_cells,
            "num_known": appraisal.num_known,
            "supernets": [
                {"name": pool.name, "num_scored": len(pool.cells), "spearman": value, "diverged": value is None}
                for pool, value in zip(appraisal.pools, appraisal.spearmans, strict=True)
            ],
            "agreement": asdict(appraisal.agreement),
            "paper_agreement": asdict(appraisal.paper_agreement),
            "quality": asdict(appraisal.quality),
            "noise_ceiling": None if appraisal.ceiling is None else asdict(appraisal.ceiling),
            "share_of_ceiling": appraisal.share_of_ceiling,
            "baselines": appraisal.baselines,
            "sign": "difference = guided - random search in test regret; negative = better than random search",
            "time_unit": appraisal.time_unit,
            "comparisons": [asdict(one) for one in appraisal.comparisons],
            "verdict": asdict(appraisal.verdict),
            "notes": list(appraisal.notes),
        }
    )
    return numbers


def _finite(value: Any) -> Any:
    """The same value with None for every number that is none."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _scores(appraisal: Appraisal) -> dict[str, Any]:
    """A row for each scored cell of each super-net; of a user's architectures as `read_own_scores` reads them."""
    sizes = [len(pool.cells) for pool in appraisal.pools]
    supernets = np.repeat([pool.name for pool in appraisal.pools], sizes)
    cells = np.concatenate([pool.cells for pool in appraisal.pools])
    proxies = np.concatenate([pool.proxies for pool in appraisal.pools])
    standalone = np.concatenate(appraisal.standalone)
    if not isinstance(appraisal.architectures, CellArchitectures):
        names = appraisal.architectures.names(cells)
        return {"supernet": supernets, "architecture": names, "proxy": proxies, "standalone": standalone}
    return {
        "supernet": supernets,
        "cell": cells,
        "proxy_validation_accuracy": proxies,
        "standalone_validation_accuracy": standalone,
    }


def _regret(appraisal: Appraisal) -> dict[str, Any]:
    """A row for each search and time."""
    curves = appraisal.curves
    return {
        "search": np.repeat(list(curves), [len(curve.time_s) for curve in curves.values()]),
        **{
            name: np.concatenate([getattr(curve, name) for curve in curves.values()])
            for name in ("time_s", "mean", "low", "high")
        },
    }


def _write_parquet(path: Path, columns: dict[str, Any]) -> None:
    with atomic_write(path) as file:
        pq.write_table(pa.table(columns), file)
