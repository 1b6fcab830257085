"""Floor 1: data sets as tensors that live on the device.

The names load on first use: files are fetched without PyTorch.
"""

from typing import TYPE_CHECKING

from shareornot.lazy_names import lazy_names

if TYPE_CHECKING:
    from shareornot.images.cifar10 import cifar10_images
    from shareornot.images.cifar10_files import fetch_cifar10, open_cifar10
    from shareornot.images.digits import digits_images
    from shareornot.images.image_set import Draws, ImageSet, draw_epoch
    from shareornot.images.source import IMAGE_SOURCES, ImageSource, image_source

_HOME = {
    "cifar10_images": "cifar10",
    "fetch_cifar10": "cifar10_files",
    "open_cifar10": "cifar10_files",
    "digits_images": "digits",
    "Draws": "image_set",
    "ImageSet": "image_set",
    "draw_epoch": "image_set",
    "IMAGE_SOURCES": "source",
    "ImageSource": "source",
    "image_source": "source",
}

__all__ = [
    "IMAGE_SOURCES",
    "Draws",
    "ImageSet",
    "ImageSource",
    "cifar10_images",
    "digits_images",
    "draw_epoch",
    "fetch_cifar10",
    "image_source",
    "open_cifar10",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
