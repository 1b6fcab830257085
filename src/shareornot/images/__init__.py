"""Floor 1: data sets as tensors that live on the device."""

from shareornot.images.cifar10 import cifar10
from shareornot.images.digits import digits
from shareornot.images.image_set import Draws, ImageSet, draw_epoch

__all__ = ["Draws", "ImageSet", "cifar10", "digits", "draw_epoch"]
