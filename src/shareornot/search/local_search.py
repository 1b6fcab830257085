"""Local search: move to a better neighbour until there is none, then restart from a random architecture.

No architecture is evaluated twice in a run: what is known already need not be trained again. A start that was met on an
earlier climb is left out, as its climb is known too. On NASBench-101 the runs are compiled, see
`nasbench101.local_search`; other spaces say themselves what neighbours are.

References: White et al. 2020, "Exploring the Loss Landscape in Neural Architecture Search", arXiv:2005.02960.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from jaxtyping import Int32, Integer

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.nasbench101.local_search import cell_local_search_runs
from shareornot.search.table import Answer, Landscape
from shareornot.spaces import Space
from shareornot.spaces.nasbench101 import NASBench101

Improvement = Literal["first", "best"]
Neighbours = Callable[[int], Integer[np.ndarray, " neighbours"]]


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
        landscape: what the search is told.
        rng: source of the randomness.
        improvement: move to the `first` better neighbour, or to the `best` of all.
        num_runs: independent runs.
        num_evaluations: evaluations in each, at most as many as there are architectures.
        num_threads: threads that share compiled runs, by default one a core; results do not depend on it.

    Raises:
        SettingsError: fewer than one run or evaluation, an unknown `improvement`, or a list without neighbours.
    """
    if improvement not in get_args(Improvement):
        raise SettingsError(f"improvement: expected one of {', '.join(get_args(Improvement))}, got {improvement!r}")
    if min(num_runs, num_evaluations) < 1:
        raise SettingsError(
            f"local search: expected at least 1 run and evaluation, got {num_runs} and {num_evaluations}; ask for more"
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
    """Runs one after the other; arguments as in `local_search_runs`, and a space that knows neighbours."""
    neighbours = lru_cache(maxsize=None)(space.neighbours)
    evaluated = np.zeros((num_runs, min(num_evaluations, len(landscape.candidates))), np.int32)
    counts = np.empty(num_runs, np.int32)
    for run in range(num_runs):
        counts[run] = _climb(landscape, neighbours, rng, take_first, evaluated[run])
    return SearchRuns(cells=evaluated, num_evaluations=counts)


def _climb(
    landscape: Landscape,
    neighbours: Neighbours,
    rng: np.random.Generator,
    take_first: bool,
    evaluated: Int32[np.ndarray, " evaluations"],
) -> int:
    """Fill one run with the architectures that it evaluates; returns how many."""
    answers, scores = landscape.answers, landscape.scores
    met = np.zeros(len(answers), bool)
    count = 0
    for start in rng.permutation(landscape.candidates).tolist():
        if count == len(evaluated):
            break
        if met[start]:
            continue
        met[start] = True
        evaluated[count] = current = start
        count += 1
        while True:
            around = neighbours(current)
            new = rng.permutation(around[around < len(answers)])
            new = new[~met[new]]
            answered = answers[new] == Answer.EVALUATED
            better = answered & (scores[new] > scores[current])
            if take_first and better.any():
                last = int(better.argmax()) + 1
                new, answered = new[:last], answered[:last]
            met[new] = True
            found = new[answered][: len(evaluated) - count]
            evaluated[count : count + len(found)] = found
            count += len(found)
            best = int(found[scores[found].argmax()]) if len(found) else current
            if not scores[best] > scores[current]:
                break
            current = best
    return count
