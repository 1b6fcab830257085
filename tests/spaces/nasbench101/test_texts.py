import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import CellError
from shareornot.spaces import list_architectures, open_space
from shareornot.spaces.nasbench101 import NUM_CELLS, Cell, cell_text, parse_codes, unique_codes

FAMILY = open_space("nasbench101")


@given(st.lists(st.integers(0, NUM_CELLS - 1), min_size=1, max_size=20))
def test_cells_are_found_again(cells):
    texts = [str(Cell.from_index(cell)) for cell in cells]
    assert FAMILY.parse(texts).tolist() == cells
    assert parse_codes(texts).tolist() == [Cell.parse(text).code for text in texts]
    assert [cell_text(code) for code in unique_codes()[cells].tolist()] == texts


def test_specifications_with_vertices_to_prune():
    raw = Cell([[0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", *["conv1x1-bn-relu"] * 2, "output"])
    texts = [f" {raw} ", str(raw.prune()), "0100;input , output"]
    assert FAMILY.parse(texts).tolist() == [raw.index, raw.index, 0]
    assert parse_codes(texts).tolist()[0] == raw.code


def test_codes_of_random_specifications_equal_the_plain_twin():
    rng = np.random.default_rng(0)
    texts = FAMILY.texts(rng.integers(0, NUM_CELLS, 2_000))
    assert parse_codes(texts).tolist() == [Cell.parse(text).code for text in texts]


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "a name",
        ";",
        "0100;",
        "0100;input",
        "0100;input,output,",
        "0100;output,input",
        "0000;input,output",
        "0110;input,output",
        "0200;input,output",
        "010;input,output",
        "011001000;input,output",
        "011001000;input,conv9x9,output",
        "0" * 64 + ";input,output",
        "1" * 1_000_000 + ";input",
    ],
)
def test_odd_texts_are_named(odd):
    with pytest.raises(CellError) as caught:
        FAMILY.parse(["0100;input,output", odd])
    assert str(caught.value).startswith(f"architecture 2 of 2, {odd[:120]!r}: ")
    assert "expected" in str(caught.value)
    assert list_architectures(["0100;input,output", odd]).kind is None
