"""Adam against PyTorch's."""

import pytest
import torch

from shareornot.methods.adam import Adam


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("clip_norm", [None, 0.5])
def test_it_moves_as_pytorchs(weight_decay, clip_norm):
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(3, 2, dtype=torch.float64, generator=generator), torch.randn(4, dtype=torch.float64)]
    ours = [tensor.clone() for tensor in start]
    theirs = [torch.nn.Parameter(tensor.clone()) for tensor in start]
    adam = Adam(ours, 0.01, betas=(0.5, 0.999), weight_decay=weight_decay, clip_norm=clip_norm)
    reference = torch.optim.Adam(theirs, 0.01, betas=(0.5, 0.999), weight_decay=weight_decay)
    for _ in range(5):
        gradients = [torch.randn(tensor.shape, dtype=torch.float64, generator=generator) for tensor in start]
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient.clone()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(theirs, clip_norm)
        reference.step()
        adam.step(gradients)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other.detach(), rtol=1e-12, atol=1e-14)


def test_its_state_is_enough_to_resume():
    generator = torch.Generator().manual_seed(0)
    gradients = [[torch.randn(4, generator=generator)] for _ in range(6)]
    whole, first = torch.zeros(4), torch.zeros(4)
    one, other = Adam([whole], 0.1), Adam([first], 0.1)
    for gradient in gradients:
        one.step(gradient)
    for gradient in gradients[:3]:
        other.step(gradient)
    state = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    resumed = Adam([first], 0.1)
    resumed.load_state_dict(state)
    for gradient in gradients[3:]:
        resumed.step(gradient)
    assert torch.equal(whole, first)


def test_no_gradient_is_a_gradient_of_zero():
    moved = torch.ones(2)
    Adam([moved], 0.1).step([None])
    assert torch.equal(moved, torch.ones(2))
