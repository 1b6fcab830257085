"""Searches one proposal at a time, in plain Python: what the compiled ones must equal, cell by cell."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from shareornot.search import Answer, EvolutionSettings, Landscape, guided_order
from shareornot.search.contract import PROPOSALS_PER_EVALUATION
from shareornot.search.evolution_settings import winner_ranks
from shareornot.search.nasbench101.evolution import cell_mutation
from shareornot.search.nasbench101.specification import Mutation, SpecificationSpace
from shareornot.spaces.nasbench101 import find_index, unique_codes
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS

MASK = (1 << 64) - 1
FRACTION_BITS = 56


class RandomStream:
    """The plain twin of the compiled generator.

    Args:
        state: four 64-bit numbers, not all zero; a row of `stream_states`.
    """

    def __init__(self, state: Sequence[int] | np.ndarray) -> None:
        self._state = [int(word) for word in state]

    def bits(self) -> int:
        """The next 64 random bits."""
        a, b, c, d = self._state
        result = (_rotate_left(a + d & MASK, 23) + a) & MASK
        c ^= a
        d ^= b
        self._state = [a ^ d, b ^ c, c ^ (b << 17 & MASK), _rotate_left(d, 45)]
        return result

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1, by scaling 32 bits: uneven by less than `bound` / 2^32."""
        return (self.bits() >> 32) * bound >> 32

    def uniform(self) -> float:
        """A number in [0, 1), a multiple of 2^-53."""
        return (self.bits() >> 11) * 2.0**-53


def _rotate_left(word: int, places: int) -> int:
    return (word << places | word >> 64 - places) & MASK


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
        landscape: the accuracies that it sees.
        num_evaluations: stop after this number of evaluations.
        budget_s: stop before an evaluation that would finish later than this; by default never.
        max_proposals: stop after this number of proposals, evaluated or not; by default 1,000 for each evaluation.

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


def draw_specification(space: SpecificationSpace, stream: RandomStream) -> int:
    """A uniform specification: each edge is there or not, each vertex has one of three operations."""
    coins = stream.bits()
    adjacency = sum(1 << int(bit) for position, bit in enumerate(space.edge_bits) if coins >> position & 1)
    return adjacency | stream.below(space.num_labellings) << ADJACENCY_BITS


def mutate_once(mutation: Mutation, code: int, stream: RandomStream) -> int:
    """One try to mutate a specification; may come to no cell, or to the specification itmutation."""
    adjacency, labels = code & (1 << ADJACENCY_BITS) - 1, code >> ADJACENCY_BITS
    *flips, change = (_outcome(mutation, row, stream) for row in range(len(mutation.thresholds)))
    for mask in flips:
        adjacency ^= mask
    return adjacency | int(mutation.changed[labels, change]) << ADJACENCY_BITS


def _outcome(mutation: Mutation, row: int, stream: RandomStream) -> int:
    """One outcome of a row's distribution."""
    bits = stream.bits()
    column, fraction = bits >> FRACTION_BITS, bits & (1 << FRACTION_BITS) - 1
    return int(mutation.outcomes[row, column, int(fraction < int(mutation.thresholds[row, column]))])


class RandomOrder:
    """Draw from a list without replacement, a swap a draw, without copying the list."""

    def __init__(self, items: np.ndarray, stream: RandomStream) -> None:
        self._items = items
        self._stream = stream
        self._moved: dict[int, int] = {}
        self._num_drawn = 0

    def draw(self) -> int | None:
        """The next item, or None after the last."""
        if self._num_drawn == len(self._items):
            return None
        first = self._num_drawn
        chosen = first + self._stream.below(len(self._items) - first)
        item = self._moved.get(chosen, chosen)
        self._moved[chosen] = self._moved.pop(first, first)
        self._num_drawn += 1
        return int(self._items[item])


class RandomSearch:
    """Propose the cells of a list in random order, each once.

    Args:
        cells: unique indices to draw from; a pool, or all candidates of a landscape.
        stream: source of the randomness.
    """

    def __init__(self, cells: np.ndarray, stream: RandomStream) -> None:
        self._order = RandomOrder(cells, stream)

    def propose(self) -> int | None:
        """The next cell in random order, or None after the last."""
        cell = self._order.draw()
        return None if cell is None else int(unique_codes()[cell])

    def learn(self, code: int, answer: Answer, score: float) -> None:
        """Learn nothing."""


class GuidedSearch:
    """Propose the cells of a pool from the highest score to the lowest.

    Args:
        cells: unique indices.
        scores: what each is held for, the higher the better.
        rng: breaks ties.

    Raises:
        SettingsError: no cell, or a score that is not a number.
    """

    def __init__(self, cells: np.ndarray, scores: np.ndarray, rng: np.random.Generator) -> None:
        self._rest = iter(guided_order(cells, scores, rng).tolist())

    def propose(self) -> int | None:
        """The best of the rest, or None when there is none."""
        cell = next(self._rest, None)
        return None if cell is None else int(unique_codes()[cell])

    def learn(self, code: int, answer: Answer, score: float) -> None:
        """Learn nothing: the scores were there before."""


class RegularizedEvolution:
    """Regularized evolution, one proposal at a time; the plain twin of `evolution_runs`.

    Args:
        landscape: holds the universe, and the cells from which a `unique` first population is drawn.
        settings: how evolution runs.
        stream: source of the randomness.
    """

    def __init__(self, landscape: Landscape, settings: EvolutionSettings, stream: RandomStream) -> None:
        self._settings = settings
        self._stream = stream
        self._candidates = landscape.candidates
        self._space = SpecificationSpace.of_universe(len(landscape.answers))
        self._mutation = cell_mutation(settings, self._space)
        self._rank_distribution = winner_ranks(settings.population_size, settings.tournament_size)
        self._members: deque[tuple[int, float]] = deque()
        self._parent: int | None = None

    def propose(self) -> int:
        """A random specification until the first population is complete, then a child of a tournament's winner."""
        if len(self._members) < self._settings.population_size:
            if self._settings.first_population == "unique":
                return int(unique_codes()[self._candidates[self._stream.below(len(self._candidates))]])
            return draw_specification(self._space, self._stream)
        if self._parent is None:
            self._parent = self._tournament()
        return mutate_once(self._mutation, self._parent, self._stream)

    def learn(self, code: int, answer: Answer, score: float) -> None:
        """Take the proposal into the population, where it replaces the oldest member, or leave it."""
        if len(self._members) < self._settings.population_size:
            if answer in self._settings.accepted_first:
                self._members.append((code, score))
        elif answer in self._settings.accepted_later:
            self._members.popleft()
            self._members.append((code, score))
            self._parent = None

    def _tournament(self) -> int:
        """Specification of the winner, whose rank among all members is drawn."""
        uniform = self._stream.uniform()
        rank = next(rank for rank, probability in enumerate(self._rank_distribution) if uniform < probability)
        youngest_first = reversed(self._members)
        return sorted(youngest_first, key=lambda member: -member[1])[rank][0]  # a stable sort: of equals the youngest


class LocalSearch:
    """Local search, one proposal at a time; the plain twin of `local_search_runs`.

    Args:
        landscape: holds the universe, and the cells to start from.
        stream: source of the randomness.
        improvement: move to the `first` better neighbour, or to the `best` of all.
    """

    def __init__(self, landscape: Landscape, stream: RandomStream, improvement: str = "first") -> None:
        self._improvement = improvement
        self._stream = stream
        self._num_cells = len(landscape.answers)
        self._space = SpecificationSpace.of_universe(len(landscape.answers))
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
