from itertools import combinations

import numpy as np
import plain_searches
import pytest
from jaxtyping import TypeCheckError
from plain_searches import RandomStream, RegularizedEvolution, run_search

from shareornot.errors import SettingsError
from shareornot.search import Answer, EvolutionSettings, evolution_runs
from shareornot.search.evolution_settings import winner_ranks
from shareornot.search.random_stream import stream_states
from shareornot.spaces.nasbench101 import find_index

FIRST = ["unique", "raw", "raw-in-space", "raw-score-zero"]


def assert_kernel_equals_twin(landscape, settings, *, num_runs, num_evaluations, seed=0):
    runs = evolution_runs(
        landscape, np.random.default_rng(seed), settings=settings, num_runs=num_runs, num_evaluations=num_evaluations
    )
    for run, state in enumerate(stream_states(np.random.default_rng(seed), num_runs)):
        search = RegularizedEvolution(landscape, settings, RandomStream(state))
        plain = run_search(search, landscape, num_evaluations=num_evaluations)
        assert runs.cells[run, : runs.num_evaluations[run]].tolist() == plain
    return runs


@pytest.mark.parametrize("first_population", FIRST)
@pytest.mark.parametrize("outside_children", ["score-zero", "redraw"])
@pytest.mark.parametrize("unknown", ["outside", "redraw", "score-zero"])
def test_kernel_equals_plain_twin(made_up_table, first_population, outside_children, unknown):
    landscape = made_up_table(known_share=0.6, space=2, levels=8).landscape(unknown=unknown)
    settings = EvolutionSettings(first_population=first_population, outside_children=outside_children)
    assert_kernel_equals_twin(landscape, settings, num_runs=2, num_evaluations=250)


@pytest.mark.parametrize("first_population", FIRST)
def test_kernel_equals_plain_twin_at_full_size(full_size_table, first_population):
    settings = EvolutionSettings(
        first_population=first_population, population_size=20, tournament_size=5, mutation_rate=2.0, edge_flips=3.0
    )
    assert_kernel_equals_twin(full_size_table.landscape(unknown="redraw"), settings, num_runs=2, num_evaluations=60)


@pytest.mark.parametrize(("population_size", "tournament_size"), [(1, 1), (3, 3), (7, 1)])
def test_kernel_equals_plain_twin_in_odd_populations(table, population_size, tournament_size):
    settings = EvolutionSettings(population_size=population_size, tournament_size=tournament_size)
    assert_kernel_equals_twin(table.landscape(), settings, num_runs=2, num_evaluations=200)


def test_kernel_equals_plain_twin_in_the_smallest_universe(made_up_table):
    settings = EvolutionSettings(population_size=3, tournament_size=2, edge_flips=0.5)
    runs = assert_kernel_equals_twin(made_up_table(1).landscape(), settings, num_runs=2, num_evaluations=10)
    assert not runs.cells.any()


@pytest.mark.parametrize(("population_size", "tournament_size"), [(6, 1), (6, 3), (7, 7)])
def test_winner_ranks_equal_all_tournaments(population_size, tournament_size):
    winners = [min(entrants) for entrants in combinations(range(population_size), tournament_size)]
    ranks = winner_ranks(population_size, tournament_size)
    np.testing.assert_allclose(ranks, [np.mean(np.array(winners) <= rank) for rank in range(len(ranks))])
    assert ranks[-1] == 1.0


def test_runs_depend_neither_on_threads_nor_on_each_other(table):
    landscape = table.landscape()
    alone, shared = (
        evolution_runs(landscape, np.random.default_rng(4), num_runs=11, num_evaluations=300, num_threads=threads)
        for threads in (1, 3)
    )
    fewer = evolution_runs(landscape, np.random.default_rng(4), num_runs=5, num_evaluations=300)
    np.testing.assert_array_equal(alone.cells, shared.cells)
    np.testing.assert_array_equal(alone.cells[:5], fewer.cells)


