"""Local search: climb to a better neighbour until there is none, then start again from a random cell.

Neighbours of a specification differ in one edge or in one operation. No cell is evaluated twice in a run: what is known
already need not be trained again. A start that was met on an earlier climb is left out, as its climb is known too.

References: White et al. 2020, "Exploring the Loss Landscape in Neural Architecture Search", arXiv:2005.02960.
"""

from typing import Literal, get_args

import numpy as np

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.kernels import local_search_kernel
from shareornot.search.random_search import RandomOrder
from shareornot.search.random_stream import RandomStream, stream_states
from shareornot.search.specification import SpecificationSpace
from shareornot.search.table import Answer, Landscape
from shareornot.search.threads import run_in_blocks
from shareornot.spaces.nasbench101 import find_index, index_tables, unique_codes
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS

Improvement = Literal["first", "best"]


class LocalSearch:
    """Local search, one proposal at a time; the plain twin of `local_search_runs`.

    Args:
        landscape: tells the universe, and the cells to start from.
        stream: source of the randomness.
        improvement: move to the `first` better neighbour, or to the `best` of all.
    """

    def __init__(self, landscape: Landscape, stream: RandomStream, improvement: Improvement = "first") -> None:
        _check_improvement(improvement)
        self._improvement = improvement
        self._stream = stream
        self._num_cells = len(landscape.answers)
        self._space = SpecificationSpace.up_to(landscape.max_vertices)
        self._starts = RandomOrder(landscape.candidates, stream)
        self._seen: set[int] = set()
        self._moves = list(range(len(self._space.edge_bits) + 2 * self._space.num_interior))
        self._num_left = 0
        self._current: tuple[int, float] | None = None
        self._best: tuple[int, float] | None = None

    def propose(self) -> int | None:
        """A neighbour that was not met yet, or else a new start; None when all cells were met."""
        while True:
            if not self._num_left and self._best:
                self._current, self._best = self._best, None
                self._num_left = len(self._moves)
            if not self._num_left:
                self._current = None
                cell = self._starts.draw()
                if cell is None:
                    return None
                code = int(unique_codes()[cell])
            else:
                code = self._neighbour(self._draw_move())
            if (met := self._cell(code)) is not None and met not in self._seen:
                return code

    def learn(self, code: int, answer: Answer, score: float) -> None:
        """Remember the cell, and move there or later if it is better."""
        cell = self._cell(code)
        assert cell is not None
        self._seen.add(cell)
        if answer != Answer.EVALUATED:
            return
        if self._current is None:
            self._current = (code, score)
            self._num_left = len(self._moves)
        elif score > max(self._current[1], self._best[1] if self._best else -1.0):
            self._best = (code, score)
            if self._improvement == "first":
                self._num_left = 0

    def _draw_move(self) -> int:
        """One of the moves not tried yet from here."""
        chosen = self._stream.below(self._num_left)
        self._num_left -= 1
        self._moves[chosen], self._moves[self._num_left] = self._moves[self._num_left], self._moves[chosen]
        return self._moves[self._num_left]

    def _neighbour(self, move: int) -> int:
        """The current specification with one edge flipped or one operation changed."""
        assert self._current
        code, num_edges = self._current[0], len(self._space.edge_bits)
        if move < num_edges:
            return code ^ 1 << int(self._space.edge_bits[move])
        vertex, step = divmod(move - num_edges, 2)
        place_value = int(3**vertex)
        operation = (code >> ADJACENCY_BITS) // place_value % 3
        return code + (((operation + 1 + step) % 3 - operation) * place_value << ADJACENCY_BITS)

    def _cell(self, code: int) -> int | None:
        """Unique index, or None where the specification is no cell of the universe."""
        indices, valid = find_index(np.array([code], np.uint32))
        return int(indices[0]) if valid[0] and indices[0] < self._num_cells else None


def local_search_runs(
    landscape: Landscape,
    rng: np.random.Generator,
    *,
    improvement: Improvement = "first",
    num_runs: int = 500,
    num_evaluations: int = 10_000,
    num_threads: int | None = None,
) -> SearchRuns:
    """Many runs of local search at once, compiled.

    Args:
        landscape: what the search is told.
        rng: source of the randomness, one stream a run.
        improvement: move to the `first` better neighbour, or to the `best` of all.
        num_runs: independent runs.
        num_evaluations: evaluations in each, at most as many as there are cells.
        num_threads: threads that share the runs, by default one a core; results do not depend on it.

    Raises:
        SettingsError: fewer than one run or evaluation, or an unknown `improvement`.
    """
    _check_improvement(improvement)
    if min(num_runs, num_evaluations) < 1:
        raise SettingsError(
            f"local search: expected at least 1 run and evaluation, got {num_runs} and {num_evaluations}; ask for more"
        )
    space = SpecificationSpace.up_to(landscape.max_vertices)
    tables = index_tables()
    states = stream_states(rng, num_runs)
    evaluated = np.zeros((num_runs, min(num_evaluations, len(landscape.candidates))), np.int32)
    num_evaluated = np.empty(num_runs, np.int32)

    def block(start: int, stop: int) -> None:
        local_search_kernel(
            states[start:stop],
            (tables.raw_table, tables.labels_in_place, tables.slots),
            (landscape.answers, landscape.scores),
            landscape.candidates.copy(),
            unique_codes()[landscape.candidates],
            (space.edge_bits, space.num_interior),
            improvement == "first",
            evaluated[start:stop],
            num_evaluated[start:stop],
        )

    run_in_blocks(block, num_runs, num_threads)
    return SearchRuns(cells=evaluated, num_evaluations=num_evaluated)


def _check_improvement(improvement: str) -> None:
    if improvement not in get_args(Improvement):
        raise SettingsError(f"improvement: expected one of {', '.join(get_args(Improvement))}, got {improvement!r}")
