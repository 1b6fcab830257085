"""Local search: move to a better neighbour until there is none, then restart from a random architecture.

No architecture is evaluated twice in a run: what is known already need not be trained again. A start that was met on an
earlier climb is left out, as its climb is known too. On NASBench-101 neighbours are those of specifications, see
`nasbench101.local_search`; other spaces define their own neighbours. Both ways are compiled.

References: White et al. 2020, "Exploring the Loss Landscape in Neural Architecture Search", arXiv:2005.02960.
"""

from typing import Literal, get_args

import numpy as np
from jaxtyping import UInt32

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.kernels import FINISHED, climb_kernel
from shareornot.search.nasbench101.local_search import cell_local_search_runs
from shareornot.search.table import Landscape
from shareornot.spaces import Space
from shareornot.spaces.nasbench101 import NASBench101

Improvement = Literal["first", "best"]


def local_search_runs(
    landscape: Landscape,
    rng: np.random.Generator,
    *,
    improvement: Improvement = "first",
    num_runs: int = 500,
    num_evaluations: int = 10_000,
    num_threads: int | None = None,
) -> SearchRuns:
    """Many runs of local search at once.

    Args:
        landscape: what the search observes.
        rng: source of the randomness.
        improvement: move to the `first` better neighbour, or to the `best` of all.
        num_runs: independent runs.
        num_evaluations: evaluations in each, at most as many as there are architectures.
        num_threads: threads that share compiled runs, by default one per core; results do not depend on it.

    Returns:
        The evaluated architectures of each run, in the order of their evaluation.

    Raises:
        SettingsError: fewer than one run or evaluation, an unknown `improvement`, or a list without neighbours.
    """
    if improvement not in get_args(Improvement):
        raise SettingsError(f"improvement: expected one of {', '.join(get_args(Improvement))}, got {improvement!r}")
    if min(num_runs, num_evaluations) < 1:
        raise SettingsError(
            f"local search: expected at least 1 run and evaluation, got {num_runs} and {num_evaluations}; choose more"
        )
    space, take_first = landscape.searchable_space, improvement == "first"
    if isinstance(space, NASBench101):
        return cell_local_search_runs(landscape, rng, take_first, num_runs, num_evaluations, num_threads)
    return local_search_by_neighbours(landscape, space, rng, take_first, num_runs, num_evaluations)


def local_search_by_neighbours(
    landscape: Landscape,
    space: Space,
    rng: np.random.Generator,
    take_first: bool,
    num_runs: int,
    num_evaluations: int,
) -> SearchRuns:
    """Runs one after the other; arguments as in `local_search_runs`, and a space with neighbours."""
    number = len(landscape.answers)
    evaluated = np.zeros((num_runs, min(num_evaluations, len(landscape.candidates))), np.int32)
    counts = np.empty(num_runs, np.int32)
    known = _KnownNeighbours(space, number)
    seen_in_run = np.full(number, -1, np.int32)
    for run in range(num_runs):
        starts = rng.permutation(landscape.candidates)
        words = _NextWords(rng)
        progress = np.array([0, 0, -1, 0], np.int64)
        while True:
            lacking = climb_kernel(
                words.drawn,
                landscape.answers,
                landscape.scores,
                known.places,
                known.rows,
                known.counts,
                starts,
                take_first,
                run,
                seen_in_run,
                progress,
                evaluated[run],
            )
            if lacking >= 0:
                known.learn(lacking)
                continue
            words.use(int(progress[3]))
            if lacking == FINISHED:
                break
            words.draw(max(2 * len(words.drawn), 4 * known.rows.shape[1]))
            progress[3] = 0
        counts[run] = progress[0]
    return SearchRuns(cells=evaluated, num_evaluations=counts)


class _NextWords:
    """The next words of 32 bits of a generator, of which those that are used are drawn from it in the end.

    Args:
        rng: the generator.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.draw(4_096)

    def draw(self, number: int) -> None:
        """Look at the next words."""
        self._state = self._rng.bit_generator.state
        self.drawn = self._words(number)

    def use(self, number: int) -> None:
        """Leave the generator where it is after this number of words."""
        self._rng.bit_generator.state = self._state
        self._words(number)

    def _words(self, number: int) -> UInt32[np.ndarray, " words"]:
        return self._rng.integers(1 << 32, size=number, dtype=np.uint32)


class _KnownNeighbours:
    """The neighbours of the architectures from which a climb has looked around, in the order that the space gives.

    Only those are computed: to list the neighbours of a whole space may take far longer than to climb in it.

    Args:
        space: one with neighbours.
        number: number of first architectures of the family to consider; neighbours beyond them are left out.
    """

    def __init__(self, space: Space, number: int) -> None:
        self._space = space
        self.places = np.full(number, -1, np.int32)
        """The row of each architecture; -1 where its neighbours are not known yet."""
        self.rows = np.empty((0, 0), np.int32)
        """Neighbours, from each row the number that `counts` gives."""
        self.counts = np.empty(0, np.int32)
        self._num_known = 0

    def learn(self, architecture: int) -> None:
        """Request the neighbours of an architecture."""
        around = self._space.neighbours(architecture)
        around = around[around < len(self.places)]
        num_rows, width = self.rows.shape
        if self._num_known == num_rows or len(around) > width:
            grown = np.empty((max(64, 2 * num_rows), max(width, len(around))), np.int32)
            grown[:num_rows, :width] = self.rows
            self.rows, self.counts = grown, np.append(self.counts, np.empty(len(grown) - num_rows, np.int32))
        self.rows[self._num_known, : len(around)] = around
        self.counts[self._num_known] = len(around)
        self.places[architecture] = self._num_known
        self._num_known += 1
