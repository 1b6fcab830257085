"""How many validation images the scores of a super-net need to reach a given reliability."""

from dataclasses import replace

import numpy as np

from shareornot.images import ImageSet
from shareornot.statistics.split_half import images_needed, split_half_reliability
from shareornot.supernet.contract import Architectures, SuperNet
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.settings import EvaluationSettings

PILOT_ARCHITECTURES, PILOT_IMAGES = 60, 1_000
"""Architectures and images of the pilot, or as many as there are."""
ROUNDING = 250
"""The number of images is rounded up to a multiple of this."""


def enough_images(
    network: SuperNet, images: ImageSet, config: EvaluationSettings, architectures: Architectures
) -> EvaluationSettings:
    """Choose the number of validation images where the settings leave it open.

    A pilot scores the first architectures on a few images. From the reliability of its scores follows how many images
    give 0.95, by the formula of Spearman and Brown. The choice follows from the arguments alone: jobs that score parts
    of a pool make the same one, as long as each passes the whole pool.

    Args:
        network: trained.
        images: image set on the device of the network.
        config: how to score; returned as it is unless `num_images` is "auto".
        architectures: the pool that will be scored.

    Returns:
        The settings with a number of images, or with "all" where no smaller number is enough.
    """
    if config.num_images != "auto":
        return config
    everything, available = replace(config, num_images="all"), len(images.validation_images)
    pilot_images = min(PILOT_IMAGES, available)
    pilot = Evaluator(network, images, replace(config, num_images=pilot_images, fine_tuning_steps=0))
    halves = np.array(list(pilot.correct_in_halves(architectures[:PILOT_ARCHITECTURES])))
    if len(halves) == 0:
        return everything
    reliability = split_half_reliability(halves[:, 0], halves[:, 1])
    needed = None if reliability is None else images_needed(reliability, pilot_images)
    if needed is None:
        return everything
    number = -(-needed // ROUNDING) * ROUNDING
    return everything if number >= available else replace(config, num_images=number)
