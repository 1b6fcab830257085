"""Scored cells of one super-net in a Parquet file, with what the scores depend on; read without PyTorch."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64, Int32

from shareornot.errors import DataError, MissingDataError, UnitError, message_of
from shareornot.statistics.split_half import split_half_reliability
from shareornot.storage import atomic_write

FIRST_HALF = "first_half_accuracy"
KEY, CHECKSUM = b"shareornot", b"shareornot-sha256"
ORIGIN = {"evaluation", "num_train_images", "num_validation_images"}
EVALUATION = {"adaptation", "num_batches", "batch_size", "seed"}
"""What must be known of the evaluation."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ScoredCells:
    """Proxy accuracies of the cells that a super-net scored."""

    cells: Int32[np.ndarray, " cells"]
    """Unique indices in their order of evaluation."""
    proxies: Float64[np.ndarray, " cells"]
    """Fractions."""
    origin: Mapping[str, Any]
    """What the scores depend on and how they were made, as JSON has it."""
    first_half: Float64[np.ndarray, " cells"] | None = None
    """Accuracies on the validation images at even positions, fractions; None in files of older versions."""

    @property
    def reliability(self) -> float | None:
        """Reliability, see `split_half_reliability`, by both halves of the images; None if it is unknown."""
        if self.first_half is None:
            return None
        num_images = int(self.origin["num_validation_images"])
        num_first = -(-num_images // 2)
        rest = (self.proxies * num_images - self.first_half * num_first) / max(num_images - num_first, 1)
        return split_half_reliability(self.first_half, rest)


def write_scores(path: Path, scores: ScoredCells) -> None:
    """Write the file, whole or not at all."""
    columns = {"cell": pa.array(scores.cells, pa.int32()), "proxy_validation_accuracy": scores.proxies}
    arrays = [scores.cells, scores.proxies]
    if scores.first_half is not None:
        columns[FIRST_HALF] = scores.first_half
        arrays.append(scores.first_half)
    origin = json.dumps(dict(scores.origin))
    table = pa.table(columns).replace_schema_metadata({KEY: origin, CHECKSUM: _checksum(arrays, origin)})
    with atomic_write(path) as file:
        pq.write_table(table, file, write_page_checksum=True)


def read_scores(path: Path) -> ScoredCells:
    """Read what `write_scores` wrote.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, or of another format.
        UnitError: a proxy outside [0, 1].
    """
    if not path.exists():
        raise MissingDataError(f"{path.parent}: expected {path.name}, found none; score the super-net's cells first")
    try:
        wanted = ["cell", "proxy_validation_accuracy", FIRST_HALF]
        columns = [name for name in wanted if name != FIRST_HALF or name in pq.read_schema(path).names]
        table = pq.read_table(path, columns=columns, page_checksum_verification=True)
        cells = table["cell"].to_numpy()
        proxies = table["proxy_validation_accuracy"].to_numpy().astype(np.float64)
        first_half = table[FIRST_HALF].to_numpy().astype(np.float64) if FIRST_HALF in columns else None
        metadata = table.schema.metadata or {}
        origin = json.loads(metadata[KEY])
        checksum = metadata.get(CHECKSUM)  # which files of older versions do not have
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: expected scored cells in Parquet format, got {message_of(error)}; delete it, score again"
        ) from error
    if cells.dtype != np.int32 or (cells < 0).any():
        raise DataError(f"{path}: expected numbers of architectures from 0, got others; delete it, score again")
    arrays = [cells, proxies] if first_half is None else [cells, proxies, first_half]
    if checksum is not None and checksum.decode("ascii", "replace") != _checksum(arrays, metadata[KEY].decode()):
        raise DataError(
            f"{path}: expected scored cells in Parquet format, got contents that do not match their checksum; delete "
            f"it, "
            "score again"
        )
    if not _states_settings(origin):
        raise DataError(f"{path}: expected how the scores were made, got {origin}; delete it, score again")
    inside = (proxies >= 0) & (proxies <= 1) | ~np.isfinite(proxies)
    if not inside.all():
        raise UnitError(
            f"{path}: expected accuracies from 0 to 1, got {proxies[~inside][0]}; divide percentages by 100"
        )
    return ScoredCells(cells=cells, proxies=proxies, origin=origin, first_half=first_half)


def _checksum(arrays: Sequence[np.ndarray], origin: str) -> str:
    """SHA-256 of all that is read; Parquet's own checksums cover the values, and not how they are described."""
    digest = hashlib.sha256(origin.encode())
    for array in arrays:  # the cells as integers, the rest as numbers
        digest.update(array.astype("<i4" if array.dtype == np.int32 else "<f8").tobytes())
    return digest.hexdigest()


def _states_settings(origin: Any) -> bool:
    """Whether the metadata holds everything that an appraisal needs."""
    if not isinstance(origin, dict) or not origin.keys() >= ORIGIN:
        return False
    evaluation = origin["evaluation"]
    return isinstance(evaluation, dict) and evaluation.keys() >= EVALUATION
