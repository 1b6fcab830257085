"""Balanced sampling: classes of architectures alike, and architectures of a class alike (EFS-NAS)."""

import numpy as np
from jaxtyping import Integer

from shareornot.errors import SettingsError
from shareornot.methods.contract import Indices, Setup
from shareornot.methods.single_path import Draw, Groups, SinglePath

CONVOLUTIONS, CONNECTED = "path_convolutions", "connected"
"""Features of NAS-Bench-201 that the classes of EFS-NAS are made of."""


def balanced(setup: Setup, *, feature: str = "", num_classes: int = 10) -> SinglePath:
    """Train one architecture per step, from classes of architectures that are drawn equally often.

    On NAS-Bench-201, c is the largest number of convolutions on a path from input to output without `none`. By default
    one of the classes c <= 1, c = 2 and c = 3 is drawn, then a connected architecture in it. With a feature, its values
    are the classes, which works on every space that has it.

    Args:
        setup: network, space and settings.
        feature: name of a feature of the space; empty for the classes of NAS-Bench-201.
        num_classes: most classes; a numeric feature with more values is cut into this number of classes of about
            equally many architectures.

    References: Oh et al. 2024, "Efficient Few-Shot Neural Architecture Search by Counting the Number of Nonlinear
    Functions" (EFS-NAS).
    """
    if num_classes < 1:
        raise SettingsError(f"method balanced, num_classes: expected at least 1, got {num_classes}")
    architectures = setup.architectures
    features = setup.space.features(architectures)
    if feature:
        if feature not in features:
            raise SettingsError(
                f"method balanced, feature: expected one of {', '.join(features) or 'none, as the space has none'}, "
                f"got {feature!r}"
            )
        return SinglePath(setup, draw_balanced(architectures, classes_of(features[feature], num_classes)))
    if CONVOLUTIONS not in features or CONNECTED not in features:
        raise SettingsError(
            f"method balanced: expected a feature of {setup.space.name} that defines the classes, such as "
            f"{next(iter(features), 'none, as the space has none')}; without one it works on nasbench201"
        )
    connected = features[CONNECTED].astype(bool)
    if not connected.any():
        raise SettingsError("method balanced: expected some connected architectures, got none")
    classes = np.maximum(features[CONVOLUTIONS][connected].astype(np.int64), 1)
    return SinglePath(setup, draw_balanced(architectures[connected], classes))


def classes_of(values: np.ndarray, num_classes: int) -> Integer[np.ndarray, " architectures"]:
    """The class of each architecture: one for each value of a feature, or for each of some quantile groups."""
    distinct, classes = np.unique(values, return_inverse=True)
    if len(distinct) <= num_classes or values.dtype.kind not in "if":
        return classes
    edges = np.unique(np.quantile(values, np.arange(1, num_classes) / num_classes))
    return np.searchsorted(edges, values, side="right")


def draw_balanced(architectures: Indices, classes: Integer[np.ndarray, " architectures"]) -> Draw:
    """Draws a class, each with the same probability, then an architecture in it, each with the same probability."""
    order = np.argsort(classes, kind="stable")
    _, starts, sizes = np.unique(classes[order], return_index=True, return_counts=True)

    def draw(rng: np.random.Generator, num_draws: int) -> Groups:
        chosen = rng.integers(len(sizes), size=num_draws)
        groups: Groups = architectures[order[starts[chosen] + rng.integers(sizes[chosen])]][:, None]
        return groups

    return draw
