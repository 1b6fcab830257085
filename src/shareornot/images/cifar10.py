"""CIFAR-10: 60,000 coloured images of 32 x 32 pixels in ten classes.

References: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
"""

import numpy as np
import torch
from jaxtyping import UInt8

from shareornot.images.image_set import ImageSet

NUM_TRAIN = 40_000
"""Images of the 50,000 that train; the last 10,000 validate, as in NASBench-101."""
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
"""Mean and standard deviation of the channels over the 50,000 training images."""


def cifar10_images(
    train_images: UInt8[np.ndarray, "N 3 32 32"],
    train_labels: UInt8[np.ndarray, " N"],
    test_images: UInt8[np.ndarray, "M 3 32 32"],
    test_labels: UInt8[np.ndarray, " M"],
) -> ImageSet:
    """CIFAR-10 with the split of NASBench-101 and the paper's augmentation: random crop with padding 4, and flip.

    Args:
        train_images: the 50,000 published training images, in their order.
        train_labels: their classes.
        test_images: the 10,000 test images.
        test_labels: their classes.

    Returns:
        40,000 training, 10,000 validation and 10,000 test images.
    """
    images, labels = torch.tensor(train_images), torch.tensor(train_labels, dtype=torch.int64)
    return ImageSet(
        name="cifar10",
        num_classes=10,
        train_images=images[:NUM_TRAIN],
        train_labels=labels[:NUM_TRAIN],
        validation_images=images[NUM_TRAIN:],
        validation_labels=labels[NUM_TRAIN:],
        test_images=torch.tensor(test_images),
        test_labels=torch.tensor(test_labels, dtype=torch.int64),
        mean=MEAN,
        std=STD,
        crop_padding=4,
        flip=True,
    )
