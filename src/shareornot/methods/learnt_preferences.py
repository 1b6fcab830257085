"""The base of methods that learn independent categorical distributions of the options: DARTS, SNAS, GDAS, PARSEC."""

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from shareornot.images import ImageSet
from shareornot.methods.adam import Adam
from shareornot.methods.contract import Scorer, Setup
from shareornot.methods.preferences import Preferences, part_of, prefixed
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.settings import EvaluationSettings


class LearntPreferences:
    """A super-net, logits of the options, and an optimizer for each.

    Args:
        setup: a whole product space; its settings name the optimizer of the shared weights.
        method: name of the method, for messages.
        make_adam: makes the optimizer of the logits.

    Raises:
        SettingsError: the space is no product, or only a part of it is trained.
    """

    def __init__(self, setup: Setup, method: str, make_adam: Callable[[Sequence[Tensor]], Adam]) -> None:
        self.network = setup.network
        self.preferences = Preferences(setup, method)
        self.adam = make_adam(self.preferences.logits)
        self.optimizer = PartialOptimizer(dict(setup.network.named_parameters()), setup.training.optimizer)

    def scorer(self) -> Scorer | None:
        """The log-probability of an architecture under the softmax of the logits."""
        return self.preferences

    def own_choice(
        self,
        images: ImageSet,  # noqa: ARG002
        evaluation: EvaluationSettings,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
        should_stop: Callable[[], bool] = lambda: False,  # noqa: ARG002
    ) -> int:
        """The most probable option of each decision."""
        return self.preferences.best()

    def state_dict(self) -> dict[str, Tensor]:
        """Logits and the state of both optimizers."""
        return prefixed(
            {
                "preferences": self.preferences.state_dict(),
                "adam": self.adam.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            }
        )

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint."""
        self.preferences.load_state_dict(part_of(state, "preferences"))
        self.adam.load_state_dict(part_of(state, "adam"))
        self.optimizer.load_state_dict(part_of(state, "optimizer"))
