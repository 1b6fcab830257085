"""scikit-learn's digits: 1,797 handwritten digits of 8 x 8 pixels, which come with that library.

References: Alpaydin and Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository.
"""

import numpy as np
import torch

from shareornot.errors import MissingExtraError
from shareornot.images.image_set import ImageSet

NUM_TRAIN, NUM_VALIDATION = 200, 797
SPLIT_SEED = 0
"""Seed of the permutation that splits the images, the same for whoever uses them."""


def digits_images() -> ImageSet:
    """The digits, split once for all into 200 training, 797 validation and 800 test images.

    The few training images spread the accuracies of cells widely, and the many others measure them well.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError(
            "the digits come with scikit-learn; install it with: pip install shareornot[train]"
        ) from error
    bunch = load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(bunch.target))
    images = torch.from_numpy((bunch.images[order] * (255 / 16)).round().astype(np.uint8)).unsqueeze(1)
    labels = torch.from_numpy(bunch.target[order].astype(np.int64))
    middle, end = NUM_TRAIN, NUM_TRAIN + NUM_VALIDATION
    return ImageSet(
        name="digits",
        num_classes=10,
        train_images=images[:middle],
        train_labels=labels[:middle],
        validation_images=images[middle:end],
        validation_labels=labels[middle:end],
        test_images=images[end:],
        test_labels=labels[end:],
        mean=(images[:middle].float().mean().item() / 255,),
        std=(images[:middle].float().std().item() / 255,),
    )
