"""Independent categorical distributions over the decisions of a product space: what many methods learn."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from shareornot.methods.contract import Setup
from shareornot.methods.refusals import check_whole_product
from shareornot.spaces import ProductSpace
from shareornot.supernet.contract import Architectures

Choices = Integer[np.ndarray, "architectures decisions"]
INITIAL_SPREAD = 1e-3
"""Standard deviation of the initial logits, as in the authors' code of DARTS and GDAS."""


def whole_product(setup: Setup, method: str) -> ProductSpace:
    """The space of a setup, where every combination of choices is an architecture to train.

    Raises:
        SettingsError: the space is no product, or only a part of it is trained.
    """
    check_whole_product(method, setup.space, len(setup.architectures))
    assert isinstance(setup.space, ProductSpace)
    return setup.space


class Preferences:
    """Logits of the options of each decision.

    Args:
        setup: a whole product space; the seed of the training draws the initial logits.
        method: name of the method, for messages.

    Raises:
        SettingsError: the space is no product, or only a part of it is trained.
    """

    def __init__(self, setup: Setup, method: str) -> None:
        self.space = whole_product(setup, method)
        _, first = next(setup.network.named_parameters())
        generator = torch.Generator().manual_seed(setup.training.seed)
        self.logits = [
            (INITIAL_SPREAD * torch.randn(len(decision.options), generator=generator))
            .to(first.device, first.dtype)
            .requires_grad_()
            for decision in self.space.decisions
        ]

    def probabilities(self) -> list[Float[Tensor, " options"]]:
        """The probability of each option of each decision."""
        return [logits.softmax(0) for logits in self.logits]

    def log_probability(self, choices: Choices) -> Float[Tensor, " architectures"]:
        """The logarithm of the probability of each combination of choices, differentiable in the logits."""
        columns = torch.from_numpy(np.ascontiguousarray(choices.T)).to(self.logits[0].device)
        found = [logits.log_softmax(0)[column] for logits, column in zip(self.logits, columns, strict=True)]
        return torch.stack(found).sum(dim=0)

    def draw(self, rng: np.random.Generator, number: int) -> Choices:
        """Draw combinations of choices by their probabilities."""
        columns = []
        for probabilities in self.probabilities():
            cumulative = probabilities.detach().double().cumsum(0).cpu().numpy()
            points = rng.random(number) * cumulative[-1]
            columns.append(np.minimum(np.searchsorted(cumulative, points, side="right"), len(cumulative) - 1))
        return np.stack(columns, axis=1)

    def best(self) -> int:
        """The architecture of the most probable option of each decision."""
        choices = np.array([[int(logits.argmax()) for logits in self.logits]])
        return int(self.space.architectures(choices)[0])

    def scores(self, architectures: Architectures) -> Iterator[float]:
        """The log-probability of each architecture; of its first combination of choices, where several give it."""
        with torch.no_grad():
            yield from self.log_probability(self.space.choices(np.asarray(architectures))).tolist()

    def state_dict(self) -> dict[str, Tensor]:
        """The logits by name."""
        return {f"logits.{number}": logits.detach() for number, logits in enumerate(self.logits)}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the logits from a checkpoint."""
        for number, logits in enumerate(self.logits):
            logits.copy_(state[f"logits.{number}"])


def prefixed(parts: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    """Several states as one, each name behind that of its part."""
    return {f"{part}.{name}": tensor for part, state in parts.items() for name, tensor in state.items()}


def part_of(state: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    """One of the states that `prefixed` put together."""
    return {name.removeprefix(f"{part}."): t for name, t in state.items() if name.startswith(f"{part}.")}


def gumbel(rng: np.random.Generator, like: Sequence[Tensor]) -> list[Tensor]:
    """Independent standard Gumbel numbers, all finite, in vectors like those given."""
    drawn = []
    for vector in like:
        numbers = rng.gumbel(size=len(vector))
        while not np.isfinite(numbers).all():
            numbers = rng.gumbel(size=len(vector))
        drawn.append(torch.from_numpy(numbers).to(vector.device, vector.dtype))
    return drawn
