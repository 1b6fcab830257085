"""Computing in bfloat16 on request: matrix products in half the bits, everything delicate in float32.

`torch.autocast` runs convolutions and matrix products in bfloat16. The weights that the optimizer moves, the statistics
of batch norm and the loss stay in float32.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

import torch

from shareornot.supernet.settings import Precision

NATIVE_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""What processors that compute bfloat16 natively state among their features; `bf16` is that of Arm."""


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Within the block, networks compute in this precision.

    Args:
        precision: `float32` changes nothing, so that networks of another type keep theirs.
        device: device of the network.
    """
    return nullcontext() if precision == "float32" else torch.autocast(device.type, dtype=torch.bfloat16)


def slowness_warning(precision: Precision, device: torch.device) -> str | None:
    """A sentence where the precision is likely to be slower than float32 on this device; None elsewhere."""
    if precision == "float32":
        return None
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = device.type != "cpu" or bool(NATIVE_FLAGS & processor_flags())
    if native:
        return None
    return (
        f"precision bfloat16: this {'processor' if device.type == 'cpu' else 'accelerator'} does not compute bfloat16 "
        "natively, so it is likely to be slower than float32"
    )


@cache
def processor_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The features that the processor states; empty if the operating system has no such file."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return frozenset()
    named = (line.partition(":") for line in lines)
    return frozenset(
        flag for name, _, flags in named if name.strip().lower() in ("flags", "features") for flag in flags.split()
    )
