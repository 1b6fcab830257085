"""The architecture that a method itself returns, and its preference among all architectures.

Papers that learn architecture weights or a controller derive their result from these, and not from the accuracies under
the shared weights. The own choice of a super-net is judged by its test regret, its preference by Spearman's correlation
with standalone accuracy.

own.parquet    the preferences for the architectures of a pool, and as metadata the architecture that is returned
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64, Int32

from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.appraisal.truth import Truth
from shareornot.errors import DataError, message_of
from shareornot.statistics import Interval, spearman, student_interval
from shareornot.storage import atomic_write

OWN = "own.parquet"
CHOICE = b"shareornot own choice"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnWord:
    """Choices and preferences of the methods, compared with standalone accuracies."""

    choices: tuple[int | None, ...]
    """The architecture that the method of each super-net returns; None if it returns none."""
    regrets: tuple[float | None, ...]
    """Test regret of each choice, a fraction; None without a choice, or where the table does not hold it."""
    regret: Interval | None
    """Mean of these over the super-nets that converged, for other seeds."""
    preferences: tuple[float | None, ...]
    """Spearman's correlation of the preference, such as log p(a), with standalone accuracy; None if the method has
    none."""
    preference: Interval | None
    """Mean of these over the super-nets that converged, for other seeds."""

    @classmethod
    def nothing(cls, num_supernets: int) -> "OwnWord":
        """The result for methods without a preference of their own."""
        none = (None,) * num_supernets
        return cls(choices=none, regrets=none, regret=None, preferences=none, preference=None)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OwnScores:
    """Preferences of the method of one super-net for architectures of its pool."""

    cells: Int32[np.ndarray, " cells"]
    own_preferences: Float64[np.ndarray, " cells"] | None
    """None if the method has no preference."""
    choice: int | None
    """None if the method returns no architecture, or another file holds it."""


def own_word(truth: Truth, pools: Sequence[ScoredPool], converged: Sequence[int]) -> OwnWord | None:
    """Judge the methods' own preferences and choices.

    Args:
        truth: what training alone gave.
        pools: pools of all super-nets.
        converged: positions of those that did not diverge, the only ones in the means.

    Returns:
        The judgement; None if no method has any.
    """
    if all(pool.own_choice is None and pool.own_preferences is None for pool in pools):
        return None
    table = truth.table
    regrets: list[float | None] = []
    preferences: list[float | None] = []
    for pool in pools:
        choice = pool.own_choice
        known = choice is not None and choice < len(table.known) and bool(table.known[choice])
        regrets.append(float(table.best_test - table.test[choice]) if known else None)
        own = pool.own_preferences
        preferences.append(None if own is None else spearman(own, table.validation[pool.cells]).value)
    return OwnWord(
        choices=tuple(pool.own_choice for pool in pools),
        regrets=tuple(regrets),
        regret=_mean([regrets[number] for number in converged]),
        preferences=tuple(preferences),
        preference=_mean([preferences[number] for number in converged], bounds=(-1.0, 1.0)),
    )


def own_sentences(own: OwnWord | None, random_regret: float | None, thing: str) -> list[str]:
    """The methods' own preferences and choices, in words.

    Args:
        own: the judgement.
        random_regret: mean test regret of random search at the budget of the verdict, a fraction.
        thing: what an architecture is called.
    """
    sentences = []
    if own is not None and own.regret is not None:
        beside = (
            ""
            if random_regret is None
            else f"; random search in the time of the verdict reaches {random_regret * 100:.2f}"
        )
        sentences.append(
            f"The {thing} that the method itself returns has a test regret of {own.regret.mean * 100:.2f}"
            f"{_around(own.regret, 100)} points, mean over {own.regret.n} super-net{'s' * (own.regret.n != 1)}{beside}."
        )
    if own is not None and own.preference is not None:
        sentences.append(
            f"The method's own preference ranks the {thing}s with a Spearman correlation of "
            f"{own.preference.mean:.2f}{_around(own.preference, 1)}."
        )
    return sentences


def write_own(path: Path, own: OwnScores) -> None:
    """Write the file, whole or not at all."""
    numbers = pa.nulls(len(own.cells), pa.float64()) if own.own_preferences is None else own.own_preferences
    table = pa.table({"cell": pa.array(own.cells, pa.int32()), "preference": numbers})
    metadata = {} if own.choice is None else {CHOICE: str(own.choice)}
    with atomic_write(path) as file:
        pq.write_table(table.replace_schema_metadata(metadata), file, write_page_checksum=True)


def read_own(path: Path) -> OwnScores:
    """Read what `write_own` wrote.

    Raises:
        DataError: the file is damaged, or of another format.
    """
    try:
        table = pq.read_table(path, columns=["cell", "preference"], page_checksum_verification=True)
        cells, numbers = table["cell"].to_numpy(), table["preference"]
        text = (table.schema.metadata or {}).get(CHOICE)
        choice = None if text is None else int(text)
        own = None if len(numbers) and numbers.null_count else numbers.to_numpy().astype(np.float64)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        reason = message_of(error)
        raise DataError(f"{path}: expected the preference of a method, got {reason}; delete it, score again") from error
    if cells.dtype != np.int32 or (cells < 0).any() or (choice is not None and choice < 0):
        raise DataError(f"{path}: expected numbers of architectures from 0, got others; delete it, score again")
    return OwnScores(cells=cells, own_preferences=own, choice=choice)


def _mean(values: Sequence[float | None], bounds: tuple[float, float] | None = None) -> Interval | None:
    known = np.array([value for value in values if value is not None])
    if not len(known):
        return None
    return student_interval(known) if bounds is None else student_interval(known, bounds=bounds)


def _around(interval: Interval, scale: int) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f" ({interval.low * scale:.2f} to {interval.high * scale:.2f})"
