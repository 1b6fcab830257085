from dataclasses import replace

import numpy as np
import pytest

from shareornot.reproduction.agreement import (
    describe_copies,
    find_copies,
    find_diverged,
    replay_agreement,
    rounds_to,
)
from shareornot.reproduction.evaluations import Evaluations
from shareornot.statistics import paper_interval, spearman, student_interval


def agreement(evaluations, table, *, with_printed=False, num_resamples=20):
    rng = np.random.default_rng(0)
    return replay_agreement(evaluations, table, rng, with_printed=with_printed, num_resamples=num_resamples)


def test_rows_are_the_statistics_of_their_super_nets(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table)
    rows = agreement(evaluations, replay_table)
    assert [(row.variant, row.space) for row in rows] == [
        ("BNS-FT", "A1"),
        ("BNS-FT", "A_FULL"),
        ("own", "A1"),
        ("own", "A_FULL"),
    ]
    for row in rows:
        supernets = evaluations.of(row.variant, row.space)
        truth = [replay_table.query_many(one.cells, "validation_accuracy")[0] for one in supernets]
        values = spearman(np.stack([one.proxies for one in supernets]), np.stack(truth)).values
        assert row.mean == pytest.approx(values.mean())
        assert row.paper_half_width == pytest.approx(paper_interval(values).half_width)
        assert row.student_half_width == pytest.approx(student_interval(values).half_width)
        assert row.bootstrap_low < row.mean < row.bootstrap_high
        assert row.num_repeats == sum(60 - len(np.unique(one.cells)) for one in supernets)
        assert row.as_printed == ""


def test_a_diverged_super_net_is_left_out(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table, variants=("BNS-FT",), spaces=("A1",))
    first, *others = evaluations.supernets
    broken = replace(first, proxies=np.full(60, 0.1))
    (row,) = agreement(Evaluations(supernets=(broken, *others)), replay_table)
    (without,) = agreement(Evaluations(supernets=tuple(others)), replay_table)
    assert (row.num_supernets, row.num_diverged) == (3, 1)
    assert row.mean == pytest.approx(without.mean)
    (found,) = find_diverged(Evaluations(supernets=(broken, *others)))
    assert (found.name, found.proxies) == ("BNS-FT A1 seed 0", "all 0.1000")


def test_nothing_is_left_where_all_diverged(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table, variants=("BNS-FT",), spaces=("A1",), num_seeds=1)
    broken = replace(evaluations.supernets[0], proxies=np.full(60, np.nan))
    (row,) = agreement(Evaluations(supernets=(broken,)), replay_table)
    assert row.mean is row.paper_half_width is row.mean_distinct is row.bootstrap_low is None
    assert find_diverged(Evaluations(supernets=(broken,)))[0].proxies == "not all finite"


def test_copies_are_found_and_left_out(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table, variants=("BNS-FT",), spaces=("A1",))
    copy = replace(evaluations.supernets[1], seed=9)
    with_copy = Evaluations(supernets=(*evaluations.supernets, copy))
    assert find_copies(evaluations.supernets) == []
    (found,) = describe_copies(with_copy)
    assert (found.first, found.second) == ("BNS-FT A1 seed 1", "BNS-FT A1 seed 9")
    (row,) = agreement(with_copy, replay_table)
    (without,) = agreement(evaluations, replay_table)
    assert row.num_copies == 1
    assert row.mean_without_copies == pytest.approx(without.mean)
    assert row.student_half_width_without_copies == pytest.approx(without.student_half_width)
    assert row.mean != pytest.approx(without.mean)


def test_repeats_are_as_many_as_drawing_with_replacement_gives(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table, variants=("BNS-FT",), spaces=("A1",), num_seeds=40)
    (row,) = agreement(evaluations, replay_table, num_resamples=0)
    assert row.expected_repeats == pytest.approx(row.num_repeats, abs=4 * np.sqrt(row.num_repeats))
    assert row.num_repeats > 50


def test_same_pool_with_other_proxies_is_no_copy(replay_table, make_evaluations):
    (first, *_) = make_evaluations(replay_table).supernets
    assert find_copies([first, replace(first, proxies=first.proxies[::-1].copy())]) == []


def test_what_differs_from_the_printed_table_is_named(partial_table, make_evaluations):
    evaluations = make_evaluations(partial_table, variants=("BNS-FT",))
    rows = {row.space: row for row in agreement(evaluations, partial_table, with_printed=True, num_resamples=0)}
    assert rows["A1"].printed_mean == 0.68
    assert rows["A1"].as_printed.startswith("not mean")
    assert rows["A1"].bootstrap_low is None


@pytest.mark.parametrize(
    ("value", "printed", "expected"),
    [(0.135, 0.14, True), (0.145, 0.14, True), (0.1451, 0.14, False), (0.1349, 0.14, False)],
)
def test_rounds_to(value, printed, expected):
    assert rounds_to(value, printed) is expected
