"""A look at a user's super-net before anything long runs: what people get wrong, in words.

A few architectures compute a few images, forward and backward. Weights, statistics, gradients, modes and the state of
the global generators are afterwards what they were; one of the architectures is active.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn

from shareornot.errors import ShareOrNotError
from shareornot.own_supernet.activation import Activate
from shareornot.own_supernet.architectures import own_architectures
from shareornot.own_supernet.findings import Finding, error, warning
from shareornot.own_supernet.gradient_check import check_gradients
from shareornot.own_supernet.loaders import Loader, check_labels, first_batch
from shareornot.own_supernet.module_check import check_batch_norm, check_copies, check_optimizer
from shareornot.own_supernet.network import OwnSuperNet, error_text
from shareornot.own_supernet.randomness import RandomStream
from shareornot.spaces import Space
from shareornot.supernet.batch_norm import adapted_batch_norm, evaluation_mode
from shareornot.supernet.training import Batch

NUM_CHECKED = 6
"""Architectures that are tried."""
NUM_IMAGES = 8
"""Images that each of them computes."""
TOLERANCE = 1e-4
"""Relative difference of outputs that a device may give for one computation."""


def check_supernet(
    module: nn.Module,
    architectures: Space | Iterable[Any],
    train_loader: Loader,
    *,
    adaptation: str = "average",
    trains: bool = True,
    optimizer: torch.optim.Optimizer | None = None,
    num_checked: int = NUM_CHECKED,
    activate: Activate | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Look for common mistakes in super-nets, within seconds.

    Checked are: that architectures can be activated and give finite logits; that an architecture gives the same output
    whatever was active before; that different architectures give different outputs; that labels are classes; that
    gradients reach some parameters, and only those of the optimizer; that batch norm can be adapted; and that
    `deepcopy`, `state_dict` and `load_state_dict` work.

    Args:
        module: super-net on its device.
        architectures: everything that `activate` takes, or a `Space`.
        train_loader: batches of images and labels, of which the first is looked at.
        adaptation: adaptation of batch norm, as in `score_supernet`.
        trains: whether the super-net is to be trained, so that gradients matter.
        optimizer: optimizer of PyTorch, with which the user trains the super-net; its parameters are compared.
        num_checked: architectures to try, at least 2.
        activate: activates an architecture, in place of a method of the module.
        seed: seed of the architectures and of the loader.

    Returns:
        What was found, errors first; empty where all is well.
    """
    try:
        own = own_architectures(architectures)
        network = OwnSuperNet(module, own, activate)
        batch = first_batch(train_loader, "train_loader", seed)
    except ShareOrNotError as problem:
        return [error("input", str(problem))]
    found = examine(network, batch, num_checked, adaptation=adaptation, trains=trains, optimizer=optimizer, seed=seed)
    return sorted(found, key=lambda finding: not finding.is_error)


def examine(
    network: OwnSuperNet,
    batch: Batch,
    num_checked: int = NUM_CHECKED,
    *,
    adaptation: str = "average",
    trains: bool = True,
    optimizer: torch.optim.Optimizer | None = None,
    seed: int = 0,
) -> list[Finding]:
    """The findings of `check_supernet` on a batch at hand."""
    device = device_of(network.module)
    few = Batch(batch.images[:NUM_IMAGES].to(device), batch.labels[:NUM_IMAGES])
    numbers = network.architectures.some(max(num_checked, 2), seed)
    with left_as_it_is(network.module):
        try:
            found = list(_outputs(network, few.images, numbers, adapts=adaptation != "none"))
            if any(one.is_error for one in found):
                return found
            check_labels(few.labels, num_outputs(network, few), "train_loader")
        except ShareOrNotError as problem:
            return [error("input", str(problem))]
        if trains:
            on_device = Batch(few.images, few.labels.to(device))
            found += check_gradients(network, on_device, numbers)
        found += check_optimizer(network.module, optimizer)
        found += check_batch_norm(network.module, adapts=adaptation != "none", trains=trains)
        found += check_copies(network.module, trains=trains)
    return found


def device_of(module: nn.Module) -> torch.device:
    """Where the parameters are."""
    return next((one.device for one in (*module.parameters(), *module.buffers())), torch.device("cpu"))


def num_outputs(network: OwnSuperNet, batch: Batch) -> int:
    """How many logits an image gets; the module is afterwards as it was."""
    network.activate(int(network.architectures.numbers[0]))
    with left_as_it_is(network.module), evaluation_mode(network), torch.no_grad():
        return int(network(batch.images[:2].to(device_of(network.module))).shape[1])


