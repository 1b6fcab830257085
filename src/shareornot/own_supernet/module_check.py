"""Checks of a super-net that compute nothing: batch norm, copies, the user's optimizer."""

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shareornot.own_supernet.findings import Finding, error, warning
from shareornot.own_supernet.network import error_text


def check_batch_norm(module: nn.Module, *, adapts: bool, trains: bool) -> Iterator[Finding]:
    """Whether the statistics of batch norm can be replaced by those of an architecture.

    Args:
        module: the super-net.
        adapts: whether they are to be, as for BNS-FT.
        trains: whether the super-net is to be trained.
    """
    named = list(module.named_modules())
    without = [name for name, one in named if isinstance(one, _BatchNorm) and one.running_mean is None]
    kept = [(name, one) for name, one in named if isinstance(getattr(one, "running_mean", None), Tensor)]
    fixed = [name for name, one in kept if not hasattr(one, "momentum")]
    still = [name for name, one in kept if getattr(one, "momentum", None) == 0]
    if without:
        yield warning(
            "batch norm without statistics",
            f"batch norm {without[0]!r}, one of {len(without)}, keeps no statistics (track_running_stats=False): there "
            "is nothing to adapt, and scores depend on the batch size of the validation loader; build it with "
            "track_running_stats=True, or score in large batches",
        )
    if fixed and adapts:
        yield warning(
            "batch norm fixed",
            f"{fixed[0]!r}, one of {len(fixed)}, has statistics that cannot be adapted, since it has no momentum and "
            "never updates them; use torch.nn.BatchNorm2d, or score with adaptation='none'",
        )
    if adapts and not kept and not without:
        yield warning(
            "no batch norm",
            "the super-net has no batch norm with statistics: there is nothing to adapt, and BNS-FT equals NO-FT; pass "
            "adaptation='none'",
        )
    if still and (trains or not adapts):
        yield warning(
            "momentum",
            f"batch norm {still[0]!r}, one of {len(still)}, has momentum 0: training never updates its statistics, and "
            "NO-FT scores use the initial ones; build it with momentum=0.1",
        )


def check_copies(module: nn.Module, *, trains: bool) -> Iterator[Finding]:
    """Whether the super-net can be saved, restored and copied.

    Args:
        module: the super-net, after it has computed something.
        trains: whether checkpoints are to be written.
    """
    name = type(module).__name__
    make = error if trains else warning
    remedy = "checkpoints need it; fix state_dict and load_state_dict, or do not override them"
    try:
        state = module.state_dict()
        other = [key for key, value in state.items() if not isinstance(value, Tensor)]
        if other:
            yield make(
                "state_dict",
                f"{name}: expected tensors in state_dict(), got {type(state[other[0]]).__name__} in {other[0]!r}; "
                "checkpoints hold tensors alone, so register a buffer in place of extra state",
            )
            return
        missing = [key for key, _ in module.named_parameters() if key not in state]
        if missing:
            yield make("state_dict", f"{name}: expected {missing[0]!r} in state_dict(), got none; {remedy}")
        copied = [key for key, one in module.named_parameters() if key in state and not _is_same(state[key], one)]
        if copied:
            yield make(
                "state_dict",
                f"{name}: expected the parameters themselves in state_dict(), got copies, such as that of "
                f"{copied[0]!r}; {remedy}",
            )
        module.load_state_dict(state)
    except Exception as problem:  # whatever a user's code raises
        yield make(
            "state_dict", f"{name}: expected state_dict() that can be loaded again, got {error_text(problem)}; {remedy}"
        )
    try:
        deepcopy(module)
    except Exception as problem:  # whatever a user's code raises
        yield warning(
            "deepcopy",
            f"{name}: expected copy.deepcopy to work, got {error_text(problem)}; scoring and training here do without "
            "it, and fine-tuning a copy does not; keep no results of forward and no open files in attributes",
        )


def _is_same(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def check_optimizer(module: nn.Module, optimizer: torch.optim.Optimizer | None) -> Iterator[Finding]:
    """Whether an optimizer of PyTorch has all parameters of the super-net."""
    if optimizer is None:
        return
    known = {id(one) for group in optimizer.param_groups for one in group["params"]}
    outside = [name for name, one in module.named_parameters() if one.requires_grad and id(one) not in known]
    if outside:
        yield error(
            "outside the optimizer",
            f"{type(module).__name__}: expected all parameters in the optimizer, got {len(outside)} that are not, such "
            f"as {outside[0]!r}; build the optimizer from module.parameters(), after the module is complete",
        )
