"""The second model of NAO: an encoder of architectures, a predictor of their accuracy, and a decoder back."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Integer
from torch import Tensor, nn

Choices = Integer[np.ndarray, "architectures decisions"]
Embedding = Float[Tensor, "architectures decisions units"]
UNITS = 48
"""Units of both LSTMs; the paper has 96."""
INITIAL_BOUND = 0.1
ACCURACY_WEIGHT = 0.8
"""Weight of the squared error of the accuracy; the rest is that of the likelihood of the sequence."""


class SequenceModel(nn.Module):
    """Encoder, predictor and decoder over sequences of choices.

    The encoder is an LSTM whose outputs, each of norm 1, are the embedding of an architecture. The predictor reads
    their mean. The decoder is an LSTM that starts at that mean and attends to the embedding.

    Args:
        sizes: number of options of each decision.
        seed: seed of the initial weights, uniform in [-0.1, 0.1].

    References: Luo et al. 2018, arXiv:1808.07233, section 3.
    """

    def __init__(self, sizes: Sequence[int], seed: int) -> None:
        super().__init__()
        self.words = nn.ModuleList(nn.Embedding(size, UNITS) for size in sizes)
        self.encoder = nn.LSTMCell(UNITS, UNITS)
        self.predictor = nn.Sequential(nn.Linear(UNITS, UNITS), nn.ReLU(), nn.Linear(UNITS, 1), nn.Sigmoid())
        self.start = nn.Parameter(torch.empty(1, UNITS))
        self.decoder = nn.LSTMCell(UNITS, UNITS)
        self.attended = nn.Linear(2 * UNITS, UNITS)
        self.heads = nn.ModuleList(nn.Linear(UNITS, size) for size in sizes)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-INITIAL_BOUND, INITIAL_BOUND, generator=generator)

    def encode(self, choices: Choices) -> Embedding:
        """The embedding of each architecture."""
        state: tuple[Tensor, Tensor] | None = None
        outputs = []
        for word, column in zip(self.words, self._columns(choices), strict=True):
            state = self.encoder(word(column), state)
            outputs.append(F.normalize(state[0], dim=1))
        return torch.stack(outputs, dim=1)

    def predict(self, embedding: Embedding) -> Float[Tensor, " architectures"]:
        """The accuracy of each architecture, on the scale from 0 to 1 that training used."""
        accuracies: Tensor = self.predictor(embedding.mean(dim=1))[:, 0]
        return accuracies

    def decode(self, embedding: Embedding, given: Choices | None = None) -> tuple[Choices, Float[Tensor, ""]]:
        """Decode embeddings into architectures.

        Args:
            embedding: embedding of some architectures.
            given: the options that the decoder receives as its output so far, as in training; else the most probable
                ones.

        Returns:
            The most probable option of each decision, and the mean negative log-likelihood of `given`, or of these.
        """
        given_columns = None if given is None else self._columns(given)
        word = self.start.expand(len(embedding), -1)
        state = (embedding.mean(dim=1), torch.zeros_like(word))
        columns, losses = [], []
        for position, head in enumerate(self.heads):
            state = self.decoder(word, state)
            attention = torch.einsum("nu,ndu->nd", state[0], embedding).softmax(dim=1)
            context = torch.einsum("nd,ndu->nu", attention, embedding)
            logits = head(torch.tanh(self.attended(torch.cat([state[0], context], dim=1))))
            columns.append(logits.argmax(dim=1))
            column = columns[-1] if given_columns is None else given_columns[position]
            losses.append(F.cross_entropy(logits, column))
            word = self.words[position](column)
        return torch.stack(columns, dim=1).cpu().numpy(), torch.stack(losses).mean()

    def loss(self, choices: Choices, accuracies: Float[Tensor, " architectures"]) -> Float[Tensor, ""]:
        """0.8 times the squared error of the accuracies plus 0.2 times the negative log-likelihood of the sequences."""
        embedding = self.encode(choices)
        error = F.mse_loss(self.predict(embedding), accuracies)
        return ACCURACY_WEIGHT * error + (1 - ACCURACY_WEIGHT) * self.decode(embedding, choices)[1]

    def improve(self, choices: Choices, length: float) -> Choices:
        """Decode the result of a step of this length along the gradient of the predicted accuracy."""
        embedding = self.encode(choices).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.predict(embedding).sum(), embedding)
        norms = gradient.flatten(1).norm(dim=1).clamp_min(1e-12)
        with torch.no_grad():
            return self.decode(embedding + length * gradient / norms[:, None, None])[0]

    def _columns(self, choices: Choices) -> Integer[Tensor, "decisions architectures"]:
        return torch.from_numpy(np.ascontiguousarray(choices.T)).to(self.start.device)
