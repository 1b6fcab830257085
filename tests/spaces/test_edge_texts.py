import numpy as np
import pytest

from shareornot.spaces.edge_texts import edge_texts

CONV, POOL, SKIP, NONE = "nor_conv_3x3", "avg_pool_3x3", "skip_connect", "none"


def text_of(*operations):
    """Of a graph with four vertices."""
    a, b, c, d, e, f = operations
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def test_operations_on_edges():
    read = edge_texts([text_of(CONV, SKIP, NONE, NONE, SKIP, POOL), text_of(*[CONV] * 6)])
    assert read.num_vertices == 4
    assert read.words == (POOL, NONE, CONV, SKIP)
    features = read.features(np.arange(2))
    assert features["edge_0_1"].tolist() == [CONV, CONV]
    assert features["edge_2_3"].tolist() == [POOL, CONV]
    assert features[f"num_{CONV}"].tolist() == [1, 6]
    assert features["num_none"].tolist() == [2, 0]
    # input, conv, 1, skip, output has one operation; input, skip, 2, pool, output too
    assert features["depth"].tolist() == [1, 3]
    assert features["connected"].all()
    assert not features["skip_path"].any()
    assert read.drawn(0) == ((0, 1, CONV), (0, 2, SKIP), (1, 3, SKIP), (2, 3, POOL))


def test_paths():
    read = edge_texts([text_of(*[NONE] * 6), text_of(*[SKIP] * 6), text_of(SKIP, NONE, CONV, NONE, NONE, SKIP)])
    features = read.features(np.arange(3))
    assert features["connected"].tolist() == [False, True, True]
    assert features["skip_path"].tolist() == [False, True, False]
    np.testing.assert_array_equal(features["depth"], [np.nan, 0, 1])


def test_sizes_are_in_the_order_of_the_number_of_parameters():
    texts = [text_of(*["nor_conv_1x1"] * 6), text_of(CONV, *[NONE] * 5), text_of(*[POOL] * 6)]
    assert edge_texts(texts).sizes(np.arange(3))["number of parameters"].tolist() == [6, 9, 0]
    assert edge_texts([text_of(*[POOL] * 6)]).sizes(np.arange(1)) == {}


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "|",
        "||",
        "|conv|",
        "|~0|",
        "|conv~1|",
        "|conv~0",
        "|a~0|+|b~0|",
        "|a~0|+|b~0|c~1|d~2|",
        "|a~0|+",
        "|a~0|",
        "|" + "|".join("a~0" for _ in range(100_000)) + "|",
        "+".join(["|a~0|"] * 100_000),
    ],
)
def test_odd_texts_of_edges(odd):
    good = "|a~0|+|b~0|c~1|"
    assert edge_texts([good, good]) is not None
    assert edge_texts([good, odd]) is None


def test_no_text():
    assert edge_texts([]) is None
