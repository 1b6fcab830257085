"""Uniform sampling of choices: every combination of options with the same probability (NAS-Bench-1Shot1)."""

from shareornot.errors import SettingsError
from shareornot.methods.contract import Setup
from shareornot.methods.pro_rata import draw_in_proportion
from shareornot.methods.single_path import SinglePath
from shareornot.spaces import is_product


def uniform_choices(setup: Setup) -> SinglePath:
    """Train one architecture per step, each in proportion to the number of choices that give it.

    On S1 to S3 many specifications are the same cell, so that some cells are trained far more often than others; on
    other product spaces this is uniform sampling.

    References: Zela et al. 2020, arXiv:2001.10422.
    """
    if not is_product(setup.space):
        raise SettingsError(
            f"method uniform-choices: expected a product space, such as S1, S2, S3 or nasbench201, got "
            f"{setup.space.name}; take the method uniform"
        )
    return SinglePath(setup, draw_in_proportion(setup.architectures, setup.space.num_choices(setup.architectures)))
