import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.errors import ArchitectureError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench201 import EDGES, FAMILY, OPERATIONS

ALL = FAMILY.members


def text_of(*operations):
    a, b, c, d, e, f = operations
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def test_the_benchmark_numbers_its_architectures_so(shared_data):
    published = pq.read_table(shared_data / "nasbench201.parquet", columns=["architecture"])["architecture"]
    assert FAMILY.texts(ALL) == published.to_pylist()


def test_the_first_of_the_order():
    assert FAMILY.texts(np.array([0])) == [
        text_of("avg_pool_3x3", "nor_conv_1x1", "skip_connect", "nor_conv_1x1", "skip_connect", "skip_connect")
    ]


def test_there_are_6466_classes():
    classes = FAMILY.isomorphism_classes(ALL)
    assert len(np.unique(classes)) == 6_466
    assert (classes <= ALL).all()
    np.testing.assert_array_equal(FAMILY.isomorphism_classes(classes), classes)


def test_one_class_computes_one_function():
    """Random scalar functions in place of operations, the same for the same operation on the same value."""
    classes = FAMILY.isomorphism_classes(ALL)
    rng = np.random.default_rng(0)
    frequencies, phases = rng.uniform(1, 3, 5), rng.uniform(0, 3, 5)
    choices = FAMILY.choices(ALL)
    nodes = np.zeros((len(ALL), 4))
    nodes[:, 0] = 0.7
    alive = np.zeros((len(ALL), 4), bool)
    alive[:, 0] = True
    for number, (source, target) in enumerate(EDGES):
        code, value = choices[:, number], nodes[:, source]
        changed = np.where(code == 1, value, np.sin(frequencies[code] * value) + phases[code])
        open_edge = alive[:, source] & (code != 0)
        nodes[:, target] += np.where(open_edge, changed, 0)
        alive[:, target] |= open_edge
    outputs = np.round(nodes[:, 3], 9)
    for one in np.unique(classes[:3_000]):
        assert len(np.unique(outputs[classes == one])) == 1


def test_neighbours_change_one_edge():
    around = FAMILY.neighbours(7)
    assert len(around) == 24
    changed = (FAMILY.choices(around) != FAMILY.choices(np.array([7]))).sum(axis=1)
    assert changed.tolist() == [1] * 24
    drawn = FAMILY.mutate(np.full(3_000, 7), np.random.default_rng(0))
    assert set(drawn.tolist()) == set(around.tolist())


def test_features_and_graph():
    (number,) = FAMILY.parse([text_of("nor_conv_3x3", "none", "nor_conv_1x1", "skip_connect", "none", "avg_pool_3x3")])
    features = {name: values[0] for name, values in FAMILY.features(np.array([number])).items()}
    assert (features["edge_0_1"], features["num_none"], features["num_nor_conv_3x3"]) == ("nor_conv_3x3", 2, 1)
    assert (features["depth"], features["path_convolutions"]) == (3, 2)
    assert features["connected"]
    assert features["skip_path"]
    graph = FAMILY.graph(int(number))
    assert graph.edges == (
        (0, 1, "nor_conv_3x3"),
        (1, 2, "nor_conv_1x1"),
        (0, 3, "skip_connect"),
        (2, 3, "avg_pool_3x3"),
    )


def test_path_convolutions_equal_all_paths():
    paths = [(3,), (0, 4), (1, 5), (0, 2, 5)]  # edges from input to output
    choices = FAMILY.choices(ALL[:500])
    expected = [
        max([sum(row[e] in (2, 3) for e in path) for path in paths if all(row[e] for e in path)], default=0)
        for row in choices.tolist()
    ]
    assert FAMILY.features(ALL[:500])["path_convolutions"].tolist() == expected


def test_texts_are_parsed_in_a_tenth_of_a_second():
    texts = FAMILY.texts(ALL)
    FAMILY.parse(texts[:1])
    begin = time.process_time()
    FAMILY.parse(texts)
    assert time.process_time() - begin < 0.1


@pytest.mark.parametrize(
    "odd",
    [
        text_of(*["nor_conv_5x5"] * 6),
        "|none~0|+|none~0|none~1|",
        text_of(*["none"] * 6).replace("~2", "~1"),
        "none",
    ],
)
def test_texts_of_something_else_are_refused(odd):
    with pytest.raises(ArchitectureError, match=r"architecture 2 of 2, .*: expected six operations as in"):
        FAMILY.parse([text_of(*["none"] * 6), odd])


def test_conditions():
    space = open_space("nasbench201: num_none = 0, edge_0_3 = skip_connect, path_convolutions >= 2")
    assert len(space) > 0
    assert set(space.features(space.members)["edge_0_3"].tolist()) == {"skip_connect"}
    assert OPERATIONS[1] == "skip_connect"
