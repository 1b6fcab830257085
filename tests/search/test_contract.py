"""What every search must do, run on the plain twins of all of them."""

from functools import lru_cache

import numpy as np
import pytest
from plain_searches import (
    GuidedSearch,
    LocalSearch,
    RandomSearch,
    RandomStream,
    RegularizedEvolution,
    run_search,
)

from shareornot.errors import SettingsError
from shareornot.search import EvolutionSettings, SearchRuns, simulated_table, trivial_guides
from shareornot.search.random_stream import stream_states

GUIDES = ["most_parameters", "fewest_parameters", "most_flops", "fewest_flops", "longest_training", "shortest_training"]


@lru_cache
def trivial_scores(name):
    return trivial_guides(simulated_table(np.random.default_rng(0), 2532), num_filters=16)[name]


def stream(rng):
    return RandomStream(stream_states(rng, 1)[0])


SEARCHES = {
    "random": lambda landscape, rng: RandomSearch(landscape.candidates, stream(rng)),
    "guided": lambda landscape, rng: GuidedSearch(landscape.candidates, rng.random(len(landscape.candidates)), rng),
    "local-first": lambda landscape, rng: LocalSearch(landscape, stream(rng)),
    "local-best": lambda landscape, rng: LocalSearch(landscape, stream(rng), "best"),
    **{
        f"evolution-{first}": lambda landscape, rng, first=first: RegularizedEvolution(
            landscape, EvolutionSettings(first_population=first), stream(rng)
        )
        for first in ("unique", "raw", "raw-in-space", "raw-score-zero")
    },
    "evolution-redraw": lambda landscape, rng: RegularizedEvolution(
        landscape, EvolutionSettings(outside_children="redraw"), stream(rng)
    ),
    **{
        name: lambda landscape, rng, name=name: GuidedSearch(
            landscape.candidates, trivial_scores(name)[landscape.candidates], rng
        )
        for name in GUIDES
    },
}
NEVER_REPEATS = [name for name in SEARCHES if not name.startswith("evolution")]


@pytest.fixture(scope="module")
def partial_table(made_up_table):
    return made_up_table(known_share=0.5, space=2, levels=10)


@pytest.fixture
def landscape(partial_table):
    return partial_table.landscape()


@pytest.fixture(params=SEARCHES)
def make(request):
    return SEARCHES[request.param]


@pytest.mark.parametrize("unknown", ["outside", "redraw", "score-zero"])
def test_only_cells_that_can_be_evaluated_are_counted(make, partial_table, unknown):
    landscape = partial_table.landscape(unknown=unknown)
    evaluated = run_search(make(landscape, np.random.default_rng(0)), landscape, num_evaluations=120)
    assert len(evaluated) == 120
    assert set(evaluated) <= set(landscape.candidates.tolist())


@pytest.mark.parametrize("name", SEARCHES)
def test_the_same_seed_gives_the_same_run(name, landscape):
    first, again, other = (
        run_search(SEARCHES[name](landscape, np.random.default_rng(seed)), landscape, num_evaluations=100)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert (first == other) == name.endswith(
        "training"
    )  # no two cells train equally long, so nothing is left to chance


def test_a_longer_run_begins_with_the_shorter_one(make, landscape):
    short, long = (
        run_search(make(landscape, np.random.default_rng(3)), landscape, num_evaluations=count) for count in (40, 90)
    )
    assert long[:40] == short


def test_a_run_keeps_to_its_budget_of_time(make, landscape):
    unbounded = run_search(make(landscape, np.random.default_rng(4)), landscape, num_evaluations=100)
    budget_s = float(landscape.price_s[unbounded[:30]].sum()) + 50.0
    bounded = run_search(make(landscape, np.random.default_rng(4)), landscape, num_evaluations=100, budget_s=budget_s)
    assert bounded == unbounded[:30]


def test_a_run_keeps_to_its_number_of_proposals(make, landscape):
    evaluated = run_search(make(landscape, np.random.default_rng(5)), landscape, num_evaluations=100, max_proposals=20)
    assert len(evaluated) <= 20


@pytest.mark.parametrize("name", NEVER_REPEATS)
def test_a_search_that_never_repeats_ends_with_all_cells(landscape, name):
    evaluated = run_search(SEARCHES[name](landscape, np.random.default_rng(6)), landscape, num_evaluations=10_000)
    assert sorted(evaluated) == landscape.candidates.tolist()


def test_runs_without_evaluations_are_refused():
    with pytest.raises(SettingsError, match="at least one evaluation"):
        SearchRuns(cells=np.zeros((2, 3), np.int32), num_evaluations=np.array([3, 0], np.int32))
