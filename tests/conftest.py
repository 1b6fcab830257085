"""Fixtures and settings that all floors share."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("compiled", deadline=None)  # the first example of a property test may compile a kernel
settings.load_profile("compiled")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real data beside the checkout, which is not part of the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data beside the checkout: {folder.name}/ is not there")
    return folder
