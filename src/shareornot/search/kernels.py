"""Compiled random numbers and searches of any space; those of NASBench-101 alone are in `nasbench101.kernels`.

Kernels work on a block of runs, have no state but their arguments, and release Python's lock.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

NO_CELL, REFUSED, OUTSIDE, EVALUATED = range(4)
"""The values of `table.Answer`, which compiled code cannot read."""
FINISHED, MORE_WORDS = -1, -2
"""What a climb returns that lacks no neighbours."""


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
@njit(cache=True, inline="always")
def shuffle(values: Any, words: Any, num_used: int) -> int:
    """Shuffle as NumPy's `Generator.permutation` does with its next words of 32 bits; returns how many are used then.

    Of `words`, `num_used` are used already. If they do not suffice, the result is -1 and `values` are in no order.
    Numba can compile `Generator.permutation` itself, but needs seven seconds for it.
    """
    mask = 1
    while mask < len(values) - 1:
        mask = 2 * mask + 1
    for last in range(len(values) - 1, 0, -1):
        while mask >> 1 >= last:
            mask >>= 1  # the lowest bits that can hold numbers up to `last`; higher numbers are drawn again
        while True:
            if num_used == len(words):
                return -1
            other = np.int64(words[num_used]) & mask
            num_used += 1
            if other <= last:
                break
        values[last], values[other] = values[other], values[last]
    return num_used


@no_type_check
@njit(cache=True)
def climb_kernel(
    words: Any,
    answers: Any,
    scores: Any,
    places: Any,
    rows: Any,
    num_neighbours: Any,
    starts: Any,
    take_first: bool,
    run: int,
    seen_in_run: Any,
    progress: Any,
    evaluated: Any,
) -> int:
    """Climb from each of `starts` until `evaluated` is full; returns `FINISHED`, `MORE_WORDS`, or an architecture.

    The architecture is one without known neighbours: `places` has the row of each in `rows`, which holds as many
    neighbours as `num_neighbours` gives. `progress` has how many were evaluated, how many starts were taken, where the
    climb stands (-1: nowhere), and how many of the random `words` are used; with it the run resumes once there are more
    words or these neighbours. `seen_in_run` has the number of the last run that met each.
    """
    count, num_taken, current, num_used = progress[0], progress[1], progress[2], progress[3]
    around = np.empty(rows.shape[1], rows.dtype)
    lacking = FINISHED
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
        place = places[current]
        if place < 0:
            lacking = current
            break
        size = num_neighbours[place]
        for i in range(size):
            around[i] = rows[place, i]
        num_used_then = shuffle(around[:size], words, num_used)
        if num_used_then < 0:
            lacking = MORE_WORDS
            break
        num_used = num_used_then
        best = current
        for i in range(size):
            neighbour = np.int64(around[i])
            if seen_in_run[neighbour] == run:
                continue
            seen_in_run[neighbour] = run
            if answers[neighbour] != EVALUATED or count == len(evaluated):
                continue
            evaluated[count] = neighbour
            count += 1
            if scores[neighbour] > scores[best]:
                best = neighbour
                if take_first:
                    break
        current = best if best != current else np.int64(-1)
    progress[0], progress[1], progress[2], progress[3] = count, num_taken, current, num_used
    return lacking


@no_type_check
@njit(cache=True)
def tournament_kernel(draws: Any, runs: Any, scores: Any, births: Any, num_entrants: int) -> Any:
    """The position of the best of the members with the lowest draws, in each of some runs; of equals the youngest."""
    winners = np.empty(len(runs), np.int64)
    lowest, entrants = np.empty(num_entrants), np.empty(num_entrants, np.int64)
    for row in range(len(runs)):
        lowest[:] = np.inf
        for member in range(draws.shape[1]):
            draw = draws[row, member]
            if draw < lowest[-1]:
                place = num_entrants - 1
                while place > 0 and lowest[place - 1] > draw:
                    lowest[place], entrants[place] = lowest[place - 1], entrants[place - 1]
                    place -= 1
                lowest[place], entrants[place] = draw, member
        run = runs[row]
        winner, best, youngest = -1, -np.inf, -1
        for member in entrants:
            score, birth = scores[run, member], births[run, member]
            if score > best or (score == best and birth > youngest):
                winner, best, youngest = member, score, birth
        winners[row] = winner
    return winners