def test_the_oldest_dies_and_the_best_has_children(made_up_table, monkeypatch):
    landscape = made_up_table(levels=50).landscape()
    settings = EvolutionSettings(population_size=4, tournament_size=4)
    search = RegularizedEvolution(landscape, settings, RandomStream([1, 2, 3, 4]))
    parents = []
    mutate_once = plain_searches.mutate_once

    def recorded(mutation, code, stream):
        parents.append(code)
        return mutate_once(mutation, code, stream)

    monkeypatch.setattr(plain_searches, "mutate_once", recorded)
    history = []
    for _ in range(60):
        code = search.propose()
        index, valid = find_index(np.array([code], np.uint32))
        if len(history) >= 4:
            best = max(reversed(history[-4:]), key=lambda member: member[1])
            assert parents[-1] == best[0]
        if valid[0]:
            score = float(landscape.scores[index[0]])
            search.learn(code, Answer.EVALUATED, score)
            history.append((code, score))
        else:
            search.learn(code, Answer.NO_CELL, 0.0)


def test_first_populations_hold_what_their_names_state(made_up_table):
    landscape = made_up_table(space=3).landscape()

    def first_answers(first_population):
        search = RegularizedEvolution(
            landscape, EvolutionSettings(first_population=first_population), RandomStream([9, 8, 7, 6])
        )
        taken = []
        while len(search._members) < 50:
            before = len(search._members)
            code = search.propose()
            index, valid = find_index(np.array([code], np.uint32))
            answer = Answer(landscape.answers[index[0]]) if valid[0] else Answer.NO_CELL
            search.learn(code, answer, 0.0)
            if len(search._members) > before:
                taken.append(answer)
        return set(taken)

    assert first_answers("unique") == {Answer.EVALUATED}
    assert first_answers("raw-in-space") == {Answer.EVALUATED}
    assert first_answers("raw") == {Answer.OUTSIDE, Answer.EVALUATED}
    assert first_answers("raw-score-zero") == {Answer.NO_CELL, Answer.OUTSIDE, Answer.EVALUATED}


def test_a_run_ends_when_it_may_not_propose_any_more(made_up_table):
    landscape = made_up_table(space=3).landscape()
    runs = evolution_runs(landscape, np.random.default_rng(0), num_runs=5, num_evaluations=2_000, max_proposals=500)
    assert (runs.num_evaluations < 500).all()
    with pytest.raises(SettingsError, match="at least one evaluation"):
        evolution_runs(
            landscape,
            np.random.default_rng(0),
            settings=EvolutionSettings(first_population="raw"),
            num_runs=50,
            num_evaluations=5,
            max_proposals=1,
        )


def test_evolution_finds_better_cells_than_chance_where_neighbours_are_alike(made_up_table):
    """On validation accuracies that count 3x3 convolutions, the last evaluations are well above the average cell."""
    from shareornot.spaces.nasbench101 import cell_features

    table = made_up_table()
    alike = cell_features(np.arange(2532)).num_conv3x3 / 3.0
    landscape = table.landscape()
    landscape.scores[:] = alike
    runs = evolution_runs(landscape, np.random.default_rng(0), num_runs=20, num_evaluations=500)
    assert alike[runs.cells[:, -100:]].mean() > alike.mean() + 0.15


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"tournament_size": 51}, "tournament_size"),
        ({"tournament_size": 0}, "tournament_size"),
        ({"mutation_rate": 0.0}, "mutation_rate"),
        ({"edge_flips": -1.0}, "edge_flips"),
        ({"first_population": "sobol"}, "raw-in-space"),
        ({"outside_children": "die"}, "redraw"),
    ],
)
def test_impossible_settings_are_refused(settings, match):
    with pytest.raises((SettingsError, TypeCheckError), match=match):
        EvolutionSettings(**settings)


@pytest.mark.parametrize("sizes", [{"num_runs": 0}, {"num_evaluations": 0}, {"num_threads": 0}])
def test_impossible_sizes_are_refused(table, sizes):
    with pytest.raises(SettingsError, match="expected at least 1"):
        evolution_runs(table.landscape(), np.random.default_rng(0), **sizes)
