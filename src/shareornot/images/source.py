"""The image data sets by name: what is known of each without loading it, where its file lies, and how it is loaded."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from shareornot.errors import MissingDataError, MissingExtraError, SettingsError
from shareornot.storage import data_folder

if TYPE_CHECKING:
    from shareornot.images.image_set import ImageSet

SMALL_PIXELS = 256
"""Most pixels of a small image."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSource:
    """One data set of images: its sizes, and how to get it."""

    name: str
    shape: tuple[int, int, int]
    """Channels, height and width of an image."""
    num_classes: int
    num_train: int
    num_validation: int
    num_test: int
    load: "Callable[[], ImageSet]"
    """Reads the images; raises `MissingDataError` or `MissingExtraError` where they are not there."""
    file: Callable[[], Path]
    """Returns the path of the file that `load` reads, without reading it; raises as `load` does."""

    @property
    def is_small(self) -> bool:
        """Whether images are so small that networks on them gain nothing from several threads or an accelerator."""
        return self.shape[1] * self.shape[2] <= SMALL_PIXELS


def _load_digits() -> "ImageSet":
    from shareornot.images.digits import digits_images

    return digits_images()


def _digits_file() -> Path:
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("the digits come with scikit-learn; install it with: pip install 'shareornot[train]'")
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"


def _load_cifar10() -> "ImageSet":
    from shareornot.images.cifar10 import cifar10_images
    from shareornot.images.cifar10_files import open_cifar10

    return cifar10_images(*open_cifar10())


def _cifar10_file() -> Path:
    path = data_folder() / "cifar10.arrow"
    if not path.is_file():
        raise MissingDataError(f"images cifar10: expected {path}, found none; run: shareornot data fetch cifar10")
    return path


IMAGE_SOURCES = {
    source.name: source
    for source in (
        ImageSource(
            name="digits",
            shape=(1, 8, 8),
            num_classes=10,
            num_train=200,
            num_validation=797,
            num_test=800,
            load=_load_digits,
            file=_digits_file,
        ),
        ImageSource(
            name="cifar10",
            shape=(3, 32, 32),
            num_classes=10,
            num_train=40_000,
            num_validation=10_000,
            num_test=10_000,
            load=_load_cifar10,
            file=_cifar10_file,
        ),
    )
}
"""The data sets that come with the package."""


def image_set_of(table: str) -> str:
    """Name of the images that the super-nets of a table are trained on, or else CIFAR-10.

    They are those of the table's name, which a number after a hyphen may follow, as in digits-201.
    """
    name, _, number = table.rpartition("-")
    if number.isdecimal() and name in IMAGE_SOURCES:
        return name
    return table if table in IMAGE_SOURCES else "cifar10"


def image_source(name: str) -> ImageSource:
    """The data set of this name.

    Raises:
        SettingsError: there is none; the message names the nearest.

    Example:
        >>> image_source("digits").shape
        (1, 8, 8)
    """
    if name in IMAGE_SOURCES:
        return IMAGE_SOURCES[name]
    near = get_close_matches(name, IMAGE_SOURCES, n=1)
    hint = f"; try {near[0]!r}" if near else ""
    raise SettingsError(f"images: expected one of {', '.join(IMAGE_SOURCES)}, got {name!r}{hint}")
