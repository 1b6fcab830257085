"""The names that users may count on, and that fetching files costs no PyTorch."""

import subprocess
import sys

import pytest

from shareornot import images

NAMES = {"Draws", "ImageSet", "cifar10_images", "digits_images", "draw_epoch", "fetch_cifar10", "open_cifar10"}


def test_public_names():
    assert set(images.__all__) == NAMES
    assert all(getattr(images, name).__module__.startswith("shareornot.images.") for name in NAMES)
    with pytest.raises(AttributeError, match="has no attribute 'mnist'"):
        images.mnist  # noqa: B018


def test_fetching_imports_no_pytorch():
    code = "import sys; from shareornot.images import fetch_cifar10; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
