"""The protocol of methods: one way to train shared weights, with an optional preference among architectures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Integer

from shareornot.errors import SettingsError
from shareornot.images import ImageSet
from shareornot.spaces import Space
from shareornot.supernet.contract import Architectures, SuperNet
from shareornot.supernet.settings import EvaluationSettings, TrainingSettings
from shareornot.supernet.training import Learner

PARAMETERS = "number of parameters"
"""Name of a size that spaces give, see `Space.sizes`."""
Indices = Integer[np.ndarray, " architectures"]


@runtime_checkable
class Scorer(Protocol):
    """What rates architectures; the higher, the better. `shareornot.supernet.Evaluator` is one."""

    def scores(self, architectures: Architectures) -> Iterator[float]:
        """The score of each architecture in turn."""


@runtime_checkable
class Method(Learner, Protocol):
    """One way to train shared weights.

    `tests/methods/test_contract.py` states what every method must do: it resumes bit by bit after any step, follows
    from the seed alone, and leaves alone the parameters that a step does not use.
    """

    def scorer(self) -> Scorer | None:
        """The method's own preference among architectures, such as their log-probability; None if it has none.

        The accuracy under the shared weights, by which every method can be judged, is that of
        `shareornot.supernet.Evaluator`.
        """


@runtime_checkable
class Chooser(Protocol):
    """A method that returns an architecture of its own once it is trained."""

    def own_choice(
        self,
        images: ImageSet,
        evaluation: EvaluationSettings,
        rng: np.random.Generator,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """The architecture that the method would return.

        Args:
            images: image set on the device of the network; only the validation images decide.
            evaluation: how architectures are scored, where the choice needs scores.
            rng: source of what is drawn.
            should_stop: called now and then where the choice takes long.

        Raises:
            Interrupted: `should_stop` turned true; the same call begins again.
        """


@dataclass(frozen=True, slots=True)
class Setup:
    """The arguments from which a method is built."""

    network: SuperNet
    space: Space
    architectures: Indices
    """Numbers of the architectures to train; at least one."""
    training: TrainingSettings

    def __post_init__(self) -> None:
        if len(self.architectures) == 0:
            raise SettingsError("space: expected at least one architecture to train, got none")
