"""The rows of a user's scores as numbers."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from shareornot.appraisal.user_scores.columns import OwnColumns, count, printable
from shareornot.appraisal.user_scores.units import AccuracyUnit, as_fractions
from shareornot.errors import DataError

ALL = "all"
"""Name of the space where none is given."""
MOST_PAIRS = 500
"""Of space and variant."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnRows:
    """What each row says, as numbers."""

    architecture: Int64[np.ndarray, " rows"]
    texts: pa.Array
    """Of the different architectures."""
    space: Int64[np.ndarray, " rows"]
    spaces: list[str]
    variant: Int64[np.ndarray, " rows"]
    variants: list[str | None]
    supernet: Int64[np.ndarray, " rows"]
    supernets: list[str]
    proxy: Float64[np.ndarray, " rows"]
    """NaN where a super-net gave none."""
    standalone: Float64[np.ndarray, "rows runs"]
    """Fractions, NaN where there is none."""
    test: Float64[np.ndarray, "rows test_runs"] | None
    cost: Float64[np.ndarray, " rows"] | None

    @classmethod
    def of(cls, columns: OwnColumns, unit: AccuracyUnit, notes: list[str]) -> "OwnRows":
        """Turn columns into numbers.

        Raises:
            DataError: a gap where there must be none, or too many spaces.
            UnitError: accuracies in mixed units, or in none.
        """
        architecture, texts = columns.words("architecture")
        _refuse_gaps(columns, "architecture", architecture)
        proxy = columns.numbers("proxy")
        spaces = [ALL]
        space = np.zeros(len(columns), np.int64)
        if "space" in columns.columns:
            space, spaces = columns.words("space")
            _refuse_gaps(columns, "space", space)
        variants: list[str | None] = [None]
        variant = np.zeros(len(columns), np.int64)
        supernets = ["super-net"]
        supernet = np.zeros(len(columns), np.int64)
        scored = ~np.isnan(proxy)
        if "variant" in columns.columns:
            variant, named = columns.words("variant")
            variants = [*named]
            _refuse_gaps(columns, "variant", np.where(scored, variant, 0))
        if "supernet" in columns.columns:
            supernet, supernets = columns.words("supernet")
            _refuse_gaps(columns, "supernet", np.where(scored, supernet, 0))
        num_pairs = len(np.unique(space * (len(variants) + 1) + variant))
        if num_pairs > MOST_PAIRS:
            raise DataError(
                f"{columns.source}: expected at most {MOST_PAIRS} pairs of space and variant, got {num_pairs:,}; "
                "a space holds many architectures: drop or rename the column"
            )
        return cls(
            architecture=architecture,
            texts=pa.array(texts, pa.string()),
            space=space,
            spaces=[printable(name) for name in spaces],
            variant=variant,
            variants=[None if name is None else printable(name) for name in variants],
            supernet=supernet,
            supernets=[printable(name) for name in supernets],
            proxy=proxy,
            standalone=_accuracies(columns, "standalone", unit, notes),
            test=_accuracies(columns, "test", unit, notes) if columns.repeats("test") else None,
            cost=_costs(columns) if "cost" in columns.columns else None,
        )


def _refuse_gaps(columns: OwnColumns, name: str, positions: Int64[np.ndarray, " rows"]) -> None:
    num_gaps = int(np.count_nonzero(positions < 0))
    if num_gaps:
        first = int(np.argmax(positions < 0)) + 1
        raise DataError(
            f"{columns.source}: {name}: expected a text in every row, got {count(num_gaps, 'gap')}, the first in row "
            f"{first:,} after the header; fill them or drop the column"
        )


def _accuracies(
    columns: OwnColumns, what: str, unit: AccuracyUnit, notes: list[str]
) -> Float64[np.ndarray, "rows runs"]:
    """Columns of one kind as fractions; the unit of each is decided by itself."""
    found = []
    for name in columns.repeats(what):
        values, assumed = as_fractions(name, columns.numbers(name), unit)
        found.append(values)
        if assumed:
            notes.append(assumed)
    return np.stack(found, axis=1)


def _costs(columns: OwnColumns) -> Float64[np.ndarray, " rows"]:
    cost = columns.numbers("cost")
    bad = ~np.isnan(cost) & ~((cost > 0) & (cost < np.inf))
    if bad.any():
        raise DataError(
            f"{columns.source}: cost: expected seconds above 0, got {cost[bad][0]:g}; leave the cell empty where it is "
            "not known"
        )
    return cost
