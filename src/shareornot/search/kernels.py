"""Compiled random numbers and searches of any space; those of NASBench-101 alone are in `nasbench101.kernels`.

Kernels work on a block of runs, have no state but their arguments, and release Python's lock.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

NO_CELL, REFUSED, OUTSIDE, EVALUATED = range(4)
"""The values of `table.Answer`, which compiled code cannot read."""


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def random_bits(state: Any) -> Any:
    """64 random bits of xoshiro256++; moves the state on."""
    a, b, c, d = state[0], state[1], state[2], state[3]
    total = a + d
    result = (total << np.uint64(23) | total >> np.uint64(41)) + a
    c ^= a
    d ^= b
    state[0], state[1], state[2] = a ^ d, b ^ c, c ^ b << np.uint64(17)
    state[3] = d << np.uint64(45) | d >> np.uint64(19)
    return result


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def random_below(state: Any, bound: int) -> int:
    """A number from 0 to `bound` - 1."""
    return np.int64((random_bits(state) >> np.uint64(32)) * np.uint64(bound) >> np.uint64(32))


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def random_uniform(state: Any) -> float:
    """A number in [0, 1)."""
    return np.float64(random_bits(state) >> np.uint64(11)) * 2.0**-53


@no_type_check
@njit(cache=True, nogil=True)
def random_search_kernel(states: Any, pool: Any, evaluated: Any) -> None:
    """Fill each row of `evaluated` with cells of `pool` without replacement; `pool` ends as it was."""
    num_cells, num_evaluations = len(pool), evaluated.shape[1]
    swapped = np.empty(num_evaluations, np.int64)
    for run in range(len(states)):
        state = states[run]
        for i in range(num_evaluations):
            j = i + random_below(state, num_cells - i)
            swapped[i] = j
            evaluated[run, i] = pool[j]
            pool[i], pool[j] = pool[j], pool[i]
        for i in range(num_evaluations - 1, -1, -1):  # undone, so that a run does not depend on those before it
            j = swapped[i]
            pool[i], pool[j] = pool[j], pool[i]


@no_type_check
@njit(cache=True)
def climb_kernel(
    rng: Any,
    landscape: Any,
    known_neighbours: Any,
    starts: Any,
    take_first: bool,
    run: int,
    seen_in_run: Any,
    progress: Any,
    evaluated: Any,
) -> int:
    """Climb from each of `starts` until `evaluated` is full; returns an architecture without known neighbours, or -1.

    `progress` holds how many were evaluated, how many starts were taken, and where the climb stands (-1: nowhere); with
    it the run resumes once these neighbours are known. `seen_in_run` has the number of the last run that met each.
    """
    answers, scores = landscape
    places, rows, num_neighbours = known_neighbours
    count, num_taken, current = progress[0], progress[1], progress[2]
    lacking = -1
    while True:
        if current < 0:
            while num_taken < len(starts) and seen_in_run[starts[num_taken]] == run:
                num_taken += 1
            if count == len(evaluated) or num_taken == len(starts):
                break
            current = np.int64(starts[num_taken])
            num_taken += 1
            seen_in_run[current] = run
            evaluated[count] = current
            count += 1
        if places[current] < 0:
            lacking = current
            break
        around = rng.permutation(rows[places[current], : num_neighbours[places[current]]])
        best = current
        for neighbour in around:
            if seen_in_run[neighbour] == run:
                continue
            seen_in_run[neighbour] = run
            if answers[neighbour] != EVALUATED or count == len(evaluated):
                continue
            evaluated[count] = neighbour
            count += 1
            if scores[neighbour] > scores[best]:
                best = np.int64(neighbour)
                if take_first:
                    break
        current = best if best != current else -1
    progress[0], progress[1], progress[2] = count, num_taken, current
    return lacking


@no_type_check
@njit(cache=True)
def tournament_kernel(draws: Any, runs: Any, scores: Any, births: Any, num_entrants: int) -> Any:
    """The position of the best of the members with the lowest draws, in each of some runs; of equals the youngest."""
    winners = np.empty(len(runs), np.int64)
    lowest = np.empty(num_entrants)
    for row in range(len(runs)):
        lowest[:] = np.inf
        for draw in draws[row]:
            if draw < lowest[-1]:
                place = num_entrants - 1
                while place > 0 and lowest[place - 1] > draw:
                    lowest[place] = lowest[place - 1]
                    place -= 1
                lowest[place] = draw
        last, run = lowest[-1], runs[row]
        winner, best, youngest = -1, -np.inf, -1
        for member in range(draws.shape[1]):
            score, birth = scores[run, member], births[run, member]
            if draws[row, member] <= last and (score > best or (score == best and birth > youngest)):
                winner, best, youngest = member, score, birth
        winners[row] = winner
    return winners
