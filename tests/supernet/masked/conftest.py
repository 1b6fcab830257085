"""Cells of every space with a network that is just large enough for them, in double precision."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from shareornot.images import ImageSet
from shareornot.spaces.nasbench101 import SPACES
from shareornot.supernet import OptimizerConfig, SuperNet

MIN_OUTPUT_EDGES = {space.name: space.min_output_edges() for space in SPACES}
RECIPES = {
    "as described": OptimizerConfig(),
    "as published": OptimizerConfig(accumulate_epsilon=True, move_whole_tensors=True),
    "sgd": OptimizerConfig(name="sgd", learning_rate=0.05),
}


@pytest.fixture
def in_double(monkeypatch):
    """Images in double precision for the plain engine."""
    normalize = ImageSet.normalize
    monkeypatch.setattr(ImageSet, "normalize", lambda self, images: normalize(self, images).double())


@pytest.fixture(scope="session")
def network_for(network_config) -> Callable[..., SuperNet]:
    """A small super-net for a space."""

    def make(space: str, *, seed: int = 0, double: bool = True, **changes) -> SuperNet:
        network = SuperNet(network_config(min_output_edges=MIN_OUTPUT_EDGES[space], **changes), seed)
        return network.double() if double else network

    return make


@pytest.fixture(scope="session", params=list(MIN_OUTPUT_EDGES))
def space(request) -> str:
    """Each of the seven spaces."""
    return str(request.param)


@pytest.fixture(scope="session")
def apart() -> Callable[[torch.Tensor, torch.Tensor], float]:
    """How far tensors are from each other, as a part of the largest number, or of 1e-3 where all are smaller."""

    def apart(tensor: torch.Tensor, other: torch.Tensor) -> float:
        return float((tensor - other).abs().max() / max(float(tensor.abs().max()), 1e-3)) if tensor.numel() else 0.0

    return apart


@pytest.fixture(scope="session")
def rng() -> np.random.Generator:
    return np.random.default_rng(3)
