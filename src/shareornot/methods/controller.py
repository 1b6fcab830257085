"""The controller of ENAS: a recurrent network that writes architectures, one decision after the other."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

Choices = Integer[np.ndarray, "architectures decisions"]
Choose = Callable[[int, Tensor], Tensor]
"""Maps the position of a decision and the log-probabilities of its options to the chosen options."""
HIDDEN = 100
"""Units of the LSTM."""
INITIAL_BOUND = 0.1
TEMPERATURE, TANH_CONSTANT = 5.0, 2.5
"""Logits are 2.5 tanh(logits / 5), so that early rewards do not decide everything."""


class Written(NamedTuple):
    """Architectures as the controller wrote or read them."""

    choices: Choices
    log_probability: Float[Tensor, " architectures"]
    entropy: Float[Tensor, " architectures"]
    """Sum over the decisions of the entropies of their options."""


class Controller(nn.Module):
    """An LSTM whose input is the embedding of the option just chosen, and whose state gives the logits of the next.

    Args:
        sizes: number of options of each decision.
        seed: seed of the initial weights, uniform in [-0.1, 0.1].

    References: Pham et al. 2018, arXiv:1802.03268, section 2.2.
    """

    def __init__(self, sizes: Sequence[int], seed: int) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.empty(1, HIDDEN))
        self.cell = nn.LSTMCell(HIDDEN, HIDDEN)
        self.embeddings = nn.ModuleList(nn.Embedding(size, HIDDEN) for size in sizes)
        self.heads = nn.ModuleList(nn.Linear(HIDDEN, size) for size in sizes)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-INITIAL_BOUND, INITIAL_BOUND, generator=generator)

    def write(self, rng: np.random.Generator, number: int) -> Written:
        """Draw architectures by the probabilities of the controller."""
        return self._run(number, lambda _, logits: _draw(rng, logits))

    def read(self, choices: Choices) -> Written:
        """The probabilities of given architectures."""
        columns = torch.from_numpy(np.ascontiguousarray(choices.T)).to(self.start.device)
        return self._run(len(choices), lambda number, _: columns[number])

    def _run(self, number: int, choose: Choose) -> Written:
        given = self.start.expand(number, -1)
        state: tuple[Tensor, Tensor] | None = None
        columns, log_probabilities, entropies = [], [], []
        for position, (embedding, head) in enumerate(zip(self.embeddings, self.heads, strict=True)):
            state = self.cell(given, state)
            logits = TANH_CONSTANT * torch.tanh(head(state[0]) / TEMPERATURE)
            log_p = logits.log_softmax(dim=1)
            column = choose(position, log_p)
            columns.append(column)
            log_probabilities.append(log_p.gather(1, column[:, None])[:, 0])
            entropies.append(-(log_p.exp() * log_p).sum(dim=1))
            given = embedding(column)
        return Written(
            torch.stack(columns, dim=1).cpu().numpy(),
            torch.stack(log_probabilities).sum(dim=0),
            torch.stack(entropies).sum(dim=0),
        )


def _draw(rng: np.random.Generator, log_p: Float[Tensor, "architectures options"]) -> Integer[Tensor, " architectures"]:
    """One option for each row, by its probabilities; drawn on the host, so that a seed means the same everywhere."""
    cumulative = log_p.detach().double().exp().cumsum(dim=1).cpu().numpy()
    points = rng.random(len(cumulative)) * cumulative[:, -1]
    columns = np.minimum((cumulative < points[:, None]).sum(axis=1), cumulative.shape[1] - 1)
    return torch.from_numpy(columns).to(log_p.device)
