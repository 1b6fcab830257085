import numpy as np
import pytest

from shareornot.progress import Silent
from shareornot.reproduction.first_population import FIRST_POPULATIONS, replay_first_populations
from shareornot.reproduction.published_tables import NUM_RUNS_V2, PrintedDifference
from shareornot.reproduction.truth import choose_guide, guiding_supernets, replay_ground
from shareornot.reproduction.version2 import implied_std, implied_trainings, replay_version2
from shareornot.search import expected_random_regret


def arguments(evaluations, table, *, seed=0, supernet_trainings=4.0, with_printed=False):
    return {
        "evaluations": evaluations,
        "table": table,
        "rng": np.random.default_rng(seed),
        "progress": Silent(),
        "guide": "BNS-FT",
        "num_runs": 60,
        "supernet_trainings": supernet_trainings,
        "with_printed": with_printed,
    }


def test_a_perfect_guide_wins_and_its_reverse_loses(equal_times_table, make_evaluations):
    evaluations = make_evaluations(equal_times_table, num_cells=200)
    for sign in (1, -1):
        for one in evaluations.supernets:
            truth = equal_times_table.query_many(one.cells, "test_accuracy")[0]
            one.proxies[:] = 0.5 + sign * (truth - 0.5)
        rows = replay_version2(**arguments(evaluations, equal_times_table))
        guided = [row for row in rows if row.method == "guided"]
        assert [row.num_trained for row in guided] == [1, 10, 20] * 2
        for row in guided:
            assert sign * row.difference < 0
            assert sign * row.d < 0
            assert sign * (row.superiority - 0.5) > 0
            assert row.low < row.difference < row.high


def test_random_search_has_the_time_of_the_guided_one(equal_times_table, make_evaluations):
    evaluations = make_evaluations(equal_times_table)
    for cost in (4.0, 7.0):
        for row in replay_version2(**arguments(evaluations, equal_times_table, supernet_trainings=cost)):
            assert row.num_random_trainings == cost + row.num_trained
            assert row.known_share == 1


def test_spaces_with_one_super_net_are_left_out(replay_table, make_evaluations):
    assert replay_version2(**arguments(make_evaluations(replay_table, num_seeds=1), replay_table)) == []


def test_more_flips_change_those_first_populations_alone_that_evolve_early(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table, spaces=("A1",))
    few, many = (
        replay_first_populations(**arguments(evaluations, replay_table), edge_flips=flips) for flips in (1.0, 3.0)
    )
    for one, other in zip(few, many, strict=True):
        if one.first_population == "unique":  # the first to be replayed, from the same random numbers
            assert one == other
    assert [row.difference for row in few if row.first_population == "raw"] != [
        row.difference for row in many if row.first_population == "raw"
    ]


def test_every_first_population_is_replayed(replay_table, make_evaluations):
    given = arguments(make_evaluations(replay_table, spaces=("A1",)), replay_table)
    rows = replay_first_populations(**given, edge_flips=1.0)
    assert [row.first_population for row in rows] == [first for first in FIRST_POPULATIONS for _ in range(3)]
    for row in rows:
        known = row.first_population in ("unique", "raw-in-space")
        assert row.share_before_evolution == (1 if known else None)  # 24 trainings, 50 members
        assert row.low <= row.difference <= row.high


def test_a_partial_table_is_searched_among_the_evaluated_cells(partial_table, make_evaluations):
    evaluations = make_evaluations(partial_table)
    ground = replay_ground(evaluations, partial_table, "A1")
    np.testing.assert_array_equal(ground.cells, evaluations.cells_of("A1"))
    values = partial_table.mean("test_accuracy")[np.isin(partial_table.cells, np.flatnonzero(ground.member))]
    assert ground.best_test == values.max()
    rows = replay_version2(**arguments(evaluations, partial_table, with_printed=True))
    assert {row.printed_difference for row in rows if row.space == "A1"} == {
        -0.0043,
        -0.0137,
        -0.001,
        -0.0024,
        -0.0005,
        -0.0011,
    }
    assert all(row.known_share < 0.5 for row in rows)


def test_guides(replay_table, make_evaluations):
    several = make_evaluations(replay_table)
    assert choose_guide(several, None) == "BNS-FT"
    assert choose_guide(several, "OWN") == "own"
    assert choose_guide(make_evaluations(replay_table, variants=("mine",)), None) == "mine"
    with pytest.raises(ValueError, match="expected one of BNS-FT, own, got 'other'"):
        choose_guide(several, "other")
    with pytest.raises(ValueError, match="got 'BNS-FT'"):
        choose_guide(make_evaluations(replay_table, variants=("a", "b")), None)


def test_a_diverged_super_net_guides_nothing(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table)
    evaluations.supernets[0].proxies[:] = 0.1
    assert [one.seed for one in guiding_supernets(evaluations, "BNS-FT", "A1")] == [1, 2]


def test_implied_spread_undoes_the_printing():
    guided, random = 0.004, 0.009
    n_guided, n_random = NUM_RUNS_V2["guided"], NUM_RUNS_V2["random"]
    pooled = np.sqrt(((n_guided - 1) * guided**2 + (n_random - 1) * random**2) / (n_guided + n_random - 2))
    half_width = 1.96 * np.sqrt(guided**2 / n_guided + random**2 / n_random)
    printed = PrintedDifference(difference=-0.005, half_width=float(half_width), p_value=None, d=float(-0.005 / pooled))
    assert implied_std(printed) == pytest.approx(random)


def test_implied_trainings_find_the_count(replay_table, make_evaluations):
    ground = replay_ground(make_evaluations(replay_table), replay_table, "A1")
    for count in (1, 3, 10):
        assert implied_trainings(ground, float(expected_random_regret(ground, [count]).std[0])) == count
