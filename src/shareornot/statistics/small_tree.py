"""A regression tree small enough to be read aloud: at most a few questions, each about one structure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from shareornot.errors import SettingsError

MAX_THRESHOLDS = 32
"""Questions that are tried about a number with many values: at its quantiles."""

Matrix = Float[np.ndarray, "rows columns"]
Target = Float[np.ndarray, " rows"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Is the value in a column above a threshold? The answer is no where there is no value (NaN)."""

    column: int
    threshold: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """A group of rows with the same answers."""

    answers: tuple[tuple[Question, bool], ...]
    """The questions on the way, with their answers."""
    value: float
    """Mean target of the rows that the tree was grown on."""
    num_rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SmallTree:
    """A tree, defined by its leaves."""

    leaves: tuple[Leaf, ...]

    def leaf_of(self, matrix: Matrix) -> Int[np.ndarray, " rows"]:
        """Number of the leaf of each row."""
        number = np.zeros(len(matrix), np.int64)
        for position, leaf in enumerate(self.leaves):
            inside = np.ones(len(matrix), bool)
            for question, answer in leaf.answers:
                inside &= (matrix[:, question.column] > question.threshold) == answer
            number[inside] = position
        return number

    def predict(self, matrix: Matrix) -> Target:
        """Value of the leaf of each row."""
        return np.asarray(np.array([leaf.value for leaf in self.leaves])[self.leaf_of(matrix)])


def grow_tree(
    matrix: Matrix,
    target: Float[np.ndarray, " targets"],
    *,
    places: Int[np.ndarray, " targets"] | None = None,
    max_depth: int = 3,
    min_share: float = 0.05,
    min_gain: float = 0.01,
) -> SmallTree:
    """Split the rows where the squared error falls most, again and again (CART).

    Args:
        matrix: a column for each structure, NaN if it does not apply.
        target: what is to be described.
        places: row of `matrix` to which each target belongs, where rows have several or none; by default one each.
        max_depth: questions on the way to a leaf, at most.
        min_share: least share of all rows in a leaf, in (0, 0.5].
        min_gain: least share of the target's sum of squares that a split must explain.

    Raises:
        SettingsError: no row, or a setting out of range.

    References: Breiman, Friedman, Olshen and Stone 1984, "Classification and Regression Trees".
    """
    if not len(target) or max_depth < 0 or not 0 < min_share <= 0.5 or min_gain < 0:
        raise SettingsError(
            "tree: expected rows, a depth of at least 0, a least share in (0, 0.5] and a least gain of at least 0, "
            f"got {len(target)} rows, {max_depth}, {min_share} and {min_gain}"
        )
    # a byte each, columns first: the thresholds are few, and the rows may be many
    codes = np.empty((matrix.shape[1], len(matrix)), np.uint8)
    thresholds = []
    places = np.arange(len(matrix)) if places is None else places
    present = np.zeros(len(matrix), bool)
    present[places] = True
    for number in range(matrix.shape[1]):
        column = np.ascontiguousarray(matrix[:, number])
        thresholds.append(_thresholds(column, present, places))
        codes[number] = np.searchsorted(thresholds[number], _filled(column))
    codes = codes[:, places]
    least_rows = max(1, int(np.ceil(min_share * len(target))))
    least_gain = max(min_gain * float(((target - target.mean()) ** 2).sum()), 1e-12 * float((target**2).sum()))

    def grow(rows: np.ndarray, answers: tuple[tuple[Question, bool], ...]) -> Iterator[Leaf]:
        best = _best_split(codes[:, rows], target[rows], [len(cuts) for cuts in thresholds], least_rows)
        if len(answers) == max_depth or best is None or best[0] <= least_gain:
            yield Leaf(answers=answers, value=float(target[rows].mean()), num_rows=len(rows))
            return
        _, column, position = best
        question = Question(column=column, threshold=float(thresholds[column][position]))
        above = codes[column, rows] > position
        yield from grow(rows[above], (*answers, (question, True)))
        yield from grow(rows[~above], (*answers, (question, False)))

    return SmallTree(leaves=tuple(grow(np.arange(len(target)), ())))


def _filled(column: Target) -> Target:
    return np.where(np.isnan(column), -np.inf, column)


def _thresholds(
    column: Target, present: Bool[np.ndarray, " rows"], places: Int[np.ndarray, " targets"]
) -> Float[np.ndarray, " thresholds"]:
    """Midpoints between the values, or between their quantiles where they are many; ascending."""
    missing = np.isnan(column)
    values = np.unique(column[present & ~missing])
    if len(values) > MAX_THRESHOLDS + 1:
        given = column[places[~missing[places]]]
        values = np.unique(np.quantile(given, np.linspace(0, 1, MAX_THRESHOLDS + 1)))
    cuts = (values[1:] + values[:-1]) / 2
    complete = not (missing & present).any()
    return cuts if complete or not len(values) else np.concatenate([[values[0] - 0.5], cuts])


def _best_split(
    codes: UInt8[np.ndarray, "columns rows"], target: Target, num_thresholds: Sequence[int], least_rows: int
) -> tuple[float, int, int] | None:
    """Fall of the squared error, column and threshold of the best split, the first of equals; None without any."""
    best = None
    total, num_rows = float(target.sum()), len(target)
    for column, number in enumerate(num_thresholds):
        sizes = np.bincount(codes[column], minlength=number + 1).cumsum()[:number]
        allowed = np.flatnonzero((sizes >= least_rows) & (num_rows - sizes >= least_rows))
        if not len(allowed):
            continue
        sums = np.bincount(codes[column], weights=target, minlength=number + 1).cumsum()[:number]
        below, size = sums[allowed], sizes[allowed]
        gains = below**2 / size + (total - below) ** 2 / (num_rows - size) - total**2 / num_rows
        position = int(gains.argmax())
        # of two equal columns the first is taken, whatever rounding does
        if best is None or gains[position] > best[0] * (1 + 1e-9):
            best = (float(gains[position]), column, int(allowed[position]))
    return best
