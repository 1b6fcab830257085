"""NAO: a pool of architectures, of which the worse half is replaced by what a gradient in an embedding leads to."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import ImageSet
from shareornot.methods.adam import Adam
from shareornot.methods.batch_accuracy import batch_accuracies
from shareornot.methods.contract import Indices, Scorer, Setup
from shareornot.methods.costs import NAO_BATCHES, NAO_POOL_SIZE, NAO_ROUNDS
from shareornot.methods.preferences import part_of, prefixed, whole_product
from shareornot.methods.rsws import until_stopped
from shareornot.methods.sequence_model import SequenceModel
from shareornot.methods.single_path import with_clipping
from shareornot.supernet.contract import Architectures
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.gradients import path_gradients
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.settings import EvaluationSettings
from shareornot.supernet.training import Batch, Report, Step

LEARNING_RATE, CLIP_NORM = 1e-3, 5.0
STEP_LENGTH, MOST_LENGTHS = 0.25, 20
"""Lengths of steps in the embedding, which grow by this length until enough new architectures were found."""


def nao(
    setup: Setup, *, pool_size: int = NAO_POOL_SIZE, num_rounds: int = NAO_ROUNDS, num_model_steps: int = 300
) -> "NAO":
    """Train one architecture of a pool per step, and renew the pool by a gradient in an embedding of architectures.

    At the end of each round, the pool is scored on validation images; an encoder, a predictor and a decoder learn from
    these scores; and steps of growing length along the gradient of the predicted accuracy, from the better half of the
    pool, lead to new architectures, which replace the worse half. Where they are too few, random ones fill up. The pool
    of the last round is not renewed. Sizes follow the space here; the paper has 600 architectures, of which it replaces
    300. The predicted accuracy is the method's own preference.

    Args:
        setup: a whole product space; gradients are clipped at a norm of 5 unless the optimizer sets another norm.
        pool_size: architectures in the pool, at most half of the space.
        num_rounds: rounds of about equally many epochs.
        num_model_steps: steps of the encoder, predictor and decoder at the end of each.

    References: Luo et al. 2018, arXiv:1808.07233, section 4.
    """
    if pool_size < 4 or num_rounds < 1 or num_model_steps < 1:
        raise SettingsError(
            "method nao: expected pool_size from 4, num_rounds and num_model_steps from 1, got "
            f"{pool_size}, {num_rounds} and {num_model_steps}"
        )
    return NAO(with_clipping(setup), pool_size, num_rounds, num_model_steps)


class NAO:
    """See `nao`."""

    def __init__(self, setup: Setup, pool_size: int, num_rounds: int, num_model_steps: int) -> None:
        self.space, self.network, self.training = whole_product(setup, "nao"), setup.network, setup.training
        self.num_model_steps = num_model_steps
        epochs = setup.training.epochs
        self.round_ends = {round(epochs * (number + 1) / num_rounds) - 1 for number in range(num_rounds)}
        _, first = next(setup.network.named_parameters())
        sizes = [len(decision.options) for decision in self.space.decisions]
        self.model = SequenceModel(sizes, setup.training.seed).to(first.device, first.dtype)
        self.adam = Adam(list(self.model.parameters()), LEARNING_RATE, clip_norm=CLIP_NORM)
        self.optimizer = PartialOptimizer(dict(setup.network.named_parameters()), setup.training.optimizer)
        rng = np.random.default_rng([setup.training.seed, 4])
        size = min(pool_size, len(self.space) // 2)
        self.pool = torch.from_numpy(rng.choice(self.space.members, size, replace=False).astype(np.int64))

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Move the shared weights; after the last step of a round, train the second model and renew the pool."""
        rng = at.rng()
        paths = self.pool[torch.from_numpy(rng.integers(len(self.pool), size=self.training.paths_per_step))].tolist()
        loss, regions = path_gradients(self.network, paths, train)
        self.optimizer.step(regions, at.learning_rate)
        if at.position == at.steps_per_epoch - 1 and at.epoch in self.round_ends:
            batches = [validation() for _ in range(NAO_BATCHES)]
            scores = [batch_accuracies(self.network, self.pool.tolist(), batch) for batch in batches]
            accuracies = torch.stack(scores).mean(dim=0)
            self.learn(accuracies)
            if at.epoch < at.num_epochs - 1:
                self.renew(accuracies, rng)
        return Report(loss)

    def learn(self, accuracies: Tensor) -> None:
        """Train encoder, predictor and decoder on the pool, with accuracies scaled to 0 .. 1."""
        choices = self.space.choices(self.pool.numpy())
        low, high = accuracies.min(), accuracies.max()
        scaled = ((accuracies - low) / (high - low).clamp_min(1e-12)).to(self.model.start)
        parameters = list(self.model.parameters())
        for _ in range(self.num_model_steps):
            self.adam.step(torch.autograd.grad(self.model.loss(choices, scaled), parameters, allow_unused=True))

    def renew(self, accuracies: Tensor, rng: np.random.Generator) -> None:
        """Replace the worse half of the pool."""
        order = np.argsort(-accuracies.cpu().numpy(), kind="stable")
        kept = self.pool.numpy()[order[: len(order) - len(order) // 2]]
        wanted = len(order) // 2
        found: Indices = np.zeros(0, np.int64)
        for number in range(1, MOST_LENGTHS + 1):
            better = self.space.architectures(self.model.improve(self.space.choices(kept), number * STEP_LENGTH))
            new = better[~np.isin(better, np.concatenate([self.pool.numpy(), found]))]
            found = np.concatenate([found, new[np.sort(np.unique(new, return_index=True)[1])]])
            if len(found) >= wanted:
                break
        rest = np.setdiff1d(self.space.members, np.concatenate([self.pool.numpy(), found]))
        filling = rng.choice(rest, max(0, wanted - len(found)), replace=False)
        self.pool.copy_(torch.from_numpy(np.concatenate([kept, found[:wanted], filling]).astype(np.int64)))

    def scorer(self) -> Scorer | None:
        """The predicted accuracy of an architecture, on a scale of its own."""
        return self

    def scores(self, architectures: Architectures) -> Iterator[float]:
        """Predicted accuracies; of the first combination of choices, where several give an architecture."""
        with torch.no_grad():
            choices = self.space.choices(np.asarray(architectures))
            yield from self.model.predict(self.model.encode(choices)).tolist()

    def own_choice(
        self,
        images: ImageSet,
        evaluation: EvaluationSettings,
        rng: np.random.Generator,  # noqa: ARG002
        should_stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """The best of the last pool on the validation images."""
        pool = self.pool.numpy()
        scores = until_stopped(Evaluator(self.network, images, evaluation).scores(pool), should_stop)
        return int(pool[np.argmax(list(scores))])

    def state_dict(self) -> dict[str, Tensor]:
        """Pool, second model, and the state of both optimizers."""
        return prefixed(
            {
                "model": dict(self.model.state_dict()),
                "adam": self.adam.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "pool": {"architectures": self.pool},
            }
        )

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint."""
        self.model.load_state_dict(part_of(state, "model"))
        self.adam.load_state_dict(part_of(state, "adam"))
        self.optimizer.load_state_dict(part_of(state, "optimizer"))
        self.pool.copy_(part_of(state, "pool")["architectures"])
