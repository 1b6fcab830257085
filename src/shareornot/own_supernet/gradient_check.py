"""Where the gradients of a few architectures go."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from shareornot.own_supernet.findings import Finding, error, warning
from shareornot.own_supernet.network import OwnSuperNet, error_text
from shareornot.supernet.training import Batch

DEPTH = 4
"""How deep lists and dictionaries are searched for a parameter."""


def check_gradients(network: OwnSuperNet, batch: Batch, numbers: list[int]) -> list[Finding]:
    """Run some architectures forward and backward.

    Args:
        network: network whose gradients are overwritten.
        batch: a few images, on the device.
        numbers: numbers of the architectures.
    """
    module = network.module
    module.train()
    registered = {id(parameter) for parameter in module.parameters()}
    unknown: dict[int, Tensor] = {}
    unreached, not_finite = [], []
    for number in numbers:
        module.zero_grad(set_to_none=True)
        network.activate(number)
        text = repr(network.architectures.text(number)[:60])
        try:
            logits = network(batch.images)
            leaves = list(_leaves(logits))
            if leaves:
                torch.autograd.backward(F.cross_entropy(logits, batch.labels))
        except Exception as problem:  # whatever a user's code raises
            return [
                error(
                    "backward",
                    f"architecture {text}: expected {type(module).__name__} to run forward and backward in training "
                    f"mode, got {error_text(problem)}; fix its forward",
                )
            ]
        unknown |= {id(leaf): leaf for leaf in leaves if id(leaf) not in registered}
        gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
        if not any(bool(gradient.any()) for gradient in gradients):
            unreached.append(text)
        if not all(bool(torch.isfinite(gradient).all()) for gradient in gradients):
            not_finite.append(text)
    found = []
    if unreached:
        found.append(
            error(
                "no gradient",
                f"architecture {unreached[0]}: expected a gradient in some parameter, got none, as from "
                f"{len(unreached)} of the {len(numbers)} architectures tried; look for detach, no_grad, .item() and "
                "parameters with requires_grad=False in forward",
            )
        )
    if unknown:
        found.append(_outside(module, list(unknown.values())))
    if not_finite:
        found.append(
            warning(
                "gradient not finite",
                f"architecture {not_finite[0]}: expected finite gradients, got NaN or infinite ones; check the initial "
                "weights, and divisions and roots in forward",
            )
        )
    return found


def _outside(module: nn.Module, leaves: list[Tensor]) -> Finding:
    """The finding that the module computes with weights that no optimizer would find."""
    where = next((home for leaf in leaves if (home := _home(module, leaf))), "")
    shape = tuple(leaves[0].shape)
    return error(
        "outside the optimizer",
        f"{type(module).__name__}: expected all weights among its parameters, got {len(leaves)} that are not, such as "
        f"one of shape {shape}{where}, and no optimizer would move them; keep modules in nn.ModuleList or "
        "nn.ModuleDict, and tensors in nn.Parameter",
    )


def _leaves(output: Tensor) -> Iterator[Tensor]:
    """The leaves that a backward pass from an output would reach."""
    waiting, seen = [output.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if isinstance(leaf := getattr(node, "variable", None), Tensor):
            yield leaf
        waiting += [following for following, _ in node.next_functions]


def _home(module: nn.Module, leaf: Tensor) -> str:
    """The attribute that holds a leaf, in words; empty where none does."""
    for name, one in module.named_modules():
        for attribute, value in vars(one).items():
            if attribute not in ("_parameters", "_modules") and _holds(value, leaf, DEPTH):
                return f" in {name}.{attribute}" if name else f" in {attribute}"
    return ""


def _holds(value: Any, leaf: Tensor, depth: int) -> bool:
    if value is leaf:
        return True
    if isinstance(value, nn.Module):
        return any(parameter is leaf for parameter in value.parameters())
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        return any(_holds(one, leaf, depth - 1) for one in value.values())
    return isinstance(value, list | tuple) and any(_holds(one, leaf, depth - 1) for one in value)
