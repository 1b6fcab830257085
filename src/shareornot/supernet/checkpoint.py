"""Checkpoints: a training as it stands after some step, in one safetensors file.

The file holds the parameters, the running statistics, the state of the method with its optimizer, and as metadata the
number of steps done, the settings, and a checksum of all that. The schedule, the position in the images and all
randomness follow from the number of steps and the seed, see `training`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from shareornot.errors import DataError, message_of
from shareornot.storage import atomic_write
from shareornot.supernet.contract import SuperNet
from shareornot.supernet.families import build_supernet
from shareornot.supernet.settings import NetworkSettings, OptimizerSettings, TrainingSettings
from shareornot.supernet.training import Trainer

FORMAT = "shareornot checkpoint 2"
READABLE = (FORMAT, "shareornot checkpoint 1")
"""Formats whose networks can be loaded; the first one held no state of a method."""


def save_checkpoint(path: Path, trainer: Trainer) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: safetensors file, which is replaced.
        trainer: trainer whose network, optimizer, method and step are written.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    tensors = _apart({name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(trainer).items()})
    metadata = {
        "format": FORMAT,
        "steps_done": str(trainer.steps_done),
        "family": _family_of(trainer.network),
        "network": json.dumps(_settings_of(trainer.network)),
        "training": json.dumps(asdict(trainer.settings)),
        "torch": torch.__version__,
    }
    if description := trainer.batches.description():
        metadata["batches"] = json.dumps(description)
    with atomic_write(path) as file:
        file.write(save(tensors, metadata | {"sha256": _digest(tensors, metadata)}))


def load_checkpoint(path: Path, trainer: Trainer) -> None:
    """Bring a trainer to where a checkpoint of the same settings was written.

    Args:
        path: a file of `save_checkpoint`.
        trainer: a new one with the same settings.

    Raises:
        DataError: the file is damaged, no checkpoint, or one of other settings.
    """
    tensors, metadata = _read(path)
    if metadata["format"] != FORMAT:
        raise DataError(
            f"{path}: expected a training of this version, got {metadata['format']!r} of an earlier one; score it, or "
            "train again in another folder"
        )
    for part, config in (
        ("network", _settings_of(trainer.network)),
        ("training", asdict(trainer.settings)),
        ("batches", dict(trainer.batches.description())),
    ):
        if _completed(part, metadata.get(part, "{}")) != json.loads(json.dumps(config)):
            raise DataError(
                f"{path}: expected a checkpoint of these {part} settings, {config}, got {metadata.get(part)}; "
                "resume with the settings it was made with, or start in another folder"
            )
    _assign(path, _tensors(trainer), tensors)
    trainer.method.load_state_dict(_part(tensors, "method."))
    trainer.steps_done = int(metadata["steps_done"])


def checkpoint_settings(path: Path) -> tuple[str, NetworkSettings, TrainingSettings]:
    """Family of spaces, network and training of a checkpoint.

    Raises:
        DataError: the file is damaged, no checkpoint, one of an earlier version, or one of a user's own network.
    """
    _, metadata = _read(path)
    network, training = (json.loads(metadata[part]) for part in ("network", "training"))
    if metadata["format"] != FORMAT or not network:
        raise DataError(
            f"{path}: expected a training of this version with a super-net of this package, got "
            f"{'a network of a user' if not network else metadata['format']!r}"
        )
    optimizer = OptimizerSettings(**training.pop("optimizer"))
    return metadata["family"], NetworkSettings(**network), TrainingSettings(**training, optimizer=optimizer)


def load_supernet(path: Path) -> tuple[SuperNet, int]:
    """The super-net of a checkpoint, for evaluation, and the number of steps it was trained.

    Raises:
        DataError: the file is damaged or no checkpoint.
    """
    tensors, metadata = _read(path)
    settings = json.loads(metadata["network"])
    if not settings:
        raise DataError(
            f"{path}: expected a super-net of this package, got a network of a user's own; build it and "
            "resume with load_checkpoint"
        )
    network = build_supernet(metadata.get("family", "nasbench101"), NetworkSettings(**settings), seed=0)
    _assign(path, network.state_dict(), _part(tensors, "network."))
    return network, int(metadata["steps_done"])


def _completed(part: str, text: str) -> Any:
    """Stored settings as JSON has them, with today's default of each that an earlier version did not have."""
    stored = json.loads(text)
    if part == "training":
        stored = {**asdict(TrainingSettings()), **stored}
        stored["optimizer"] = {**asdict(OptimizerSettings()), **stored["optimizer"]}
    elif part == "network" and stored:
        stored = {**asdict(NetworkSettings()), **stored}
    return json.loads(json.dumps(stored))


def _family_of(network: SuperNet) -> str:
    """The family of spaces that a network of this package computes; empty for a user's network."""
    family = getattr(network, "family", "")
    return family if isinstance(family, str) else ""


def _settings_of(network: SuperNet) -> dict[str, Any]:
    """The settings of a network of this package; empty for a network that has none, such as a user's."""
    settings = getattr(network, "config", None)
    return asdict(settings) if isinstance(settings, NetworkSettings) else {}


def _tensors(trainer: Trainer) -> dict[str, Tensor]:
    """All that a training changes, by name."""
    network = {f"network.{name}": tensor for name, tensor in trainer.network.state_dict().items()}
    return network | {f"method.{name}": tensor for name, tensor in trainer.method.state_dict().items()}


def _apart(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, copied where one shares its memory with another, as tied weights do; the format holds no ties."""
    seen: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        apart[name] = tensor.clone() if place in seen else tensor
        seen.add(place)
    return apart


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a checkpoint whose checksum is right."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError as error:
        raise DataError(
            f"{path}: expected a checkpoint in safetensors format, got a damaged file ({message_of(error)}); delete it "
            "and train again"
        ) from error
    if metadata.get("format") not in READABLE:
        raise DataError(f"{path}: expected a file of format {FORMAT!r}, got {metadata.get('format')!r}")
    checksum = metadata.pop("sha256", None)
    if _digest(tensors, metadata) != checksum:
        raise DataError(
            f"{path}: the checksum does not match the contents, so the file is damaged; delete it and train again"
        )
    return tensors, metadata


@torch.no_grad()
def _assign(path: Path, targets: Mapping[str, Tensor], tensors: dict[str, Tensor]) -> None:
    """Copy tensors into those of the same names and shapes."""
    shapes: list[dict[str, Any]] = [{name: tuple(t.shape) for name, t in some.items()} for some in (targets, tensors)]
    if shapes[0] != shapes[1]:
        odd = sorted(name for name in shapes[0].keys() | shapes[1].keys() if shapes[0].get(name) != shapes[1].get(name))
        raise DataError(f"{path}: expected the tensors of this super-net, got others, the first of which is {odd[0]}")
    for name, target in targets.items():
        target.copy_(tensors[name])


def _digest(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """SHA-256 of the metadata, and of the names, types, shapes and contents of the tensors."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
