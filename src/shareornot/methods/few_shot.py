"""Sharing less: weights are split among groups of architectures, late (few-shot) or from the start (groups)."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.methods.contract import Method, Scorer, Setup
from shareornot.methods.gradient_matching import matched_groups
from shareornot.methods.preferences import whole_product
from shareornot.methods.refusals import groups_missing
from shareornot.methods.single_path import SinglePath
from shareornot.spaces import ProductSpace
from shareornot.supernet.split import SplitSuperNet
from shareornot.supernet.training import Batch, Report, Step


def few_shot(setup: Setup, *, base: str = "uniform", shared_part: float = 0.5, num_contexts: int = 8) -> "FewShot":
    """Train one super-net, then a copy of it for each group of architectures, by another single-path method.

    The setting `network.groups` defines the groups, such as one for each option of a decision. The children start
    with the weights and the momentum of their parent, and the learning rate continues along its cosine. A step trains
    the child of the architecture that is drawn, so that each child gets its share of the remaining steps.

    Args:
        setup: a super-net with groups.
        base: name of the single-path method that draws architectures.
        shared_part: part of the epochs before the split.
        num_contexts: with `network.groups` of `gradients:2`, contexts in which the gradients of options are compared,
            see `shareornot.methods.gradient_matching`.

    References: Zhao et al. 2021, arXiv:2006.06863, section 3; Hu et al. 2022, arXiv:2203.15207.
    """
    if num_contexts < 1:
        raise SettingsError(f"method few-shot, num_contexts: expected at least 1, got {num_contexts}")
    if not 0 < shared_part < 1:
        raise SettingsError(f"method few-shot, shared_part: expected between 0 and 1, got {shared_part}")
    return FewShot(setup, "few-shot", base, max(1, round(shared_part * setup.training.epochs)), num_contexts)


def groups(setup: Setup, *, base: str = "uniform") -> "FewShot":
    """Train a super-net of its own for each group of architectures, all from one start, by another single-path method.

    Args:
        setup: a super-net with groups, see the setting `network.groups`.
        base: name of the single-path method that draws architectures.

    References: Zhang et al. 2020, arXiv:2001.01431, section 4.
    """
    if isinstance(setup.network, SplitSuperNet) and setup.network.by_gradients:
        raise SettingsError(
            "method groups: expected groups that are known from the start, such as random:4, got gradients:2, which is "
            "for few-shot"
        )
    return FewShot(setup, "groups", base, 0)


class FewShot:
    """A single-path method over a super-net that is split when an epoch begins."""

    samples_architectures = True

    def __init__(self, setup: Setup, name: str, base: str, split_epoch: int, num_contexts: int = 0) -> None:
        from shareornot.methods.registry import build_method

        if not isinstance(setup.network, SplitSuperNet):
            raise groups_missing(name)
        self.network, self.split_epoch, self.num_contexts = setup.network, split_epoch, num_contexts
        self.product = whole_product(setup, f"{name} with gradients:2") if setup.network.by_gradients else None
        inner: Method = build_method(replace(setup, training=replace(setup.training, method=base, options={})))
        if not isinstance(inner, SinglePath):
            raise SettingsError(f"method {name}, base: expected a single-path method, such as uniform, got {base}")
        self.inner = inner

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Split where it is time, then do the step of the base."""
        if at.epoch >= self.split_epoch and not self.network.is_split:
            if self.product is not None:
                self._choose_groups(self.product, at, validation)
            self.network.split()
            states = self.inner.optimizer.states
            for name, tensors in states.items():
                _, number, rest = name.split(".", 2)
                if number != "0":
                    for own, parents in zip(tensors, states[f"nets.0.{rest}"], strict=True):
                        own.copy_(parents)
        return self.inner.step(at, train, validation)

    def _choose_groups(self, space: ProductSpace, at: Step, validation: Callable[[], Batch]) -> None:
        """Give each architecture the group of the option that it has of the decision that is split."""
        position, groups = matched_groups(self.network, space, validation, at.rng(), self.num_contexts)
        of_family = np.zeros(len(self.network.groups), np.int64)
        of_family[space.members] = groups[space.choices(space.members)[:, position]]
        self.network.choose(of_family)

    def scorer(self) -> Scorer | None:
        """The scorer of the base."""
        return self.inner.scorer()

    def state_dict(self) -> dict[str, Tensor]:
        """The state of the base; whether the network is split is a buffer of the network."""
        return self.inner.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state of the base from a checkpoint."""
        self.inner.load_state_dict(state)
