"""Named settings as dictionaries: what an image set, a recipe, a variant and an evaluation change.

The settings of a study are these dictionaries merged in that order over the defaults of the settings classes, then the
study's own values; only the result is validated, see `study_settings`. A new name is one more entry here.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from shareornot.errors import SettingsError
from shareornot.studies.overrides import Values, merged, parse_value
from shareornot.supernet.settings import NetworkSettings

BASE: Values = {"evaluation": {"fine_tuning_steps": 20}}
"""Steps of fine-tuning under the name `ft`; the other evaluations set them to 0."""

IMAGE_SETS: Mapping[str, Values] = {
    "cifar10": {},
    "digits": {
        "network": {
            "num_filters": 8,
            "num_stacks": 3,
            "cells_per_stack": 2,
            "image_channels": 1,
            "max_vertices": 5,
            "bn_momentum": 0.1,
        },
        "training": {"epochs": 600, "batch_size": 50, "optimizer": {"name": "sgd", "learning_rate": 0.05}},
        "evaluation": {"batch_size": 50, "num_images": 200},
        "pool": {"num_cells": "all"},
    },
}
"""The setting on each image set; on CIFAR-10, and on any other, the defaults of the classes, which are the paper's."""

FAMILIES_ON_IMAGES: Mapping[tuple[str, str], Values] = {
    ("nasbench201", "digits"): {
        "network": {"num_filters": 4, "num_stacks": 3, "cells_per_stack": 3},
    },
    ("nasbench201", "cifar10"): {
        "network": {"num_filters": 16, "num_stacks": 3, "cells_per_stack": 5, "bn_momentum": 0.1},
    },
    ("macro", "digits"): {"network": {"num_filters": 8}},
    ("macro", "cifar10"): {"network": {"num_filters": 32, "bn_momentum": 0.1}},
}
"""What the super-nets of other families than NASBench-101 change on an image set: the sizes that they have there."""

RECIPES: Mapping[str, Values] = {
    "tuned": {
        "training": {
            "epochs": 16,
            "batch_size": 64,
            "schedule": "by-step",
            "optimizer": {
                "name": "adamw",
                "learning_rate": 3e-3,
                "momentum": 0.9,
                "smoothing": 0.99,
                "weight_decay": 0.05,
                "epsilon": 1e-8,
            },
        },
        "evaluation": {"num_images": "auto"},
    },
    "as-described": {},
    "as-published": {
        "training": {"optimizer": {"accumulate_epsilon": True, "move_whole_tensors": True}},
        "evaluation": {"adaptation": "last-batch"},
        "pool": {"with_replacement": True},
    },
}
"""Ours, which learns fast, see `docs/recipe.md`; what the paper's text describes; and what its published code did when
it made the printed numbers."""
DEFAULT_RECIPE = "tuned"
PAPER_RECIPES = {"as-published"}
"""Recipes that fit the paper's setting only, and not the digits."""

RECIPES_ON_IMAGES: Mapping[tuple[str, str], Values] = {("tuned", "digits"): {}}
"""Recipes that an image set has in a form of its own. On the digits, AdamW has not been shown to rank better than
gradient descent in the same time, so the setting of the image set is the tuned one."""

DEEP = 30
"""Operations in a row, see `NetworkSettings.depth`, from which a super-net counts as deep."""
RECIPES_IF_DEEP: Mapping[str, Values] = {
    "tuned": {
        "network": {"initial_weights": "aligned"},
        "training": {"optimizer": {"learning_rate": 2e-3}},
    },
}
"""What a recipe changes for a deep super-net, which does not learn from random initial weights."""

VARIANTS: Mapping[str, Values] = {
    "baseline": {},
    "single-k": {"network": {"single_kernel": True}},
    "pro-rata": {"training": {"method": "pro-rata"}},
    "avg-3": {"training": {"paths_per_step": 3}},
    "s-k+p-r": {"network": {"single_kernel": True}, "training": {"method": "pro-rata"}},
}
"""Ways to train a super-net: the columns of the paper's Table 1."""
VARIANTS_OF_RECIPES: Mapping[tuple[str, str], Values] = {
    ("as-published", "s-k+p-r"): {"training": {"paths_per_step": 3}},
}
"""What a variant changes in one recipe only."""

