"""Which device to compute on."""

from shareornot.errors import MissingExtraError, SettingsError


def choose_device(device: str) -> str:
    """The device that "auto" stands for, or the one that is named.

    Raises:
        MissingExtraError: PyTorch is not installed.
        SettingsError: the device is unknown to PyTorch, or not found.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("training needs PyTorch; install it with: pip install 'shareornot[train]'") from error
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        unknown = reason.startswith("Expected one of")  # and a list of all kinds that PyTorch could be built for
        raise SettingsError(
            f"device: expected auto, cpu, cuda or another accelerator of this machine, got {device!r}"
            + ("" if unknown else f": {reason}")
        ) from error
    return device
