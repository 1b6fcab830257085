"""Floor 1: what an architecture is.

Its number, text, structure, features, isomorphism and mutation: protocols in `contract`, sub-spaces in `subspace`, a
user's list in `listed`, and one folder for each family. Nothing here depends on a data set, a network or an accuracy.
"""

from shareornot.lazy_names import public_names
from shareornot.spaces.contract import (
    Decision,
    LabelledGraph,
    ProductSpace,
    Space,
    draw_choices,
    is_product,
    space_members,
)
from shareornot.spaces.listed import ListedSpace, list_architectures
from shareornot.spaces.overview import SpaceOverview, overview
from shareornot.spaces.product import OptionSpace, read_product
from shareornot.spaces.registry import built_in_spaces, known_families, open_family, open_space
from shareornot.spaces.subspace import SubSpace

__all__ = [
    "Decision",
    "LabelledGraph",
    "ListedSpace",
    "OptionSpace",
    "ProductSpace",
    "Space",
    "SpaceOverview",
    "SubSpace",
    "built_in_spaces",
    "draw_choices",
    "is_product",
    "known_families",
    "list_architectures",
    "open_family",
    "open_space",
    "overview",
    "read_product",
    "space_members",
]

__dir__ = public_names(__name__)
