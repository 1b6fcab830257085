"""Evolution and local search on spaces other than NASBench-101, and where both ways exist, one against the other."""

import numpy as np
import pytest
from plain_climbs import plain_local_search, plain_tournaments

from shareornot.errors import SettingsError
from shareornot.search import EvolutionSettings, SearchTable, evolution_runs, local_search_runs
from shareornot.search.evolution import evolution_by_mutation
from shareornot.search.kernels import tournament_kernel
from shareornot.search.local_search import local_search_by_neighbours
from shareornot.spaces import list_architectures, open_family, open_space


def table_of(space, *, values=None, known_share=1.0):
    number = space.universes[-1]
    rng = np.random.default_rng(0)
    member = np.zeros(number, bool)
    member[space.members] = True
    values = rng.random(number) if values is None else values
    return SearchTable(
        validation=values,
        test=values,
        time_s=np.ones(number),
        known=rng.random(number) < known_share,
        member=member,
        space=space,
    )


def by_convolutions(space):
    values = np.zeros(space.universes[-1])
    values[space.members] = space.sizes(space.members)["number of parameters"]
    return values / values.max()


@pytest.fixture(scope="module", params=["nasbench201", "macro", "S1", "nasbench201:num_none<=2"])
def space(request):
    return open_space(request.param)


@pytest.mark.parametrize("search", [evolution_runs, local_search_runs])
def test_only_known_architectures_of_the_space_are_evaluated(space, search):
    table = table_of(space, known_share=0.6)
    runs = search(table.landscape(), np.random.default_rng(0), num_runs=3, num_evaluations=300)
    assert (runs.num_evaluations == 300).all()
    assert np.isin(runs.cells, table.cells).all()


