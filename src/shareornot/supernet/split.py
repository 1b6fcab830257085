"""Super-nets that share less: a copy of the weights for each group of architectures.

Before the split, the first copy computes all architectures; from then on, each group has its own. Groups are named in
the settings of the network:

    random:4             four groups of equal size, drawn once for all
    decision:edge_0_1    one group for each option of a decision of a product family
    prefix:2             one group for each combination of the first decisions
    gradients:2          two groups of options of one decision, which few-shot training chooses when it splits

References: Zhao et al. 2021, arXiv:2006.06863; Zhang et al. 2020, arXiv:2001.01431; Hu et al. 2022, arXiv:2203.15207.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from shareornot.errors import SettingsError
from shareornot.spaces import ProductSpace, Space
from shareornot.supernet.contract import Regions, SuperNet, used_regions
from shareornot.supernet.settings import NetworkSettings

MOST_GROUPS = 64
BY_GRADIENTS = "gradients:2"


class SplitSuperNet(nn.Module):
    """A super-net with a copy of its weights for each group.

    Args:
        build: makes a copy; all are alike.
        groups: the group of each architecture of the family, from 0.
        config: settings of the network.
        family: family of the space.
    """

    is_split: Tensor
    chosen: Tensor

    def __init__(
        self,
        build: Callable[[], SuperNet],
        groups: Int64[np.ndarray, " architectures"],
        config: NetworkSettings,
        family: str,
    ) -> None:
        super().__init__()
        self.groups, self.config, self.family = groups, config, family
        self.nets = nn.ModuleList()
        for _ in range(int(groups.max()) + 1):
            net = build()
            assert isinstance(net, nn.Module)
            self.nets.append(net)
        self.register_buffer("is_split", torch.zeros((), dtype=torch.bool))
        self.by_gradients = config.groups == BY_GRADIENTS
        """Whether the groups are chosen when the network is split; what was chosen is a buffer then."""
        if self.by_gradients:
            self.register_buffer("chosen", torch.from_numpy(groups.astype(np.uint8)))
        self.active = 0

    @property
    def num_groups(self) -> int:
        """Copies of the weights."""
        return len(self.nets)

    def activate(self, architecture: int) -> None:
        """Let `forward` compute this architecture, with the weights of its group."""
        groups = self.chosen if self.by_gradients else self.groups
        self.active = int(groups[architecture]) if self.is_split else 0
        self.net.activate(architecture)

    @property
    def net(self) -> SuperNet:
        """The copy that is active."""
        net = self.nets[self.active]
        assert isinstance(net, SuperNet)
        return net

    def forward(self, images_BCHW: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K"]:
        """Logits of the active architecture."""
        return self.net(images_BCHW)

    def used_regions(self) -> Regions:
        """The parameters that the active architecture uses."""
        return used_regions(self.net)

    def choose(self, groups: Int64[np.ndarray, " architectures"]) -> None:
        """Set the group of each architecture of the family, before the split."""
        self.chosen.copy_(torch.from_numpy(groups.astype(np.uint8)))

    def split(self) -> None:
        """Let all groups begin with the weights of the first copy, each on its own from now on."""
        state = self.nets[0].state_dict()
        for net in list(self.nets)[1:]:
            net.load_state_dict(state)
        self.is_split.fill_(True)


def groups_of(space: Space, words: str) -> Int64[np.ndarray, " architectures"]:
    """The group of each architecture of a family.

    Args:
        space: the whole family.
        words: such as `random:4`, `decision:edge_0_1` or `prefix:2`.

    Raises:
        SettingsError: no such grouping, or too many groups.
    """
    kind, _, value = words.partition(":")
    groups: Int64[np.ndarray, " architectures"] | None = None
    if kind == "random" and value.isdigit() and 2 <= int(value) <= MOST_GROUPS:
        groups = np.random.default_rng(0).permutation(len(space)) % int(value)
    elif words == BY_GRADIENTS:
        groups = np.arange(len(space)) % 2  # until they are chosen
    elif kind in ("decision", "prefix") and isinstance(space, ProductSpace):
        choices, names = space.choices(space.members), [decision.name for decision in space.decisions]
        if kind == "decision" and value in names:
            groups = choices[:, names.index(value)]
        elif kind == "prefix" and value.isdigit() and 1 <= int(value) <= len(names):
            sizes = tuple(len(decision.options) for decision in space.decisions[: int(value)])
            groups = np.ravel_multi_index(tuple(choices[:, : int(value)].T), sizes)
    if groups is None or groups.max() >= MOST_GROUPS:
        decisions = [decision.name for decision in space.decisions] if isinstance(space, ProductSpace) else []
        expected = f"random:K with K from 2 to {MOST_GROUPS}, {BY_GRADIENTS}"
        if decisions:
            expected += (
                f", decision:NAME with one of {', '.join(decisions)}, or prefix:N with at most {MOST_GROUPS} groups"
            )
        raise SettingsError(f"network.groups: expected {expected} on {space.name}, got {words!r}")
    return groups.astype(np.int64)
