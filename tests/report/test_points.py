from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shareornot.report.chapter import Chapter
from shareornot.report.points import (
    column_as_json,
    drawn_scores,
    feature_in_words,
    features_as_json,
    most_misjudged,
    points_as_json,
)
from shareornot.spaces import open_space

NUMBERS = st.floats(-1e6, 1e6) | st.just(np.nan)


@given(arrays(np.float64, st.integers(1, 30), elements=NUMBERS))
def test_a_column_comes_back(values):
    told = column_as_json(values)
    back = np.array([np.nan if one is None else told["offset"] + told["scale"] * one for one in told["values"]])
    known = values[np.isfinite(values)]
    step = np.ptp(known) / 100_000 if len(known) else 0
    np.testing.assert_allclose(back, values, atol=step * 0.51 + 1e-9)


def test_fractions_share_one_scale():
    assert column_as_json(np.array([0.5, 0.12345]), as_fractions=True) == {
        "values": [50_000, 12_345],
        "offset": 0.0,
        "scale": 1e-5,
    }


def test_features_by_kind():
    told = features_as_json(
        {
            "residual": np.array([True, False, True]),
            "depth": np.array([1, 2, 2], np.int8),
            "ratio": np.array([0.0, np.nan, 1.0]),
            "operation_1": np.array(["conv3x3", "", "maxpool3x3"]),
            "same": np.array([3, 3, 3]),
        }
    )
    assert [(one["name"], one["kind"], one["values"]) for one in told] == [
        ("residual", "truth", [1, 0, 1]),
        ("depth", "number", [1, 2, 2]),
        ("ratio", "number", [0, None, 100_000]),
        ("operation_1", "words", [1, None, 2]),
    ]
    assert told[3]["levels"][1:] == ["conv3x3", "maxpool3x3"]
    assert feature_in_words("operation_1") == "operation on vertex 1"
    assert feature_in_words("operation_mine") == "operation_mine"


def test_many_scores_are_thinned_and_the_best_stay(make_appraisal):
    many = make_appraisal(num_supernets=2, num_diverged=1, num_cells=300)
    drawn = drawn_scores(Chapter(appraisal=many), 100)
    assert [len(one.rows) for one in drawn] == [50, 50]
    for pool, truth, one in zip(many.pools, many.standalone, drawn, strict=False):
        assert (one.proxies.min(), one.proxies.max()) == (pool.proxies.min(), pool.proxies.max())
        np.testing.assert_array_equal(pool.proxies[one.rows], one.proxies)  # cells are their positions here
        np.testing.assert_array_equal(truth[one.rows], one.standalone)
    assert [len(one.rows) for one in drawn_scores(Chapter(appraisal=many))] == [300, 300]
    assert points_as_json(Chapter(appraisal=many), 100)["points"]["num_scores"] == 600


def test_graphs_are_those_of_the_cells(make_appraisal):
    told = points_as_json(Chapter(appraisal=make_appraisal()))
    for row in (0, 7, 59):
        graph = open_space("nasbench101").graph(row)
        vertices, edges = told["graphs"][row]
        assert tuple(told["words"][word] for word in vertices) == graph.vertices
        assert [tuple(edges[at : at + 3]) for at in range(0, len(edges), 3)] == [(*edge[:2], 0) for edge in graph.edges]


def test_the_most_misjudged_structure_gives_the_first_colours(chapter):
    features = [{"name": "depth"}, {"name": "residual"}]
    assert chapter.audit.bias.effects[0].name == "residual"
    assert most_misjudged(chapter, features) == "feature-1"
    assert most_misjudged(chapter, []) == "supernet"
    assert most_misjudged(replace(chapter, audit=None), features) == "supernet"
