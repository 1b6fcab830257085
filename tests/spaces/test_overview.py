import pytest

from shareornot.spaces import open_space, overview


@pytest.mark.parametrize(
    ("name", "family", "size", "distinct", "product", "num_choices", "share"),
    [
        ("A4", "nasbench101", 10_467, 10_467, None, None, None),
        ("S1", "nasbench101", 2_685, 2_685, "3^5 x 6 x 10", 14_580, 0.42),
        ("S3", "nasbench101", 55_854, 55_854, "2 x 3^6 x 6 x 10 x 15", 1_312_200, 0.70),
        ("nasbench201", "nasbench201", 15_625, 6_466, "5^6", 15_625, 0.01),
        ("macro", "macro", 6_561, 3_969, "3^8", 6_561, 0.01),
    ],
)
def test_spaces_in_numbers(name, family, size, distinct, product, num_choices, share):
    found = overview(open_space(name))
    assert (found.name, found.family, found.num_architectures, found.num_distinct) == (name, family, size, distinct)
    assert (found.product, found.num_choices) == (product, num_choices)
    assert found.most_drawn_share == (share if share is None else pytest.approx(share, abs=0.01))
    assert found.as_dict()["description"]
