"""Training times of all cells on the machine at hand, from measured passes of some: one of the paper's time models."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64

from shareornot.errors import DataError, MissingDataError, message_of
from shareornot.progress import ProgressBars, no_bars
from shareornot.search import fit_pass_times, training_times
from shareornot.spaces.nasbench101 import MAX_VERTICES, unique_codes
from shareornot.storage import atomic_write
from shareornot.studies.devices import choose_device
from shareornot.supernet.settings import NetworkSettings

KEY = b"shareornot"


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredTimes:
    """Training times of all cells of a universe."""

    time_s: Float64[np.ndarray, " cells"]
    """Seconds of a whole training of each cell, indexed by unique index."""
    origin: Mapping[str, Any]
    """Width, device, number of measured cells, and the relative errors of the fit on cells left out of it."""


def measure_times(
    num_filters: int,
    *,
    num_cells: int = 60,
    num_epochs: int = 108,
    batch_size: int = 256,
    max_vertices: int = MAX_VERTICES,
    device: str = "auto",
    seed: int = 0,
    bars: ProgressBars = no_bars,
) -> MeasuredTimes:
    """Measure forward and backward passes of random cells, and fit them to all by operations and widths.

    Args:
        num_filters: width of the network: 128 for trainings alone, 16 for the super-net.
        num_cells: cells to measure, at least 30.
        num_epochs: number of epochs of the trainings whose times are wanted.
        batch_size: images in a batch.
        max_vertices: most vertices of a cell in the universe.
        device: as PyTorch names it, or "auto".
        seed: seed of the choice of cells.
        bars: shows the progress in cells.

    Returns:
        Training times in seconds for all cells of the universe, with the error of the fit.

    Raises:
        SettingsError: too few cells for a fit.
    """
    device = choose_device(device)
    from shareornot.supernet.pass_times import measure_pass_times

    universe = len(unique_codes(max_vertices))
    cells = np.random.default_rng(seed).choice(universe, num_cells, replace=False).astype(np.int32)
    config = NetworkSettings(num_filters=num_filters, max_vertices=max_vertices)
    measured = []
    with bars(f"Measuring {num_cells} cells at {num_filters} filters", num_cells) as progress:
        for times in measure_pass_times(cells, config, batch_size=batch_size, device=device):
            measured.append(times)
            progress.advance()
    forward_s, backward_s = np.array(measured).T
    fits = [
        fit_pass_times(cells, seconds, num_cells=universe, num_filters=num_filters)
        for seconds in (forward_s, backward_s)
    ]
    time_s = training_times(fits[0].time_s, fits[1].time_s, num_epochs=num_epochs, batch_size=batch_size)
    origin = {
        "num_filters": num_filters,
        "num_epochs": num_epochs,
        "batch_size": batch_size,
        "device": device,
        "num_measured": num_cells,
        "median_error": {"forward": fits[0].median_error, "backward": fits[1].median_error},
        "largest_error": {"forward": fits[0].largest_error, "backward": fits[1].largest_error},
    }
    return MeasuredTimes(time_s=time_s, origin=origin)


def write_times(path: Path, times: MeasuredTimes) -> None:
    """Write the times as Parquet, whole or not at all.

    Args:
        path: Parquet file, which is replaced.
        times: seconds of a training of each cell, with their origin.
    """
    table = pa.table({"training_time_s": times.time_s}).replace_schema_metadata({KEY: json.dumps(dict(times.origin))})
    with atomic_write(path) as file:
        pq.write_table(table, file)


def read_times(path: Path, num_cells: int) -> MeasuredTimes:
    """Read what `write_times` wrote.

    Args:
        path: the file.
        num_cells: size of the universe that the times are wanted for.

    Returns:
        Seconds of a whole training of each cell, with their origin.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, of another format, or of another universe.
    """
    if not path.is_file():
        raise MissingDataError(f"{path}: expected measured times, found none; run: shareornot measure-times {path}")
    try:
        table = pq.read_table(path)
        time_s = table["training_time_s"].to_numpy().astype(np.float64)
        origin = json.loads((table.schema.metadata or {})[KEY])
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: expected measured times in Parquet format, got {message_of(error)}; measure again"
        ) from error
    if len(time_s) < num_cells or not (np.isfinite(time_s).all() and time_s.min() > 0):
        raise DataError(f"{path}: expected times above 0 for {num_cells:,} cells, got {len(time_s):,}; measure again")
    return MeasuredTimes(time_s=time_s[:num_cells], origin=dict(origin))
