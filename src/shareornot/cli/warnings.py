"""Sentences on standard error that are no errors."""

from typing import Literal

import typer


def warn(sentence: str) -> None:
    """Print a sentence on standard error."""
    typer.echo(f"shareornot: {sentence}", err=True)


def warn_of_precision(precision: Literal["float32", "bfloat16"], device: str) -> None:
    """Warn where the hardware does not compute the precision natively; float32 needs no check."""
    if precision != "bfloat16":
        return
    import torch

    from shareornot.studies.devices import choose_device
    from shareornot.supernet.precision import slowness_warning

    if sentence := slowness_warning(precision, torch.device(choose_device(device))):
        warn(sentence)
