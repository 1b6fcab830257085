"""Compiled evolution and local search on cells of NASBench-101; each equals a plain twin in the tests, cell by cell.

All of them work on a block of runs, have no state but their arguments, and release Python's lock.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

from shareornot.search.kernels import EVALUATED, NO_CELL, random_below, random_bits, random_uniform
from shareornot.spaces.nasbench101 import INVALID


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def find_cell(code: int, tables: Any, num_cells: int) -> int:
    """Unique index of a specification, or -1 if it is not a cell of the universe."""
    raw_table, labels_in_place, slots = tables
    entry = raw_table[code & 0x1FFFFF]
    if entry == INVALID:
        return -1
    cell = np.int64(slots[(entry >> 9) + labels_in_place[entry & 511, code >> 21]])
    return cell if cell < num_cells else -1


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def draw_specification(state: Any, edge_bits: Any, num_labellings: int) -> int:
    """A uniform specification."""
    coins = random_bits(state)
    code = 0
    for position in range(len(edge_bits)):
        code |= np.int64(coins >> np.uint64(position) & np.uint64(1)) << edge_bits[position]
    return code | random_below(state, num_labellings) << 21


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def draw_outcome(state: Any, thresholds: Any, outcomes: Any, row: int) -> int:
    """One outcome of a row of alias tables; an index instead of a branch, which would be mispredicted half the time."""
    bits = random_bits(state)
    column = bits >> np.uint64(56)
    fraction = bits & np.uint64(0xFFFFFFFFFFFFFF)
    return np.int64(outcomes[row, column, np.uint64(fraction < thresholds[row, column])])


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def mutate_specification(state: Any, parent: int, thresholds: Any, outcomes: Any, changed: Any) -> int:
    """One try to mutate a specification."""
    adjacency = parent & 0x1FFFFF
    for row in range(len(thresholds) - 1):
        adjacency ^= draw_outcome(state, thresholds, outcomes, row)
    change = draw_outcome(state, thresholds, outcomes, len(thresholds) - 1)
    return adjacency | np.int64(changed[parent >> 21, change]) << 21


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def replace_oldest(scores: Any, ranking: Any, oldest: int, score: float) -> None:
    """Give the oldest slot a new score, and move it in the ranking: best first, of equals the youngest first."""
    num_members = len(scores)
    old_score = scores[oldest]
    old_rank, rank = -1, 0
    for slot in range(num_members):
        old_rank += scores[slot] >= old_score  # the oldest ranks last among its equals
        rank += scores[slot] > score  # the youngest first
    rank -= old_score > score
    for place in range(old_rank, rank):
        ranking[place] = ranking[place + 1]
    for place in range(old_rank, rank, -1):
        ranking[place] = ranking[place - 1]
    ranking[rank] = oldest
    scores[oldest] = score


@no_type_check
@njit(cache=True, nogil=True)
def evolution_kernel(
    states: Any,
    tables: Any,
    landscape: Any,
    first_codes: Any,
    specifications: Any,
    thresholds: Any,
    outcomes: Any,
    changed: Any,
    population_size: int,
    rank_distribution: Any,
    accepted: Any,
    max_proposals: int,
    evaluated: Any,
    num_evaluated: Any,
) -> None:
    """Fill each row of `evaluated` with the cells that a run of regularized evolution evaluates.

    `first_codes` are the specifications that a first population is drawn from; where there are none, it is drawn raw.
    """
    answers, scores = landscape
    edge_bits, num_labellings = specifications
    accepted_first, accepted_later = accepted
    num_evaluations = evaluated.shape[1]
    member_codes = np.empty(population_size, np.int64)
    member_scores = np.empty(population_size)
    ranking = np.empty(population_size, np.int64)
    for run in range(len(states)):
        state = states[run]
        # Free slots rank last, the first to be taken at the very end: it is the oldest.
        member_scores[:] = -1.0
        ranking[:] = np.arange(population_size - 1, -1, -1)
        num_members, oldest, count, parent = 0, 0, 0, -1
        for _ in range(max_proposals):
            first = num_members < population_size
            if first and len(first_codes):
                code = np.int64(first_codes[random_below(state, len(first_codes))])
            elif first:
                code = draw_specification(state, edge_bits, num_labellings)
            else:
                if parent < 0:
                    uniform, rank = random_uniform(state), 0
                    while uniform >= rank_distribution[rank]:
                        rank += 1
                    parent = member_codes[ranking[rank]]
                code = mutate_specification(state, parent, thresholds, outcomes, changed)
            cell = find_cell(code, tables, len(answers))
            answer = np.int64(answers[cell]) if cell >= 0 else NO_CELL
            score = 0.0
            if answer == EVALUATED:
                score = scores[cell]
                evaluated[run, count] = cell
                count += 1
            if (accepted_first if first else accepted_later) >> answer & 1:
                replace_oldest(member_scores, ranking, oldest, score)
                member_codes[oldest] = code
                oldest = oldest + 1 if oldest + 1 < population_size else 0
                num_members += 1
                parent = -1
            if count == num_evaluations:
                break
        num_evaluated[run] = count


@no_type_check
@njit(cache=True, nogil=True)
def local_search_kernel(
    states: Any,
    tables: Any,
    landscape: Any,
    candidates: Any,
    candidate_codes: Any,
    specifications: Any,
    take_first: bool,
    evaluated: Any,
    num_evaluated: Any,
) -> None:
    """Fill each row of `evaluated` with the cells that a run of local search evaluates, none twice.

    `candidates` and their codes end as they were.
    """
    answers, scores = landscape
    edge_bits, num_interior = specifications
    num_edges, num_moves = len(edge_bits), len(edge_bits) + 2 * num_interior
    num_evaluations, num_candidates = evaluated.shape[1], len(candidates)
    seen_in_run = np.full(len(answers), -1, np.int32)
    swapped = np.empty(num_candidates, np.int64)
    moves = np.arange(num_moves)
    for run in range(len(states)):
        state = states[run]
        moves[:] = np.arange(num_moves)
        num_drawn, num_left, count = 0, 0, 0
        current, current_score, best, best_score = -1, -1.0, -1, -1.0
        while count < num_evaluations:
            if num_left == 0 and best >= 0:  # all neighbours are known, and one is better
                current, current_score, best = best, best_score, -1
                num_left = num_moves
            restart = num_left == 0
            if restart:
                if num_drawn == num_candidates:
                    break
                j = num_drawn + random_below(state, num_candidates - num_drawn)
                candidates[num_drawn], candidates[j] = candidates[j], candidates[num_drawn]
                candidate_codes[num_drawn], candidate_codes[j] = candidate_codes[j], candidate_codes[num_drawn]
                swapped[num_drawn] = j
                cell, code = np.int64(candidates[num_drawn]), np.int64(candidate_codes[num_drawn])
                num_drawn += 1
            else:
                j = random_below(state, num_left)
                num_left -= 1
                move = moves[j]
                moves[j], moves[num_left] = moves[num_left], move
                if move < num_edges:
                    code = current ^ 1 << edge_bits[move]
                else:
                    vertex, step = (move - num_edges) >> 1, 1 + (move - num_edges & 1)
                    power = 3**vertex
                    operation = (current >> 21) // power % 3
                    code = current + (((operation + step) % 3 - operation) * power << 21)
                cell = find_cell(code, tables, len(answers))
            if cell < 0 or seen_in_run[cell] == run:
                continue
            seen_in_run[cell] = run
            if answers[cell] != EVALUATED:
                continue
            evaluated[run, count] = cell
            count += 1
            if restart:
                current, current_score = code, scores[cell]
                num_left = num_moves
            elif scores[cell] > max(current_score, best_score if best >= 0 else -1.0):
                best, best_score = code, scores[cell]
                if take_first:
                    num_left = 0
        num_evaluated[run] = count
        for i in range(num_drawn - 1, -1, -1):
            j = swapped[i]
            candidates[i], candidates[j] = candidates[j], candidates[i]
            candidate_codes[i], candidate_codes[j] = candidate_codes[j], candidate_codes[i]