@contextmanager
def left_as_it_is(module: nn.Module) -> Iterator[None]:
    """Afterwards buffers, gradients, modes and the global generators are what they were."""
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    gradients = [(parameter, parameter.grad) for parameter in module.parameters()]
    modes = [(one, one.training) for one in module.modules()]
    try:
        with RandomStream(0).active():
            yield
    finally:
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
        for parameter, gradient in gradients:
            parameter.grad = gradient
        for one, mode in modes:
            one.training = mode


def _outputs(network: OwnSuperNet, images: Tensor, numbers: list[int], *, adapts: bool) -> Iterator[Finding]:
    """What is wrong with the outputs of the architectures."""
    name = type(network.module).__name__

    def text(number: int) -> str:
        return repr(network.architectures.text(number)[:60])

    first: dict[int, Tensor] = {}
    for number in numbers:
        try:
            network.activate(number)
            logits = _logits(network, images, adapts=adapts)
        except ShareOrNotError:
            raise
        except Exception as problem:  # whatever a user's code raises
            yield error(
                "forward",
                f"architecture {text(number)}: expected {name} to compute it on images of shape "
                f"{tuple(images.shape[1:])}, got {error_text(problem)}; fix its forward, or the images of the loader",
            )
            return
        if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(images) or logits.shape[1] < 2:
            got = f"shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
            yield error(
                "logits",
                f"architecture {text(number)}: expected {name} to return a logit for each image and class, got {got} "
                f"for {len(images)} images; return a tensor of shape (images, classes)",
            )
            return
        first[number] = logits
    odd = [number for number in numbers if not bool(torch.isfinite(first[number]).all())]
    if odd:
        make = error if len(odd) == len(numbers) else warning
        yield make(
            "not finite",
            f"architecture {text(odd[0])}: expected finite outputs, got NaN or infinite ones, as from {len(odd)} of "
            f"the {len(numbers)} architectures tried; check the initial weights and the images, or train with a lower "
            "learning rate",
        )
    yield from _leaks(network, images, numbers, first, adapts=adapts)
    shapes = {tuple(logits.shape) for logits in first.values()}
    if len(shapes) > 1:
        yield error(
            "logits", f"{name}: expected as many classes from every architecture, got {sorted(shapes)}; share them"
        )
        return
    pairs = list(combinations((number for number in numbers if number not in odd), 2))
    same = [(one, other) for one, other in pairs if torch.equal(first[one], first[other])]
    if same and len(same) == len(pairs):
        yield error(
            "same output",
            f"{name}: expected different outputs of different architectures, got the same of all {len(numbers)} tried; "
            "let forward depend on what was activated",
        )
    elif same:
        yield warning(
            "same output",
            f"architectures {text(same[0][0])} and {text(same[0][1])} give the same output, as {len(same)} of the "
            f"{len(pairs)} pairs tried do; if they should differ, activate ignores their difference",
        )


def _leaks(
    network: OwnSuperNet, images: Tensor, numbers: list[int], first: dict[int, Tensor], *, adapts: bool
) -> Iterator[Finding]:
    """Whether architectures give their outputs again after others were active."""
    before = numbers[-1]
    for number in reversed(numbers):
        network.activate(number)
        if not _alike(_logits(network, images, adapts=adapts), first[number]):
            network.activate(number)
            one = _logits(network, images, adapts=adapts)
            network.activate(number)
            text = repr(network.architectures.text(number)[:60])
            if _alike(one, _logits(network, images, adapts=adapts)):
                other = repr(network.architectures.text(before)[:60])
                yield error(
                    "state leaks",
                    f"architecture {text} gives another output after {other} was active: something of the one that was "
                    "active before stays; let activate set everything that forward depends on",
                )
            else:
                yield error(
                    "random output",
                    f"architecture {text} gives another output each time, in evaluation mode too; let forward draw "
                    "random numbers in training mode only",
                )
            return
        before = number


def _logits(network: OwnSuperNet, images: Tensor, *, adapts: bool) -> Tensor:
    """Output of the active architecture, computed as for scoring."""
    statistics: AbstractContextManager[None]
    statistics = adapted_batch_norm(network, [images]) if adapts else evaluation_mode(network)
    with torch.no_grad(), statistics:
        return network(images)


def _alike(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    scale = float(torch.nan_to_num(other.float()).abs().max())
    return torch.allclose(one.float(), other.float(), rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)