@pytest.mark.parametrize("search", [evolution_runs, local_search_runs])
def test_the_same_seed_gives_the_same_runs(space, search):
    landscape = table_of(space).landscape()
    first, again, other = (
        search(landscape, np.random.default_rng(seed), num_runs=2, num_evaluations=80).cells for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_evolution_climbs_where_neighbours_are_alike(space):
    values = by_convolutions(space)
    landscape = table_of(space, values=values).landscape()
    runs = evolution_runs(landscape, np.random.default_rng(0), num_runs=20, num_evaluations=400)
    assert values[runs.cells[:, -50:]].mean() > values[runs.cells[:, :50]].mean() + 0.2


def test_children_of_evolution_are_neighbours_of_members(space):
    landscape = table_of(space).landscape()
    settings = EvolutionSettings(population_size=5, tournament_size=2)
    (cells,) = evolution_runs(
        landscape, np.random.default_rng(3), settings=settings, num_runs=1, num_evaluations=60
    ).cells
    for place in range(5, 60):
        parents = cells[place - 5 : place].tolist()
        assert any(cells[place] in space.neighbours(parent) for parent in parents)


def test_a_tournament_of_all_chooses_the_best():
    space = open_space("macro")
    landscape = table_of(space).landscape()
    settings = EvolutionSettings(population_size=4, tournament_size=4)
    (cells,) = evolution_runs(
        landscape, np.random.default_rng(0), settings=settings, num_runs=1, num_evaluations=50
    ).cells
    for place in range(4, 50):
        parents = cells[place - 4 : place]
        assert cells[place] in space.neighbours(int(parents[landscape.scores[parents].argmax()]))


def test_local_search_ends_with_all_architectures_and_repeats_none():
    space = open_space("macro")
    table = table_of(space, known_share=0.5)
    runs = local_search_runs(table.landscape(), np.random.default_rng(0), num_runs=2, num_evaluations=10_000)
    assert (np.sort(runs.cells, axis=1) == table.cells).all()


@pytest.mark.parametrize("improvement", ["first", "best"])
@pytest.mark.parametrize("unknown", ["outside", "redraw", "score-zero"])
@pytest.mark.parametrize("num_evaluations", [1, 7, 900])
def test_compiled_climbs_equal_plain_ones(space, improvement, unknown, num_evaluations):
    values = np.round(by_convolutions(space), 1)  # many ties
    landscape = table_of(space, values=values, known_share=0.6).landscape(unknown=unknown)
    compiled_rng, plain_rng = np.random.default_rng(3), np.random.default_rng(3)
    sizes = {"num_runs": 3, "num_evaluations": num_evaluations}
    runs = local_search_runs(landscape, compiled_rng, improvement=improvement, **sizes)
    plain = plain_local_search(landscape, space, plain_rng, improvement == "first", *sizes.values())
    assert [cells[:count].tolist() for cells, count in zip(runs.cells, runs.num_evaluations, strict=True)] == plain
    assert compiled_rng.random() == plain_rng.random()  # what is drawn afterwards is the same as well


def test_compiled_climbs_equal_plain_ones_to_the_end():
    space = open_space("macro")
    landscape = table_of(space, values=np.round(by_convolutions(space), 2), known_share=0.5).landscape()
    runs = local_search_runs(landscape, np.random.default_rng(1), num_runs=2, num_evaluations=10_000)
    assert runs.cells.tolist() == plain_local_search(landscape, space, np.random.default_rng(1), True, 2, 10_000)


@pytest.mark.parametrize(("size", "num_entrants"), [(50, 10), (4, 4), (7, 1)])
def test_compiled_tournaments_equal_plain_ones(size, num_entrants):
    rng = np.random.default_rng(0)
    scores, births = rng.integers(0, 4, (9, size)) / 4, rng.permuted(np.tile(np.arange(size), (9, 1)), axis=1)
    runs, draws = np.array([1, 2, 5, 8]), rng.random((4, size))
    winners = tournament_kernel(draws, runs, scores, births, num_entrants)
    assert winners.tolist() == plain_tournaments(draws, scores[runs], births[runs], num_entrants)


@pytest.mark.parametrize("improvement", ["first", "best"])
def test_a_climb_ends_in_a_local_optimum(space, improvement):
    values = by_convolutions(space) + 1e-6 * np.arange(space.universes[-1]) / space.universes[-1]
    values /= values.max()
    landscape = table_of(space, values=values).landscape()
    runs = local_search_runs(
        landscape, np.random.default_rng(0), improvement=improvement, num_runs=4, num_evaluations=5_000
    )
    for cells, count in zip(runs.cells.tolist(), runs.num_evaluations.tolist(), strict=True):
        met, current, place = {cells[0]}, cells[0], 1
        while place < count and (around := set(space.neighbours(current).tolist()) - met):
            tried = []
            while around - set(tried) and place < count and cells[place] in around:
                tried.append(cells[place])
                place += 1
                if improvement == "first" and values[tried[-1]] > values[current]:
                    break
            met |= set(tried)
            better = [one for one in tried if values[one] > values[current]]
            if not better:
                break
            current = max(better, key=lambda one: values[one])
        assert (values[space.neighbours(current)] < values[current]).all() or place == count


def test_both_ways_on_cells_agree_in_distribution():
    """The compiled searches mutate specifications and the plain ones canonical forms: alike, not equal."""
    family = open_space("nasbench101")
    number = 2_532
    values = np.linspace(0, 1, number)
    features = family.features(np.arange(number))
    values = features["num_conv3x3"] / 3.0 + 1e-3 * values
    table = SearchTable(
        validation=values / values.max(),
        test=values / values.max(),
        time_s=np.ones(number),
        known=np.ones(number, bool),
        member=np.ones(number, bool),
        space=family,
    )
    landscape, settings = table.landscape(), EvolutionSettings()
    compiled = evolution_runs(landscape, np.random.default_rng(0), num_runs=200, num_evaluations=200)
    plain = evolution_by_mutation(landscape, family, np.random.default_rng(0), settings, 200, 200, 100_000)
    for place in (50, 100, 199):
        means = [landscape.scores[runs.cells[:, : place + 1]].max(axis=1).mean() for runs in (compiled, plain)]
        assert means[0] == pytest.approx(means[1], abs=0.03)
    climbed = local_search_runs(landscape, np.random.default_rng(0), num_runs=200, num_evaluations=60)
    plainly = local_search_by_neighbours(landscape, family, np.random.default_rng(0), True, 200, 60)
    means = [landscape.scores[runs.cells].max(axis=1).mean() for runs in (climbed, plainly)]
    assert means[0] == pytest.approx(means[1], abs=0.03)


def test_rates_and_raw_populations_are_for_nasbench101():
    landscape = table_of(open_space("macro")).landscape()
    for settings in (EvolutionSettings(mutation_rate=2.0), EvolutionSettings(first_population="raw")):
        with pytest.raises(SettingsError, match="evolution on macro: expected the first population 'unique'"):
            evolution_runs(landscape, np.random.default_rng(0), settings=settings, num_runs=1, num_evaluations=5)


def test_a_space_larger_than_the_universe_of_the_table():
    space = open_space("S1")
    number = open_family("nasbench101").universes[3]
    member = np.zeros(number, bool)
    member[space.members_below(number)] = True
    values = np.random.default_rng(0).random(number)
    table = SearchTable(
        validation=values, test=values, time_s=np.ones(number), known=np.ones(number, bool), member=member, space=space
    )
    for search in (evolution_runs, local_search_runs):
        runs = search(table.landscape(), np.random.default_rng(0), num_runs=2, num_evaluations=30)
        assert np.isin(runs.cells, table.cells).all()


def test_a_list_of_names_has_no_neighbours():
    names = list_architectures(["a", "b", "c"])
    landscape = table_of(names).landscape()
    with pytest.raises(SettingsError, match="expected neighbours"):
        evolution_runs(
            landscape,
            np.random.default_rng(0),
            settings=EvolutionSettings(population_size=2, tournament_size=1),
            num_runs=1,
            num_evaluations=5,
        )
