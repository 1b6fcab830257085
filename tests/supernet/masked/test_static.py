"""A device whose tensors hold no numbers: on it runs only what asks for none, and copies nothing from the host.

This stands in for capturing on an accelerator, where reading a number or a copy from the host ends the capture.
"""

from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from shareornot.supernet import EvaluationConfig, TrainingConfig
from shareornot.supernet.masked.scoring import MaskedEvaluator
from shareornot.supernet.masked.training import MaskedTrainer, SideBySide

from .conftest import RECIPES


class OnTheDeviceOnly(TorchDispatchMode):
    """Refuses every operation that has to do with a tensor on the host, down to a single number."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, result)):
            if isinstance(leaf, torch.Tensor) and leaf.device.type != "meta":
                raise AssertionError(f"{function} on {leaf.device}")
        return result


@pytest.mark.parametrize("single_kernel", [False, True])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_step(recipe, single_kernel, images, network_for, some_cells):
    config = TrainingConfig(epochs=2, batch_size=8, cells_per_step=2, optimizer=RECIPES[recipe])
    cells, images = some_cells("A_FULL", 20), images.to("meta")
    networks = [network_for("A_FULL", single_kernel=single_kernel).to("meta") for _ in range(2)]
    group = SideBySide(
        [MaskedTrainer(one, images, cells, replace(config, seed=seed)) for seed, one in enumerate(networks)]
    )
    group._prepare()
    for size in (8, 6):
        with OnTheDeviceOnly():
            group.work(size)
    assert group.step().device.type == "meta"


@pytest.mark.parametrize("adaptation", ["average", "last-batch", "none"])
def test_scoring(adaptation, images, network_for):
    config = EvaluationConfig(batch_size=8, adaptation=adaptation)
    evaluator = MaskedEvaluator(network_for("A2", double=False).to("meta"), images.to("meta"), config, num_lanes=3)
    with OnTheDeviceOnly():
        evaluator.work()


def test_the_device_refuses_what_it_should():
    tensor = torch.zeros(3, device="meta")
    for mistake in (
        lambda: tensor.sum().item(),
        lambda: tensor[tensor > 0],
        lambda: tensor + torch.zeros(3),
        lambda: torch.zeros(3).to("meta"),
    ):
        with OnTheDeviceOnly(), pytest.raises((AssertionError, RuntimeError, NotImplementedError)):
            mistake()
