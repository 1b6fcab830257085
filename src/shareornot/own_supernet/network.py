"""A user's module as a super-net whose architectures are numbers."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from shareornot.errors import ArchitectureError, ShareOrNotError
from shareornot.own_supernet.activation import Activate, activation_of
from shareornot.own_supernet.architectures import OwnArchitectures


class OwnSuperNet:
    """A `shareornot.supernet.SuperNet` around a user's module, which it changes in no way.

    Args:
        module: any module that one of its methods, or `activate`, lets compute an architecture.
        architectures: architectures of the module.
        activate: function in place of a method of the module.

    Raises:
        SettingsError: nothing activates an architecture.
    """

    def __init__(self, module: nn.Module, architectures: OwnArchitectures, activate: Activate | None = None) -> None:
        self._activate = activation_of(module, activate)
        self.module, self.architectures = module, architectures
        for name in ("mix", "used_regions"):
            if callable(method := getattr(module, name, None)):
                setattr(self, name, method)

    @property
    def training(self) -> bool:
        """Whether the module is in training mode."""
        return self.module.training

    @training.setter
    def training(self, mode: bool) -> None:
        self.module.training = mode

    def activate(self, architecture: int) -> None:
        """Let the module compute the architecture with this number.

        Raises:
            ArchitectureError: the module refuses it.
        """
        try:
            self._activate(self.architectures.value(architecture))
        except ShareOrNotError:
            raise
        except Exception as error:
            raise ArchitectureError(
                f"architecture {self.architectures.text(architecture)[:80]!r}: expected one that "
                f"{type(self.module).__name__} can activate, got {error_text(error)}; check the list of architectures"
            ) from error

    def __call__(self, images: Tensor) -> Tensor:
        """What the module computes of images."""
        logits: Tensor = self.module(images)
        return logits

    def train(self, mode: bool = True) -> nn.Module:
        """Set training or evaluation mode."""
        return self.module.train(mode)

    def to(self, *args: Any, **kwargs: Any) -> nn.Module:
        """Move parameters and buffers."""
        return self.module.to(*args, **kwargs)

    def modules(self) -> Iterator[nn.Module]:
        """All modules."""
        return self.module.modules()

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """All parameters by name."""
        return self.module.named_parameters()

    def state_dict(self) -> dict[str, Tensor]:
        """Parameters and buffers by name."""
        return self.module.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take parameters and buffers."""
        return self.module.load_state_dict(state_dict)


def error_text(error: Exception) -> str:
    """The type of an error and the first line of its message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
