"""The table of values on which a search is simulated, and its answers to proposals."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float64, Int32, Integer, UInt8

from shareornot.errors import SettingsError, UnitError
from shareornot.spaces import Space

UnknownCells = Literal["outside", "redraw", "score-zero"]
"""How cells of the space count that a partial table does not hold; see `SearchTable.landscape`."""


class Answer(IntEnum):
    """The table's answer to a specification that a search proposes."""

    NO_CELL = 0
    """No cell: the input does not reach the output, there are too many edges, or it is outside the universe."""
    REFUSED = 1
    """A cell that must not be tried; propose another one."""
    OUTSIDE = 2
    """A cell outside the space: score 0, at no cost."""
    EVALUATED = 3
    """A cell that was trained: its score counts, and its training took time."""


@dataclass(frozen=True, kw_only=True)
class Landscape:
    """What searches observe of each architecture, by its number."""

    answers: UInt8[np.ndarray, " cells"]
    """An `Answer` for each cell."""
    scores: Float64[np.ndarray, " cells"]
    """Validation accuracy, a fraction; 0 where the answer is not `EVALUATED` or the table does not hold the cell."""
    price_s: Float64[np.ndarray, " cells"]
    """What an evaluation takes, in seconds."""
    candidates: Int32[np.ndarray, " candidates"]
    """The cells that can be evaluated, ascending."""
    space: Space | None
    """Changes architectures; None if they cannot be changed."""

    def answers_to(self, architectures: Integer[np.ndarray, " proposals"]) -> UInt8[np.ndarray, " proposals"]:
        """The answer to each proposal; `NO_CELL` to architectures of the family beyond the universe."""
        inside = architectures < len(self.answers)
        return np.where(inside, self.answers[np.where(inside, architectures, 0)], np.uint8(Answer.NO_CELL))

    @property
    def searchable_space(self) -> Space:
        """The space, for searches that change architectures.

        Raises:
            SettingsError: there is none.
        """
        if self.space is None:
            raise SettingsError(
                "search: expected a table of a space, got a list without neighbours; a search that changes "
                "architectures cannot be played on a list, random and guided search can"
            )
        return self.space


@dataclass(frozen=True, kw_only=True)
class SearchTable:
    """The values of the first architectures of a family, by number; or of the rows of any list.

    Searches that change architectures, such as evolution, need a space. Random and guided search work on any list.

    Args:
        validation: mean validation accuracy, a fraction; searches see this one.
        test: mean test accuracy, a fraction; regret is measured in this one.
        time_s: training time in seconds, or the prediction of a time model.
        known: which cells the benchmark holds; values of the others are never looked at.
        member: which cells belong to the search space.
        optimum: highest mean test accuracy in the space, where more is known about it than the table holds.
        space: defines how architectures are changed: the family, or one of its spaces with mutations of its own. None
            for a list of anything.

    Raises:
        SettingsError: the length is that of no universe of the space, or nothing is known about the space.
        UnitError: an accuracy outside [0, 1], or a time that is negative or not finite.
    """

    validation: Float64[np.ndarray, " cells"]
    test: Float64[np.ndarray, " cells"]
    time_s: Float64[np.ndarray, " cells"]
    known: Bool[np.ndarray, " cells"]
    member: Bool[np.ndarray, " cells"]
    optimum: float | None = None
    space: Space | None = None

    def __post_init__(self) -> None:
        if self.space is not None and len(self.member) not in self.space.universes:
            sizes = ", ".join(f"{size:,}" for size in self.space.universes)
            raise SettingsError(
                f"search table: expected one value for each of the first {sizes} architectures of "
                f"{self.space.family}, got {len(self.member):,}; scatter a partial table into arrays of that length, "
                "and mark in `known` which architectures it holds"
            )
        if not len(self.cells):
            raise SettingsError(
                "search table: expected a known cell in the space, "
                f"got none among {int(self.known.sum()):,} known ones and {int(self.member.sum()):,} in the space; "
                "choose another space or table"
            )
        for name in ("validation", "test"):
            _check_fractions(name, getattr(self, name)[self.cells])
        times = self.time_s[self.cells]
        if not (np.isfinite(times).all() and times.min() >= 0):
            raise UnitError(
                f"time_s: expected finite seconds, at least 0, got {times[~(times >= 0) | ~np.isfinite(times)][0]}; "
                "mark cells without a time as unknown"
            )
        if self.optimum is not None:
            _check_fractions("optimum", np.array([self.optimum]))

    @cached_property
    def cells(self) -> Int32[np.ndarray, " known_cells"]:
        """The cells of the space that the benchmark holds, ascending."""
        return np.flatnonzero(self.known & self.member).astype(np.int32)

    @cached_property
    def best_test(self) -> float:
        """Mean test accuracy from which regret is measured: `optimum`, else the highest that is known in the space."""
        return float(self.test[self.cells].max()) if self.optimum is None else self.optimum

    @cached_property
    def worst_regret(self) -> float:
        """Regret of the worst cell of the space, which a search without any finished training may end with."""
        return self.best_test - float(self.test[self.cells].min())

    def landscape(self, *, unknown: UnknownCells = "outside") -> Landscape:
        """What searches observe on this table.

        Args:
            unknown: how cells of the space count that the table does not hold. `outside`: like cells outside the space,
                score 0 at no cost. `redraw`: they are refused, and the search proposes another cell. `score-zero`: they
                are evaluated, score 0, and take the mean time of the known cells of the space.

        Raises:
            SettingsError: `unknown` is none of these.
        """
        if unknown not in get_args(UnknownCells):
            raise SettingsError(f"unknown: expected one of {', '.join(get_args(UnknownCells))}, got {unknown!r}")
        answer_to_unknown = {"outside": Answer.OUTSIDE, "redraw": Answer.REFUSED, "score-zero": Answer.EVALUATED}[
            unknown
        ]
        answers = np.full(len(self.member), Answer.OUTSIDE, np.uint8)
        answers[self.member] = answer_to_unknown
        answers[self.cells] = Answer.EVALUATED
        scores, price_s = np.zeros(len(answers)), np.zeros(len(answers))
        scores[self.cells] = self.validation[self.cells]
        price_s[answers == Answer.EVALUATED] = self.time_s[self.cells].mean()
        price_s[self.cells] = self.time_s[self.cells]
        return Landscape(
            answers=answers,
            scores=scores,
            price_s=price_s,
            candidates=np.flatnonzero(answers == Answer.EVALUATED).astype(np.int32),
            space=self.space,
        )


def _check_fractions(name: str, values: Float64[np.ndarray, " values"]) -> None:
    """Raise a `UnitError` unless all values are fractions."""
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        raise UnitError(f"{name}: expected fractions in [0, 1], got {values[bad][0]:.6g}; divide percentages by 100")
