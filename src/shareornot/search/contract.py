"""What every search is: something that proposes specifications and learns what came of them.

A search holds no table, no budget and no clock; whoever runs it does. `run_search` is the plain one of those, and the
compiled kernels equal it proposal by proposal.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int32

from shareornot.errors import SettingsError
from shareornot.search.table import Answer, Landscape
from shareornot.spaces.nasbench101 import find_index

PROPOSALS_PER_EVALUATION = 1000
"""How many proposals a run may make, by default, for each evaluation that it is to make."""


@runtime_checkable
class Search(Protocol):
    """A search strategy: it only proposes and learns."""

    def propose(self) -> int | None:
        """Packed code of the specification to try next, or None when there is nothing left to try."""

    def learn(self, code: int, answer: Answer, score: float) -> None:
        """Take note of what came of a proposal.

        Args:
            code: the specification that was proposed.
            answer: whether it was evaluated, and if not, why.
            score: validation accuracy, a fraction; 0 unless it was evaluated.
        """


@dataclass(frozen=True, kw_only=True)
class SearchRuns:
    """Which cells each run of a search evaluated, in which order."""

    cells: Int32[np.ndarray, "runs evaluations"]
    """Unique indices; meaningless from `num_evaluations` on."""
    num_evaluations: Int32[np.ndarray, " runs"]
    """How many evaluations each run made, fewer than there are columns where it could not go on."""

    def __post_init__(self) -> None:
        if not self.cells.size or self.num_evaluations.min() < 1:
            raise SettingsError(
                "search runs: expected at least one evaluation in each run, "
                f"got shape {self.cells.shape} and {int((self.num_evaluations < 1).sum())} runs without any; "
                "allow more proposals or take a larger space"
            )


def run_search(
    search: Search,
    landscape: Landscape,
    *,
    num_evaluations: int,
    budget_s: float = np.inf,
    max_proposals: int | None = None,
) -> list[int]:
    """Let a search propose until a budget is spent.

    Args:
        search: what proposes and learns.
        landscape: what it is told.
        num_evaluations: stop after so many evaluations.
        budget_s: stop before an evaluation that would finish later than this; by default never.
        max_proposals: stop after so many proposals, evaluated or not; by default 1,000 for each evaluation.

    Returns:
        Unique indices of the evaluated cells, in order.
    """
    if max_proposals is None:
        max_proposals = PROPOSALS_PER_EVALUATION * num_evaluations
    evaluated: list[int] = []
    elapsed_s = 0.0
    for _ in range(max_proposals):
        if len(evaluated) == num_evaluations or (code := search.propose()) is None:
            break
        cell = cell_of(code, landscape)
        answer = Answer.NO_CELL if cell is None else Answer(landscape.answers[cell])
        if cell is None or answer != Answer.EVALUATED:
            search.learn(code, answer, 0.0)
            continue
        elapsed_s += float(landscape.price_s[cell])
        if elapsed_s > budget_s:
            break
        evaluated.append(cell)
        search.learn(code, answer, float(landscape.scores[cell]))
    return evaluated


def cell_of(code: int, landscape: Landscape) -> int | None:
    """Unique index of a specification, or None where it is no cell of this universe."""
    indices, valid = find_index(np.array([code], np.uint32))
    return int(indices[0]) if valid[0] and indices[0] < len(landscape.answers) else None
