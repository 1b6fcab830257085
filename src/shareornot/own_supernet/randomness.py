"""The global generators in a state that follows from a seed, while a user's code draws from them."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


class RandomStream:
    """A state of the global generators of PyTorch, NumPy and Python, of its own.

    Loaders, augmentation and dropout draw from the global generators. Within `active`, these have the state of the
    stream, which continues from block to block; outside, they are what they were, as if nothing had been drawn.

    Args:
        *seed: whole numbers that the stream follows from.
    """

    def __init__(self, *seed: int) -> None:
        self._seed: tuple[int, ...] | None = seed
        self._state: Any = None

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within the block, draws come from this stream."""
        outside = _state()
        if self._seed is not None:
            torch_seed, other_seed = np.random.SeedSequence(self._seed).generate_state(2).tolist()
            torch.default_generator.manual_seed(torch_seed)
            if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
                torch.cuda.manual_seed_all(torch_seed)
            np.random.seed(other_seed)  # noqa: NPY002 (the generator that augmentations of others draw from)
            random.seed(other_seed)
            self._seed = None
        else:
            _set(self._state)
        try:
            yield
        finally:
            self._state = _state()
            _set(outside)


def _state() -> tuple[Any, ...]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
    return torch.get_rng_state(), cuda, np.random.get_state(), random.getstate()  # noqa: NPY002


def _set(state: tuple[Any, ...]) -> None:
    on_host, cuda, of_numpy, of_python = state
    torch.set_rng_state(on_host)
    if cuda is not None:
        torch.cuda.set_rng_state_all(cuda)
    np.random.set_state(of_numpy)  # noqa: NPY002
    random.setstate(of_python)
