import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.errors import ArchitectureError
from shareornot.spaces.macro import FAMILY, LAYERS

ALL = FAMILY.members


def test_numbers_are_texts_in_base_3():
    texts = FAMILY.texts(ALL)
    assert [int(text, 3) for text in texts] == list(range(6_561))
    assert {len(text) for text in texts} == {8}


def test_all_published_costs(shared_data):
    table = pq.read_table(shared_data / "nas-bench-macro.parquet")
    architectures = FAMILY.parse(table["architecture"].to_pylist())
    np.testing.assert_array_equal(np.sort(architectures), ALL)
    sizes = FAMILY.sizes(architectures)
    np.testing.assert_array_equal(sizes["number of parameters"], table["parameters"].to_numpy())
    np.testing.assert_array_equal(sizes["number of operations"], table["flops"].to_numpy())


def test_published_costs_of_one():
    sizes = FAMILY.sizes(FAMILY.parse(["02012100"]))
    assert (sizes["number of parameters"].tolist(), sizes["number of operations"].tolist()) == ([890_666], [47_327_744])


def test_an_identity_may_stand_anywhere_between_layers_of_one_shape():
    assert LAYERS[3] == LAYERS[4] != LAYERS[2]
    first, second, other = FAMILY.isomorphism_classes(FAMILY.parse(["00010000", "00001000", "00011000"])).tolist()
    assert first == second != other
    # free: the first layers of the stages and the layer after the first of them; 7 for each pair of equal layers
    assert len(np.unique(FAMILY.isomorphism_classes(ALL))) == 3**4 * 7**2


@pytest.mark.parametrize("odd", ["0201210", "020121000", "02012103", "0201210a"])
def test_texts_of_something_else_are_refused(odd):
    with pytest.raises(ArchitectureError, match=rf"architecture 1 of 1, '{odd}': expected eight digits"):
        FAMILY.parse([odd])