EVALUATIONS: Mapping[str, Values] = {
    "no-ft": {"adaptation": "none", "fine_tuning_steps": 0},
    "bns-ft": {"fine_tuning_steps": 0},
    "ft": {},
}
"""How cells are scored: with the running statistics, with adapted ones, or after training each cell a little alone."""


def supernet_layers(
    images: str, recipe: str, variant: str, *, depth: int = 0, family: str = "nasbench101"
) -> tuple[Values, ...]:
    """The dictionaries of an image set, a family, a recipe and a variant, in the order in which they are merged.

    Args:
        images: name of an image set.
        recipe: name of a recipe.
        variant: name of a variant.
        depth: depth of the network, see `NetworkSettings.depth`.
        family: family of the space.

    Raises:
        SettingsError: an unknown recipe or variant, or a recipe that does not fit the images.
    """
    check_choice("recipe", recipe, RECIPES)
    check_choice("variant", variant, VARIANTS)
    if images == "digits" and recipe in PAPER_RECIPES:
        raise SettingsError(f"recipe: expected tuned on digits, got {recipe}, which is the paper's")
    return (
        BASE,
        IMAGE_SETS.get(images, {}),
        FAMILIES_ON_IMAGES.get((family, images), {}),
        RECIPES_ON_IMAGES.get((recipe, images), RECIPES[recipe]),
        RECIPES_IF_DEEP.get(recipe, {}) if depth >= DEEP else {},
        VARIANTS[variant],
        VARIANTS_OF_RECIPES.get((recipe, variant), {}),
    )


def evaluation_layer(text: str) -> Values:
    """The changes of an evaluation: a name, and settings that differ, as in `bns-ft num_batches=8`.

    Raises:
        SettingsError: an unknown name, or a change that is no `name=value`.

    Example:
        >>> evaluation_layer("no-ft batch_size=100")
        {'adaptation': 'none', 'fine_tuning_steps': 0, 'batch_size': 100}
    """
    name, *changes = text.split() or [""]
    check_choice("evaluation", name, EVALUATIONS)
    values: Values = dict(EVALUATIONS[name])
    for change in changes:
        setting, sign, value = change.partition("=")
        if not sign or not setting or not value:
            raise SettingsError(
                f"evaluation {text!r}: expected a name and settings, as in 'bns-ft num_batches=8', got {change!r}"
            )
        values = merged(values, {setting: parse_value(value)})
    return values


def evaluation_text(usual: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    """The shortest text of an evaluation.

    Args:
        usual: the evaluation settings of `bns-ft`, by name.
        changes: the settings that differ, by name.

    Returns:
        A text that `evaluation_layer` reads.

    Example:
        >>> evaluation_text({"adaptation": "average", "num_batches": 4}, {"adaptation": "none", "num_batches": 8})
        'no-ft num_batches=8'
    """
    changes = {name: value for name, value in changes.items() if usual.get(name) != value}
    name = "bns-ft"
    if changes.get("fine_tuning_steps", 0):
        name = "ft"
        if changes["fine_tuning_steps"] == BASE["evaluation"]["fine_tuning_steps"]:
            del changes["fine_tuning_steps"]
    elif changes.get("adaptation") == "none":
        name = "no-ft"
        del changes["adaptation"]
    return " ".join([name, *(f"{one}={value}" for one, value in sorted(changes.items()))])


def check_choice(what: str, value: str, choices: Mapping[str, Any]) -> None:
    """Refuse a name that is not among some.

    Args:
        what: name of the setting, for the message.
        value: the name to check.
        choices: allowed values by name.

    Raises:
        SettingsError: it is not; the message names the nearest.
    """
    if value not in choices:
        near = get_close_matches(str(value), choices, 1, cutoff=0)[0]
        raise SettingsError(f"{what}: expected one of {', '.join(choices)}, got {value!r}; try {near!r}")


def digits_network() -> NetworkSettings:
    """The small network of the embedded benchmark: 8 filters, 3 stacks of 2 cells, for grey images."""
    return NetworkSettings(**IMAGE_SETS["digits"]["network"])


def digits201_network() -> NetworkSettings:
    """The small network of the benchmark digits-201."""
    sizes = FAMILIES_ON_IMAGES["nasbench201", "digits"]["network"]
    return NetworkSettings(**IMAGE_SETS["digits"]["network"] | sizes)
