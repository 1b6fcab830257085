"""Checkpoints: a training as it stands after some step, in one safetensors file.

The file holds the parameters, the running statistics, the state of the optimizer, and as metadata the number of steps
done, the settings, and a checksum of all that. The schedule, the position in the images and in the sampled cells, and
all randomness follow from the number of steps and the seed, see `training`.
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

from shareornot.errors import DataError
from shareornot.storage import atomic_write
from shareornot.supernet.contract import SuperNet
from shareornot.supernet.nasbench101 import NASBench101SuperNet
from shareornot.supernet.settings import NetworkSettings
from shareornot.supernet.training import Trainer

FORMAT = "shareornot checkpoint 1"


def save_checkpoint(path: Path, trainer: Trainer) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(trainer).items()}
    metadata = {
        "format": FORMAT,
        "steps_done": str(trainer.steps_done),
        "network": json.dumps(_settings_of(trainer.network)),
        "training": json.dumps(asdict(trainer.config)),
        "torch": torch.__version__,
    }
    with atomic_write(path) as file:
        file.write(save(tensors, metadata | {"sha256": _digest(tensors, metadata)}))


def load_checkpoint(path: Path, trainer: Trainer) -> None:
    """Bring a trainer to where a checkpoint of the same settings was written.

    Raises:
        DataError: the file is damaged, no checkpoint, or one of other settings.
    """
    tensors, metadata = _read(path)
    for part, config in (("network", _settings_of(trainer.network)), ("training", asdict(trainer.config))):
        if json.loads(metadata[part]) != json.loads(json.dumps(config)):
            raise DataError(
                f"{path}: expected a checkpoint of these {part} settings, {config}, got {metadata[part]}; "
                "resume with the settings it was made with, or start in another folder"
            )
    _assign(path, _tensors(trainer), tensors)
    trainer.steps_done = int(metadata["steps_done"])


def load_network(path: Path) -> tuple[NASBench101SuperNet, int]:
    """The super-net of a checkpoint, for evaluation, and the number of steps it was trained.

    Raises:
        DataError: the file is damaged or no checkpoint.
    """
    tensors, metadata = _read(path)
    network = NASBench101SuperNet(NetworkSettings(**json.loads(metadata["network"])), seed=0)
    prefix = "network."
    _assign(path, network.state_dict(), {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)})
    return network, int(metadata["steps_done"])


def _settings_of(network: SuperNet) -> dict[str, Any]:
    """The settings of a network of this package; empty for a network that has none, such as a user's."""
    settings = getattr(network, "config", None)
    return asdict(settings) if isinstance(settings, NetworkSettings) else {}


def _tensors(trainer: Trainer) -> dict[str, Tensor]:
    """All that a training changes, by name."""
    network = {f"network.{name}": tensor for name, tensor in trainer.network.state_dict().items()}
    return network | {f"optimizer.{name}": tensor for name, tensor in trainer.optimizer.state_dict().items()}


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a checkpoint whose checksum is right."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError as error:
        raise DataError(
            f"{path}: expected a checkpoint in safetensors format, got a damaged file ({error}); delete it and train "
            "again"
        ) from error
    if metadata.get("format") != FORMAT:
        raise DataError(f"{path}: expected a file that says {FORMAT!r}, got {metadata.get('format')!r}")
    checksum = metadata.pop("sha256", None)
    if _digest(tensors, metadata) != checksum:
        raise DataError(
            f"{path}: the checksum does not fit the contents, the file is damaged; delete it and train again"
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
